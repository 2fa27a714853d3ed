"""The claims of Ahn et al. at the size of the default problem: beyond 2/sharpness gradient descent
enters an unstable phase in which RP hovers about 0 and L about 2/eta, and below it descends."""

from __future__ import annotations

import re
import unittest

import numpy as np

from support import ProgramTest, open_record

SMALL = ("--data", "synthetic:examples=500,features=64,classes=10", "--hidden", "50,50")


class Physics(ProgramTest):
    def train(self, *arguments: object):
        """The record and what was printed."""
        stdout = self.succeed("train", "--out", "run.zarr", "--overwrite", *arguments)
        return open_record(self.place / "run.zarr").load(), stdout

    def residual(self, printed: str, name: str) -> float:
        return float(re.search(rf"{re.escape(name)}: .* ([\d.e+-]+)\n", printed)[1])

    def test_edge_of_stability(self) -> None:
        eta = 2 / 20
        for seed in (0, 1, 2):
            with self.subTest(seed=seed):
                record, printed = self.train(
                    "--seed", seed, "--until-accuracy", 0.99,
                    "--sharpness-every", 10, "--line-every", 25,
                )  # fmt: skip
                self.check_phases(record, eta)
                self.assertLess(self.residual(printed, "identity (4.2)"), 2e-3)

    def check_phases(self, record, eta: float) -> None:
        """Sharpening up to 2/eta with RP near -1; from 100 steps after the crossing to the end RP
        near 0 and L near 2/eta while the loss rises and falls."""
        sharpness = record.sharpness[:, 0]
        self.assertLess(float(sharpness[0]), 2 / eta)
        crossing = int(sharpness.sharpness_step[sharpness > 2 / eta][0])
        stable = record.sel(step=slice(20, crossing))
        self.assertLess(float(stable.relative_progress.median()), -0.9)

        unstable = record.sel(step=slice(crossing + 100, None))
        self.assertGreater(unstable.sizes["step"], 200)
        self.assertLess(abs(float(unstable.relative_progress.median())), 0.15)
        smoothness = eta / 2 * unstable.directional_smoothness
        self.assertLess(abs(float(smoothness.median()) - 1), 0.15)
        late = sharpness.sel(sharpness_step=slice(crossing + 100, None)) * eta / 2
        self.assertGreater(float(late.median()), 1.0)
        self.assertLess(float(late.max()), 2.0)
        self.assertGreater(int((np.diff(record.loss) > 0).sum()), 50)
        self.assertLess(float(record.loss[-1]), 0.3 * float(record.loss[0]))

    def test_stable_step(self) -> None:
        record, printed = self.train("--lr", "2/300", "--line-every", 100, "--steps", 500)
        self.assertLess(float(record.relative_progress[:-1].max()), -0.8)
        self.assertTrue((np.diff(record.loss) < 0).all())
        self.assertLess(self.residual(printed, "identity (4.2)"), 2e-3)
        self.assertLess(self.residual(printed, "approximation (4.3)"), 0.05)

    def test_identity_in_double_precision(self) -> None:
        _, printed = self.train(*SMALL, "--precision", "float64", "--line-every", 5, "--steps", 200)
        self.assertLess(self.residual(printed, "identity (4.2)"), 1e-5)

    def test_definitions(self) -> None:
        """RP and L from the recorded losses and gradients of the run itself."""
        eta = 2 / 20
        record, _ = self.train(*SMALL, "--precision", "float64", "--steps", 50)
        change = np.diff(record.loss)
        np.testing.assert_allclose(
            record.relative_progress[:-1], change / (eta * record.gradient_norm[:-1] ** 2),
            rtol=1e-9,
        )  # fmt: skip

    def test_backends_of_thread_count_agree(self) -> None:
        runs = [self.train(*SMALL, "--precision", "float64", "--steps", 50, "--threads", n)[0]
                for n in (1, 2)]  # fmt: skip
        np.testing.assert_allclose(runs[0].loss, runs[1].loss, rtol=1e-10)


if __name__ == "__main__":
    unittest.main()

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
        eta = 2 / 30
        record, printed = self.train("--sharpness-every", 10, "--line-every", 25)
        sharpness = record.sharpness[:, 0]
        self.assertLess(float(sharpness[0]), 2 / eta)
        crossed = sharpness.sharpness_step[sharpness > 2 / eta]
        self.assertGreater(crossed.size, 5)
        self.assertGreater(float(sharpness.max()), 1.02 * 2 / eta)
        self.assertLess(float(sharpness[-1]), 1.5 * 2 / eta)

        # The default seed, 0: the phase is short on this problem, and of seeds 1 to 3 one has 12
        # rises of the loss, one 19 and one none.
        # The phase lasts from the first rise of the loss, after the crossing, to the last.
        rises = np.flatnonzero(np.diff(record.loss) > 0)
        self.assertGreater(rises[0], int(crossed[0]))
        stable = record.sel(step=slice(0, int(crossed[0])))
        self.assertLess(float(stable.relative_progress.median()), -0.9)
        unstable = record.sel(step=slice(rises[0], rises[-1]))
        self.assertGreater(unstable.sizes["step"], 100)
        self.assertLess(abs(float(unstable.relative_progress.median())), 0.3)
        smoothness = eta / 2 * unstable.directional_smoothness
        self.assertLess(abs(float(smoothness.median()) - 1), 0.3)
        # The loss rises at many steps, and falls over all.
        self.assertGreater(rises.size, 10)
        self.assertLess(float(record.loss[-1]), 0.7 * float(record.loss[0]))
        self.assertLess(self.residual(printed, "identity (4.2)"), 2e-3)

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
        eta = 2 / 30
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

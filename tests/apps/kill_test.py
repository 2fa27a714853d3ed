"""A run that is killed at any instant goes on from its checkpoint, and ends bit for bit as one that
nobody disturbed."""

from __future__ import annotations

import signal
import time
import unittest

import numpy as np

from support import DisturbedTest, tree

NETWORK = ("--hidden", "6,5", "--threads", 1)
GD = ("--sharpness-every", 2, "--top", 2, "--line-every", 4, "--line-points", 7,
      "--segment-every", 3, "--segment-points", 2, "--test-every", 5)  # fmt: skip
SGD = ("--method", "sgd", "--batch-size", 7, "--expectation-every", 4, "--draws", 5,
       "--sharpness-every", 6, "--test-every", 5)  # fmt: skip


class KillTest(DisturbedTest):
    interruption = r"brink: interrupted after \d+ steps; [^\n]*--resume"

    def setUp(self) -> None:
        super().setUp()
        rng = np.random.default_rng(0)
        for name, count in (("", 40), ("t", 11)):
            self.save(f"x{name}.npy", rng.normal(size=(count, 5)))
            self.save(f"y{name}.npy", np.arange(count) % 3)

    def command(self, folder: str, *settings: object) -> tuple:
        return ("train", "--data", "npy:x.npy,y.npy,xt.npy,yt.npy", *NETWORK, *settings, "--quiet",
                "--out", f"{folder}/record.zarr", "--save-params", f"{folder}/theta.npy")  # fmt: skip

    def check_kills(self, runs: int, *settings: object) -> None:
        super().check_kills(runs, *settings, "--checkpoint-every", 3)

    def test_killed_at_twenty_instants(self) -> None:
        self.check_kills(20, *GD, "--steps", 40)

    def test_killed_float64(self) -> None:
        self.check_kills(3, *GD, "--steps", 30, "--precision", "float64")

    def test_killed_with_momentum(self) -> None:
        for method in ("polyak", "nesterov"):
            self.check_kills(3, *GD, "--steps", 30, "--method", method)

    def test_killed_sgd(self) -> None:
        self.check_kills(4, *SGD, "--steps", 30)

    def test_killed_flow(self) -> None:
        self.check_kills(4, *GD, "--steps", 20, "--method", "flow", "--flow-alpha", 0.5)

    def test_killed_other_descents(self) -> None:
        self.check_kills(3, *GD, "--steps", 30, "--method", "normalized-gd")
        self.check_kills(3, *GD[:4], "--steps", 30, "--objective", "sqrt", "--loss", "mse")

    def test_interrupted(self) -> None:
        # No checkpoint but those that the signals cause.
        settings = (*GD, "--steps", 3000)
        self.assertGreater(self.interrupt(self.undisturbed(*settings), *settings), 1)

    def test_interrupted_sgd(self) -> None:
        settings = (*SGD, "--steps", 4000)
        self.assertGreater(self.interrupt(self.undisturbed(*settings), *settings), 1)

    def test_resume_of_a_finished_run_changes_nothing(self) -> None:
        settings = (*GD, "--steps", 10)
        self.undisturbed(*settings)
        before = tree(self.place)
        self.succeed(*self.command("whole", *settings), "--resume")
        self.assertEqual(tree(self.place), before)

    # Asks for more than rounding allows, so that it does not end by itself.
    endless = ("spectrum", "--tolerance", 1e-30, "--max-products", 10**9, "--out", "spectrum.zarr")

    def test_interrupted_spectrum_leaves_nothing(self) -> None:
        before = tree(self.place)
        run = self.start(*self.endless)
        time.sleep(1)
        run.send_signal(signal.SIGINT)
        stdout, stderr = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130, stderr)
        self.assertRegex(stdout, r"\Amemory: .*\n\Z")
        self.assertRegex(stderr, r"\Abrink: interrupted; nothing was written\n\Z")
        self.assertEqual(tree(self.place), before)

    def test_killed_spectrum_keeps_the_record_it_was_to_replace(self) -> None:
        self.succeed("spectrum", *NETWORK, "--top", 1, "--quiet", "--out", "spectrum.zarr")
        before = tree(self.place)
        run = self.start(*self.endless, "--overwrite")
        time.sleep(1)
        self.assertIsNone(run.poll())
        run.kill()
        run.communicate(timeout=60)
        self.assertEqual(tree(self.place), before)


if __name__ == "__main__":
    unittest.main()

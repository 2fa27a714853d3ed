"""A run that is killed at any instant goes on from its checkpoint, and ends bit for bit as one that
nobody disturbed."""

from __future__ import annotations

import random
import shutil
import signal
import time
import unittest

import numpy as np

from support import ProgramTest, tree

NETWORK = ("--hidden", "6,5", "--threads", 1)
GD = ("--sharpness-every", 2, "--top", 2, "--line-every", 4, "--line-points", 7, "--test-every", 5)
SGD = ("--method", "sgd", "--batch-size", 7, "--expectation-every", 4, "--draws", 5,
       "--sharpness-every", 6, "--test-every", 5)  # fmt: skip


class KillTest(ProgramTest):
    def setUp(self) -> None:
        super().setUp()
        rng = np.random.default_rng(0)
        for name, count in (("", 40), ("t", 11)):
            self.save(f"x{name}.npy", rng.normal(size=(count, 5)))
            self.save(f"y{name}.npy", np.arange(count) % 3)
        self.random = random.Random(1)

    def command(self, out: str, *settings: object) -> tuple:
        return ("train", "--data", "npy:x.npy,y.npy,xt.npy,yt.npy", *NETWORK, *settings,
                "--quiet", "--out", f"{out}.zarr", "--save-params", f"{out}.npy")  # fmt: skip

    def undisturbed(self, *settings: object) -> float:
        """Leaves the record and parameters to compare with; returns how long that took."""
        start = time.monotonic()
        self.succeed(*self.command("whole", *settings))
        return time.monotonic() - start

    def check_equal(self, shown: str) -> None:
        self.assertEqual(tree(self.place / "run.zarr"), tree(self.place / "whole.zarr"), shown)
        saved = (self.place / "run.npy").read_bytes()
        self.assertEqual(saved, (self.place / "whole.npy").read_bytes(), shown)
        self.assertEqual(list(self.place.glob(".*")), [], shown)

    def kill_and_resume(self, duration: float, *settings: object) -> int:
        """Kills a run once and its resumptions now and then. Returns how many kills it took."""
        delays = []
        resume: tuple = ()
        for attempt in range(100):
            run = self.start(*self.command("run", *settings), *resume)
            resume = ("--resume",)
            if attempt == 0 or self.random.random() < 0.5:
                delays.append(self.random.uniform(0, duration))
                time.sleep(delays[-1])
                run.kill()
            _, stderr = run.communicate(timeout=120)
            shown = f"killed after {delays} of {duration} s: {stderr}"
            if run.returncode == 0:
                break
            self.assertEqual((run.returncode, stderr), (-signal.SIGKILL, ""), shown)
        self.check_equal(shown)
        shutil.rmtree(self.place / "run.zarr")
        (self.place / "run.npy").unlink()
        return len(delays)

    def check_kills(self, runs: int, *settings: object) -> None:
        settings = (*settings, "--checkpoint-every", 3)
        duration = self.undisturbed(*settings)
        for _ in range(runs):
            self.kill_and_resume(duration, *settings)

    def test_killed_at_twenty_instants(self) -> None:
        self.check_kills(20, *GD, "--steps", 40)

    def test_killed_float64(self) -> None:
        self.check_kills(3, *GD, "--steps", 30, "--precision", "float64")

    def test_killed_with_momentum(self) -> None:
        for method in ("polyak", "nesterov"):
            self.check_kills(3, *GD, "--steps", 30, "--method", method)
            shutil.rmtree(self.place / "whole.zarr")

    def test_killed_sgd(self) -> None:
        self.check_kills(4, *SGD, "--steps", 30)

    def test_killed_flow(self) -> None:
        self.check_kills(4, *GD, "--steps", 20, "--method", "flow", "--flow-alpha", 0.5)

    def test_killed_other_descents(self) -> None:
        self.check_kills(3, *GD, "--steps", 30, "--method", "normalized-gd")
        shutil.rmtree(self.place / "whole.zarr")
        self.check_kills(3, *GD[:4], "--steps", 30, "--objective", "sqrt", "--loss", "mse")

    def interrupt(self, duration: float, *settings: object) -> int:
        """Signals a run and its resumptions, later each time. Returns how often that met it."""
        resume: tuple = ()
        for times in range(100):
            run = self.start(*self.command("run", *settings), *resume)
            resume = ("--resume",)
            time.sleep(duration * (0.2 + 0.1 * times))
            sent = signal.SIGINT if times % 2 else signal.SIGTERM
            run.send_signal(sent)
            _, stderr = run.communicate(timeout=120)
            if run.returncode == 0:
                break
            self.assertEqual(run.returncode, 128 + sent, stderr)
            self.assertRegex(stderr, r"\Abrink: interrupted after \d+ steps; [^\n]*--resume\n\Z")
        self.check_equal(f"interrupted {times} times")
        return times

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
        self.assertEqual((run.returncode, stdout), (130, ""), stderr)
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

"""A scan that is killed at any instant goes on with the chunks that it lacks, and ends byte for
byte as one that nobody disturbed, by however many threads."""

from __future__ import annotations

import signal
import time
import unittest

from support import DisturbedTest, open_record

# 4 x 2 chunks at each of three step sizes, the last of every row and column narrow.
GRID = ("--landscape", "f4", "--lr", "0.1,0.3,0.5", "--x", "-4:4:1930", "--y", "-3:4:650")
# 2 chunks at each of two step sizes.
SAMPLE = ("--landscape", "f1", "--lr", "0.1,0.2", "--x", "-2:2", "--sample", 600_000,
          "--uncertainty", 5000)  # fmt: skip


class BasinKillTest(DisturbedTest):
    interruption = "brink: interrupted; go on with the same command and --resume"
    threads = (1, 2, 3)  # any of these, each time

    def command(self, folder: str, *settings: object) -> tuple:
        picture = () if "--sample" in settings else ("--png", f"{folder}/map.png")
        return ("basin", *settings, "--threads", self.random.choice(self.threads), "--quiet",
                "--out", f"{folder}/record.zarr", *picture)  # fmt: skip

    def test_killed_at_twenty_instants(self) -> None:
        duration = self.undisturbed(*GRID)
        whole = self.place / "whole"
        self.assertEqual(len(list(whole.glob("record.zarr/outcome/?.?.?"))), 24)
        self.assertEqual(len(list(whole.glob("map-0.?.png"))), 3)
        kills = 0
        while kills < 20:
            kills += self.kill_and_resume(duration, *GRID)

    def test_killed_while_it_draws(self) -> None:
        self.undisturbed(*GRID)
        self.empty("run")
        redraw = (*self.command("run", *GRID), "--resume")
        self.succeed(*redraw)
        start = time.monotonic()
        self.succeed(*redraw)
        duration = time.monotonic() - start
        for _ in range(5):
            for picture in (self.place / "run").glob("*.png"):
                picture.unlink()
            run = self.start(*redraw)
            time.sleep(self.random.uniform(0, duration))
            run.kill()
            run.communicate(timeout=60)
        self.succeed(*redraw)
        self.check_equal("killed while it drew")

    def test_killed_sample(self) -> None:
        self.check_kills(3, *SAMPLE)

    def test_interrupted(self) -> None:
        self.assertGreater(self.interrupt(self.undisturbed(*GRID), *GRID), 1)

    def test_interrupted_is_said(self) -> None:
        self.empty("run")
        run = self.start(*self.command("run", "--lr", "0.3", "--x", "-4:4:20000"))
        self.wait_for(self.record / "outcome" / "0.0", run)
        self.assertEqual(open_record(self.record).stop_reason, "running")
        run.send_signal(signal.SIGINT)
        _, stderr = run.communicate(timeout=60)
        self.assertEqual((run.returncode, stderr), (130, self.interruption + "\n"))
        record = open_record(self.record)
        self.assertEqual((record.stop_reason, record.summary), ("interrupted", None))

    def test_threads(self) -> None:
        for settings in GRID, SAMPLE:
            self.threads = (1,)
            self.undisturbed(*settings)
            for threads in (2, 3):
                self.threads = (threads,)
                self.empty("run")
                self.succeed(*self.command("run", *settings))
                self.check_equal(f"{threads} threads")


if __name__ == "__main__":
    unittest.main()

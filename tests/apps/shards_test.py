"""Scans by several processes that share one record: byte for byte that of one process, however many
there are, and whichever of them are killed."""

from __future__ import annotations

import subprocess
import time
import unittest

from bad_input_test import BadInputTest
from support import DisturbedTest

GRID = ("--landscape", "f4", "--lr", "0.1,0.3,0.5", "--x", "-4:4:1930", "--y", "-3:4:650")
SAMPLE = ("--landscape", "f1", "--lr", "0.1,0.2", "--x", "-2:2", "--sample", 600_000,
          "--uncertainty", 5000)  # fmt: skip
TO_COME = r"shard {}/4: done; \d+ chunks of others are to come\n\Z"


class Shards(DisturbedTest):
    def command(self, folder: str, *settings: object) -> tuple:
        return ("basin", *settings, "--threads", 1, "--out", f"{folder}/record.zarr")

    def together(self, count: int, *settings: object) -> list[subprocess.Popen]:
        """So many processes on one record."""
        return [self.start(*self.command("run", *settings), "--resume") for _ in range(count)]

    def end(self, runs: list[subprocess.Popen]) -> list[str]:
        """What each of them printed."""
        printed = []
        for run in runs:
            stdout, stderr = run.communicate(timeout=120)
            self.assertEqual((run.returncode, stderr), (0, ""))
            printed.append(stdout)
        return printed

    def test_one_after_another(self) -> None:
        for settings in GRID, SAMPLE:
            self.undisturbed(*settings)
            self.empty("run")
            for number in (3, 1, 4):
                command = (*self.command("run", *settings), "--shard", f"{number}/4")
                self.assertRegex(self.succeed(*command), TO_COME.format(number))
            last = self.succeed(*self.command("run", *settings), "--shard", "2/4")
            self.assertRegex(last, r"\nrecord: run/record.zarr\n\Z")
            self.check_equal("four shards, one after another")

    def test_side_by_side(self) -> None:
        self.undisturbed(*GRID)
        self.empty("run")
        runs = [self.start(*self.command("run", *GRID), "--shard", f"{i}/4") for i in range(1, 5)]
        printed = self.end(runs)
        self.assertEqual(sum("basin entropy" in text for text in printed), 1, printed)
        self.check_equal("four shards, side by side")

    def test_without_shards(self) -> None:
        for settings in GRID, SAMPLE:
            self.undisturbed(*settings)
            for count in (2, 3):
                self.empty("run")
                printed = self.end(self.together(count, *settings))
                self.assertTrue(any("%" in text for text in printed), printed)
                self.check_equal(f"{count} processes")

    def test_killed_at_twenty_instants(self) -> None:
        duration = self.undisturbed(*GRID)
        kills = 0
        while kills < 20:
            self.empty("run")
            for _ in range(self.random.randint(1, 3)):
                runs = self.together(self.random.randint(1, 4), *GRID)
                time.sleep(self.random.uniform(0, duration))
                victim = self.random.choice(runs)
                kills += victim.poll() is None
                victim.kill()
                victim.communicate(timeout=60)
                runs.remove(victim)
                self.end(runs)
                if runs:  # those that are left complete it
                    self.check_equal(f"after {kills} kills")
            self.end(self.together(self.random.randint(1, 3), *GRID))
            self.check_equal(f"resumed after {kills} kills")
            self.assertRegex(self.succeed("verify", "run/record.zarr"), "sound, finished")

    def test_interrupted(self) -> None:
        self.undisturbed(*GRID)
        self.empty("run")
        runs = self.together(2, *GRID)
        self.wait_until_it_listens(runs[0])
        runs[0].terminate()
        runs[0].communicate(timeout=60)
        self.assertIn(runs[0].returncode, (0, 143))
        self.end(runs[1:])
        self.check_equal("one of two was interrupted")

    def test_other_settings_are_refused(self) -> None:
        self.empty("run")
        self.succeed(*self.command("run", *GRID), "--shard", "1/4")
        done = self.brink(*self.command("run", *GRID[:3], "0.2", *GRID[4:]), "--shard", "2/4")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"\Abrink: --resume: [^\n]* was made with [^\n]*\n\Z")


class BadShards(BadInputTest):
    def test_shards(self) -> None:
        for text in ("", "1", "0/4", "5/4", "1/0", "x/4", "1.5/4", "-1/4", "1/4/2"):
            with self.subTest(text):
                self.refused("basin", f"--shard={text}", naming="--shard")
        self.refused("basin", "--shard", "1/4", "--overwrite", naming=("--shard 1/4", "--overwrite"))


class Copies(DisturbedTest):
    """Started by mpirun or srun, in a build without MPI or with another than theirs."""

    def test_are_refused(self) -> None:
        small = ("--x", "-4:4:20", "--quiet", "--out", "small.zarr")
        for launcher in ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"):
            for command in ("train", "spectrum", "basin", "orbit", "bench"):
                arguments = ("--start", "1,2") if command == "orbit" else ()
                done = self.brink(command, *arguments, environment={launcher: "3"})
                self.assertEqual(done.returncode, 2, f"{launcher} {command}")
                self.assertRegex(done.stderr, rf"\Abrink: started as one of 3 copies \({launcher}\)[^\n]*\n\Z")
            self.assertEqual(list(self.place.iterdir()), [])
            for more in ("--resume",), ("--shard", "1/1"):
                done = self.brink("basin", *small, *more, environment={launcher: "3"})
                self.assertEqual((done.returncode, done.stderr), (0, ""))
            done = self.brink("basin", *small, "--overwrite", environment={launcher: "1"})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.succeed("verify", "small.zarr")
            for path in sorted(self.place.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()


if __name__ == "__main__":
    unittest.main()

"""The program started several times by MPI's launcher: the ranks share a run, whose record is that of
one process, whichever of them are killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
import unittest
from pathlib import Path

import numpy as np
from shards_test import GRID, SAMPLE
from support import BRINK, ENVIRONMENT, DisturbedTest, open_record, tree

LAUNCHER = os.environ.get("BRINK_LAUNCHER", "")
TRAIN = ("--data", "synthetic:examples=203,features=300,classes=3,test=30,seed=1", "--hidden", "8,5",
         "--steps", 50, "--sharpness-every", 10, "--line-every", 10, "--test-every", 10)  # fmt: skip


@unittest.skipUnless(LAUNCHER, "there is no launcher of parallel programs")
class RanksTest(DisturbedTest):
    maxDiff = None
    def launch(self, count: int, *arguments: object, environment: dict[str, str] = {}) -> subprocess.Popen:
        words = [LAUNCHER, "-n", str(count), BRINK, *map(str, arguments)]
        return subprocess.Popen(words, cwd=self.place, env={**ENVIRONMENT, **environment}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip

    def ranks(self, count: int, *arguments: object, environment: dict[str, str] = {}) -> str:
        """What so many ranks that must succeed printed."""
        run = self.launch(count, *arguments, environment=environment)
        stdout, stderr = run.communicate(timeout=120)
        self.assertEqual((run.returncode, stderr), (0, ""))
        return stdout

    def refused(self, count: int, *arguments: object) -> str:
        """What they said, once, where the input was bad."""
        run = self.launch(count, *arguments)
        _, stderr = run.communicate(timeout=120)
        self.assertEqual(run.returncode, 2, stderr)
        said = [line for line in stderr.splitlines() if line.startswith("brink")]
        self.assertEqual(len(said), 1, stderr)
        return said[0]

    def processes(self, launcher: subprocess.Popen) -> list[int]:
        """The ranks that there are by now."""
        found = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                name, rest = status.read_text().rsplit(")", 1)
            except OSError:
                continue
            if int(rest.split()[1]) == launcher.pid and name.endswith("(" + Path(BRINK).name[:15]):
                found.append(int(status.parent.name))
        return found


class Scans(RanksTest):
    def command(self, folder: str, *settings: object) -> tuple:
        return ("basin", *settings, "--threads", 1, "--out", f"{folder}/record.zarr")

    def test_are_those_of_one_process(self) -> None:
        for settings in GRID, SAMPLE:
            self.undisturbed(*settings)
            for count in (1, 2, 3, 4):
                self.empty("run")
                printed = self.ranks(count, *self.command("run", *settings))
                self.assertEqual(printed.count("memory: "), 1)
                self.assertRegex(printed, r"\nrecord: run/record.zarr\n\Z")
                self.check_equal(f"{count} ranks")
        self.ranks(3, *self.command("run", *SAMPLE), "--overwrite")
        self.check_equal("written over")
        self.assertIn("exists", self.refused(2, *self.command("run", *SAMPLE)))
        self.check_equal("refused")

    def test_killed_at_twenty_instants(self) -> None:
        duration = self.undisturbed(*GRID) + 1  # and the launcher's own time
        kills = 0
        while kills < 20:
            self.empty("run")
            resume: tuple = ()
            for _ in range(self.random.randint(1, 3)):
                run = self.launch(self.random.randint(2, 4), *self.command("run", *GRID), *resume)
                time.sleep(self.random.uniform(0.2, duration))
                if there := self.processes(run):
                    try:
                        os.kill(self.random.choice(there), signal.SIGKILL)
                    except ProcessLookupError:
                        there = []
                run.communicate(timeout=60)
                kills += bool(there) and run.returncode != 0
                self.check_opens()
                resume = ("--resume",)
            count = self.random.randint(1, 4)
            self.ranks(count, *self.command("run", *GRID), "--resume")
            self.check_equal(f"{count} ranks, after {kills} kills")
            self.assertRegex(self.succeed("verify", "run/record.zarr"), "sound, finished")

    def test_beside_processes_of_their_own(self) -> None:
        self.undisturbed(*GRID)
        self.empty("run")
        command = (*self.command("run", *GRID), "--resume")
        others = [self.start(*command) for _ in range(2)]
        run = self.launch(2, *command)
        for process in (run, *others):
            _, stderr = process.communicate(timeout=120)
            self.assertEqual((process.returncode, stderr), (0, ""))
        self.check_equal("two ranks beside two processes")

    def test_shards(self) -> None:
        self.undisturbed(*GRID)
        self.empty("run")
        for number in (2, 1):
            self.ranks(2, *self.command("run", *GRID), "--shard", f"{number}/2")
        self.check_equal("two shards of two ranks each")

    def test_full_disk(self) -> None:
        disk = self.place / "run"
        disk.mkdir()
        if subprocess.run(("mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", disk), capture_output=True).returncode:
            self.skipTest("file systems cannot be mounted here")
        self.addCleanup(subprocess.run, ("umount", disk), check=True)
        run = self.launch(3, *self.command("run", *GRID))
        _, stderr = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 1, stderr)
        self.assertRegex(stderr, r"brink: (rank \d: )?cannot [^\n]+: No space left on device; what was written is kept")
        self.check_opens()
        subprocess.run(("mount", "-o", "remount,size=100m", disk), check=True)
        self.ranks(2, *self.command("run", *GRID), "--resume")
        self.undisturbed(*GRID)
        self.check_equal("after a full disk")


class Trainings(RanksTest):
    def check_agrees(self, one: str, other: str, allowed: float) -> None:
        a, b = open_record(self.place / one), open_record(self.place / other)
        self.addCleanup(a.close)
        self.addCleanup(b.close)
        self.assertEqual(set(a.variables), set(b.variables))
        self.assertTrue((a.accuracy == b.accuracy).all())
        for name in ("loss", "gradient_norm", "test_loss", "sharpness"):
            difference = float(abs(a[name] - b[name]).max() / abs(a[name]).max())
            self.assertLessEqual(difference, allowed, name)

    def test_agree_with_one_process(self) -> None:
        for precision, allowed in ("float32", 1e-5), ("float64", 1e-12):
            command = ("train", *TRAIN, "--precision", precision, "--threads", 1)
            whole = f"{precision}-1.zarr"
            self.succeed(*command, "--no-gram", "--out", whole)
            for count in (2, 4):
                name = f"{precision}-{count}.zarr"
                printed = self.ranks(count, *command, "--out", name, "--save-params", f"{name}.npy")
                self.assertEqual(printed.count("memory: "), 1)
                self.assertEqual(printed.count("record: "), 1)
                self.assertEqual(open_record(self.place / name).attrs["ranks"], count)
                self.check_agrees(whole, name, allowed)
                self.ranks(count, *command, "--out", "again.zarr", "--overwrite", "--save-params", "again.npy")
                self.assertEqual(tree(self.place / name), tree(self.place / "again.zarr"))
                np.testing.assert_array_equal(
                    np.load(self.place / f"{name}.npy"), np.load(self.place / "again.npy")
                )

    def test_interrupted_and_resumed_by_any_number(self) -> None:
        command = ("train", *TRAIN[:-8], "--lr", 0.01, "--steps", 30_000, "--precision", "float64", "--threads", 1, "--no-gram",
                   "--quiet")  # fmt: skip
        begin = time.monotonic()
        self.succeed(*command, "--out", "whole.zarr")
        duration = time.monotonic() - begin
        resume: tuple = ()
        interrupted = 0
        for count in (2, 3, 1, 2):
            run = self.launch(count, *command, "--out", "run.zarr", *resume)
            self.wait_for(self.place / "run.zarr", run)
            time.sleep(duration / 10)
            run.terminate()
            run.communicate(timeout=60)
            self.assertNotEqual(run.returncode, 2)
            interrupted += run.returncode != 0
            resume = ("--resume",)
        self.assertGreater(interrupted, 0)
        self.ranks(2, *command, "--out", "run.zarr", "--resume")
        with open_record(self.place / "whole.zarr") as whole, open_record(self.place / "run.zarr") as run:
            self.assertEqual(whole.sizes, run.sizes)
            np.testing.assert_allclose(run.loss, whole.loss, rtol=1e-9)

    def test_a_rank_that_dies_ends_all(self) -> None:
        command = ("train", *TRAIN[:-8], "--steps", 1_000_000, "--threads", 1, "--out", "run.zarr", "--quiet",
                   "--checkpoint-every", 100)  # fmt: skip
        run = self.launch(3, *command)
        self.wait_for(self.place / "run.zarr", run)
        time.sleep(1)
        os.kill(self.processes(run)[1], signal.SIGKILL)
        run.communicate(timeout=60)
        self.assertEqual(run.returncode, 128 + signal.SIGKILL)
        with open_record(self.place / "run.zarr") as record:
            self.assertTrue(np.isfinite(record.loss).all())

    def test_spectrum(self) -> None:
        command = ("spectrum", *TRAIN[:4], "--precision", "float64", "--top", 3, "--tolerance", 1e-8)
        self.succeed(*command, "--out", "whole.zarr")
        self.ranks(3, *command, "--out", "run.zarr")
        with open_record(self.place / "whole.zarr") as whole, open_record(self.place / "run.zarr") as run:
            np.testing.assert_allclose(run.eigenvalue, whole.eigenvalue, rtol=1e-12)


class Sweeps(RanksTest):
    SWEEP = ("reproduce", "ahn-2022-experiment-3", "--tiny", "--lr", "2/10,2/8,2/6", "--seed", "0,1")

    def records(self, folder: str) -> dict[str, str]:
        place = self.place / folder / "ahn-2022-experiment-3-tiny"
        return {name: digest for name, digest in tree(place).items() if ".zarr" in name}

    def runs(self, printed: str) -> int:
        return len(re.findall(r"^  \S+: [\d.]+ s \(", printed, re.MULTILINE))

    def test_are_shared_by_ranks_and_by_processes(self) -> None:
        alone = self.succeed(*self.SWEEP, "--out", "whole")
        printed = self.ranks(3, *self.SWEEP, "--out", "ranks")
        self.assertEqual(printed.count("claims hold"), 1)
        self.assertEqual(self.records("ranks"), self.records("whole"))
        shares = self.by_processes(3, "processes")
        self.assertEqual(sum(shares), self.runs(alone), "every run once")
        self.assertEqual(self.records("processes"), self.records("whole"))

    def test_are_concluded_by_several_at_once(self) -> None:
        self.succeed(*self.SWEEP, "--out", "whole")
        whole = self.records("whole")
        for _ in range(3):
            self.assertEqual(self.by_processes(4, "whole"), [0] * 4)
            self.assertEqual(self.records("whole"), whole)

    def by_processes(self, count: int, folder: str) -> list[int]:
        """How many runs each of them did."""
        processes = [self.start(*self.SWEEP, "--out", folder) for _ in range(count)]
        printed = [process.communicate(timeout=120) for process in processes]
        for process, (_, stderr) in zip(processes, printed):
            self.assertEqual((process.returncode, stderr), (0, ""))
        return [self.runs(stdout) for stdout, _ in printed]

    def test_go_on_without_a_rank_that_died(self) -> None:
        self.succeed(*self.SWEEP, "--out", "whole")
        run = self.start(*self.SWEEP, "--out", "run")
        self.wait_for(self.place / "run/ahn-2022-experiment-3-tiny/runs.json", run)
        run.kill()
        run.communicate(timeout=60)
        self.ranks(2, *self.SWEEP, "--out", "run")
        self.assertEqual(self.records("run"), self.records("whole"))


class Refusals(RanksTest):
    def test_are_said_once(self) -> None:
        for arguments, naming in (
            (("orbit", "--start", "1,2"), "brink orbit is the work of one"),
            (("bench",), "brink bench is the work of one"),
            (("train", "--method", "sgd"), "--method sgd"),
            (("train", "--gram"), "--gram"),
            (("train", "--lr", "x"), "--lr"),
            (("train", "--unknown"), "--unknown"),
            (("unknown",), "unknown"),
            (("train", "--data", "synthetic:examples=2,features=3,classes=2"), "3 ranks share 2 examples"),
            (("basin", "--x", "1"), "--x"),
            (("reproduce", "unknown"), "unknown"),
            (("reproduce", "all", "--tiny", "--overwrite"), "--overwrite"),
        ):
            with self.subTest(arguments):
                self.assertIn(naming, self.refused(3, *arguments))
                self.assertEqual(list(self.place.iterdir()), [])


if __name__ == "__main__":
    unittest.main()

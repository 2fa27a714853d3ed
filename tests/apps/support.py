"""Running the program in a place of its own, for the tests in this folder."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np
import xarray as xr

sys.dont_write_bytecode = True

BRINK = os.environ.get("BRINK", "")
if not os.access(BRINK, os.X_OK):
    sys.exit("set the environment variable BRINK to the program that is to be tested")

# The tests run beside others, and the problems are tiny: threads that wait are not to spin.
ENVIRONMENT = {**os.environ, "OMP_WAIT_POLICY": "passive", "BRINK_PYTHON": sys.executable,
               "HWLOC_HIDE_ERRORS": "2",  # MPI's, of containers without /sys
               "PYTHONDONTWRITEBYTECODE": ""}  # as users have it


def tree(place: Path) -> dict[str, str]:
    """Every path below `place`, with a digest of what it holds."""
    found = {}
    for path in sorted(place.rglob("*")):
        name = str(path.relative_to(place))
        found[name] = "/" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def open_record(path: Path) -> xr.Dataset:
    """The record as its users open it; a warning is a failure."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        return xr.open_zarr(path)


class ProgramTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="brink-apps-")
        self.addCleanup(folder.cleanup)
        self.place = Path(folder.name)

    def start(self, *arguments: object, **options) -> subprocess.Popen:
        words = [BRINK, *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(words, cwd=self.place, env=ENVIRONMENT, **{**pipes, **options})

    def brink(self, *arguments: object, environment: dict[str, str] = {}) -> subprocess.CompletedProcess:
        words = [BRINK, *map(str, arguments)]
        return subprocess.run(
            words, cwd=self.place, env={**ENVIRONMENT, **environment}, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip

    def succeed(self, *arguments: object) -> str:
        """What a run that must succeed printed."""
        done = self.brink(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def wait_for(self, file: Path, run: subprocess.Popen) -> None:
        while run.poll() is None and not file.exists():
            time.sleep(0.01)

    def wait_until_it_listens(self, run: subprocess.Popen) -> None:
        """Until the program has handlers of its own for SIGINT and SIGTERM."""
        wanted = 1 << (signal.SIGINT - 1) | 1 << (signal.SIGTERM - 1)
        while run.poll() is None:
            for line in Path(f"/proc/{run.pid}/status").read_text().splitlines():
                if line.startswith("SigCgt:") and int(line.split()[1], 16) & wanted == wanted:
                    return
            time.sleep(0.001)

    def save(self, name: str, values) -> str:
        np.save(self.place / name, np.asarray(values))
        return name


class DisturbedTest(ProgramTest):
    """Runs that are killed or interrupted, and resumed, against one that nobody disturbed. Each
    leaves all that it makes in a folder of its own, `run` or `whole`, its record as
    `record.zarr`."""

    interruption = ""  # what an interrupted run says, as a regular expression

    def setUp(self) -> None:
        super().setUp()
        self.random = random.Random(1)
        self.record = self.place / "run" / "record.zarr"

    def command(self, folder: str, *settings: object) -> tuple:
        raise NotImplementedError

    def empty(self, folder: str) -> None:
        shutil.rmtree(self.place / folder, ignore_errors=True)
        (self.place / folder).mkdir()

    def undisturbed(self, *settings: object) -> float:
        """Leaves what to compare with; returns how long that took."""
        self.empty("whole")
        start = time.monotonic()
        self.succeed(*self.command("whole", *settings))
        return time.monotonic() - start

    def check_equal(self, shown: str) -> None:
        self.assertEqual(tree(self.place / "run"), tree(self.place / "whole"), shown)

    def check_opens(self) -> None:
        """Whatever a run left can be read, if it came so far as to leave a record."""
        if self.record.exists():
            open_record(self.record).close()

    def kill_and_resume(self, duration: float, *settings: object) -> int:
        """Kills a run once and its resumptions now and then. Returns how many kills met it."""
        self.empty("run")
        kills, delays = 0, []
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
            self.check_opens()
            kills += 1
        self.check_equal(shown)
        return kills

    def check_kills(self, runs: int, *settings: object) -> None:
        duration = self.undisturbed(*settings)
        for _ in range(runs):
            self.kill_and_resume(duration, *settings)

    def interrupt(self, duration: float, *settings: object) -> int:
        """Signals a run and its resumptions, later each time. Returns how often that met it."""
        self.empty("run")
        resume: tuple = ()
        for times in range(100):
            run = self.start(*self.command("run", *settings), *resume)
            resume = ("--resume",)
            self.wait_for(self.record, run)
            self.wait_until_it_listens(run)
            time.sleep(0.05 * duration * (1 + times))
            sent = signal.SIGINT if times % 2 else signal.SIGTERM
            run.send_signal(sent)
            _, stderr = run.communicate(timeout=120)
            if run.returncode == 0:
                break
            self.assertEqual(run.returncode, 128 + sent, stderr)
            self.assertRegex(stderr, rf"\A{self.interruption}\n\Z")
            self.check_opens()
        self.check_equal(f"interrupted {times} times")
        return times

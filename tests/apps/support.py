"""Running the program in a place of its own, for the tests in this folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import xarray as xr

sys.dont_write_bytecode = True

BRINK = os.environ.get("BRINK", "")
if not os.access(BRINK, os.X_OK):
    sys.exit("set the environment variable BRINK to the program that is to be tested")

# The tests run beside others, and the problems are tiny: threads that wait are not to spin.
ENVIRONMENT = {**os.environ, "OMP_WAIT_POLICY": "passive", "BRINK_PYTHON": sys.executable}


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

    def brink(self, *arguments: object) -> subprocess.CompletedProcess:
        words = [BRINK, *map(str, arguments)]
        return subprocess.run(
            words, cwd=self.place, env=ENVIRONMENT, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip

    def succeed(self, *arguments: object) -> str:
        """What a run that must succeed printed."""
        done = self.brink(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def save(self, name: str, values) -> str:
        np.save(self.place / name, np.asarray(values))
        return name

"""What the tests of `brink reproduce` share."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from support import ProgramTest  # first: it looks for the program

APPS = Path(__file__).resolve().parents[2] / "apps"
sys.path[:0] = [str(APPS / "plot"), str(APPS / "recipes")]

from reproduce.catalogue import recipes  # noqa: E402
from reproduce.recipe import Recipe  # noqa: E402

KNOWN: dict[str, Recipe] = recipes([])
AVAILABLE = {name: recipe for name, recipe in KNOWN.items() if not recipe.unavailable}


class ReproduceTest(ProgramTest):
    def reproduce(
        self, *arguments: object, seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """A run that is given time, and leaves its folder for each recipe in `here`."""
        run = self.start("reproduce", *arguments)
        try:
            stdout, stderr = run.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGTERM)
            run.communicate()
            raise
        return subprocess.CompletedProcess(run.args, run.returncode, stdout, stderr)

    def succeed_to_reproduce(self, *arguments: object, seconds: float = 120) -> str:
        done = self.reproduce(*arguments, seconds=seconds)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

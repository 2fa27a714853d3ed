"""Pictures of records that a test writes, for the tests of apps/plot in this folder."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PLOT = Path(__file__).resolve().parents[2] / "apps" / "plot"
sys.path.insert(0, str(PLOT))
sys.dont_write_bytecode = True

import numpy as np  # noqa: E402
import xarray as xr  # noqa: E402

from brink_plot.cli import main  # noqa: E402
from brink_plot.kind import Run  # noqa: E402
from brink_plot.record import Record  # noqa: E402
from brink_plot.registry import kind_of  # noqa: E402
from brink_plot.sheet import compose  # noqa: E402
from brink_plot.style import STYLES, colours  # noqa: E402


def write(path: Path, variables: dict, attributes: dict) -> str:
    """A Zarr format 2 record; `variables` maps a name to (dimensions, values)."""
    data = {name: (dims, np.asarray(values)) for name, (dims, values) in variables.items()}
    dataset = xr.Dataset(data, attrs=attributes)
    parameters = inspect.signature(xr.Dataset.to_zarr).parameters
    form = {"zarr_format": 2} if "zarr_format" in parameters else {}
    dataset.to_zarr(path, mode="w", consolidated=True, **form)
    return str(path)


def call(*arguments: str) -> tuple[int, str]:
    """Exit status and what went to stderr."""
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors):
        status = main(list(arguments))
    return status, errors.getvalue()


class PlotTest(unittest.TestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.place = Path(holder.name)
        self.out = str(self.place / "picture.png")

    def figure(self, *paths: str, panels: str | None = None):
        """The figure of these records, with their default panels or those that are named."""
        records = [Record(path) for path in paths]
        kind = kind_of(records)
        runs = [Run(*row) for row in zip(records, kind.names(records), colours(len(records)))]
        style = STYLES["paper"]
        style.apply()
        known = {panel.name: panel for panel in kind.panels}
        chosen = [known[name] for name in panels.split(",")] if panels else None
        return compose(kind, chosen or kind.default_panels(runs), runs, style, "")

    def titles(self, *paths: str) -> list[str]:
        return [axes.get_title(loc="left") for axes in self.figure(*paths).axes]

    def run_of(self, path: str) -> Run:
        return Run(Record(path), "", "black")

    def refused(self, *arguments: str) -> str:
        """The one line of a refusal, which leaves nothing behind."""
        before = sorted(self.place.iterdir())
        status, text = call(*arguments)
        self.assertEqual(status, 2, text)
        self.assertRegex(text, r"\Abrink plot: [^\n]+\n\Z")
        self.assertEqual(sorted(self.place.iterdir()), before)
        return text

    def check_same_bytes(self, *paths: str) -> None:
        """Draws the records twice, in circumstances that must not matter."""
        for suffix in ("png", "svg", "pdf"):
            pictures = []
            for seed in ("1", "2"):
                out = self.place / f"{seed}.{suffix}"
                environment = {
                    **os.environ, "PYTHONPATH": str(PLOT), "PYTHONHASHSEED": seed,
                    "PYTHONDONTWRITEBYTECODE": "1", "SOURCE_DATE_EPOCH": seed,
                }  # fmt: skip
                command = [sys.executable, "-m", "brink_plot", *paths, "--out", str(out)]
                done = subprocess.run(command, env=environment, capture_output=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                pictures.append(out.read_bytes())
            self.assertEqual(*pictures, suffix)

"""Figures that recipes draw themselves, in the style of `brink plot`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from brink_plot import output
from brink_plot.style import STYLES
from matplotlib.figure import Figure

STYLE = STYLES["screen"]


def sheet(columns: int, rows: int = 1) -> tuple[Figure, np.ndarray]:
    """A figure and its axes: rows × columns, or columns alone."""
    STYLE.apply()
    size = (STYLE.width, 1.15 * STYLE.height * rows)
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=rows == 1 and columns > 1)


def save(figure: Figure, picture: Path) -> None:
    output.save(figure, str(picture), STYLE.dots_per_inch)

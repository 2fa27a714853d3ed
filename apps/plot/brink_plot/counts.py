"""Colours for how often or how long, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm

from brink_plot.style import INK, Style

_NONE = "#EFEFEA"  # for 0, which has no logarithm


class CountScale:
    """Colours of the whole numbers up to the largest of the tables."""

    def __init__(self, tables: Sequence[np.ndarray]) -> None:
        largest = max(int(table.max()) for table in tables)
        colours = colormaps["viridis"].with_extremes(bad=_NONE, under=_NONE)
        # With less than a decade the scale would be hard to read.
        self._colours = ScalarMappable(LogNorm(1, max(10, largest)), colours)

    def paint(self, counts: np.ndarray) -> np.ndarray:
        """Red, green, blue and opacity for each number."""
        return self._colours.to_rgba(np.ma.masked_equal(counts, 0), bytes=True)

    def draw(self, axes: Axes, style: Style) -> None:
        """Shows the scale to the right of `axes`."""
        place = axes.inset_axes((1.05, 0.0, 0.06, 1.0))
        bar = axes.figure.colorbar(self._colours, cax=place, extend="min")
        bar.outline.set(edgecolor=INK, linewidth=style.thin)
        bar.ax.tick_params(labelsize=0.9 * style.small, color=INK)

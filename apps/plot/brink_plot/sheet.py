"""The figure: a grid of panels below a heading and one legend for all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

from brink_plot.kind import Kind, Panel, Run
from brink_plot.style import FAINT, Style

_DENSE_PANEL = 20_000  # points in one panel above which a vector format gets its lines as pixels
_DENSE_LINE = 2_000  # lines below this stay vectors even then
_COLUMNS = {1: 1, 2: 2, 4: 2}  # three unless said here


def compose(
    kind: Kind, panels: Sequence[Panel], runs: Sequence[Run], style: Style, title: str
) -> Figure:
    """Draws the panels for all the runs."""
    columns = _COLUMNS.get(len(panels), 3)
    rows = math.ceil(len(panels) / columns)
    width = style.single_width if len(panels) == 1 else style.width
    # Fewer, wider panels are also higher, so that none becomes a ribbon.
    row_height = style.height * {1: 1.3, 2: 1.15}.get(columns, 1.0)
    head = _Heading(title, runs, style, width)
    height = rows * row_height + head.height
    layout = ConstrainedLayoutEngine(
        rect=(0.0, 0.0, 1.0, 1.0 - head.height / height),
        w_pad=0.05, h_pad=0.04, wspace=0.03, hspace=0.04,
    )  # fmt: skip
    figure = Figure(figsize=(width, height), layout=layout)
    head.draw(figure, height)

    shared = kind.shared_axis(runs) if kind.shared_axis else None
    grid = figure.add_gridspec(rows, columns)
    first: Axes | None = None
    for index, panel in enumerate(panels):
        axes = figure.add_subplot(
            grid[index // columns, index % columns], sharex=first if shared else None
        )
        first = first or axes
        panel.draw(axes, runs, style)
        if shared and index + columns >= len(panels):
            axes.set_xlabel(shared)
        elif shared:
            axes.tick_params(labelbottom=False)
        _rasterise_dense(axes)
    return figure


class _Heading:
    """The title line and the legend; its height is known before the figure is made."""

    def __init__(self, title: str, runs: Sequence[Run], style: Style, width: float) -> None:
        self._title, self._runs, self._style = title, runs, style
        self._line = 1.75 * style.font / 72.0
        self._columns = self._legend_columns(width)
        rows = math.ceil(len(runs) / self._columns) if len(runs) > 1 else 0
        self._margin = 0.4 * self._line
        lines = rows + (1 if title else 0)
        self.height = lines * self._line + (self._margin if lines else 0.0)

    def draw(self, figure: Figure, height: float) -> None:
        """Puts title and legend at the top left."""
        top = 1.0 - self._margin / height
        left = 0.012
        if self._title:
            figure.text(left, top, self._title, va="top", fontsize=self._style.font)
            top -= self._line / height
        if len(self._runs) > 1:
            figure.add_artist(self._legend(figure, left, top))

    def _legend(self, figure: Figure, left: float, top: float) -> Legend:
        handles = [
            Line2D([], [], color=run.colour, linewidth=1.6 * self._style.line) for run in self._runs
        ]
        return Legend(
            figure, handles, [run.label for run in self._runs], ncol=self._columns,
            loc="upper left", bbox_to_anchor=(left, top), bbox_transform=figure.transFigure,
            borderpad=0.0, borderaxespad=0.0, handlelength=1.6, columnspacing=1.8, labelspacing=0.5,
        )  # fmt: skip

    def _legend_columns(self, width: float) -> int:
        """How many labels fit beside each other, a letter being about 0.62 type sizes wide."""
        longest = max(len(run.label) for run in self._runs)
        entry = (0.62 * longest + 4.0) * self._style.small / 72.0
        return max(1, min(len(self._runs), int(width / entry)))


def in_panel_legend(axes: Axes, entries: Sequence[tuple[str, Artist]], style: Style) -> None:
    """A small legend where a panel is emptiest, for what the strokes mean in every colour.

    To be called when the panel's limits are final.
    """
    axes.legend(
        [handle for _, handle in entries], [text for text, _ in entries],
        loc=_emptiest_place(axes), fontsize=style.small, labelcolor=FAINT, borderpad=0.1,
        handlelength=1.3, labelspacing=0.25, handletextpad=0.5,
        frameon=True, framealpha=0.75, facecolor="white", edgecolor="none",
    )  # fmt: skip


def _emptiest_place(axes: Axes) -> str:
    """The place at the sides of a panel that the lines cross least, the upper right if in doubt."""
    axes.autoscale_view()  # which otherwise waits until the figure is drawn
    x, y = (
        np.concatenate(part) for part in zip(*(_traced(axes, line) for line in axes.get_lines()))
    )
    heights = {"upper": y > 0.65, "center": abs(y - 0.5) < 0.2, "lower": y < 0.35}
    crossings = {
        f"{vertical} {horizontal}": np.count_nonzero(in_height & in_width)
        for vertical, in_height in heights.items()
        for horizontal, in_width in (("right", x > 0.5), ("left", x < 0.5))
    }
    return min(crossings, key=lambda place: crossings[place])


def _traced(axes: Axes, line: Line2D) -> tuple[np.ndarray, np.ndarray]:
    """Evenly spaced points along a line, in shares of the panel."""
    with np.errstate(invalid="ignore", divide="ignore"):
        to_panel = line.get_transform() - axes.transAxes
        points = to_panel.transform(np.asarray(line.get_xydata(), dtype=float))
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) == 0:
        return np.empty(0), np.empty(0)
    x = np.linspace(points[0, 0], points[-1, 0], 100)
    return x, np.interp(x, points[:, 0], points[:, 1])


def _rasterise_dense(axes: Axes) -> None:
    lengths = {line: len(line.get_xydata()) for line in axes.get_lines()}
    if sum(lengths.values()) <= _DENSE_PANEL:
        return
    for line, length in lengths.items():
        if length > _DENSE_LINE:
            line.set_rasterized(True)

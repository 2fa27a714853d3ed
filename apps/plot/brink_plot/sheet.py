"""The figure: a grid of panels below a heading and one legend for all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

from brink_plot.kind import Cell, Kind, Panel, Run, Sheet
from brink_plot.style import FAINT, Style

_DENSE_PANEL = 20_000  # points in one panel above which a vector format gets its lines as pixels
_DENSE_LINE = 2_000  # lines below this stay vectors even then
_TRIALS = 4  # to find the height of a figure of maps
_CLOSE = 0.01  # inches by which it may be wrong
_COLUMNS = {1: 1, 2: 2, 4: 2}  # three unless said here


def compose(
    kind: Kind, panels: Sequence[Panel], runs: Sequence[Run], style: Style, title: str
) -> Figure:
    """Draws the panels for all the runs."""
    sheet = (kind.arrange or partial(_together, kind))(panels, runs, style)
    head = _Heading(title, sheet.legend, style, sheet.width)
    heights = np.asarray(sheet.row_heights, dtype=float)
    if sheet.maps:  # a first guess, as if nothing stood beside the axes
        heights *= sheet.width / len(sheet.column_widths)
    height = float(heights.sum()) + head.height
    layout = ConstrainedLayoutEngine(w_pad=0.05, h_pad=0.04, wspace=0.03, hspace=0.04)
    figure = Figure(figsize=(sheet.width, height), layout=layout)
    filled = _fill(figure, sheet, style)
    if sheet.maps:
        layout.set(w_pad=0.08, wspace=0.0, hspace=0.0)
        height = _fit_height(figure, sheet, filled, head, layout)
    head.leave_room(layout, height)
    head.draw(figure, height)
    return figure


def _together(kind: Kind, panels: Sequence[Panel], runs: Sequence[Run], style: Style) -> Sheet:
    """Each panel once, for all the runs, row by row."""
    columns = _COLUMNS.get(len(panels), 3)
    rows = math.ceil(len(panels) / columns)
    # Fewer, wider panels are also higher, so that none becomes a ribbon.
    row_height = style.height * {1: 1.3, 2: 1.15}.get(columns, 1.0)
    shared = kind.shared_axis(runs) if kind.shared_axis else None
    return Sheet(
        [
            Cell(*divmod(index, columns), partial(_draw_panel, panel, runs), axis=shared)
            for index, panel in enumerate(panels)
        ],
        _legend_of_runs(runs, style),
        style.single_width if len(panels) == 1 else style.width, [1.0] * columns,
        [row_height] * rows,
    )  # fmt: skip


def _draw_panel(panel: Panel, runs: Sequence[Run], axes: Axes, style: Style) -> None:
    panel.draw(axes, runs, style)


def _legend_of_runs(runs: Sequence[Run], style: Style) -> list[tuple[str, Artist]]:
    if len(runs) == 1:
        return []
    return [
        (run.label, Line2D([], [], color=run.colour, linewidth=1.6 * style.line)) for run in runs
    ]


def _fill(figure: Figure, sheet: Sheet, style: Style) -> list[Axes]:
    """Draws the cells; returns their axes."""
    grid = figure.add_gridspec(
        len(sheet.row_heights), len(sheet.column_widths), width_ratios=sheet.column_widths,
        height_ratios=sheet.row_heights,
    )  # fmt: skip
    filled: list[Axes] = []
    first: Axes | None = None
    for cell in sheet.cells:
        rows = slice(cell.row, cell.row + cell.rows)
        columns = slice(cell.column, cell.column + cell.columns)
        axes = figure.add_subplot(grid[rows, columns], sharex=first if cell.axis else None)
        filled.append(axes)
        cell.draw(axes, style)
        if cell.axis:
            first = first or axes
            if any(_is_below(other, cell) for other in sheet.cells):
                axes.tick_params(labelbottom=False)
            else:
                axes.set_xlabel(cell.axis)
        _rasterise_dense(axes)
    return filled


def _is_below(other: Cell, cell: Cell) -> bool:
    """Whether a cell shows the same axis further down in the same column."""
    return other.axis is not None and other.column == cell.column and other.row > cell.row


def _fit_height(
    figure: Figure, sheet: Sheet, filled: Sequence[Axes], head: _Heading,
    layout: ConstrainedLayoutEngine,
) -> float:  # fmt: skip
    """Makes the figure so high that its axes are as high as they should be; returns that height.

    What stands around the axes is measured by laying the figure out, which is the more precise the
    better the height already is.
    """
    height = figure.get_figheight()
    for _ in range(_TRIALS):
        head.leave_room(layout, height)
        layout.execute(figure)
        missing = _missing_height(figure, sheet, filled)
        height += missing
        figure.set_size_inches(sheet.width, height)
        if abs(missing) < _CLOSE:
            break
    return height


def _missing_height(figure: Figure, sheet: Sheet, filled: Sequence[Axes]) -> float:
    """What the axes lack in height, in inches. One cell is a column wide, every row has a cell."""
    rows = {cell.row: axes for cell, axes in zip(sheet.cells, filled)}
    slots = {row: axes.get_position(original=True) for row, axes in rows.items()}
    narrowest = min(range(len(filled)), key=lambda index: sheet.cells[index].columns)
    column = filled[narrowest].get_position(original=True).width * figure.get_figwidth()
    height = sum(slot.height for slot in slots.values()) * figure.get_figheight()
    return column * sum(sheet.row_heights) - height


class _Heading:
    """The title line and the legend; its height is known before the figure is made."""

    def __init__(
        self, title: str, legend: Sequence[tuple[str, Artist]], style: Style, width: float
    ) -> None:
        self._title, self._entries, self._style = title, legend, style
        self._line = 1.75 * style.font / 72.0
        self._columns = self._legend_columns(width)
        rows = math.ceil(len(legend) / self._columns)
        self._margin = 0.4 * self._line
        lines = rows + (1 if title else 0)
        self.height = lines * self._line + (self._margin if lines else 0.0)

    def leave_room(self, layout: ConstrainedLayoutEngine, height: float) -> None:
        """Keeps the panels of a figure of this height below the heading."""
        layout.set(rect=(0.0, 0.0, 1.0, 1.0 - self.height / height))

    def draw(self, figure: Figure, height: float) -> None:
        """Puts title and legend at the top left."""
        top = 1.0 - self._margin / height
        left = 0.012
        if self._title:
            figure.text(left, top, self._title, va="top", fontsize=self._style.font)
            top -= self._line / height
        if self._entries:
            figure.add_artist(self._legend(figure, left, top))

    def _legend(self, figure: Figure, left: float, top: float) -> Legend:
        labels, handles = zip(*self._entries)
        return Legend(
            figure, handles, labels, ncol=self._columns,
            loc="upper left", bbox_to_anchor=(left, top), bbox_transform=figure.transFigure,
            borderpad=0.0, borderaxespad=0.0, handlelength=1.6, columnspacing=1.8, labelspacing=0.5,
        )  # fmt: skip

    def _legend_columns(self, width: float) -> int:
        """How many labels fit beside each other, a letter being about 0.58 type sizes wide."""
        lengths = [len(label) for label, _ in self._entries]
        for columns in range(len(lengths), 1, -1):
            longest = [max(column) for column in np.array_split(lengths, columns)]
            if sum(0.58 * length + 4.0 for length in longest) * self._style.small / 72.0 < width:
                return columns
        return 1


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

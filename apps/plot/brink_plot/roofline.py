"""Records of `brink bench`: what operations reach of what the device can do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text

from brink_plot.errors import InputError
from brink_plot.kind import Cell, Kind, Panel, Run, Sheet
from brink_plot.placing import PlacedLabels
from brink_plot.record import Record
from brink_plot.style import FAINT, INK, Style, colours

_MARKERS = {
    "dense": "o", "hvp": "s", "loss": "^", "step": "v", "linalg": "D", "line": "P", "basin": "h",
    "whole": "*",
}  # fmt: skip
_COLOURS = dict(zip(_MARKERS, (*colours(6), FAINT, "#000000")))
_LARGER = {"*": 1.5, "P": 1.15, "D": 0.85}  # markers that look smaller or larger than others
_GIGA = 1e9
_TIMES = ("median", "upper_quartile", "lower_quartile")  # of the usual, a low and a high rate
_ABOVE = 1.08  # of the memory's roof, where its name stands
_ROOF_WEIGHT = 4.0  # of a label that covers the roof, against one that covers a thin line
_LONGEST = 96  # letters of a title


def _check(record: Record) -> None:
    if not _shown(record).any():
        raise InputError(f"{record.path}: a record of 'brink bench' without a rate to draw")


def _shown(record: Record) -> np.ndarray:
    """The rows that have a place on logarithmic axes: those that compute something."""
    operations = record.get("operations")
    return np.zeros(0, bool) if operations is None else operations > 0


def _groups(record: Record) -> list[str]:
    return [name.split(".")[0] for name in record.attributes["operation"]]


def _draw(axes: Axes, run: Run, style: Style) -> None:
    record = run.record
    shown = _shown(record)
    x = record.need("operations_per_byte")
    y = _rates(record, "median")
    names = np.array(record.attributes["operation"])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("operations per byte")
    axes.set_ylabel("10⁹ operations per second")
    axes.set_title(_title(run))
    _set_limits(axes, record, x[shown], _rates(record, "upper_quartile")[shown])
    axes.grid(True, which="major", color=FAINT, alpha=0.18, linewidth=style.thin)
    roof, notes = _draw_roof(axes, record, style)
    lines, labels = [(roof, _ROOF_WEIGHT)], []
    for name in dict.fromkeys(names[shown]):
        rows = np.flatnonzero(shown & (names == name))
        rows = rows[np.argsort(x[rows], kind="stable")]
        lines += [(line, 1.0) for line in _draw_operation(axes, record, name, rows, style)]
        best = rows[np.argmax(record.need("roofline_share")[rows])]
        labels.append((name, x[best], y[best]))
    points = np.stack([x[shown], y[shown]], axis=1)
    axes.add_artist(PlacedLabels(axes, labels, points, lines, notes, style))


def _draw_operation(
    axes: Axes, record: Record, name: str, rows: np.ndarray, style: Style
) -> list[np.ndarray]:
    """One operation at all its sizes, with the quartiles of its rate; returns the lines drawn."""
    x = record.need("operations_per_byte")[rows]
    rate, low, high = (_rates(record, time)[rows] for time in _TIMES)
    group = name.split(".")[0]
    marker, colour = _marker(group), _COLOURS.get(group, FAINT)
    axes.plot(x, rate, color=colour, linewidth=style.thin, alpha=0.45, zorder=3)
    axes.errorbar(
        x, rate, yerr=np.maximum(0.0, [rate - low, high - rate]), color=colour, marker=marker,
        markersize=_size(marker, style), markeredgecolor="white", markeredgewidth=0.5 * style.thin,
        linestyle="none", elinewidth=style.line, alpha=0.9, zorder=4,
    )  # fmt: skip
    bars = [np.array([[a, b], [a, c]]) for a, b, c in zip(x, low, high)]
    return [np.stack([x, rate], axis=1), *bars]


def _rates(record: Record, time: str) -> np.ndarray:
    """10⁹ operations per second, by the times of one column."""
    return record.need("operations") / record.need(time) / _GIGA


def _draw_roof(axes: Axes, record: Record, style: Style) -> tuple[np.ndarray, list[Text]]:
    """The memory's slope and the matrix product's ceiling, each with its rate."""
    bandwidth = record.attributes["bytes_per_second"]
    peak = record.attributes["operations_per_second"]
    (left, right), ridge = axes.get_xlim(), peak / bandwidth
    x = np.array([left, min(max(ridge, left), right), right])
    y = np.minimum(peak, bandwidth * x) / _GIGA
    axes.plot(x, y, color=INK, linewidth=1.2 * style.line, zorder=2)
    axes.fill_between(x, y, axes.get_ylim()[1], color=FAINT, alpha=0.10, linewidth=0, zorder=0)
    notes = []
    if ridge > left:
        start = max(left, axes.get_ylim()[0] * _GIGA / bandwidth)
        along = start * (min(ridge, right) / start) ** 0.78
        height = _ABOVE * bandwidth * along / _GIGA
        notes.append(axes.text(
            along, height, f"memory {_figure(bandwidth / _GIGA)} GB/s", ha="center", va="bottom",
            rotation=np.degrees(np.arctan2(height, along)),  # on logarithmic axes, that of the roof
            rotation_mode="anchor", transform_rotates_text=True, fontsize=style.small, color=INK,
        ))  # fmt: skip
    if ridge < right:
        notes.append(axes.annotate(
            f"matrix product {_figure(peak / _GIGA)} GFLOP/s", (right, peak / _GIGA),
            xytext=(0, 0.35 * style.font), textcoords="offset points", ha="right", va="bottom",
            fontsize=style.small, color=INK,
        ))  # fmt: skip
    return np.stack([x, y], axis=1), notes


def _set_limits(axes: Axes, record: Record, x: np.ndarray, y: np.ndarray) -> None:
    """Around points at x with low rates y and the roof's edge, with room for labels."""
    peak = record.attributes["operations_per_second"]
    ridge = peak / record.attributes["bytes_per_second"]
    axes.set_xlim(min(x.min(), ridge) / 2.5, max(x.max(), ridge) * 2.5)
    axes.set_ylim(y.min() / 2.0, max(_rates(record, "lower_quartile").max(), peak / _GIGA) * 2.5)


def _title(run: Run) -> str:
    """What was measured where."""
    parts = [run.record.attributes.get(name) for name in ("backend", "precision", "device")]
    text = ", ".join(str(part) for part in parts if part)
    text = f"{run.label}: {text}" if run.label else text
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _marker(group: str) -> str:
    return _MARKERS.get(group, "o")


def _size(marker: str, style: Style) -> float:
    return 0.62 * style.font * _LARGER.get(marker, 1.0)


def _figure(value: float) -> str:
    """To three digits, without an exponent."""
    return f"{float(f'{value:.3g}'):,.10g}".replace(",", " ")


def _arrange(panels: Sequence[Panel], runs: Sequence[Run], style: Style) -> Sheet:
    """One below the other."""
    cells = [
        Cell(row, 0, partial(_draw_panel, panel, run))
        for row, (run, panel) in enumerate((run, panel) for run in runs for panel in panels)
    ]
    return Sheet(
        cells, _legend(runs, style), style.width, [1.0], [0.58 * style.width] * len(cells)
    )


def _draw_panel(panel: Panel, run: Run, axes: Axes, style: Style) -> None:
    panel.draw(axes, run, style)


def _legend(runs: Sequence[Run], style: Style) -> list[tuple[str, Artist]]:
    found = {
        group for run in runs
        for group, shown in zip(_groups(run.record), _shown(run.record)) if shown
    }  # fmt: skip
    order = [group for group in _MARKERS if group in found] + sorted(found - set(_MARKERS))
    return [
        (group, Line2D([], [], color=_COLOURS.get(group, FAINT), marker=_marker(group),
                       markersize=_size(_marker(group), style), linestyle="none"))
        for group in order
    ]  # fmt: skip


def _names(records: Sequence[Record]) -> list[str]:
    """The files', where there are several."""
    return [record.stem if len(records) > 1 else "" for record in records]


KIND = Kind(
    command="bench",
    panels=(Panel("roofline", ("operations",), _draw),),
    check=_check,
    arrange=_arrange,
    names=_names,
)

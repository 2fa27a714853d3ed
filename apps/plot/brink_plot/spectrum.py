"""Records of `brink spectrum`: eigenvalues and spectral density of one Hessian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from brink_plot.errors import InputError
from brink_plot.kind import Kind, Panel, Run
from brink_plot.record import Record
from brink_plot.sheet import in_panel_legend
from brink_plot.style import FAINT, Style
from brink_plot.view import log_ticks

_DECADES = 8  # of density shown below its peak; less is smoothing's tail
_BINS = 80  # of a histogram
_LESS_THAN_ONE = 0.6  # where a logarithmic axis of counts begins
_EIGENVALUES = ("eigenvalue", "bottom_eigenvalue", "all_eigenvalue")


def _check(record: Record) -> None:
    if not any(record.get(name) is not None for name in (*_EIGENVALUES, "density")):
        raise InputError(
            f"{record.path}: a record of 'brink spectrum' with neither eigenvalues nor a density"
        )


@dataclass(frozen=True)
class _End:
    """The eigenvalues at one end of the spectrum."""

    name: str
    values: np.ndarray
    residuals: np.ndarray | None
    marker: str


def _ends(record: Record) -> list[_End]:
    found = []
    for name, prefix, marker in (("largest", "", "o"), ("smallest", "bottom_", "s")):
        values = record.get(f"{prefix}eigenvalue")
        if values is not None:
            found.append(_End(name, values, record.get(f"{prefix}residual"), marker))
    return found


def _draw_eigenvalues(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    axes.set_title("extreme eigenvalues")
    axes.axhline(0.0, color=FAINT, linewidth=style.thin, zorder=0.5)
    markers: dict[str, str] = {}
    for index, run in enumerate(runs):
        # Runs stand beside each other within a rank.
        shift = 0.6 * ((index + 0.5) / len(runs) - 0.5) if len(runs) > 1 else 0.0
        for end in _ends(run.record):
            rank = np.arange(1, len(end.values) + 1) + shift
            axes.vlines(rank, 0.0, end.values, color=run.colour, linewidth=style.line, alpha=0.5)
            # No eigenvalue is further away than the residual.
            axes.errorbar(
                rank, end.values, yerr=end.residuals, color=run.colour, linestyle="none",
                marker=end.marker, markersize=0.42 * style.font, elinewidth=style.thin,
            )  # fmt: skip
            markers[end.name] = end.marker
    axes.margins(x=0.06)
    axes.set_xlabel("rank")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(markers) > 1:
        entries = [
            (name, Line2D([], [], color=FAINT, linestyle="none", marker=marker,
                          markersize=0.42 * style.font))
            for name, marker in markers.items()
        ]  # fmt: skip
        in_panel_legend(axes, entries, style)


def _draw_histogram(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    axes.set_title("all eigenvalues, how many in each bin")
    axes.set_yscale("log")
    axes.axvline(0.0, color=FAINT, linewidth=style.thin, zorder=0.5)
    found = [(run, _finite(values)) for run, values in _all_eigenvalues(runs)]
    edges = np.histogram_bin_edges(np.concatenate([values for _, values in found]), _BINS)
    for run, values in found:
        counts = np.histogram(values, edges)[0]
        axes.stairs(counts, edges, baseline=_LESS_THAN_ONE, color=run.colour, alpha=0.12, fill=True)
        axes.stairs(counts, edges, baseline=_LESS_THAN_ONE, color=run.colour, linewidth=style.line)
    axes.set_ylim(bottom=_LESS_THAN_ONE)
    log_ticks(axes)
    axes.set_xlabel("λ")
    if len(runs) == 1:
        _note_all(axes, runs[0].record, style)


def _draw_ranked(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    axes.set_title("|λ| of all eigenvalues, largest first")
    axes.set_xscale("log")
    axes.set_yscale("log")
    strokes = {"positive": "-", "negative": "--"}
    floor = np.inf
    for run, values in _all_eigenvalues(runs):
        rounding = _number(run.record, "all_rounding") or 0.0
        floor = min(floor, rounding)
        for sign, stroke in ((1.0, strokes["positive"]), (-1.0, strokes["negative"])):
            sizes = np.sort(sign * values[sign * values > rounding])[::-1]
            axes.step(
                np.arange(1, len(sizes) + 1), sizes, where="mid", color=run.colour,
                linestyle=stroke, linewidth=style.line,
            )  # fmt: skip
        axes.axhline(rounding, color=run.colour, linewidth=style.thin, linestyle=":", zorder=0.5)
    if floor > 0:
        axes.set_ylim(bottom=0.5 * floor)
    log_ticks(axes)
    axes.set_xlabel("rank")
    strokes["rounding"] = ":"
    entries = [
        (name, Line2D([], [], color=FAINT, linestyle=stroke, linewidth=style.line))
        for name, stroke in strokes.items()
    ]
    in_panel_legend(axes, entries, style)


def _all_eigenvalues(runs: Sequence[Run]) -> list[tuple[Run, np.ndarray]]:
    return [
        (run, values) for run in runs if (values := run.record.get("all_eigenvalue")) is not None
    ]


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def _number(record: Record, name: str) -> float | None:
    value = record.attributes.get(name)
    return float(value) if isinstance(value, (int, float)) else None


def _note_all(axes: Axes, record: Record, style: Style) -> None:
    lines = [f"{len(record.need('all_eigenvalue'))} in all"]
    negative, trace = (_number(record, f"all_{name}") for name in ("negative", "trace"))
    if negative is not None:
        lines.append(f"{negative:.0f} negative")
    if trace is not None:
        lines.append(f"trace {trace:.4g}")
    _note(axes, "\n".join(lines), style)


def _draw_density(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    axes.set_title("spectral density")
    axes.set_yscale("log")
    found = [(run, pair) for run in runs if (pair := run.record.pair("lambda", "density"))]
    floor = max(float(np.nanmax(density)) for _, (_, density) in found) * 10.0**-_DECADES
    for run, (where, density) in found:
        shown = np.maximum(density, floor)
        axes.plot(where, shown, color=run.colour, linewidth=style.line)
        axes.fill_between(where, floor, shown, color=run.colour, alpha=0.12, linewidth=0)
    axes.set_ylim(floor, 3.0 * floor * 10.0**_DECADES)
    log_ticks(axes)
    for run in runs:
        for end in _ends(run.record):
            axes.plot(
                end.values, np.zeros(len(end.values)), "|", transform=axes.get_xaxis_transform(),
                color=run.colour, markersize=0.9 * style.font, markeredgewidth=style.thin,
                clip_on=False,
            )  # fmt: skip
    axes.set_xlabel("λ")
    if len(runs) == 1:
        _note_trace(axes, runs[0].record, style)


def _note_trace(axes: Axes, record: Record, style: Style) -> None:
    trace, error = (_number(record, name) for name in ("trace", "trace_error"))
    if trace is None:
        return
    text = f"trace {trace:.4g}"
    if error is not None:
        text += f" ± {error:.2g}"
    _note(axes, text, style)


def _note(axes: Axes, text: str, style: Style) -> None:
    axes.text(
        0.98, 0.96, text, transform=axes.transAxes, ha="right", va="top", fontsize=style.small
    )


KIND = Kind(
    command="spectrum",
    panels=(
        Panel("eigenvalues", ("eigenvalue", "bottom_eigenvalue"), _draw_eigenvalues),
        Panel("all", ("all_eigenvalue",), _draw_histogram),
        Panel("ranked", ("all_eigenvalue",), _draw_ranked),
        Panel("density", ("density",), _draw_density),
    ),
    check=_check,
)

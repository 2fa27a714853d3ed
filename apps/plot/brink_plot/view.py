"""Which part of the values a panel shows, and marks for what falls outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from brink_plot.style import FAINT, Style

_MARKS_ACROSS = 80  # at most this many marks along one edge of a panel


def robust_limits(
    values: Iterable[np.ndarray], references: Sequence[float] = ()
) -> tuple[float, float] | None:
    """Limits around the bulk of the values and all the references.

    The bulk is the central 90 %, together with the references; only values further from it than
    its own width are left out. None when there is no finite value.
    """
    finite = _finite(values)
    if finite.size == 0:
        return None
    low, high = np.percentile(finite, [5.0, 95.0])
    low, high = min([low, *references]), max([high, *references])
    reach = high - low
    near = finite[(finite >= low - reach) & (finite <= high + reach)]
    low, high = min(low, near.min()), max(high, near.max())
    return padded(float(low), float(high))


def loss_limits(values: Iterable[np.ndarray]) -> tuple[float, float] | None:
    """Limits for a logarithmic axis: everything, but no more than three decades of divergence."""
    parts = [part[np.isfinite(part) & (part > 0)] for part in values]
    parts = [part for part in parts if part.size]
    if not parts:
        return None
    ceiling = 1e3 * max(max(float(part[0]), float(np.median(part))) for part in parts)
    finite = np.concatenate(parts)
    low, high = np.log10(finite.min()), np.log10(min(float(finite.max()), ceiling))
    low, high = padded(float(low), float(high))
    return 10.0**low, 10.0**high


def mark_clipped(axes: Axes, x: np.ndarray, y: np.ndarray, colour: Any, style: Style) -> None:
    """Small triangles on the edge of the panel where values lie above or below its limits."""
    low, high = axes.get_ylim()
    with np.errstate(invalid="ignore"):
        above = (y > high) & ~np.isnan(y)
        below = (y < low) & ~np.isnan(y)
    for outside, edge, marker in ((above, 1.0, "^"), (below, 0.0, "v")):
        if not outside.any():
            continue
        places = _thinned(x[outside], *axes.get_xlim())
        axes.plot(
            places, np.full(len(places), edge), marker, transform=axes.get_xaxis_transform(),
            color=colour, markersize=0.42 * style.font, markeredgewidth=0, alpha=0.55,
            clip_on=False, zorder=4, in_layout=False,
        )  # fmt: skip


def reference_lines(axes: Axes, style: Style, heights: Sequence[float]) -> None:
    """Faint lines at the heights that the values are to be read against."""
    for height in heights:
        axes.axhline(height, color=FAINT, linewidth=style.thin, zorder=0.5)


def log_ticks(axes: Axes) -> None:
    """Powers of ten along a logarithmic axis, or 1, 2, 5 where it spans too few of those."""
    low, high = axes.get_ylim()
    if high < 50 * low:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _thinned(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """One of the positions per slot along the axis."""
    width = max(high - low, np.finfo(float).tiny)
    _, first = np.unique(np.floor((x - low) / width * _MARKS_ACROSS), return_index=True)
    return x[first]


def _finite(values: Iterable[np.ndarray]) -> np.ndarray:
    parts = [np.ravel(part) for part in values]
    flat = np.concatenate(parts) if parts else np.empty(0)
    return flat[np.isfinite(flat)]


def padded(low: float, high: float) -> tuple[float, float]:
    """Limits a little wider than from `low` to `high`."""
    margin = 0.05 * (high - low) or 0.05 * max(abs(high), 1e-12)
    return low - margin, high + margin

"""Trajectories: red outside the certified set, black inside, as Chen et al. 2024 draw them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from brink_plot.errors import InputError
from brink_plot.record import Record
from brink_plot.style import Style

# By phase: red outside the certified set, paler from where every step falls, and black inside.
COLOURS = ("#D81B1B", "#F08A80", "#000000")
_TEXTS = ("loss may yet rise", "falls from here on", "in the certified set")
_SETTLED = {"stable", "unstable", "stationary"}  # outcomes with which the last rise was the last
_FEW = 80  # with fewer steps than this each one gets a dot


def phases(record: Record) -> np.ndarray:
    """The phase that each step of an orbit belongs to."""
    steps = record.need("step")
    found = np.zeros(len(steps), dtype=int)
    last_rise = record.attributes.get("last_rise")
    if record.attributes.get("outcome") in _SETTLED and isinstance(last_rise, (int, float)):
        found[steps >= last_rise] = 1
    if record.has("certified"):
        found[record.need("certified", length_of=steps) >= 0] = 2
    return found


def pieces(found: np.ndarray) -> Iterator[tuple[int, slice]]:
    """Each stretch of one phase, up to and with the first step of the next one."""
    starts = np.flatnonzero(np.diff(found, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(found)]):
        yield int(found[start]), slice(int(start), int(stop) + 1)


def places(record: Record, chosen: Sequence[int] = (0, 1)) -> np.ndarray:
    """Where an orbit went (step, coordinate), in these two coordinates."""
    theta = record.need("theta", length_of=record.need("step"))
    if theta.ndim != 2 or theta.shape[1] <= max(chosen):
        raise InputError(f"{record.path}: variable 'theta' is not a table of step by coordinate")
    return np.where(np.isfinite(theta), theta, np.nan)[:, list(chosen)]


def draw_path(
    axes: Axes, x: np.ndarray, y: np.ndarray, found: np.ndarray, style: Style, halo: bool = False
) -> None:
    """A line through all the steps in the colours of their phases; a halo lifts it off a map."""
    width = style.line if len(x) < _FEW else style.thin
    if halo:
        axes.plot(x, y, color="white", linewidth=width + 2.5 * style.thin, zorder=3.9)
    for phase, piece in pieces(found):
        axes.plot(x[piece], y[piece], color=COLOURS[phase], linewidth=width, zorder=4)
        if len(x) < _FEW:
            own = slice(piece.start, piece.stop - 1)
            axes.plot(
                x[own], y[own], color=COLOURS[phase], linestyle="none", marker="o", zorder=4,
                markersize=0.24 * style.font, markeredgewidth=0,
            )  # fmt: skip


def mark_start(axes: Axes, where: np.ndarray, style: Style) -> None:
    """The start of a trajectory."""
    axes.plot(where[0], where[1], **_start(style))


def _start(style: Style) -> dict[str, object]:
    return {
        "linestyle": "none", "marker": "D", "markersize": 0.42 * style.font, "zorder": 6,
        "markerfacecolor": "#FFD400", "markeredgecolor": "black", "markeredgewidth": style.thin,
    }  # fmt: skip


def legend(records: Sequence[Record], style: Style, starts: bool) -> list[tuple[str, Artist]]:
    """What the colours of the trajectories mean, those that occur."""
    found = sorted({int(phase) for record in records for phase in np.unique(phases(record))})
    entries: list[tuple[str, Artist]] = []
    if starts:
        entries.append(("start", Line2D([], [], **_start(style))))
    for phase in found:
        entries.append((_TEXTS[phase], Line2D([], [], color=COLOURS[phase], linewidth=style.line)))
    return entries

"""The verdicts on a start, with their colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.patches import Patch

from brink_plot.errors import InputError
from brink_plot.record import Record
from brink_plot.style import FAINT, Style
from brink_plot.text import percent

OUTCOMES = ("undecided", "stable", "unstable", "diverged", "stationary", "periodic")  # by code
# Stable and unstable as in Chen et al. 2024; the others keep apart from these two for the
# colour-blind too.
COLOURS = {
    "undecided": "#5A5A5A", "stable": "#35D6EA", "unstable": "#1F3FD0", "diverged": "#F6F6F2",
    "stationary": "#E69F00", "periodic": "#CC79A7",
}  # fmt: skip
_ORDER = ("stable", "unstable", "stationary", "periodic", "undecided", "diverged")  # to readers
_PALETTE = np.array([[round(255 * part) for part in to_rgba(COLOURS[name])] for name in OUTCOMES])


def stroke(name: str) -> str:
    """The colour of a line that stands for an outcome, to be seen on white."""
    return "#B0B0A8" if name == "diverged" else COLOURS[name]


def paint(codes: np.ndarray) -> np.ndarray:
    """Red, green, blue and opacity for each code."""
    return _PALETTE.astype(np.uint8)[codes]


def check_codes(record: Record, codes: np.ndarray) -> np.ndarray:
    """The codes, all of which have a meaning."""
    if codes.size and not 0 <= codes.min() <= codes.max() < len(OUTCOMES):
        wrong = codes.max() if codes.max() >= len(OUTCOMES) else codes.min()
        raise InputError(f"{record.path}: variable 'outcome' has {wrong}, which is no outcome")
    return codes


def legend(found: Iterable[str], unfinished: bool, style: Style) -> list[tuple[str, Patch]]:
    """A patch for each of the outcomes; those of an unfinished scan may be undecided for now."""
    names = set(found)
    texts = {"undecided": "undecided or not yet computed"} if unfinished else {}
    return [
        (texts.get(name, name),
         Patch(facecolor=COLOURS[name], edgecolor=FAINT, linewidth=0.6 * style.thin))
        for name in _ORDER if name in names
    ]  # fmt: skip


def shares(record: Record, index: int) -> dict[str, tuple[float, float, float]]:
    """By outcome its share at one step size, with the ends of its interval; empty if unknown."""
    summary = record.attributes.get("summary")
    if not summary:
        return {}
    try:
        row = summary[index]["outcome"]
        return {name: _interval(row[name]) for name in _ORDER if name in row}
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{record.path}: attribute 'summary' has no shares of the outcomes for step size "
            f"number {index + 1}"
        ) from error


def _interval(values: Any) -> tuple[float, float, float]:
    share, low, high = (float(value) for value in values)
    return share, low, high


def occurring(rows: Sequence[Mapping[str, tuple[float, float, float]]]) -> list[str]:
    """The outcomes that some start has at one of the step sizes."""
    return [name for name in _ORDER if any(name in row and row[name][0] > 0 for row in rows)]


def main_shares(found: Mapping[str, tuple[float, float, float]]) -> list[tuple[str, str]]:
    """How many starts are stable and unstable, or else what most of them are.

    Each as a text and the colour of its outcome.
    """
    reached = [name for name in ("stable", "unstable") if name in found and found[name][0] > 0]
    if not reached and found:
        reached = [max(found, key=lambda name: found[name][0])]
    return [(percent(found[name][0]), stroke(name)) for name in reached]

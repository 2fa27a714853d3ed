"""What a kind of record must offer so that it can be drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from brink_plot.record import Record
from brink_plot.style import Style


@dataclass(frozen=True)
class Run:
    """One record in a figure, with the name and the colour it has in every panel."""

    record: Record
    label: str
    colour: Any


@dataclass(frozen=True)
class Panel:
    """One pair of axes: its name on the command line and what fills it."""

    name: str
    variables: tuple[str, ...]  # without any of them there is nothing to draw
    draw: Callable[[Axes, Sequence[Run], Style], None]
    default: bool = True  # drawn when no panels are named

    def has_data(self, runs: Sequence[Run]) -> bool:
        """Whether any of the runs has something to show here."""
        return any(run.record.get(name) is not None for run in runs for name in self.variables)


@dataclass(frozen=True)
class Kind:
    """Everything that is particular to the records of one command."""

    command: str
    panels: tuple[Panel, ...]
    check: Callable[[Record], None]  # raises InputError for a record that cannot be drawn
    # The axis that all panels share, or None when each has its own.
    shared_axis: Callable[[Sequence[Run]], str] | None = None

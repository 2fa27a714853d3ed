"""What a kind of record must offer so that it can be drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes

from brink_plot.record import Record
from brink_plot.settings import labels
from brink_plot.style import Style


@dataclass(frozen=True)
class Run:
    """One record in a figure, with the name and the colour it has in every panel."""

    record: Record
    label: str
    colour: Any


def _always(_: Sequence[Run]) -> bool:
    return True


def never(_: Sequence[Run]) -> bool:
    """For a panel that is drawn when it is named, and not else."""
    return False


@dataclass(frozen=True)
class Panel:
    """One way to look at records: its name on the command line and what draws it."""

    name: str
    variables: tuple[str, ...]  # or attributes; without any of them there is nothing to draw
    # Fills one pair of axes for the given runs, unless the kind's `arrange` calls it otherwise.
    draw: Callable[..., Any]
    default: Callable[[Sequence[Run]], bool] = _always  # drawn when no panels are named

    def has_data(self, runs: Sequence[Run]) -> bool:
        """Whether any of the runs has something to show here."""
        return any(run.record.has(name) for run in runs for name in self.variables)


@dataclass(frozen=True)
class Cell:
    """One pair of axes of a figure: its place in the grid and what fills it."""

    row: int
    column: int
    draw: Callable[[Axes, Style], None]
    rows: int = 1
    columns: int = 1
    axis: str | None = None  # the label of the horizontal axis it shares with others, if it does


@dataclass(frozen=True)
class Sheet:
    """What stands where in a figure; lengths in inches."""

    cells: Sequence[Cell]
    legend: Sequence[tuple[str, Artist]]
    width: float
    column_widths: Sequence[float]  # relative to each other
    row_heights: Sequence[float]
    # Rows hold maps: the heights are those of the axes alone, in shares of a column's width, and
    # the figure becomes as high as it must.
    maps: bool = False


@dataclass(frozen=True)
class Kind:
    """Everything that is particular to the records of one command."""

    command: str
    panels: tuple[Panel, ...]
    check: Callable[[Record], None]  # raises InputError for a record that cannot be drawn
    # The axis that all panels share, or None when each has its own.
    shared_axis: Callable[[Sequence[Run]], str] | None = None
    # Where the panels stand; None: each panel once, for all the runs together.
    arrange: Callable[[Sequence[Panel], Sequence[Run], Style], Sheet] | None = None
    names: Callable[[Sequence[Record]], list[str]] = labels  # one for each record
    shown: frozenset[str] = frozenset()  # settings the heading leaves out
    guests: tuple[str, ...] = ()  # commands whose records are drawn over those of this kind

    def default_panels(self, runs: Sequence[Run]) -> list[Panel]:
        """Those that are drawn when none are named."""
        return [panel for panel in self.panels if panel.has_data(runs) and panel.default(runs)]

"""Pictures by `brink plot`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import brink_plot.cli

from reproduce.record import Records


def panels(names: str | None = None, records: Sequence[str] | None = None,
           labels: bool = False) -> Callable[[Records, Path], None]:  # fmt: skip
    """Draws the records of these runs (all of them) over one another, with these panels of `brink
    plot` (those that have data); `labels`: under the names of the runs instead of what differs."""

    def draw(found: Records, picture: Path) -> None:
        shown = [name for name in found if records is None or name in records]
        words = [str(found.path(name)) for name in shown] + ["--out", str(picture)]
        if names is not None:
            words += ["--panels", names]
        if labels and len(shown) > 1:
            words += ["--labels", ",".join(name.replace(",", " ") for name in shown)]
        brink_plot.cli.draw(words)

    return draw

"""The kinds of record that can be drawn; a new kind is one module and one entry here."""

from __future__ import annotations

from brink_plot import basin, orbit, roofline, spectrum, train
from brink_plot.errors import InputError
from brink_plot.kind import Kind
from brink_plot.record import Record

KINDS: dict[str, Kind] = {
    kind.command: kind
    for kind in (train.KIND, spectrum.KIND, basin.KIND, orbit.KIND, roofline.KIND)
}


def kind_of(records: list[Record]) -> Kind:
    """The one kind that all the records have, or the one that takes the others as its guests."""
    for record in records:
        if record.command not in KINDS:
            known = ", ".join(KINDS)
            raise InputError(
                f"{record.path}: records of 'brink {record.command}' cannot be drawn "
                f"(known: {known})"
            )
    first = next((r for r in records if KINDS[r.command].guests), records[0])
    for record in records:
        if record.command not in (first.command, *KINDS[first.command].guests):
            raise InputError(
                f"{record.path}: a record of 'brink {record.command}' cannot share a figure with "
                f"{first.path}, one of 'brink {first.command}'"
            )
    return KINDS[first.command]

"""The kinds of record that can be drawn; a new kind is one module and one entry here."""

from __future__ import annotations

from brink_plot import spectrum, train
from brink_plot.errors import InputError
from brink_plot.kind import Kind
from brink_plot.record import Record

KINDS: dict[str, Kind] = {kind.command: kind for kind in (train.KIND, spectrum.KIND)}


def kind_of(records: list[Record]) -> Kind:
    """The one kind that all the records have."""
    first = records[0]
    if first.command not in KINDS:
        known = ", ".join(KINDS)
        raise InputError(
            f"{first.path}: records of 'brink {first.command}' cannot be drawn (known: {known})"
        )
    for record in records:
        if record.command != first.command:
            raise InputError(
                f"{record.path}: a record of 'brink {record.command}' cannot share a figure with "
                f"{first.path}, one of 'brink {first.command}'"
            )
    return KINDS[first.command]

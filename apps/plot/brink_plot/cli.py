"""The command line: `python -m brink_plot RECORD... --out FILE`, as `brink plot` calls it."""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

from brink_plot.errors import InputError, MachineError
from brink_plot.kind import Kind, Panel, Run
from brink_plot.output import format_of, save
from brink_plot.record import Record
from brink_plot.registry import KINDS, kind_of
from brink_plot.settings import summary
from brink_plot.sheet import compose
from brink_plot.style import STYLES, colours


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def main(arguments: Sequence[str]) -> int:
    """Draws; returns the exit status: 0 done, 2 bad input, 1 the machine failed."""
    # A failure is one line of ours; advice from libraries to their callers is no help to a user.
    warnings.simplefilter("ignore")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        draw(arguments)
    except InputError as error:
        print(f"brink plot: {error}", file=sys.stderr)
        return 2
    except MachineError as error:
        print(f"brink plot: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="brink plot", allow_abbrev=False,
        description="Draws records of brink; several of one kind share a figure, as do a basin "
        "and orbits on it.",
    )  # fmt: skip
    parser.add_argument("records", nargs="+", metavar="RECORD", help="what brink wrote: .zarr or .json")
    parser.add_argument("--out", required=True, metavar="FILE", help="picture: .png, .svg or .pdf")
    parser.add_argument("--panels", metavar="A,B", help="which panels (default: all with data)")
    parser.add_argument(
        "--labels", metavar="A,B", help="a name for each record (default: what differs)"
    )
    parser.add_argument("--title", help="heading (default: what the records share)")
    parser.add_argument(
        "--style", choices=tuple(STYLES), help="default: screen for .png, paper for .svg and .pdf"
    )
    return parser


def draw(arguments: Sequence[str]) -> None:
    """Draws what the command line asks for; raises InputError or MachineError."""
    options = _parser().parse_args(arguments)
    suffix = format_of(options.out)
    style = STYLES[options.style or ("screen" if suffix == "png" else "paper")]
    records = [Record(path) for path in options.records]
    kind = kind_of(records)
    for record in records:
        KINDS[record.command].check(record)
    names = _names(kind, options.labels, records)
    runs = [Run(*row) for row in zip(records, names, colours(len(records)))]
    panels = _panels(kind, options.panels, runs)
    title = summary(records, kind.shown) if options.title is None else options.title
    style.apply()
    save(compose(kind, panels, runs, style, title), options.out, style.dots_per_inch)


def _names(kind: Kind, given: str | None, records: Sequence[Record]) -> list[str]:
    if given is None:
        return kind.names(records)
    names = [name.strip() for name in given.split(",")]
    if len(names) != len(records):
        raise InputError(f"--labels: {len(names)} labels for {len(records)} records")
    return names


def _panels(kind: Kind, given: str | None, runs: Sequence[Run]) -> list[Panel]:
    """The panels that were asked for, or all those of the kind that have data."""
    if given is None:
        return kind.default_panels(runs)
    known = {panel.name: panel for panel in kind.panels}
    chosen = []
    for name in (part.strip() for part in given.split(",")):
        if name not in known:
            raise InputError(f"--panels: unknown panel '{name}' (known: {', '.join(known)})")
        if not known[name].has_data(runs):
            needed = " or ".join(f"'{variable}'" for variable in known[name].variables)
            raise InputError(f"--panels {name}: none of the records holds {needed}")
        chosen.append(known[name])
    return chosen

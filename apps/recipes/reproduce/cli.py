"""The command line: `brink reproduce`."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from brink_plot.errors import InputError, MachineError

from reproduce.catalogue import recipes, select
from reproduce.gallery import write_gallery
from reproduce.picture import panels
from reproduce.ranks import launched, lock_of, locked
from reproduce.recipe import Recipe
from reproduce.record import Records, number
from reproduce.report import write_report
from reproduce.result import Result, Verdicts
from reproduce.runner import BadRun, Runner
from reproduce.size import Size
from reproduce.speed import slowness
from reproduce.sweep import Axis, Sweep, save


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="brink reproduce", allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Figures, examples and experiments of the papers: each runs by its name, and ends "
        "in records,\na picture, and a verdict on each claim that the paper makes about it.",
        epilog="brink reproduce list          what there is, and how long it takes here\n"
        "brink reproduce all --quick   all of it at a reduced size\n\n"
        "Several processes with the same --out share the runs: start the command several times, or by\n"
        "mpirun or srun.\n",
    )  # fmt: skip
    parser.add_argument("names", nargs="+", metavar="NAME", help="recipes; or list; or all")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true",
                      help="reduced size on synthetic data")  # fmt: skip
    size.add_argument("--tiny", action="store_true",
                      help="runs through in no time; the claims mean nothing")  # fmt: skip
    parser.add_argument("--data", default="", metavar="SOURCE",
                        help="images for full size, like cifar10:DIR")  # fmt: skip
    parser.add_argument("--out", default="brink-reproduce", metavar="DIR",
                        help="a folder for each recipe goes here (default: %(default)s)")  # fmt: skip
    parser.add_argument("--lr", metavar="A,B,...", help="sweep over step sizes")
    parser.add_argument("--seed", metavar="A,B,...", help="sweep over seeds")
    parser.add_argument("--hidden", metavar="A:B:...",
                        help="sweep over widths, like 50,50:100,100")  # fmt: skip
    parser.add_argument("--report", metavar="FILE.html", help="one page with all of it")
    parser.add_argument("--gallery", metavar="DIR",
                        help="a page and small pictures of all results in --out")  # fmt: skip
    parser.add_argument("--device", default="auto", metavar="A,B,...",
                        help="where runs go, in turn (default: %(default)s)")  # fmt: skip
    parser.add_argument("--jobs", type=int, default=0, metavar="N",
                        help="runs at a time (default: one at full size or on a GPU, else one per core)")  # fmt: skip
    parser.add_argument("--recipes", action="append", default=[], metavar="DIR",
                        help="more recipes are in this folder")  # fmt: skip
    parser.add_argument("--overwrite", action="store_true", help="run again what was run before")
    parser.add_argument("--quiet", action="store_true", help="print nothing")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 done, whatever the claims' verdicts; 2 bad input; 1 the machine failed."""
    warnings.simplefilter("ignore")  # advice from libraries to their callers
    caught: list[int] = []

    def on_signal(number: int, _: object) -> NoReturn:
        caught.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    try:
        _reproduce(_parser().parse_args(arguments))
    except (InputError, MachineError) as error:
        # Bad input is so for all ranks alike.
        if launched().speaks or isinstance(error, (BadRun, MachineError)):
            print(f"brink reproduce: {error}", file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    except OSError as error:
        print(f"brink reproduce: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("brink reproduce: interrupted; the same command goes on", file=sys.stderr)
        return 128 + (caught[0] if caught else signal.SIGINT)
    return 0


def _reproduce(options: argparse.Namespace) -> None:
    ranks = launched()
    options.quiet = options.quiet or not ranks.speaks
    if options.overwrite and ranks.size > 1:
        raise InputError("--overwrite: ranks share what is there; remove the folder instead")
    known = recipes([Path(folder) for folder in options.recipes])
    if options.names == ["list"]:
        if ranks.speaks:
            _list(known)
        return
    chosen = select(known, options.names)
    size = _size(options, chosen)
    _check_places(options)
    runner = _runner(options)
    axes = _axes(options)
    for name, recipe in chosen.items():
        _check_sweep(name, recipe, size, axes)
    results = []
    for name, recipe in chosen.items():
        result = _run(name, recipe, size, axes, runner, options)
        if result is None:
            continue
        results.append(result)
        if options.report:  # after each: what is done is kept
            write_report(results, Path(options.report))
    if options.gallery and ranks.speaks:
        write_gallery(Path(options.out), Path(options.gallery))
    _close(results, options)


def _check_places(options: argparse.Namespace) -> None:
    if options.report and not options.report.endswith(".html"):
        raise InputError(f"--report {options.report}: the page's name ends in .html")
    if options.report and not Path(options.report).absolute().parent.is_dir():
        raise InputError(f"--report {options.report}: there is no such folder for it")
    for name in ("out", "gallery"):
        place = getattr(options, name)
        if place and Path(place).exists() and not Path(place).is_dir():
            raise InputError(f"--{name} {place}: is a file, give a folder")


def _list(known: Mapping[str, Recipe]) -> None:
    factor = slowness()
    width = max(map(len, known))
    print(f"{'':{width}}     full    quick")
    for name, recipe in known.items():
        times = [_duration(factor * seconds) for seconds in recipe.seconds]
        columns = "not available yet" if recipe.unavailable else f"{times[0]:>8} {times[1]:>8}"
        print(f"{name:{width}} {columns:>17}  {recipe.title}")
    print("\nTimes are expected on this machine's CPU.")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _size(options: argparse.Namespace, chosen: Mapping[str, Recipe]) -> Size:
    if options.quick or options.tiny:
        if options.data:
            raise InputError("--data is for full size; leave out --quick or --tiny")
        return Size("quick" if options.quick else "tiny")
    if not options.data:
        for name, recipe in chosen.items():
            if recipe.needs_images:
                raise InputError(
                    f"{name} trains on images: say --data cifar10:DIR, or --quick for synthetic data"
                )
    kind, colon, place = options.data.partition(":")
    if kind in ("cifar10", "idx", "npy"):  # runs have folders of their own
        place = ",".join(os.path.abspath(part) for part in place.split(","))
    return Size("full", kind + colon + place)


def _axes(options: argparse.Namespace) -> list[Axis]:
    axes = []
    for option, separator in (("lr", ","), ("seed", ","), ("hidden", ":")):
        text = getattr(options, option)
        if text is None:
            continue
        values = [part.strip() for part in text.split(separator)]
        try:  # 2/10 and 0.2 are one
            distinct = set(values) if option == "hidden" else set(map(number, values))
        except (ValueError, ZeroDivisionError):
            raise InputError(f"--{option} {text}: numbers with commas between them") from None
        if "" in values or len(distinct) != len(values):
            raise InputError(f"--{option} {text}: every value once, none empty")
        axes.append(Axis(option, values))
    return axes


def _check_sweep(name: str, recipe: Recipe, size: Size, axes: Sequence[Axis]) -> None:
    with _at_fault(name):
        runs = Sweep(axes, recipe.runs(size)).all_runs().values()
    taken = {option for run in runs if run.swept for option in run.options}
    if axes and not taken & {axis.option for axis in axes}:
        raise InputError(f"{name}: has no run that takes what is swept over")


def _runner(options: argparse.Namespace) -> Runner:
    if options.jobs < 0:
        raise InputError(f"--jobs {options.jobs}: at least 1")
    ranks = launched()
    devices = options.device.split(",")
    small = options.quick or options.tiny
    jobs = ranks.cores() if small and set(devices) <= {"auto", "cpu"} else len(devices)
    if ranks.size > 1:
        jobs = 1
    brink = Path(os.environ["BRINK_PROGRAM"])
    return Runner(brink, devices, options.jobs or jobs, options.overwrite, options.quiet, ranks)


def _run(name: str, recipe: Recipe, size: Size, axes: Sequence[Axis], runner: Runner,
         options: argparse.Namespace) -> Result | None:  # fmt: skip
    """What a rank finds that speaks; others lend a hand with the runs."""
    folder = Path(options.out).absolute() / (name if size.name == "full" else f"{name}-{size.name}")
    _say(options, f"{name}: {recipe.title}")
    start = time.monotonic()
    sweep = Sweep(axes, recipe.runs(size))
    runs = sweep.all_runs()
    runner.run(runs, folder)
    if not runner.ranks.speaks:
        return None
    # Processes that share the runs by --out alone all come here, at about the same time.
    with locked(lock_of(folder / "result.json")):
        with _at_fault(name):
            verdicts = [
                Verdicts(sweep.label(point), list(recipe.claims(sweep.records(folder, point))))
                for point in sweep.points()
            ]
        result = Result(
            name, recipe, size.name, folder, _call(name, recipe, size, options),
            {run_name: " ".join(["brink", *run.words()]) for run_name, run in runs.items()},
            _version(runner.brink), verdicts, time.monotonic() - start,
        )  # fmt: skip
        _draw(result, sweep)
        result.save()
    _say(options, "\n".join([*result.lines(), f"  picture: {result.picture}", ""]))
    return result


def _call(name: str, recipe: Recipe, size: Size, options: argparse.Namespace) -> str:
    """The command line of a recipe, with what decides on its numbers."""
    words = ["brink", "reproduce", name]
    if size.name != "full":
        words.append(f"--{size.name}")
    for option in ("data", "lr", "seed", "hidden"):
        value = getattr(options, option)
        if value and (option != "data" or recipe.needs_images):
            words += [f"--{option}", value]
    return shlex.join(words)


def _draw(result: Result, sweep: Sweep) -> None:
    """The recipe's picture; of a sweep one with all runs, and a record of them all."""
    folder = result.folder
    if not sweep.axes:
        with _at_fault(result.name):
            result.recipe.draw(sweep.records(folder, ()), result.picture)
        return
    swept = {run_name: run for run_name, run in sweep.all_runs().items() if run.swept}
    paths = {run_name: folder / f"{run_name}.zarr" for run_name in swept}
    # Records of one kind can be drawn over one another.
    kind = next(iter(swept.values())).command
    shown = [run_name for run_name, run in swept.items() if run.command == kind]
    panels(records=shown)(Records(swept, paths), result.picture)
    save(sweep.combined(folder), folder / "sweep.zarr")


@contextmanager
def _at_fault(name: str) -> Iterator[None]:
    """Whatever a recipe's own functions raise is told in one line."""
    try:
        yield
    except (InputError, MachineError, OSError):
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise InputError(
            f"{name}: the recipe fails at line {place.lineno} of {Path(place.filename).name}: "
            f"{type(error).__name__}: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]


def _close(results: Sequence[Result], options: argparse.Namespace) -> None:
    claims = [claim for result in results for v in result.verdicts for claim in v.claims]
    held = sum(claim.holds for claim in claims)
    _say(options, f"{held} of {len(claims)} claims hold")
    if options.report:
        _say(options, f"report: {options.report}")


def _version(brink: Path) -> str:
    return subprocess.run([brink, "--version"], capture_output=True, text=True).stdout.strip()


def _say(options: argparse.Namespace, text: str) -> None:
    if not options.quiet:
        print(text, flush=True)

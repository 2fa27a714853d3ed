"""Records of `brink basin`: what becomes of every start of a scan, with orbits over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from brink_plot import landscape, outcome, path
from brink_plot.counts import CountScale
from brink_plot.errors import InputError
from brink_plot.kind import Kind, Panel, Run, Sheet, never
from brink_plot.record import Record
from brink_plot.scan import Scan, edges
from brink_plot.settings import labels, learning_rate, step_size
from brink_plot.style import FAINT, Style
from brink_plot.text import coordinate_name
from brink_plot.tiles import Row, Tile, cells, height_of, rows_of, width_of

_MOST_MAPS = 6  # of one record
_FEW = 60  # with fewer step sizes than this each one gets a dot
_WIDEST = 1.4  # width of a map, in rows of panels of other kinds
_SHOWN = frozenset({"learning_rate", "x", "y", "png"})  # settings that the panels show


@dataclass(frozen=True)
class _Subject:
    """A scan with what is drawn over its maps."""

    scan: Scan
    label: str  # empty for the only one
    orbits: Sequence[Record]
    maps: Sequence[int]  # the numbers of the step sizes that have maps

    @property
    def record(self) -> Record:
        return self.scan.record


def _check(record: Record) -> None:
    Scan(record)


def _names(records: Sequence[Record]) -> list[str]:
    """The landscapes, where those of the scans differ; nothing for one scan."""
    scans = [record for record in records if record.command == KIND.command]
    names = [str(record.attributes.get("landscape")) for record in records]
    if len(scans) == 1:
        return [""] * len(records)
    return names if len(set(names)) == len(scans) else labels(records, _SHOWN)


def _wants_fractions(runs: Sequence[Run]) -> bool:
    """Whether there are too many step sizes for maps alone, or no maps."""
    scans = [Scan(run.record) for run in runs if run.record.command == KIND.command]
    return any(
        len(scan.step_sizes) > (1 if scan.shape == "line" else _MOST_MAPS)
        or (scan.shape == "sample" and scan.frame is None)
        for scan in scans
    )


def _subjects(runs: Sequence[Run]) -> list[_Subject]:
    scans = [(Scan(run.record), run.label) for run in runs if run.record.command == KIND.command]
    orbits = [run.record for run in runs if run.record.command != KIND.command]
    for orbit in orbits:
        _check_guest(orbit, [scan for scan, _ in scans])
    found = []
    for scan, label in scans:
        wanted = [scan.nearest(learning_rate(orbit) or 0.0) for orbit in orbits]
        found.append(_Subject(scan, label, orbits, scan.chosen(_MOST_MAPS, wanted)))
    return found


def _check_guest(orbit: Record, scans: Sequence[Scan]) -> None:
    """An orbit can be drawn over the maps of one scan of its own landscape."""
    if len(scans) > 1:
        raise InputError(
            f"{orbit.path}: an orbit can be drawn over one record of 'brink basin', not over "
            f"{len(scans)}"
        )
    record = scans[0].record
    if scans[0].frame is None:
        raise InputError(f"{record.path}: no map of two coordinates for the orbit {orbit.path}")
    for name in ("landscape", "objective", "method"):
        its, wanted = orbit.attributes.get(name), record.attributes.get(name)
        if its != wanted and None not in (its, wanted):
            raise InputError(
                f"{orbit.path}: an orbit with {name} '{its}' cannot be drawn over {record.path}, "
                f"which has '{wanted}'"
            )


def _landscape_tiles(subject: _Subject) -> list[Tile]:
    ground = landscape.surface(subject.record)
    if ground is None:
        return []
    frame = subject.scan.frame or ground.frame

    def draw(axes: Axes, style: Style) -> None:
        landscape.draw_contours(axes, ground, style)
        landscape.mark_minima(axes, subject.record, style)

    return [Tile("" if subject.label else "landscape", draw, (), frame, frame.aspect)]


def _map_tiles(subject: _Subject) -> list[Tile]:
    scan = subject.scan
    if scan.shape == "line":
        return [_line_tile(scan, "outcome", outcome.paint)]
    if scan.frame is None:
        return []
    return [
        Tile(
            _map_title(subject, index), partial(_draw_map, subject, index),
            outcome.main_shares(outcome.shares(subject.record, index)), scan.frame,
            scan.frame.aspect,
        )
        for index in subject.maps
    ]  # fmt: skip


def _step_size_title(scan: Scan, index: int) -> str:
    return f"η = {step_size(scan.step_sizes[index])}"


def _map_title(subject: _Subject, index: int) -> str:
    """With the step sizes of orbits over it that have others."""
    title = _step_size_title(subject.scan, index)
    etas = {step_size(eta) for orbit in subject.orbits if (eta := _eta_over(subject, orbit, index))}
    others = [eta for eta in sorted(etas) if f"η = {eta}" != title]
    return f"{title}, orbit at η = {', '.join(others)}" if others else title


def _eta_over(subject: _Subject, orbit: Record, index: int) -> float | None:
    """The step size of an orbit that goes over this map."""
    eta = learning_rate(orbit) or 0.0
    return eta if subject.scan.nearest(eta) == index else None


def _draw_map(subject: _Subject, index: int, axes: Axes, style: Style) -> None:
    scan, record = subject.scan, subject.record
    _paint(axes, scan, outcome.paint(scan.values("outcome", index)))
    landscape.draw_certified(axes, record, landscape.surface(record), index, style)
    for orbit in subject.orbits:
        if _eta_over(subject, orbit, index) is not None:
            where = path.places(orbit, landscape.columns(record))
            path.draw_path(axes, *where.T, path.phases(orbit), style, halo=True)
            path.mark_start(axes, where[0], style)
    landscape.mark_minima(axes, record, style)


def _count_tiles(name: str, subject: _Subject) -> list[Tile]:
    """Maps of how often or how long, with one scale for all of a record's."""
    scan = subject.scan
    if scan.shape == "line":
        scale = CountScale([scan.table(name)])
        return [_line_tile(scan, name, scale.paint, scale)]
    if scan.frame is None:
        return []
    tables = [scan.values(name, index) for index in subject.maps]
    scale = CountScale(tables)

    def draw(counts: np.ndarray, last: bool, axes: Axes, style: Style) -> None:
        _paint(axes, scan, scale.paint(counts))
        if last:
            scale.draw(axes, style)

    return [
        Tile(
            f"{name}, {_step_size_title(scan, index)}",
            partial(draw, counts, index == subject.maps[-1]),
            [(f"median {np.median(counts):.0f}, max {counts.max()}", None)], scan.frame,
            scan.frame.aspect,
        )
        for index, counts in zip(subject.maps, tables)
    ]  # fmt: skip


def _paint(axes: Axes, scan: Scan, colours: np.ndarray) -> None:
    """The starts of a grid as an image, those of a sample as dots."""
    if scan.shape == "grid":
        axes.imshow(colours, origin="lower", extent=scan.extent(), aspect="auto")
        return
    points = scan.points()
    axes.scatter(
        *points.T, c=colours / 255.0, s=np.clip(20000.0 / len(points), 0.5, 20.0), linewidths=0,
        rasterized=True,
    )  # fmt: skip


def _line_tile(
    scan: Scan, name: str, paint: Callable[[np.ndarray], np.ndarray],
    scale: CountScale | None = None,
) -> Tile:  # fmt: skip
    """Starts on a line against the step size, or with one step size as a strip."""
    colours = paint(scan.table(name))
    several = len(scan.step_sizes) > 1
    start = coordinate_name(landscape.axis_names(scan.record)[0])

    def draw(axes: Axes, style: Style) -> None:
        if several:
            place = np.log10 if scan.is_geometric else np.asarray
            extent = [*edges(place(scan.even_step_sizes())), *scan.extent()]
            axes.set_xlabel("step size η")
            axes.set_ylabel(f"start {start}")
            if scan.is_geometric:  # an image has no logarithmic axis
                axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
                axes.xaxis.set_major_formatter(lambda power, _: f"$10^{{{power:.0f}}}$")
        else:
            extent = [*scan.extent(), 0.0, 1.0]
            axes.set_xlabel(f"start {start}")
            axes.set_yticks([])
        axes.imshow(
            colours if several else colours.swapaxes(0, 1), origin="lower", extent=extent,
            aspect="auto",
        )  # fmt: skip
        if scale:
            scale.draw(axes, style)

    return Tile(name, draw, aspect=1.0 if several else 0.2)


def _fraction_tiles(subject: _Subject) -> list[Tile]:
    if not subject.record.has("summary"):
        return []
    return [Tile("outcomes", partial(_draw_fractions, subject), wide=True)]


def _draw_fractions(subject: _Subject, axes: Axes, style: Style) -> None:
    """What share of the starts has each outcome, against the step size."""
    order = np.argsort(subject.scan.step_sizes)
    etas = subject.scan.step_sizes[order]
    rows = [outcome.shares(subject.record, index) for index in order]
    for kind in outcome.occurring(rows):
        share, low, high = np.array([row.get(kind, (np.nan,) * 3) for row in rows]).T
        axes.errorbar(
            etas, share, yerr=np.maximum(0.0, [share - low, high - share]),
            color=outcome.stroke(kind), linewidth=style.line, elinewidth=style.thin,
            marker="o" if len(etas) < _FEW else None, markersize=0.3 * style.font,
        )  # fmt: skip
    if subject.scan.is_geometric:
        axes.set_xscale("log")
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.set_xlabel("step size η")
    _mark_largest_step(axes, subject.record, style)


def _mark_largest_step(axes: Axes, record: Record, style: Style) -> None:
    """Where the flattest minimum becomes unstable, if that is in view."""
    sharpness = record.get("minimum_sharpness")
    if sharpness is None or not np.nanmin(sharpness) > 0:
        return
    largest = 2.0 / np.nanmin(sharpness)
    low, high = axes.get_xlim()
    if low < largest < high:
        axes.axvline(largest, color=FAINT, linewidth=style.thin, dashes=(4, 2.5), zorder=0.5)
        axes.annotate(
            "2/λ₁(θ*)", (largest, 1.0), xycoords=("data", "axes fraction"), ha="center",
            va="bottom", fontsize=style.small, color=FAINT,
        )  # fmt: skip


def _arrange(panels: Sequence[Panel], runs: Sequence[Run], style: Style) -> Sheet:
    """The rows of each record, below each other."""
    subjects = _subjects(runs)
    rows: list[Row] = []
    labels_at: dict[int, str] = {}
    for subject in subjects:
        labels_at[len(rows)] = subject.label
        rows += rows_of([tiles for panel in panels if (tiles := panel.draw(subject))])
    if not rows:
        raise InputError(f"{runs[0].record.path}: none of the panels can show these starts")
    columns = max(width_of(row) for row in rows)
    width = style.single_width if columns == 1 else columns * _WIDEST * style.height
    return Sheet(
        cells(rows, labels_at, columns), _legend(subjects, panels, style), min(width, style.width),
        [1.0] * columns, [height_of(row, columns) for row in rows], maps=True,
    )  # fmt: skip


def _legend(
    subjects: Sequence[_Subject], panels: Sequence[Panel], style: Style
) -> list[tuple[str, Artist]]:
    """The outcomes that occur, and what is drawn over the maps."""
    names = {panel.name for panel in panels}
    found: set[str] = set()
    for subject in subjects:
        if "maps" in names:
            found |= _mapped(subject)
        if "fractions" in names and subject.record.has("summary"):
            count = range(len(subject.scan.step_sizes))
            found |= set(outcome.occurring([outcome.shares(subject.record, i) for i in count]))
    records = [subject.record for subject in subjects]
    unfinished = any(r.attributes.get("stop_reason") == "interrupted" for r in records)
    entries: list[tuple[str, Artist]] = outcome.legend(found, unfinished, style)
    if names & {"landscape", "maps"}:
        mapped = [subject.record for subject in subjects if subject.scan.frame]
        entries += landscape.legend(mapped, style, "maps" in names)
    if subjects[0].orbits and "maps" in names:
        entries += path.legend(subjects[0].orbits, style, starts=True)
    return entries


def _mapped(subject: _Subject) -> set[str]:
    scan = subject.scan
    if scan.shape == "line":
        tables = [scan.table("outcome")]
    else:
        tables = [scan.values("outcome", index) for index in subject.maps]
    return {outcome.OUTCOMES[code] for table in tables for code in np.unique(table)}


KIND = Kind(
    command="basin",
    panels=(
        Panel("landscape", ("landscape_value",), _landscape_tiles),
        Panel("fractions", ("summary",), _fraction_tiles, default=_wants_fractions),
        Panel("maps", ("outcome",), _map_tiles),
        Panel("steps", ("steps",), partial(_count_tiles, "steps"), default=never),
        Panel("rises", ("rises",), partial(_count_tiles, "rises"), default=never),
    ),
    check=_check,
    arrange=_arrange,
    names=_names,
    shown=_SHOWN,
    guests=("orbit",),
)

"""Records of `brink orbit`: one trajectory on a landscape."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes

from brink_plot import landscape, path
from brink_plot.errors import InputError
from brink_plot.kind import Cell, Kind, Panel, Run, Sheet, never
from brink_plot.record import Record
from brink_plot.settings import labels
from brink_plot.style import Style
from brink_plot.threshold import draw_thresholds, levels
from brink_plot.view import (
    log_ticks, loss_limits, mark_clipped, padded, reference_lines, robust_limits,
)  # fmt: skip

_TRAJECTORY = "trajectory"
_RESOLVED = 1e3  # a change of fewer units of rounding than this tells nothing of the landscape
_SPREAD = 30.0  # a loss that varies by less than this factor is drawn on a linear axis
_DIVERGED = 10.0  # times what is usual: the end of a divergence, which is not shown
_VANISHING = 1e-6  # and so is one that falls to less than this share of what it was at the start


def _check(record: Record) -> None:
    steps = record.get("step")
    if steps is None:
        raise InputError(f"{record.path}: a record of 'brink orbit' without a single step")
    record.need("loss", length_of=steps)
    record.need("theta", length_of=steps)


def _draw_trajectory(axes: Axes, run: Run, style: Style) -> None:
    axes.set_title("trajectory")
    record = run.record
    ground = landscape.surface(record)
    landscape.draw_contours(axes, ground, style)
    landscape.draw_certified(axes, record, ground, 0, style)
    where = path.places(record, landscape.columns(record))
    path.draw_path(axes, *where.T, path.phases(record), style)
    path.mark_start(axes, where[0], style)
    landscape.mark_minima(axes, record, style)
    ground.frame.fit(axes)
    axes.set_anchor("NW")
    ground.frame.name_axes(axes)


def _draw_loss(axes: Axes, run: Run, style: Style) -> None:
    axes.set_title("loss")
    loss = run.record.need("loss")
    _draw_curve(axes, run, loss, style)
    finite = loss[np.isfinite(loss)]
    low, high = finite.min(), finite.max()
    if low > _VANISHING * abs(finite[0]) and high > _SPREAD * low:
        axes.set_yscale("log")
        limits = loss_limits([loss])
    else:
        limits = padded(*_ordinary_range(finite))
    _show(axes, run, loss, limits, style)
    if axes.get_yscale() == "log":
        log_ticks(axes)


def _ordinary_range(loss: np.ndarray) -> tuple[float, float]:
    """The range of a loss, without what comes of divergence."""
    most = _DIVERGED * max(abs(loss[0]), abs(np.median(loss)))
    ordinary = loss[abs(loss) <= most]
    return float(ordinary.min()), float(ordinary.max())


def _draw_excess(axes: Axes, run: Run, style: Style) -> None:
    axes.set_title("loss above the minimum")
    axes.set_yscale("log")
    loss = run.record.need("loss")
    excess = loss - _floor(run.record, loss)
    excess = np.where(excess > 0, excess, np.nan)  # what rounding leaves has no logarithm
    _draw_curve(axes, run, excess, style)
    _show(axes, run, excess, loss_limits([excess]), style)
    log_ticks(axes)


def _floor(record: Record, loss: np.ndarray) -> float:
    """The loss at the minimum that the orbit reached, or else the smallest that it saw."""
    reached = record.attributes.get("minimum")
    values = record.get("minimum_value")
    if isinstance(reached, int) and values is not None and 0 <= reached < len(values):
        return float(values[reached])
    return float(np.nanmin(loss))


def _draw_gradient(axes: Axes, run: Run, style: Style) -> None:
    axes.set_title("gradient norm ‖g‖")
    axes.set_yscale("log")
    norm = run.record.need("gradient_norm")
    _draw_curve(axes, run, np.where(norm > 0, norm, np.nan), style)
    _show(axes, run, norm, loss_limits([norm]), style)
    log_ticks(axes)


def _draw_progress(axes: Axes, run: Run, style: Style) -> None:
    axes.set_title("relative progress RP")
    reference_lines(axes, style, (0.0, -1.0))
    values = _beyond_rounding(run.record, "relative_progress")
    _draw_curve(axes, run, values, style)
    _show(axes, run, values, _limits(run.record, values, [-1.0, 0.0]), style)


def _draw_curvature(name: str, title: str, axes: Axes, run: Run, style: Style) -> None:
    """Directional smoothness or sharpness, with the threshold."""
    axes.set_title(title)
    values = _beyond_rounding(run.record, name)
    _draw_curve(axes, run, values, style)
    _show(axes, run, values, _limits(run.record, values, [0.0, *levels([run])]), style)
    draw_thresholds(axes, [run], style)


def _beyond_rounding(record: Record, name: str) -> np.ndarray:
    """A variable, without what is nothing but rounding once the orbit has come to rest."""
    values = record.need(name, length_of=record.need("step"))
    unit = np.finfo(np.float32 if record.attributes.get("precision") == "float32" else float).eps
    if name == "relative_progress":
        loss = record.need("loss")
        change, size = abs(np.diff(loss, append=np.nan)), abs(loss)
    elif name == "directional_smoothness":
        theta = record.need("theta")
        change = np.linalg.norm(np.diff(theta, axis=0, append=np.nan * theta[-1:]), axis=1)
        size = np.linalg.norm(theta, axis=1)
    else:
        return values
    return np.where(change < _RESOLVED * unit * size, np.nan, values)


def _limits(
    record: Record, values: np.ndarray, references: Sequence[float]
) -> tuple[float, float] | None:
    """Limits around the values and all the references; the end of a divergence has no say."""
    if record.attributes.get("outcome") == "diverged":
        largest = _DIVERGED * max(abs(height) for height in references)
        values = values[abs(values) <= largest] if largest > 0 else values
        return robust_limits([np.array(references), values], references)
    return robust_limits([values], references)


def _draw_curve(axes: Axes, run: Run, values: np.ndarray, style: Style) -> None:
    steps = run.record.need("step", length_of=values)
    path.draw_path(axes, steps, values, path.phases(run.record), style)


def _show(
    axes: Axes, run: Run, values: np.ndarray, limits: tuple[float, float] | None, style: Style
) -> None:
    """Sets the limits, with marks for what lies outside."""
    if limits is None:
        return
    axes.set_ylim(*limits)
    steps = run.record.need("step")
    for phase, piece in path.pieces(path.phases(run.record)):
        own = slice(piece.start, piece.stop - 1)
        mark_clipped(axes, steps[own], values[own], path.COLOURS[phase], style)


def _arrange(panels: Sequence[Panel], runs: Sequence[Run], style: Style) -> Sheet:
    """A block for each run: its trajectory, and beside it the other panels in two rows."""
    beside = [panel for panel in panels if panel.name != _TRAJECTORY]
    trajectory = next((panel for panel in panels if panel.name == _TRAJECTORY), None)
    rows = 2 if len(beside) > 2 else 1
    across = -(-len(beside) // rows)
    left = 1 if trajectory else 0
    cells = []
    for index, run in enumerate(runs):
        top = index * rows
        several = len(runs) > 1
        if trajectory and trajectory.has_data([run]):
            cells.append(Cell(top, 0, partial(_draw, trajectory, run, several), rows=rows))
        for place, panel in enumerate(beside):
            if panel.has_data([run]):
                row, column = divmod(place, across)
                named = several and place == 0 and not trajectory
                draw = partial(_draw, panel, run, named)
                cells.append(Cell(top + row, left + column, draw, axis="step"))
    height = style.height * (1.2 if rows == 1 else 0.9)
    widths = [1.0] * across
    if trajectory:
        widths.insert(0, _trajectory_width(runs, rows * height, style) * max(1, across))
    width = style.single_width if len(widths) == 1 else style.width
    return Sheet(cells, _legend(panels, runs, style), width, widths, [height] * rows * len(runs))


def _trajectory_width(runs: Sequence[Run], height: float, style: Style) -> float:
    """How wide a panel of this height should be, relative to all that stands beside it."""
    grounds = [landscape.surface(run.record) for run in runs]
    aspect = min(ground.frame.aspect for ground in grounds if ground is not None)
    share = min(0.45, height / aspect / style.width)
    return share / (1.0 - share)


def _draw(panel: Panel, run: Run, named: bool, axes: Axes, style: Style) -> None:
    """One panel of one run, with the run's name where it is the first of several."""
    panel.draw(axes, run, style)
    if named:
        axes.set_title(f"{run.label}: {axes.get_title(loc='left')}")


def _legend(panels: Sequence[Panel], runs: Sequence[Run], style: Style) -> list:
    records = [run.record for run in runs]
    mapped = [r for r in records if r.has("landscape_value")]
    if not mapped or not any(panel.name == _TRAJECTORY for panel in panels):
        return path.legend(records, style, starts=False)
    return path.legend(records, style, starts=True) + landscape.legend(mapped, style, maps=True)


_SHOWN = frozenset({"steps", "max_steps"})


def _names(records: Sequence[Record]) -> list[str]:
    return labels(records, _SHOWN)


KIND = Kind(
    command="orbit",
    panels=(
        Panel(_TRAJECTORY, ("landscape_value",), _draw_trajectory),
        Panel("loss", ("loss",), _draw_loss),
        Panel("progress", ("relative_progress",), _draw_progress),
        Panel("smoothness", ("directional_smoothness",),
              partial(_draw_curvature, "directional_smoothness", "directional smoothness L")),
        Panel("sharpness", ("sharpness",), partial(_draw_curvature, "sharpness", "sharpness λ₁")),
        Panel("gradient", ("gradient_norm",), _draw_gradient, default=never),
        Panel("excess", ("loss",), _draw_excess, default=never),
    ),
    check=_check,
    arrange=_arrange,
    names=_names,
)  # fmt: skip

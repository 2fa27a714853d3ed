"""Records of `brink train`: what happened at every step of one training run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from brink_plot.errors import InputError
from brink_plot.kind import Kind, Panel, Run, never
from brink_plot.record import Record
from brink_plot.settings import learning_rate
from brink_plot.sheet import in_panel_legend
from brink_plot.style import FAINT, Style
from brink_plot.text import subscript
from brink_plot.threshold import Rule, draw_thresholds, levels, threshold, threshold_of_loss
from brink_plot.view import log_ticks, loss_limits, mark_clipped, reference_lines, robust_limits

_BUSY = 100  # with more steps than this a median is drawn through values that jump at every step
_FEW = 60  # with fewer values than this each one gets a dot
_PALE = 0.3  # opacity of what lies behind a summary of itself
_TEST_DASHES = (5, 1.5)
_BOUND_DASHES = (1, 1.5)
_BANDS = (("range", 0.15), ("quartiles", 0.4))  # of the line sweep, with their opacities
_Curve = tuple[Run, np.ndarray, np.ndarray]


def _check(record: Record) -> None:
    steps = record.get("step")
    if steps is None:
        raise InputError(f"{record.path}: a record of 'brink train' without a single step")
    record.need("loss", length_of=steps)


def _uses_time(runs: Sequence[Run]) -> bool:
    """Whether gradient flow is among the runs, whose clock is time and not steps."""
    return any(run.record.get("time") is not None for run in runs)


def _axis_label(runs: Sequence[Run]) -> str:
    return "time (steps × η)" if _uses_time(runs) else "step"


def _place(run: Run, runs: Sequence[Run], steps: np.ndarray) -> np.ndarray:
    """Where the given steps of a run lie on the axis that all the runs share."""
    if not _uses_time(runs):
        return steps
    time = run.record.get("time")
    if time is not None:
        return np.interp(steps, run.record.need("step", length_of=time), time)
    return steps * (learning_rate(run.record) or 1.0)


def _curves(runs: Sequence[Run], coordinate: str, name: str) -> list[_Curve]:
    """One curve for each run that has the variable."""
    found = []
    for run in runs:
        pair = run.record.pair(coordinate, name)
        if pair is not None:
            found.append((run, _place(run, runs, pair[0]), pair[1]))
    return found


def _draw_thresholds(
    axes: Axes, runs: Sequence[Run], style: Style, rule: Rule = threshold
) -> None:
    draw_thresholds(axes, runs, style, rule, lambda run, steps: _place(run, runs, steps))


def _draw_every_step(axes: Axes, curves: Sequence[_Curve], style: Style) -> None:
    """Values that may jump at every step: thin and pale, with their running median on top."""
    for run, x, y in curves:
        busy = len(y) > _BUSY
        axes.plot(
            x, y, color=run.colour, linewidth=style.thin if busy else style.line,
            alpha=_PALE if busy else 1.0,
        )  # fmt: skip
    for run, x, y in curves:
        if len(y) > _BUSY:
            axes.plot(x, _running_median(y), color=run.colour, linewidth=style.line)


def _explain_strokes(axes: Axes, curves: Sequence[_Curve], style: Style) -> None:
    if any(len(y) > _BUSY for _, _, y in curves):
        median = Line2D([], [], color=FAINT, linewidth=style.line)
        every = Line2D([], [], color=FAINT, linewidth=style.thin, alpha=0.6)
        in_panel_legend(axes, [("median", median), ("each step", every)], style)


def _running_median(values: np.ndarray) -> np.ndarray:
    """The median of the hundredth part of the run around each step, where all of it is known.

    Over an even count, so that a cycle of period 2 is averaged out.
    """
    half = max(2, len(values) // 200)
    windows = np.lib.stride_tricks.sliding_window_view(values, 2 * half)
    result = np.full(len(values), np.nan)
    result[half : half + len(windows)] = np.median(windows, axis=1)  # NaN if any in it is
    return result


def _set_limits(
    axes: Axes, curves: Sequence[_Curve], style: Style, references: Sequence[float]
) -> None:
    limits = robust_limits([y for _, _, y in curves], references)
    if limits is not None:
        axes.set_ylim(*limits)
    for run, x, y in curves:
        mark_clipped(axes, x, y, run.colour, style)


def _draw_loss(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    axes.set_title("loss")
    axes.set_yscale("log")
    entries = _draw_fit(axes, runs, style, "loss")
    limits = loss_limits([line.get_ydata() for line in axes.get_lines()])
    if limits is not None:
        axes.set_ylim(*limits)
        log_ticks(axes)
    for run, x, y in _curves(runs, "step", "loss"):
        mark_clipped(axes, x, y, run.colour, style)
    if len(entries) > 1:
        in_panel_legend(axes, entries, style)


def _draw_accuracy(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    axes.set_title("accuracy")
    entries = _draw_fit(axes, runs, style, "accuracy")
    axes.set_ylim(-0.02, 1.02)
    if len(entries) > 1:
        in_panel_legend(axes, entries, style)


def _draw_fit(axes: Axes, runs: Sequence[Run], style: Style, name: str) -> list[tuple[str, Line2D]]:
    """Loss or accuracy on the training data, on all of it between batches, and on test data.

    Returns the strokes in use with their names.
    """
    epochs = _curves(runs, "expectation_step", f"full_{name}")
    sampled = {id(run) for run, _, _ in epochs}
    for run, x, y in _curves(runs, "step", name):
        if id(run) in sampled:
            axes.plot(x, y, color=run.colour, linewidth=style.thin, alpha=_PALE)
        else:
            axes.plot(x, y, color=run.colour, linewidth=style.line)
    for run, x, y in epochs:
        axes.plot(x, y, color=run.colour, linewidth=style.line)
    tests = _curves(runs, "test_step", f"test_{name}")
    for run, x, y in tests:
        axes.plot(x, y, color=run.colour, linewidth=style.thin, dashes=_TEST_DASHES)
    entries = [("train", Line2D([], [], color=FAINT, linewidth=style.line))]
    if epochs:
        entries.append(("batch", Line2D([], [], color=FAINT, linewidth=style.thin, alpha=0.6)))
    if tests:
        test = Line2D([], [], color=FAINT, linewidth=style.thin, dashes=_TEST_DASHES)
        entries.append(("test", test))
    return entries


def _draw_gradient(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    axes.set_title("gradient norm ‖g‖")
    axes.set_yscale("log")
    _draw_every_step(axes, _curves(runs, "step", "gradient_norm"), style)
    log_ticks(axes)


def _draw_sharpness(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    shown, ranks = _draw_ranks(axes, runs, "sharpness", "λ", style)
    axes.set_title(f"sharpness {ranks}")
    _set_limits(axes, shown, style, [0.0, *levels(runs, threshold_of_loss)])
    _draw_thresholds(axes, runs, style, threshold_of_loss)


def _draw_alignment(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    _, ranks = _draw_ranks(axes, runs, "gradient_alignment", "v", style)
    axes.set_title(f"alignment of g with {ranks}")
    axes.set_ylim(-0.02, 1.02)


def _draw_ranks(
    axes: Axes, runs: Sequence[Run], name: str, letter: str, style: Style
) -> tuple[list[_Curve], str]:
    """A variable that has a value for each of the top eigenpairs, the first the heaviest; returns
    its curves and the names of the pairs."""
    columns = 1
    shown: list[_Curve] = []
    for run, x, values in _curves(runs, "sharpness_step", name):
        table = values.reshape(len(values), -1)
        columns = max(columns, table.shape[1])
        for rank in reversed(range(table.shape[1])):
            top = rank == 0
            axes.plot(
                x, table[:, rank], color=run.colour, alpha=1.0 if top else 0.45,
                linewidth=style.line * 1.15 if top else style.thin,
                marker="." if top and len(x) < _FEW else None, markersize=0.5 * style.font,
            )  # fmt: skip
            shown.append((run, x, table[:, rank]))
    others = {1: "", 2: f", {letter}₂"}.get(columns, f" … {letter}{subscript(columns)}")
    return shown, f"{letter}₁{others}"


def _draw_progress(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    axes.set_title("relative progress RP")
    curves = _curves(runs, "step", "relative_progress")
    reference_lines(axes, style, (0.0, -1.0))
    _draw_every_step(axes, curves, style)
    _set_limits(axes, curves, style, [-1.0, 0.0])
    _explain_strokes(axes, curves, style)


def _draw_smoothness(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    axes.set_title("directional smoothness L")
    curves = _curves(runs, "step", "directional_smoothness")
    _draw_every_step(axes, curves, style)
    _set_limits(axes, curves, style, [0.0, *levels(runs)])
    _draw_thresholds(axes, runs, style)
    _explain_strokes(axes, curves, style)


def _draw_line(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    axes.set_title("L along the step, over τ")
    shown: list[_Curve] = []
    for run, x, values in _curves(runs, "line_step", "line_smoothness"):
        known = np.isfinite(values).any(axis=1)
        x, values = x[known], values[known]
        low, lower, middle, upper, high = np.nanquantile(values, [0, 0.25, 0.5, 0.75, 1], axis=1)
        for (_, strength), bottom, top in zip(_BANDS, (low, lower), (high, upper)):
            axes.fill_between(x, bottom, top, color=run.colour, alpha=strength, linewidth=0)
        stroke = style.thin if len(x) > _BUSY else style.line
        axes.plot(x, middle, color=run.colour, linewidth=stroke)
        shown += [(run, x, middle), (run, x, lower), (run, x, upper)]
    _set_limits(axes, shown, style, [0.0, *levels(runs)])
    _draw_thresholds(axes, runs, style)
    bands = [(name, Patch(color=FAINT, alpha=2 * alpha, linewidth=0)) for name, alpha in _BANDS]
    median = ("median", Line2D([], [], color=FAINT, linewidth=style.line))
    in_panel_legend(axes, [median, *reversed(bands)], style)


def _draw_expected(axes: Axes, runs: Sequence[Run], style: Style) -> None:
    axes.set_title("expected progress E[RP]")
    reference_lines(axes, style, (0.0,))
    curves = _curves(runs, "expectation_step", "expected_relative_progress")
    for run, x, y in curves:
        error = run.record.get("expected_relative_progress_error")
        axes.errorbar(
            x, y, yerr=error if error is not None and len(error) == len(y) else None,
            color=run.colour, linewidth=style.thin, elinewidth=style.thin,
            marker="o" if len(x) < _FEW else None, markersize=0.3 * style.font,
        )  # fmt: skip
    bounds = _curves(runs, "expectation_step", "expected_relative_progress_bound")
    for run, x, y in bounds:
        axes.plot(x, y, color=run.colour, linewidth=style.line, dashes=_BOUND_DASHES)
    _set_limits(axes, [*curves, *bounds], style, [0.0])
    if bounds:
        measured = Line2D([], [], color=FAINT, linewidth=style.line)
        bound = Line2D([], [], color=FAINT, linewidth=style.line, dashes=_BOUND_DASHES)
        in_panel_legend(axes, [("measured", measured), ("bound", bound)], style)


KIND = Kind(
    command="train",
    panels=(
        Panel("loss", ("loss",), _draw_loss),
        Panel("accuracy", ("accuracy",), _draw_accuracy),
        Panel("sharpness", ("sharpness",), _draw_sharpness),
        Panel("progress", ("relative_progress",), _draw_progress),
        Panel("smoothness", ("directional_smoothness",), _draw_smoothness),
        Panel("line", ("line_smoothness",), _draw_line),
        Panel("expected", ("expected_relative_progress",), _draw_expected),
        Panel("gradient", ("gradient_norm",), _draw_gradient, default=never),
        Panel("alignment", ("gradient_alignment",), _draw_alignment, default=never),
    ),
    check=_check,
    shared_axis=_axis_label,
)

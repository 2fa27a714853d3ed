"""The curvature above which a method is unstable on a quadratic, drawn as a dashed line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from brink_plot.kind import Run
from brink_plot.settings import learning_rate, settings
from brink_plot.style import INK, Style

_SEPARATE = 0.07  # labels nearer to each other than this share of the panel's height overlap


@dataclass(frozen=True)
class Threshold:
    """The threshold of one run: its formula, and its value, one or one for each step."""

    text: str
    values: np.ndarray


def threshold(run: Run) -> Threshold | None:
    """What gradient descent's 2/η is for the run's method (Cohen et al. 2021), if known."""
    eta = learning_rate(run.record)
    options = settings(run.record)
    method = options.get("method", "gd")
    if eta is None:
        return None
    if method in ("gd", "sgd"):
        return Threshold("2/η", np.array([2.0 / eta]))
    beta = options.get("momentum")
    if method == "polyak" and isinstance(beta, (int, float)):
        return Threshold("(2+2β)/η", np.array([(2.0 + 2.0 * beta) / eta]))
    if method == "nesterov" and isinstance(beta, (int, float)):
        return Threshold(
            "(2+2β)/(1+2β)η", np.array([(2.0 + 2.0 * beta) / ((1.0 + 2.0 * beta) * eta)])
        )
    norm = run.record.get("gradient_norm")
    if method == "normalized-gd" and norm is not None:
        return Threshold("2‖g‖/η", 2.0 * norm / eta)
    return None


def threshold_of_loss(run: Run) -> Threshold | None:
    """The same for the Hessian of the loss f where a method descends √f, whose gradient is that of f
    over 2√f."""
    limit, loss = threshold(run), run.record.get("loss")
    options = settings(run.record)
    if limit is None or loss is None or options.get("objective") != "sqrt":
        return limit
    if options.get("method") == "normalized-gd":  # its step is no longer for that
        return limit
    return Threshold(f"2√f · {limit.text}", 2.0 * np.sqrt(loss) * limit.values)


Rule = Callable[[Run], "Threshold | None"]
Place = Callable[[Run, np.ndarray], np.ndarray]  # where steps of a run lie on the axis


def levels(runs: Sequence[Run], rule: Rule = threshold) -> list[float]:
    """The thresholds that a panel's limits must include; those that vary have no say."""
    found = [rule(run) for run in runs]
    return [float(t.values[0]) for t in found if t is not None and len(t.values) == 1]


def draw_thresholds(
    axes: Axes, runs: Sequence[Run], style: Style, rule: Rule = threshold,
    place: Place = lambda run, steps: steps,
) -> None:  # fmt: skip
    """Dashed lines, one if all the runs agree, else one per run in its colour."""
    found = [(run, limit) for run in runs if (limit := rule(run)) is not None]
    distinct = {(limit.text, limit.values.tobytes()) for _, limit in found}
    low, high = axes.get_ylim()
    taken: list[float] = []
    for run, limit in found[:1] if len(distinct) == 1 else found:
        colour = INK if len(distinct) == 1 else run.colour
        if len(limit.values) == 1:
            axes.axhline(limit.values[0], color=colour, linewidth=style.thin * 1.4, dashes=(4, 2.5))
        else:
            steps = run.record.need("step", length_of=limit.values)
            axes.plot(place(run, steps), limit.values, color=colour, linewidth=style.thin, alpha=0.7)
        height = (limit.values[np.isfinite(limit.values)][-1] - low) / (high - low)
        if not 0.0 <= height <= 1.0 or any(abs(height - other) < _SEPARATE for other in taken):
            continue
        taken.append(height)
        axes.annotate(
            limit.text, (1.0, height), xycoords="axes fraction", xytext=(0.25 * style.font, 0),
            textcoords="offset points", va="center", fontsize=style.small, color=colour,
        )  # fmt: skip

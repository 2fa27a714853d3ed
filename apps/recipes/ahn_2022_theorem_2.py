"""Theorem 2 of Ahn, Zhang, Sra (2022): RP is −1 + η/2 times a weighted mean of the directional
smoothness along the step, identity (4.2)."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from brink_plot.output import save
from brink_plot.style import FAINT, STYLES, colours

from reproduce import Claim, Recipe, Records, Run, Size, train
from reproduce.training import at, finite, predicted_progress


def runs(size: Size) -> dict[str, Run]:
    unstable, stable = size.pick(("2/30", "2/300"), ("2/6", "2/30"))
    return {
        f"{activation} lr {lr}": train(
            size, activation=activation, lr=lr, steps=size.pick(800, 300, 20), until_accuracy=0.95,
            precision="float64", line_every=size.pick(20, 10), line_points=100,
        )
        for activation, lr in (("tanh", unstable), ("tanh", stable), ("relu", unstable))
    }  # fmt: skip


def claims(records: Records):
    for name, run in records.items():
        left, right = at(run, "relative_progress", "line_step"), np.asarray(run["line_progress"])
        apart = finite(np.abs(left - right))
        largest = float(apart.max(initial=-np.inf))
        spread = float(np.ptp(finite(left))) if len(apart) else np.nan
        approximate = at(run, "directional_smoothness", "line_step") * records.number(name, "lr") / 2 - 1
        rough = float(finite(np.abs(left - approximate)).max(initial=-np.inf))
        # The integrand has kinks where ReLU has, between which Simpson's rule is that of trapezoids.
        tolerance = 1e-6 if name.startswith("tanh") else 1e-2
        yield Claim(
            f"{name}: RP = −1 + η/2 · 2∫ τ L(θ; τηg) dτ, (4.2)",
            f"{largest:.1e} apart at most at {len(apart)} steps, over which RP spans {spread:.3f}; the "
            f"approximation (4.3) is {rough:.1e} off",
            0 < largest < tolerance and largest < rough,
        )


def draw(records: Records, picture: Path) -> None:
    style = STYLES["screen"]
    style.apply()
    figure, (both, apart) = plt.subplots(
        1, 2, figsize=(style.width, 1.3 * style.height), layout="constrained"
    )
    for (name, run), colour in zip(records.items(), colours(len(records))):
        left, right = at(run, "relative_progress", "line_step"), np.asarray(run["line_progress"])
        both.plot(right, left, ".", color=colour, label=name)
        predicted = predicted_progress(run, records.number(name, "lr"))
        for values, marker, label in (
            (right, ".", f"{name}, (4.2)"),
            (predicted[np.asarray(run["line_step"], int)], "+", f"{name}, (4.3)"),
        ):
            apart.plot(run["line_step"], np.abs(left - values), marker, color=colour, label=label)
    low, high = both.get_xlim()
    both.plot([low, high], [low, high], color=FAINT, linewidth=style.thin, zorder=0)
    both.set(title="RP", xlabel="right-hand side of (4.2)")
    apart.set(title="difference between RP and the right-hand side", xlabel="step", yscale="log")
    apart.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    save(figure, str(picture), style.dots_per_inch)
    plt.close(figure)


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Theorem 2",
    title="RP is a weighted mean of the directional smoothness",
    runs=runs,
    claims=claims,
    draw=draw,
    seconds=(350, 8),
    needs_images=True,
    notes=(
        "The integral is taken from gradients along the step, without the loss; over 100 points, by "
        "Simpson's rule, in double precision.",
    ),
)

"""Experiment 5 of Ahn, Zhang, Sra (2022): the directional smoothness hardly varies along the step,
so that its value at the end stands for the weighted mean in Theorem 2."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, panels, train
from reproduce.training import smoothness_predicts_progress


def runs(size: Size) -> dict[str, Run]:
    return {
        "tanh": train(
            size, lr=size.pick("2/60", "2/10"), until_accuracy=0.95, steps=size.pick(5000, 2000, 20),
            line_every=5, line_points=100,
        )
    }  # fmt: skip


def claims(records: Records):
    run, eta = records["tanh"], records.number("tanh", "lr")
    lines = np.asarray(run["line_smoothness"], float)
    lines = lines[np.isfinite(lines).all(axis=1)] * eta / 2
    late = lines[len(lines) // 2 :]
    ratio = float(np.median(late.std(axis=1) / late.mean(axis=1)))
    yield Claim(
        "L(θ; τηg) does not vary much over τ in 0.01 … 1, in the second half",
        f"standard deviation over τ {100 * ratio:.1f} % of the mean, in the median over steps; the "
        f"mean is {np.median(late.mean(axis=1)):.3f} · 2/η",
        0 < ratio < 0.2 and abs(np.median(late.mean(axis=1)) - 1) < 0.2,
    )
    weights = np.asarray(run["tau"], float)
    weighted = late @ weights / weights.sum()
    apart = float(np.median(np.abs(weighted - late[:, -1])))
    spread = float(np.median(late.max(axis=1) - late.min(axis=1)))
    yield Claim(
        "the single value L(θ; ηg) represents the weighted average in Theorem 2",
        f"{apart:.3f} · 2/η apart, in the median over steps of the second half, where L over τ spans "
        f"{spread:.3f} · 2/η",
        0 < apart < 0.1 and apart <= spread,
    )
    yield smoothness_predicts_progress(records, "tanh", records.eta("tanh"))


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Experiment 5",
    title="The directional smoothness hardly varies along the step",
    runs=runs,
    claims=claims,
    draw=panels("line,progress"),
    seconds=(270, 6),
    needs_images=True,
    notes=(
        "The paper's conclusion reads “does vary too much across τ” and means that it does not; so "
        "does “does vary much” after Corollary 1.",
        "The paper plots mean and standard deviation, the picture median, quartiles and range.",
    ),
)

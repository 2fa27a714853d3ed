"""Experiment 4 of Ahn, Zhang, Sra (2022): at large steps the directional smoothness L(θ; ηg)
saturates around 2/η, at small ones it stays far below."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, panels, train
from reproduce.training import finite, smoothness_about_threshold


def runs(size: Size) -> dict[str, Run]:
    unstable = size.pick(("2/60", "2/30", "2/20"), ("2/10", "2/6"))
    stable = size.pick(("2/300",), ("2/30",))
    return {
        f"{regime} lr {lr}": train(
            size, lr=lr, until_accuracy=0.95, steps=size.pick(8000, 3000, 20)
        )
        for regime, steps in (("unstable", unstable), ("stable", stable))
        for lr in steps
    }


def claims(records: Records):
    for name, run in records.items():
        label = records.eta(name)
        if name.startswith("unstable"):
            yield smoothness_about_threshold(records, name, label)
            continue
        smoothness = finite(run["directional_smoothness"]) * records.number(name, "lr") / 2
        high = float(np.quantile(smoothness, 0.99)) if len(smoothness) else np.nan
        middle = float(np.median(smoothness)) if len(smoothness) else np.nan
        progress = float(np.nanmedian(run["relative_progress"]))
        yield Claim(
            f"{label}, stable: the directional smoothness remains very small, so that RP is about −1 "
            "(Remark 6)",
            f"median {middle:.3f} · 2/η, and below {high:.3f} · 2/η at 99 % of the steps; median RP "
            f"{progress:.3f}",
            -0.1 < middle < 0.1 and high < 0.5 and abs(progress - (-1 + middle)) < 0.05,
        )


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Experiment 4",
    title="At large steps the directional smoothness saturates around 2/η",
    runs=runs,
    claims=claims,
    draw=panels("smoothness,progress", labels=True),
    seconds=(700, 10),
    needs_images=True,
    notes=(
        "The paper's step sizes stand in its figure alone.",
        "Definition 2's L is compared with 2/η, not with the sharpness: in the stable regime it is "
        "small beside 2/η, which is all that (4.3) needs for RP ≈ −1.",
    ),
)

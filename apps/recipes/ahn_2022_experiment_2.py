"""Experiment 2 of Ahn, Zhang, Sra (2022): at small steps RP stays below 0, near −1, and the loss
falls at every step."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, panels, train
from reproduce.training import finite, rises


def runs(size: Size) -> dict[str, Run]:
    return {
        f"lr {lr}": train(
            size, lr=lr, until_accuracy=0.95, steps=size.pick(steps, steps, 20),
            sharpness_every=size.pick(200, 100, 10),
        )
        for lr, steps in size.pick(
            full=(("2/300", 8000), ("2/600", 16000)), quick=(("2/30", 1500), ("2/60", 3000))
        )
    }  # fmt: skip


def claims(records: Records):
    for name, run in records.items():
        eta = records.eta(name)
        progress = finite(run["relative_progress"])
        largest = float(progress.max()) if len(progress) else np.nan
        yield Claim(
            f"{eta}: RP is negative at every step",
            f"{largest:.3f} at most in {len(progress)} steps",
            -2 < progress.min(initial=0) and largest < -0.5,
        )
        yield Claim(
            f"{eta}: RP saturates around −1",
            f"median {np.median(progress):.3f}",
            abs(np.median(progress) + 1) < 0.1,
        )
        loss = np.asarray(run["loss"], float)
        yield Claim(
            f"{eta}: the loss falls at every step",
            f"{rises(run)} rises in {len(loss) - 1} steps, from {loss[0]:.3f} to {loss[-1]:.3f}",
            rises(run) == 0 and 0 < loss[-1] < loss[0],
        )
        sharpness = finite(run["sharpness"][:, 0]) * records.number(name, "lr") / 2
        yield Claim(
            f"{eta}: the regime is the stable one",
            f"sharpness {sharpness.max(initial=-np.inf):.3f} · 2/η at most",
            0 < sharpness.max(initial=-np.inf) < 1,
        )


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Experiment 2",
    title="At small steps RP stays near −1",
    runs=runs,
    claims=claims,
    draw=panels("loss,progress,sharpness", labels=True),
    seconds=(1950, 14),
    needs_images=True,
    notes=("The paper's step sizes stand in its figure alone; these are well below 2/sharpness.",),
)

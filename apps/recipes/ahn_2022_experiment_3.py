"""Experiment 3 of Ahn, Zhang, Sra (2022): at large steps the relative progress ratio saturates
around 0, and training converges all the same."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, last_half, panels, train


def runs(size: Size) -> dict[str, Run]:
    steps = size.pick(full=("2/60", "2/30", "2/20"), quick=("2/10", "2/6"))
    return {
        f"lr {lr}": train(
            size, lr=lr, until_accuracy=0.95, steps=size.pick(5000, 3000, 20),
            sharpness_every=size.pick(25, 10),
        )
        for lr in steps
    }  # fmt: skip


def claims(records: Records):
    for name, run in records.items():
        progress = last_half(run["relative_progress"])
        middle = float(np.median(progress))
        yield Claim(
            f"{records.eta(name)}: RP saturates around 0",
            f"median {middle:.3f} over the second half, where a small step has −1",
            abs(middle) < 0.1,
        )
        loss = np.asarray(run["loss"], float)
        rises = int((np.diff(loss) > 0).sum())
        yield Claim(
            f"{records.eta(name)}: the loss falls in the long run, though not at every step",
            f"{loss[0]:.3f} to {loss[-1]:.3f}, with {rises} rises in {len(loss) - 1} steps",
            rises > 0 and loss[-1] < 0.5 * loss[0],
        )


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Experiment 3",
    title="At large steps RP saturates around 0",
    runs=runs,
    claims=claims,
    draw=panels("loss,progress"),
    seconds=(400, 8),
    needs_images=True,
    notes=("The paper's step sizes stand in its figure alone.",),
)

"""Figure 1 of Ahn, Zhang, Sra (2022): a ReLU network is trained by gradient descent; its sharpness
rises beyond 2/η, where the descent lemma ends, and the loss falls in the long run all the same."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, panels, train
from reproduce.training import falls_in_the_long_run


def runs(size: Size) -> dict[str, Run]:
    return {
        "relu": train(
            size, activation="relu", lr=size.pick("2/30", "2/6"), until_accuracy=0.95,
            steps=size.pick(5000, 2000, 20), sharpness_every=10,
        )
    }  # fmt: skip


def claims(records: Records):
    run = records["relu"]
    eta = records.eta("relu")
    sharpness = np.asarray(run["sharpness"][:, 0], float) * records.number("relu", "lr") / 2
    late = sharpness[len(sharpness) // 2 :]
    yield Claim(
        f"{eta}: the sharpness begins below 2/η and rises beyond it: condition (1.2) fails",
        f"{sharpness[0]:.2f} · 2/η at first, {np.median(late):.2f} · 2/η in the median of the second "
        f"half, in which {100 * np.mean(late > 1):.0f} % of the values lie above",
        0 < sharpness[0] < 1 and np.mean(late > 1) > 0.75,
    )
    yield falls_in_the_long_run(records, "relu", eta)


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Figure 1",
    title="Unstable convergence of a ReLU network",
    runs=runs,
    claims=claims,
    draw=panels("loss,sharpness"),
    seconds=(110, 5),
    needs_images=True,
    notes=(
        "The step size is Experiment 1's, which the caption refers to.",
        "Section 1.1 of the paper has the sharpness go beyond η/2, and means 2/η.",
    ),
)

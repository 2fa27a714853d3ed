"""Experiment 1 of Ahn, Zhang, Sra (2022): at a step size beyond 2/sharpness networks with tanh and
ReLU converge, and a linear one diverges."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, last_half, panels, train
from reproduce.training import falls_in_the_long_run

NETWORKS = {"identity": "linear", "tanh": "tanh", "relu": "ReLU"}
LOSSES = {"cross-entropy": "cross-entropy", "mse": "squared loss"}


def runs(size: Size) -> dict[str, Run]:
    return {
        f"{NETWORKS[activation]} {words}": train(
            size, activation=activation, loss=loss, lr=size.pick("2/30", "2/6"),
            until_accuracy=0.95, steps=size.pick(3000, 1000, 20),
        )
        for loss, words in LOSSES.items()
        for activation in NETWORKS
    }  # fmt: skip


def claims(records: Records):
    for name, run in records.items():
        label = f"{name}, {records.eta(name)}"
        loss = np.asarray(run["loss"], float)
        if not name.startswith("linear"):
            yield falls_in_the_long_run(records, name, label)
            continue
        late = last_half(run["loss"])
        diverged = run.attrs["stop_reason"] == "diverged" and not loss[-1] < 1e3 * loss[0]
        bounds = f" and stays within {late.min():.2f} and {late.max():.2f}" if len(late) else ""
        yield Claim(
            f"{label}: gradient descent diverges",
            f"the loss is {loss[0]:.3g} at first, {loss[-1]:.3g} after {len(loss) - 1} steps"
            f"{'' if diverged else bounds}",
            diverged,
        )


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Experiment 1",
    title="Networks with activations converge where a linear one diverges",
    runs=runs,
    claims=claims,
    draw=panels("loss,accuracy", labels=True),
    seconds=(1100, 15),
    needs_images=True,
    notes=(
        "The paper trains with cross-entropy, and says that the linear network diverges. It does so "
        "here with the squared loss, after a few steps, and does not with cross-entropy, on the "
        "images of Cohen et al. at η = 2/30 (3,000 steps, loss between 0.98 and 2.13, as in an "
        "independent program) and on the synthetic data: cross-entropy's curvature vanishes where an "
        "example is fitted or misfitted for good, which flattens the landscape as an activation "
        "does. At large η it does diverge.",
        "The paper numbers both tanh and ReLU (ii).",
    ),
)

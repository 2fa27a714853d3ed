"""Example 3 of Ahn, Zhang, Sra (2022): one hidden neuron, fitted to (1, 0). From the same start
with the same step size the linear network diverges, and the one with tanh travels along its valley
of minima until it is flat enough."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, orbit, panels


def runs(size: Size) -> dict[str, Run]:
    return {
        name: orbit(
            landscape=f"neuron-{name}", start="13,0.01", lr="2/150", steps=size.pick(700, 700, 30)
        )
        for name in ("linear", "tanh")
    }


def claims(records: Records):
    loss = np.asarray(records["linear"]["loss"], float)
    steps = int(np.argmax(~(loss < 1e6)))
    yield Claim(
        f"{records.eta('linear')}: the linear network diverges quickly",
        f"its loss is {loss[0]:.3g} at first, and beyond 1e6 after {steps} steps",
        0 < steps < 30 and 0 < loss[0] < 1,
    )
    run = records["tanh"]
    eta = records.number("tanh", "lr")
    sharpness = np.asarray(run["sharpness"], float) * eta / 2
    gradient = np.asarray(run["gradient_norm"], float)
    yield Claim(
        f"{records.eta('tanh')}: the tanh network converges to a minimum, by way of rises",
        f"gradient norm {gradient[0]:.3g} at first, {gradient[-1]:.3g} at last, and the loss rose "
        f"{int((np.diff(run['loss'].values) > 0).sum())} times",
        0 <= gradient[-1] < 1e-4 * gradient[0] and bool((np.diff(run["loss"].values) > 0).any()),
    )
    yield Claim(
        f"{records.eta('tanh')}: where it does the sharpness is about 2/η, and was above on the way",
        f"{sharpness[0]:.3f} · 2/η at first, {sharpness[-1]:.4f} · 2/η at last",
        sharpness[0] > 1.5 and 0.9 < sharpness[-1] < 1,
    )


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Example 3",
    title="One neuron: linear diverges, tanh finds a flat minimum",
    runs=runs,
    claims=claims,
    draw=panels("trajectory,loss,sharpness", labels=True),
    seconds=(1, 1),
    notes=(
        "At the minima (θ₁, 0) the sharpness is 2θ₁², which is 338 at the start, where 2/η = 150. "
        "Gradient descent comes to rest at one that is flatter than 2/η, if only by 1 %.",
    ),
)

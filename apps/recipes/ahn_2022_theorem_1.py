"""Theorem 1 of Ahn, Zhang, Sra (2022): from almost no start does gradient descent converge to a
stationary point of sharpness beyond 2/η."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, basin, orbit, panels

# Half the box's side, and the sharpness of the minima, all of which have the same.
LANDSCAPES = {"f3": (2.5, 12), "f4": (4, 3.8)}
SIDES = {"below": 0.98, "above": 1.02}  # of 2/λmax
VALLEY = ("2/100", "2/150", "2/200", "2/250")
MINIMUM = (1, 2)  # outcomes: at a strict minimum, after a falling loss or after rises


def runs(size: Size) -> dict[str, Run]:
    side = size.pick(512, 128, 8)
    found = {
        f"neuron lr {lr}": orbit(
            landscape="neuron-tanh", start="13,0.01", lr=lr, steps=size.pick(1500, 1500, 30)
        )
        for lr in VALLEY
    }
    for name, (half, sharpness) in LANDSCAPES.items():
        for where, factor in SIDES.items():
            found[f"{name} {where}"] = basin(
                landscape=name, x=f"-{half}:{half}:{side}", lr=round(factor * 2 / sharpness, 6),
                max_steps=size.pick(20000, 5000, 50),
            )  # fmt: skip
    return found


def claims(records: Records):
    for name in LANDSCAPES:
        below, above = (
            float(np.isin(records[f"{name} {where}"]["outcome"].values, MINIMUM).mean())
            for where in SIDES
        )
        yield Claim(
            f"{name}: gradient descent converges to no minimum whose sharpness exceeds 2/η",
            f"from {100 * above:.2f} % of the starts where it exceeds 2/η by 2 %, from "
            f"{100 * below:.1f} % where it is 2 % less",
            above == 0 < below,
        )
    for name, run in records.items():
        if not name.startswith("neuron"):
            continue
        sharpness = np.asarray(run["sharpness"], float) * records.number(name, "lr") / 2
        gradient = np.asarray(run["gradient_norm"], float)
        yield Claim(
            f"neuron-tanh, {records.eta(name)}: of the valley's minima gradient descent converges to one "
            "that is flatter than 2/η",
            f"sharpness {sharpness[0]:.3f} · 2/η at the start, {sharpness[-1]:.4f} · 2/η at the end, "
            f"where ‖∇f‖ is {gradient[-1]:.1e}",
            sharpness[0] > 1 and 0.5 < sharpness[-1] < 1 and 0 <= gradient[-1] < 1e-4,
        )


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Theorem 1",
    title="Gradient descent converges to nothing sharper than 2/η",
    runs=runs,
    claims=claims,
    draw=panels("trajectory,loss,sharpness", records=tuple(f"neuron lr {lr}" for lr in VALLEY)),
    seconds=(20, 5),
    notes=(
        "The paper shows no experiment for the theorem; landscapes and step sizes are ours.",
        "Almost no start: from one on the stable manifold of a sharp minimum, like θ₁ = 0 in Example 1, "
        "gradient descent does converge.",
    ),
)

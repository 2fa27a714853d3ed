"""Example 2 of Ahn, Zhang, Sra (2022): with a step size at which gradient descent diverges on
20θ₁² + θ₂², it does not on tanh(20θ₁² + θ₂²), which has the same Hessian at the minimum."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, basin, orbit, panels
from reproduce.training import finite

DIVERGED = 3  # outcome


def runs(size: Size) -> dict[str, Run]:
    side = size.pick(512, 256, 8)
    both = {}
    for name in ("quadratic", "tanh-quadratic"):
        both[name] = orbit(
            landscape=f"{name}:20,1", start="0.2,0.8", lr="2/39", steps=size.pick(300, 300, 10)
        )
        both[f"{name}-starts"] = basin(
            landscape=f"{name}:20,1", lr="2/39", x=f"-1:1:{side}", max_steps=size.pick(3000, 3000, 50)
        )
    return both


def claims(records: Records):
    for name, diverges in (("quadratic", True), ("tanh-quadratic", False)):
        share = float((records[f"{name}-starts"]["outcome"].values == DIVERGED).mean())
        largest = float(np.abs(records[name]["theta"].values).max())
        yield Claim(
            f"the {name} at η = 2/39: gradient descent {'diverges' if diverges else 'does not diverge'}",
            f"from {100 * share:.1f} % of the starts in [−1, 1]²; |θᵢ| reaches {largest:.3g} from "
            "(0.2, 0.8)",
            (share == 1 and largest > 10) if diverges else (share == 0 and 0.7 < largest < 1),
        )
    eta = records.number("tanh-quadratic", "lr")
    run = records["tanh-quadratic"]
    loss = float(run["loss"][-1])
    expected = float(np.sqrt(max(0.0, 1 - 2 / (40 * eta))))
    smoothness = finite(run["directional_smoothness"])[-1:]
    signs = np.sign(run["theta"].values[-20:, 0])
    yield Claim(
        "it settles on a cycle of period 2 about the minimum, with L = 2/η and the loss √(1 − 2/(40η))",
        f"loss {loss:.6f} at last, where the cycle has {expected:.6f}; L is "
        f"{(smoothness * eta / 2).sum():.6f} · 2/η",
        abs(loss - expected) < 1e-6
        and abs((smoothness * eta / 2).sum() - 1) < 1e-6
        and bool((np.diff(signs) != 0).all()),
    )


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Example 2",
    title="A quadratic that flattens keeps gradient descent from diverging",
    runs=runs,
    claims=claims,
    draw=panels("trajectory,loss", records=("quadratic", "tanh-quadratic"), labels=True),
    seconds=(2, 1),
    notes=(
        "The start stands in the paper's figure alone; here it is (0.2, 0.8).",
        "Gradient descent does not converge to the minimum, which the paper's Theorem 1 rules out: "
        "on the cycle where θ₁ changes its sign, η · 40 · (1 − f²) = 2.",
        "From where the quadratic exceeds some 19, as at (1, 1), tanh is 1 in double precision, its "
        "gradient 0, and gradient descent rests where it started.",
    ),
)

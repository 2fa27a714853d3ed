"""Example 1 of Ahn, Zhang, Sra (2022): on 20θ₁² + θ₂², whose sharpness is 40, gradient descent
converges for η < 2/40 and diverges for η > 2/40 (Fact 1)."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, orbit, panels

STEEPEST = 40  # the largest eigenvalue of the Hessian


def runs(size: Size) -> dict[str, Run]:
    return {
        f"lr {lr}": orbit(
            landscape="quadratic:20,1", start="1,1", lr=lr, steps=size.pick(100, 100, 10)
        )
        for lr in ("2/41", "2/40", "2/39")
    }


def growth(run) -> float:
    """The factor by which |θ₁| changes per step, from the first step to the last."""
    first, last = np.abs(np.asarray(run["theta"][:, 0], float))[[0, -1]]
    return float((last / first) ** (1 / max(1, len(run["theta"]) - 1)))


def claims(records: Records):
    for name, run in records.items():
        eta = records.number(name, "lr")
        expected = abs(1 - eta * STEEPEST)
        loss = np.asarray(run["loss"], float)
        measured = growth(run)
        goes = "rises" if expected > 1 + 1e-9 else "falls" if expected < 1 - 1e-9 else "does neither"
        agrees = abs(measured - expected) < 1e-9
        if goes == "rises":
            yield Claim(
                f"{records.eta(name)} > 2/L: gradient descent diverges, |θ₁| by |1 − ηL| each step",
                f"by {measured:.6f}, where |1 − ηL| is {expected:.6f}; the loss goes from "
                f"{loss[0]:.3g} to {loss[-1]:.3g}",
                agrees and loss[-1] > loss[0],
            )
        elif goes == "falls":
            yield Claim(
                f"{records.eta(name)} < 2/L: gradient descent converges, and the loss falls always",
                f"|θ₁| changes by {measured:.6f} each step, where |1 − ηL| is {expected:.6f}; the "
                f"loss goes from {loss[0]:.3g} to {loss[-1]:.3g}",
                agrees and bool((np.diff(loss) < 0).all()),
            )
        else:
            yield Claim(
                f"{records.eta(name)} = 2/L, on which the paper is silent: θ₁ changes its sign for ever",
                f"|θ₁| changes by {measured:.12f} each step, and L is "
                f"{float(run['directional_smoothness'][-2]):.6f} at last",
                agrees and bool((np.diff(np.sign(np.asarray(run["theta"][:, 0], float))) != 0).all()),
            )


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Example 1 and Fact 1",
    title="A quadratic: below and above 2/L",
    runs=runs,
    claims=claims,
    draw=panels("trajectory,loss"),
    seconds=(1, 1),
    notes=(
        "The start stands in the paper's figure alone; here it is (1, 1).",
        "Fact 1 calls an eigenvalue beyond 2/η the condition for divergence on convex quadratics, iff. "
        "At exactly 2/η, the second of the paper's three step sizes, gradient descent neither "
        "converges nor diverges; from a start without a component along the steep eigenvectors it "
        "converges at any step size; and a convex quadratic with a linear term in the null space of "
        "P, which has no minimum, sends it to infinity at every step size.",
    ),
)

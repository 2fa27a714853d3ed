"""Example 4 of Ahn, Zhang, Sra (2022): on a quadratic at η = 2/λmax gradient descent ends in an
oscillation along the top eigenvector, where L(θ; ηg) = 2/η."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, orbit, panels
from reproduce.training import finite

START = (0.05, 1.0)


def runs(size: Size) -> dict[str, Run]:
    def of(weights: str, steps: int) -> Run:
        return orbit(
            landscape=f"quadratic:{weights}", start=",".join(map(str, START)), lr="2/40",
            steps=size.pick(steps, steps, 10),
        )  # fmt: skip

    # P = diag(40, 2)
    return {"half θᵀPθ": of("20,1", 100), "θᵀPθ": of("40,2", 30)}


def claims(records: Records):
    run = records["half θᵀPθ"]
    eta = records.number("half θᵀPθ", "lr")
    smoothness = finite(run["directional_smoothness"]) * eta / 2
    ends = smoothness[[0, -1]] if len(smoothness) else np.full(2, np.nan)
    yield Claim(
        f"½θᵀPθ, {records.eta('half θᵀPθ')} = 2/λmax(P): L(θ; ηg) goes to 2/η",
        f"{ends[0]:.4f} · 2/η at first, {ends[1]:.8f} · 2/η at last",
        ends[0] < 0.9 and abs(ends[1] - 1) < 1e-6,
    )
    theta = run["theta"].values
    signs = (-1.0) ** np.arange(len(theta))
    apart = float(np.abs(theta[-1] - [signs[-1] * START[0], 0]).max())
    drift = float(np.abs(signs * theta[:, 0] - START[0]).max())
    yield Claim(
        "½θᵀPθ: θᵗ goes to (−1)ᵗ ⟨q, θ⁰⟩ q, with q the top eigenvector",
        f"{apart:.1e} from it at last; ⟨q, θᵗ⟩ never further than {drift:.1e} from (−1)ᵗ ⟨q, θ⁰⟩",
        apart < 1e-4 and drift < 1e-12,
    )
    grown = np.abs(records["θᵀPθ"]["theta"].values[:, 0])
    factor = float(np.median(grown[1:] / grown[:-1]))
    yield Claim(
        "θᵀPθ as it is printed has the gradient 2Pθ: there the same step size lets it diverge by 3",
        f"|θ₁| grows by {factor:.6f} each step",
        abs(factor - 3) < 1e-9 and grown[-1] > grown[0],
    )


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Example 4",
    title="A quadratic at 2/λmax: L goes to 2/η",
    runs=runs,
    claims=claims,
    draw=panels("loss,smoothness", labels=True),
    seconds=(1, 1),
    notes=(
        "The paper writes f = θᵀPθ and the update (I − ηP)θ, which is gradient descent on ½θᵀPθ; on "
        "θᵀPθ itself the threshold is 1/λmax(P). P = diag(40, 2) and the start are ours.",
        "For P ⪰ 0, as the example has it, the components in P's null space stay where they are, and "
        "θᵗ does not go to (−1)ᵗ ⟨q, θ⁰⟩ q; for that P must be positive definite, its largest "
        "eigenvalue simple, and ⟨q, θ⁰⟩ ≠ 0. L goes to 2/η all the same.",
    ),
)

"""Proposition 1 of Ahn, Zhang, Sra (2022): a scale-invariant part of a network and weight decay leave
no stationary point: gradient descent cannot come to rest, and enters the unstable regime at every
step size."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, basin, orbit, panels

DECAY = 0.01  # γ
LANDSCAPE = "normalized-neuron"
SETTLED = (1, 2, 4)  # outcomes: at a minimum after a falling loss, or after rises; elsewhere
GOES_ON = (0, 5)  # undecided, or on a cycle
STEPS = ("0.05", "0.2", "1")


def runs(size: Size) -> dict[str, Run]:
    side = size.pick(512, 128, 6)
    every = {
        f"lr {lr}": orbit(
            landscape=LANDSCAPE, start="1.5,0.5", lr=lr,
            steps=size.pick(*2 * (int(400 + 250 / float(lr)),), 30),
        )
        for lr in STEPS
    }  # fmt: skip
    return every | {
        "starts": basin(
            landscape=LANDSCAPE, lr=",".join(STEPS), x=f"-2:2:{side}",
            max_steps=size.pick(20000, 10000, 50),
        )
    }  # fmt: skip


def along(run, eta: float) -> tuple[np.ndarray, np.ndarray]:
    """⟨∇f, θ⟩ from the steps that were taken, and ‖θ‖²."""
    theta = np.asarray(run["theta"], float)
    return ((theta[:-1] - theta[1:]) * theta[:-1]).sum(axis=1) / eta, (theta[:-1] ** 2).sum(axis=1)


def claims(records: Records):
    for name, run in records.items():
        if name == "starts":
            continue
        label, eta = records.eta(name), records.number(name, "lr")
        slope, size = along(run, eta)
        off = float(np.abs(slope / (2 * DECAY * size) - 1).max(initial=-np.inf))
        gradient = np.asarray(run["gradient_norm"], float)[:-1]
        ratio = float((gradient / (2 * DECAY * np.sqrt(size))).min(initial=np.inf))
        yield Claim(
            f"{label}: the gradient's component along θ is the weight decay's, so that it is never zero",
            f"⟨∇f, θ⟩ differs from 2γ‖θ‖² by {off:.1e} of it at most, ‖∇f‖ is at least {ratio:.6f} · "
            f"2γ‖θ‖, over {len(slope)} steps",
            off < 1e-6 and 1 - 1e-9 < ratio < np.inf,
        )
        sharpness = np.asarray(run["sharpness"], float) * eta / 2
        entered = int(np.argmax(sharpness > 1))
        late = sharpness[len(sharpness) // 2 :]
        above = float((late > 1).mean())
        yield Claim(
            f"{label}: gradient descent enters the unstable regime, and oscillates about its edge",
            f"sharpness {sharpness[0]:.3f} · 2/η at first, beyond 2/η after {entered} steps, "
            f"{np.median(late):.3f} · 2/η in the median of the second half, in which "
            f"{100 * above:.0f} % of the values lie above",
            0 < sharpness[0] < 1 and entered > 0 and 0.7 < np.median(late) < 1.5 and 0.25 < above < 0.9,
        )
    outcomes = records["starts"]["outcome"].values.reshape(len(STEPS), -1)
    settled = [float(np.isin(plane, SETTLED).mean()) for plane in outcomes]
    goes_on = [float(np.isin(plane, GOES_ON).mean()) for plane in outcomes]
    yield Claim(
        f"η = {', '.join(STEPS)}: gradient descent comes to rest nowhere",
        f"from {', '.join(f'{100 * share:.2f}' for share in settled)} % of the starts in [−2, 2]² within "
        f"the step limit; it goes on without diverging from "
        f"{', '.join(f'{100 * share:.1f}' for share in goes_on)} %",
        max(settled) == 0 and min(goes_on) > 0.5,
    )


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Proposition 1",
    title="No stationary point with a normalised layer and weight decay",
    runs=runs,
    claims=claims,
    draw=panels("trajectory,loss,sharpness", records=tuple(f"lr {lr}" for lr in STEPS)),
    seconds=(30, 5),
    notes=(
        "The network is one neuron with normalised weights, fitted to ((0.6, 0.8), 0), with γ = 0.01: "
        "f = ⟨x, θ⟩² / ‖θ‖² + γ‖θ‖². Where the data are fitted weight decay shrinks θ, the sharpness "
        "grows as 2/‖θ‖², and beyond 2/η gradient descent oscillates and throws θ out again.",
        "The paper calls positive homogeneous what is so of degree 0; γ must be positive, and the "
        "proof's ⟨∇f, ζ⟩ = 2γ‖ζ‖² says more than that the gradient is not 0.",
        "With ε in the normaliser, θ/(ε + ‖θ‖), the paper has stationary points only at ‖θ‖ ≈ ε, of "
        "sharpness 1/ε. For a logistic loss, which wants all the length it can have, there is one at "
        "‖θ‖ ∝ ε^⅓, of sharpness ∝ ε^−⅔ (0.051 and 102 at ε = 1e-5, γ = 0.01; from the radial "
        "equation εσ(−1)/‖θ‖² ≈ 2γ‖θ‖); for the squared loss with a target of ½ along θ it is at "
        "‖θ‖ = ε, and its sharpness is 1/(8ε²).",
    ),
)

"""The theorem on GD on √L of Arora, Li, Panigrahi (2022), and the like for normalised GD, on a fully
connected network with mean squared loss that fits its data exactly."""

from pathlib import Path

import numpy as np
from brink_plot.style import colours

from reproduce import Claim, Recipe, Records, Run, Size, number, train
from reproduce.drawing import STYLE, save, sheet
from reproduce.fit import power_law
from reproduce.phases import (
    alternation, end_of_descent, listed, pair_sums, root_loss, steps_to_reach, swing,
)  # fmt: skip
from reproduce.toy import METHODS

STEP_SIZES = {
    "GD on √L": ("0.01", "0.007", "0.005", "0.0035", "0.0025"),
    "normalised GD": ("0.007", "0.005", "0.0035", "0.0025", "0.0018"),
}
# λmax is timed between these shares of what it is when phase 2 begins: what moves it at first is
# slower directions that settle, in fewer steps than Θ(1/η²).
FALL = (0.97, 0.92)


def run_name(method: str, lr: str) -> str:
    return f"{'normalized' if METHODS[method] else 'sqrt'} {lr}"


def problem(size: Size) -> dict:
    """Few enough examples to be fitted."""
    few = size.pick(
        {"examples": 100},
        {"data": "synthetic:examples=10,features=8,classes=2,scale=1", "hidden": "32,32"},
        {"data": "synthetic:examples=8,features=4,classes=2", "hidden": "8"},
    )  # fmt: skip
    return {**few, "loss": "mse", "precision": "float64"}


def runs(size: Size) -> dict[str, Run]:
    # The steps of phase 1 times η, at most, and those of phase 2 times η².
    lengths = {
        "GD on √L": size.pick((3.0, 0.03), (20.0, 0.15)),
        "normalised GD": size.pick((6.0, 0.2), (11.0, 0.4)),
    }
    found = {}
    for method, (first, second) in lengths.items():
        how = {"method": "normalized-gd"} if METHODS[method] else {"objective": "sqrt"}
        for lr in STEP_SIZES[method]:
            eta = number(lr)
            steps = int(first / eta + second / eta**2)
            found[run_name(method, lr)] = train(
                size, **problem(size), **how, lr=lr, steps=size.pick(steps, steps, 20),
                sharpness_every=size.pick(max(1, steps // 60), max(1, steps // 200), 5),
                top=size.pick(10, 2), sharpness_tolerance=1e-6,
            )  # fmt: skip
    return found


class Phases:
    """One run: phase 1 until √L is O(η), and phase 2 from before its first rise."""

    def __init__(self, records: Records, method: str, lr: str) -> None:
        name = run_name(method, lr)
        self.run = run = records[name]
        self.eta = records.number(name, "lr")
        self.normalized = METHODS[method]
        self.root = root_loss(run)
        self.begin = end_of_descent(self.root)  # of phase 2
        self.second = self.root[self.begin :]
        at, sharpness = np.asarray(run["sharpness_step"]), np.asarray(run["sharpness"], float)
        # How much √L may be for a step across the minimum to leave it at least as large.
        least = self.eta * swing(np.interp(np.arange(len(self.root)), at, sharpness[:, 0]),
                                 self.normalized)  # fmt: skip
        self.low = int((self.root <= least).argmax()) if (self.root <= least).any() else -1
        # Where the sharpness was measured in phase 2.
        chosen = (at >= self.begin) & (at + 1 < len(self.root))
        self.at = at[chosen]
        self.sharpness = sharpness[chosen]
        self.alignment = np.asarray(run["gradient_alignment"], float)[chosen]

    @property
    def tau(self) -> np.ndarray:
        return (self.at - self.begin) * self.eta**2

    def settled(self) -> np.ndarray:
        """Which measurements are of the second half of phase 2."""
        return self.at > (self.begin + len(self.root)) / 2

    def swings(self) -> tuple[np.ndarray, np.ndarray]:
        """√L(x(t)) + √L(x(t+1)) where the sharpness is known, and what λmax makes it."""
        sums = pair_sums(self.root)[self.at]
        return sums, self.eta * swing(self.sharpness[:, 0], self.normalized)

    def speeds_squared(self) -> np.ndarray:
        """|dx/dτ|² at every step of normalised GD, from how far two steps go together: as far as
        their unit gradients are from opposite, for which the record has ⟨∇L, next ∇L⟩."""
        norm = np.asarray(self.run["gradient_norm"], float)
        smoothness = np.asarray(self.run["directional_smoothness"], float)
        cosine = (norm[:-1] - self.eta * smoothness[:-1]) / norm[1:]
        return (2 + 2 * cosine) / (2 * self.eta) ** 2

    def time_to_fall(self) -> float:
        """Steps that λmax takes to fall from one share to the other."""
        if not len(self.at):
            return np.nan
        top = self.sharpness[:, 0]
        first, last = (steps_to_reach(share * top[0], self.at, top) for share in FALL)
        return last - first


def claims(records: Records):
    found = {
        method: [Phases(records, method, lr) for lr in STEP_SIZES[method]] for method in METHODS
    }
    for method in METHODS:
        yield from _claims_on(method, found[method])
    yield from _claims_on_flows(*found.values())


def _claims_on_flows(root: list[Phases], normalized: list[Phases]):
    ratios = []
    for phases in normalized:
        late = phases.settled()
        slope = _slope(phases.tau[late], np.log(phases.sharpness[late, 0]))
        half = (phases.begin + len(phases.root)) // 2
        ratios.append(-slope / (4 * phases.speeds_squared()[half:].mean()))
    yield Claim(
        "normalised GD, phase 2: it follows −(1/4) P∇log λ₁ per η², on which −d log λ₁/dτ is 4 times "
        "the square of the speed",
        f"{', '.join(f'{ratio:.4f}' for ratio in ratios)} times that",
        abs(ratios[-1] - 1) < 0.02,
    )
    # Both at the smallest step size; their first phases end at the same minimum, to O(η).
    times = [phases[-1].time_to_fall() * phases[-1].eta ** 2 for phases in (root, normalized)]
    middle = sum(FALL) / 2 * _median(root[-1].sharpness[:1, 0])
    yield Claim(
        "GD on √L, phase 2: it follows −(1/8) P∇λ₁ per η², so that normalised GD takes λmax/2 times "
        "as long, in τ, along the same minima",
        f"{times[1]:.4g} / {times[0]:.4g} = {times[1] / times[0]:.3f}, and λmax/2 is {middle / 2:.3f}",
        abs(times[1] / times[0] / (middle / 2) - 1) < 0.1,
    )


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    """Of the line of least squares."""
    return float(np.polyfit(x, y, 1)[0]) if len(x) > 2 else np.nan


def _claims_on(name: str, found: list[Phases]):
    etas = [phases.eta for phases in found]
    unit = "η √(λmax/2)" if METHODS[name] else "η λmax/2"
    lows = [phases.low for phases in found]
    law = power_law(etas, lows)
    yield Claim(
        f"{name}, phase 1: √L falls at every step to O(η), in Θ(1/η) steps",
        f"to {unit} in {listed(lows)} steps, {law}, and rises for the first time after "
        f"{listed([phases.begin for phases in found])}",
        law.near(-1, 0.25) and all(0 < phases.low <= phases.begin for phases in found),
    )
    shares = [100 * alternation(phases.second) for phases in found]
    yield Claim(
        f"{name}, phase 2: √L oscillates between consecutive steps",
        f"{listed(shares)} % of its changes have the other sign than the one before",
        min(shares) > 90,
    )
    spans = [_median(np.sqrt((phases.alignment**2).sum(axis=1))) for phases in found]
    count = found[0].alignment.shape[1]
    yield Claim(
        f"{name}, phase 2: the gradient is in the span of the top eigenvectors, one per output",
        f"cosine with that of {count} {', '.join(f'{span:.5f}' for span in spans)} in the median",
        min(spans) > 0.97 and spans[-1] < 1 + 1e-6,
    )
    apart = np.concatenate(
        [phases.alignment[phases.sharpness[:, 1] < 0.9 * phases.sharpness[:, 0], 0]
         for phases in found]
    )  # fmt: skip
    if len(apart):
        yield Claim(
            f"{name}, phase 2: the gradient is along the top eigenvector where λ₂ < 0.9 λ₁",
            f"cosine {_median(apart):.5f} in the median, 95 % above {np.quantile(apart, 0.05):.5f}",
            np.quantile(apart, 0.05) > 0.97 and apart.max() < 1 + 1e-6,
        )
    ratios, rests = [], []
    for phases in found:
        sums, expected = (values[phases.settled()] for values in phases.swings())
        ratios.append(_median(sums / expected))
        rests.append(_median(np.abs(sums - expected)))
    yield Claim(
        f"{name}, phase 2: √L(x(t)) + √L(x(t+1)) is {unit}",
        f"{', '.join(f'{ratio:.4f}' for ratio in ratios)} times that in the median; what is left "
        f"has {power_law(etas, rests)}",
        all(abs(ratio - 1) < 0.05 for ratio in ratios),
    )
    times = [phases.time_to_fall() for phases in found]
    law = power_law(etas, [1 / time for time in times])
    yield Claim(
        f"{name}, phase 2: λmax(∇²L) decreases at a rate Θ(η²) per step",
        f"by {100 * (FALL[0] - FALL[1]):.0f} % in {listed(times)} steps: a rate with {law}",
        law.near(2, 0.2),
    )


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else np.nan


def draw(records: Records, picture: Path) -> None:
    figure, axes = sheet(4, 2)
    for row, method in zip(axes, METHODS):
        shown = STEP_SIZES[method][::2]
        for lr, colour in zip(shown, colours(len(shown))):
            _draw_run(row, Phases(records, method, lr), colour, f"η = {lr}")
        row[0].legend()
        row[0].set(title=f"{method}: √L", xlabel="steps · η")
        row[1].set(title="λmax in phase 2", xlabel="steps · η²")
        row[2].set(title="1 − cos(gradient, top span)", xlabel="steps · η²", yscale="log")
        law = "√(λmax/2)" if METHODS[method] else "λmax/2"
        row[3].set(title=f"(√L + next √L)/(η {law})", xlabel="steps · η²", ylim=(0.8, 1.2))
    save(figure, picture)


def _draw_run(row: np.ndarray, phases: Phases, colour: str, label: str) -> None:
    shown = slice(0, phases.begin + int(1 / phases.eta))
    row[0].semilogy(np.arange(len(phases.root))[shown] * phases.eta, phases.root[shown],
                    color=colour, linewidth=STYLE.thin, label=label)  # fmt: skip
    row[1].plot(phases.tau, phases.sharpness[:, 0], color=colour, linewidth=STYLE.line)
    cosine = np.sqrt((phases.alignment**2).sum(axis=1))
    row[2].plot(phases.tau, np.maximum(1 - cosine, 1e-9), color=colour, linewidth=STYLE.thin)
    sums, expected = phases.swings()
    row[3].plot(phases.tau, sums / expected, ".", color=colour, markersize=3)


RECIPE = Recipe(
    source="Arora, Li, Panigrahi 2022, theorem on GD on √L, on a network",
    title="Two phases of GD on √L and of normalised GD, on a network",
    runs=runs,
    claims=claims,
    draw=draw,
    seconds=(6000, 5),
    needs_images=True,
    notes=(
        "The paper's network is VGG-16. Here it is fully connected, and the examples are few enough "
        "to be fitted exactly, without which L has no minima at 0.",
        "Phase 1 is taken to end where √L is down to what it swings by in phase 2. Until it rises, "
        "slower directions settle, in fewer steps than Θ(1/η²).",
        "The factors of the flows are derived in recipes/reproduce/toy.py, and measured on landscapes "
        "in arora-2022-limiting-flow. Along a flow −κ P∇h the rate of h is that of the square of "
        "the speed, divided by κ.",
        "The slides' sum of losses lacks a factor of 1/2: see arora-2022-loss-sum.",
        "With several outputs and squared loss the top eigenvalues of ∇²L come in groups of as many, "
        "and phase 2 drives λ₁ down until it meets λ₂: from there on the gradient is in the span of "
        "their eigenvectors, and along v₁ alone only where λ₁ is apart.",
    ),
)

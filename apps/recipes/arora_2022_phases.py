"""The theorem on GD on √L of Arora, Li, Panigrahi (2022), and the like for normalised GD, on two
landscapes of two coordinates: a first phase of Θ(1/η) steps in which √L falls to O(η), and a second
of Θ(1/η²) steps in which it goes up and down at every step while λmax(∇²L) decreases."""

from pathlib import Path

import numpy as np
from brink_plot.style import colours

from reproduce import Claim, Recipe, Records
from reproduce.drawing import STYLE, save, sheet
from reproduce.fit import power_law
from reproduce.phases import alternation, listed, pair_sums, steps_to_reach, swing
from reproduce.toy import ARORA, METHODS, SecondPhase, orbits, second_phases

DRAWN = ("0.04", "0.01", "0.005")
FALL = 0.9  # phase 2 is timed until λmax has fallen to this share


def time_to_fall(phase: SecondPhase) -> float:
    """Steps of phase 2 until λmax has fallen."""
    steps = np.arange(len(phase.sharpness))
    return steps_to_reach(FALL * phase.sharpness[0], steps, phase.sharpness)


def quarters(phase: SecondPhase) -> tuple[float, float]:
    """The mean of √L over the first and over the last quarter of phase 2."""
    sums = pair_sums(phase.second) / 2
    length = max(1, len(sums) // 4)
    return (sums[:length].mean(), sums[-length:].mean()) if len(sums) else (np.nan, np.nan)


def mean_sine(phase: SecondPhase) -> float:
    """Of the angle between the gradient and the top eigenvector in phase 2."""
    return float(np.sqrt(np.maximum(0, 1 - phase.cosine**2)).mean())


def claims(records: Records):
    for toy, method, found in second_phases(records):
        yield from _claims_on(f"{method} on {toy.formula}", METHODS[method], found)


def _claims_on(name: str, normalized: bool, found: list[SecondPhase]):
    etas = [phase.eta for phase in found]
    ends = [phase.end for phase in found]
    law = power_law(etas, ends)
    levels = [
        phase.second[0] / (phase.eta * swing(phase.sharpness[0], normalized)) for phase in found
    ]
    unit = "η √(λmax/2)" if normalized else "η λmax/2"
    yield Claim(
        f"{name}, phase 1: √L falls at every step to O(η), in Θ(1/η) steps",
        f"{listed(ends)} steps, {law}; at the first rise √L is {listed(levels)} times {unit}",
        law.near(-1, 0.1) and all(0 < level < 1.1 for level in levels),
    )
    shares = [100 * alternation(phase.second) for phase in found]
    yield Claim(
        f"{name}, phase 2: √L oscillates between consecutive steps",
        f"{listed(shares)} % of its changes have the other sign than the one before",
        min(shares) > 95,
    )
    sines = [mean_sine(phase) for phase in found]
    law = power_law(etas, sines)
    yield Claim(
        f"{name}, phase 2: the gradient is along the top eigenvector, up to O(η)",
        f"sine of the angle between them {listed(sines)} in the mean, {law}",
        law.near(1, 0.15) and sines[-1] < 2 * etas[-1],
    )
    times = [time_to_fall(phase) for phase in found]
    law = power_law(etas, [1 / time for time in times])
    yield Claim(
        f"{name}, phase 2: λmax(∇²L) decreases at a rate Θ(η²) per step",
        f"by {100 * (1 - FALL):.0f} % in {listed(times)} steps: a rate with {law}",
        law.near(2, 0.1),
    )
    means = [quarters(phase) for phase in found]
    yield Claim(
        f"{name}, phase 2: √L decreases over time overall",
        "mean of the last quarter over that of the first "
        + listed([last / first for first, last in means]),
        all(last < 0.99 * first for first, last in means),
    )


def draw(records: Records, picture: Path) -> None:
    figure, axes = sheet(3, 2)
    for row, method in zip(axes, METHODS):
        for lr, colour in zip(DRAWN, colours(len(DRAWN))):
            _draw_orbit(row, SecondPhase(records, ARORA, method, lr), colour, f"η = {lr}")
        row[0].set(title=f"{method} on {ARORA.formula}: √L", xlabel="steps · η", ylim=(1e-3, None))
        row[1].set(title="√L/η in phase 2", xlabel="steps · η²", ylim=(0, None))
        row[2].set(title="λmax(∇²L) in phase 2", xlabel="steps · η²")
    axes[0, 0].legend()
    save(figure, picture)


def _draw_orbit(row: np.ndarray, phase: SecondPhase, colour: str, label: str) -> None:
    shown = slice(0, phase.end + int(0.3 / phase.eta))
    place = np.arange(len(phase.root)) * phase.eta
    row[0].semilogy(place[shown], phase.root[shown], color=colour, linewidth=STYLE.thin, label=label)
    every = max(1, len(phase.tau) // 300) | 1  # odd: both sides of the oscillation
    row[1].plot(phase.tau[::every], phase.second[::every] / phase.eta, ".", color=colour,
                markersize=3)  # fmt: skip
    row[2].plot(phase.tau, phase.sharpness, color=colour, linewidth=STYLE.line)


RECIPE = Recipe(
    source="Arora, Li, Panigrahi 2022, theorem on GD on √L",
    title="Two phases of GD on √L and of normalised GD, on landscapes",
    runs=orbits,
    claims=claims,
    draw=draw,
    seconds=(3, 3),
    notes=(
        "Landscapes, starts and step sizes are a choice. (1−xy)² stands beside the paper's (1+x²)y² "
        "because its minima lie on a curve. At the minima of both, ∇²L has rank 1.",
        "Phase 1 is taken to end before the first rise of √L. Phase 2 goes on there until λmax is "
        "that of the flattest minimum.",
    ),
)

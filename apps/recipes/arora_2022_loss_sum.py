"""Arora, Li, Panigrahi (2022), item 1 of phase 2: √L(x(t)) + √L(x(t+1)) is given by λmax(∇²L) up to
O(η²). The slides print η λmax; it is half of that."""

from pathlib import Path

import numpy as np
from brink_plot.style import FAINT, colours

from reproduce import Claim, Recipe, Records
from reproduce.drawing import save, sheet
from reproduce.fit import power_law
from reproduce.phases import listed, pair_sums, swing
from reproduce.toy import METHODS, STEP_SIZES, TOYS, SecondPhase, orbits, second_phases


def sums(phase: SecondPhase) -> tuple[np.ndarray, np.ndarray]:
    """(√L(x(t)) + √L(x(t+1))) / η and λmax of L at x(t), from the first step that overshoots."""
    return pair_sums(phase.second)[1:] / phase.eta, phase.sharpness[1:-1]


def claims(records: Records):
    for toy, method, found in second_phases(records):
        yield from _claims_on(f"{method} on {toy.formula}", METHODS[method], found)


def _claims_on(name: str, normalized: bool, found: list[SecondPhase]):
    etas = [phase.eta for phase in found]
    measured = [sums(phase) for phase in found]
    ratios = [float(np.median(total / swing(top, normalized))) for total, top in measured]
    yield Claim(
        f"{name}: √L(x(t)) + √L(x(t+1)) is {'η √(λmax/2)' if normalized else 'η λmax/2'}",
        f"{', '.join(f'{ratio:.5f}' for ratio in ratios)} times that in the median",
        abs(ratios[-1] - 1) < 1e-2,
    )
    rests = [eta * largest(total - swing(top, normalized))
             for eta, (total, top) in zip(etas, measured)]  # fmt: skip
    law = power_law(etas, rests)
    yield Claim(
        f"{name}: what is left is O(η²)",
        f"at most {listed(rests)} in phase 2, {law}",
        law.exponent > 1.8,
    )
    if normalized:
        return
    printed = [eta * float(np.median(np.abs(total - top)))
               for eta, (total, top) in zip(etas, measured)]  # fmt: skip
    law = power_law(etas, printed)
    yield Claim(
        f"{name}: from η λmax, as printed, the sum is off by O(η): the slides lack a factor of 1/2",
        f"by {listed(printed)} in the median, {law}",
        law.near(1, 0.1),
    )


def largest(values: np.ndarray) -> float:
    return float(np.abs(values).max()) if len(values) else np.nan


def draw(records: Records, picture: Path) -> None:
    figure, axes = sheet(2)
    for panel, (method, normalized) in zip(axes, METHODS.items()):
        for toy, colour in zip(TOYS, colours(len(TOYS))):
            total, top = sums(SecondPhase(records, toy, method, STEP_SIZES[-1]))
            every = max(1, len(top) // 40)
            panel.plot(top[::every], total[::every], "o", color=colour, fillstyle="none",
                       label=toy.formula)  # fmt: skip
        top = np.linspace(*panel.get_xlim(), 100).clip(0)
        if normalized:
            panel.plot(top, np.sqrt(top / 2), color="black", label="√(λmax/2)", zorder=0)
        else:
            panel.plot(top, top / 2, color="black", label="λmax/2", zorder=0)
            panel.plot(top, top, "--", color=FAINT, label="λmax, as printed", zorder=0)
        panel.set(title=f"{method}, η = {STEP_SIZES[-1]}: (√L + next √L)/η", xlabel="λmax(∇²L)")
        panel.legend()
    save(figure, picture)


RECIPE = Recipe(
    source="Arora, Li, Panigrahi 2022, phase 2, item 1",
    title="√L of two steps running adds up to η λmax/2, half of what is printed",
    runs=orbits,
    claims=claims,
    draw=draw,
    seconds=(3, 3),
    notes=(
        "The slides print √L(x(t)) + √L(x(t+1)) = η λmax(∇²L(x(t))) + O(η²). It is η λmax/2: for L = "
        "a y²/2 with a = λmax, √L = √(a/2)|y| has slope √(a/2), so that a step across 0 has |y| + "
        "|y'| = η √(a/2), and the sum is η a/2 exactly.",
        "For normalised GD |y| + |y'| = η, and the sum is η √(λmax/2).",
        "On (1+x²)y² what is left is even of O(η³), since y ↦ −y leaves the landscape as it is.",
        "arora-2022-network measures the same sum on networks.",
    ),
)

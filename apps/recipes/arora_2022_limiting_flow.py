"""What GD on √L and normalised GD do in their second phase (Arora, Li, Panigrahi 2022), to first
order in η: they follow a flow along the minima that lowers λmax(∇²L), by −(1/8) P∇λ₁ and
−(1/4) P∇log λ₁ per η², where P projects on the tangent of the curve of minima."""

from pathlib import Path

import numpy as np

from reproduce import Claim, Recipe, Records
from reproduce.drawing import STYLE, save, sheet
from reproduce.fit import power_law
from reproduce.phases import listed
from reproduce.toy import (
    METHODS, STEP_SIZES, TOYS, UNTIL, SecondPhase, Toy, orbits, runge_kutta, second_phases,
)  # fmt: skip

FACTORS = {"GD on √L": 1 / 8, "normalised GD": 1 / 4}
FIELDS = {"GD on √L": "P∇λ₁", "normalised GD": "P∇log λ₁"}
FLOW_STEPS = 600


def feet(phase: SecondPhase, toy: Toy) -> tuple[np.ndarray, np.ndarray]:
    """The minima next to some of an orbit's points, and their τ."""
    inside = np.searchsorted(phase.tau, UNTIL, side="right")
    chosen = np.unique(np.linspace(0, inside - 1, 200).astype(int))
    return np.array([toy.foot(phase.theta[i]) for i in chosen]), phase.tau[chosen]


class Flow:
    """The limiting flow from a minimum."""

    def __init__(self, toy: Toy, normalized: bool, start: np.ndarray) -> None:
        step = 1.5 * UNTIL / FLOW_STEPS  # beyond, to see when it is where
        self.points = runge_kutta(toy.flow(normalized), start, step, FLOW_STEPS)
        self.tau = step * np.arange(FLOW_STEPS + 1)

    def at(self, tau: np.ndarray) -> np.ndarray:
        return np.stack([np.interp(tau, self.tau, axis) for axis in self.points.T], axis=1)

    def time_of(self, point: np.ndarray) -> float:
        """When the flow is nearest to a point."""
        apart = np.linalg.norm(self.points - point, axis=1)
        i = int(np.clip(apart.argmin(), 1, FLOW_STEPS - 1))
        along = self.points[i + 1] - self.points[i - 1]
        return self.tau[i] + self.tau[2] * ((point - self.points[i]) @ along) / (along @ along)


def largest(apart: np.ndarray) -> float:
    return float(np.linalg.norm(apart, axis=1).max())


def claims(records: Records):
    for toy, method, found in second_phases(records):
        yield from _claims_on(f"{method} on {toy.formula}", toy, method, found)


def _claims_on(name: str, toy: Toy, method: str, found: list[SecondPhase]):
    etas = [phase.eta for phase in found]
    limit = Flow(toy, METHODS[method], toy.end_of_gradient_flow())
    apart = []
    for phase in found:
        inside = phase.tau <= UNTIL
        apart.append(largest(phase.theta[inside] - limit.at(phase.tau[inside])))
    law = power_law(etas, apart)
    yield Claim(
        f"{name}: phase 2 follows the flow −{FACTORS[method]:g} {FIELDS[method]} per η² from where "
        "gradient flow ends, the closer the smaller η",
        f"largest distance {listed(apart)} at η = {listed(etas)}, {law}",
        law.near(1, 0.2) and apart[-1] < 5 * etas[-1],
    )
    deviations, times = [], []
    for phase in found:
        minima, tau = feet(phase, toy)
        flow = Flow(toy, METHODS[method], minima[0])
        deviations.append(largest(minima - flow.at(tau)))
        times.append(flow.time_of(minima[-1]) / tau[-1] if len(tau) > 1 else np.nan)
    law = power_law(etas, deviations)
    yield Claim(
        f"{name}: along the curve, from where phase 2 begins, the flow is right beyond O(η)",
        f"largest deviation {listed(deviations)}, {law}",
        law.exponent > 1 and deviations[-1] < etas[-1] / 10,
    )
    measured = [FACTORS[method] * time for time in times]
    yield Claim(
        f"{name}: the factor of {FIELDS[method]} is {FACTORS[method]:g}",
        f"by the way made until τ = {UNTIL:g}: {', '.join(f'{m:.5f}' for m in measured)}",
        abs(measured[-1] / FACTORS[method] - 1) < 1e-3
        and max(abs(m / FACTORS[method] - 1) for m in measured) < 0.02,
    )


def draw(records: Records, picture: Path) -> None:
    figure, axes = sheet(4)
    axes = axes.reshape(2, 2)
    for row, toy in zip(axes, TOYS):
        for panel, method in zip(row, METHODS):
            _draw_panel(panel, records, toy, method)
            panel.set(title=f"{method}\non {toy.formula}", xlabel="τ")
    axes[0, 0].set_ylabel("first coordinate")
    axes[0, 0].legend()
    save(figure, picture)


def _draw_panel(panel, records: Records, toy: Toy, method: str) -> None:
    for lr, marker in ((STEP_SIZES[0], "o"), (STEP_SIZES[-1], "s")):
        minima, tau = feet(SecondPhase(records, toy, method, lr), toy)
        every = max(1, len(tau) // 12)
        panel.plot(tau[::every], minima[::every, 0], marker, markersize=5, fillstyle="none",
                   label=f"η = {lr}")  # fmt: skip
    flow = Flow(toy, METHODS[method], toy.end_of_gradient_flow())
    shown = flow.tau <= UNTIL
    panel.plot(flow.tau[shown], flow.points[shown, 0], color="black", linewidth=STYLE.thin,
               label="flow")  # fmt: skip


RECIPE = Recipe(
    source="Arora, Li, Panigrahi 2022, implicit bias",
    title="Phase 2 of GD on √L and of normalised GD follows a flow that lowers λmax",
    runs=orbits,
    claims=claims,
    draw=draw,
    seconds=(3, 3),
    notes=(
        "The slides say no more than that λmax decreases; the flows are derived in "
        "recipes/reproduce/toy.py. P matters: on (1−xy)² the gradient of λ₁ = 2(x² + y²) is not "
        "along the minima.",
        "The distance of O(η) is that of the oscillation itself, and of where phase 1 ends. Along "
        "the curve the agreement is of higher order.",
    ),
)

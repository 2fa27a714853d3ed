"""Landscapes L = r(θ)² of two coordinates, with a curve of minima r = 0, and the flows along it that
GD on √L and normalised GD follow (Arora, Li, Panigrahi 2022).

On the curve ∇²L = 2 ∇r ∇rᵀ, so that λ₁ = 2|∇r|², its eigenvector is normal to the curve, and
P = 1 − ∇r ∇rᵀ/|∇r|² projects on the tangent.

Where the flows come from: at x + c v, a distance c from the minimum x along the top eigenvector v,
√L = √(λ₁/2)|c|. A step of GD on √L changes c by η√(λ₁/2) towards 0 and beyond, so that |c| + |c'| =
η√(λ₁/2) for two points one after the other; and moves x by −η P∇√(λ₁/2) |c|. With the mean of |c|
that is −(η²/8) P∇λ₁ per step. Normalised GD has |c| + |c'| = η and moves x by
−η P∇λ₁ |c|/(2λ₁), which gives −(η²/4) P∇log λ₁.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from reproduce.phases import end_of_descent, root_loss
from reproduce.record import Records, number
from reproduce.run import Run, orbit
from reproduce.size import Size

METHODS = {"GD on √L": False, "normalised GD": True}  # whether it is normalised
STEP_SIZES = ("0.04", "0.028", "0.02", "0.014", "0.01", "0.007", "0.005")
UNTIL = 1.0  # the orbits' τ = η² · (steps of phase 2)
_PHASE_1 = 1.5  # more than its steps times η, from each start
Vector = np.ndarray
Field = Callable[[Vector], Vector]


@dataclass(frozen=True)
class Toy:
    """L = r²."""

    landscape: str  # as brink calls it
    formula: str
    start: tuple[float, float]
    residual: Callable[[Vector], float]
    slope: Field  # ∇r
    bend: Callable[[Vector], np.ndarray]  # ∇²r

    def hessian(self, at: Vector) -> np.ndarray:
        """∇²L."""
        slope = self.slope(at)
        return 2 * (np.outer(slope, slope) + self.residual(at) * self.bend(at))

    def eigen(self, orbit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """λ₁ of ∇²L at each point, and the cosine between ∇L and its eigenvector."""
        values, vectors = np.linalg.eigh(np.array([self.hessian(at) for at in orbit]))
        slopes = np.array([self.slope(at) for at in orbit])
        overlap = np.einsum("ki,ki->k", slopes, vectors[:, :, -1])
        return values[:, -1], np.abs(overlap) / np.linalg.norm(slopes, axis=1)

    def foot(self, at: Vector) -> Vector:
        """The minimum near a point, by Newton's method along ∇r."""
        for _ in range(6):
            slope = self.slope(at)
            at = at - self.residual(at) * slope / (slope @ slope)
        return at

    def end_of_gradient_flow(self, steps: int = 1000) -> Vector:
        """Where gradient flow from the start reaches the curve: of L, √L, or with unit speed, which
        take the same way. Followed by the value of r from that at the start to 0."""
        at = np.array(self.start, float)

        def field(at: Vector) -> Vector:
            slope = self.slope(at)
            return slope / (slope @ slope)

        return self.foot(runge_kutta(field, at, -self.residual(at) / steps, steps)[-1])

    def flow(self, normalized: bool) -> Field:
        """dx/dτ on the curve, with τ = η² per step."""

        def field(at: Vector) -> Vector:
            slope = self.slope(at)
            square = slope @ slope
            uphill = 4 * self.bend(at) @ slope  # ∇λ₁
            along = uphill - slope * (slope @ uphill) / square
            return -along / (8 * square) if normalized else -along / 8

        return field


def run_name(toy: Toy, method: str, lr: str) -> str:
    return f"{toy.landscape} {'normalized' if METHODS[method] else 'sqrt'} {lr}"


def orbits(size: Size) -> dict[str, Run]:
    """By each method on each landscape at each step size, through phase 1 and until τ is 1. What is
    said of them is how things depend on the step size: none is swept over."""
    until = size.pick(UNTIL, UNTIL, 0.01)
    found = {}
    for toy, method, lr in itertools.product(TOYS, METHODS, STEP_SIZES):
        how = {"method": "normalized-gd"} if METHODS[method] else {"objective": "sqrt"}
        steps = int(_PHASE_1 / number(lr) + until / number(lr) ** 2)
        start = ",".join(map(str, toy.start))
        found[run_name(toy, method, lr)] = orbit(
            landscape=toy.landscape, start=start, lr=lr, steps=steps, **how
        ).as_it_is()
    return found


class SecondPhase:
    """An orbit, cut where √L is about to rise for the first time."""

    def __init__(self, records: Records, toy: Toy, method: str, lr: str) -> None:
        name = run_name(toy, method, lr)
        self.eta = records.number(name, "lr")
        self.root = root_loss(records[name])  # √L of both phases
        self.end = end_of_descent(self.root)  # of phase 1
        # From here on in phase 2.
        self.second = self.root[self.end :]
        self.theta = np.asarray(records[name]["theta"], float)[self.end :]
        self.tau = np.arange(len(self.theta)) * self.eta**2
        self.sharpness, self.cosine = toy.eigen(self.theta)


def second_phases(records: Records) -> Iterator[tuple[Toy, str, list[SecondPhase]]]:
    """The orbits at all step sizes, by landscape and method."""
    for toy, method in itertools.product(TOYS, METHODS):
        yield toy, method, [SecondPhase(records, toy, method, lr) for lr in STEP_SIZES]


def runge_kutta(field: Field, at: Vector, step: float, count: int) -> np.ndarray:
    """The points of `count` steps of classical Runge–Kutta of order 4: count + 1 rows."""
    points = [at]
    for _ in range(count):
        k1 = field(at)
        k2 = field(at + step / 2 * k1)
        k3 = field(at + step / 2 * k2)
        k4 = field(at + step * k3)
        at = at + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        points.append(at)
    return np.array(points)


ARORA = Toy(
    "arora", "(1+x²)y²", (2.0, 0.8),
    residual=lambda p: np.sqrt(1 + p[0] ** 2) * p[1],
    slope=lambda p: np.array([p[0] * p[1], 1 + p[0] ** 2]) / np.sqrt(1 + p[0] ** 2),
    bend=lambda p: np.array([[p[1] / (1 + p[0] ** 2), p[0]], [p[0], 0.0]]) / np.sqrt(1 + p[0] ** 2),
)  # fmt: skip
HYPERBOLA = Toy(
    "hyperbola", "(1−xy)²", (3.0, 1.0),
    residual=lambda p: 1 - p[0] * p[1],
    slope=lambda p: np.array([-p[1], -p[0]]),
    bend=lambda p: np.array([[0.0, -1.0], [-1.0, 0.0]]),
)  # fmt: skip
TOYS = (ARORA, HYPERBOLA)

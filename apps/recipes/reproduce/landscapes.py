"""The landscapes of Chen, Peng, Li, Zhao (2024) in NumPy, in the paper's own formulas: what brink says
of their starts is tried on them. Points are (x, y) along the last axis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Landscape:
    formula: Callable[[Array, Array], Array]
    slopes: Callable[[Array, Array], tuple[Array, Array]]

    def value(self, points: Array) -> Array:
        return self.formula(points[..., 0], points[..., 1])

    def gradient(self, points: Array) -> Array:
        return np.stack(self.slopes(points[..., 0], points[..., 1]), axis=-1)

    def step(self, points: Array, eta: float) -> Array:
        """One step of gradient descent."""
        return points - eta * self.gradient(points)

    def descend(self, points: Array, eta: float, steps: int) -> tuple[Array, Array]:
        """Where gradient descent is after so many steps, and at which of them f last rose beyond
        rounding (0: it never did)."""
        last_rise = np.zeros(points.shape[:-1], dtype=int)
        value = self.value(points)
        with np.errstate(over="ignore", invalid="ignore"):
            for k in range(1, steps + 1):
                points = self.step(points, eta)
                before, value = value, self.value(points)
                slack = 32 * np.finfo(float).eps * np.maximum(1.0, abs(before))
                last_rise = np.where(value > before + slack, k, last_rise)
        return points, last_rise


LANDSCAPES = {
    "f1": Landscape(  # (43)
        lambda x, y: x**2 + y**2 + x**2 * y + x**3 + y**3,
        lambda x, y: (2 * x + 2 * x * y + 3 * x**2, 2 * y + x**2 + 3 * y**2),
    ),
    "f2": Landscape(  # (44)
        lambda x, y: x**2 + y**2 + x**2 * y + x**4 + y**4,
        lambda x, y: (2 * x + 2 * x * y + 4 * x**3, 2 * y + x**2 + 4 * y**3),
    ),
    "f3": Landscape(  # (45)
        lambda x, y: x**4 * y**2 + x**2 * y**4 - 3 * x**2 * y**2 + 1,
        lambda x, y: (
            4 * x**3 * y**2 + 2 * x * y**4 - 6 * x * y**2,
            2 * x**4 * y + 4 * x**2 * y**3 - 6 * x**2 * y,
        ),
    ),
    "f4": Landscape(  # (46)
        lambda x, y: (1 - x * y) ** 2 + (x**2 + y**2) / 20,
        lambda x, y: (x / 10 - 2 * y * (1 - x * y), y / 10 - 2 * x * (1 - x * y)),
    ),
    "hyperbola": Landscape(  # of the conclusion
        lambda x, y: (1 - x * y) ** 2,
        lambda x, y: (-2 * y * (1 - x * y), -2 * x * (1 - x * y)),
    ),
}


@dataclass(frozen=True)
class CertifiedSet:
    """{‖θ − θ*‖ < radius, f < level} of Theorem 2, as a record has it, for one minimum."""

    centre: Array
    radius: float
    level: float
    bound: float  # of the eigenvalues of the Hessian in the ball

    def contains(self, landscape: Landscape, points: Array) -> Array:
        near = np.linalg.norm(points - self.centre, axis=-1) < self.radius
        with np.errstate(over="ignore", invalid="ignore"):
            return near & (landscape.value(points) < self.level)

    def sample(self, landscape: Landscape, count: int, seed: int = 0) -> Array:
        """At most so many points of the set, at random."""
        random = np.random.default_rng(seed)
        points = self.centre + self.radius * random.uniform(-1, 1, (20 * count, 2))
        return points[self.contains(landscape, points)][:count]


def certified_sets(record) -> list[CertifiedSet]:
    """Those of a record of one step size, minimum by minimum."""
    rows = (
        record[name].values
        for name in ("minimum_theta", "certified_radius", "certified_level", "certified_bound")
    )
    sets = (CertifiedSet(np.asarray(at), *map(float, rest)) for at, *rest in zip(*rows))
    return [found for found in sets if np.isfinite(found.radius) and found.radius > 0]


def points_of(record) -> Array:
    """The starts (y, x, coordinate) of a map."""
    x, y = np.meshgrid(record["x"].values, record["y"].values)
    return np.stack([x, y], axis=-1)

"""Power laws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PowerLaw:
    """y = factor · x^exponent by least squares between the logarithms; all NaN where there are not
    three positive points."""

    exponent: float
    error: float  # standard error of the exponent
    factor: float

    def __str__(self) -> str:
        return f"exponent {self.exponent:.2f} ± {self.error:.2f}"

    def near(self, expected: float, tolerance: float) -> bool:
        return abs(self.exponent - expected) <= tolerance


def power_law(x: Sequence[float], y: Sequence[float]) -> PowerLaw:
    x, y = np.asarray(x, float), np.asarray(y, float)
    known = (x > 0) & (y > 0) & np.isfinite(x) & np.isfinite(y)
    if len(set(x[known])) < 3:
        return PowerLaw(np.nan, np.nan, np.nan)
    u, v = np.log(x[known]), np.log(y[known])
    spread = ((u - u.mean()) ** 2).sum()
    slope = ((u - u.mean()) * (v - v.mean())).sum() / spread
    rest = v - v.mean() - slope * (u - u.mean())
    error = np.sqrt((rest**2).sum() / (len(u) - 2) / spread)
    return PowerLaw(float(slope), float(error), float(np.exp(v.mean() - slope * u.mean())))

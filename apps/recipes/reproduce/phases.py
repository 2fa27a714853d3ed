"""The two phases of GD on √L and of normalised GD (Arora, Li, Panigrahi 2022)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr


def root_loss(run: xr.Dataset) -> np.ndarray:
    """√L at every step; an orbit on √L has recorded that, and everything else L."""
    loss = np.asarray(run["loss"], float)
    on_root = run.attrs["command"] == "orbit" and run.attrs["objective"] == "sqrt"
    return loss if on_root else np.sqrt(loss)


def swing(sharpness: np.ndarray, normalized: bool) -> np.ndarray:
    """(√L(x(t)) + √L(x(t+1))) / η in phase 2, but for O(η): λ₁/2 of GD on √L and √(λ₁/2) of
    normalised GD, from the λ₁ of L (toy.py says why)."""
    return np.sqrt(sharpness / 2) if normalized else sharpness / 2


def pair_sums(values: np.ndarray) -> np.ndarray:
    """Of each value and the next: what oscillates at every step cancels."""
    return values[1:] + values[:-1]


def end_of_descent(values: np.ndarray) -> int:
    """The last step before the first rise: the end of phase 1. The last of all without a rise."""
    rises = np.flatnonzero(np.diff(values) > 0)
    return int(rises[0]) if len(rises) else len(values) - 1


def alternation(values: np.ndarray) -> float:
    """The share of changes whose sign is not that of the change before."""
    signs = np.sign(np.diff(values))
    return float((signs[1:] * signs[:-1] < 0).mean()) if len(signs) > 1 else np.nan


def steps_to_reach(level: float, steps: np.ndarray, values: np.ndarray) -> float:
    """When values, taken at these steps, are for the first time at or below a level, interpolated
    between them; NaN where they never are, or are from the start."""
    below = np.flatnonzero(values <= level)
    if not len(below) or below[0] == 0:
        return np.nan
    i = below[0]
    share = (values[i - 1] - level) / (values[i - 1] - values[i])
    return float(steps[i - 1] + share * (steps[i] - steps[i - 1]))


def listed(values: Sequence[float], digits: int = 3) -> str:
    """For a claim's words."""
    return ", ".join(f"{value:.{digits}g}" for value in values)

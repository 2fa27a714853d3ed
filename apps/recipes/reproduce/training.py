"""What records of training say, and claims that several recipes make about them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from reproduce.claim import Claim
from reproduce.record import Records, last_half


def finite(values: xr.DataArray | np.ndarray) -> np.ndarray:
    """Those that are, as float64."""
    values = np.asarray(values, dtype=np.float64)
    return values[np.isfinite(values)]


def rises(run: xr.Dataset) -> int:
    """How often the loss rose."""
    return int((np.diff(np.asarray(run["loss"], float)) > 0).sum())


def at(run: xr.Dataset, variable: str, steps: str) -> np.ndarray:
    """A variable of every step, at the steps of another measurement: `line_step`, say."""
    return np.asarray(run[variable], float)[np.asarray(run[steps], int)]


def predicted_progress(run: xr.Dataset, eta: float) -> np.ndarray:
    """The right-hand side of (4.3) of Ahn et al. 2022 at every step, −1 + η/2 L(θ; ηg)."""
    return -1 + eta / 2 * np.asarray(run["directional_smoothness"], float)


def progress_about_zero(records: Records, name: str, label: str) -> Claim:
    middle = float(np.median(last_half(records[name]["relative_progress"])))
    return Claim(
        f"{label}: RP saturates around 0",
        f"median {middle:.3f} over the second half, where a small step has −1",
        abs(middle) < 0.1,
    )


def smoothness_about_threshold(records: Records, name: str, label: str) -> Claim:
    half = records.number(name, "lr") / 2
    middle = half * float(np.median(last_half(records[name]["directional_smoothness"])))
    return Claim(
        f"{label}: the directional smoothness saturates around 2/η",
        f"median {middle:.3f} · 2/η over the second half",
        abs(middle - 1) < 0.1,
    )


def falls_in_the_long_run(records: Records, name: str, label: str) -> Claim:
    loss = np.asarray(records[name]["loss"], float)
    late = float(np.median(last_half(records[name]["loss"])))
    count = rises(records[name])
    return Claim(
        f"{label}: the loss falls in the long run, though not at every step",
        f"{loss[0]:.3f} at first, {loss[-1]:.3f} at last, {late:.3f} in the median of the second "
        f"half, with {count} rises in {len(loss) - 1} steps",
        0 < count and 0 < loss[-1] < 0.5 * loss[0] and loss[-1] < late < loss[0],
    )


def smoothness_predicts_progress(records: Records, name: str, label: str) -> Claim:
    """(4.3) of Ahn et al. 2022: what it leaves over, beside how far RP moves at all."""
    run = records[name]
    progress = np.asarray(run["relative_progress"], float)
    error = finite(progress - predicted_progress(run, records.number(name, "lr")))
    quarter, three_quarters = np.quantile(finite(progress), [0.25, 0.75]) if len(error) else [0, 0]
    typical = float(np.median(np.abs(error)))
    return Claim(
        f"{label}: RP ≈ −1 + η/2 L(θ; ηg), (4.3)",
        f"median difference {typical:.4f}, where RP's quartiles are {quarter:.3f} and "
        f"{three_quarters:.3f}",
        typical < 0.1 and typical < 0.25 * (three_quarters - quarter),
    )

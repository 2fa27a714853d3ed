"""Records as claims and pictures read them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from reproduce.run import Run


class Records(Mapping[str, xr.Dataset]):
    """The records of a recipe's runs by the names of the runs, opened when they are asked for."""

    def __init__(
        self, runs: Mapping[str, Run], paths: Mapping[str, Path], hidden: Collection[str] = ()
    ) -> None:
        """`hidden`: names that are there, and the same as others, and not listed."""
        self.runs = dict(runs)
        self._paths = dict(paths)
        self._hidden = hidden
        self._opened: dict[str, xr.Dataset] = {}

    def path(self, name: str) -> Path:
        return self._paths[name]

    def __getitem__(self, name: str) -> xr.Dataset:
        if name not in self._opened:
            # Undecoded: decoding would turn step 0 into NaN wherever 0 is the fill value.
            self._opened[name] = xr.open_zarr(self._paths[name], chunks=None, decode_cf=False)
        return self._opened[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.runs if name not in self._hidden)

    def __len__(self) -> int:
        return len(self.runs) - len(self._hidden)

    def replaced(self, name: str, dataset: xr.Dataset) -> Records:
        """The same with another record in the place of one."""
        other = Records(self.runs, self._paths, self._hidden)
        other._opened = {**self._opened, name: dataset}
        return other

    def number(self, name: str, option: str) -> float:
        """A numeric option of the run: its step size, say."""
        return number(self.runs[name].options[option])

    def eta(self, name: str) -> str:
        """The step size of a run, for a claim's words."""
        return f"η = {self.runs[name].options['lr']}"


def number(text: object) -> float:
    """A number or fraction as the command line takes it."""
    numerator, slash, denominator = str(text).partition("/")
    return float(numerator) / (float(denominator) if slash else 1.0)


def last_half(values: xr.DataArray) -> np.ndarray:
    """The finite values in the second half of a run, as float64: after it has settled."""
    values = np.asarray(values, dtype=np.float64)
    values = values[len(values) // 2 :]
    return values[np.isfinite(values)]

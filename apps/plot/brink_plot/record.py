"""Reading a record: a Zarr (format 2) group whose attribute `command` says what it holds, or the
JSON of `brink bench`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from brink_plot.bench_file import open_bench
from brink_plot.errors import InputError


FORMAT = 1  # of records; that in host/record/metadata.hpp


class Record:
    """One record, opened for reading; variables are loaded when asked for."""

    def __init__(self, path: str) -> None:
        """Opens the record at `path`; raises InputError if there is none."""
        self.path = path
        self._dataset = _open(path)
        self.attributes: dict[str, Any] = dict(self._dataset.attrs)
        self._loaded: dict[str, np.ndarray] = {}
        command = self.attributes.get("command")
        if not isinstance(command, str):
            raise InputError(f"{path}: not a record of brink (no attribute 'command')")
        self.command = command
        layout = self.attributes.get("brink_format", FORMAT)
        if layout != FORMAT:
            raise InputError(
                f"{path}: written by brink {self.attributes.get('brink_version')} in record format"
                f" {layout}, but this brink has format {FORMAT}; use a newer one"
            )

    @property
    def stem(self) -> str:
        """The record's file name without its suffix."""
        return Path(self.path).resolve().name.removesuffix(".zarr").removesuffix(".json")

    def has(self, name: str) -> bool:
        """Whether a variable of that name holds a number, or an attribute holds anything."""
        if name not in self._dataset.variables:
            return bool(self.attributes.get(name))
        if self._dataset[name].dtype.kind in "iu":
            return self._dataset[name].size > 0  # there is no need to read them all
        return self.get(name) is not None

    def dimensions(self, name: str) -> dict[str, int]:
        """The dimensions of variable `name` with their lengths; none when it is missing."""
        if name not in self._dataset.variables:
            return {}
        return {str(key): int(size) for key, size in self._dataset[name].sizes.items()}

    def part(self, name: str, places: Mapping[str, int | slice]) -> np.ndarray:
        """The whole numbers of variable `name` at these places along its dimensions.

        They keep their small type, and nothing else of the variable is kept.
        """
        values = self._read(name, places)
        if values.dtype.kind not in "iu":
            raise InputError(f"{self.path}: variable '{name}' does not hold whole numbers")
        return values

    def get(self, name: str) -> np.ndarray | None:
        """Variable `name` as float64, or None when it is missing or holds nothing but NaN."""
        if name not in self._dataset.variables:
            return None
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        values = self._loaded[name]
        return values if np.isfinite(values).any() else None

    def need(self, name: str, length_of: np.ndarray | None = None) -> np.ndarray:
        """Variable `name`, which must be there, along the same first dimension as `length_of`."""
        values = self.get(name)
        if values is None:
            state = "holds no number" if name in self._dataset.variables else "is missing"
            raise InputError(f"{self.path}: variable '{name}' {state}")
        if length_of is not None and len(values) != len(length_of):
            raise InputError(
                f"{self.path}: variable '{name}' has {len(values)} rows where "
                f"{len(length_of)} are needed"
            )
        return values

    def pair(self, coordinate: str, name: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Variable `name` with its coordinate, or None when the variable is missing or empty."""
        values = self.get(name)
        if values is None:
            return None
        positions = self.need(coordinate)
        return positions, self.need(name, length_of=positions)

    def _load(self, name: str) -> np.ndarray:
        values = self._read(name, {})
        try:
            return np.atleast_1d(np.asarray(values, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise InputError(f"{self.path}: variable '{name}' does not hold numbers") from error

    def _read(self, name: str, places: Mapping[str, int | slice]) -> np.ndarray:
        try:
            return np.asarray(self._dataset[name].isel(places).values)
        except Exception as error:  # each codec of zarr fails with a type of its own
            raise InputError(
                f"{self.path}: cannot read variable '{name}': {_line(error)}"
            ) from error


def _open(path: str) -> xr.Dataset:
    place = Path(path)
    if not place.exists():
        raise InputError(f"{path}: no such record")
    if place.is_file() and place.suffix == ".json":
        try:
            return open_bench(path)
        except (ValueError, OSError, RecursionError) as error:  # also what is no JSON, or no text
            raise InputError(f"{path}: not a record of 'brink bench': {_line(error)}") from error
    if not place.is_dir() or not (place / ".zgroup").is_file():
        raise InputError(f"{path}: not a record of brink (a record is a Zarr format 2 group)")
    try:
        # Undecoded: decoding would turn step 0 into NaN wherever 0 is the fill value.
        return xr.open_zarr(path, chunks=None, decode_cf=False)
    except Exception as error:  # zarr and xarray raise many types on a damaged group
        raise InputError(f"{path}: cannot open the record: {_line(error)}") from error


def _line(error: Exception) -> str:
    """The first line of what an exception says."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__

"""The starts of a basin scan: where they lie, and what is known of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from brink_plot.errors import InputError
from brink_plot.landscape import Frame, axis_names, columns
from brink_plot.outcome import check_codes
from brink_plot.record import Record
from brink_plot.text import coordinate_name

_FINEST = 1024  # starts along a side of a map; of twice as many, every second is read
_WIDE = 30.0  # the ratio of two step sizes that are far apart
_UNEVEN = 512  # columns of a picture of step sizes that are not evenly spaced
_MOST_POINTS = 20_000  # of a sample
_SHAPES = {("y", "x"): "grid", ("x",): "line", ("sample",): "sample"}


class Scan:
    """A record of `brink basin`, as far as a picture can show it."""

    def __init__(self, record: Record) -> None:
        """Raises InputError where something is missing that every picture needs."""
        self.record = record
        self.step_sizes = _step_sizes(record)
        self._sizes = record.dimensions("outcome")
        self._has_axis = "lr" in self._sizes
        self.shape = self._shape()
        if self.shape == "sample":
            record.need("theta", length_of=np.empty(self._sizes["sample"]))
        else:
            for name in self._along:
                record.need(name)
        if len(self.step_sizes) != self._sizes.get("lr", 1):
            raise InputError(
                f"{record.path}: attribute 'learning_rates' has {len(self.step_sizes)} step sizes "
                f"where {self._sizes.get('lr', 1)} are needed"
            )
        self._loaded: dict[tuple[str, int], np.ndarray] = {}
        self.frame = self._frame()  # the plane of the starts, where they lie in one

    def values(self, name: str, index: int) -> np.ndarray:
        """What is known of the starts at one step size.

        For a grid (y, x), with both ascending; for a sample one value for each of the `points`.
        """
        if (name, index) not in self._loaded:
            place = {"lr": index} if self._has_axis else {}
            values = self._part(name, {**self._strides(), **place})
            self._loaded[name, index] = self._ascending(values, self._along)
        return self._loaded[name, index]

    def table(self, name: str) -> np.ndarray:
        """What is known of the starts on a line at the `even_step_sizes` (x, step size)."""
        values = self._part(name, self._strides())
        values = values if self._has_axis else values[np.newaxis]
        nearest = [self.nearest(eta) for eta in self.even_step_sizes()]
        return self._ascending(values[nearest].T, self._along)

    def points(self) -> np.ndarray:
        """The starts of a sample (point, coordinate), in the coordinates of the frame."""
        theta = self.record.need("theta")
        if theta.ndim != 2 or theta.shape[1] <= max(columns(self.record)):
            raise InputError(
                f"{self.record.path}: variable 'theta' is not a table of sample by coordinate"
            )
        return theta[self._strides()["sample"]][:, columns(self.record)]

    def extent(self) -> list[float]:
        """The ends of each coordinate of a grid or a line, half a cell beyond the last starts."""
        return [end for name in reversed(self._along) for end in edges(self.record.need(name))]

    @property
    def is_geometric(self) -> bool:
        """Whether the step sizes are spread over a logarithmic axis rather than a linear one."""
        low, middle, high = np.quantile(self.step_sizes, [0.0, 0.5, 1.0])
        return bool(high > _WIDE * low and middle < 0.25 * high)

    def even_step_sizes(self) -> np.ndarray:
        """The step sizes of a table: rising evenly, or geometrically where the scan's do so."""
        ascending = np.sort(self.step_sizes)
        space = np.geomspace if self.is_geometric else np.linspace
        even = space(ascending[0], ascending[-1], len(ascending))
        if len(even) > _FINEST or not np.allclose(even, ascending, rtol=1e-6):
            even = space(ascending[0], ascending[-1], _UNEVEN)
        return even

    def chosen(self, most: int, wanted: Sequence[int]) -> list[int]:
        """Numbers of so many step sizes, evenly chosen, with the `wanted` ones among them."""
        count = len(self.step_sizes)
        if count <= most:
            return list(range(count))
        found = {round(float(place)) for place in np.linspace(0, count - 1, most)}
        for index in set(wanted) - found:
            others = found - set(wanted)
            if others:
                found.remove(min(others, key=lambda other: abs(other - index)))
            found.add(index)
        return sorted(found)

    def nearest(self, eta: float) -> int:
        """The number of the step size that is nearest to `eta`."""
        return int(np.argmin(abs(self.step_sizes - eta)))

    @property
    def _along(self) -> list[str]:
        return [name for name in self._sizes if name != "lr"]

    def _shape(self) -> str:
        found = _SHAPES.get(tuple(self._along))
        if found is None or list(self._sizes).index(self._along[0]) != int(self._has_axis):
            given = ", ".join(self._sizes)
            raise InputError(
                f"{self.record.path}: variable 'outcome' is neither a map nor a line nor a sample"
                + (f" but has dimensions ({given})" if given else " but missing")
            )
        if 0 in self._sizes.values():
            raise InputError(f"{self.record.path}: a record of 'brink basin' without a start")
        return found

    def _frame(self) -> Frame | None:
        names = [coordinate_name(name) for name in axis_names(self.record)]
        if self.shape == "line" or len(names) < 2:
            return None
        if self.shape == "sample":
            across, up = (_range(part) for part in self.points().T)
        else:
            across, up = (_range(self.record.need(name)) for name in ("x", "y"))
        return Frame(across, up, (names[0], names[1]))

    def _strides(self) -> dict[str, slice]:
        most = _MOST_POINTS if self.shape == "sample" else _FINEST
        found = {}
        for name in self._along:
            step = max(1, self._sizes[name] // most)
            found[name] = slice(step // 2, None, step)  # the start in the middle of those passed by
        return found

    def _part(self, name: str, places: dict) -> np.ndarray:
        if self.record.dimensions(name) != self._sizes:
            raise InputError(
                f"{self.record.path}: variable '{name}' is missing or not along the dimensions of "
                "'outcome'"
            )
        values = self.record.part(name, places)
        return check_codes(self.record, values) if name == "outcome" else values

    def _ascending(self, values: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """The values with each coordinate rising along its dimension."""
        for axis, name in enumerate(names):
            where = self.record.get(name)
            if where is not None and where[-1] < where[0]:
                values = np.flip(values, axis)
        return values


def _range(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def edges(centres: np.ndarray) -> tuple[float, float]:
    """The lower and the upper end of evenly spaced cells."""
    low, high = float(centres.min()), float(centres.max())
    half = 0.5 * (high - low) / (len(centres) - 1) if len(centres) > 1 else 0.5
    return low - half, high + half


def _step_sizes(record: Record) -> np.ndarray:
    given = record.attributes.get("learning_rates")
    try:
        found = np.array(given, dtype=float)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 1 or found.size == 0 or not (np.isfinite(found) & (found > 0)).all():
        raise InputError(
            f"{record.path}: attribute 'learning_rates' is missing or no list of step sizes"
        )
    return found

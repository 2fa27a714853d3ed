"""Sweeps: a recipe's runs over lists of step sizes, seeds or widths."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import xarray as xr

from reproduce.record import Records, number
from reproduce.run import Run

_TAKEN_BY = {
    "lr": ("train", "basin", "orbit"),
    "seed": ("train", "spectrum"),
    "hidden": ("train", "spectrum"),
}
_IN_FILES = str.maketrans("/ ,", "_-x")  # of names


@dataclass(frozen=True)
class Axis:
    """An option and the values it takes."""

    option: str
    values: Sequence[str]


Point = tuple[str, ...]  # a value for each axis


@dataclass(frozen=True)
class Sweep:
    """The runs of a recipe at every point of these axes."""

    axes: Sequence[Axis]
    runs: Mapping[str, Run]  # of the recipe

    def points(self) -> list[Point]:
        return list(itertools.product(*(axis.values for axis in self.axes)))

    def label(self, point: Point) -> str:
        return ", ".join(f"{axis.option} = {value}" for axis, value in zip(self.axes, point))

    def run_name(self, name: str, point: Point) -> str:
        """That of a run at a point; a file's name too."""
        if not self.runs[name].swept:
            return name.translate(_IN_FILES)
        parts = [f"{axis.option}-{value}" for axis, value in zip(self.axes, point)]
        if not parts or len(self._swept()) > 1:
            parts.insert(0, name)
        return "-".join(parts).translate(_IN_FILES)

    def _at(self, name: str, point: Point) -> Run:
        run = self.runs[name]
        options = {
            axis.option: value
            for axis, value in zip(self.axes, point)
            if run.swept and run.command in _TAKEN_BY[axis.option]
        }
        return run.with_options(**options)

    def distinct(self) -> dict[str, str]:
        """For each of the recipe's runs the one that it is the same as at every point: runs that
        differ in nothing but a swept option are one."""
        seen: dict[tuple, str] = {}
        point = self.points()[0]
        return {
            name: seen.setdefault((*self._at(name, point).words(), *self.runs[name].after), name)
            for name in self.runs
        }

    def _swept(self) -> list[str]:
        """The distinct runs that the sweep is over."""
        return [name for name in dict.fromkeys(self.distinct().values()) if self.runs[name].swept]

    def all_runs(self) -> dict[str, Run]:
        """Every run at every point, and those that are left alone once."""
        return {
            self.run_name(name, point): replace(
                self._at(name, point),
                after=tuple(self.run_name(other, point) for other in self.runs[name].after),
            )
            for name in dict.fromkeys(self.distinct().values())
            for point in self.points()
        }

    def records(self, folder: Path, point: Point) -> Records:
        """Those at a point, under the names of the recipe."""
        same = self.distinct()
        return Records(
            {name: self._at(name, point) for name in self.runs},
            {name: folder / f"{self.run_name(same[name], point)}.zarr" for name in self.runs},
            [name for name in self.runs if same[name] != name],
        )

    def combined(self, folder: Path) -> dict[str, xr.Dataset]:
        """Each run at all the points in one record, with the axes of the sweep besides; where a run
        was shorter than others its values are NaN. A single run is under the name ""; so are several
        of networks by one command, with the axis `run`."""
        names = self._swept()
        parts = {name: self._stacked(folder, name, ()) for name in names}
        if len(parts) == 1:
            return {"": parts[names[0]]}
        commands = {self.runs[name].command for name in names}
        if len(commands) == 1 and not commands & {"basin", "orbit"}:
            return {"": _concatenated(list(parts.values()), "run", names)}
        return {name.translate(_IN_FILES): part for name, part in parts.items()}

    def _stacked(self, folder: Path, name: str, point: Point) -> xr.Dataset:
        if len(point) == len(self.axes):
            return self.records(folder, point)[name].load()
        axis = self.axes[len(point)]
        parts = [self._stacked(folder, name, (*point, value)) for value in axis.values]
        labels = axis.values if axis.option == "hidden" else [number(v) for v in axis.values]
        return _concatenated(parts, axis.option, labels)


def save(datasets: Mapping[str, xr.Dataset], path: Path) -> None:
    """Leaves the datasets at `path`, in Zarr's format 2 like all records: one under the name "" as
    the record itself, others as groups of it."""
    shutil.rmtree(path, ignore_errors=True)
    for name, dataset in datasets.items():
        for variable in dataset.variables.values():
            variable.encoding = {}
        group = {"group": name} if name else {}
        try:
            dataset.to_zarr(path, mode="a", consolidated=True, zarr_format=2, **group)
        except TypeError:  # xarray that knows no other format
            dataset.to_zarr(path, mode="a", consolidated=True, **group)


def _concatenated(parts: Sequence[xr.Dataset], name: str, labels: Sequence) -> xr.Dataset:
    along = xr.DataArray(list(labels), dims=name, name=name)
    return xr.concat(
        parts, along, data_vars="all", coords="minimal", compat="override", join="outer",
        combine_attrs="drop_conflicts",
    )  # fmt: skip

"""Reading what `brink bench --json` wrote, as a data set like that of any other record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

# Numbers of a row, and those of its times.
_NUMBERS = (
    "operations", "bytes", "operations_per_second", "bytes_per_second", "operations_per_byte",
    "roofline_share",
)  # fmt: skip
_TIMES = ("median", "lower_quartile", "upper_quartile")
_TEXTS = ("command", "backend", "device", "precision", "brink_version", "stop_reason")


def open_bench(path: str) -> xr.Dataset:
    """One row for each that was measured; raises ValueError or OSError if it is not such a file."""
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(document, Mapping) or not isinstance(document.get("rows"), list):
        raise ValueError("no rows of measurements")
    attributes: dict[str, Any] = {name: document.get(name) for name in _TEXTS}
    roofline = _mapping(document.get("roofline"), "roofline")
    for name in ("bytes_per_second", "operations_per_second"):
        attributes[name] = _number(roofline, name)
        if not attributes[name] > 0.0:
            raise ValueError(f"the roofline's '{name}' is not positive")
    rows = [_mapping(row, "row") for row in document["rows"]]
    attributes["operation"] = [str(row.get("operation")) for row in rows]
    columns = {name: [_number(row, name) for row in rows] for name in _NUMBERS}
    for name in _TIMES:
        columns[name] = [_number(_mapping(row.get("seconds"), "seconds"), name) for row in rows]
    return xr.Dataset(
        {name: (("row",), np.array(column, dtype=float)) for name, column in columns.items()},
        attrs=attributes,
    )


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"no '{name}'")
    return value


def _number(values: Mapping[str, Any], name: str) -> float:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"'{name}' is no number")
    return float(value)

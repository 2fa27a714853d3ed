"""What a record says of its run, and how to name runs by what differs between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from brink_plot.record import Record

# Where a run was computed or written, and how often it was looked at, says nothing about the run
# itself.
_IGNORED = {
    "checkpoint_every", "command", "device", "draws", "expectation_every", "line_every",
    "line_points", "out", "overwrite", "quiet", "resume", "save_params", "segment_every",
    "segment_points", "sharpness_every", "sharpness_tolerance", "test_every", "threads", "top",
    "verbose",
}  # fmt: skip
# One name per setting: the record's attribute for what the configuration calls by its option.
_ALIASES = {"lr": "learning_rate", "loss": "loss_name", "eta": "learning_rate"}
# Attributes that are settings, in the order in which a label lists them.
_ATTRIBUTES = ("landscape", "method", "learning_rate", "activation", "loss_name")
_FIRST = (
    *_ATTRIBUTES, "objective", "start", "batch_size", "hidden", "data", "examples", "init", "seed",
)  # fmt: skip
_SYMBOLS = {"learning_rate": "η", "momentum": "β"}
# Values that explain themselves: no "method = GD".
_BARE = {"landscape", "method", "activation", "loss_name", "start"}
_WORDS = {
    "gd": "GD", "sgd": "SGD", "normalized-gd": "normalized GD", "polyak": "Polyak momentum",
    "nesterov": "Nesterov momentum", "flow": "gradient flow", "mse": "squared loss",
    "relu": "ReLU", "gelu": "GELU", "elu": "ELU",
}  # fmt: skip


def settings(record: Record) -> dict[str, Any]:
    """Every setting of a record under one flat name."""
    found: dict[str, Any] = {}
    config = record.attributes.get("config")
    if isinstance(config, Mapping):
        _flatten(config, "", found)
    for name in _ATTRIBUTES:
        if record.attributes.get(name) is not None:
            found[name] = record.attributes[name]
    return found


def learning_rate(record: Record) -> float | None:
    """The step size η, or None for a run that has none (gradient flow)."""
    value = settings(record).get("learning_rate")
    if isinstance(value, (int, float)) and math.isfinite(value) and value > 0:
        return float(value)
    return None


def fraction(eta: float) -> str:
    """A step size as the field writes it: 2/N where 2/η is close to an integer above 2."""
    count = 2.0 / eta
    if 2.5 < count < 1e6 and abs(count - round(count)) < 1e-6 * count:
        return f"2/{round(count)}"
    return f"{eta:.4g}"


def step_size(eta: float) -> str:
    """A step size as papers on landscapes write it: 0.3, or 2/N where that is shorter."""
    text = f"{eta:.3g}"
    return text if math.isclose(float(text), eta, rel_tol=1e-6) else fraction(eta)


def labels(records: Sequence[Record], shown: Set[str] = frozenset()) -> list[str]:
    """One label per record: what sets it apart from the others, else its name.

    Settings that are `shown` in other ways are left out.
    """
    table = [settings(record) for record in records]
    keys = [key for key in _differing(table) if key not in shown]
    found = [", ".join(_phrases(row, keys)) or record.stem for row, record in zip(table, records)]
    return [
        f"{label} ({record.stem})" if found.count(label) > 1 and label != record.stem else label
        for label, record in zip(found, records)
    ]


def summary(records: Sequence[Record], shown: Set[str] = frozenset()) -> str:
    """One line of the main settings that all the records have in common, less those `shown`."""
    table = [settings(record) for record in records]
    without = {*_differing(table), *shown}
    if table[0].get("objective") == "loss":
        without.add("objective")  # which goes without saying
    keys = [key for key in (*_ATTRIBUTES, "objective", "batch_size") if key not in without]
    return ", ".join(_phrases(table[0], keys))


def _flatten(values: Mapping[str, Any], prefix: str, into: dict[str, Any]) -> None:
    for key, value in values.items():
        name = prefix + str(key).replace("-", "_")
        if isinstance(value, Mapping):
            _flatten(value, f"{name}.", into)
        elif name not in _IGNORED:
            into[_ALIASES.get(name, name)] = value


def _differing(table: Sequence[Mapping[str, Any]]) -> list[str]:
    names = {name for row in table for name in row}
    found = [n for n in names if any(row.get(n) != table[0].get(n) for row in table)]
    return sorted(found, key=lambda n: (_FIRST.index(n) if n in _FIRST else len(_FIRST), n))


def _phrases(row: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    write = step_size if "landscape" in row else fraction
    return [_phrase(key, row[key], write) for key in keys if row.get(key) is not None]


def _phrase(key: str, value: Any, write: Callable[[float], str]) -> str:
    if key == "learning_rate" and isinstance(value, (int, float)) and value > 0:
        text = write(float(value))
    elif key == "start":
        parts = value if isinstance(value, (list, tuple)) else [value]
        text = f"from ({', '.join(str(part) for part in parts)})"
    elif isinstance(value, (list, tuple)):
        text = "–".join(str(part) for part in value)
    elif isinstance(value, float):
        text = f"{value:.4g}"
    else:
        text = _WORDS.get(value, value) if isinstance(value, str) else str(value)
    if key in _BARE:
        return text
    return f"{_SYMBOLS.get(key, key.replace('_', ' '))} = {text}"

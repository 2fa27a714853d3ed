"""A recipe: what it runs, what must hold, how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reproduce.claim import Claim
from reproduce.record import Records
from reproduce.run import Run
from reproduce.size import Size


@dataclass(frozen=True)
class Recipe:
    """A figure, example or experiment of a paper."""

    source: str  # paper and place in it: "Ahn, Zhang, Sra 2022, Experiment 3"
    title: str  # what it shows
    runs: Callable[[Size], Mapping[str, Run]]
    claims: Callable[[Records], Iterable[Claim]]
    draw: Callable[[Records, Path], None]  # to a picture at this path
    seconds: tuple[float, float]  # at full size and quick, on 2 cores at 180 GFLOP/s
    notes: tuple[str, ...] = ()  # choices the paper leaves open, and where it is wrong or unclear
    needs_images: bool = False  # at full size
    unavailable: str = ""  # why it cannot run yet

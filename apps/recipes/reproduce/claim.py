"""What a paper says, and whether a record bears it out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """A paper's statement, what was measured, and whether that agrees."""

    statement: str
    measured: str
    holds: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "holds", bool(self.holds))  # NumPy has a type of its own

    @property
    def verdict(self) -> str:
        return "holds" if self.holds else "does not hold"

    def line(self) -> str:
        return f"{self.verdict:<14} {self.statement}: {self.measured}"

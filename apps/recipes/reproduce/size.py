"""How large a recipe runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Size:
    """`full`: as in the paper, on its images; `quick`: seconds, on synthetic data, with the same
    phenomena; `tiny`: runs through, and shows nothing."""

    name: str
    data: str = ""  # what --data names at full size

    def pick(self, full: T, quick: T, tiny: T | None = None) -> T:
        """The one of the three that is for this size; tiny is as quick where it is not given."""
        if self.name == "tiny" and tiny is not None:
            return tiny
        return full if self.name == "full" else quick

    def problem(self) -> dict[str, Any]:
        """Data and network of Cohen et al. 2021: 5,000 images and two hidden layers of 200 tanh
        units. The synthetic data show the edge of stability within a few hundred steps."""
        return self.pick(
            {"data": self.data, "examples": 5000, "hidden": "200,200"},
            {"data": "synthetic:examples=1000,features=64,classes=10", "hidden": "64,64"},
            {"data": "synthetic:examples=40,features=6,classes=3", "hidden": "5,4"},
        )

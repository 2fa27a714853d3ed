"""What became of a recipe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from reproduce.claim import Claim
from reproduce.files import write_text
from reproduce.recipe import Recipe


@dataclass(frozen=True)
class Verdicts:
    """The claims at one point of a sweep, or of the recipe as it stands (label empty)."""

    label: str
    claims: Sequence[Claim]


@dataclass(frozen=True)
class Result:
    name: str
    recipe: Recipe
    size: str
    folder: Path
    call: str  # the command line that makes it
    commands: dict[str, str]  # by run
    version: str
    verdicts: Sequence[Verdicts]
    seconds: float

    @property
    def picture(self) -> Path:
        return self.folder / f"{self.name}.png"

    def lines(self) -> list[str]:
        """What the program prints."""
        found = []
        for verdicts in self.verdicts:
            found += [f" {verdicts.label}"] if verdicts.label else []
            found += [f"  {claim.line()}" for claim in verdicts.claims]
        return found

    def save(self) -> None:
        """Leaves result.json in the folder."""
        content = {
            "name": self.name, "source": self.recipe.source, "title": self.recipe.title,
            "size": self.size, "brink": self.version, "seconds": self.seconds,
            "notes": list(self.recipe.notes), "call": self.call, "commands": self.commands,
            "picture": self.picture.name, "verdicts": [asdict(v) for v in self.verdicts],
        }  # fmt: skip
        write_text(self.folder / "result.json", json.dumps(content, indent=1) + "\n")

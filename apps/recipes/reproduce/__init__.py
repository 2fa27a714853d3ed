"""What recipes are made of: settings, runs of brink, claims and pictures.

A recipe is one file in the folder above that ends in `RECIPE = Recipe(...)`; CONTRIBUTING.md says how
to add one.
"""

from reproduce.claim import Claim
from reproduce.picture import panels
from reproduce.recipe import Recipe
from reproduce.record import Records, last_half, number
from reproduce.run import Run, basin, orbit, spectrum, train
from reproduce.size import Size

__all__ = [
    "Claim", "Recipe", "Records", "Run", "Size", "basin", "last_half", "number", "orbit", "panels",
    "spectrum", "train",
]  # fmt: skip

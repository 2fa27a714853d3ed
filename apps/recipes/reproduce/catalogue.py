"""Which recipes there are."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from brink_plot.errors import InputError

from reproduce.recipe import Recipe

HERE = Path(__file__).resolve().parent.parent


def recipes(folders: Sequence[Path]) -> dict[str, Recipe]:
    """Those in brink's own folder and in these, by name: that of the file, with dashes."""
    found = {}
    for folder in [HERE, *folders]:
        if not folder.is_dir():
            raise InputError(f"--recipes {folder}: no such folder")
        for path in sorted(folder.glob("*.py"), key=_reading_order):
            found[path.stem.replace("_", "-")] = _load(path)
    return found


def _reading_order(path: Path) -> list[tuple[int, int | str]]:
    """Experiment 10 after experiment 9."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"_", path.stem)]


def _load(path: Path) -> Recipe:
    specification = importlib.util.spec_from_file_location(f"recipe_{path.stem}", path)
    module = importlib.util.module_from_spec(specification)
    writes = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # into somebody's folder
    try:
        specification.loader.exec_module(module)
        recipe = module.RECIPE
    except Exception as error:  # whatever the file does
        raise InputError(f"{path}: not a recipe: {type(error).__name__}: {error}") from error
    finally:
        sys.dont_write_bytecode = writes
    if not isinstance(recipe, Recipe):
        raise InputError(f"{path}: RECIPE is no Recipe")
    return recipe


def select(known: dict[str, Recipe], names: Sequence[str]) -> dict[str, Recipe]:
    """The recipes of these names; `all` is those that can run."""
    if list(names) == ["all"]:
        return {name: recipe for name, recipe in known.items() if not recipe.unavailable}
    for name in names:
        if name not in known:
            near = [other for other in known if name in other]
            hint = f"; there is {', '.join(near)}" if near else "; see brink reproduce list"
            raise InputError(f"there is no recipe '{name}'{hint}")
        if known[name].unavailable:
            raise InputError(f"{name}: {known[name].unavailable}")
    return {name: known[name] for name in names}

"""Command lines of brink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reproduce.size import Size


@dataclass(frozen=True)
class Run:
    """One call of brink, in the folder of its recipe; `options` by their names on the command line,
    without dashes before and with underscores between words. True stands for a flag."""

    command: str
    options: Mapping[str, Any]
    after: tuple[str, ...] = ()  # names of runs whose files it reads
    swept: bool = True  # sweeps set its options; else it is the same at all their points

    def words(self) -> list[str]:
        """The command line but for where its record goes and what runs it."""
        words = [self.command]
        for name, value in self.options.items():
            flag = "--" + name.replace("_", "-")
            if value is True:
                words.append(flag)
            elif value is not None and value is not False:
                # In one word: a value may begin with a minus sign.
                words.append(f"{flag}={value}")
        return words

    def as_it_is(self) -> Run:
        """The same, left alone by sweeps: one that is about its own step sizes, say."""
        return replace(self, swept=False)

    def with_options(self, **options: Any) -> Run:
        return replace(self, options={**self.options, **options})


def train(size: Size, /, after: tuple[str, ...] = (), **options: Any) -> Run:
    """`brink train` on the problem of this size, with these options besides or instead."""
    return Run("train", {**size.problem(), **options}, after)


def spectrum(size: Size, /, after: tuple[str, ...] = (), **options: Any) -> Run:
    """`brink spectrum` on the problem of this size."""
    return Run("spectrum", {**size.problem(), **options}, after)


def basin(**options: Any) -> Run:
    """`brink basin`."""
    return Run("basin", options)


def orbit(**options: Any) -> Run:
    """`brink orbit`."""
    return Run("orbit", options)

"""Several processes on the same runs, as mpirun or srun starts them, or somebody by hand."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Ranks:
    """This process among those that a launcher started."""

    rank: int = 0
    size: int = 1
    place: int = 0  # its rank on its machine
    neighbours: int = 1  # how many there are

    @property
    def speaks(self) -> bool:
        return self.rank == 0

    def cores(self) -> int:
        """Its share of those of the machine, whether or not the launcher bound it to some."""
        allowed = len(os.sched_getaffinity(0))
        return min(allowed, max(1, (os.cpu_count() or 1) // self.neighbours))


def launched() -> Ranks:
    """As the program leaves it in the environment."""
    return Ranks(*map(int, os.environ.get("BRINK_RANKS", "").split()))


def lock_of(path: Path) -> Path:
    """Where those who write this file or folder lock one another out."""
    return path.parent / ".locks" / path.name


def try_lock(path: Path) -> IO[str] | None:
    """A file that is locked until it is closed, or its process ends; nothing where another process
    has locked it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """While nobody else has it locked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

"""Several processes on the same runs, as mpirun or srun starts them, or somebody by hand."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# Where launchers leave how many processes there are and which this is, in all and on its machine.
_LAUNCHERS = (
    ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
    ("PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS", "MPI_LOCALRANKID"),
    ("MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_LOCAL_SIZE", "MV2_COMM_WORLD_LOCAL_RANK"),
    ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_STEP_TASKS_PER_NODE", "SLURM_LOCALID"),
)  # fmt: skip
_THEIR_VARIABLES = re.compile(r"(OMPI|PMIX|PMI|MV2|SLURM|HYDRA|MPI)_")


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
    """As the environment has it."""
    for names in _LAUNCHERS:
        size, rank, neighbours, place = (_number(name) for name in names)
        if size > 1:
            return Ranks(rank, size, place, max(1, neighbours))
    return Ranks()


def _number(variable: str) -> int:
    found = re.match(r"\d+", os.environ.get(variable, ""))
    return int(found[0]) if found else 0


def environment_of_one() -> dict[str, str]:
    """For a program that is to do its work by itself."""
    return {name: value for name, value in os.environ.items() if not _THEIR_VARIABLES.match(name)}


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

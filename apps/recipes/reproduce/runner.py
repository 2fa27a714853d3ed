"""Runs brink: several runs at a time where there is room, each once, beside other processes that do
so."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from brink_plot.errors import InputError, MachineError

from reproduce.files import write_text
from reproduce.ranks import Ranks, lock_of, locked, try_lock
from reproduce.run import Run

_ON_DEVICES = ("train", "spectrum", "basin")  # the others run on one thread of the CPU
_RESUMABLE = ("train", "basin")
_PAUSE = 0.2  # seconds between two looks at what other processes have done


class BadRun(InputError):
    """A run whose input brink found to be bad."""


@dataclass
class Ledger:
    """Which command lines left the records of a folder, and which of them are complete; as last
    read."""

    path: Path
    entries: dict[str, dict] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Ledger:
        ledger = cls(folder / "runs.json")
        ledger.read()
        return ledger

    def read(self) -> None:
        self.entries = json.loads(self.path.read_text()) if self.path.exists() else {}

    def note(self, name: str, words: Sequence[str], complete: bool) -> None:
        with locked(lock_of(self.path)):
            self.read()
            self.entries[name] = {"words": list(words), "complete": complete}
            write_text(self.path, json.dumps(self.entries, indent=1) + "\n")

    def complete(self, name: str, words: Sequence[str]) -> bool:
        return self.entries.get(name) == {"words": list(words), "complete": True}

    def begun(self, name: str, words: Sequence[str]) -> bool:
        return self.entries.get(name, {}).get("words") == list(words)


@dataclass
class _Child:
    name: str
    process: subprocess.Popen
    stderr: IO[str] | None
    start: float
    lock: IO[str]  # held while it runs, by itself too


@dataclass(frozen=True)
class Runner:
    """How and where brink runs."""

    brink: Path
    devices: Sequence[str]  # taken in turn
    jobs: int  # runs at a time
    overwrite: bool  # nothing that is there is used again
    quiet: bool
    ranks: Ranks = Ranks()

    def run(self, runs: Mapping[str, Run], folder: Path) -> None:
        """Leaves NAME.zarr for each in the folder. What an interrupted call has done is kept. Runs
        that other processes are at are left to them, and waited for."""
        folder.mkdir(parents=True, exist_ok=True)
        work = _Work(self, runs, folder)
        look = 0.0
        try:
            while work.goes_on():
                if time.monotonic() >= look:
                    work.begin()
                    look = time.monotonic() + _PAUSE
                if work.reap():
                    look = 0.0
                time.sleep(0.01)
        finally:
            work.stop()


class _Work:
    """The runs of a folder, as far as this process knows."""

    def __init__(self, runner: Runner, runs: Mapping[str, Run], folder: Path) -> None:
        self._runner = runner
        self._runs = runs
        self._folder = folder
        self._ledger = Ledger.of(folder)
        self._children: list[_Child] = []
        self._done = {name for name in runs if self._is_complete(name)}
        self._waiting = [name for name in runs if name not in self._done]

    def goes_on(self) -> bool:
        return bool(self._waiting or self._children)

    def begin(self) -> None:
        """Starts what can be started, where no other process is at it."""
        for name in list(self._waiting):
            if len(self._children) == self._runner.jobs:
                return
            if not self._done.issuperset(self._runs[name].after):
                continue
            lock = try_lock(lock_of(self._folder / f"{name}.zarr"))
            if lock is None:
                continue
            self._waiting.remove(name)
            self._ledger.read()
            if self._is_complete(name):
                lock.close()
                self._done.add(name)
            else:
                self._children.append(self._start(name, lock))

    def reap(self) -> bool:
        """Closes those that have ended; whether there were any."""
        ended = [child for child in self._children if child.process.poll() is not None]
        for child in ended:
            self._children.remove(child)
            self._finish(child)
            self._done.add(child.name)
            if not self._runner.quiet:
                took = f"{time.monotonic() - child.start:.1f} s"
                print(f"  {child.name}: {took} ({len(self._done)} of {len(self._runs)})", flush=True)
        return bool(ended)

    def stop(self) -> None:
        for child in self._children:
            child.process.terminate()
        for child in self._children:
            child.process.wait()

    def _is_complete(self, name: str) -> bool:
        done = self._ledger.complete(name, self._runs[name].words())
        return done and not self._runner.overwrite and (self._folder / f"{name}.zarr").is_dir()

    def _start(self, name: str, lock: IO[str]) -> _Child:
        runner, run, words = self._runner, self._runs[name], self._runs[name].words()
        goes_on = self._ledger.begun(name, words) and run.command in _RESUMABLE and not runner.overwrite
        place = ["--out", f"{name}.zarr", "--resume" if goes_on else "--overwrite"]
        if run.command in _ON_DEVICES:
            turn = len(self._ledger.entries) if runner.ranks.size == 1 else runner.ranks.place
            device = runner.devices[turn % len(runner.devices)]
            threads = max(1, runner.ranks.cores() // runner.jobs)
            place += ["--device", device, "--threads", str(threads)]
        self._ledger.note(name, words, complete=False)
        # One run at a time may show its progress; several would write over one another.
        shown = runner.jobs == 1 and not runner.quiet and sys.stderr.isatty()
        stderr = None if shown else tempfile.TemporaryFile("w+")
        process = subprocess.Popen(
            [runner.brink, *words, *place, *([] if shown else ["--quiet"])],
            cwd=self._folder, stdout=subprocess.DEVNULL, stderr=stderr,
            pass_fds=(lock.fileno(),),  # it outlives this process if that is killed
        )  # fmt: skip
        return _Child(name, process, stderr, time.monotonic(), lock)

    def _finish(self, child: _Child) -> None:
        said = ""
        if child.stderr is not None:
            child.stderr.seek(0)
            said = child.stderr.read().strip()
            child.stderr.close()
        words = self._runs[child.name].words()
        code = child.process.returncode
        if code in (130, 143, -2, -15):
            raise KeyboardInterrupt
        if code != 0:
            kind = BadRun if code == 2 else MachineError
            raise kind(f"{child.name}: brink {' '.join(words)}: {said or f'exit {code}'}")
        self._ledger.note(child.name, words, complete=True)
        child.lock.close()

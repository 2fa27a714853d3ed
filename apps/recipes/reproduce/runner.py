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
from reproduce.ranks import Ranks, environment_of_one, lock_of, locked, try_lock
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
        ledger = Ledger.of(folder)
        waiting = {
            name: run
            for name, run in runs.items()
            if self.overwrite or not ledger.complete(name, run.words())
        }
        children: list[_Child] = []
        done = set(runs) - set(waiting)
        look_again = 0.0
        try:
            while waiting or children:
                if time.monotonic() >= look_again:
                    ready = [n for n, run in waiting.items() if done.issuperset(run.after)]
                    for name in ready:
                        if len(children) == self.jobs:
                            break
                        lock = try_lock(lock_of(folder / f"{name}.zarr"))
                        if lock is None:
                            continue
                        ledger.read()
                        run = waiting.pop(name)
                        if not self.overwrite and ledger.complete(name, run.words()):
                            lock.close()
                            done.add(name)
                        else:
                            children.append(self._start(name, run, folder, ledger, lock))
                    look_again = time.monotonic() + _PAUSE
                for child in [c for c in children if c.process.poll() is not None]:
                    children.remove(child)
                    self._finish(child, runs[child.name], ledger)
                    done.add(child.name)
                    self._say(f"  {child.name}: {time.monotonic() - child.start:.1f} s"
                              f" ({len(done)} of {len(runs)})")  # fmt: skip
                    look_again = 0.0
                time.sleep(0.01)
        finally:
            for child in children:
                child.process.terminate()
            for child in children:
                child.process.wait()

    def _start(self, name: str, run: Run, folder: Path, ledger: Ledger, lock: IO[str]) -> _Child:
        words = run.words()
        goes_on = ledger.begun(name, words) and run.command in _RESUMABLE and not self.overwrite
        place = ["--out", f"{name}.zarr", "--resume" if goes_on else "--overwrite"]
        if run.command in _ON_DEVICES:
            turn = len(ledger.entries) if self.ranks.size == 1 else self.ranks.place
            device = self.devices[turn % len(self.devices)]
            threads = max(1, self.ranks.cores() // self.jobs)
            place += ["--device", device, "--threads", str(threads)]
        ledger.note(name, words, complete=False)
        # One run at a time may show its progress; several would write over one another.
        shown = self.jobs == 1 and not self.quiet and sys.stderr.isatty()
        stderr = None if shown else tempfile.TemporaryFile("w+")
        process = subprocess.Popen(
            [self.brink, *words, *place, *([] if shown else ["--quiet"])],
            cwd=folder, env=environment_of_one(), stdout=subprocess.DEVNULL, stderr=stderr,
            pass_fds=(lock.fileno(),),  # it outlives this process if that is killed
        )  # fmt: skip
        return _Child(name, process, stderr, time.monotonic(), lock)

    def _finish(self, child: _Child, run: Run, ledger: Ledger) -> None:
        said = ""
        if child.stderr is not None:
            child.stderr.seek(0)
            said = child.stderr.read().strip()
            child.stderr.close()
        code = child.process.returncode
        if code in (130, 143, -2, -15):
            raise KeyboardInterrupt
        if code != 0:
            kind = BadRun if code == 2 else MachineError
            raise kind(f"{child.name}: brink {' '.join(run.words())}: {said or f'exit {code}'}")
        ledger.note(child.name, run.words(), complete=True)
        child.lock.close()

    def _say(self, line: str) -> None:
        if not self.quiet:
            print(line, flush=True)

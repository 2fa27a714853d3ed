"""Runs brink: several runs at a time where there is room, each once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from brink_plot.errors import InputError, MachineError

from reproduce.run import Run

_ON_DEVICES = ("train", "spectrum", "basin")  # the others run on one thread of the CPU
_RESUMABLE = ("train", "basin")


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


@dataclass
class Ledger:
    """Which command lines left the records of a folder, and which of them are complete."""

    path: Path
    entries: dict[str, dict] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Ledger:
        path = folder / "runs.json"
        return cls(path, json.loads(path.read_text()) if path.exists() else {})

    def note(self, name: str, words: Sequence[str], complete: bool) -> None:
        self.entries[name] = {"words": list(words), "complete": complete}
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.entries, indent=1) + "\n")
        new.replace(self.path)

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


@dataclass(frozen=True)
class Runner:
    """How and where brink runs."""

    brink: Path
    devices: Sequence[str]  # taken in turn
    jobs: int  # runs at a time
    overwrite: bool  # nothing that is there is used again
    quiet: bool

    def run(self, runs: Mapping[str, Run], folder: Path) -> None:
        """Leaves NAME.zarr for each in the folder. What an interrupted call has done is kept."""
        folder.mkdir(parents=True, exist_ok=True)
        ledger = Ledger.of(folder)
        waiting = {
            name: run
            for name, run in runs.items()
            if self.overwrite or not ledger.complete(name, run.words())
        }
        children: list[_Child] = []
        done = set(runs) - set(waiting)
        try:
            while waiting or children:
                for name in [n for n, run in waiting.items() if done.issuperset(run.after)]:
                    if len(children) == self.jobs:
                        break
                    children.append(self._start(name, waiting.pop(name), folder, ledger))
                finished = [child for child in children if child.process.poll() is not None]
                for child in finished:
                    children.remove(child)
                    self._finish(child, runs[child.name], ledger)
                    done.add(child.name)
                    self._say(f"  {child.name}: {time.monotonic() - child.start:.1f} s"
                              f" ({len(done)} of {len(runs)})")  # fmt: skip
                if not finished:
                    time.sleep(0.01)
        finally:
            for child in children:
                child.process.terminate()
            for child in children:
                child.process.wait()

    def _start(self, name: str, run: Run, folder: Path, ledger: Ledger) -> _Child:
        words = run.words()
        goes_on = ledger.begun(name, words) and run.command in _RESUMABLE and not self.overwrite
        place = ["--out", f"{name}.zarr", "--resume" if goes_on else "--overwrite"]
        if run.command in _ON_DEVICES:
            device = self.devices[len(ledger.entries) % len(self.devices)]
            threads = max(1, cores() // self.jobs)
            place += ["--device", device, "--threads", str(threads)]
        ledger.note(name, words, complete=False)
        # One run at a time may show its progress; several would write over one another.
        shown = self.jobs == 1 and not self.quiet and sys.stderr.isatty()
        stderr = None if shown else tempfile.TemporaryFile("w+")
        process = subprocess.Popen(
            [self.brink, *words, *place, *([] if shown else ["--quiet"])],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=stderr,
        )  # fmt: skip
        return _Child(name, process, stderr, time.monotonic())

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
            kind = InputError if code == 2 else MachineError
            raise kind(f"{child.name}: brink {' '.join(run.words())}: {said or f'exit {code}'}")
        ledger.note(child.name, run.words(), complete=True)

    def _say(self, line: str) -> None:
        if not self.quiet:
            print(line, flush=True)

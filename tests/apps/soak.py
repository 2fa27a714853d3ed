"""Random commands for a long time: runs are started by one process, several or ranks, killed,
interrupted and resumed, while their records are read and verified; in the end each is, byte for byte,
that of a run that nobody disturbed.

usage: tests/soak [--minutes 30] [--seed N] [--brink PROGRAM] [--launcher mpirun]

Prints a line per run and ends at the first inconsistency, whose folder it leaves.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.dont_write_bytecode = True

# What `brink verify` says where a run was killed between two files that belong together, or before
# its first checkpoint.
OF_A_KILL = (
    r"DAMAGED, unfinished|; --resume (writes it again|goes on without it)$|^$"
    r"|was left by a process that was killed$|/\.checkpoint: is missing: --resume starts over$"
)

ROOT = Path(__file__).resolve().parent.parent.parent


class Inconsistency(Exception):
    """Something that must not be."""


@dataclass
class Job:
    """A command whose record does not depend on how it is disturbed."""

    words: list[str]
    group: int = 1  # how many ranks share it: the record depends on that
    any_group: bool = False  # or not


@dataclass
class Soak:
    brink: str
    launcher: str
    random: random.Random
    place: Path
    counts: dict[str, int] = field(default_factory=dict)

    def job(self) -> Job:
        pick = self.random
        kind = pick.choice(("grid", "sample", "points of steps", "train", "ranks"))
        if kind in ("train", "ranks"):
            method = pick.choice(("gd", "polyak", "normalized-gd", *(["sgd"] if kind == "train" else [])))
            words = ["train", "--data", "synthetic:examples=64,features=9,classes=3,test=8", "--hidden", "7,5",
                     "--threads", "1", "--steps", str(pick.randint(500, 6000)), "--method", method,
                     "--precision", pick.choice(("float32", "float64")), "--lr", "0.05",
                     "--sharpness-every", "50", "--test-every", "20",
                     "--checkpoint-every", str(pick.choice((20, 100, 1000)))]  # fmt: skip
            words += ["--expectation-every", "100"] if method == "sgd" else ["--line-every", "40"]
            return Job(words, pick.randint(2, 3) if kind == "ranks" and self.launcher else 1)
        words = ["basin", "--landscape", pick.choice(("f1", "f2", "f3", "f4")), "--threads", "1",
                 "--precision", pick.choice(("float32", "float64"))]  # fmt: skip
        if kind == "grid":
            words += ["--lr", "0.1,0.3", "--x", f"-4:4:{pick.randint(700, 3000)}", "--y", "-3:3:900"]
        elif kind == "sample":
            words += ["--lr", "0.2", "--x", "-3:3", "--sample", str(pick.randint(100_000, 2_000_000))]
        else:
            words += ["--lr", "0.05:0.5:12", "--x", f"-4:4:{pick.randint(100, 600)}"]
        return Job(words, any_group=True)

    def start(self, job: Job, record: Path, first: bool) -> list[subprocess.Popen]:
        """A process, a group of ranks, or several processes."""
        words = [self.brink, *job.words, "--quiet", "--out", str(record), *([] if first else ["--resume"])]
        group, copies = job.group, 1
        if job.any_group:
            group = self.random.choice((1, 1, 2, 3)) if self.launcher else 1
            if group == 1 and self.random.random() < 0.5:
                copies = self.random.randint(2, 4)
                words = [word for word in words if word != "--resume"] + ["--resume"]
        if group > 1:
            words = [self.launcher, "-n", str(group), *words]
        self.count(f"started with {group} ranks" if group > 1 else f"started {copies} at a time")
        return [
            subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for _ in range(copies)
        ]

    def disturb(self, runs: list[subprocess.Popen], longest: float) -> None:
        """Or not."""
        what = self.random.choice(("SIGKILL", "SIGTERM", "SIGINT", "nothing", "all SIGKILL"))
        self.count(f"disturbed by {what}")
        if what == "nothing":
            return
        time.sleep(self.random.uniform(0, longest))
        for run in runs if what.startswith("all") else [self.random.choice(runs)]:
            send(run, signal.Signals[what.split()[-1]])

    def look(self, record: Path) -> None:
        """What is there can be read, and is as it was written."""
        import xarray as xr

        if not (record / ".zmetadata").exists():
            return
        with xr.open_zarr(record) as opened:
            for variable in opened.variables.values():
                variable.load()
        self.count("read by xarray")

    def verify(self, record: Path) -> None:
        if not record.exists():
            return
        done = subprocess.run([self.brink, "verify", str(record)], capture_output=True, text=True)
        complaints = [
            line
            for line in (done.stdout + done.stderr).splitlines()
            if not re.search(OF_A_KILL, line) and "sound" not in line
        ]
        # Whoever was killed before the first flush has left no record yet.
        if done.returncode != 0 and complaints and (record / ".zmetadata").exists():
            raise Inconsistency("\n".join(["verify:", *complaints]))
        self.count("verified" if done.returncode == 0 else "verified to need --resume")

    def run(self, job: Job) -> None:
        folder = self.place / "run"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        whole, record = folder / "whole.zarr", folder / "run.zarr"
        launcher = [self.launcher, "-n", str(job.group)] if job.group > 1 else []
        start = time.monotonic()
        subprocess.run([*launcher, self.brink, *job.words, "--quiet", "--out", str(whole)], check=True)
        duration = time.monotonic() - start
        first, disturbances = True, 0
        while True:
            runs = self.start(job, record, first)
            self.disturb(runs, duration)
            if self.random.random() < 0.5:
                self.look(record)
            codes = []
            for run in runs:
                said = self.end(run, 200 + 5 * duration)
                codes.append(run.returncode)
                if run.returncode in (1, 2) and "brink: " in said and "interrupted" not in said:
                    raise Inconsistency(f"exit {run.returncode}: {said}")
            self.verify(record)
            self.look(record)
            first = not record.exists()
            if codes[-1] == 0 and all(code == 0 for code in codes):
                break
            disturbances += 1
        if tree(record) != tree(whole):
            raise Inconsistency("the record differs from that of an undisturbed run")
        if (done := subprocess.run([self.brink, "verify", str(record)], capture_output=True, text=True)).returncode:
            raise Inconsistency(f"verify: {done.stdout}{done.stderr}")
        print(f"{disturbances} disturbances, {duration:.1f} s undisturbed: brink {' '.join(job.words)}", flush=True)

    def end(self, run: subprocess.Popen, longest: float) -> str:
        """What it said. A launcher whose rank dies before the next has been started may wait for ever,
        for none."""
        try:
            return run.communicate(timeout=longest)[0]
        except subprocess.TimeoutExpired:
            if run.args[0] != self.launcher or children(run.pid):
                raise Inconsistency(f"does not end: {run.args}") from None
            self.count("launchers that waited for no rank")
            run.kill()
            return run.communicate()[0]

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


def send(run: subprocess.Popen, what: signal.Signals) -> None:
    """SIGKILL to a rank, where it is the launcher of some: that takes the others down."""
    ranks = children(run.pid)
    if what != signal.SIGKILL or not ranks:
        run.send_signal(what)
        return
    try:
        os.kill(ranks[0], what)
    except ProcessLookupError:
        pass


def children(pid: int) -> list[int]:
    """Those of a process that are alive."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = file.read_text().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(file.parent.name))
    return found


def tree(place: Path) -> dict[str, bytes]:
    return {str(p.relative_to(place)): p.read_bytes() for p in place.rglob("*") if p.is_file()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--brink", default=str(ROOT / "build/release/bin/brink"))
    parser.add_argument("--launcher", default=shutil.which("mpirun") or "", help="'' for none")
    options = parser.parse_args()
    os.environ.update(OMP_WAIT_POLICY="passive", OMPI_MCA_rmaps_base_oversubscribe="1",
                      OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")  # fmt: skip
    soak = Soak(options.brink, options.launcher, random.Random(options.seed), Path(tempfile.mkdtemp(prefix="brink-soak-")))
    end = time.monotonic() + 60 * options.minutes
    runs = 0
    try:
        while time.monotonic() < end:
            soak.run(soak.job())
            runs += 1
    except Inconsistency as error:
        print(f"after {runs} runs, in {soak.place}: {error}", file=sys.stderr)
        return 1
    finally:
        print("; ".join(f"{what}: {count}" for what, count in sorted(soak.counts.items())))
    shutil.rmtree(soak.place)
    print(f"{runs} runs in {options.minutes:g} minutes, seed {options.seed}: no inconsistency")
    return 0


if __name__ == "__main__":
    sys.exit(main())

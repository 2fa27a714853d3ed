"""What the scripts share that measure brink and its peers in turn: commands run while others' use of
the machine is watched, ratios and verdicts, and the page in bench/results/.

A measurement is a list of rounds: {"load_average": …, side: {job: rows}, …}, with rows as
bench/peers/README.md describes them.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUSY = 0.15  # share of the machine used by others from which a measurement is called disturbed


def make_parser(description, python_has):
    """The options that every comparison takes."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=positive, default=2)
    parser.add_argument("--rounds", type=positive, default=3)
    parser.add_argument("--python", default=sys.executable, help=f"an interpreter that has {python_has}")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR")
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parent / "results", metavar="DIR")
    return parser


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected 1 or more")
    return number


class Machine:
    """Runs commands, and says how much of the machine others used meanwhile."""

    def __init__(self, threads):
        self.environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
        self.disturbance = []

    def run(self, command):
        """The JSON lines that `command` prints; none, with a line on stderr, where it fails."""
        command = [str(word) for word in command]
        before = self.busy_seconds(), self.children_seconds(), time.monotonic()
        try:
            done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        except OSError as error:
            print(f"failed: {error}", file=sys.stderr)
            return []
        busy = self.busy_seconds() - before[0]
        own = self.children_seconds() - before[1]
        elapsed = time.monotonic() - before[2]
        others = 0.0
        if elapsed > 0.5:  # /proc/stat counts in hundredths of a second
            others = max(0.0, (busy - own) / (elapsed * os.cpu_count()))
            self.disturbance.append(others)
        if done.returncode != 0:
            reason = (done.stderr.strip() or "no message").splitlines()[-1]
            print(f"failed ({done.returncode}): {' '.join(command)}: {reason}", file=sys.stderr)
            return []
        rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return [row | {"others": round(others, 3)} for row in rows]

    @staticmethod
    def children_seconds():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    @staticmethod
    def busy_seconds():
        """CPU time of the whole machine that was neither idle nor waiting for a disk."""
        fields = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, fields)
        return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def alternate(rounds, jobs, sides):
    """Measures every job on every side, `rounds` times. `sides`: for each name a function from a job
    to its rows. The side that goes first alternates."""
    results = []
    for index in range(rounds):
        result = {"load_average": os.getloadavg()[0], **{side: {} for side in sides}}
        for job in jobs:
            for side in reversed(sides) if index % 2 else sides:
                result[side][job] = sides[side](job)
        results.append(result)
        print(f"round {index + 1} of {rounds} done", file=sys.stderr)
    return results


def row_of(rows, name=None):
    """The row called `name`, or the first."""
    return next((row for row in rows if name is None or row["name"] == name), None)


def seconds(row):
    return row["median_s"] if row else None


def spread(values, pattern):
    """`median (least-greatest)` of what was measured, or a dash."""
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    text = format(statistics.median(values), pattern)
    if len(values) == 1:
        return text
    return f"{text} ({format(min(values), pattern)}–{format(max(values), pattern)})"


def divide(numerator, denominator):
    return numerator / denominator if numerator and denominator else None


def verdict(values, target, least=None):
    """Whether the median, and where given the ratio of the least times, reach the target."""
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    met = {statistics.median(values) >= target}
    if least is not None:
        met.add(least >= target)
    return "unclear" if len(met) == 2 else "yes" if True in met else "no"


def is_disturbed(rows):
    """Whether others kept the machine busy in the typical round."""
    return statistics.median(row["others"] for row in rows if row) > BUSY


def table_row(*cells):
    return "| " + " | ".join(map(str, cells)) + " |"


def claim(title, brink_rows, peer_rows, target=None, per_second=1e3, pattern=".1f"):
    """One table line: brink's time, the peer's (a row or None per round; `per_second` sets the
    unit, `pattern` the digits), and their ratio against the target."""
    brink, peer = ([seconds(row) for row in rows] for rows in (brink_rows, peer_rows))
    ratios = [divide(p, b) for b, p in zip(brink, peer)]
    brink_least, peer_least = (
        min((row["min_s"] for row in rows if row), default=None) for rows in (brink_rows, peer_rows)
    )
    least = divide(peer_least, brink_least)
    times = (spread([per_second * t if t else None for t in side], pattern) for side in (brink, peer))
    goal = f"≥ {target}" if target else ""
    met = verdict(ratios, target, least) if target else ""
    if least and target and any(is_disturbed(rows) for rows in (brink_rows, peer_rows)):
        met = "disturbed"
    return table_row(title, *times, spread(ratios, ".2f"), spread([least], ".2f"), goal, met)


def every_row(rounds):
    """A table of all that was timed."""
    lines = ["| every row | median, ms | least, ms |", "|---|---|---|"]
    for side in rounds[0]:
        if side == "load_average":
            continue
        for job in rounds[0][side]:
            for row in rounds[0][side][job]:
                same = [row_of(result[side][job], row["name"]) for result in rounds]
                pattern = ".1f" if row["median_s"] > 0.01 else ".4f"
                milliseconds = spread([1e3 * r["median_s"] for r in same if r], pattern)
                least = min(1e3 * r["min_s"] for r in same if r)
                lines.append(table_row(f"{side}: {row['name']}", milliseconds, format(least, pattern)))
    return lines


def output_of(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def describe(arguments, machine, rounds, modules):
    """What the figures depend on; `modules` of Python by their names."""
    cpu = [
        line.split(":", 1)[1].strip()
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    versions = (
        f"import json, {', '.join(modules)};"
        f"print(json.dumps({{m.__name__: m.__version__ for m in ({', '.join(modules)})}}))"
    )
    commit = output_of(["git", "rev-parse", "--short", "HEAD"]) or "unknown"
    modified = bool(output_of(["git", "status", "--porcelain", "--untracked-files=no"]))
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": commit + ("-modified" if modified else ""),
        "cpu": cpu[0] if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "threads": arguments.threads,
        "system": f"{platform.system()} {platform.release()}",
        "peers": json.loads(output_of([arguments.python, "-c", versions]) or "{}"),
        "brink": output_of([str(arguments.bin / "brink"), "info"]),
        "rounds": len(rounds),
        "load_average": [result["load_average"] for result in rounds],
        "others_median": statistics.median(machine.disturbance or [0.0]),
        "others_max": max(machine.disturbance, default=0.0),
        "disturbed": sum(others > BUSY for others in machine.disturbance),
        "commands": len(machine.disturbance),
    }


def page(about, work, command, tables):
    """`work`: a line on what was measured; `command`: what measures it again, without threads and
    rounds."""
    peers = ", ".join(f"{name} {version}" for name, version in about["peers"].items())
    return f"""# brink and its peers, {about['date'][:10]}

Commit {about['commit']}; {about['cpu']}, {about['cores']} cores, {about['threads']} threads; {about['system']}; {peers}.
{work}
Medians of {about['rounds']} rounds that alternate the sides, with (least–greatest) in brackets. Others used
{about['others_median']:.0%} of the machine meanwhile (median; at most {about['others_max']:.0%}; {about['disturbed']} of \
{about['commands']} commands above {BUSY:.0%}).

Command: `{command} --threads {about['threads']} --rounds {about['rounds']}`

{tables}
"""


def write(directory, name, text, about, rounds):
    """NAME.md and NAME.json."""
    directory.mkdir(parents=True, exist_ok=True)
    page_path, data_path = directory / f"{name}.md", directory / f"{name}.json"
    page_path.write_text(text)
    data_path.write_text(json.dumps({"about": about, "rounds": rounds}, indent=1) + "\n")
    print(text)
    print(f"written: {page_path}, {data_path}", file=sys.stderr)

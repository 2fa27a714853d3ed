"""What every peer program has: the clock, the output format, numbers on the command line."""

import fractions
import json
import statistics
import time


def measure(work, repeats, warmup=2, finish=lambda: None):
    """Seconds of each of `repeats` calls of `work`, after `warmup` calls that do not count.
    `finish` waits for what a device has yet to do."""
    for _ in range(warmup):
        work()
    finish()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        finish()
        seconds.append(time.perf_counter() - start)
    return seconds


def report(name, seconds, **extras):
    """Print one measurement as a line of JSON: the format `brink_bench --json` uses as well."""
    row = {"name": name, "median_s": statistics.median(seconds), "min_s": min(seconds), "samples": len(seconds)}
    print(json.dumps(row | extras), flush=True)


def number(text):
    """A number or a fraction such as 2/30."""
    return float(fractions.Fraction(text))

"""What the peers of the basin scan share: f4 of Chen et al. 2024 over [-4, 4]^2, verdicts, output.

f4(x, y) = (1 - xy)^2 + (x^2 + y^2)/20. A start is iterated until ||grad f|| < tolerance or a
coordinate exceeds 1e6; it is stable or unstable where it ends at a minimum, by whether f ever rose
by more than 32 units of rounding of max(1, |f|). Cycles are not looked for: they are undecided at the
step limit.
"""

import argparse
import math

import numpy as np
from clock import number, report

OUTCOMES = ("undecided", "stable", "unstable", "diverged", "stationary", "periodic")
UNDECIDED, STABLE, UNSTABLE, DIVERGED, STATIONARY, _PERIODIC = range(len(OUTCOMES))
MINIMUM = math.sqrt(0.95)  # the minima are +-(MINIMUM, MINIMUM), index 1 and 0
NEAR = 1e-3  # a trajectory that ends so near a minimum has reached it
ESCAPE = 1e6
MAX_STEPS = 10_000


def axis(count, dtype):
    """The coordinates of the starts along a side of the grid."""
    return np.linspace(-4, 4, count).astype(dtype)


def slack(dtype):
    return 32 * np.finfo(dtype).eps


def parse_arguments(description, grid, add_options=None):
    """The options that every peer of the basin scan takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--precision", choices=("float32", "float64"), default="float64")
    parser.add_argument("--lr", type=number, nargs="+", default=[0.1, 0.3, 0.5], help="step sizes")
    parser.add_argument("--grid", type=int, default=grid, help=f"starts along a side; default {grid}")
    parser.add_argument("--tolerance", type=float, default=1e-6, help="of ||grad f||; default 1e-6")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=1)
    if add_options:
        add_options(parser)
    return parser.parse_args()


def report_scan(what, arguments, rate, seconds, outcome, steps):
    """A row in brink's form. `outcome`: a code per start; `steps`: of all starts together."""
    starts = outcome.size
    median = float(np.median(seconds))
    report(
        f"basin/{what}-{arguments.precision}-{rate:g}-{arguments.grid}",
        seconds,
        starts=starts,
        starts_per_s=starts / median,
        mean_steps=steps / starts,
        steps_per_s=steps / median,
        outcomes=dict(zip(OUTCOMES, np.bincount(outcome.ravel(), minlength=len(OUTCOMES)).tolist())),
        tolerance=arguments.tolerance,
    )

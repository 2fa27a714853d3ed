#!/usr/bin/env python3
"""Basins of f4 by a numba `prange` over the rows of the grid, a scalar loop per start.

`prange` keeps to IEEE arithmetic; `prange-fastmath` lets the compiler reorder it and fuse
multiplications with additions.
"""

import f4
import numba
import numpy as np
from clock import measure
from f4 import DIVERGED, MAX_STEPS, STABLE, STATIONARY, UNDECIDED, UNSTABLE


def make_scan(dtype, fastmath):
    """scan(axis, eta, tolerance, outcome, minimum, steps), compiled for one precision: every constant
    has its type, as a Python number would turn float32 into float64."""
    one, two, tenth, twentieth = map(dtype, (1, 2, 0.1, 0.05))
    place, near, escape, slack = map(dtype, (f4.MINIMUM, f4.NEAR, f4.ESCAPE, f4.slack(dtype)))

    @numba.njit(fastmath=fastmath)
    def value_and_gradient(x, y):
        miss = one - x * y
        twice = two * miss
        value = miss * miss + twentieth * (x * x + y * y)
        return value, tenth * x - twice * y, tenth * y - twice * x

    @numba.njit(fastmath=fastmath)
    def descend(x, y, eta, tolerance_square):
        """(outcome, minimum, steps) of one start."""
        value, gx, gy = value_and_gradient(x, y)
        rose = False
        for step in range(MAX_STEPS):
            if not (abs(x) <= escape and abs(y) <= escape):
                return DIVERGED, -1, step
            if gx * gx + gy * gy < tolerance_square:
                reached = UNSTABLE if rose else STABLE
                if abs(x - place) < near and abs(y - place) < near:
                    return reached, 1, step
                if abs(x + place) < near and abs(y + place) < near:
                    return reached, 0, step
                return STATIONARY, -1, step
            before = value
            x -= eta * gx
            y -= eta * gy
            value, gx, gy = value_and_gradient(x, y)
            if value > before + slack * max(one, abs(before)):
                rose = True
        return UNDECIDED, -1, MAX_STEPS

    @numba.njit(parallel=True, fastmath=fastmath)
    def scan(axis, eta, tolerance, outcome, minimum, steps):
        for row in numba.prange(axis.size):
            taken = 0
            for col in range(axis.size):
                code, index, count = descend(axis[col], axis[row], eta, tolerance * tolerance)
                outcome[row, col] = code
                minimum[row, col] = index
                taken += count
            steps[row] = taken

    return scan


def main():
    arguments = f4.parse_arguments(__doc__.splitlines()[0], grid=4096)
    numba.set_num_threads(arguments.threads)
    dtype = np.dtype(arguments.precision).type
    axis = f4.axis(arguments.grid, dtype)
    outcome = np.zeros((axis.size, axis.size), np.uint8)
    minimum = np.zeros((axis.size, axis.size), np.int16)
    steps = np.zeros(axis.size, np.int64)
    for what, fastmath in (("prange", False), ("prange-fastmath", True)):
        scan = make_scan(dtype, fastmath)
        scan(axis[:2], dtype(0.1), dtype(arguments.tolerance), outcome, minimum, steps)  # compiles
        for rate in arguments.lr:

            def work():
                scan(axis, dtype(rate), dtype(arguments.tolerance), outcome, minimum, steps)

            seconds = measure(work, arguments.repeats, warmup=0)
            f4.report_scan(what, arguments, rate, seconds, outcome, int(steps.sum()))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Basins of f4 by `jit(vmap(while_loop))` in JAX, a block of starts at a time.

All starts of a block step until its last one has ended: small blocks wait less, and are dispatched
more often. On the CPU they are shared by as many threads as the others have. As a start costs as much
on a smaller grid, 1024 along a side stand for more. On a GPU a block is 2^20 starts by default: smaller
ones leave it idle.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import f4
import jax
import jax.numpy as jnp
import numpy as np
from clock import measure
from f4 import DIVERGED, ESCAPE, MAX_STEPS, MINIMUM, NEAR, STABLE, STATIONARY, UNDECIDED, UNSTABLE


def objective(point):
    x, y = point
    return (1 - x * y) ** 2 + (x * x + y * y) / 20


def make_scan(dtype, eta, tolerance):
    """scan(x, y) of a block of starts: outcome, minimum and steps of each."""
    value_and_gradient = jax.value_and_grad(objective)
    slack = dtype(f4.slack(dtype))

    def ended(point, gradient):
        is_flat = gradient[0] ** 2 + gradient[1] ** 2 < tolerance**2
        return is_flat, ~(jnp.abs(point).max() <= ESCAPE)

    def goes_on(state):
        point, _, gradient, _, steps = state
        is_flat, has_left = ended(point, gradient)
        return (steps < MAX_STEPS) & ~is_flat & ~has_left

    def advance(state):
        point, before, gradient, rose, steps = state
        point = point - eta * gradient
        value, gradient = value_and_gradient(point)
        rose = rose | (value > before + slack * jnp.maximum(1, jnp.abs(before)))
        return point, value, gradient, rose, steps + 1

    def descend(x, y):
        point = jnp.stack((x, y))
        start = (point, *value_and_gradient(point), False, 0)
        point, _, gradient, rose, steps = jax.lax.while_loop(goes_on, advance, start)
        is_flat, has_left = ended(point, gradient)
        here = [jnp.abs(point - place).max() < NEAR for place in (-MINIMUM, MINIMUM)]
        minimum = jnp.select([~is_flat | has_left, *here], [-1, 0, 1], -1)
        reached = jnp.where(rose, UNSTABLE, STABLE)
        settled = jnp.where(minimum >= 0, reached, STATIONARY)
        outcome = jnp.select([has_left, is_flat], [DIVERGED, settled], UNDECIDED)
        return outcome.astype(jnp.uint8), minimum.astype(jnp.int16), steps

    return jax.jit(jax.vmap(descend))


def main():
    def options(parser):
        parser.add_argument("--block", type=int, help="starts at a time; default 1024, on a GPU 1048576")
        parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")

    arguments = f4.parse_arguments(__doc__.splitlines()[0], grid=1024, add_options=options)
    on_cpu = arguments.device == "cpu"
    size = arguments.block or (1024 if on_cpu else 1 << 20)
    if on_cpu:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])  # JAX has no option
    jax.config.update("jax_platforms", arguments.device)
    jax.config.update("jax_enable_x64", arguments.precision == "float64")
    dtype = np.dtype(arguments.precision).type
    axis = f4.axis(arguments.grid, dtype)
    y, x = (side.ravel() for side in np.meshgrid(axis, axis, indexing="ij"))
    outcome, minimum = np.zeros(x.size, np.uint8), np.zeros(x.size, np.int16)
    steps = np.zeros(x.size, np.int32)
    blocks = [slice(first, first + size) for first in range(0, x.size, size)]
    threads = ThreadPoolExecutor(arguments.threads if on_cpu else 1)
    for rate in arguments.lr:
        scan = make_scan(dtype, rate, arguments.tolerance)

        def scan_block(block):
            outcome[block], minimum[block], steps[block] = scan(x[block], y[block])

        def work():
            list(threads.map(scan_block, blocks))

        scan_block(blocks[0])  # compiles, as does the last one, which may be shorter
        scan_block(blocks[-1])
        seconds = measure(work, arguments.repeats, warmup=0)
        f4.report_scan("vmap", arguments, rate, seconds, outcome, int(steps.sum()))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Directional smoothness L(theta; tau eta g) at 100 points of the step, by 100 gradients.

`--gradients K` times only K of them, spread over the segment, and multiplies by 100 / K.
"""

import torch
from clock import measure, report
from common import flat, load_problem, parse_arguments, unflatten, waiting
from torch.nn import functional

POINTS = 100


def gradient_at(network, x, y):
    parameters = list(network.parameters())
    return flat(torch.autograd.grad(functional.cross_entropy(network(x), y), parameters))


def sweep(network, x, y, learning_rate, points):
    """L at tau = k / 100 for each k in `points`; the parameters are left as they were."""
    parameters = list(network.parameters())
    theta = flat(parameter.detach() for parameter in parameters)
    gradient = gradient_at(network, x, y)
    squared_norm = gradient.dot(gradient)
    smoothness = []
    for k in points:
        tau = k / POINTS
        moved = theta.add(gradient, alpha=-tau * learning_rate)
        for parameter, view in zip(parameters, unflatten(moved, parameters)):
            parameter.data = view
        overlap = gradient.dot(gradient_at(network, x, y)) / squared_norm
        smoothness.append(((1 - overlap) / (tau * learning_rate)).item())
    for parameter, view in zip(parameters, unflatten(theta, parameters)):
        parameter.data = view
    return smoothness


def main():
    def options(parser):
        parser.add_argument("--gradients", type=int, default=POINTS, help="of 100; default all of them")

    arguments = parse_arguments(__doc__.splitlines()[0], repeats=1, add_options=options)
    if not 1 <= arguments.gradients <= POINTS:
        raise SystemExit(f"--gradients {arguments.gradients}: expected 1 to {POINTS}")
    network, x, y = load_problem(arguments)
    points = [POINTS * (k + 1) // arguments.gradients for k in range(arguments.gradients)]
    measure(lambda: gradient_at(network, x, y), repeats=1, finish=waiting(arguments))
    smoothness = []

    def work():
        smoothness[:] = sweep(network, x, y, arguments.lr, points)

    seconds = measure(work, arguments.repeats, warmup=0)
    report(
        "line/gradients",
        [second * POINTS / len(points) for second in seconds],
        points=POINTS,
        gradients=len(points),
        tau=[k / POINTS for k in points],
        line_smoothness=smoothness,
    )


if __name__ == "__main__":
    main()

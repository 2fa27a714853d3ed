#!/usr/bin/env python3
"""Hessian-vector products in PyTorch, in batches of eight directions: seconds per direction.

  hvp/graph        double backward over one graph, kept and reused across directions
  hvp/vmap-graph   the same graph, all directions in one call (is_grads_batched)
  hvp/linearize    torch.func.linearize of the gradient (forward over reverse), one by one
  hvp/vmap         forward over reverse, jvp of grad, all directions under torch.vmap
  hvp/naive        the usual script: forward, backward and double backward for every direction

`median_s` leaves out what is shared by all directions at the same parameters (the graph, the
linearisation); `shared_s` is the time of that, and `batch_s` that of a whole batch with it.
"""

import statistics

import torch
from clock import measure, report
from common import (
    DIRECTIONS,
    GraphProducts,
    functional_loss,
    linearised_products,
    load_problem,
    parse_arguments,
    unflatten,
    waiting,
)
from torch.nn.utils import parameters_to_vector


def one_by_one(product):
    return lambda directions: torch.stack([product(direction) for direction in directions])


def graph(network, x, y):
    return one_by_one(GraphProducts(network, x, y))


def vmap_graph(network, x, y):
    products = GraphProducts(network, x, y)

    def batch(directions):
        pieces = [unflatten(direction, products.parameters) for direction in directions]
        stacked = [torch.stack(same_parameter) for same_parameter in zip(*pieces)]
        results = torch.autograd.grad(
            products.gradient, products.parameters, stacked, retain_graph=True, is_grads_batched=True
        )
        return torch.cat([result.flatten(1) for result in results], dim=1)

    return batch


def linearize(network, x, y):
    return one_by_one(linearised_products(network, x, y))


def vmap_forward(network, x, y):
    theta = parameters_to_vector(network.parameters()).detach()
    gradient = torch.func.grad(functional_loss(network, x, y))
    return torch.vmap(lambda direction: torch.func.jvp(gradient, (theta,), (direction,))[1])


def naive(network, x, y):
    return one_by_one(lambda direction: GraphProducts(network, x, y)(direction))


VARIANTS = {
    "graph": graph,
    "vmap-graph": vmap_graph,
    "linearize": linearize,
    "vmap": vmap_forward,
    "naive": naive,
}


def main():
    def options(parser):
        parser.add_argument("--variants", default=",".join(VARIANTS), help="comma-separated; default all")

    arguments = parse_arguments(__doc__.splitlines()[0], repeats=3, add_options=options)
    network, x, y = load_problem(arguments)
    directions = torch.randn(DIRECTIONS, parameters_to_vector(network.parameters()).numel(), device=x.device)
    finish = waiting(arguments)
    expected = None
    for name in arguments.variants.split(","):
        build = VARIANTS[name]
        shared = statistics.median(measure(lambda: build(network, x, y), arguments.repeats, 1, finish))
        batch = build(network, x, y)
        products = batch(directions)
        expected = products if expected is None else expected
        seconds = measure(lambda: batch(directions), arguments.repeats, 1, finish)
        report(
            f"hvp/{name}",
            [second / DIRECTIONS for second in seconds],
            directions=DIRECTIONS,
            shared_s=shared,
            batch_s=shared + statistics.median(seconds),
            disagreement=((products - expected).norm() / expected.norm()).item(),
        )


if __name__ == "__main__":
    main()

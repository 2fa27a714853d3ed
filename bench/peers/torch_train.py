#!/usr/bin/env python3
"""Parameters at the edge of stability by plain GD in PyTorch, where brink is not there to make them.

Writes the parameters after --steps steps to --before, and after --more further ones to --after.
"""

import numpy as np
from common import load_problem, parse_arguments, train
from torch.nn.utils import parameters_to_vector


def main():
    def options(parser):
        parser.add_argument("--before", required=True, metavar="OUT.npy")
        parser.add_argument("--after", required=True, metavar="OUT.npy")
        parser.add_argument("--steps", type=int, default=400)
        parser.add_argument("--more", type=int, default=10)

    arguments = parse_arguments(__doc__.splitlines()[0], repeats=1, add_options=options)
    network, x, y = load_problem(arguments)
    theta = train(x, y, arguments.lr, arguments.steps, parameters_to_vector(network.parameters()).detach())
    np.save(arguments.before, theta.cpu().numpy())
    np.save(arguments.after, train(x, y, arguments.lr, arguments.more, theta).cpu().numpy())


if __name__ == "__main__":
    main()

"""What the PyTorch programs share: the data, the network and the command line.

The work is that of Cohen et al. 2021 and Ahn et al. 2022: CIFAR-10, a fully connected
3072-200-200-10 network, full-batch gradient descent with eta = 2/30, float32.
"""

import argparse
import pathlib

import numpy as np
import torch
from clock import number
from torch import nn
from torch.nn import functional
from torch.nn.utils import parameters_to_vector, vector_to_parameters

PIXELS = 3 * 32 * 32
CLASSES = 10
HIDDEN = (200, 200)
DIRECTIONS = 8  # Hessian-vector products come in batches of this many


def load_cifar10(directory, examples=None):
    """The first `examples` (default: all) of `data_batch_*.bin` of `directory`: standardised pixels (n x 3072, float32), labels (n)."""
    paths = sorted(pathlib.Path(directory).glob("data_batch_*.bin"))
    if not paths:
        raise SystemExit(f"{directory}: no data_batch_*.bin here; expected CIFAR-10's binary version")
    records = np.concatenate([np.fromfile(path, np.uint8).reshape(-1, 1 + PIXELS) for path in paths])[:examples]
    pixels = records[:, 1:] / 255.0
    deviation = pixels.std(axis=0)
    deviation[deviation == 0] = 1  # a pixel that never varies carries no information: leave it at 0
    standardised = (pixels - pixels.mean(axis=0)) / deviation
    return torch.from_numpy(standardised.astype(np.float32)), torch.from_numpy(records[:, 0].astype(np.int64))


def build_network(theta=None):
    """The network with PyTorch's default initialisation, or at the flat parameters `theta`."""
    sizes = (PIXELS, *HIDDEN, CLASSES)
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), nn.Tanh()]
    network = nn.Sequential(*layers[:-1])
    if theta is not None:
        expected = parameters_to_vector(network.parameters()).numel()
        if theta.numel() != expected:
            raise SystemExit(f"the parameters hold {theta.numel()} numbers; this network has {expected}")
        with torch.no_grad():
            vector_to_parameters(theta, network.parameters())
    return network


def load_theta(path):
    """A flat parameter vector in `parameters_to_vector` order from a .npy of any float type."""
    return torch.from_numpy(np.load(path).astype(np.float32).ravel())


def flat(tensors):
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def unflatten(vector, parameters):
    """`vector` as views in the shapes of `parameters`."""
    pieces = vector.split([parameter.numel() for parameter in parameters])
    return [piece.view_as(parameter) for piece, parameter in zip(pieces, parameters)]


def functional_loss(network, x, y):
    """The mean cross-entropy as a pure function of the flat parameters, for torch.func."""
    named = dict(network.named_parameters())

    def loss(theta):
        tensors = dict(zip(named, unflatten(theta, list(named.values()))))
        return functional.cross_entropy(torch.func.functional_call(network, tensors, (x,)), y)

    return loss


class GraphProducts:
    """Hessian-vector products by double backward over one graph, built once and kept."""

    def __init__(self, network, x, y):
        self.parameters = list(network.parameters())
        self.device = x.device
        loss = functional.cross_entropy(network(x), y)
        self.gradient = torch.autograd.grad(loss, self.parameters, create_graph=True)

    def __call__(self, vector):
        products = torch.autograd.grad(
            self.gradient, self.parameters, unflatten(vector, self.parameters), retain_graph=True
        )
        return flat(products)


def linearised_products(network, x, y):
    """Hessian-vector products by forward over reverse: the gradient, linearised once at theta."""
    theta = parameters_to_vector(network.parameters()).detach()
    _, product = torch.func.linearize(torch.func.grad(functional_loss(network, x, y)), theta)
    return product


def train(x, y, learning_rate, steps, theta=None, seed=0):
    """Parameters after `steps` steps of full-batch gradient descent, from `theta` or a seed."""
    torch.manual_seed(seed)
    network = build_network(theta)
    parameters = list(network.parameters())
    for _ in range(steps):
        gradient = torch.autograd.grad(functional.cross_entropy(network(x), y), parameters)
        with torch.no_grad():
            torch._foreach_add_(parameters, gradient, alpha=-learning_rate)
    return parameters_to_vector(parameters).detach()


def parse_arguments(description, repeats, add_options=None):
    """The options that every peer program takes; sets the number of threads as asked."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--cifar", required=True, metavar="DIR", help="CIFAR-10, binary version")
    parser.add_argument("--examples", type=int, help="the first so many images (default: all)")
    parser.add_argument("--theta", metavar="FILE.npy", help="flat parameters (default: initialisation, seed 0)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", help="cpu or cuda; default cpu")
    parser.add_argument("--lr", type=number, default=2 / 30, help="eta; default 2/30")
    parser.add_argument("--repeats", type=int, default=repeats)
    if add_options:
        add_options(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    return arguments


def on_gpu(arguments):
    return torch.device(arguments.device).type == "cuda"


def waiting(arguments):
    """What waits for the device: the `finish` of a measurement."""
    return torch.cuda.synchronize if on_gpu(arguments) else lambda: None


def load_problem(arguments):
    """The network at the asked parameters, the inputs and the labels, on the asked device."""
    torch.manual_seed(0)
    x, y = load_cifar10(arguments.cifar, arguments.examples)
    network = build_network(load_theta(arguments.theta) if arguments.theta else None)
    device = torch.device(arguments.device)
    return network.to(device), x.to(device), y.to(device)


def gradient_products(examples):
    """Floating-point operations of the matrix products of one gradient (no product for dX)."""
    sizes = (PIXELS, *HIDDEN, CLASSES)
    layers = [inputs * outputs for inputs, outputs in zip(sizes, sizes[1:])]
    return 2 * examples * (2 * sum(layers) + sum(layers[1:]))

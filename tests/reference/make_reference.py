#!/usr/bin/env python3
"""Reference values for small networks, computed by PyTorch in float64, for the C++ tests to read.

Run by hand, from anywhere, when a definition changes; the tests themselves need no PyTorch:

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install torch==2.15.0 numpy==2.4.6
    /tmp/reference/bin/python tests/reference/make_reference.py

The output is deterministic for given versions, so `git diff` shows what changed. README.md
describes the files. Everything is differentiated by PyTorch from the definition of the objective;
no formula of brink's is repeated here except the definitions of RP and L.
"""

import json
import math
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional

DATA = pathlib.Path(__file__).parent / "data"
EXAMPLES, FEATURES, OUTPUTS = 33, 13, 4
HIDDEN = (7, 5)
DEEP = (7, 5, 6, 3)
TAUS = (0.25, 0.5, 0.75, 1.0)
CLEARANCE = 1e-3  # no pre-activation comes closer than this to a kink, anywhere along the step
ACTIVATIONS = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "gelu": functional.gelu,  # the exact one, with erf
    "elu": functional.elu,
    "softplus": functional.softplus,
    "hardtanh": functional.hardtanh,
    "identity": lambda z: z,
}
KINKS = {"relu": (0.0,), "hardtanh": (-1.0, 1.0)}
# Steps long enough for RP to be far from -1, short enough at kinks that some seed avoids them all.
LEARNING_RATE = 0.5
KINKED_LEARNING_RATE = 0.0625


def uniform(shape, bound, generator):
    return (2 * torch.rand(shape, generator=generator, dtype=torch.float64) - 1) * bound


def make_theta(hidden, seed):
    """Twice PyTorch's default initialisation, so that the activations leave their linear range."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (FEATURES, *hidden, OUTPUTS)
    pieces = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        bound = 2 / math.sqrt(inputs)
        pieces += [uniform((outputs * inputs,), bound, generator), uniform((outputs,), bound, generator)]
    return torch.cat(pieces)


class Problem:
    """An objective f(theta) with its derivatives."""

    def __init__(self, x, y, hidden, activation, loss):
        self.x, self.y, self.hidden, self.activation, self.loss = x, y, hidden, activation, loss
        self.gradient = torch.func.grad(self)

    def layers(self, theta):
        """(weight, bias) of each layer, in parameters_to_vector order."""
        sizes = (FEATURES, *self.hidden, OUTPUTS)
        offset = 0
        for inputs, outputs in zip(sizes, sizes[1:]):
            weight = theta[offset : offset + outputs * inputs].view(outputs, inputs)
            offset += outputs * inputs
            yield weight, theta[offset : offset + outputs]
            offset += outputs
        assert offset == theta.numel()

    def forward(self, theta):
        """The outputs and the pre-activations of the hidden layers."""
        preactivations = []
        value = self.x
        for weight, bias in self.layers(theta):
            if preactivations:
                value = ACTIVATIONS[self.activation](preactivations[-1])
            preactivations.append(functional.linear(value, weight, bias))
        return preactivations[-1], preactivations[:-1]

    def __call__(self, theta):
        outputs, _ = self.forward(theta)
        if self.loss == "cross-entropy":
            return functional.cross_entropy(outputs, self.y)
        targets = self.y if self.y.is_floating_point() else functional.one_hot(self.y, OUTPUTS)
        return 0.5 * (outputs - targets).square().sum() / len(self.x)

    def accuracy(self, theta):
        return (self.forward(theta)[0].argmax(1) == self.y).double().mean().item()

    def directional_smoothness(self, theta, v):
        difference = self.gradient(theta) - self.gradient(theta - v)
        return (v.dot(difference) / v.dot(v)).item()

    def relative_progress(self, theta, learning_rate):
        g = self.gradient(theta)
        return ((self(theta - learning_rate * g) - self(theta)) / (learning_rate * g.dot(g))).item()

    def clearance(self, theta, learning_rate):
        """The smallest distance of a pre-activation to a kink along the step."""
        g = self.gradient(theta)
        closest = math.inf
        last = None
        for tau in torch.linspace(0, 1, 65, dtype=torch.float64):
            now = torch.cat([z.flatten() for z in self.forward(theta - tau * learning_rate * g)[1]])
            for kink in KINKS.get(self.activation, ()):
                closest = min(closest, (now - kink).abs().min().item())
                if last is not None and ((now - kink) * (last - kink) < 0).any():
                    return 0.0
            last = now
        return closest


def check_identity(problem, theta, learning_rate, relative_progress):
    """Ahn et al. (4.2): RP = -1 + eta * (integral of tau L(theta; eta tau g)) over [0, 1]."""
    g = problem.gradient(theta)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    taus = (nodes + 1) / 2
    smoothness = [problem.directional_smoothness(theta, tau * learning_rate * g) for tau in taus]
    integral = float(np.sum(weights / 2 * taus * np.array(smoothness)))
    error = abs(-1 + learning_rate * integral - relative_progress)
    # ELU's second derivative jumps at 0, which limits the quadrature, not the reference.
    assert error < (1e-3 if problem.activation == "elu" else 1e-8), error


def save_array(name, tensor):
    np.save(DATA / name, tensor.numpy())
    return name


def save_json(name, content):
    (DATA / name).write_text(json.dumps(content, indent=1) + "\n")


def write_case(name, problem, learning_rate, theta, files):
    """Values at theta; `files` names the inputs, which cases share."""
    if problem.activation in KINKS:
        assert problem.clearance(theta, learning_rate) > CLEARANCE, name
    g = problem.gradient(theta)
    direction = torch.from_numpy(np.load(DATA / files["direction"]))
    hessian = torch.func.hessian(problem)(theta)
    hessian = (hessian + hessian.T) / 2
    eigenvalues = torch.linalg.eigvalsh(hessian)
    relative_progress = problem.relative_progress(theta, learning_rate)
    check_identity(problem, theta, learning_rate, relative_progress)
    expected = {
        "loss": problem(theta).item(),
        "gradient": save_array(f"{name}.gradient.npy", g),
        "relative_progress": relative_progress,
        "directional_smoothness": problem.directional_smoothness(theta, learning_rate * g),
        "tau": TAUS,
        "line_smoothness": [problem.directional_smoothness(theta, tau * learning_rate * g) for tau in TAUS],
        "top_eigenvalues": eigenvalues.flip(0)[:5].tolist(),
        "bottom_eigenvalues": eigenvalues[:3].tolist(),
        "hessian_trace": hessian.trace().item(),
        "hessian_vector_product": save_array(f"{name}.product.npy", hessian @ direction),
    }
    if not problem.y.is_floating_point():
        expected["accuracy"] = problem.accuracy(theta)
    settings = {
        "activation": problem.activation,
        "loss": problem.loss,
        "hidden": problem.hidden,
        "learning_rate": learning_rate,
    }
    save_json(f"{name}.json", settings | files | {"expected": expected})


def descend(problem, theta, learning_rate, steps, optimizer=None, objective=None):
    """The losses f at theta_0 ... theta_steps under a torch.optim optimizer (plain SGD unless given)."""
    objective = objective or problem
    parameter = nn.Parameter(theta.clone())
    optimizer = optimizer([parameter]) if optimizer else torch.optim.SGD([parameter], lr=learning_rate)
    thetas = [theta]
    for _ in range(steps):
        optimizer.zero_grad()
        objective(parameter).backward()
        optimizer.step()
        thetas.append(parameter.detach().clone())
    return [problem(theta).item() for theta in thetas], thetas


def normalized_descent(problem, theta, learning_rate, steps):
    losses = [problem(theta).item()]
    for _ in range(steps):
        g = problem.gradient(theta)
        theta = theta - learning_rate * g / g.norm()
        losses.append(problem(theta).item())
    return losses


def write_trajectories(problem, theta, files):
    """Gradient descent past the edge of stability, and ten steps of each relative."""
    sharpness = torch.linalg.eigvalsh(torch.func.hessian(problem)(theta))[-1].item()
    learning_rate = round(3.0 / sharpness, 2)  # beyond 2 / sharpness: the loss rises on the way
    losses, thetas = descend(problem, theta, learning_rate, 20)
    steps = thetas[:-1]
    g = [problem.gradient(theta) for theta in steps]
    gradient_descent = {
        "learning_rate": learning_rate,
        "loss": losses,
        "relative_progress": [problem.relative_progress(theta, learning_rate) for theta in steps],
        "directional_smoothness": [
            problem.directional_smoothness(theta, learning_rate * g) for theta, g in zip(steps, g)
        ],
        "gradient_norm": [g.norm().item() for g in g],
        "theta": save_array("trajectory.gd.npy", thetas[-1]),
    }
    rises = sum(after > before for before, after in zip(losses, losses[1:]))
    assert 0 < rises < 20, "choose a step size at which the loss rises and falls"

    def momentum(nesterov):
        return lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9, nesterov=nesterov)

    def root(theta):
        return problem(theta).sqrt()

    relatives = {
        "polyak": {
            "learning_rate": 0.1,
            "momentum": 0.9,
            "loss": descend(problem, theta, 0.1, 10, momentum(False))[0],
        },
        "nesterov": {
            "learning_rate": 0.1,
            "momentum": 0.9,
            "loss": descend(problem, theta, 0.1, 10, momentum(True))[0],
        },
        "normalized-gd": {"learning_rate": 0.1, "loss": normalized_descent(problem, theta, 0.1, 10)},
        "gd-sqrt": {"learning_rate": 0.5, "loss": descend(problem, theta, 0.5, 10, objective=root)[0]},
    }
    settings = {"activation": problem.activation, "loss": problem.loss, "hidden": problem.hidden}
    save_json("trajectory.json", settings | files | {"gd": gradient_descent} | relatives)


def find_seed(x, labels):
    """The first seed whose parameters keep clear of every kink, for both losses."""
    for seed in range(100_000):
        theta = make_theta(HIDDEN, seed)
        if all(
            Problem(x, labels, HIDDEN, activation, loss).clearance(theta, KINKED_LEARNING_RATE) > 1.1 * CLEARANCE
            for activation in KINKS
            for loss in ("cross-entropy", "mse")
        ):
            return seed
    raise SystemExit("no seed keeps clear of the kinks: shorten the step")


def main():
    DATA.mkdir(exist_ok=True)
    for stale in DATA.iterdir():
        stale.unlink()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn((EXAMPLES, FEATURES), generator=generator, dtype=torch.float64)
    labels = torch.randint(OUTPUTS, (EXAMPLES,), generator=generator)
    targets = torch.randn((EXAMPLES, OUTPUTS), generator=generator, dtype=torch.float64)
    seed = find_seed(x, labels)
    print(f"seed {seed} keeps clear of the kinks")

    classification = {"x": save_array("x.npy", x), "y": save_array("labels.npy", labels)}
    regression = {"x": "x.npy", "y": save_array("targets.npy", targets)}
    thetas, network_files = {}, {}
    for hidden in (HIDDEN, (), DEEP):
        sizes = "-".join(map(str, (FEATURES, *hidden, OUTPUTS)))
        thetas[hidden] = make_theta(hidden, seed)
        direction = torch.randn(len(thetas[hidden]), generator=generator, dtype=torch.float64)
        network_files[hidden] = {
            "theta": save_array(f"theta-{sizes}.npy", thetas[hidden]),
            "direction": save_array(f"direction-{sizes}.npy", direction),
        }

    def case(name, activation, loss, hidden=HIDDEN, y=labels, data=classification):
        learning_rate = KINKED_LEARNING_RATE if activation in KINKS else LEARNING_RATE
        problem = Problem(x, y, hidden, activation, loss)
        write_case(name, problem, learning_rate, thetas[hidden], data | network_files[hidden])

    for activation in ACTIVATIONS:
        for loss in ("cross-entropy", "mse"):
            case(f"{activation}-{loss}", activation, loss)
    case("tanh-mse-regression", "tanh", "mse", y=targets, data=regression)
    case("no-hidden-cross-entropy", "identity", "cross-entropy", hidden=())
    case("deep-tanh-cross-entropy", "tanh", "cross-entropy", hidden=DEEP)

    problem = Problem(x, labels, HIDDEN, "tanh", "cross-entropy")
    write_trajectories(problem, thetas[HIDDEN], classification | {"theta": network_files[HIDDEN]["theta"]})
    print(f"{len(list(DATA.iterdir()))} files, {sum(path.stat().st_size for path in DATA.iterdir())} bytes")


if __name__ == "__main__":
    main()

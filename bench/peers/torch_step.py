#!/usr/bin/env python3
"""One full-batch GD step in PyTorch, with the loss, accuracy, RP and L of every step recorded.

RP and L at step t need the loss and gradient of step t+1, which the next iteration computes
anyway: beyond one forward and one backward pass they cost two dot products. Variants:

  step/optimizer   loss.backward(), flat gradient by concatenation, torch.optim.SGD
  step/flat        parameters and gradients live in one flat buffer each; the update is one axpy
  step/compiled    as flat, forward and loss under torch.compile
"""

import torch
from clock import measure, report
from common import gradient_products, load_problem, parse_arguments, unflatten
from torch.nn import functional
from torch.nn.utils import parameters_to_vector


class Recorder:
    """Loss and accuracy of each step; relative progress and directional smoothness of the one before."""

    def __init__(self, learning_rate):
        self.learning_rate = learning_rate
        self.rows = []
        self.loss = self.gradient = self.squared_norm = None

    def __call__(self, loss, outputs, labels, gradient):
        loss = loss.item()
        accuracy = (outputs.argmax(1) == labels).float().mean().item()
        squared_norm = gradient.dot(gradient).item()
        if self.gradient is not None:
            relative_progress = (loss - self.loss) / (self.learning_rate * self.squared_norm)
            overlap = self.gradient.dot(gradient).item() / self.squared_norm
            self.rows.append((loss, accuracy, relative_progress, (1 - overlap) / self.learning_rate))
        self.loss, self.gradient, self.squared_norm = loss, gradient, squared_norm


def optimizer_step(network, x, y, recorder):
    parameters = list(network.parameters())
    optimizer = torch.optim.SGD(parameters, lr=recorder.learning_rate)

    def step():
        optimizer.zero_grad()
        outputs = network(x)
        loss = functional.cross_entropy(outputs, y)
        loss.backward()
        gradient = parameters_to_vector([parameter.grad for parameter in parameters])
        recorder(loss.detach(), outputs.detach(), y, gradient)
        optimizer.step()

    return step


def flat_step(network, x, y, recorder, transform=lambda function: function):
    parameters = list(network.parameters())
    theta = parameters_to_vector(parameters).detach()
    for parameter, view in zip(parameters, unflatten(theta, parameters)):
        parameter.data = view
    buffers = [torch.zeros_like(theta), torch.zeros_like(theta)]  # this gradient and the last
    views = [unflatten(buffer, parameters) for buffer in buffers]

    def objective(x, y):
        outputs = network(x)
        return functional.cross_entropy(outputs, y), outputs

    objective = transform(objective)

    def step():
        buffers.reverse()
        views.reverse()
        buffers[0].zero_()  # backward() adds to the .grad it finds
        for parameter, view in zip(parameters, views[0]):
            parameter.grad = view
        loss, outputs = objective(x, y)
        loss.backward()
        recorder(loss.detach(), outputs.detach(), y, buffers[0])
        theta.add_(buffers[0], alpha=-recorder.learning_rate)

    return step


def compiled_step(network, x, y, recorder):
    return flat_step(network, x, y, recorder, torch.compile)


def main():
    arguments = parse_arguments(__doc__.splitlines()[0], repeats=10)
    flops = gradient_products(len(load_problem(arguments)[1]))
    for name, build in (("optimizer", optimizer_step), ("flat", flat_step), ("compiled", compiled_step)):
        network, x, y = load_problem(arguments)
        recorder = Recorder(arguments.lr)
        try:
            seconds = measure(build(network, x, y, recorder), arguments.repeats, warmup=3)
        except Exception as error:  # torch.compile needs a C++ compiler at run time
            if name != "compiled":
                raise
            print(f"# step/compiled failed: {str(error).splitlines()[0]}", flush=True)
            continue
        loss, accuracy, relative_progress, smoothness = recorder.rows[0]
        report(
            f"step/{name}",
            seconds,
            gflops=flops / min(seconds) / 1e9,
            loss=loss,
            accuracy=accuracy,
            relative_progress=relative_progress,
            directional_smoothness=smoothness,
        )


if __name__ == "__main__":
    main()

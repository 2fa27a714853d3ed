#!/usr/bin/env python3
"""One full-batch GD step in PyTorch, with the loss, accuracy, RP and L of every step recorded.

RP and L at step t need the loss and gradient of step t+1, which the next iteration computes
anyway: beyond one forward and one backward pass they cost two dot products. Variants:

  step/optimizer       loss.backward(), flat gradient by concatenation, torch.optim.SGD
  step/flat            parameters and gradients live in one flat buffer each; the update is one axpy
  step/compiled        as flat, forward and loss under torch.compile
  step/graph           on a GPU: the whole step, its records with it, as one CUDA graph; the records
                       are read after every 32 steps
  step/compiled-graph  the same, forward and loss under torch.compile

On a GPU a sample is the mean over 32 steps.
"""

import torch
from clock import measure, report
from common import gradient_products, load_problem, on_gpu, parse_arguments, unflatten, waiting
from torch.nn import functional
from torch.nn.utils import parameters_to_vector

STEPS = 32  # on a GPU, between two looks at the clock


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
        overlap = self.gradient.dot(gradient).item() if self.gradient is not None else None
        self.append(loss, accuracy, squared_norm, overlap)
        self.gradient = gradient

    def take(self, log):
        """Steps that were recorded on the device."""
        for row in log:
            self.append(*row)

    def append(self, loss, accuracy, squared_norm, overlap):
        if self.loss is not None:
            relative_progress = (loss - self.loss) / (self.learning_rate * self.squared_norm)
            smoothness = (1 - overlap / self.squared_norm) / self.learning_rate
            self.rows.append((loss, accuracy, relative_progress, smoothness))
        self.loss, self.squared_norm = loss, squared_norm


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


def graph_steps(network, x, y, recorder, transform=lambda function: function):
    """STEPS steps: replays of one graph, then a look at what they have recorded."""
    parameters = list(network.parameters())
    theta = parameters_to_vector(parameters).detach()
    for parameter, view in zip(parameters, unflatten(theta, parameters)):
        parameter.data = view
    gradient, previous = torch.zeros_like(theta), torch.zeros_like(theta)
    for parameter, view in zip(parameters, unflatten(gradient, parameters)):
        parameter.grad = view
    log = torch.zeros(STEPS, 4, device=x.device)  # loss, accuracy, |g|^2, <g, the gradient before>
    place = torch.zeros(1, dtype=torch.long, device=x.device)

    def objective(x, y):
        outputs = network(x)
        return functional.cross_entropy(outputs, y), outputs

    objective = transform(objective)

    def step():
        previous.copy_(gradient)
        gradient.zero_()
        loss, outputs = objective(x, y)
        loss.backward()
        accuracy = (outputs.detach().argmax(1) == y).float().mean()
        row = torch.stack([loss.detach(), accuracy, gradient.dot(gradient), gradient.dot(previous)])
        log.index_copy_(0, place, row[None])
        place.add_(1).remainder_(STEPS)
        theta.add_(gradient, alpha=-recorder.learning_rate)

    aside = torch.cuda.Stream()  # where PyTorch wants a step to have run before it is captured
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(aside)
    place.zero_()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()

    def steps():
        for _ in range(STEPS):
            graph.replay()
        recorder.take(log.tolist())

    return steps


def compiled_graph_steps(network, x, y, recorder):
    return graph_steps(network, x, y, recorder, torch.compile)


def repeated(step):
    def steps():
        for _ in range(STEPS):
            step()

    return steps


def main():
    arguments = parse_arguments(__doc__.splitlines()[0], repeats=10)
    flops = gradient_products(len(load_problem(arguments)[1]))
    builders = {"optimizer": optimizer_step, "flat": flat_step, "compiled": compiled_step}
    if on_gpu(arguments):
        builders |= {"graph": graph_steps, "compiled-graph": compiled_graph_steps}
    for name, build in builders.items():
        network, x, y = load_problem(arguments)
        recorder = Recorder(arguments.lr)
        try:
            work = build(network, x, y, recorder)
            if on_gpu(arguments) and "graph" not in name:
                work = repeated(work)
            seconds = measure(work, arguments.repeats, 3, waiting(arguments))
        except Exception as error:  # torch.compile needs a C++ compiler at run time
            if "compiled" not in name:
                raise
            print(f"# step/{name} failed: {str(error).splitlines()[0]}", flush=True)
            continue
        if on_gpu(arguments):
            seconds = [second / STEPS for second in seconds]
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

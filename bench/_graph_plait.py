"""The graph workloads in plait, by its public interface alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import _graph_data as graph_data
import plait
from _graph_data import Array, Data

Graph = tuple[plait.Node, list[plait.Node], list[plait.Node]]  # loss, inputs, parameters


def _parameters(data: Data) -> list[plait.Node]:
    """Weights and biases in turn; the VAE's two heads are layers of their own, as a user writes them."""
    arrays: list[Array] = []
    for w, b in data.layers:
        if w.shape[1] == 2 * graph_data.LATENT:
            half = graph_data.LATENT
            arrays += [w[:, :half], b[:half], w[:, half:], b[half:]]
        else:
            arrays += [w, b]
    return [plait.parameter(np.ascontiguousarray(array), name=f"p{i}") for i, array in enumerate(arrays)]


def spiral(data: Data) -> Graph:
    x, t = plait.input("x", (None, 2)), plait.input("t", (None, 3))
    p = _parameters(data)
    y = plait.sigmoid(plait.sigmoid(x @ p[0] + p[1]) @ p[2] + p[3])
    loss = plait.sum(plait.square(y - t)) * (0.5 / len(data.x))
    return loss, [x, t], p


def classifier(data: Data) -> Graph:
    x, t = plait.input("x", (None, 784)), plait.input("t", (None,), dtype="int64")
    p = _parameters(data)
    h = plait.relu(x @ p[0] + p[1])
    h = plait.relu(h @ p[2] + p[3])
    loss = plait.losses.cross_entropy_with_logits(h @ p[4] + p[5], t)
    return loss, [x, t], p


def autoencoder(data: Data) -> Graph:
    x, noise = plait.input("x", (None, 784)), plait.input("noise", (None, graph_data.LATENT))
    p = _parameters(data)
    h = plait.relu(x @ p[0] + p[1])
    h = plait.relu(h @ p[2] + p[3])
    mean, log_variance = h @ p[4] + p[5], h @ p[6] + p[7]
    z = mean + plait.exp(0.5 * log_variance) * noise
    h = plait.relu(z @ p[8] + p[9])
    h = plait.relu(h @ p[10] + p[11])
    cross_entropy = plait.losses.binary_cross_entropy_with_logits(h @ p[12] + p[13], x, reduction="sum")
    kl = 0.5 * plait.sum(plait.square(mean) + plait.exp(log_variance) - log_variance - 1)
    loss = (cross_entropy + kl) * (1 / len(data.x))
    return loss, [x, noise], p


BUILD: dict[str, Callable[[Data], Graph]] = {"a": spiral, "d": classifier, "c": autoencoder}


def _updates(name: str, loss: plait.Node, parameters: list[plait.Node]) -> dict[plait.Node, plait.Node]:
    rate = graph_data.RATE[name]
    optimizer = plait.optim.SGD(rate) if name == "a" else plait.optim.Adam(rate)
    return dict(optimizer.updates(loss, parameters))


class Training:
    def __init__(self, name: str):
        data = graph_data.DATA[name]()
        begin = time.perf_counter()
        self.loss, _, parameters = BUILD[name](data)
        updates = _updates(name, self.loss, parameters)
        built = time.perf_counter()
        self.step = plait.compile([self.loss], updates=updates)
        self.seconds = {"build": built - begin, "compile": time.perf_counter() - built}
        # The moments and the step count are parameters, too.
        self.state = list(updates)
        self.start = [np.array(node.value) for node in self.state]
        self.feeds = {"x": data.x, "noise": data.noise} if name == "c" else {"x": data.x, "t": data.t}

    def reset(self) -> None:
        for node, value in zip(self.state, self.start, strict=True):
            node.value = value

    def run(self, n: int) -> None:
        step, feeds = self.step, self.feeds
        for _ in range(n):
            step(**feeds)

    def check(self) -> list[float]:
        self.reset()
        return [float(np.asarray(self.step(**self.feeds)).item()) for _ in range(graph_data.CHECK_STEPS)]


class Repeat:
    """One call of a compiled node, its inputs by name."""

    def __init__(self, output: plait.Node, **feeds: Array):
        self.program, self.feeds = plait.compile([output]), feeds

    def reset(self) -> None:
        pass

    def run(self, n: int) -> None:
        program, feeds = self.program, self.feeds
        for _ in range(n):
            program(**feeds)

    def check(self) -> list[float]:
        return graph_data.sample(self.program(**self.feeds))


def matmul(shape: tuple[int, int, int]) -> Repeat:
    a, b = graph_data.factors(*shape)
    return Repeat(plait.input("a", a.shape) @ plait.input("b", b.shape), a=a, b=b)


def function(name: str) -> Repeat:
    x = graph_data.arguments(name)
    return Repeat(getattr(plait, name)(plait.input("x", x.shape)), x=x)


def ten() -> Repeat:
    x = plait.input("x", (8,))
    return Repeat(plait.exp(plait.tanh((x * 2 + 1) * x - 0.5) * x + 3) * 0.1 - x, x=graph_data.eight())


def first_step() -> dict[str, float]:
    """Seconds to build the graph of the VAE's step, to compile it (shapes are bound at the first call), and for a step after that."""
    training = Training("c")
    times = []
    for _ in range(8):
        begin = time.perf_counter()
        training.run(1)
        times.append(time.perf_counter() - begin)
    return {**training.seconds, "first": times[0], "step": min(times[1:])}


def epoch(images: Array) -> None:
    """An epoch of the VAE over the rows of `images`, each batch a call as with the peers."""
    training = Training("c")
    noise = training.feeds["noise"]
    batch = len(noise)
    for begin in range(0, len(images) - batch + 1, batch):
        training.step(x=images[begin : begin + batch], noise=noise)


def program_memory() -> dict[str, float]:
    """Bytes of the VAE's step, and of all its node values side by side where the program tells them."""
    training = Training("c")
    training.run(1)
    sizes = {"program": float(training.step.memory_bytes)}
    if hasattr(training.step, "unshared_bytes"):
        sizes["all_nodes"] = float(training.step.unshared_bytes)
    return sizes


WORK = {
    **{name: (lambda name=name: Training(name)) for name in BUILD},
    "call": ten,
    **{graph_data.matmul_name(shape): (lambda shape=shape: matmul(shape)) for shape in graph_data.MATMULS},
    **{name: (lambda name=name: function(name)) for name in graph_data.FUNCTIONS},
}


def facts() -> dict[str, Any]:
    return {"version": plait.__version__, "threads": plait.get_num_threads()}

"""The sequence workloads in plait, by its public interface alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import _sequence_data as sequence_data
import plait
from _sequence_data import Array, Configuration, Data

Build = Callable[[Data], tuple[plait.Node, list[plait.Node]]]  # loss, parameters


def _inputs(data: Data) -> tuple[plait.Node, plait.Node]:
    return plait.input("x", data.x.shape), plait.input("t", data.t.shape)


def _zeros(data: Data) -> plait.Node:
    return plait.constant(np.zeros((len(data.x), len(data.head)), np.float32))


def _loss(hs: list[plait.Node], t: plait.Node, head: plait.Node, bias: plait.Node) -> plait.Node:
    total = plait.constant(0.0, dtype="float32")
    for step, h in enumerate(hs):
        total = total + plait.sum(plait.square(plait.tanh(h @ head + bias) - t[:, step]))
    return total * (1.0 / (t.shape[0] * t.shape[1]))


def one_product(data: Data) -> tuple[plait.Node, list[plait.Node]]:
    """[x, h]·W, and its slices."""
    x, t = _inputs(data)
    w, b, head, bias = (
        plait.parameter(value, name=name) for value, name in ((data.w, "w"), (data.b, "b"), (data.head, "head"), (data.head_bias, "bias"))
    )
    n = len(data.head)
    h = c = _zeros(data)
    hs = []
    for step in range(data.x.shape[1]):
        gates = plait.concatenate([x[:, step], h], axis=1) @ w + b
        i, f, g, o = (gates[:, k * n : (k + 1) * n] for k in range(4))
        c = plait.sigmoid(f) * c + plait.sigmoid(i) * plait.tanh(g)
        h = plait.sigmoid(o) * plait.tanh(c)
        hs.append(h)
    return _loss(hs, t, head, bias), [w, b, head, bias]


def four_weights(data: Data) -> tuple[plait.Node, list[plait.Node]]:
    """A weight and a bias for each gate."""
    x, t = _inputs(data)
    n = len(data.head)
    ws = [plait.parameter(np.ascontiguousarray(data.w[:, k * n : (k + 1) * n]), name=f"w_{gate}") for k, gate in enumerate("ifgo")]
    bs = [plait.parameter(np.ascontiguousarray(data.b[k * n : (k + 1) * n]), name=f"b_{gate}") for k, gate in enumerate("ifgo")]
    head, bias = plait.parameter(data.head, name="head"), plait.parameter(data.head_bias, name="bias")
    h = c = _zeros(data)
    hs = []
    for step in range(data.x.shape[1]):
        xh = plait.concatenate([x[:, step], h], axis=1)
        i, f, g, o = (xh @ w + b for w, b in zip(ws, bs, strict=True))
        c = plait.sigmoid(f) * c + plait.sigmoid(i) * plait.tanh(g)
        h = plait.sigmoid(o) * plait.tanh(c)
        hs.append(h)
    return _loss(hs, t, head, bias), [*ws, *bs, head, bias]


def _layer(data: Data, unroll: bool) -> tuple[plait.Node, list[plait.Node]]:
    x, t = _inputs(data)
    lstm = plait.nn.LSTM(1, len(data.head))
    cell = lstm.cells[0]
    cell.weight_x.value, cell.weight_h.value, cell.bias.value = data.w[:1], data.w[1:], data.b
    head, bias = plait.parameter(data.head, name="head"), plait.parameter(data.head_bias, name="bias")
    outs, _ = lstm(x, unroll=unroll)
    return plait.losses.mse(plait.tanh(outs @ head + bias), t), [*lstm.parameters(), head, bias]


BUILD: dict[str, Build] = {
    "": one_product,
    " four weights": four_weights,
    " nn.LSTM": lambda data: _layer(data, True),
    **({" scan": lambda data: _layer(data, False)} if hasattr(plait, "scan") else {}),
}


class Training:
    def __init__(self, configuration: Configuration, kind: str = ""):
        data = sequence_data.data(configuration)
        begin = time.perf_counter()
        loss, parameters = BUILD[kind](data)
        updates = plait.optim.SGD(sequence_data.RATE).updates(loss, parameters)
        built = time.perf_counter()
        self.step = plait.compile([loss], updates=updates)
        self.seconds = {"build": built - begin, "compile": time.perf_counter() - built}
        self.parameters = parameters
        self.start = [np.array(node.value) for node in parameters]
        self.feeds = {"x": data.x, "t": data.t}

    def reset(self) -> None:
        for node, value in zip(self.parameters, self.start, strict=True):
            node.value = value

    def run(self, n: int) -> None:
        step, feeds = self.step, self.feeds
        for _ in range(n):
            step(**feeds)

    def check(self) -> list[float]:
        self.reset()
        return [float(np.asarray(self.step(**self.feeds)[0]).item()) for _ in range(sequence_data.CHECK_STEPS)]


class Generating:
    """A network that generates from its own outputs."""

    def __init__(self) -> None:
        data = sequence_data.data((sequence_data.GENERATING_HIDDEN, 5, 1))
        self.model = plait.nn.SequenceRegressor(1, len(data.head), 1, activation="tanh")
        cell = self.model.recurrent.cells[0]
        cell.weight_x.value, cell.weight_h.value, cell.bias.value = data.w[:1], data.w[1:], data.b
        self.model.head.weight.value, self.model.head.bias.value = data.head, data.head_bias
        self.seed = data.x[0]

    def reset(self) -> None:
        pass

    def run(self, n: int) -> None:
        self.model.generate(self.seed, n * sequence_data.GENERATED)

    def check(self) -> list[float]:
        made: Array = self.model.generate(self.seed, 50)
        return [float(value) for value in made.ravel()]


def first_step(name: str, kind: str) -> dict[str, float]:
    """Seconds to build the graph of a step, to compile it (shapes are bound at the first call), and for a step after that."""
    training = Training(sequence_data.NAMED[name], kind)
    times = []
    for _ in range(8):
        begin = time.perf_counter()
        training.run(1)
        times.append(time.perf_counter() - begin)
    return {**training.seconds, "first": times[0], "step": min(times[1:])}


WORK: dict[str, Callable[[], Any]] = {
    **{
        f"{name}{kind}": (lambda configuration=configuration, kind=kind: Training(configuration, kind))
        for name, configuration in sequence_data.NAMED.items()
        for kind in BUILD
    },
    "generation": Generating,
}


def facts() -> dict[str, Any]:
    return {"version": plait.__version__, "threads": plait.get_num_threads()}

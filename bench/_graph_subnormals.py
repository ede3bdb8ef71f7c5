"""What numbers too small for a normal float cost: workloads with their inputs scaled down, or their weights shrunk until the gradients vanish, beside
the same work on ordinary numbers. Programs and tables flush subnormal numbers to zero, soft-DTW where its own scaling makes them, so each must take
as long as ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import _graph_data as graph_data
import _graph_plait as graph_plait
import _sequence_data as sequence_data
import plait
from _graph_data import Array
from _harness import against, duration, on_threads

INPUTS = [1e-20, 1e-30, 1e-40]
WEIGHTS = [1e-2, 1e-10, 1e-20]
GOAL = 1.1  # times as long as with ordinary numbers, at most
# A ratio above the goal is measured again: threads that wait for work count as CPU time, and where one run of few was spared that, all others look slow.
# What subnormal numbers cost is there in every run.
ATTEMPTS = 4
LSTM = (32, 20, 8)

Run = Callable[[], Any]


class Work:
    """Something to run, with parameters that are put back before each block."""

    def __init__(self, run: Run, state: list[plait.Node] | None = None):
        self._run, self._state = run, state or []
        self._start = [np.array(node.value) for node in self._state]

    def reset(self) -> None:
        for node, value in zip(self._state, self._start, strict=True):
            node.value = value

    def run(self, n: int) -> None:
        for _ in range(n):
            self._run()


def _scaled(array: Array, scale: float) -> Array:
    return (array.astype(np.float64) * scale).astype(np.float32)


def training(name: str, inputs: float, weights: float) -> Work:
    """A training step of one of the bench's networks."""
    data = graph_data.DATA[name]()
    data = replace(data, x=_scaled(data.x, inputs), layers=[(_scaled(w, weights), _scaled(b, weights)) for w, b in data.layers])
    loss, nodes, parameters = graph_plait.BUILD[name](data)
    updates = graph_plait._updates(name, loss, parameters)
    step = plait.compile([loss], updates=updates)
    feeds = dict(zip((node.name for node in nodes), (data.x, data.noise if name == "c" else data.t), strict=True))
    return Work(lambda: step(**feeds), list(updates))


def layers(count: int, activation: Callable[[plait.Node], plait.Node], width: int, inputs: float, weights: float) -> Work:
    """A step of plain gradient descent through many layers, whose gradients vanish by themselves."""
    rng = np.random.default_rng(6)
    x = plait.input("x", (32, width))
    h, parameters = x, []
    for k in range(count):
        value = _scaled(rng.standard_normal((width, width)).astype(np.float32), 0.1 * weights / np.sqrt(width))
        parameters.append(plait.parameter(value, name=f"w{k}"))
        h = activation(h @ parameters[-1])
    loss = plait.sum(h)
    step = plait.compile([loss], updates=plait.optim.SGD(1e-3).updates(loss, parameters))
    fed = _scaled(rng.standard_normal((32, width)).astype(np.float32), inputs)
    return Work(lambda: step(x=fed), parameters)


def recurrent(unroll: bool, inputs: float, weights: float) -> Work:
    """A training step of an LSTM, as a loop or unrolled."""
    data = sequence_data.data(LSTM)
    x, t = plait.input("x", data.x.shape), plait.input("t", data.t.shape)
    lstm = plait.nn.LSTM(1, LSTM[0])
    cell = lstm.cells[0]
    cell.weight_x.value, cell.weight_h.value = _scaled(data.w[:1], weights), _scaled(data.w[1:], weights)
    head = plait.parameter(_scaled(data.head, weights), name="head")
    outs, _ = lstm(x, unroll=unroll)
    loss = plait.losses.mse(plait.tanh(outs @ head), t)
    updates = plait.optim.Adam(1e-3).updates(loss, [*lstm.parameters(), head])
    step = plait.compile([loss], updates=updates)
    fed = _scaled(data.x, inputs)
    return Work(lambda: step(x=fed, t=data.t), list(updates))


def product(size: int, inputs: float, _weights: float) -> Work:
    a, b = graph_data.factors(size, size, size)
    program = plait.compile([plait.input("a", a.shape) @ plait.input("b", b.shape)])
    a, b = _scaled(a, inputs), _scaled(b, inputs)
    return Work(lambda: program(a=a, b=b))


def function(name: str, inputs: float, _weights: float) -> Work:
    x = np.concatenate([graph_data.arguments(name)] * 24)
    program = plait.compile([getattr(plait, name)(plait.input("x", x.shape))])
    x = _scaled(x, inputs)
    return Work(lambda: program(x=x))


def tails(name: str, _inputs: float, weights: float) -> Work:
    """A function that comes near zero far out, there: "weights shrunk" is an argument of -95."""
    x = np.concatenate([graph_data.arguments(name)] * 24) - np.float32(95 if weights < 1 else 0)
    program = plait.compile([getattr(plait, name)(plait.input("x", x.shape))])
    return Work(lambda: program(x=x))


def table(inputs: float, _weights: float) -> Work:
    rng = np.random.default_rng(7)
    x = plait.parameter(_scaled(rng.standard_normal((64, 256)).astype(np.float32), inputs), name="x")
    w = plait.parameter(_scaled(rng.standard_normal((256, 256)).astype(np.float32), inputs), name="w")
    loss = plait.sum(plait.tanh(x @ w) * (x @ w))

    def run() -> None:
        plait.Table(loss).backward(loss)

    return Work(run)


def soft_dtw(inputs: float, _weights: float) -> Work:
    rng = np.random.default_rng(8)
    a, b = (rng.standard_normal(300).cumsum() * inputs for _ in range(2))
    distance = plait.align.SoftDTW(gamma=1.0)
    return Work(lambda: distance.gradient(a, b))


WORKLOADS: dict[str, Callable[[float, float], Work]] = {
    **{graph_data.TITLES[name]: (lambda i, w, name=name: training(name, i, w)) for name in graph_data.DATA},
    "40 layers of sigmoid": lambda i, w: layers(40, plait.sigmoid, 64, i, w),
    "200 layers of tanh": lambda i, w: layers(200, plait.tanh, 32, i, w),
    "LSTM, loop, Adam": lambda i, w: recurrent(False, i, w),
    "LSTM, unrolled, Adam": lambda i, w: recurrent(True, i, w),
    "product 512³": lambda i, w: product(512, i, w),
    "exp": lambda i, w: function("exp", i, w),
    "tanh": lambda i, w: function("tanh", i, w),
    "sigmoid, tail": lambda i, w: tails("sigmoid", i, w),
    "exp, tail": lambda i, w: tails("exp", i, w),
    "Table with gradient": table,
    "soft-DTW with gradient": soft_dtw,
}
OF_WEIGHTS = [title for title in WORKLOADS if title in graph_data.TITLES.values() or title.startswith(("40", "200", "LSTM"))]
TAILS = ["sigmoid, tail", "exp, tail"]


def variants(title: str) -> dict[str, tuple[float, float]]:
    """What is done with a workload: its inputs and weights times these."""
    found = {"as they are": (1.0, 1.0)}
    if title in TAILS:
        return found | {"at -95": (1.0, 1e-2)}
    found |= {f"inputs × {scale:g}": (scale, 1.0) for scale in INPUTS}
    if title in OF_WEIGHTS:
        found |= {f"weights × {scale:g}": (1.0, scale) for scale in WEIGHTS}
    return found


def _cpu_seconds(work: Work, rounds: int) -> float:
    """Of the quickest of a few runs in a row."""
    work.reset()
    work.run(1)
    least = float("inf")
    for _ in range(rounds):
        begin = time.process_time()
        work.run(1)
        least = min(least, time.process_time() - begin)
    return least


def sweep(threads: int, rounds: int) -> dict[str, Any]:
    """Times each workload in all its variants, which take turns, and shows how much longer each takes than with ordinary numbers. By CPU time: what
    else the machine does would hide a tenth more."""
    print(f"\nsubnormal numbers: how many times as long as with ordinary ones, by CPU time; {on_threads(threads)}")
    before = plait.get_num_threads()
    plait.set_num_threads(threads)
    result: dict[str, Any] = {}
    rows, worst = [], 0.0
    try:
        for title, build in WORKLOADS.items():
            works = {variant: build(*scales) for variant, scales in variants(title).items()}
            least = dict.fromkeys(works, float("inf"))
            for _ in range(ATTEMPTS):
                for _ in range(rounds):
                    for variant, work in works.items():
                        least[variant] = min(least[variant], _cpu_seconds(work, 4))
                usual = least["as they are"]
                ratios = {variant: seconds / usual for variant, seconds in least.items() if variant != "as they are"}
                if max(ratios.values()) <= GOAL:
                    break
            worst = max(worst, *ratios.values())
            rows.append((title, duration(usual), "  ".join(f"{variant}: {ratio:.2f}" for variant, ratio in ratios.items())))
            result[title] = {"seconds": usual, "times": ratios}
    finally:
        plait.set_num_threads(before)
    width = max(len(title) for title, _, _ in rows)
    for title, seconds, ratios_shown in rows:
        print(f"  {title.ljust(width)}  {seconds:>8}  {ratios_shown}")
    print(f"  the slowest: {worst:.2f} times; {against(worst, GOAL, at_most=True)}")
    return {"workloads": result, "worst": worst, "goal": GOAL}

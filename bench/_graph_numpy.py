"""The graph workloads in NumPy, written out by hand: every result in a buffer made beforehand, parameters in one flat array, and the update
in pieces that stay in the cache. Also the physical limit: the products of a step alone, and the memory's bandwidth.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

import _graph_data as graph_data
from _graph_data import Array, Data

PIECE = 1 << 18  # floats: smaller pieces stay in a second-level cache, but NumPy pays about a microsecond for each operation on each


class Adam:
    """The update with everything in place. The moments are kept without their factors 0.1 and 0.001, which saves two passes; the factors,
    the bias corrections and the rate come together in two numbers a step.
    """

    def __init__(self, values: Array, gradients: Array, rate: float):
        self.values, self.gradients, self.rate = values, gradients, rate
        self.first, self.second = np.zeros_like(values), np.zeros_like(values)
        self.scratch = np.empty(min(PIECE, len(values)), np.float32)
        self.steps = 0

    def reset(self) -> None:
        self.first[:] = 0
        self.second[:] = 0
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        root = math.sqrt(0.001 / (1 - 0.999**self.steps))
        scale = np.float32(self.rate * 0.1 / (1 - 0.9**self.steps) / root)
        epsilon = np.float32(1e-8 / root)
        for begin in range(0, len(self.values), PIECE):
            piece = slice(begin, begin + PIECE)
            p, g, m, v = self.values[piece], self.gradients[piece], self.first[piece], self.second[piece]
            s = self.scratch[: len(p)]
            m *= np.float32(0.9)
            m += g
            g *= g
            v *= np.float32(0.999)
            v += g
            np.sqrt(v, out=s)
            s += epsilon
            np.divide(m, s, out=s)
            s *= scale
            p -= s


class Sgd:
    def __init__(self, values: Array, gradients: Array, rate: float):
        self.values, self.gradients, self.rate = values, gradients, np.float32(rate)

    def reset(self) -> None:
        pass

    def step(self) -> None:
        self.gradients *= self.rate
        self.values -= self.gradients


class Dense:
    """One layer: views into the flat parameters and gradients, and its buffers."""

    def __init__(self, values: tuple[Array, Array], gradients: tuple[Array, Array], batch: int, first: bool):
        (self.w, self.b), (self.gw, self.gb) = values, gradients
        self.y = np.empty((batch, len(self.b)), np.float32)
        self.d = np.empty_like(self.y)  # the gradient of y
        self.mask = np.empty(self.y.shape, np.bool_)
        self.x = self.y
        self.first = first

    def forward(self, x: Array) -> Array:
        self.x = x
        np.matmul(x, self.w, out=self.y)
        self.y += self.b
        return self.y

    def relu(self, x: Array) -> Array:
        return np.maximum(self.forward(x), 0, out=self.y)

    def sigmoid(self, x: Array) -> Array:
        y = self.forward(x)
        np.negative(y, out=y)
        np.exp(y, out=y)
        y += 1
        return np.reciprocal(y, out=y)

    def backward(self, out: Array | None = None) -> None:
        """From self.d; the gradient of the input goes to `out`."""
        np.matmul(self.x.T, self.d, out=self.gw)
        np.add.reduce(self.d, axis=0, out=self.gb)
        if out is not None:
            np.matmul(self.d, self.w.T, out=out)

    def through_relu(self) -> None:
        np.greater(self.y, 0, out=self.mask)
        self.d *= self.mask

    def through_sigmoid(self, scratch: Array) -> None:
        np.subtract(1, self.y, out=scratch)
        scratch *= self.y
        self.d *= scratch


class Training:
    """Parameters in one flat array, the loss of every step, and a return to the start."""

    def __init__(self, name: str):
        self.data: Data = graph_data.DATA[name]()
        shapes = [array.shape for layer in self.data.layers for array in layer]
        self.start = np.concatenate([array.ravel() for layer in self.data.layers for array in layer])
        self.values, self.gradients = self.start.copy(), np.empty_like(self.start)
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        views = [
            [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]
            for flat in (self.values, self.gradients)
        ]
        batch = len(self.data.x)
        self.layers = [
            Dense((views[0][i], views[0][i + 1]), (views[1][i], views[1][i + 1]), batch, i == 0) for i in range(0, len(shapes), 2)
        ]
        self.update = (Sgd if name == "a" else Adam)(self.values, self.gradients, graph_data.RATE[name])
        self.prepare()

    def prepare(self) -> None:
        pass

    def step(self) -> float:
        raise NotImplementedError

    def reset(self) -> None:
        self.values[:] = self.start
        self.update.reset()

    def run(self, n: int) -> None:
        for _ in range(n):
            self.step()

    def check(self) -> list[float]:
        self.reset()
        return [float(self.step()) for _ in range(graph_data.CHECK_STEPS)]


class Spiral(Training):
    def prepare(self) -> None:
        self.scratch = [np.empty_like(layer.y) for layer in self.layers]

    def step(self) -> float:
        hidden, last = self.layers
        y = last.sigmoid(hidden.sigmoid(self.data.x))
        count = np.float32(len(y))
        error = np.subtract(y, self.data.t, out=last.d)
        loss = np.vdot(error, error) / (2 * count)
        error /= count
        last.through_sigmoid(self.scratch[1])
        last.backward(hidden.d)
        hidden.through_sigmoid(self.scratch[0])
        hidden.backward()
        self.update.step()
        return float(loss)


class Classifier(Training):
    def prepare(self) -> None:
        self.rows = np.arange(len(self.data.x))

    def step(self) -> float:
        first, second, last = self.layers
        y = last.forward(second.relu(first.relu(self.data.x)))
        y -= y.max(axis=1, keepdims=True)
        at_class = y[self.rows, self.data.t]
        p = np.exp(y, out=last.d)
        total = p.sum(axis=1, keepdims=True)
        loss = (np.log(total).sum() - at_class.sum()) / len(y)
        p /= total
        p[self.rows, self.data.t] -= 1
        p /= np.float32(len(y))
        last.backward(second.d)
        second.through_relu()
        second.backward(first.d)
        first.through_relu()
        first.backward()
        self.update.step()
        return float(loss)


class Autoencoder(Training):
    def prepare(self) -> None:
        shape = self.data.noise.shape
        self.sigma, self.z, self.dz, self.scratch = (np.empty(shape, np.float32) for _ in range(4))

    def step(self) -> float:
        x, noise, batch = self.data.x, self.data.noise, np.float32(len(self.data.x))
        e1, e2, head, d1, d2, last = self.layers
        both = head.forward(e2.relu(e1.relu(x)))
        mean, log_variance = both[:, : graph_data.LATENT], both[:, graph_data.LATENT :]
        np.multiply(log_variance, np.float32(0.5), out=self.sigma)
        sigma = np.exp(self.sigma, out=self.sigma)
        z = np.multiply(sigma, noise, out=self.z)
        z += mean
        logits = last.forward(d2.relu(d1.relu(z)))

        # log(1 + exp(-l)) + l (1 - x), and its gradient 1 / (1 + exp(-l)) - x, from one exponential; held off overflow at -80.
        np.maximum(logits, np.float32(-80), out=logits)
        linear = logits.sum() - np.vdot(logits, x)
        e = np.negative(logits, out=logits)
        np.exp(e, out=e)
        e += 1
        error = np.log(e, out=last.d)
        cross_entropy = error.sum() + linear
        np.reciprocal(e, out=error)
        error -= x
        error /= batch
        square = np.multiply(sigma, sigma, out=self.scratch)
        kl = 0.5 * (np.vdot(mean, mean) + square.sum() - log_variance.sum() - square.size)

        last.backward(d2.d)
        d2.through_relu()
        d2.backward(d1.d)
        d1.through_relu()
        d1.backward(self.dz)
        d_mean, d_log_variance = head.d[:, : graph_data.LATENT], head.d[:, graph_data.LATENT :]
        np.divide(mean, batch, out=d_mean)
        d_mean += self.dz
        square -= 1
        square /= 2 * batch
        self.dz *= noise
        self.dz *= sigma
        self.dz *= np.float32(0.5)
        np.add(square, self.dz, out=d_log_variance)
        head.backward(e2.d)
        e2.through_relu()
        e2.backward(e1.d)
        e1.through_relu()
        e1.backward()
        self.update.step()
        return float((cross_entropy + kl) / batch)


class Repeat:
    """A work that is one call."""

    def __init__(self, call: Callable[[], Any]):
        self.call = call

    def reset(self) -> None:
        pass

    def run(self, n: int) -> None:
        call = self.call
        for _ in range(n):
            call()

    def check(self) -> list[float]:
        return graph_data.sample(self.call())


def matmul(shape: tuple[int, int, int]) -> Repeat:
    a, b = graph_data.factors(*shape)
    out = np.empty((shape[0], shape[2]), np.float32)
    return Repeat(lambda: np.matmul(a, b, out=out))


def function(name: str) -> Repeat:
    x = graph_data.arguments(name)
    out = np.empty_like(x)
    if name != "sigmoid":
        ufunc = getattr(np, name)
        return Repeat(lambda: ufunc(x, out=out))

    def sigmoid() -> Array:
        np.negative(x, out=out)
        np.exp(out, out=out)
        np.add(out, 1, out=out)
        return np.reciprocal(out, out=out)

    return Repeat(sigmoid)


def ten() -> Repeat:
    """Ten operations on eight numbers."""
    x = graph_data.eight()
    return Repeat(lambda: np.exp(np.tanh((x * 2 + 1) * x - 0.5) * x + 3) * 0.1 - x)


def products(name: str) -> Repeat:
    """The products of a step alone, in the layouts in which the step meets them."""
    rng = np.random.default_rng(6)
    calls = []
    for layout, (m, k, n) in graph_data.products(graph_data.DATA[name]()):
        a = rng.standard_normal((k, m) if layout == "weights" else (m, k)).astype(np.float32)
        b = rng.standard_normal((n, k) if layout == "inputs" else (k, n)).astype(np.float32)
        calls.append((a.T if layout == "weights" else a, b.T if layout == "inputs" else b, np.empty((m, n), np.float32)))

    def all_of_them() -> None:
        for a, b, out in calls:
            np.matmul(a, b, out=out)

    return Repeat(all_of_them)


def bandwidth(megabytes: int, threads: int) -> float:
    """Bytes a second that a copy reads and writes, the best of several."""
    count = megabytes * 250_000 // threads
    pairs = [(np.ones(count, np.float32), np.zeros(count, np.float32)) for _ in range(threads)]
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:

        def copy(pair: tuple[Array, Array]) -> None:
            for _ in range(4):
                np.copyto(pair[1], pair[0])

        for _ in range(8):
            begin = time.perf_counter()
            list(pool.map(copy, pairs))
            best = max(best, threads * count * 8 * 4 / (time.perf_counter() - begin))
    return best


def epoch(images: Array) -> None:
    """An epoch of the VAE over the rows of `images`."""
    training = Autoencoder("c")
    batch = len(training.data.x)
    for begin in range(0, len(images) - batch + 1, batch):
        training.data.x = images[begin : begin + batch]
        training.step()


WORK = {
    "a": lambda: Spiral("a"),
    "d": lambda: Classifier("d"),
    "c": lambda: Autoencoder("c"),
    "call": ten,
    **{f"{name} products": (lambda name=name: products(name)) for name in graph_data.DATA},
    **{graph_data.matmul_name(shape): (lambda shape=shape: matmul(shape)) for shape in graph_data.MATMULS},
    **{name: (lambda name=name: function(name)) for name in graph_data.FUNCTIONS},
}


def facts() -> dict[str, Any]:
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {"version": np.__version__, "blas": f"{blas.get('name')} {blas.get('version')}"}

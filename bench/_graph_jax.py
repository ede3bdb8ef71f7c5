"""The graph workloads in JAX: one jitted function a step, its state donated so that the update may be written in place."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import _graph_data as graph_data
from _graph_data import Data

Parameters = list[jax.Array]
State = tuple[Parameters, Parameters, Parameters, jax.Array]  # values, both moments, steps done


def spiral(p: Parameters, x: jax.Array, t: jax.Array, _noise: jax.Array) -> jax.Array:
    y = jax.nn.sigmoid(jax.nn.sigmoid(x @ p[0] + p[1]) @ p[2] + p[3])
    return 0.5 * jnp.sum(jnp.square(y - t)) / len(x)


def classifier(p: Parameters, x: jax.Array, t: jax.Array, _noise: jax.Array) -> jax.Array:
    h = jax.nn.relu(x @ p[0] + p[1])
    h = jax.nn.relu(h @ p[2] + p[3])
    log_p = jax.nn.log_softmax(h @ p[4] + p[5])
    return -jnp.mean(jnp.take_along_axis(log_p, t[:, None], axis=1))


def autoencoder(p: Parameters, x: jax.Array, _t: jax.Array, noise: jax.Array) -> jax.Array:
    h = jax.nn.relu(x @ p[0] + p[1])
    h = jax.nn.relu(h @ p[2] + p[3])
    mean, log_variance = jnp.split(h @ p[4] + p[5], 2, axis=1)
    z = mean + jnp.exp(0.5 * log_variance) * noise
    h = jax.nn.relu(z @ p[6] + p[7])
    h = jax.nn.relu(h @ p[8] + p[9])
    logits = h @ p[10] + p[11]
    cross_entropy = jnp.sum(jnp.maximum(logits, 0) - logits * x + jnp.log1p(jnp.exp(-jnp.abs(logits))))
    kl = 0.5 * jnp.sum(jnp.square(mean) + jnp.exp(log_variance) - log_variance - 1)
    return (cross_entropy + kl) / len(x)


LOSS = {"a": spiral, "d": classifier, "c": autoencoder}


def make_step(name: str) -> Callable[..., tuple[State, jax.Array]]:
    rate = graph_data.RATE[name]
    value_and_gradient = jax.value_and_grad(LOSS[name])

    def sgd(state: State, *inputs: jax.Array) -> tuple[State, jax.Array]:
        values, first, second, steps = state
        loss, gradients = value_and_gradient(values, *inputs)
        return ([p - rate * g for p, g in zip(values, gradients, strict=True)], first, second, steps), loss

    def adam(state: State, *inputs: jax.Array) -> tuple[State, jax.Array]:
        values, first, second, steps = state
        loss, gradients = value_and_gradient(values, *inputs)
        steps = steps + 1
        scale = rate / (1 - 0.9**steps)
        root = jax.lax.rsqrt(1 - 0.999**steps)
        first = [0.9 * m + 0.1 * g for m, g in zip(first, gradients, strict=True)]
        second = [0.999 * v + 0.001 * g * g for v, g in zip(second, gradients, strict=True)]
        values = [p - scale * m / (jnp.sqrt(v) * root + 1e-8) for p, m, v in zip(values, first, second, strict=True)]
        return (values, first, second, steps), loss

    return jax.jit(sgd if name == "a" else adam, donate_argnums=0)


class Training:
    def __init__(self, name: str):
        data: Data = graph_data.DATA[name]()
        self.name = name
        self.start = [array for layer in data.layers for array in layer]
        self.inputs = tuple(jnp.asarray(array) for array in (data.x, data.t, data.noise))
        self.compiled = make_step(name)
        self.reset()

    def reset(self) -> None:
        # jnp.array copies: a donated view of NumPy's memory would overwrite the start.
        moments = [[jnp.zeros_like(value) for value in self.start] if self.name != "a" else [] for _ in range(2)]
        self.state: State = ([jnp.array(value) for value in self.start], *moments, jnp.zeros((), jnp.float32))
        jax.block_until_ready(self.state)

    def step(self) -> jax.Array:
        self.state, loss = self.compiled(self.state, *self.inputs)
        return loss

    def run(self, n: int) -> None:
        for _ in range(n):
            self.step()
        jax.block_until_ready(self.state)

    def check(self) -> list[float]:
        self.reset()
        return [float(self.step()) for _ in range(graph_data.CHECK_STEPS)]


class Repeat:
    """One jitted call; calls queue up and are waited for at the end."""

    def __init__(self, call: Callable[..., jax.Array], *inputs: np.ndarray):
        self.call, self.inputs = jax.jit(call), [jnp.asarray(value) for value in inputs]

    def reset(self) -> None:
        pass

    def run(self, n: int) -> None:
        call, inputs = self.call, self.inputs
        for _ in range(n):
            result = call(*inputs)
        result.block_until_ready()

    def check(self) -> list[float]:
        return graph_data.sample(self.call(*self.inputs))


def ten() -> Repeat:
    return Repeat(lambda x: jnp.exp(jnp.tanh((x * 2 + 1) * x - 0.5) * x + 3) * 0.1 - x, graph_data.eight())


def function(name: str) -> Repeat:
    return Repeat(getattr(jax.nn if name == "sigmoid" else jnp, name), graph_data.arguments(name))


def first_step() -> dict[str, float]:
    """Seconds until the first step of the VAE is done (traced, compiled, run), and for a step after that."""
    training = Training("c")
    times = []
    for _ in range(8):
        begin = time.perf_counter()
        training.run(1)
        times.append(time.perf_counter() - begin)
    return {"first": times[0], "step": min(times[1:])}


def epoch(images: np.ndarray) -> None:
    """An epoch of the VAE over the rows of `images`."""
    training = Training("c")
    _, t, noise = training.inputs
    batch = len(noise)
    for begin in range(0, len(images) - batch + 1, batch):
        training.inputs = (jnp.asarray(images[begin : begin + batch]), t, noise)
        training.step()
    jax.block_until_ready(training.state)


def matmul(shape: tuple[int, int, int]) -> Repeat:
    return Repeat(jnp.matmul, *graph_data.factors(*shape))


WORK = {
    **{name: (lambda name=name: Training(name)) for name in LOSS},
    "call": ten,
    **{graph_data.matmul_name(shape): (lambda shape=shape: matmul(shape)) for shape in graph_data.MATMULS},
    **{name: (lambda name=name: function(name)) for name in graph_data.FUNCTIONS},
}


def facts() -> dict[str, Any]:
    return {"version": jax.__version__}

"""The sequence workloads in JAX: one jitted function a step, the recurrence as lax.scan or as a Python loop that is unrolled as it is traced."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

import _sequence_data as sequence_data
from _sequence_data import Configuration

Parameters = list[jax.Array]
Carry = tuple[jax.Array, jax.Array]


def cell(p: Parameters, carry: Carry, x: jax.Array) -> tuple[Carry, jax.Array]:
    h, c = carry
    i, f, g, o = jnp.split(jnp.concatenate([x, h], axis=1) @ p[0] + p[1], 4, axis=1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), jnp.tanh(h @ p[2] + p[3])


def loss_of(unrolled: bool) -> Callable[..., jax.Array]:
    def loss(p: Parameters, x: jax.Array, t: jax.Array) -> jax.Array:
        carry = (jnp.zeros((x.shape[1], p[2].shape[0])),) * 2
        if unrolled:
            outs = []
            for step in range(len(x)):
                carry, y = cell(p, carry, x[step])
                outs.append(y)
            ys = jnp.stack(outs)
        else:
            ys = jax.lax.scan(lambda carry, xt: cell(p, carry, xt), carry, x)[1]
        return jnp.mean(jnp.square(ys - t))

    return loss


class Training:
    def __init__(self, configuration: Configuration, unrolled: bool = False):
        data = sequence_data.data(configuration)
        self.start = [data.w, data.b, data.head, data.head_bias]
        # Time first, as scan wants it; turned once, outside of what is timed.
        self.inputs = tuple(jnp.asarray(value.swapaxes(0, 1)) for value in (data.x, data.t))
        value_and_gradient = jax.value_and_grad(loss_of(unrolled))

        def step(p: Parameters, x: jax.Array, t: jax.Array) -> tuple[Parameters, jax.Array]:
            value, gradients = value_and_gradient(p, x, t)
            return [a - sequence_data.RATE * g for a, g in zip(p, gradients, strict=True)], value

        self.compiled = jax.jit(step, donate_argnums=0)
        self.reset()

    def reset(self) -> None:
        self.parameters = [jnp.array(value) for value in self.start]
        jax.block_until_ready(self.parameters)

    def step(self) -> jax.Array:
        self.parameters, loss = self.compiled(self.parameters, *self.inputs)
        return loss

    def run(self, n: int) -> None:
        for _ in range(n):
            self.step()
        jax.block_until_ready(self.parameters)

    def check(self) -> list[float]:
        self.reset()
        return [float(self.step()) for _ in range(sequence_data.CHECK_STEPS)]


class Generating:
    def __init__(self) -> None:
        data = sequence_data.data((sequence_data.GENERATING_HIDDEN, 5, 1))
        self.parameters = [jnp.asarray(value) for value in (data.w, data.b, data.head, data.head_bias)]
        self.seed = jnp.asarray(data.x.swapaxes(0, 1))

        def generate(p: Parameters, seed: jax.Array, steps: int) -> jax.Array:
            carry = (jnp.zeros((1, len(p[2]))),) * 2
            carry, ys = jax.lax.scan(lambda carry, x: cell(p, carry, x), carry, seed)

            def closed(state: tuple[Carry, jax.Array], _: None) -> tuple[tuple[Carry, jax.Array], jax.Array]:
                carry, y = cell(p, *state)
                return (carry, y), y

            return jnp.concatenate([ys[-1:], jax.lax.scan(closed, (carry, ys[-1]), None, length=steps - 1)[1]])

        self.generate = jax.jit(generate, static_argnums=2)

    def reset(self) -> None:
        pass

    def run(self, n: int) -> None:
        for _ in range(n):
            result = self.generate(self.parameters, self.seed, sequence_data.GENERATED)
        result.block_until_ready()

    def check(self) -> list[float]:
        return [float(value) for value in self.generate(self.parameters, self.seed, 50).ravel()]


def first_step(name: str, kind: str = "") -> dict[str, float]:
    """Seconds until the first step is done (traced, compiled, run), and for a step after that."""
    training = Training(sequence_data.NAMED[name], kind == " unrolled")
    times = []
    for _ in range(8):
        begin = time.perf_counter()
        training.run(1)
        times.append(time.perf_counter() - begin)
    return {"first": times[0], "step": min(times[1:])}


WORK: dict[str, Callable[[], Any]] = {
    **{
        f"{name}{kind}": (lambda configuration=configuration, kind=kind: Training(configuration, kind == " unrolled"))
        for name, configuration in sequence_data.NAMED.items()
        for kind in ("", " unrolled")
    },
    "generation": Generating,
}


def facts() -> dict[str, Any]:
    return {"version": jax.__version__}

"""Update rules as in their papers and in PyTorch, in NumPy, one array at a time: the plainest possible twins of plait.optim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Rule = Callable[[Array, Array, float], Array]  # (parameter, gradient, rate) -> next parameter


def sgd(momentum: float = 0.0, nesterov: bool = False) -> Rule:
    velocity: Any = 0.0

    def rule(w: Array, g: Array, rate: float) -> Array:
        nonlocal velocity
        velocity = momentum * velocity + g
        return w - rate * (g + momentum * velocity if nesterov else velocity)

    return rule


def rmsprop(decay: float = 0.99, eps: float = 1e-8, momentum: float = 0.0, centered: bool = False) -> Rule:
    square: Any = 0.0
    mean: Any = 0.0
    velocity: Any = 0.0

    def rule(w: Array, g: Array, rate: float) -> Array:
        nonlocal square, mean, velocity
        square = decay * square + (1 - decay) * g * g
        mean = decay * mean + (1 - decay) * g
        step = g / (np.sqrt(square - mean * mean if centered else square) + eps)
        velocity = momentum * velocity + step
        return w - rate * (velocity if momentum else step)

    return rule


def adagrad(eps: float = 1e-10, initial: float = 0.0) -> Rule:
    total: Any = initial

    def rule(w: Array, g: Array, rate: float) -> Array:
        nonlocal total
        total = total + g * g
        return w - rate * g / (np.sqrt(total) + eps)

    return rule


def adam(betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, decoupled_decay: float = 0.0) -> Rule:
    mean: Any = 0.0
    square: Any = 0.0
    t = 0

    def rule(w: Array, g: Array, rate: float) -> Array:
        nonlocal mean, square, t
        t += 1
        mean = betas[0] * mean + (1 - betas[0]) * g
        square = betas[1] * square + (1 - betas[1]) * g * g
        w = w * (1 - rate * decoupled_decay)
        return w - rate * (mean / (1 - betas[0] ** t)) / (np.sqrt(square / (1 - betas[1] ** t)) + eps)

    return rule


def clipped(gradients: list[Array], norm: float) -> list[Array]:
    total = np.sqrt(sum(float((g * g).sum()) for g in gradients))
    return [g * min(1.0, norm / (total + 1e-6)) for g in gradients]


def bowl(w: Array, scales: Array) -> Array:
    """Gradient of a quadratic with a kink of a tanh: smooth, and not the same in any direction."""
    return scales * (w - 1) + 0.3 * (1 - np.tanh(w) ** 2)


def descend(rule: Rule, w: Array, scales: Array, rate: Callable[[int], float], steps: int, decay: float = 0.0) -> Iterator[Array]:
    """The parameter after each step."""
    for t in range(steps):
        w = rule(w, bowl(w, scales) + decay * w, rate(t))
        yield w

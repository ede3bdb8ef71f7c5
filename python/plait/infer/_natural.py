"""Families of single latents: unconstrained parameters, draws inside a program, and the resulting distribution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _core, graph
from ..graph import Node
from ._values import Array
from .bounded import Beta, Dirichlet
from .continuous import Normal
from .discrete import Bernoulli, Categorical, Poisson
from .distribution import Distribution
from .model import Latent
from .positive import Gamma


@dataclass
class Natural:
    """A family of distributions for one latent."""

    kind: str
    start: list[Array]  # of the unconstrained parameters
    distribution: Callable[[list[Any]], Distribution]  # of nodes
    draw: Callable[[list[Node], int], Node]  # values with the sample axis
    free: Callable[[tuple[Array, ...]], list[Array]]  # unconstrained parameters of the distribution's own


def _gamma(shape: Node, count: int) -> Node:
    full = graph.broadcast_to(shape, (count, *shape.shape))
    return _core.apply("random_gamma", [graph.stop_gradient(full)], [4, 0, 0, 0], [], False)


def _uniform(shape: tuple[int, ...]) -> Node:
    return graph.uniform(shape, dtype="float64")


def _log(x: Array) -> Array:
    return np.log(np.asarray(x, np.float64))


def _choose(logits: Node, count: int) -> Node:
    """Categorical draws with these log weights: the number of cumulative probabilities below a uniform number."""
    edges = graph.cumsum(graph.softmax(logits, axis=-1), axis=-1)
    u = _uniform((count, *(int(n or 0) for n in logits.shape[:-1]), 1))
    return graph.sum(graph.cast(graph.greater_equal(u, edges[..., :-1]), "float64"), axis=-1)


def natural(latent: Latent) -> Natural | None:
    """The family of a latent, by its support and prior; None if only the gaussian is available."""
    support, shape = latent.support, latent.support.shape
    kind = type(support).__name__
    zeros = np.zeros(shape)
    if kind == "Integers":
        high = np.max(getattr(support, "high", np.inf))
        if np.isinf(high):
            return Natural(
                "Poisson",
                [zeros + np.log(2.0)],
                lambda p: Poisson(graph.exp(p[0])),
                lambda p, s: _core.apply(
                    "random_poisson", [graph.stop_gradient(graph.broadcast_to(graph.exp(p[0]), (s, *shape)))], [4, 0, 0, 0], [], False
                ),
                lambda q: [_log(q[0])],
            )
        if high == 1:
            return Natural(
                "Bernoulli",
                [zeros],
                lambda p: Bernoulli(logits=p[0]),
                lambda p, s: graph.cast(graph.less(_uniform((s, *shape)), graph.sigmoid(p[0])), "float64"),
                lambda q: [_log(q[0]) - np.log1p(-np.asarray(q[0]))],
            )
        return Natural(
            "Categorical",
            [np.zeros((*shape, int(high) + 1))],
            lambda p: Categorical(logits=p[0]),
            lambda p, s: _choose(p[0], s),
            lambda q: [_log(q[0])],
        )
    if kind == "Positive":
        return Natural(
            "Gamma",
            [zeros + np.log(2.0), zeros + np.log(2.0)],
            lambda p: Gamma(graph.exp(p[0]), graph.exp(p[1])),
            lambda p, s: _gamma(graph.exp(p[0]), s) / graph.exp(p[1]),
            lambda q: [_log(q[0]), _log(q[1])],
        )
    if kind == "Interval" and not np.any(support.low) and np.all(np.asarray(support.high) == 1):  # type: ignore[attr-defined]

        def beta(p: list[Node], s: int) -> Node:
            a, b = _gamma(graph.exp(p[0]), s), _gamma(graph.exp(p[1]), s)
            return a / (a + b)

        return Natural(
            "Beta",
            [zeros + np.log(2.0), zeros + np.log(2.0)],
            lambda p: Beta(graph.exp(p[0]), graph.exp(p[1])),
            beta,
            lambda q: [_log(q[0]), _log(q[1])],
        )
    if kind == "Simplex":

        def dirichlet(p: list[Node], s: int) -> Node:
            parts = _gamma(graph.exp(p[0]), s)
            return parts / graph.sum(parts, axis=-1, keepdims=True)

        return Natural(
            "Dirichlet",
            [np.zeros(latent.shape) + np.log(2.0)],
            lambda p: Dirichlet(graph.exp(p[0])),
            dirichlet,
            lambda q: [_log(q[0])],
        )
    if kind == "Real":
        return Natural(
            "Normal",
            [zeros, zeros],
            lambda p: Normal(p[0], graph.exp(p[1])),
            lambda p, s: graph.stop_gradient(p[0] + graph.exp(p[1]) * graph.normal((s, *shape), dtype="float64")),
            lambda q: [np.asarray(q[0], np.float64), _log(q[1])],
        )
    return None

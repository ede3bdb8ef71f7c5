"""Distributions over intervals and simplices."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import graph
from ._values import is_node, last_sum, shape_of, xlogy
from .distribution import Distribution
from .supports import Interval, Simplex, Support


class Beta(Distribution):
    """The Beta distribution.

    Parameters
    ----------
    concentration1, concentration0 : Node or array_like
        Weights of one and of zero, above 0.
    """

    def __init__(self, concentration1: Any, concentration0: Any) -> None:
        super().__init__(concentration1=concentration1, concentration0=concentration0)
        self._positive("concentration1", "concentration0")

    @property
    def support(self) -> Support:
        """See Distribution."""
        return Interval(0.0, 1.0)

    def _both(self) -> tuple[Any, Any]:
        return self._parameters["concentration1"], self._parameters["concentration0"]

    def _inside(self, x: Any) -> tuple[Any, Any]:
        inside = graph.logical_and(graph.greater_equal(x, 0.0), graph.less_equal(x, 1.0))
        return inside, graph.where(inside, x, 0.5)

    def _log_beta(self) -> Any:
        a, b = self._both()
        return graph.lgamma(a) + graph.lgamma(b) - graph.lgamma(a + b)

    def _density(self, x: Any) -> Any:
        a, b = self._both()
        return xlogy(a - 1.0, x) + xlogy(b - 1.0, 1.0 - x) - self._log_beta()

    def _known_density(self, x: Any) -> Any:
        a, b = self._both()
        return (a - 1.0) * graph.log(x) + (b - 1.0) * graph.log1p(graph.negative(x)) - self._log_beta()

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        a, b = self._both()
        return g.beta(np.broadcast_to(a, shape), np.broadcast_to(b, shape), shape)

    def _mean(self) -> Any:
        a, b = self._both()
        return a / (a + b)

    def _variance(self) -> Any:
        a, b = self._both()
        return a * b / (graph.square(a + b) * (a + b + 1.0))

    def _entropy(self) -> Any:
        a, b = self._both()
        total = a + b
        parts = (a - 1.0) * graph.digamma(a) + (b - 1.0) * graph.digamma(b)
        return self._log_beta() - parts + (total - 2.0) * graph.digamma(total)


class Uniform(Distribution):
    """The uniform distribution on an interval.

    Parameters
    ----------
    low, high : Node or array_like
        The ends, low below high.
    """

    _bounds_move = True

    def __init__(self, low: Any = 0.0, high: Any = 1.0) -> None:
        super().__init__(low=low, high=high)
        self._finite("low", "high")
        if not is_node(*self._parameters.values()) and not (self._parameters["low"] < self._parameters["high"]).all():
            raise ValueError(f"Uniform: expected low < high, got {low!r} and {high!r}")

    @property
    def support(self) -> Support:
        """See Distribution."""
        low, high = self._parameters["low"], self._parameters["high"]
        if is_node(low, high):
            raise TypeError(
                "Uniform: a latent between bounds that are themselves latent; write low + (high - low) * u with u ~ Uniform(0, 1)"
            )
        return Interval(low, high)

    def _inside(self, x: Any) -> tuple[Any, Any]:
        low, high = self._parameters["low"], self._parameters["high"]
        return graph.logical_and(graph.greater_equal(x, low), graph.less_equal(x, high)), x

    def _density(self, x: Any) -> Any:
        return x * 0.0 - graph.log(self._parameters["high"] - self._parameters["low"])

    def _known_density(self, x: Any) -> Any:
        return self.log_prob(x) if is_node(*self._parameters.values()) else self._density(x)

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        low, high = self._parameters["low"], self._parameters["high"]
        return low + (high - low) * g.random(shape)

    def _mean(self) -> Any:
        return 0.5 * (self._parameters["low"] + self._parameters["high"])

    def _variance(self) -> Any:
        return graph.square(self._parameters["high"] - self._parameters["low"]) / 12.0

    def _entropy(self) -> Any:
        return graph.log(self._parameters["high"] - self._parameters["low"])


class Dirichlet(Distribution):
    """The Dirichlet distribution over vectors of probabilities.

    Parameters
    ----------
    concentration : Node or array_like
        Weights, above 0; the last axis is that of one vector.
    """

    event_dim = 1

    def __init__(self, concentration: Any) -> None:
        super().__init__(concentration=concentration)
        self._positive("concentration")
        if len(shape_of(self._parameters["concentration"])) < 1 or self.event_shape[0] < 2:
            raise ValueError("Dirichlet: concentration: expected at least two weights along the last axis")

    def _batch_of(self, key: str) -> tuple[int, ...]:
        return shape_of(self._parameters[key])[:-1]

    @property
    def event_shape(self) -> tuple[int, ...]:
        """See Distribution."""
        return shape_of(self._parameters["concentration"])[-1:]

    @property
    def support(self) -> Support:
        """See Distribution."""
        return Simplex(self.event_shape[0])

    def _inside(self, x: Any) -> tuple[Any, Any]:
        total = graph.abs(last_sum(x) - 1.0)
        inside = graph.logical_and(graph.greater_equal(graph.min(x, axis=-1), 0.0), graph.less(total, 1e-6))
        return inside, graph.where(graph.expand_dims(inside, -1), x, 1.0 / self.event_shape[0])

    def _normalizer(self) -> Any:
        a = self._parameters["concentration"]
        return last_sum(graph.lgamma(a)) - graph.lgamma(last_sum(a))

    def _density(self, x: Any) -> Any:
        return last_sum(xlogy(self._parameters["concentration"] - 1.0, x)) - self._normalizer()

    def _known_density(self, x: Any) -> Any:
        return last_sum((self._parameters["concentration"] - 1.0) * graph.log(x)) - self._normalizer()

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        full = (*shape, *self.event_shape)
        a = np.broadcast_to(self._parameters["concentration"], full)
        # In logs, with x(a) = x(a + 1) · u^(1/a): small weights underflow otherwise, and all of them at once would be 0 / 0.
        logs = np.log(g.standard_gamma(a + 1.0)) + np.log(g.random(full)) / a
        drawn = np.exp(logs - logs.max(axis=-1, keepdims=True))
        return drawn / drawn.sum(axis=-1, keepdims=True)

    def _mean(self) -> Any:
        a = self._parameters["concentration"]
        return a / graph.sum(a, axis=-1, keepdims=True)

    def _variance(self) -> Any:
        a = self._parameters["concentration"]
        total = graph.sum(a, axis=-1, keepdims=True)
        return a * (total - a) / (graph.square(total) * (total + 1.0))

    def _entropy(self) -> Any:
        a = self._parameters["concentration"]
        total = last_sum(a)
        n = float(self.event_shape[0])
        return self._normalizer() + (total - n) * graph.digamma(total) - last_sum((a - 1.0) * graph.digamma(a))

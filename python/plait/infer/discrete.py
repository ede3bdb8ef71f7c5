"""Distributions over whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import graph
from ._values import is_node, last_sum, require, shape_of, xlogy
from .distribution import Distribution
from .supports import Integers, Support


def _one_of(name: str, probs: Any, logits: Any) -> dict[str, Any]:
    """The one of the two arguments that is given."""
    if (probs is None) == (logits is None):
        raise ValueError(f"{name}: expected either probs or logits, got {'neither' if probs is None else 'both'}")
    return {"probs": probs} if logits is None else {"logits": logits}


class _Counting(Distribution):
    """A distribution over whole numbers from 0 on."""

    discrete = True

    def _high(self) -> Any:
        """The largest possible value, or None."""
        return None

    @property
    def support(self) -> Support:
        """See Distribution."""
        high = self._high()
        return Integers(0, None if is_node(high) else high)

    def _inside(self, x: Any) -> tuple[Any, Any]:
        inside = graph.logical_and(graph.greater_equal(x, 0.0), graph.equal(graph.floor(graph.multiply(x, 1.0)), x))
        high = self._high()
        inside = graph.logical_and(inside, graph.less(x, np.inf) if high is None else graph.less_equal(x, high))
        return inside, graph.where(inside, x, 0.0)

    # Where the success probability is given in one of two forms.
    def _logits(self) -> Any:
        p = self._parameters
        return p["logits"] if "logits" in p else graph.log(p["probs"]) - graph.log1p(graph.negative(p["probs"]))

    def _probs(self) -> Any:
        p = self._parameters
        return p["probs"] if "probs" in p else graph.sigmoid(p["logits"])

    def _log_odds_terms(self, ones: Any, zeros: Any) -> Any:
        """The sum ones · log p + zeros · log(1 - p), 0 · log 0 being 0."""
        p = self._parameters
        if "probs" in p:
            return xlogy(ones, p["probs"]) + xlogy(zeros, 1.0 - p["probs"])
        return graph.negative(ones * graph.softplus(graph.negative(p["logits"]))) - zeros * graph.softplus(p["logits"])

    def _check_probability(self) -> None:
        if "probs" in self._parameters:
            self._require("probs", lambda x: (x >= 0) & (x <= 1), "probabilities from 0 to 1")
        else:
            self._finite("logits")


class Bernoulli(_Counting):
    """The distribution of a value that is one with a given probability, else zero.

    Parameters
    ----------
    probs : Node or array_like, optional
        The probability of one.
    logits : Node or array_like, optional
        log(p / (1 - p)); one of the two is given.
    """

    def __init__(self, probs: Any = None, logits: Any = None) -> None:
        super().__init__(**_one_of("Bernoulli", probs, logits))
        self._check_probability()

    def _high(self) -> Any:
        return 1.0

    def _density(self, x: Any) -> Any:
        if "logits" in self._parameters:
            logits = self._parameters["logits"]
            return x * logits - graph.softplus(logits)
        return self._log_odds_terms(x, 1.0 - x)

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        return g.random(shape) < _numbers(self._probs())

    def _mean(self) -> Any:
        return self._probs()

    def _variance(self) -> Any:
        p = self._probs()
        return p * (1.0 - p)

    def _entropy(self) -> Any:
        p = self._probs()
        return graph.negative(self._log_odds_terms(p, 1.0 - p))


class Binomial(_Counting):
    """The number of successes among `total_count` trials.

    Parameters
    ----------
    total_count : int or array_like
        Trials, whole numbers of at least 0.
    probs : Node or array_like, optional
        The probability of a success.
    logits : Node or array_like, optional
        log(p / (1 - p)); one of the two is given.
    """

    def __init__(self, total_count: Any, probs: Any = None, logits: Any = None) -> None:
        super().__init__(total_count=total_count, **_one_of("Binomial", probs, logits))
        self._require("total_count", lambda x: (x >= 0) & (np.floor(x) == x) & np.isfinite(x), "whole numbers of at least 0")
        self._check_probability()

    def _high(self) -> Any:
        return self._parameters["total_count"]

    def _density(self, x: Any) -> Any:
        n = self._parameters["total_count"]
        ways = graph.lgamma(n + 1.0) - graph.lgamma(x + 1.0) - graph.lgamma(n - x + 1.0)
        return ways + self._log_odds_terms(x, n - x)

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        n = np.broadcast_to(self._parameters["total_count"], shape).astype(np.int64)
        return g.binomial(n, _numbers(self._probs()), shape)

    def _mean(self) -> Any:
        return self._parameters["total_count"] * self._probs()

    def _variance(self) -> Any:
        p = self._probs()
        return self._parameters["total_count"] * p * (1.0 - p)


class NegativeBinomial(_Counting):
    """The number of successes before `total_count` failures.

    Parameters
    ----------
    total_count : Node or array_like
        Failures, above 0; need not be whole.
    probs : Node or array_like, optional
        The probability of a success, below 1.
    logits : Node or array_like, optional
        log(p / (1 - p)); one of the two is given.
    """

    def __init__(self, total_count: Any, probs: Any = None, logits: Any = None) -> None:
        super().__init__(total_count=total_count, **_one_of("NegativeBinomial", probs, logits))
        self._positive("total_count")
        self._check_probability()
        if "probs" in self._parameters:
            self._require("probs", lambda x: x < 1, "probabilities below 1")

    def _density(self, x: Any) -> Any:
        n = self._parameters["total_count"]
        ways = graph.lgamma(n + x) - graph.lgamma(x + 1.0) - graph.lgamma(n)
        return ways + self._log_odds_terms(x, n)

    def _odds(self) -> Any:
        return graph.exp(self._parameters["logits"]) if "logits" in self._parameters else self._probs() / (1.0 - self._probs())

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        rate = g.standard_gamma(np.broadcast_to(self._parameters["total_count"], shape), shape) * _numbers(self._odds())
        return g.poisson(rate, shape)

    def _mean(self) -> Any:
        return self._parameters["total_count"] * self._odds()

    def _variance(self) -> Any:
        odds = self._odds()
        return self._parameters["total_count"] * odds * (1.0 + odds)


class Poisson(_Counting):
    """The Poisson distribution.

    Parameters
    ----------
    rate : Node or array_like
        The mean, at least 0.
    """

    def __init__(self, rate: Any) -> None:
        super().__init__(rate=rate)
        self._require("rate", lambda x: (x >= 0) & np.isfinite(x), "finite numbers of at least 0")

    def _density(self, x: Any) -> Any:
        rate = self._parameters["rate"]
        power = xlogy(x, rate) if not is_node(rate) else x * graph.log(rate)
        return power - rate - graph.lgamma(x + 1.0)

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        return g.poisson(self._parameters["rate"], shape)

    def _mean(self) -> Any:
        return self._parameters["rate"]

    def _variance(self) -> Any:
        return self._parameters["rate"]


class Categorical(_Counting):
    """The distribution of an index, 0 … n - 1, with a probability each.

    Parameters
    ----------
    probs : Node or array_like, optional
        Weights along the last axis, at least 0; scaled to sum to one.
    logits : Node or array_like, optional
        Logs of weights; one of the two is given.
    """

    def __init__(self, probs: Any = None, logits: Any = None) -> None:
        super().__init__(**_one_of("Categorical", probs, logits))
        (self._key,) = self._parameters
        weights = self._parameters[self._key]
        if len(shape_of(weights)) < 1 or shape_of(weights)[-1] < 1:
            raise ValueError(f"Categorical: {self._key}: expected weights along the last axis, got shape {shape_of(weights)}")
        if self._key == "probs":
            self._require("probs", lambda x: (x >= 0) & np.isfinite(x), "finite weights of at least 0")
            if not is_node(weights):
                require(weights.sum(-1), lambda x: x > 0, "Categorical: probs", "weights with a sum above 0")
        else:
            self._require("logits", lambda x: x < np.inf, "numbers below inf")

    def _batch_of(self, key: str) -> tuple[int, ...]:
        return shape_of(self._parameters[key])[:-1]

    @property
    def count(self) -> int:
        """The number of indices."""
        return shape_of(self._parameters[self._key])[-1]

    def _high(self) -> Any:
        return self.count - 1.0

    def _log_probs(self) -> Any:
        weights = self._parameters[self._key]
        if self._key == "logits":
            return graph.log_softmax(weights, axis=-1)
        return graph.log(weights) - graph.log(graph.sum(weights, axis=-1, keepdims=True))

    def _density(self, x: Any) -> Any:
        hit = graph.equal(graph.expand_dims(x, -1), np.arange(float(self.count)))
        return last_sum(graph.where(hit, self._log_probs(), 0.0))

    def _shares(self) -> Any:
        weights = self._parameters[self._key]
        return graph.softmax(weights, axis=-1) if self._key == "logits" else weights / graph.sum(weights, axis=-1, keepdims=True)

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        edges = np.cumsum(_numbers(self._shares()), axis=-1)
        edges /= edges[..., -1:]
        return (g.random(shape)[..., None] >= edges).sum(axis=-1)

    def _mean(self) -> Any:
        return last_sum(self._shares() * np.arange(float(self.count)))

    def _variance(self) -> Any:
        indices = np.arange(float(self.count))
        return last_sum(self._shares() * np.square(indices)) - graph.square(self._mean())

    def _entropy(self) -> Any:
        p = self._shares()
        return graph.negative(last_sum(xlogy(p, p)))


def _numbers(value: Any) -> Any:
    """The numbers of a value without inputs."""
    return graph.evaluate(value) if is_node(value) else value

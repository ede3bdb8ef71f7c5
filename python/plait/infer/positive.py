"""Distributions over numbers above zero."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import graph
from ._values import xlogy
from .continuous import log_cauchy
from .distribution import Distribution
from .supports import Positive, Support

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class _OnPositive(Distribution):
    """A distribution over numbers above zero, or from zero on."""

    _zero = True  # whether 0 itself has the formula's value

    @property
    def support(self) -> Support:
        """See Distribution."""
        return Positive()

    def _inside(self, x: Any) -> tuple[Any, Any]:
        inside = graph.greater_equal(x, 0.0) if self._zero else graph.greater(x, 0.0)
        inside = graph.logical_and(inside, graph.less(x, np.inf))
        return inside, graph.where(inside, x, 1.0)


class LogNormal(_OnPositive):
    """The distribution of exp(x) for a normal x.

    Parameters
    ----------
    loc, scale : Node or array_like
        Mean and standard deviation of the log; scale above 0.
    """

    _zero = False

    def __init__(self, loc: Any = 0.0, scale: Any = 1.0) -> None:
        super().__init__(loc=loc, scale=scale)
        self._finite("loc")
        self._positive("scale")

    def _density(self, x: Any) -> Any:
        loc, scale = self._parameters["loc"], self._parameters["scale"]
        log = graph.log(x)
        return -0.5 * graph.square((log - loc) / scale) - graph.log(scale) - _HALF_LOG_2PI - log

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        return np.exp(self._parameters["loc"] + self._parameters["scale"] * g.standard_normal(shape))

    def _mean(self) -> Any:
        return graph.exp(self._parameters["loc"] + 0.5 * graph.square(self._parameters["scale"]))

    def _variance(self) -> Any:
        square = graph.square(self._parameters["scale"])
        return graph.expm1(square) * graph.exp(2.0 * self._parameters["loc"] + square)

    def _entropy(self) -> Any:
        return self._parameters["loc"] + graph.log(self._parameters["scale"]) + (_HALF_LOG_2PI + 0.5)


class HalfNormal(_OnPositive):
    """The distribution of ``|x|`` for a normal x of mean 0.

    Parameters
    ----------
    scale : Node or array_like
        The standard deviation of x, above 0.
    """

    def __init__(self, scale: Any = 1.0) -> None:
        super().__init__(scale=scale)
        self._positive("scale")

    def _density(self, x: Any) -> Any:
        scale = self._parameters["scale"]
        return -0.5 * graph.square(x / scale) - graph.log(scale) + (math.log(2.0) - _HALF_LOG_2PI)

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        return np.abs(self._parameters["scale"] * g.standard_normal(shape))

    def _mean(self) -> Any:
        return self._parameters["scale"] * math.sqrt(2 / math.pi)

    def _variance(self) -> Any:
        return graph.square(self._parameters["scale"]) * (1 - 2 / math.pi)

    def _entropy(self) -> Any:
        return graph.log(self._parameters["scale"]) + (_HALF_LOG_2PI + 0.5 - math.log(2.0))


class HalfCauchy(_OnPositive):
    """The distribution of ``|x|`` for a Cauchy x of median 0.

    Parameters
    ----------
    scale : Node or array_like
        The scale of x, above 0: the median of ``|x|``.
    """

    def __init__(self, scale: Any = 1.0) -> None:
        super().__init__(scale=scale)
        self._positive("scale")

    def _density(self, x: Any) -> Any:
        scale = self._parameters["scale"]
        return log_cauchy(x, scale) + math.log(2 / math.pi)

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        return np.abs(self._parameters["scale"] * g.standard_cauchy(shape))

    def _mean(self) -> Any:
        return self._parameters["scale"] * np.inf

    def _variance(self) -> Any:
        return self._parameters["scale"] * np.inf

    def _entropy(self) -> Any:
        return graph.log(self._parameters["scale"]) + math.log(2 * math.pi)


class Gamma(_OnPositive):
    """The Gamma distribution.

    Parameters
    ----------
    concentration : Node or array_like
        The shape parameter, above 0.
    rate : Node or array_like
        One over the scale, above 0.
    """

    def __init__(self, concentration: Any, rate: Any = 1.0) -> None:
        super().__init__(concentration=concentration, rate=rate)
        self._positive("concentration", "rate")

    def _density(self, x: Any) -> Any:
        a, rate = self._parameters["concentration"], self._parameters["rate"]
        return a * graph.log(rate) - graph.lgamma(a) + xlogy(a - 1.0, x) - rate * x

    def _known_density(self, x: Any) -> Any:
        a, rate = self._parameters["concentration"], self._parameters["rate"]
        return a * graph.log(rate) - graph.lgamma(a) + (a - 1.0) * graph.log(x) - rate * x

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        return g.standard_gamma(np.broadcast_to(self._parameters["concentration"], shape), shape) / self._parameters["rate"]

    def _mean(self) -> Any:
        return self._parameters["concentration"] / self._parameters["rate"]

    def _variance(self) -> Any:
        return self._parameters["concentration"] / graph.square(self._parameters["rate"])

    def _entropy(self) -> Any:
        a, rate = self._parameters["concentration"], self._parameters["rate"]
        return a - graph.log(rate) + graph.lgamma(a) + (1.0 - a) * graph.digamma(a)


class InverseGamma(_OnPositive):
    """The distribution of 1 / x for a Gamma x.

    Parameters
    ----------
    concentration : Node or array_like
        The shape parameter, above 0.
    rate : Node or array_like
        The rate of x, which is the scale here; above 0.
    """

    _zero = False

    def __init__(self, concentration: Any, rate: Any = 1.0) -> None:
        super().__init__(concentration=concentration, rate=rate)
        self._positive("concentration", "rate")

    def _density(self, x: Any) -> Any:
        a, rate = self._parameters["concentration"], self._parameters["rate"]
        log = graph.log(x)  # for rate / x too: its slope is added to that of the log before either is divided by a tiny x
        return a * graph.log(rate) - graph.lgamma(a) - (a + 1.0) * log - rate * graph.exp(-log)

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        return self._parameters["rate"] / g.standard_gamma(np.broadcast_to(self._parameters["concentration"], shape), shape)

    def _mean(self) -> Any:
        a, rate = self._parameters["concentration"], self._parameters["rate"]
        known = graph.greater(a, 1.0)
        return graph.where(known, rate / (graph.where(known, a, 2.0) - 1.0), np.inf)

    def _variance(self) -> Any:
        a, rate = self._parameters["concentration"], self._parameters["rate"]
        known = graph.greater(a, 2.0)
        safe = graph.where(known, a, 3.0)
        return graph.where(known, graph.square(rate) / (graph.square(safe - 1.0) * (safe - 2.0)), np.inf)

    def _entropy(self) -> Any:
        a, rate = self._parameters["concentration"], self._parameters["rate"]
        return a + graph.log(rate) + graph.lgamma(a) - (1.0 + a) * graph.digamma(a)


class Exponential(_OnPositive):
    """The exponential distribution.

    Parameters
    ----------
    rate : Node or array_like
        One over the mean, above 0.
    """

    def __init__(self, rate: Any = 1.0) -> None:
        super().__init__(rate=rate)
        self._positive("rate")

    def _density(self, x: Any) -> Any:
        rate = self._parameters["rate"]
        return graph.log(rate) - rate * x

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        return g.standard_exponential(shape) / self._parameters["rate"]

    def _mean(self) -> Any:
        return graph.reciprocal(self._parameters["rate"])

    def _variance(self) -> Any:
        return graph.reciprocal(graph.square(self._parameters["rate"]))

    def _entropy(self) -> Any:
        return 1.0 - graph.log(self._parameters["rate"])

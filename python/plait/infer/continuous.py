"""Distributions over all real numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import graph
from .distribution import Distribution

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def _half_step_of_lgamma(h: Any) -> Any:
    """Log Γ(h + ½) - log Γ(h); by its asymptotic series for a large h, where the difference would cancel."""
    large = graph.greater(h, 1000.0)
    far, near = graph.where(large, h, 1000.0), graph.where(large, 1000.0, h)
    series = 0.5 * graph.log(far) - 0.125 / far + 1.0 / (192.0 * far * far * far)
    return graph.where(large, series, graph.lgamma(near + 0.5) - graph.lgamma(near))


def log_cauchy(off: Any, scale: Any) -> Any:
    """Log (scale / (scale² + off²)), without overflow of squares."""
    return graph.log(scale) - 2.0 * graph.log(np.hypot(off, scale))


class Normal(Distribution):
    """The normal distribution.

    Parameters
    ----------
    loc : Node or array_like
        The mean.
    scale : Node or array_like
        The standard deviation, above 0.

    Examples
    --------
    >>> float(plait.infer.Normal(0.0, 1.0).log_prob(0.0))
    -0.9189...
    """

    def __init__(self, loc: Any = 0.0, scale: Any = 1.0) -> None:
        super().__init__(loc=loc, scale=scale)
        self._finite("loc")
        self._positive("scale")

    def _density(self, x: Any) -> Any:
        loc, scale = self._parameters["loc"], self._parameters["scale"]
        return -0.5 * graph.square((x - loc) / scale) - graph.log(scale) - _HALF_LOG_2PI

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        return self._parameters["loc"] + self._parameters["scale"] * g.standard_normal(shape)

    def _mean(self) -> Any:
        return self._parameters["loc"]

    def _variance(self) -> Any:
        return graph.square(self._parameters["scale"])

    def _entropy(self) -> Any:
        return graph.log(self._parameters["scale"]) + (_HALF_LOG_2PI + 0.5)


class Cauchy(Distribution):
    """The Cauchy distribution.

    Parameters
    ----------
    loc : Node or array_like
        The median.
    scale : Node or array_like
        Half the width between the quartiles, above 0.
    """

    def __init__(self, loc: Any = 0.0, scale: Any = 1.0) -> None:
        super().__init__(loc=loc, scale=scale)
        self._finite("loc")
        self._positive("scale")

    def _density(self, x: Any) -> Any:
        loc, scale = self._parameters["loc"], self._parameters["scale"]
        return log_cauchy(x - loc, scale) - math.log(math.pi)

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        return self._parameters["loc"] + self._parameters["scale"] * g.standard_cauchy(shape)

    def _mean(self) -> Any:
        return self._parameters["loc"] * np.nan

    def _variance(self) -> Any:
        return self._parameters["loc"] * np.nan

    def _entropy(self) -> Any:
        return graph.log(self._parameters["scale"]) + math.log(4 * math.pi)


class StudentT(Distribution):
    """Student's t distribution.

    Parameters
    ----------
    df : Node or array_like
        Degrees of freedom, above 0.
    loc : Node or array_like
        The centre.
    scale : Node or array_like
        The scale, above 0.
    """

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> None:
        super().__init__(df=df, loc=loc, scale=scale)
        self._finite("loc")
        self._positive("df", "scale")

    def _density(self, x: Any) -> Any:
        df, loc, scale = (self._parameters[key] for key in ("df", "loc", "scale"))
        constant = _half_step_of_lgamma(0.5 * df) - 0.5 * graph.log(df) - 0.5 * math.log(math.pi) - graph.log(scale)
        off, root = x - loc, graph.sqrt(df)
        large = graph.greater(graph.abs(off) * 1e-8, scale * root)  # where 1 + z² / df is z² / df, and z² may overflow
        far, near = graph.where(large, graph.abs(off), 1.0), graph.where(large, 0.0, off)
        tail = 2.0 * (graph.log(far) - graph.log(scale)) - graph.log(df)
        return constant - 0.5 * (df + 1.0) * graph.where(large, tail, graph.log1p(graph.square(near / scale / root)))

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        return self._parameters["loc"] + self._parameters["scale"] * g.standard_t(np.broadcast_to(self._parameters["df"], shape), shape)

    def _mean(self) -> Any:
        return graph.where(graph.greater(self._parameters["df"], 1.0), self._parameters["loc"], np.nan)

    def _variance(self) -> Any:
        df, scale = self._parameters["df"], self._parameters["scale"]
        known = graph.greater(df, 2.0)
        value = graph.square(scale) * df / (graph.where(known, df, 3.0) - 2.0)
        return graph.where(known, value, graph.where(graph.greater(df, 1.0), np.inf, np.nan))

    def _entropy(self) -> Any:
        df, scale = self._parameters["df"], self._parameters["scale"]
        half, more = 0.5 * df, 0.5 * (df + 1.0)
        log_beta = math.lgamma(0.5) - _half_step_of_lgamma(half)
        return graph.log(scale) + more * (graph.digamma(more) - graph.digamma(half)) + 0.5 * graph.log(df) + log_beta

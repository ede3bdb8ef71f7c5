"""Noise in training against overfitting: dropout and variants."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import graph
from .base import Layer


def probability(what: str, rate: Any) -> float:
    """A dropout rate: at least 0, below 1."""
    number = float(rate)
    if not 0 <= number < 1:
        raise ValueError(f"{what}: expected a probability in [0, 1), got {rate!r}")
    return number


def kept(like: Any, rate: float) -> Any:
    """A dropout mask: 0 with probability `rate`, else 1 / (1 - rate)."""
    return graph.dropout(np.ones_like(like), rate)


class Dropout(Layer):
    """In training, each value is dropped with a fixed probability and the others are scaled up; otherwise the identity.

    Parameters
    ----------
    rate : float
        The probability, in [0, 1).

    References
    ----------
    Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting.

    Examples
    --------
    >>> x = plait.input("x", (None, 4))
    >>> layer = plait.nn.Dropout(0.5)
    >>> layer(x) is x, layer(x, training=True) is x
    (True, False)
    """

    def __init__(self, rate: float = 0.5) -> None:
        self.rate = probability("Dropout: rate", rate)

    def __call__(self, x: Any, *, training: bool = False) -> Any:
        """`x`, with values dropped if the graph is for training."""
        return graph.dropout(x, self.rate) if training and self.rate else x


class SpatialDropout(Layer):
    """In training, whole channels are dropped: the mask of a sample and a channel is shared over the axes between, such as time.

    Parameters
    ----------
    rate : float
        The probability, in [0, 1).

    Notes
    -----
    For (batch, time, channels), channels of a sample are dropped at all steps; for (batch, channels) it is `plait.nn.Dropout`.

    References
    ----------
    Tompson et al. (2015), Efficient object localization using convolutional networks.

    Examples
    --------
    >>> x = plait.input("x", (2, 50, 3))
    >>> y = plait.compile(plait.nn.SpatialDropout(0.5)(x, training=True))(x=np.ones((2, 50, 3)))
    >>> bool((y == y[:, :1]).all())
    True
    """

    def __init__(self, rate: float = 0.5) -> None:
        self.rate = probability("SpatialDropout: rate", rate)

    def __call__(self, x: Any, *, training: bool = False) -> Any:
        """`x`, with channels dropped if the graph is for training."""
        if not (training and self.rate):
            return x
        if x.ndim < 2:
            raise graph.ShapeError(f"SpatialDropout: expected an axis of samples and one of channels, got {x.shape} [{x.label}]")
        return x * kept(x[(slice(None), *(slice(1),) * (x.ndim - 2))], self.rate)


class GaussianNoise(Layer):
    """In training, Gaussian noise is added.

    Parameters
    ----------
    deviation : float
        Their standard deviation.

    Examples
    --------
    >>> x = plait.input("x", (None, 4))
    >>> plait.nn.GaussianNoise(0.1)(x) is x
    True
    """

    def __init__(self, deviation: float) -> None:
        self.deviation = float(deviation)
        if not 0 <= self.deviation < np.inf:
            raise ValueError(f"GaussianNoise: deviation: expected a number of at least 0, got {deviation!r}")

    def __call__(self, x: Any, *, training: bool = False) -> Any:
        """`x`, with noise if the graph is for training."""
        return x + self.deviation * graph.normal(like=x) if training and self.deviation else x


class GaussianDropout(Layer):
    """In training, values are multiplied by Gaussian noise of mean 1 with the variance of dropout's factors.

    Parameters
    ----------
    rate : float
        The rate of the equivalent dropout, in [0, 1): the standard deviation is √(rate / (1 - rate)).

    References
    ----------
    Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting, section 10.

    Examples
    --------
    >>> x = plait.input("x", (None, 4))
    >>> plait.nn.GaussianDropout(0.1)(x) is x
    True
    """

    def __init__(self, rate: float = 0.5) -> None:
        self.rate = probability("GaussianDropout: rate", rate)

    def __call__(self, x: Any, *, training: bool = False) -> Any:
        """`x` times noise if the graph is for training."""
        return x * (1.0 + np.sqrt(self.rate / (1 - self.rate)) * graph.normal(like=x)) if training and self.rate else x

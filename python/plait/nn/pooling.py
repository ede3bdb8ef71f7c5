"""Pooling along time: maximum or mean of a window or of a whole sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import graph
from ..train.data import at_least_one
from ._windows import borders, require_sequence, taps
from .base import Layer


class _Pool(Layer):
    """The base of pooling layers along time."""

    def __init__(self, size: int, stride: int | None = None, *, padding: str = "valid") -> None:
        name = type(self).__name__
        self.size = at_least_one(f"{name}: size", size)
        self.stride = self.size if stride is None else at_least_one(f"{name}: stride", stride)
        borders(name, padding, self.size, 1)
        self.padding = padding

    def _filled(self, x: Any, value: float) -> Any:
        """Constant padding."""
        require_sequence(type(self).__name__, x, None)
        before, after = borders(type(self).__name__, self.padding, self.size, 1)
        return graph.pad(x, ((0, 0), (before, after), (0, 0)), constant_values=value) if before or after else x

    def _windows(self, x: Any) -> Any:
        """Shape (batch, places, size, channels)."""
        steps = x.shape[1]
        if self.stride == self.size and steps is not None and steps >= self.size:
            places = steps // self.size
            return graph.reshape(x[:, : places * self.size], (-1 if x.shape[0] is None else x.shape[0], places, self.size, x.shape[2]))
        return graph.stack(taps(type(self).__name__, x, self.size, self.stride, 1), axis=2)


class MaxPool1d(_Pool):
    """The maximum of each window along time.

    Parameters
    ----------
    size : int
        Size of a window, in steps.
    stride : int, optional
        Steps between neighbouring windows; None: the size.
    padding : {"valid", "same", "causal"}
        Padding, as in `plait.nn.Conv1d`; padded steps are never the maximum.

    Examples
    --------
    >>> plait.nn.MaxPool1d(2).predict(np.arange(6.0).reshape(1, 6, 1)).ravel()
    array([1., 3., 5.])
    """

    def __init__(self, size: int, stride: int | None = None, *, padding: str = "valid") -> None:
        super().__init__(size, stride, padding=padding)

    def __call__(self, x: Any, *, training: bool = False) -> Any:  # noqa: ARG002 - the same in both
        """The maxima; tied values share the gradient."""
        return graph.max(self._windows(self._filled(x, -np.inf)), axis=2)


class AveragePool1d(_Pool):
    """The mean of each window along time.

    Parameters
    ----------
    size : int
        Size of a window, in steps.
    stride : int, optional
        Steps between neighbouring windows; None: the size.
    padding : {"valid", "same", "causal"}
        Padding, as in `plait.nn.Conv1d`; padded steps do not count in the mean.

    Examples
    --------
    >>> plait.nn.AveragePool1d(2).predict(np.arange(6.0).reshape(1, 6, 1)).ravel()
    array([0.5, 2.5, 4.5])
    """

    def __init__(self, size: int, stride: int | None = None, *, padding: str = "valid") -> None:
        super().__init__(size, stride, padding=padding)

    def __call__(self, x: Any, *, training: bool = False) -> Any:  # noqa: ARG002 - the same in both
        """The means."""
        filled = self._filled(x, 0.0)
        if filled is x:
            return graph.mean(self._windows(x), axis=2)
        there = self._filled(np.ones_like(x[:1, :, :1]), 0.0)
        return graph.sum(self._windows(filled), axis=2) / graph.sum(self._windows(there), axis=2)


class GlobalMaxPool1d(Layer):
    """The maximum of each channel over a sequence: (batch, time, channels) becomes (batch, channels).

    Examples
    --------
    >>> plait.nn.GlobalMaxPool1d()(plait.input("x", (None, None, 3))).shape
    (None, 3)
    """

    def __call__(self, x: Any, *, training: bool = False) -> Any:  # noqa: ARG002 - the same in both
        """The maxima."""
        require_sequence("GlobalMaxPool1d", x, None)
        return graph.max(x, axis=1)


class GlobalAveragePool1d(Layer):
    """The mean of each channel over a sequence: (batch, time, channels) becomes (batch, channels).

    Examples
    --------
    >>> plait.nn.GlobalAveragePool1d()(plait.input("x", (None, None, 3))).shape
    (None, 3)
    """

    def __call__(self, x: Any, *, training: bool = False) -> Any:  # noqa: ARG002 - the same in both
        """The means."""
        require_sequence("GlobalAveragePool1d", x, None)
        return graph.mean(x, axis=1)

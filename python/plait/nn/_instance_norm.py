"""Reversible instance normalisation: each window in its own units, and forecasts transformed back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import graph

if TYPE_CHECKING:
    from ..graph import Node

Array = NDArray[Any]


def step_sizes(series: list[Array], columns: int) -> Array:
    """Root mean square of the steps from one value to the next, of the first columns; 1 for constant columns."""
    steps = [np.diff(np.asarray(x[:, :columns], "float64"), axis=0) for x in series if len(x) > 1]
    size = np.sqrt(np.mean(np.concatenate(steps) ** 2, axis=0)) if steps else np.zeros(columns)
    return np.where(size > 0, size, 1.0)


def window_units(x: Node, step: Node, lengths: Node | None = None) -> tuple[Node, Node]:
    """Level and scale of windows: the last value, and the standard deviation combined with the size of a typical step.

    Parameters
    ----------
    x : Node
        Windows, shape (batch, time, columns).
    step : Node
        The size of a typical step for each column, a lower bound of the scale of constant windows; 0 for columns that are not normalised.
    lengths : Node, optional
        Number of steps of each window, where they differ.

    Returns
    -------
    tuple of Node
        Level and scale, shape (batch, 1, columns).

    Notes
    -----
    Kim et al. (2022), Reversible instance normalization, with the last value in place of the mean, as in NLinear (Zeng et al., 2023): a
    network with output 0 then repeats the last value.
    """
    own = step > 0.0
    if lengths is None:
        mean, last = x.mean(axis=1, keepdims=True), x[:, -1:]
        variance = ((x - mean) ** 2).mean(axis=1, keepdims=True)
    else:
        count = graph.cast(graph.reshape(lengths, (-1, 1, 1)), x.dtype)
        at = graph.cumsum(x[:, :, :1] * 0.0 + 1.0, axis=1)
        mean = graph.sum(graph.where(at <= count, x, 0.0), axis=1, keepdims=True) / graph.maximum(count, 1.0)
        last = graph.sum(graph.where(at == count, x, 0.0), axis=1, keepdims=True)
        variance = graph.sum(graph.where(at <= count, (x - mean) ** 2, 0.0), axis=1, keepdims=True) / graph.maximum(count, 1.0)
    return graph.where(own, last, 0.0), graph.where(own, graph.sqrt(variance + step**2), 1.0)

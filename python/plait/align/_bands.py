"""Which cells a band has: in cells for two lengths, and about the diagonal that is stretched to them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ._inputs import Array


def cells(window: int | float, n: int, m: int) -> int:
    """A window in cells; fractions are of the longer length, rounded up as the core rounds them."""
    return math.ceil(window * max(n, m) * (1 - 1e-12)) if isinstance(window, float) else int(window)


def slanted(n: int, m: int, window: int) -> NDArray[np.bool_]:
    """Of n x m cells those that the slanted band has.

    For n >= m with s = (n - 1) / (m - 1) those with ``|i - j s| <= window + s / 2``: the cells that the stretched diagonal goes through, and
    `window` more to both sides along the longer series. Of equal lengths these are ``|i - j| <= window``. A path always fits: column j
    reaches to ``(j + 1/2) s``, where column j + 1 begins. For n < m as for n > m with both exchanged.
    """
    if n < m:
        return slanted(m, n, window).T
    return np.asarray(2 * off_diagonal(n, m, np.arange(n)[:, None], np.arange(m)) <= 2 * min(window, n) * (m - 1) + n - 1)


def off_diagonal(n: int, m: int, i: Array, j: Array) -> Array:
    """``(m - 1) |i - j s|`` for n >= m, in whole numbers."""
    return np.asarray(np.abs(i * (m - 1) - j * (n - 1)))


def needed(path: Array, n: int, m: int, band: str) -> int:
    """The least window in cells that has every cell of a path."""
    i, j = path[:, 0], path[:, 1]
    if band == "diagonal" or n == m:
        return int(np.abs(i - j).max())
    if n < m:
        i, j, n, m = j, i, m, n
    if m == 1:
        return 0
    beyond = 2 * int(off_diagonal(n, m, i, j).max()) - (n - 1)
    return max(0, -(-beyond // (2 * (m - 1))))


class SlantedCosts:
    """The matrix of all distances of two series, with those outside of the slanted band so large that no path goes there.

    A path that stays inside costs at most n + m - 1 of the largest distance there, and one cell outside costs more.
    """

    def __init__(self, distances: Callable[[Array, Array], Array], window: int | float):
        self._distances, self._window = distances, window

    def matrix(self, x: Array, y: Array) -> Array:
        """Distances, shape (n, m)."""
        return self.masked(self._distances(x, y)) if len(x) and len(y) else np.empty((len(x), len(y)))

    def masked(self, matrix: Array) -> Array:
        """A matrix of distances with those outside of the band replaced."""
        n, m = matrix.shape
        if n == 0 or m == 0:
            return matrix
        inside = slanted(n, m, cells(self._window, n, m))
        largest = float(matrix[inside].max())
        outside = 2.0 * (n + m) * max(largest, np.finfo(np.float64).tiny)
        if not math.isfinite(outside):
            raise ValueError(f"band='slanted': expected distances of at most {np.finfo(np.float64).max / (2 * (n + m)):g}, got {largest:g}")
        return np.where(inside, matrix, outside)


def distances(metric: str) -> Callable[[Array, Array], Array]:
    """All distances by the name of a metric."""

    def matrix(x: Array, y: Array) -> Array:
        a, b = (v.reshape(len(v), -1) for v in (x, y))
        if metric == "cosine":
            a, b = (v / np.where(largest > 0, largest, 1.0) for v in (a, b) for largest in [np.abs(v).max(axis=1, keepdims=True)])
            lengths = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)
            return np.asarray(1 - np.where(lengths > 0, a @ b.T / np.where(lengths > 0, lengths, 1.0), 0.0)).clip(0.0)
        total = np.zeros((len(a), len(b)))
        with np.errstate(over="ignore"):
            for column in range(a.shape[1]):
                off = np.abs(a[:, column, None] - b[:, column])
                total += off if metric == "absolute" else off * off
        return np.sqrt(total) if metric == "euclidean" else total

    return matrix

"""Bands: windows in cells for two lengths, and slanted ones along the diagonal between the corners."""

from __future__ import annotations

import math

import numpy as np

from ._inputs import Array


def cells(window: int | float, n: int, m: int) -> int:
    """A window in cells; fractions are of the longer length, rounded up as the core rounds them."""
    return math.ceil(window * max(n, m) * (1 - 1e-12)) if isinstance(window, float) else int(window)


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

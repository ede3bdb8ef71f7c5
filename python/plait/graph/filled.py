"""Constants by their size: zeros, ones and counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core import Node, ShapeError
from .leaves import constant

Shape = int | Sequence[int]


def _filled(what: str, shape: Shape, value: float, dtype: Any) -> Node:
    sizes = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if any(not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 0 for n in sizes):
        raise ShapeError(f"{what}: expected sizes of at least 0 that are known, got {shape!r}; for others broadcast a number, as x + 0")
    return constant(np.full(sizes, value, dtype))


def zeros(shape: Shape, dtype: Any = "float32") -> Node:
    """A constant of zeros.

    Parameters
    ----------
    shape : int or sequence of int
        Its shape.
    dtype : str or dtype
        Its dtype: that of inputs unless given.

    Returns
    -------
    Node
        The constant.

    Examples
    --------
    >>> plait.evaluate(plait.zeros((1, 2)))
    array([[0., 0.]], dtype=float32)
    """
    return _filled("zeros", shape, 0, dtype)


def ones(shape: Shape, dtype: Any = "float32") -> Node:
    """A constant of ones.

    Parameters
    ----------
    shape : int or sequence of int
        Its shape.
    dtype : str or dtype
        Its dtype: that of inputs unless given.

    Returns
    -------
    Node
        The constant.

    Examples
    --------
    >>> plait.evaluate(plait.ones(2, "float64"))
    array([1., 1.])
    """
    return _filled("ones", shape, 1, dtype)

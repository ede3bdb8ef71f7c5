"""Arctangents composed of square roots and a short series, so that derivatives of every order are those of the function."""

from __future__ import annotations

import numpy as np

from .._core import Node
from ._operands import as_float, floats, negative_sign
from ._types import Operand
from .binary import clip, where
from .elementwise import sign, sqrt, square

INF = float("inf")
TERMS = {"float32": 6, "float64": 12}


def arctan(x: Operand) -> Node:
    """The inverse tangent, between -π/2 and π/2.

    Parameters
    ----------
    x : Node or array_like
        Any numbers.

    Returns
    -------
    Node
        Angles in radians, of the same shape.

    Notes
    -----
    Above 1, arctan(x) = π/2 - arctan(1/x). The half angle has the tangent x / (1 + √(1 + x²)); after two halvings the argument is below
    0.2, and a series of 6 terms (12 in float64) is exact to rounding: the error is below 6 units in the last place.

    Examples
    --------
    >>> plait.evaluate(plait.arctan([0.0, 1.0, -np.inf]))
    array([ 0.        ,  0.78539816, -1.57079633])
    """
    node = as_float(x, "arctan")
    steep = abs(node) > 1
    t = where(steep, 1 / where(steep, node, 1.0), node)
    for _ in range(2):
        t = t / (1 + sqrt(1 + square(t)))
    u = square(t)
    terms = TERMS[node.dtype.name]
    series: Node | float = (-1.0) ** (terms - 1) / (2 * terms - 1)
    for k in range(terms - 2, -1, -1):
        series = series * u + (-1.0) ** k / (2 * k + 1)
    angle = 4 * t * series
    return where(steep, sign(node) * (np.pi / 2) - angle, angle)


def arctan2(y: Operand, x: Operand) -> Node:
    """The angle of the point (x, y), between -π and π.

    Parameters
    ----------
    y, x : Node or array_like
        The coordinates, y first as in ``np.arctan2``.

    Returns
    -------
    Node
        Angles in radians, of the shape that both broadcast to.

    Notes
    -----
    Zeros have signs, as NumPy's: the angle of (-1, -0.0) is -π. At the origin the gradient is 0.

    Examples
    --------
    >>> plait.evaluate(plait.arctan2([1.0, -1.0], [-1.0, 0.0]))
    array([ 2.35619449, -1.57079633])
    """
    b, a = floats("arctan2", y, x)
    # If one coordinate is infinite, a finite one counts as 0 of its sign; two infinite ones count as equal.
    endless = (abs(a) == INF) | (abs(b) == INF)
    b, a = (where(endless, where(abs(part) == INF, clip(part, -1.0, 1.0), part * 0), part) for part in (b, a))
    flat = abs(a) >= abs(b)
    # Division by the larger coordinate; the branch not chosen divides by a nonzero number, and its derivative is discarded.
    divisor = where(flat, where(a == 0, 1.0, a), where(b == 0, 1.0, b))
    angle = arctan(where(flat, b, a) / divisor)
    half = where(negative_sign(b), -np.pi / 2, np.pi / 2).astype(a.dtype)
    return where(flat, where(negative_sign(a), half + (half + angle), angle), half - angle)

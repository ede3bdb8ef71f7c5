"""Inverse trigonometric and hyperbolic functions, the cube root and sinc, composed so that derivatives of every order are right."""

from __future__ import annotations

import numpy as np

from .. import _core
from .._core import Node
from ._operands import as_float
from ._types import Operand
from .arctangents import arctan, arctan2
from .binary import where
from .elementwise import exp, log, log1p, sin, sqrt, square

_LN2 = 0.6931471805599453


def arcsin(x: Operand) -> Node:
    """The angle between -π/2 and π/2 whose sine is given; NaN beyond ±1."""
    node = as_float(x, "arcsin")
    # (1 - x)(1 + x) is accurate near ±1, where 1 - x² cancels.
    return arctan(node / sqrt((1 - node) * (1 + node)))


def arccos(x: Operand) -> Node:
    """The angle between 0 and π whose cosine is given; NaN beyond ±1."""
    node = as_float(x, "arccos")
    return 2 * arctan2(sqrt(1 - node), sqrt(1 + node))


def _odd(node: Node) -> tuple[Node, Node]:
    """|x| and sign(x), such that the derivative of their product at 0 is 1."""
    negative = node < 0
    return where(negative, -node, node), where(negative, -1.0, 1.0).astype(node.dtype)


def arcsinh(x: Operand) -> Node:
    """The number whose hyperbolic sine is given."""
    node = as_float(x, "arcsinh")
    size, sign = _odd(node)
    far = size > 1e8
    near = where(far, 1.0, size)
    root = sqrt(1 + square(near))
    return sign * where(far, log(where(far, size, 1.0)) + _LN2, log1p(near * (1 + near / (1 + root))))


def arccosh(x: Operand) -> Node:
    """The number of at least 0 whose hyperbolic cosine is given; NaN below 1."""
    node = as_float(x, "arccosh")
    far = node > 1e8
    above = where(far, 1.0, node - 1)
    return where(far, log(where(far, node, 1.0)) + _LN2, log1p(above + sqrt(above) * sqrt(above + 2)))


def arctanh(x: Operand) -> Node:
    """The number whose hyperbolic tangent is given; NaN beyond ±1."""
    node = as_float(x, "arctanh")
    size, sign = _odd(node)
    return sign * (0.5 * log1p(2 * size / (1 - size)))


def cbrt(x: Operand) -> Node:
    """The cube root, of negative numbers too."""
    node = as_float(x, "cbrt")
    size, sign = _odd(node)
    plain = _core.elementwise("logical_and", size > 0, size < float("inf"))
    safe = where(plain, size, 1.0)
    root = exp(log(safe) * (1.0 / 3))
    root = root - (root - safe / square(root)) * (
        1.0 / 3
    )  # one step of Newton's: the exponential of a large logarithm is off by more than an ulp
    # At 0 the derivative is infinite, like that of a square root.
    finite = size < float("inf")
    return sign * where(plain, root, where(finite, sqrt(where(finite, size, 1.0)), size))


def sinc(x: Operand) -> Node:
    """sin(πx) / (πx), and 1 at 0."""
    node = as_float(x, "sinc") * float(np.pi)
    near = abs(node) < 0.03
    u = square(where(near, node, 0.0))
    series = 1 - u / 6 * (1 - u / 20 * (1 - u / 42 * (1 - u / 72)))
    apart = where(near, 1.0, node)
    return where(near, series, sin(apart) / apart)

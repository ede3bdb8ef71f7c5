"""Elementwise functions of two and more operands, with NumPy's broadcasting and promotion; and choices between values."""

from __future__ import annotations

from .. import _core
from .._core import Node
from ._types import DType, Operand


def add(x1: Operand, x2: Operand) -> Node:
    """x1 + x2.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.add([1.0, 2.0], 1))
    array([2., 3.])
    """
    return _core.elementwise("add", x1, x2)


def subtract(x1: Operand, x2: Operand) -> Node:
    """x1 - x2.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.subtract([1.0, 2.0], 1))
    array([0., 1.])
    """
    return _core.elementwise("subtract", x1, x2)


def multiply(x1: Operand, x2: Operand) -> Node:
    """x1 * x2, element by element.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.multiply([1.0, 2.0], 3))
    array([3., 6.])
    """
    return _core.elementwise("multiply", x1, x2)


def divide(x1: Operand, x2: Operand) -> Node:
    """x1 / x2; integers become float64.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.divide([1, 3], 2))
    array([0.5, 1.5])
    """
    return _core.elementwise("divide", x1, x2)


def power(x1: Operand, x2: Operand) -> Node:
    """x1 to the power of x2; small whole exponents become products.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.power([1.0, 3.0], 2))
    array([1., 9.])
    """
    return _core.elementwise("power", x1, x2)


def minimum(x1: Operand, x2: Operand) -> Node:
    """The smaller of two elements; NaN if either is. Equal ones share the gradient.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.minimum([1.0, 3.0], 2))
    array([1., 2.])
    """
    return _core.elementwise("minimum", x1, x2)


def maximum(x1: Operand, x2: Operand) -> Node:
    """The larger of two elements; NaN if either is. Equal ones share the gradient.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.maximum([1.0, 3.0], 2))
    array([2., 3.])
    """
    return _core.elementwise("maximum", x1, x2)


def less(x1: Operand, x2: Operand) -> Node:
    """x1 < x2.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.less([1.0, 3.0], 2))
    array([ True, False])
    """
    return _core.elementwise("less", x1, x2)


def less_equal(x1: Operand, x2: Operand) -> Node:
    """x1 <= x2.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.less_equal([1.0, 2.0], 2))
    array([ True,  True])
    """
    return _core.elementwise("less_equal", x1, x2)


def greater(x1: Operand, x2: Operand) -> Node:
    """x1 > x2.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.greater([1.0, 3.0], 2))
    array([False,  True])
    """
    return _core.elementwise("less", x2, x1)


def greater_equal(x1: Operand, x2: Operand) -> Node:
    """x1 >= x2.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.greater_equal([1.0, 2.0], 2))
    array([False,  True])
    """
    return _core.elementwise("less_equal", x2, x1)


def equal(x1: Operand, x2: Operand) -> Node:
    """x1 == x2.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.equal([1.0, 2.0], 2))
    array([False,  True])
    """
    return _core.elementwise("equal", x1, x2)


def not_equal(x1: Operand, x2: Operand) -> Node:
    """x1 != x2.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.not_equal([1.0, 2.0], 2))
    array([ True, False])
    """
    return _core.elementwise("not_equal", x1, x2)


def logical_and(x1: Operand, x2: Operand) -> Node:
    """True where both are not 0.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.logical_and([True, False], True))
    array([ True, False])
    """
    return _core.elementwise("logical_and", x1, x2)


def logical_or(x1: Operand, x2: Operand) -> Node:
    """True where one of them is not 0.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes that broadcast.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.logical_or([True, False], False))
    array([ True, False])
    """
    return _core.elementwise("logical_or", x1, x2)


def where(condition: Operand, x1: Operand, x2: Operand) -> Node:
    """x1 where the condition holds, else x2. Gradients flow only into the one that was chosen.

    Parameters
    ----------
    condition : Node or array_like
        Booleans, or numbers that count as True unless they are 0.
    x1, x2 : Node or array_like
        Shapes that broadcast with the condition. Both are computed everywhere.

    Returns
    -------
    Node
        Of the broadcast shape.

    Notes
    -----
    The branch not chosen may be NaN or infinite: the gradient of ``where(x > 0, sqrt(x), x)`` at -1 is 1. To this end the mask is applied
    again to the gradient after each elementwise operation, reshape, reduction or lookup of a branch, back to its first matrix product,
    linear solve or loop: one instruction each, and none where a branch only adds, negates or chooses. Before those a derivative that is not
    finite times 0 is NaN, as is the derivative of another operation that shares its operand with the branch.

    Examples
    --------
    >>> x = plait.input("x", (3,), dtype="float64")
    >>> plait.evaluate(plait.where(x > 0, x, 0.1 * x), {x: [-1.0, 0.0, 2.0]})
    array([-0.1,  0. ,  2. ])
    """
    return _core.elementwise("where", condition, x1, x2)


def clip(x: Operand, min: Operand | None = None, max: Operand | None = None) -> Node:
    """Values below min become min, values above max become max.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    min, max : Node or array_like, optional
        Bounds; None leaves that side open.

    Returns
    -------
    Node
        Of the broadcast shape.

    Examples
    --------
    >>> plait.evaluate(plait.clip([-2.0, 0.5, 2.0], -1, 1))
    array([-1. ,  0.5,  1. ])
    """
    node = _core.as_node(x, "clip")
    if min is not None:
        node = maximum(node, min)
    if max is not None:
        node = minimum(node, max)
    return node


def cast(x: Operand, dtype: DType) -> Node:
    """The values in another dtype.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    dtype : dtype
        float32, float64, int32, int64 or bool. Floats are truncated towards zero when they become integers; gradients flow between floats
        only.

    Returns
    -------
    Node
        Of the same shape.

    Examples
    --------
    >>> plait.evaluate(plait.cast([1.7, -1.7], "int64"))
    array([ 1, -1])
    """
    return _core.cast(x, dtype)

"""Reductions over axes, and functions built from them."""

from __future__ import annotations

import numpy as np

from .. import _core
from .._core import Node
from ._operands import as_float, is_empty, largest
from ._types import Axis, Operand
from .binary import equal, maximum, where
from .elementwise import abs as absolute
from .elementwise import exp, log, sqrt, square


def sum(x: Operand, axis: Axis = None, keepdims: bool = False) -> Node:
    """Sum over axes. Integers and booleans are summed as int64.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    axis : int or sequence of int, optional
        Axes to sum over; None: all.
    keepdims : bool
        Leave an axis of size 1 where one was summed over.

    Returns
    -------
    Node
        The sums. Their order of summation depends on the shape alone: the same bits with any number of threads.

    Examples
    --------
    >>> plait.evaluate(plait.sum([[1.0, 2.0], [3.0, 4.0]], axis=0))
    array([4., 6.])
    """
    return _core.reduction("sum", x, axis, keepdims)


def mean(x: Operand, axis: Axis = None, keepdims: bool = False) -> Node:
    """Mean over axes; integers become float64. The mean over an empty axis is an error.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    axis : int or sequence of int, optional
        Axes to reduce; None: all.
    keepdims : bool
        Leave an axis of size 1 in their place.

    Returns
    -------
    Node
        The means.

    Examples
    --------
    >>> plait.evaluate(plait.mean([[1.0, 2.0], [3.0, 4.0]]))
    array(2.5)
    """
    return _core.reduction("mean", x, axis, keepdims)


def max(x: Operand, axis: Axis = None, keepdims: bool = False) -> Node:
    """Largest element along axes; NaN if there is one. An empty axis is an error.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    axis : int or sequence of int, optional
        Axes to reduce; None: all.
    keepdims : bool
        Leave an axis of size 1 in their place.

    Returns
    -------
    Node
        The largest elements. Those that attain it share the gradient.

    Examples
    --------
    >>> plait.evaluate(plait.max([[1.0, 2.0], [3.0, 4.0]], axis=1))
    array([2., 4.])
    """
    return _core.reduction("max", x, axis, keepdims)


def min(x: Operand, axis: Axis = None, keepdims: bool = False) -> Node:
    """Smallest element along axes; NaN if there is one. An empty axis is an error.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    axis : int or sequence of int, optional
        Axes to reduce; None: all.
    keepdims : bool
        Leave an axis of size 1 in their place.

    Returns
    -------
    Node
        The smallest elements. Those that attain it share the gradient.

    Examples
    --------
    >>> plait.evaluate(plait.min([[1.0, 2.0], [3.0, 4.0]], axis=1))
    array([1., 3.])
    """
    return _core.reduction("min", x, axis, keepdims)


def prod(x: Operand, axis: Axis = None, keepdims: bool = False) -> Node:
    """Product over axes; its gradient is right where elements are 0.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    axis : int or sequence of int, optional
        Axes to reduce; None: all.
    keepdims : bool
        Leave an axis of size 1 in their place.

    Returns
    -------
    Node
        The products.

    Examples
    --------
    >>> plait.evaluate(plait.prod([[1.0, 2.0], [3.0, 4.0]], axis=1))
    array([ 2., 12.])
    """
    return _core.reduction("prod", x, axis, keepdims)


def logsumexp(x: Operand, axis: Axis = None, keepdims: bool = False) -> Node:
    """log(sum(exp(x))) without overflow, and right at infinities.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    axis : int or sequence of int, optional
        Axes to reduce; None: all.
    keepdims : bool
        Leave an axis of size 1 in their place.

    Returns
    -------
    Node
        -inf where all elements are -inf, inf where one is inf.

    Examples
    --------
    >>> plait.evaluate(plait.logsumexp([1000.0, 1000.0]))
    array(1000.69314718)
    """
    node = as_float(x, "logsumexp")
    if is_empty(node, axis):
        return log(exp(node).sum(axis, keepdims=keepdims))  # over an empty axis -inf: log of the sum 0
    top = _core.stop_gradient(largest(node, axis))
    some = top > -float("inf")
    below = _core.elementwise("difference", node, where(some, top, 0.0))  # 0 for equal infinities, where inf - inf would be NaN
    # The sum is at least 1, unless all elements are -inf; then the gradient is 0, not inf * 0.
    total = maximum(exp(below).sum(axis, keepdims=True), np.finfo(node.dtype).tiny)
    result = log(total) + where(some, top, where(equal(top, top), -float("inf"), top))
    if keepdims:
        return result
    return _core.squeeze(result, tuple(range(node.ndim)) if axis is None else axis)


def cumsum(x: Operand, axis: int | None = None) -> Node:
    """Running sums along an axis.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    axis : int, optional
        None: over all elements in order, as one axis.

    Returns
    -------
    Node
        Of the same shape, or flat.

    Examples
    --------
    >>> plait.evaluate(plait.cumsum([1.0, 2.0, 3.0]))
    array([1., 3., 6.])
    """
    return _core.cumsum(x, axis)


def norm(x: Operand, ord: float | str | None = None, axis: Axis = None, keepdims: bool = False) -> Node:
    """Length of vectors. The gradient of the Euclidean norm at 0 is 0, not NaN.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    ord : {None, 1, 2, inf, -inf, 'fro'}
        Which norm. None, 2 and 'fro' are the root of the sum of squares.
    axis : int or sequence of int, optional
        Axes that hold one vector; None: all.
    keepdims : bool
        Leave an axis of size 1 in their place.

    Returns
    -------
    Node
        The norms.

    Examples
    --------
    >>> plait.evaluate(plait.norm([3.0, 4.0]))
    array(5.)
    """
    node = as_float(x, "norm")
    if ord in (None, 2, "fro"):
        return sqrt(square(node).sum(axis, keepdims))  # a norm: its derivative at 0 is 0
    if ord == 1:
        return absolute(node).sum(axis, keepdims)
    if ord == float("inf"):
        return absolute(node).max(axis, keepdims)
    if ord == -float("inf"):
        return absolute(node).min(axis, keepdims)
    raise ValueError(f"norm: ord is None, 1, 2, inf, -inf or 'fro', got {ord!r}")

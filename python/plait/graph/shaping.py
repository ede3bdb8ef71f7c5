"""Products of matrices, reshaping, joining, and picking by index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import _core
from .._core import Node
from ._types import Axis, DType, Operand, Shape


def matmul(x1: Operand, x2: Operand) -> Node:
    """Matrix product with NumPy's rules: leading axes broadcast, one-dimensional operands are rows on the left and columns on the right.

    Parameters
    ----------
    x1, x2 : Node or array_like
        Shapes (..., m, k) and (..., k, n).

    Returns
    -------
    Node
        Shape (..., m, n).

    Examples
    --------
    >>> plait.evaluate(plait.matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]))
    array([3., 7.])
    """
    return _core.matmul(x1, x2)


def transpose(x: Operand, axes: Sequence[int] | None = None) -> Node:
    """Axes in another order. Nothing is copied: consumers read through strides.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    axes : sequence of int, optional
        For each axis of the result the axis it was; None: the opposite order.

    Returns
    -------
    Node
        With the same elements.

    Examples
    --------
    >>> plait.transpose(plait.input("x", (None, 3))).shape
    (3, None)
    """
    return _core.transpose(x, axes)


def reshape(x: Operand, shape: Shape) -> Node:
    """The same elements in another shape.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    shape : int or sequence of int
        The new shape; one size may be -1 or None and follows from the others.

    Returns
    -------
    Node
        Of that shape.

    Examples
    --------
    >>> plait.reshape(plait.input("x", (4, 6)), (-1, 3)).shape
    (8, 3)
    """
    return _core.reshape(x, shape)


def broadcast_to(x: Operand, shape: Shape) -> Node:
    """The elements repeated by NumPy's broadcasting.

    Parameters
    ----------
    x : Node or array_like
        A shape that broadcasts.
    shape : sequence of int
        The new shape; None keeps the size that x has there.

    Returns
    -------
    Node
        Of that shape.

    Examples
    --------
    >>> plait.evaluate(plait.broadcast_to([1.0, 2.0], (2, 2)))
    array([[1., 2.],
           [1., 2.]])
    """
    return _core.broadcast_to(x, shape)


def expand_dims(x: Operand, axis: int) -> Node:
    """A new axis of size 1.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    axis : int
        Where the new axis stands in the result.

    Returns
    -------
    Node
        With one axis more.

    Examples
    --------
    >>> plait.expand_dims(plait.input("x", (4, 6)), 1).shape
    (4, 1, 6)
    """
    return _core.expand_dims(x, axis)


def squeeze(x: Operand, axis: Axis = None) -> Node:
    """Without axes of size 1.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    axis : int or sequence of int, optional
        Which; None: all of size 1, for which the shape must be known.

    Returns
    -------
    Node
        With fewer axes.

    Examples
    --------
    >>> plait.squeeze(plait.input("x", (4, 1, 6)), 1).shape
    (4, 6)
    """
    return _core.squeeze(x, axis)


def concatenate(nodes: Sequence[Operand], axis: int = 0) -> Node:
    """Nodes joined along an existing axis.

    Parameters
    ----------
    nodes : sequence of Node or array_like
        Shapes that differ along that axis alone.
    axis : int
        Along which.

    Returns
    -------
    Node
        In their common dtype.

    Examples
    --------
    >>> plait.evaluate(plait.concatenate([[1.0], [2.0, 3.0]]))
    array([1., 2., 3.])
    """
    return _core.concatenate(nodes, axis)


def stack(nodes: Sequence[Operand], axis: int = 0) -> Node:
    """Nodes of one shape joined along a new axis.

    Parameters
    ----------
    nodes : sequence of Node or array_like
        All of one shape.
    axis : int
        Where the new axis stands in the result.

    Returns
    -------
    Node
        In their common dtype.

    Examples
    --------
    >>> plait.evaluate(plait.stack([[1.0, 2.0], [3.0, 4.0]], axis=1))
    array([[1., 3.],
           [2., 4.]])
    """
    return _core.stack(nodes, axis)


def take(x: Operand, indices: Operand, axis: int | None = None) -> Node:
    """Elements, or whole slices, at integer indices along an axis.

    Parameters
    ----------
    x : Node or array_like
        At least one dimension.
    indices : Node or array_like of int
        Any shape; negative ones count from the end, one beyond the end is an error.
    axis : int, optional
        Along which; None: of x as one axis.

    Returns
    -------
    Node
        The shape of x with that axis replaced by the shape of the indices.

    Examples
    --------
    >>> table = plait.parameter(np.eye(3))
    >>> plait.evaluate(plait.take(table, [2, 0], axis=0))
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    return _core.take(x, indices, axis)


def take_along_axis(x: Operand, indices: Operand, axis: int) -> Node:
    """Elements at an index for each place along an axis, as NumPy's function of that name.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    indices : Node or array_like of int
        The shape of x except along the axis.
    axis : int
        Along which.

    Returns
    -------
    Node
        Of the shape of the indices.

    Examples
    --------
    >>> plait.evaluate(plait.take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], axis=1))
    array([[2.],
           [3.]])
    """
    return _core.take_along_axis(x, indices, axis)


def one_hot(indices: Operand, depth: int, dtype: DType = "float32") -> Node:
    """Vectors that are 1 at one index and 0 elsewhere.

    Parameters
    ----------
    indices : Node or array_like of int
        The indices, below depth; one out of range is an error.
    depth : int
        Length of the vectors.
    dtype : dtype
        Of the result.

    Returns
    -------
    Node
        The shape of the indices and one axis more.

    Examples
    --------
    >>> plait.evaluate(plait.one_hot([1, 0], 3))
    array([[0., 1., 0.],
           [1., 0., 0.]], dtype=float32)
    """
    return _core.one_hot(indices, depth, dtype)


def flip(x: Operand, axis: int | Sequence[int] | None = None) -> Node:
    """The elements in reverse order along axes.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    axis : int or sequence of int, optional
        Which axes; all unless given.

    Returns
    -------
    Node
        Of the same shape.

    Examples
    --------
    >>> plait.evaluate(plait.flip([[1.0, 2.0], [3.0, 4.0]], axis=1))
    array([[2., 1.],
           [4., 3.]])
    """
    node = _core.as_node(x, "flip")
    axes = range(node.ndim) if axis is None else [axis] if isinstance(axis, (int, np.integer)) else list(axis)
    for k in axes:
        if not -node.ndim <= k < node.ndim:
            raise _core.ShapeError(f"flip: axis {k} is out of bounds for {node!r} of shape {node.shape}")
    flipped = {k % node.ndim for k in axes}
    return node[tuple(slice(None, None, -1) if k in flipped else slice(None) for k in range(node.ndim))] if flipped else node

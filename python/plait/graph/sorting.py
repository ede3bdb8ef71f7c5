"""Sorting along an axis: one argsort, by which values and gradients are gathered."""

from __future__ import annotations

import numpy as np

from .. import _core
from .._core import Node, ShapeError
from ._types import Operand
from .rearrange import _axis
from .shaping import flip, reshape, take_along_axis


def argsort(x: Operand, axis: int | None = -1, *, descending: bool = False) -> Node:
    """The indices that sort the elements in ascending order.

    Parameters
    ----------
    x : Node or array_like
        Numbers or booleans, of at least one axis.
    axis : int, optional
        Along which axis; None: over all elements in a row.
    descending : bool
        From the largest to the smallest; the size along the axis is then known.

    Returns
    -------
    Node
        Of int64, of the same shape; without a gradient.

    Notes
    -----
    O(n log n) for each row. The order is stable: equal elements keep their order. NaN counts as larger than anything.

    Examples
    --------
    >>> plait.evaluate(plait.argsort([3.0, 1.0, 2.0]))
    array([1, 2, 0])
    """
    node, at = _sortable("argsort", x, axis)
    if not descending:
        return _ascending(node, at)
    size = node.shape[at]
    if size is None:
        raise ShapeError(f"argsort: descending needs the size of axis {axis} of {node.label} {node.shape}")
    # Flipped before and after, so that equal elements keep their order.
    return size - 1 - flip(_ascending(flip(node, at), at), at)


def sort(x: Operand, axis: int | None = -1, *, descending: bool = False) -> Node:
    """The elements in ascending order.

    Parameters
    ----------
    x : Node or array_like
        Numbers or booleans, of at least one axis.
    axis : int, optional
        Along which axis; None: over all elements in a row.
    descending : bool
        From the largest to the smallest.

    Returns
    -------
    Node
        Of the same shape. Gradients go back to the original positions.

    Notes
    -----
    O(n log n) for each row. The order is stable. NaN counts as larger than anything, as in NumPy.

    Examples
    --------
    >>> plait.evaluate(plait.sort([3.0, 1.0, 2.0]))
    array([1., 2., 3.])
    """
    node, at = _sortable("sort", x, axis)
    made = take_along_axis(node, _ascending(node, at), at)
    return flip(made, at) if descending else made


def _sortable(what: str, x: Operand, axis: int | None) -> tuple[Node, int]:
    node = _core.as_node(x, what)
    if node.ndim == 0:
        raise ShapeError(f"{what}: a scalar has no axis to sort along [{node.label}]")
    if axis is None:
        return (node if node.ndim == 1 else reshape(node, -1)), 0
    if not isinstance(axis, (int, np.integer)):
        raise TypeError(f"{what}: axis: expected an integer or None, got {axis!r}")
    return node, _axis(what, node, int(axis))


def _ascending(node: Node, axis: int) -> Node:
    last = node.ndim - 1
    if axis == last:
        return _core.apply("argsort", [node], [], [], False)
    order = list(range(node.ndim))
    order[axis], order[last] = last, axis
    return _core.transpose(_core.apply("argsort", [_core.transpose(node, order)], [], [], False), order)

"""Functions that move or find elements: arange, roll, pad, argmax, argmin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from .._core import Node, ShapeError
from ._types import DType, Operand
from .binary import where
from .leaves import constant
from .shaping import broadcast_to, concatenate, reshape, take


def arange(start: float, stop: float | None = None, step: float = 1, dtype: DType | None = None) -> Node:
    """A constant of evenly spaced numbers, as ``np.arange`` counts them.

    Parameters
    ----------
    start, stop, step : number
        First number (0 if only one argument is given), end (exclusive), and difference.
    dtype : str or dtype, optional
        int64 for whole numbers, else float32.

    Returns
    -------
    Node
        The constant.

    Examples
    --------
    >>> plait.evaluate(plait.arange(4))
    array([0, 1, 2, 3])
    """
    numbers = np.arange(start, stop, step) if stop is not None else np.arange(0, start, step)
    return constant(numbers.astype(dtype or ("int64" if numbers.dtype.kind == "i" else "float32")))


def roll(x: Operand, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Node:
    """Elements shifted along an axis; those shifted beyond one end enter at the other.

    Parameters
    ----------
    x : Node or array_like
        Of any shape.
    shift : int or sequence of int
        The number of positions, towards the end.
    axis : int or sequence of int, optional
        Along which axis; over all elements in a row if left out.

    Returns
    -------
    Node
        Of the same shape.

    Examples
    --------
    >>> plait.evaluate(plait.roll([1, 2, 3, 4], 1))
    array([4, 1, 2, 3])
    """
    node = _core.as_node(x, "roll")
    if axis is None:
        if not isinstance(shift, (int, np.integer)):
            raise ValueError(f"roll: shift: {shift!r} needs an axis for each of its numbers")
        if node.ndim == 1:
            return roll(node, shift, 0)
        return reshape(roll(reshape(node, -1), shift, 0), tuple(-1 if n is None else n for n in node.shape))
    shifts, axes = np.broadcast_arrays(np.atleast_1d(shift), np.atleast_1d(axis))
    for by, along in zip(shifts.tolist(), axes.tolist(), strict=True):
        at = _axis("roll", node, along)
        size = node.shape[at]
        if size is not None:
            by = by % size if size else 0
        if by == 0:
            continue
        ahead = (slice(None),) * at
        node = concatenate([node[(*ahead, slice(-by, None))], node[(*ahead, slice(None, -by))]], axis=at)
    return node


def pad(x: Operand, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Node:
    """A border around an array.

    Parameters
    ----------
    x : Node or array_like
        Of any shape; axes that get a border have a known size, except with ``mode="constant"``.
    pad_width : int or sequence
        As ``np.pad`` takes it: a number for all sides, (before, after) for all axes, or a pair for each axis.
    mode : {"constant", "edge", "reflect", "symmetric", "wrap"}
        The contents of the border.
    constant_values : number
        The number for ``"constant"``.

    Returns
    -------
    Node
        The larger array.

    Examples
    --------
    >>> plait.evaluate(plait.pad([1, 2, 3], (1, 2)))
    array([0, 1, 2, 3, 0, 0])
    >>> plait.evaluate(plait.pad([1, 2, 3], 2, mode="reflect"))
    array([3, 2, 1, 2, 3, 2, 1])
    """
    node = _core.as_node(x, "pad")
    modes = ("constant", "edge", "reflect", "symmetric", "wrap")
    if mode not in modes:
        raise ValueError(f"pad: mode: expected one of {', '.join(modes)}, got {mode!r}")
    if np.ndim(constant_values) != 0:
        raise ValueError(f"pad: constant_values: expected one number, got {constant_values!r}")
    widths = np.broadcast_to(np.asarray(pad_width), (node.ndim, 2))
    if widths.dtype.kind not in "iu" or (widths < 0).any():
        raise ValueError(f"pad: pad_width: expected whole numbers of at least 0, got {pad_width!r}")
    for axis, (before, after) in enumerate(widths.tolist()):
        if before == 0 and after == 0:
            continue
        size = node.shape[axis]
        if mode == "constant":
            value = _core.as_node(constant_values, "pad").astype(node.dtype)
            parts = [node]
            for width, front in ((before, True), (after, False)):
                if width:
                    block = _block(node, axis, width, value)
                    parts = [block, *parts] if front else [*parts, block]
            node = concatenate(parts, axis=axis)
            continue
        if size is None:
            raise ShapeError(f"pad: mode {mode!r} needs the size of axis {axis} of {node.label} {node.shape}")
        places = np.pad(np.arange(size), (before, after), mode=mode)  # type: ignore[call-overload]
        node = take(node, places, axis=axis)
    return node


def _block(node: Node, axis: int, width: int, value: Node) -> Node:
    """A border of one number, of the given width along its axis and of the node's sizes along the others."""
    sizes = [width if k == axis else n for k, n in enumerate(node.shape)]
    if None not in sizes:
        return broadcast_to(value, tuple(sizes))
    parts = [slice(0, 1) if k == axis else slice(None) for k in range(node.ndim)]
    thin = where(np.zeros((), bool), node[tuple(parts)], value)  # sizes that are bound later are those of the node
    return take(thin, np.zeros(width, np.int64), axis=axis)


def argmax(x: Operand, axis: int | None = None, keepdims: bool = False) -> Node:
    """The index of the largest element: the first if there are several; that of the first NaN if there is one.

    Parameters
    ----------
    x : Node or array_like
        Its size along the axis is known.
    axis : int, optional
        Along which axis; over all elements in a row if left out.
    keepdims : bool
        Whether the axis stays, with size 1.

    Returns
    -------
    Node
        Of int64; without a gradient.

    Examples
    --------
    >>> plait.evaluate(plait.argmax([[1.0, 3.0], [5.0, 2.0]], axis=1))
    array([1, 0])
    """
    return _place("argmax", x, axis, keepdims)


def argmin(x: Operand, axis: int | None = None, keepdims: bool = False) -> Node:
    """The index of the smallest element: the first if there are several; that of the first NaN if there is one.

    Parameters
    ----------
    x : Node or array_like
        Its size along the axis is known.
    axis : int, optional
        Along which axis; over all elements in a row if left out.
    keepdims : bool
        Whether the axis stays, with size 1.

    Returns
    -------
    Node
        Of int64; without a gradient.

    Examples
    --------
    >>> plait.evaluate(plait.argmin([[1.0, 3.0], [5.0, 2.0]], axis=1))
    array([0, 1])
    """
    return _place("argmin", x, axis, keepdims)


def _place(what: str, x: Operand, axis: int | None, keepdims: bool) -> Node:
    node = _core.as_node(x, what)
    if axis is None:
        if None in node.shape:
            raise ShapeError(f"{what}: without an axis all sizes must be known, got {node.shape} [{node.label}]")
        place = _place(what, reshape(node, -1), 0, False)
        return reshape(place, (1,) * node.ndim) if keepdims else place
    at = _axis(what, node, axis)
    size = node.shape[at]
    if size is None or size == 0:
        raise ShapeError(f"{what}: expected a known size of at least 1 along axis {axis}, got {node.shape} [{node.label}]")
    extreme = node.max(axis=at, keepdims=True) if what == "argmax" else node.min(axis=at, keepdims=True)
    found = node == extreme
    if node.dtype.kind == "f":
        found = found | (node != node)
    numbers = np.arange(size).reshape([-1 if k == at else 1 for k in range(node.ndim)])
    return where(found, numbers, size).min(axis=at, keepdims=keepdims)


def _axis(what: str, node: Node, axis: int) -> int:
    if not -node.ndim <= axis < node.ndim:
        raise ShapeError(f"{what}: axis {axis} is out of range for {node.label} {node.shape}")
    return axis % node.ndim

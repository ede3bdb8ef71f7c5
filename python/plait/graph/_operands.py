"""Operands as nodes."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _core
from .._core import Node
from ._types import Operand


def as_float(x: Operand, what: str) -> Node:
    """A node with a floating dtype: integers and booleans become float64, as NumPy's functions make them."""
    node = _core.as_node(x, what)
    return node if node.dtype.kind == "f" else node.astype("float64")


def floats(what: str, *operands: Operand) -> list[Node]:
    """Nodes of the one floating dtype that NumPy's functions compute in: a boolean beside float32 does not widen it."""
    return [as_float(node, what) for node in _core.common(list(operands), what)]


def negative_sign(node: Node) -> Node:
    """Whether the sign is negative, that of zeros too."""
    if node.dtype.kind != "f":
        return node < 0
    return (node < 0) | ((node == 0) & (_core.elementwise("reciprocal", node) < 0))


def is_empty(x: Node, axis: int | Sequence[int] | None) -> bool:
    """Whether one of the reduced axes is known to be empty while the graph is built."""
    axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    return any(-x.ndim <= k < x.ndim and x.shape[k] == 0 for k in axes)


def largest(x: Node, axis: int | Sequence[int] | None) -> Node:
    """The largest element along axes, with keepdims; -inf over an axis of unknown size that turns out to be empty."""
    axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    if not any(-x.ndim <= k < x.ndim and x.shape[k] is None for k in axes):
        return x.max(axis, keepdims=True)
    return _core.apply("max", [x], [1, *sorted({k % x.ndim for k in axes})], [-float("inf")], False)

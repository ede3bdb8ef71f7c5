"""Values while an ONNX file is read: a node, an array, or sizes of which some are symbolic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import _core
from ..._core import Node
from ...graph import evaluate


@dataclass(frozen=True)
class Dim:
    """A symbolic size: that of a node along an axis, known at run time."""

    node: Node
    axis: int


@dataclass(frozen=True)
class Product:
    """The product of sizes of which some are symbolic, as one size."""

    sizes: tuple[int | Dim, ...]


Size = int | Dim | Product


@dataclass(frozen=True)
class Sizes:
    """A list of sizes, or their product."""

    sizes: tuple[Size, ...]
    product: bool = False
    ones: bool = False  # not the sizes, but the axes where they are 1

    def of_shape(self) -> Node | None:
        """The node whose shape this is."""
        dims = [size for size in self.sizes if isinstance(size, Dim)]
        for dim in dims:
            if len(dim.node.shape) == len(self.sizes) and all(
                size == Dim(dim.node, axis) or size == dim.node.shape[axis] for axis, size in enumerate(self.sizes)
            ):
                return dim.node
        return None


Value = Node | np.ndarray[Any, Any] | Sizes


def shape_of(value: Value) -> Value:
    """The shape: an array where it is known."""
    if isinstance(value, np.ndarray):
        return np.array(value.shape, np.int64)
    assert isinstance(value, Node)
    sizes = tuple(Dim(value, axis) if size is None else size for axis, size in enumerate(value.shape))
    return simplified(Sizes(sizes))


def simplified(sizes: Sizes) -> Value:
    """An array where no size is symbolic."""
    known = [size for size in sizes.sizes if isinstance(size, int)]  # a Product is never known
    if len(known) < len(sizes.sizes):
        return sizes
    return np.array(np.prod(known, dtype=np.int64) if sizes.product else known, np.int64)


def as_node(value: Value) -> Node:
    """The value as a node."""
    if isinstance(value, Node):
        return value
    if isinstance(value, Sizes):
        return size_node(value)
    return _core.constant(value, "", None)


def size_node(sizes: Sizes) -> Node:
    """Sizes as whole numbers: a scalar for a product, else a list."""
    parts = [
        size_node(Sizes(size.sizes, product=True))
        if isinstance(size, Product)
        else _core.apply("axis_size", [size.node], [2, size.axis], [], False)
        if isinstance(size, Dim)
        else _core.constant(np.int64(size), "", None)
        for size in sizes.sizes
    ]
    if not sizes.product:
        return _core.stack(parts, 0)
    total = parts[0]
    for part in parts[1:]:
        total = total * part
    return total


def static(value: Value, what: str) -> np.ndarray[Any, Any]:
    """The value as an array; refused where it is known only at run time."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, Node) and all(node.op in ("constant", "parameter") or node.inputs for node in _core.ancestors([value])):
        return np.asarray(evaluate(value))
    raise NotImplementedError(f"from_onnx: {what} has to be known before the program runs")


def ints(value: Value, what: str) -> list[int]:
    """The same as a list of whole numbers."""
    return [int(n) for n in np.atleast_1d(static(value, what))]


def listed(value: Value, what: str) -> list[Size]:
    """Sizes, some of which may be symbolic."""
    return list(value.sizes) if isinstance(value, Sizes) and not value.product else list(ints(value, what))


def filled(sizes: Sequence[Size], value: Any, dtype: Any) -> Value:
    """A constant array; with symbolic sizes a node that is broadcast to them."""
    if len(sizes) == 1 and isinstance(sizes[0], Product):
        return _core.reshape(as_node(filled(sizes[0].sizes, value, dtype)), [-1])
    if any(isinstance(size, Product) for size in sizes):
        raise NotImplementedError("from_onnx: a shape with a product of sizes has to be known before the program runs")
    known = tuple(size if isinstance(size, int) else 1 for size in sizes)
    array = np.full(known, value, dtype)
    if not any(isinstance(size, Dim) for size in sizes):
        return array
    result = _core.constant(array, "", None)
    for axis, size in enumerate(sizes):
        if isinstance(size, Dim):
            result = result + along(size, axis, len(sizes), dtype)
    return result


def along(dim: Dim, axis: int, rank: int, dtype: Any) -> Node:
    """Zeros of size 1 along every axis but one, which has the symbolic size."""
    node = dim.node
    for other in reversed(range(len(node.shape))):
        if other != dim.axis:
            node = node[(slice(None),) * other + (0,)]
    zeros = _core.cast(np.zeros_like(node), dtype)
    return zeros[(None,) * axis + (slice(None),) + (None,) * (rank - axis - 1)]

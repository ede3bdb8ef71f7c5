"""Arrays for inputs: their assignment to input nodes, and conversion of dtypes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph
from .._masks import unmasked

if TYPE_CHECKING:
    from ..graph import Node

Array = NDArray[Any]
# Element types from which rows are gathered without conversion; arrays of others are converted once.
_GATHERED = {"bool", "uint8", "int32", "int64", "float32", "float64"}
_WIDER = {
    "float16": "float32",
    "int8": "int32",
    "int16": "int32",
    "uint16": "int32",
    "uint32": "int64",
    "uint64": "int64",
    "longdouble": "float64",
}


def at_least_one(name: str, value: Any) -> int:
    """`value` as an integer of at least 1."""
    try:
        count = int(value)
    except (TypeError, ValueError, OverflowError):
        count = 0
    if count < 1 or count != value:
        raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")
    return count


def _seen(what: Mapping[Any, Any]) -> str:
    return ", ".join(f"'{key if isinstance(key, str) else getattr(key, 'name', key)}'" for key in what)


def arrange(inputs: Sequence[Node], data: Mapping[Any, Any], what: str) -> list[Any]:
    """The values of `data`, whose keys are inputs or their names, in the order of `inputs`."""
    if not isinstance(data, Mapping):
        raise TypeError(f"{what}: expected a dict from inputs to arrays, got {type(data).__name__}")
    left = dict(data)
    found = []
    for node in inputs:
        keys = [key for key in left if key is node or (isinstance(key, str) and key == node.name)]
        if not keys:
            raise graph.GraphError(f"{what}: no array for input '{node.name}'; given: {_seen(data) or 'none'}")
        if len(keys) > 1:
            raise graph.GraphError(f"{what}: two arrays for input '{node.name}'")
        found.append(left.pop(keys[0]))
    if left:
        raise graph.GraphError(f"{what}: {_seen(left)} is no input of the loss; its inputs: {', '.join(repr(n.name) for n in inputs)}")
    return found


def plain(value: Any, node: Node, what: str) -> Array:
    """`value` as a contiguous array that rows of input `node` can be gathered from; copied only where needed."""
    array = unmasked(value, f"{what}: '{node.name}'")
    target = np.dtype(node.dtype)
    allowed = {"f": "buif", "i": "bui", "b": "b"}[target.kind]
    if array.dtype.kind not in allowed:
        raise graph.DTypeError(f"{what}: '{node.name}' takes {target.name}, got an array of {array.dtype}")
    name = array.dtype.name
    wider = _WIDER.get(name, "float64" if array.dtype.kind == "f" else name)
    if name == "uint64" and target.kind == "f":
        wider = "float64"  # values may be beyond the range of int64
    if target.kind == "i" and array.size and not np.can_cast(array.dtype, target):
        low, high = int(array.min()), int(array.max())
        if low < np.iinfo(target).min or high > np.iinfo(target).max:
            raise graph.DTypeError(f"{what}: '{node.name}' takes {target.name}, which does not hold {low if low < 0 else high}")
    if array.ndim != len(node.shape):
        raise graph.ShapeError(f"{what}: '{node.name}' has shape {tuple(node.shape)}, got an array of shape {array.shape}")
    if array.ndim and any(want not in (None, have) for want, have in zip(node.shape[1:], array.shape[1:], strict=True)):
        raise graph.ShapeError(f"{what}: '{node.name}' has shape {tuple(node.shape)}, got an array of shape {array.shape}")
    return np.ascontiguousarray(array, np.dtype(name if name in _GATHERED else wider)).reshape(array.shape)


def require_probabilities(loss: Node, inputs: Sequence[Node], arrays: Sequence[Any], what: str) -> None:
    """Refuses numbers outside of [0, 1] that are fed directly as targets of a binary cross entropy; NaN is reported by the loss."""
    targets = set()
    for node in _core.ancestors([loss]):
        if node.op == "logistic_loss":
            target = node.inputs[1]
            while target.op in ("cast", "reshape", "reshape_like", "expand_dims", "squeeze"):
                target = target.inputs[0]
            targets.add(target)
    for node, array in zip(inputs, arrays, strict=True):
        if node in targets and not isinstance(array, _core.SparseFeed) and array.size and ((array < 0) | (array > 1)).any():
            place = tuple(int(k) for k in np.argwhere((array < 0) | (array > 1))[0])
            raise ValueError(
                f"{what}: '{node.name}' holds targets of binary_cross_entropy_with_logits, numbers in [0, 1], got {array[place]} in row "
                f"{place[0] if place else 0}"
            )


def not_finite(arrays: Sequence[Any], inputs: Sequence[Node]) -> str:
    """The place of the first NaN or infinity in the data, the likely cause of a non-finite loss: input, row and column; or empty."""
    for array, node in zip(arrays, inputs, strict=True):
        if isinstance(array, _core.SparseFeed):
            found = array.not_finite()
            if found is not None:
                return f"'{node.name}' is {'NaN' if np.isnan(found[2]) else 'infinite'} at row {found[0]}, column {found[1]}"
            continue
        if array.dtype.kind != "f" or np.isfinite(array).all():
            continue
        place = [int(k) for k in np.argwhere(~np.isfinite(array))[0]]
        value = array[tuple(place)]
        kind = "NaN" if np.isnan(value) else "infinite"
        where = ["row", "column"] if array.ndim <= 2 else ["row", *[f"axis {k}" for k in range(1, array.ndim)]]
        told = ", ".join(f"{name} {k}" for name, k in zip(where, place, strict=False)) or "its only value"
        return f"'{node.name}' is {kind} at {told}"
    return ""


def feeds(inputs: Sequence[Node], data: Mapping[Any, Any], what: str) -> tuple[list[Any], list[bool]]:
    """Arrays in the order of `inputs`, and for each whether it is one value for every batch (an input without axes)."""
    arrays = [
        _core.sparse_feed(value, node, what) if node.op == "sparse_input" else plain(value, node, what)
        for value, node in zip(arrange(inputs, data, what), inputs, strict=True)
    ]
    return arrays, [array.ndim == 0 for array in arrays]

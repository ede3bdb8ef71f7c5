"""NumPy's indexing with arrays on several axes and with constant boolean masks: one `take` over the flattened axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from .._core import Node, ShapeError
from ._types import Array
from .binary import where
from .shaping import reshape, take, transpose


def index(x: Node, key: Any) -> Node:
    """``x[key]`` where the key holds arrays for several axes, or a mask."""
    parts = _whole(x, _without_masks(x, key if isinstance(key, tuple) else (key,)))
    advanced = [axis for axis, part in enumerate(parts) if not isinstance(part, slice) and part is not None]
    # New axes and slices first; integers count with the arrays.
    y = x[tuple(part if isinstance(part, slice) or part is None else slice(None) for part in parts)]
    indices = [_indices(parts[axis], y, axis) for axis in advanced]
    sizes = [y.shape[axis] for axis in advanced]
    if any(size is None for size in sizes[1:]):
        raise ShapeError(
            f"index of {x.label} {x.shape}: of axes that arrays index together only the first may have a size that is bound later"
        )
    flat: Any = indices[0]
    for axis, size, i in zip(advanced[1:], sizes[1:], indices[1:], strict=True):
        i = where(i < 0, i + size, i) if isinstance(i, Node) else np.where(i < 0, i + size, i)
        try:
            flat = flat * size + i
        except (ShapeError, ValueError):
            raise ShapeError(
                f"index of {x.label}: the arrays' shapes {[part.shape for part in indices]} do not broadcast at axis {axis}"
            ) from None
    rest = [axis for axis in range(y.ndim) if axis not in advanced]
    ahead = transpose(y, [*advanced, *rest]) if advanced + rest != list(range(y.ndim)) else y
    rows = -1 if sizes[0] is None else int(np.prod([int(size or 0) for size in sizes]))
    tail = [y.shape[axis] for axis in rest]
    if tail.count(None) + (rows == -1) > 1:
        raise ShapeError(f"index of {x.label} {x.shape}: more than one size of what is left is bound later")
    joined = reshape(ahead, (rows, *(-1 if size is None else size for size in tail))) if len(advanced) > 1 else ahead
    made = take(joined, flat, axis=0)
    if advanced[-1] - advanced[0] + 1 != len(advanced):
        return made  # arrays separated by a slice: their axes come first
    count, front = len(flat.shape), advanced[0]
    order = [*range(count, count + front), *range(count), *range(count + front, made.ndim)]
    return transpose(made, order) if order != list(range(made.ndim)) else made


def _indices(part: Any, y: Node, axis: int) -> Any:
    """An index as an int64 node, or as an array, whose range is checked."""
    if isinstance(part, Node):
        if part.dtype.kind not in "iu":
            raise _core.DTypeError(f"index: indices must be integers, got {part.dtype} [{part.label}]")
        return part.astype("int64")
    array = np.asarray(part)
    if array.dtype.kind not in "iu" and array.size:
        raise _core.DTypeError(f"index: indices must be integers, got {array.dtype}")
    array = array.astype(np.int64)
    size = y.shape[axis]
    if size is not None and array.size and (array.min() < -size or array.max() >= size):
        wrong = array.min() if array.min() < -size else array.max()
        raise IndexError(f"index {wrong} is out of range for axis {axis} of {y.label} {y.shape}")
    return array


def _whole(x: Node, parts: tuple[Any, ...]) -> list[Any]:
    """The key with its ellipsis written out."""
    used = sum(part is not None and part is not Ellipsis for part in parts)
    if used > x.ndim:
        raise IndexError(f"too many indices: {used} for {x.label} {x.shape}")
    filling = [slice(None)] * (x.ndim - used)
    at = next((k for k, part in enumerate(parts) if part is Ellipsis), len(parts))
    return [*parts[:at], *filling, *parts[at + 1 :]]


def _without_masks(x: Node, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Replaces masks by the indices where they are true."""
    made: list[Any] = []
    later = sum(_axes_of(part) for part in parts)
    axis = 0
    for part in parts:
        mask = mask_of(part)
        if part is Ellipsis:
            axis = x.ndim - (later - axis)
        elif mask is None:
            axis += part is not None
        else:
            for k, size in enumerate(mask.shape):
                here = x.shape[axis + k] if axis + k < x.ndim else None
                if here is not None and here != size:
                    raise IndexError(f"index of {x.label} {x.shape}: a mask of shape {mask.shape} does not fit axis {axis + k} of {here}")
            made += np.nonzero(mask)
            axis += mask.ndim
            continue
        made.append(part)
    return tuple(made)


def _axes_of(part: Any) -> int:
    mask = mask_of(part)
    return 0 if part is None or part is Ellipsis else 1 if mask is None else mask.ndim


def mask_of(part: Any) -> Array | None:
    """A constant mask; None for other indices. TraceError for a computed mask, whose number of True is not known."""
    if isinstance(part, Node):
        if part.dtype != bool:
            return None
        if part.op != "constant":
            _core.trace_error(
                "an index with a boolean mask chooses a number of elements that is not known while the graph is built",
                "Use plait.where(mask, a, b), or multiply by plait.cast(mask, ...), to keep the shape",
            )
        return np.asarray(part.value)
    if isinstance(part, (slice, int, np.integer)) or part is None or part is Ellipsis:
        return None
    array = np.asarray(part)
    return array if array.dtype == bool and array.ndim else None

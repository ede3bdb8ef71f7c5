"""ONNX's shape, slicing and indexing ops. Known shapes are folded to constants, unknown ones are tracked symbolically."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import _core, graph
from ..._core import Node
from .read_ops import Call, op
from .values import Dim, Product, Sizes, along, as_node, filled, ints, listed, shape_of, simplified, static

# ---- shapes ----


@op("Constant")
def _constant(call: Call, _x: list[Any]) -> Any:
    for name, value in call.attributes.items():
        if name == "value":
            return call.reader.tensor(value, call)
        if name in ("value_float", "value_floats"):
            return np.asarray(value, np.float32)
        if name in ("value_int", "value_ints"):
            return np.asarray(value, np.int64)
    raise call.refuse("a constant of a kind that is no number")


@op("Shape")
def _shape(call: Call, x: list[Any]) -> Any:
    shape = shape_of(x[0])
    part = slice(call.get("start", 0), call.get("end", None))
    return simplified(Sizes(shape.sizes[part])) if isinstance(shape, Sizes) else np.asarray(shape)[part]


@op("Size")
def _size(_call: Call, x: list[Any]) -> Any:
    return simplified(Sizes(tuple(listed(shape_of(x[0]), "a shape")), product=True))


@op("ConstantOfShape")
def _constant_of_shape(call: Call, x: list[Any]) -> Any:
    value = call.reader.tensor(call.attributes["value"], call) if "value" in call.attributes else np.zeros(1, np.float32)
    return filled(listed(x[0], "a shape"), value.reshape(-1)[0], value.dtype)


@op("Reshape")
def _reshape(call: Call, x: list[Any]) -> Any:
    if isinstance(x[0], (np.ndarray, Sizes)) and not isinstance(x[1], Sizes):
        if isinstance(x[0], np.ndarray):
            return x[0].reshape(ints(x[1], "a shape"))
        if ints(x[1], "a shape") in ([-1], [len(x[0].sizes)]):
            return x[0]
    a, to = as_node(x[0]), listed(x[1], "a shape") if len(x) > 1 else call.attributes["shape"]
    if not call.get("allowzero", 0):
        to = [(Dim(a, k) if a.shape[k] is None else a.shape[k]) if size == 0 else size for k, size in enumerate(to)]
    if isinstance(x[1], Sizes) and (like := Sizes(tuple(to)).of_shape()) is not None:
        return a if like is a else _core.apply("reshape_like", [a, like], [], [], False)
    open_ = [Dim(a, k) for k, size in enumerate(a.shape) if size is None]
    if -1 in to and all(isinstance(size, (int, Dim)) for size in to) and {s for s in to if isinstance(s, Dim)} == set(open_):
        rest = math.prod(size for size in to if isinstance(size, int) and size != -1)  # unknown sizes cancel
        whole = math.prod(size for size in a.shape if size is not None)
        to = [whole // rest if size == -1 and rest else size for size in to]
    if len(to) == 2 and isinstance(to[0], Product) and len(a.shape) > 1:
        form = shape_of(a)
        if isinstance(form, Sizes) and to[0].sizes == form.sizes[:-1] and to[1] == form.sizes[-1]:
            return _core.apply("flatten_leading", [a], [], [], False)
    if sum(not isinstance(size, int) or size == -1 for size in to) > 1:
        return reshape_by_parts(call, a, to)
    return _core.reshape(a, [size if isinstance(size, int) else -1 for size in to])


def reshape_by_parts(call: Call, a: Node, to: list[Any]) -> Node:
    """A reshape to several unknown sizes, possible without -1."""
    if -1 not in to:
        zeros = filled(to, 0, a.dtype)
        return _core.apply("reshape_like", [a, as_node(zeros)], [], [], False)
    raise call.refuse("two sizes of the new shape are open")


@op("Flatten")
def _flatten(call: Call, x: list[Any]) -> Any:
    a = as_node(x[0])
    axis = call.get("axis", 1)
    axis = axis % len(a.shape) if axis < 0 else axis
    before, behind = a.shape[:axis], a.shape[axis:]
    if None not in behind:
        return _core.reshape(a, [-1 if None in before else math.prod(before), math.prod(behind)])
    if None not in before:
        return _core.reshape(a, [math.prod(before), -1])
    raise call.refuse("sizes before and behind the axis are open")


@op("Transpose")
def _transpose(call: Call, x: list[Any]) -> Any:
    return _core.transpose(as_node(x[0]), call.get("perm", None))


def axes_of(call: Call, x: list[Any]) -> list[int] | None:
    """Axes as an input (since 13) or an attribute."""
    if len(x) > 1 and x[1] is not None:
        return ints(x[1], "an axis")
    return call.get("axes", None)  # type: ignore[no-any-return]


@op("Unsqueeze")
def _unsqueeze(call: Call, x: list[Any]) -> Any:
    axes = axes_of(call, x) or []
    if isinstance(x[0], np.ndarray):
        return np.expand_dims(x[0], tuple(axes))
    if isinstance(x[0], Sizes):
        if not x[0].product:
            return as_node(x[0])[None]
        return Sizes(x[0].sizes if len(x[0].sizes) == 1 else (Product(x[0].sizes),))  # type: ignore[arg-type]
    a = x[0]
    rank = len(a.shape) + len(axes)
    for axis in sorted(k % rank for k in axes):
        a = _core.expand_dims(a, axis)
    return a


@op("Squeeze")
def _squeeze(call: Call, x: list[Any]) -> Any:
    axes = axes_of(call, x)
    if isinstance(x[0], np.ndarray):
        return np.squeeze(x[0], None if axes is None else tuple(axes))
    if isinstance(x[0], Sizes) and len(x[0].sizes) == 1:
        return Sizes(x[0].sizes, product=True)
    return _core.squeeze(as_node(x[0]), None if axes is None else tuple(axes))


@op("Concat")
def _concat(call: Call, x: list[Any]) -> Any:
    if any(isinstance(value, Sizes) for value in x) and all(isinstance(value, (Sizes, np.ndarray)) for value in x):
        return simplified(Sizes(tuple(size for value in x for size in listed(value, "a shape"))))
    if all(isinstance(value, np.ndarray) for value in x):
        return np.concatenate(x, call.attributes["axis"])
    nodes = [as_node(value) for value in x]
    return _core.concatenate(nodes, call.attributes["axis"]) if len(nodes) > 1 else nodes[0]


@op("Expand", "Tile")
def _expand(call: Call, x: list[Any]) -> Any:
    a = as_node(x[0])
    if call.op == "Tile":
        repeats = ints(x[1], "how often it is repeated")
        for axis, n in enumerate(repeats):
            if n != 1:
                a = _core.concatenate([a] * n, axis)
        return a
    if isinstance(x[1], Sizes) and (like := x[1].of_shape()) is not None and len(like.shape) >= len(a.shape):
        return a if like is a else _core.broadcast_like(a, like)
    return (
        a + as_node(filled(listed(x[1], "a shape"), 0, a.dtype))
        if a.dtype.kind != "b"
        else a | as_node(filled(listed(x[1], "a shape"), 0, bool))
    )


@op("Slice")
def _slice(call: Call, x: list[Any]) -> Any:
    def part(k: int, name: str) -> list[Any] | None:
        if call.opset < 10:
            return call.get(name, None)  # type: ignore[no-any-return]
        return listed(x[k], f"the {name} of a slice") if len(x) > k and x[k] is not None else None

    starts, ends = part(1, "starts") or [], part(2, "ends") or []
    axes, steps = part(3, "axes") or list(range(len(starts))), part(4, "steps") or [1] * len(starts)
    if isinstance(x[0], Sizes):
        return simplified(Sizes(x[0].sizes[slice(starts[0], ends[0], steps[0])]))
    rank = x[0].ndim
    key: list[Any] = [slice(None)] * rank
    value = x[0]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        axis = int(axis) % rank
        if isinstance(start, Dim) or isinstance(end, Dim):
            value = part_like(call, as_node(value), axis, start, end)
            continue
        low = None if step < 0 and start >= 2**31 - 1 else start
        high = None if (step > 0 and end >= 2**31 - 1) or (step < 0 and end <= -(2**31 - 1)) else end
        key[axis] = slice(low, high, step)
    return value[tuple(key)]


def part_like(call: Call, a: Node, axis: int, start: Any, end: Any) -> Node:
    """The first k elements of an axis, or those after them, with k a size known only at run time."""
    dim = end if start == 0 else start
    if not isinstance(dim, Dim) or not (start == 0 or (isinstance(end, int) and end >= 2**31 - 1)):
        raise call.refuse("a slice between two open sizes")
    return _core.apply("head_like" if start == 0 else "tail_like", [a, along(dim, axis, len(a.shape), a.dtype)], [axis], [], False)


@op("Split")
def _split(call: Call, x: list[Any]) -> Any:
    a = as_node(x[0])
    axis = call.get("axis", 0) % len(a.shape)
    given = x[1] if len(x) > 1 and x[1] is not None else call.get("split", None)
    if given is None:
        size = a.shape[axis]
        if size is None:
            raise call.refuse("along an axis of unknown size")
        piece = -(-size // call.outputs)
        sizes = [min(piece, size - k * piece) for k in range(call.outputs)]
    else:
        sizes = ints(np.asarray(given) if isinstance(given, list) else given, "the sizes of pieces")
    pieces, begin = [], 0
    for n in sizes:
        pieces.append(a[(slice(None),) * axis + (slice(begin, begin + n),)])
        begin += n
    return pieces


# ---- by index ----


@op("Gather")
def _gather(call: Call, x: list[Any]) -> Any:
    axis = call.get("axis", 0)
    if isinstance(x[0], Sizes) and isinstance(x[1], np.ndarray):
        places = np.atleast_1d(x[1])
        return simplified(Sizes(tuple(x[0].sizes[int(k)] for k in places), product=x[1].ndim == 0))
    if all(isinstance(value, np.ndarray) for value in x):
        return np.take(x[0], x[1], axis)
    a, i = as_node(x[0]), as_node(x[1])
    axis %= len(a.shape)
    if isinstance(x[1], np.ndarray) and x[1].ndim == 0:
        return _core.apply("index", [a], [axis, int(x[1])], [], False)
    return _core.apply("take", [a, _core.cast(i, "int64")], [axis], [], False)


@op("GatherElements")
def _gather_elements(call: Call, x: list[Any]) -> Any:
    a = as_node(x[0])
    return _core.apply("take_along_axis", [a, _core.cast(as_node(x[1]), "int64")], [call.get("axis", 0) % len(a.shape)], [], False)


@op("TopK")
def _top_k(call: Call, x: list[Any]) -> Any:
    """The extreme elements in order and their indices; all of them where the count is the size."""
    a, axis = as_node(x[0]), call.get("axis", -1) % len(as_node(x[0]).shape)
    (count,) = listed(x[1], "a count")
    largest = bool(call.get("largest", 1))
    places = graph.argsort(-a if largest else a, axis) if a.dtype.kind == "f" else graph.argsort(a, axis, descending=largest)
    if isinstance(count, int):
        places = places[(slice(None),) * axis + (slice(count),)]
    elif count != Dim(a, axis):
        raise call.refuse("a count that is bound later, but the size of the axis")
    return [graph.take_along_axis(a, places, axis), places]


@op("ScatterElements")
def _scatter_elements(call: Call, x: list[Any]) -> Any:
    """Scatter-add; without reduction the updates replace elements, at distinct indices."""
    a, i, updates = as_node(x[0]), _core.cast(as_node(x[1]), "int64"), as_node(x[2])
    axis = call.get("axis", 0) % len(a.shape)
    reduction = call.get("reduction", "none")
    added = _core.apply("take_along_axis_gradient", [updates, i, a], [axis], [], False)
    if reduction == "add":
        return a + added
    if reduction != "none":
        raise call.refuse(f"reduction {reduction!r}")
    hit = _core.apply("take_along_axis_gradient", [np.ones_like(updates), i, a], [axis], [], False)
    return (
        graph.where(hit > 0, added / graph.maximum(hit, 1.0), a)
        if a.dtype.kind == "f"
        else graph.where(hit > 0, added // graph.maximum(hit, 1), a)
    )


@op("ArrayFeatureExtractor")
def _extract(_call: Call, x: list[Any]) -> Any:
    """Columns of the last axis; a vector becomes one row, as in the standard."""
    a, i = as_node(x[0]), as_node(x[1])
    if len(a.shape) == 1:
        a = a[None]
    return _core.apply("take", [a, _core.reshape(_core.cast(i, "int64"), [-1])], [len(a.shape) - 1], [], False)


@op("OneHot")
def _one_hot(call: Call, x: list[Any]) -> Any:
    (depth,) = ints(x[1], "the depth")
    off, on = static(x[2], "the two values").reshape(-1)
    i = _core.cast(as_node(x[0]), "int64")
    hot = _core.elementwise("equal", i[..., None] % depth, as_node(np.arange(depth)))
    y = graph.where(hot, as_node(on), as_node(off))
    axis = call.get("axis", -1)
    rank = len(y.shape)
    order = list(range(rank - 1))
    order.insert(axis % rank, rank - 1)
    return y if order == list(range(rank)) else _core.transpose(y, order)


@op("Range")
def _range(call: Call, x: list[Any]) -> Any:
    if isinstance(x[1], Sizes):
        begin, step = ints(x[0], "the start of a range"), ints(x[2], "the step of a range")
        if begin == [0] and step == [1] and len(x[1].sizes) == 1 and isinstance(x[1].sizes[0], Dim):
            return _core.apply("scan_index", [along(x[1].sizes[0], 0, 1, "float32")], [], [], False)
        if begin == [0] and step == [1]:
            flat = _core.reshape(as_node(filled(x[1].sizes, 0, np.float32)), [-1])
            return _core.apply("scan_index", [flat], [], [], False)
        raise call.refuse("between open sizes")
    values: list[Any] = [static(value, "a range").reshape(()) for value in x]
    return np.arange(*values, dtype=values[0].dtype)


@op("IsNaN", "IsInf")
def _is(call: Call, x: list[Any]) -> Any:
    a = as_node(x[0])
    if call.op == "IsNaN":
        return a != a
    return _core.elementwise("equal", graph.abs(a), as_node(np.asarray(np.inf, a.dtype)))


@op("NonZero")
def _nonzero(_call: Call, x: list[Any]) -> Any:
    if isinstance(x[0], Sizes) and x[0].ones:
        return x[0]
    return np.asarray(np.nonzero(np.atleast_1d(static(x[0], "what is not zero"))), np.int64)


@op("Trilu")
def _trilu(call: Call, x: list[Any]) -> Any:
    k = ints(x[1], "a diagonal")[0] if len(x) > 1 and x[1] is not None else 0
    a = x[0] if isinstance(x[0], np.ndarray) else as_node(x[0])
    return (np.triu if call.get("upper", 1) else np.tril)(a, k)

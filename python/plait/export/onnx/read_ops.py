"""ONNX's ops as nodes: elementwise, reductions, shapes, indices."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import _core, graph
from ..._core import Node
from .values import Dim, Sizes, along, as_node, filled, ints, listed, shape_of, simplified, static


@dataclass
class Call:
    """One node of a file: its op, attributes, what to call it in messages, and how many outputs are read."""

    op: str
    attributes: dict[str, Any]
    label: str
    outputs: int
    opset: int
    reader: Any

    def get(self, name: str, default: Any) -> Any:
        """An attribute."""
        return self.attributes.get(name, default)

    def refuse(self, why: str) -> NotImplementedError:
        """What cannot be read, and where."""
        return NotImplementedError(f"from_onnx: {self.op} ({self.label}): {why}")


Read = Callable[[Call, "list[Any]"], Any]
READERS: dict[str, Read] = {}

SAME = {
    "Neg": "negative", "Abs": "abs", "Sign": "sign", "Sqrt": "sqrt", "Reciprocal": "reciprocal", "Exp": "exp", "Log": "log", "Sin": "sin",
    "Cos": "cos", "Tan": "tan", "Sinh": "sinh", "Cosh": "cosh", "Tanh": "tanh", "Sigmoid": "sigmoid", "Softplus": "softplus", "Erf": "erf",
    "Floor": "floor", "Relu": "relu", "Less": "less", "LessOrEqual": "less_equal", "Not": "logical_not", "And": "logical_and",
    "Or": "logical_or", "Xor": "not_equal",
}  # fmt: skip
# On two arrays these are taken at once: they compute sizes.
NUMBERS: dict[str, Any] = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Equal": np.equal, "Less": np.less, "Greater": np.greater, "Not": np.logical_not,
    "And": np.logical_and, "Or": np.logical_or,
}  # fmt: skip


def op(*names: str) -> Callable[[Read], Read]:
    """Says which ops a function reads."""

    def register(read: Read) -> Read:
        for name in names:
            READERS[name] = read
        return read

    return register


def read_call(call: Call, x: list[Any]) -> list[Any]:
    """What a node of the file gives."""
    if call.op in NUMBERS and all(isinstance(value, np.ndarray) and value.dtype.kind in "bi" for value in x):
        return [np.asarray(NUMBERS[call.op](*x))]
    if call.op in SAME:
        return [_core.elementwise(SAME[call.op], *map(as_node, x))]
    if call.op not in READERS:
        raise call.refuse("this operation has no form in plait")
    result = READERS[call.op](call, x)
    return result if isinstance(result, list) else [result]


# ---- elementwise ----


def pairwise(name: str) -> Read:
    """An op of two or more operands, from left to right."""

    def read(_call: Call, x: list[Any]) -> Any:
        total = as_node(x[0])
        for more in x[1:]:
            total = _core.elementwise(name, total, as_node(more))
        return total

    return read


for _onnx, _plait in (("Add", "add"), ("Sub", "subtract"), ("Mul", "multiply"), ("Min", "minimum"), ("Max", "maximum"), ("Sum", "add")):
    READERS[_onnx] = pairwise(_plait)


@op("Pow")
def _pow(_call: Call, x: list[Any]) -> Any:
    power = x[1]
    if isinstance(power, np.ndarray) and power.size == 1 and float(power.reshape(())) in (0.5, 1.0, 2.0, 3.0, -1.0):
        result = as_node(x[0]) ** float(power.reshape(()))
        return result if power.ndim == 0 else result + np.zeros(power.shape, result.dtype)
    return _core.elementwise("power", as_node(x[0]), _core.cast(as_node(power), as_node(x[0]).dtype))


@op("Div")
def _div(_call: Call, x: list[Any]) -> Any:
    a, b = as_node(x[0]), as_node(x[1])
    if a.dtype.kind == "f":
        return a / b
    if all(isinstance(value, np.ndarray) for value in x):
        return np.asarray((np.abs(x[0]) // np.abs(x[1])) * np.sign(x[0]) * np.sign(x[1]), x[0].dtype)
    down = a // b  # ONNX rounds towards zero
    return down + _core.cast((down < 0) & (down * b != a), down.dtype)


@op("Mod")
def _mod(call: Call, x: list[Any]) -> Any:
    a, b = as_node(x[0]), as_node(x[1])
    r = a % b
    if not call.get("fmod", 0):
        return r
    over = _core.elementwise("logical_and", r != 0, (r < 0) != (a < 0))
    return graph.where(over, r - b, r)


@op("Equal", "Greater", "GreaterOrEqual")
def _compare(call: Call, x: list[Any]) -> Any:
    if call.op == "Equal":
        return _core.elementwise("equal", *map(as_node, x))
    return _core.elementwise("less" if call.op == "Greater" else "less_equal", as_node(x[1]), as_node(x[0]))


@op("Where")
def _where(_call: Call, x: list[Any]) -> Any:
    if all(isinstance(value, np.ndarray) for value in x) and x[1].dtype.kind in "bi":
        return np.where(*x)
    return _core.elementwise("where", *map(as_node, x))


@op("Identity", "Dropout", "ZipMap")
def _identity(call: Call, x: list[Any]) -> Any:
    if call.op == "ZipMap":
        raise call.refuse("a list of dicts is no array; convert the model with options={'zipmap': False}")
    return [x[0], *[np.ones((), bool)] * (call.outputs - 1)]


@op("Cast", "CastLike")
def _cast(call: Call, x: list[Any]) -> Any:
    dtype = as_node(x[1]).dtype if call.op == "CastLike" else call.reader.dtype(call.attributes["to"], call)
    if isinstance(x[0], np.ndarray):
        return x[0].astype(dtype)
    if isinstance(x[0], Sizes) and dtype.kind == "i":
        return x[0]
    return _core.cast(as_node(x[0]), dtype)


@op("Clip")
def _clip(call: Call, x: list[Any]) -> Any:
    result = as_node(x[0])
    low, high = [*x[1:], None, None][:2] if call.opset >= 11 else (call.get("min", None), call.get("max", None))
    if low is not None:
        result = graph.maximum(result, as_node(np.asarray(low, result.dtype) if isinstance(low, float) else low))
    if high is not None:
        result = graph.minimum(result, as_node(np.asarray(high, result.dtype) if isinstance(high, float) else high))
    return result


@op("Round")
def _round(_call: Call, x: list[Any]) -> Any:
    """To the nearest, halves to the even one."""
    a = as_node(x[0])
    down = _core.elementwise("floor", a)
    rest = a - down
    odd = down % 2 != 0
    up = _core.elementwise(
        "logical_or", rest > 0.5, _core.elementwise("logical_and", _core.elementwise("equal", rest, rest * 0 + 0.5), odd)
    )
    return down + _core.cast(up, a.dtype)


@op("Ceil")
def _ceil(_call: Call, x: list[Any]) -> Any:
    return -_core.elementwise("floor", -as_node(x[0]))


@op("LeakyRelu", "Elu", "Selu", "HardSigmoid", "Softsign", "ThresholdedRelu", "PRelu", "Gelu", "Mish", "HardSwish")
def _activation(call: Call, x: list[Any]) -> Any:
    a = as_node(x[0])
    if call.op == "LeakyRelu":
        return graph.leaky_relu(a, call.get("alpha", 0.01))
    if call.op == "PRelu":
        return graph.where(a < 0, a * as_node(x[1]), a)
    if call.op == "Elu":
        return graph.elu(a, call.get("alpha", 1.0))
    if call.op == "Selu":
        return graph.elu(a, call.get("alpha", 1.67326319217681884765625)) * call.get("gamma", 1.05070102214813232421875)
    if call.op == "HardSigmoid":
        return graph.clip(a * call.get("alpha", 0.2) + call.get("beta", 0.5), 0.0, 1.0)
    if call.op == "HardSwish":
        return a * graph.clip(a / 6.0 + 0.5, 0.0, 1.0)
    if call.op == "Gelu":
        return graph.gelu(a, approximate=call.get("approximate", "none") == "tanh")
    if call.op == "Mish":
        return a * graph.tanh(graph.softplus(a))
    if call.op == "ThresholdedRelu":
        return graph.where(a > call.get("alpha", 1.0), a, a * 0.0)
    return a / (1.0 + graph.abs(a))


# ---- reductions ----


@op("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSumExp")
def _reduce(call: Call, x: list[Any]) -> Any:
    given = x[1] if len(x) > 1 and x[1] is not None else call.get("axes", None)
    axes = None if given is None else tuple(ints(np.asarray(given) if isinstance(given, list) else given, "an axis"))
    keep = bool(call.get("keepdims", 1))
    if axes == () or axes is None:
        if call.get("noop_with_empty_axes", 0):
            return x[0]
        axes = None
    if isinstance(x[0], Sizes) or (isinstance(x[0], np.ndarray) and x[0].dtype.kind == "i" and call.op == "ReduceProd"):
        if isinstance(x[0], Sizes):
            return (
                Sizes(x[0].sizes, product=not keep)
                if call.op == "ReduceProd" and not keep
                else _core.reduction("prod", as_node(x[0]), axes, keep)
            )
        return np.asarray(np.prod(x[0], axis=axes, keepdims=keep))
    a = as_node(x[0])
    if call.op == "ReduceMean":
        return graph.mean(a, axes, keep)
    if call.op == "ReduceLogSumExp":
        return graph.logsumexp(a, axes, keep)
    if call.op == "ReduceL1":
        return _core.reduction("sum", graph.abs(a), axes, keep)
    if call.op in ("ReduceSumSquare", "ReduceL2"):
        total = _core.reduction("sum", graph.square(a), axes, keep)
        return graph.sqrt(total) if call.op == "ReduceL2" else total
    return _core.reduction(call.op[6:].lower(), a, axes, keep)


@op("Softmax", "LogSoftmax")
def _softmax(call: Call, x: list[Any]) -> Any:
    f = graph.softmax if call.op == "Softmax" else graph.log_softmax
    a = as_node(x[0])
    if call.opset >= 13:
        return f(a, call.get("axis", -1))
    axis = call.get("axis", 1) % len(a.shape)  # before 13: over all axes from there on
    if axis == len(a.shape) - 1:
        return f(a, -1)
    if None in a.shape[axis:]:
        raise call.refuse("over several axes of unknown size")
    sizes = [-1 if size is None else size for size in a.shape]
    flat = _core.reshape(a, [*([-1] if axis else [1]), math.prod(size for size in a.shape[axis:] if size is not None)])
    return _core.reshape(f(flat, -1), sizes) if sizes.count(-1) < 2 else _core.apply("reshape_like", [f(flat, -1), a], [], [], False)


@op("ArgMax", "ArgMin")
def _arg(call: Call, x: list[Any]) -> Any:
    """The first place where the extreme is."""
    a, axis = as_node(x[0]), call.get("axis", 0)
    axis %= len(a.shape)
    if a.shape[axis] is None:
        raise call.refuse("along an axis of unknown size")
    if call.get("select_last_index", 0):
        raise call.refuse("select_last_index")
    n = a.shape[axis]
    assert n is not None
    extreme = _core.reduction("max" if call.op == "ArgMax" else "min", a, axis, True)
    places = np.arange(n).reshape([-1 if k == axis else 1 for k in range(len(a.shape))])
    found = _core.elementwise("where", _core.elementwise("equal", a, extreme), as_node(places), as_node(np.asarray(max(n - 1, 0))))
    return _core.reduction("min", found, axis, bool(call.get("keepdims", 1)))


@op("CumSum")
def _cumsum(call: Call, x: list[Any]) -> Any:
    if call.get("exclusive", 0):
        raise call.refuse("exclusive sums")
    a, (axis,) = as_node(x[0]), ints(x[1], "an axis")
    return _core.apply("cumsum", [a], [axis % len(a.shape), call.get("reverse", 0)], [], False)


# ---- products ----


@op("MatMul")
def _matmul(_call: Call, x: list[Any]) -> Any:
    return _core.matmul(as_node(x[0]), as_node(x[1]))


@op("Gemm")
def _gemm(call: Call, x: list[Any]) -> Any:
    a, b = as_node(x[0]), as_node(x[1])
    a = a.T if call.get("transA", 0) else a
    b = b.T if call.get("transB", 0) else b
    y = a @ b
    if call.get("alpha", 1.0) != 1:
        y = y * call.get("alpha", 1.0)
    if len(x) > 2 and x[2] is not None:
        c = as_node(x[2])
        y = y + (c * call.get("beta", 1.0) if call.get("beta", 1.0) != 1 else c)
    return y


@op("LayerNormalization")
def _layer_norm(call: Call, x: list[Any]) -> Any:
    a = as_node(x[0])
    axis = call.get("axis", -1) % len(a.shape)
    axes = tuple(range(axis, len(a.shape)))
    centred = a - graph.mean(a, axes, True)
    y = centred / graph.sqrt(graph.mean(graph.square(centred), axes, True) + call.get("epsilon", 1e-5)) * as_node(x[1])
    return y + as_node(x[2]) if len(x) > 2 and x[2] is not None else y


@op("BatchNormalization")
def _batch_norm(call: Call, x: list[Any]) -> Any:
    if call.get("training_mode", 0):
        raise call.refuse("in training mode")
    a = as_node(x[0])
    form = (-1, *[1] * (len(a.shape) - 2))
    scale, shift, mean, variance = (_core.reshape(as_node(value), list(form)) for value in x[1:5])
    return (a - mean) / graph.sqrt(variance + call.get("epsilon", 1e-5)) * scale + shift


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
        rest = math.prod(size for size in to if isinstance(size, int) and size != -1)  # what is open cancels
        whole = math.prod(size for size in a.shape if size is not None)
        to = [whole // rest if size == -1 and rest else size for size in to]
    if sum(isinstance(size, Dim) or size == -1 for size in to) > 1:
        return reshape_by_parts(call, a, to)
    return _core.reshape(a, [-1 if isinstance(size, Dim) else size for size in to])


def reshape_by_parts(call: Call, a: Node, to: list[Any]) -> Node:
    """Several open sizes: those that stand where they stood may stay."""
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
        return Sizes(x[0].sizes) if len(x[0].sizes) == 1 and x[0].product else as_node(x[0])[None]
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
    """As much of an axis as something else has, from the front or what is left."""
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


@op("ScatterElements")
def _scatter_elements(call: Call, x: list[Any]) -> Any:
    """Added to what is there; without reduction only into zeros, at places that differ."""
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
    """Columns of the last axis; of one row a row is made, as the standard has it."""
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
    return np.asarray(np.nonzero(np.atleast_1d(static(x[0], "what is not zero"))), np.int64)

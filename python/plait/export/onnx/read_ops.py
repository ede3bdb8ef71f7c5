"""ONNX's ops as nodes: elementwise, reductions, shapes, indices."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import _core, graph
from .values import Dim, Product, Sizes, as_node, filled, ints


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
        """The error for what is not supported."""
        return NotImplementedError(f"from_onnx: {self.op} ({self.label}): {why}")


Read = Callable[[Call, "list[Any]"], Any]
READERS: dict[str, Read] = {}

SAME = {
    "Neg": "negative", "Abs": "abs", "Sign": "sign", "Sqrt": "sqrt", "Reciprocal": "reciprocal", "Exp": "exp", "Log": "log", "Sin": "sin",
    "Cos": "cos", "Tan": "tan", "Sinh": "sinh", "Cosh": "cosh", "Tanh": "tanh", "Sigmoid": "sigmoid", "Softplus": "softplus", "Erf": "erf",
    "Floor": "floor", "Relu": "relu", "Less": "less", "LessOrEqual": "less_equal", "Not": "logical_not", "And": "logical_and",
    "Or": "logical_or", "Xor": "not_equal",
}  # fmt: skip
# Folded at once on two integer or boolean arrays: they compute sizes.
NUMBERS: dict[str, Any] = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Equal": np.equal, "Less": np.less, "Greater": np.greater, "Not": np.logical_not,
    "And": np.logical_and, "Or": np.logical_or,
}  # fmt: skip


def op(*names: str) -> Callable[[Read], Read]:
    """Registers a function as the reader of ops."""

    def register(read: Read) -> Read:
        for name in names:
            READERS[name] = read
        return read

    return register


def read_call(call: Call, x: list[Any]) -> list[Any]:
    """The outputs of a node of the file."""
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
    if call.op == "Equal" and isinstance(x[0], Sizes) and isinstance(x[1], np.ndarray) and (x[1] == 1).all():
        return Sizes(x[0].sizes, ones=True)
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
    """Rounds half to even."""
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


INVERSES = {"Asin": np.arcsin, "Acos": np.arccos, "Atan": np.arctan, "Asinh": np.arcsinh, "Acosh": np.arccosh, "Atanh": np.arctanh}


@op(*INVERSES)
def _inverse(call: Call, x: list[Any]) -> Any:
    return INVERSES[call.op](as_node(x[0]))


@op("Celu", "Shrink", "Swish")
def _more_activations(call: Call, x: list[Any]) -> Any:
    a = as_node(x[0])
    if call.op == "Celu":
        alpha = call.get("alpha", 1.0)
        return graph.elu(a / alpha) * alpha
    if call.op == "Swish":
        return a * graph.sigmoid(a * call.get("alpha", 1.0))
    border, bias = call.get("lambd", 0.5), call.get("bias", 0.0)
    return graph.where(a < -border, a + bias, graph.where(a > border, a - bias, a * 0.0))


@op("Mean")
def _mean(call: Call, x: list[Any]) -> Any:
    return READERS["Sum"](call, x) / float(len(x))


@op("Imputer")
def _imputed(call: Call, x: list[Any]) -> Any:
    a, lost = as_node(x[0]), call.get("replaced_value_float", 0.0)
    if "imputed_value_floats" not in call.attributes:
        raise call.refuse("of whole numbers")
    there = _core.elementwise("equal", a, a if math.isnan(lost) else as_node(np.asarray(lost, a.dtype)))
    given = as_node(np.asarray(call.attributes["imputed_value_floats"], a.dtype))
    return graph.where(there, a, given) if math.isnan(lost) else graph.where(there, given, a)


@op("Scaler", "Binarizer", "Normalizer", "LinearRegressor")
def _scaled(call: Call, x: list[Any]) -> Any:
    """Ops of exported scikit-learn pipelines."""
    a = as_node(x[0])
    if call.op == "Normalizer":
        size = {"MAX": graph.max, "L1": graph.sum, "L2": graph.sum}[call.get("norm", "MAX")](
            graph.square(a) if call.get("norm", "MAX") == "L2" else graph.abs(a), 1, True
        )
        size = graph.sqrt(size) if call.get("norm", "MAX") == "L2" else size
        return a / graph.where(size > 0, size, 1.0)
    if call.op == "LinearRegressor":
        if call.get("post_transform", "NONE") != "NONE":
            raise call.refuse(f"post_transform {call.attributes['post_transform']}")
        weight = np.asarray(call.attributes["coefficients"], a.dtype).reshape(call.get("targets", 1), -1).T
        return a @ weight + np.asarray(call.get("intercepts", [0.0]), a.dtype)
    if call.op == "Binarizer":
        return _core.cast(a > call.get("threshold", 0.0), a.dtype)
    offset, scale = (np.asarray(call.get(name, [default]), a.dtype) for name, default in (("offset", 0.0), ("scale", 1.0)))
    return (a - offset) * scale


# ---- reductions ----


@op("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSumExp")
def _reduce(call: Call, x: list[Any]) -> Any:
    given = x[1] if len(x) > 1 and x[1] is not None else call.get("axes", None)
    if isinstance(given, Sizes) and given.ones and call.op == "ReduceSum":  # to a shape that is known only at run time
        a = as_node(x[0])
        return _core.apply("sum_to_like", [a, as_node(filled(given.sizes, 0, a.dtype))], [], [], False)
    axes = None if given is None else tuple(ints(np.asarray(given) if isinstance(given, list) else given, "an axis"))
    keep = bool(call.get("keepdims", 1))
    if axes == () or axes is None:
        if call.get("noop_with_empty_axes", 0):
            return x[0]
        axes = None
    if isinstance(x[0], Sizes) or (isinstance(x[0], np.ndarray) and x[0].dtype.kind == "i" and call.op == "ReduceProd"):
        if isinstance(x[0], Sizes) and call.op == "ReduceProd" and keep and all(isinstance(size, (int, Dim)) for size in x[0].sizes):
            return Sizes((Product(x[0].sizes),))  # type: ignore[arg-type]
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
    """The first index of the extremum."""
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
    a, (axis,) = as_node(x[0]), ints(x[1], "an axis")
    axis %= len(a.shape)
    sums = _core.apply("cumsum", [a], [axis, call.get("reverse", 0)], [], False)
    if not call.get("exclusive", 0):
        return sums
    widths = [(0, 0)] * len(a.shape)  # exclusive: sums shifted by one
    widths[axis] = (0, 1) if call.get("reverse", 0) else (1, 0)
    kept = slice(1, None) if call.get("reverse", 0) else slice(None, -1)
    return graph.pad(sums, widths)[(slice(None),) * axis + (kept,)]


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


@op("Einsum")
def _einsum(call: Call, x: list[Any]) -> Any:
    return graph.einsum(call.attributes["equation"].replace(" ", ""), *map(as_node, x))


@op("RMSNormalization")
def _rms_norm(call: Call, x: list[Any]) -> Any:
    a = as_node(x[0])
    axes = tuple(range(call.get("axis", -1) % len(a.shape), len(a.shape)))
    return a / graph.sqrt(graph.mean(graph.square(a), axes, True) + call.get("epsilon", 1e-5)) * as_node(x[1])


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

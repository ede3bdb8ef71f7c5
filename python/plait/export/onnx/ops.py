"""Each op in ONNX: one node where there is one, else a few."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..._core import Node
from .graph import FIRST, LAST, Graph

Write = Callable[[Graph, Node, list[str]], str]
OPS: dict[str, Write] = {}

# Ops without a form in ONNX, and why; all others have one.
REFUSED = {
    **dict.fromkeys(
        ("random_normal", "random_uniform", "random_gamma", "random_poisson", "scan_key"), "its random numbers are not plait's"
    ),
    **dict.fromkeys(("scan_normal", "scan_uniform", "scan_draw_key"), "its random numbers are not plait's"),
    **dict.fromkeys(
        ("lgamma", "digamma", "trigamma", "cholesky", "triangular_solve", "linear_solve", "slogdet"), "ONNX has no such operation"
    ),
    **dict.fromkeys(("soft_dtw", "soft_dtw_gradient", "solution", "solution_gradient"), "ONNX has no such operation"),
    **dict.fromkeys(("sparse_input", "sparse_matmul", "sparse_transposed_matmul"), "runtimes have no sparse inputs"),
    "scan_cotangent": "it stands for a gradient that has not been taken",
}

SAME = {
    "negative": "Neg", "abs": "Abs", "sign": "Sign", "sqrt": "Sqrt", "root": "Sqrt", "reciprocal": "Reciprocal", "exp": "Exp", "log": "Log",
    "sin": "Sin", "cos": "Cos", "tanh": "Tanh", "sigmoid": "Sigmoid", "floor": "Floor", "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "power": "Pow", "minimum": "Min",
    "maximum": "Max", "matmul": "MatMul", "stop_gradient": "Identity",
}  # fmt: skip


# Coefficients of erfc: see cpp/src/tensor/math/isa/special.hpp.
ERFC = [
    0.2769783735, -0.3697424805, 0.2037122706, -0.03965362908, -0.01456167339, 0.006476868005, 0.002182784964, -0.0007973371718,
    -0.0004388813299, -3.1365056e-5,
]  # fmt: skip


def op(*names: str) -> Callable[[Write], Write]:
    """Registers a function as the writer of ops."""

    def register(write: Write) -> Write:
        for name in names:
            OPS[name] = write
        return write

    return register


def write_node(g: Graph, node: Node) -> None:
    """Appends a node whose inputs have been written."""
    inputs = [g.names[i] for i in node.inputs]
    if node.op in SAME:
        g.names[node] = g.add(SAME[node.op], *inputs)
    elif node.op in OPS:
        g.names[node] = OPS[node.op](g, node, inputs)
    else:
        reason = REFUSED.get(node.op, "it has no form in ONNX")
        raise NotImplementedError(f"to_onnx: {node.op} at {node.label} cannot be written: {reason}")


def number(g: Graph, value: float, node: Node) -> str:
    """A number of a node's dtype."""
    return g.array(value, node.dtype)


# ---- elementwise ----


@op("square")
def _square(g: Graph, _node: Node, x: list[str]) -> str:
    return str(g.add("Mul", x[0], x[0]))


@op("relu")
def _relu(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add("Relu", x[0]) if node.dtype.kind == "f" else g.add("Max", x[0], number(g, 0, node)))


@op("exp2")
def _exp2(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add("Pow", number(g, 2, node), x[0]))


@op("log2", "log10")
def _log_base(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add("Mul", g.add("Log", x[0]), number(g, 1 / np.log(2 if node.op == "log2" else 10), node)))


@op("expm1")
def _expm1(g: Graph, node: Node, x: list[str]) -> str:
    """By tanh(x / 2) (e^x + 1): accurate near 0 and at infinity."""
    half = g.add("Tanh", g.add("Mul", x[0], number(g, 0.5, node)))
    return str(g.add("Mul", half, g.add("Add", g.add("Exp", x[0]), number(g, 1, node))))


@op("log1p")
def _log1p(g: Graph, node: Node, x: list[str]) -> str:
    """By Kahan's log(u) x / (u - 1) with u = 1 + x."""
    u = g.add("Add", x[0], number(g, 1, node))
    d = g.add("Sub", u, number(g, 1, node))
    log = g.add("Log", u)
    scaled = g.add("Mul", log, g.add("Div", x[0], d))
    some = g.add("Where", g.add("Equal", d, number(g, 0, node)), x[0], scaled)
    return str(g.add("Where", g.add("Equal", d, x[0]), log, some))


@op("tan")
def _tan(g: Graph, _node: Node, x: list[str]) -> str:
    return str(g.add("Div", g.add("Sin", x[0]), g.add("Cos", x[0])))  # onnxruntime has Tan, Sinh, Cosh and Erf in single precision only


@op("sinh", "cosh")
def _hyperbolic(g: Graph, node: Node, x: list[str]) -> str:
    """By e^(|x| - log 2), which is finite where the result is; sinh is tanh cosh, accurate near 0."""
    half = g.add("Exp", g.add("Sub", g.add("Abs", x[0]), number(g, np.log(2), node)))
    cosh = g.add("Add", half, g.add("Div", number(g, 0.25, node), half))
    return str(cosh if node.op == "cosh" else g.add("Mul", g.add("Tanh", x[0]), cosh))


@op("erf")
def _erf(g: Graph, node: Node, x: list[str]) -> str:
    if node.dtype.name == "float32":
        return str(g.add("Erf", x[0]))
    return g.cast(g.add("Erf", g.cast(x[0], "float32")), "float64")


def polynomial(g: Graph, node: Node, x: str, coefficients: list[float]) -> str:
    """Horner's rule; the constant is the first coefficient."""
    total = number(g, coefficients[-1], node)
    for c in reversed(coefficients[:-1]):
        total = str(g.add("Add", g.add("Mul", total, x), number(g, c, node)))
    return total


@op("erfc")
def _erfc(g: Graph, node: Node, x: list[str]) -> str:
    """e^(-a^2) / (1 + 2 a) times a polynomial in q = (a - 2) / (a + 2), the core's formula for single precision; below 0 by 2 - erfc(a)."""
    one, two = number(g, 1, node), number(g, 2, node)
    a = g.add("Min", g.add("Abs", x[0]), number(g, 27, node))
    q = g.add("Div", g.add("Sub", a, two), g.add("Add", a, two))
    scale = g.add("Div", g.add("Exp", g.add("Neg", g.add("Mul", a, a))), g.add("Add", one, g.add("Mul", two, a)))
    fitted = polynomial(g, node, q, ERFC)
    y = g.add("Mul", scale, g.add("Add", one, g.add("Mul", g.add("Add", q, one), fitted)))
    return str(g.add("Where", g.add("Less", x[0], number(g, 0, node)), g.add("Sub", two, y), y))


@op("expm1mx")
def _expm1mx(g: Graph, node: Node, x: list[str]) -> str:
    """e^x - 1 - x: up to 1 the series, beyond the difference."""
    terms = [1.0 / math.factorial(k + 2) for k in range(8 if node.dtype.name == "float32" else 16)]
    near = g.add("Mul", g.add("Mul", x[0], x[0]), polynomial(g, node, x[0], terms))
    far = g.add("Where", g.add("Equal", x[0], number(g, np.inf, node)), x[0], g.add("Sub", _expm1(g, node, x), x[0]))
    return str(g.add("Where", g.add("LessOrEqual", g.add("Abs", x[0]), number(g, 1, node)), near, far))


@op("difference")
def _difference(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add("Where", g.add("Equal", *x), number(g, 0, node), g.add("Sub", *x)))


@op("softplus")
def _softplus(g: Graph, node: Node, x: list[str]) -> str:
    """In double precision by max(x, 0) + log1p(e^-|x|): onnxruntime's own overflows there."""
    if node.dtype.name == "float32":
        return str(g.add("Softplus", x[0]))
    small = g.add("Exp", g.add("Neg", g.add("Abs", x[0])))
    return str(g.add("Add", g.add("Max", x[0], number(g, 0, node)), _log1p(g, node, [small])))


@op("logaddexp")
def _logaddexp(g: Graph, node: Node, x: list[str]) -> str:
    distance = g.add("Neg", g.add("Abs", _difference(g, node, x)))
    return str(g.add("Add", g.add("Max", *x), _softplus(g, node, [distance])))


@op("hypot")
def _hypot(g: Graph, node: Node, x: list[str]) -> str:
    a, b = (g.add("Abs", name) for name in x)
    most = g.add("Max", a, b)
    finite = g.add("And", g.add("Greater", most, number(g, 0, node)), g.add("Less", most, number(g, np.inf, node)))
    scale = g.add("Where", finite, most, number(g, 1, node))
    parts = [g.add("Div", name, scale) for name in (a, b)]
    return str(g.add("Mul", scale, g.add("Sqrt", g.add("Add", *(g.add("Mul", part, part) for part in parts)))))


def _divisor(g: Graph, node: Node, x: list[str]) -> tuple[str, str]:
    """Whether an integer divisor is 0, and the divisor with 0 replaced by 1."""
    none = g.add("Equal", x[1], number(g, 0, node))
    return none, g.add("Where", none, number(g, 1, node), x[1])


@op("remainder")
def _remainder(g: Graph, node: Node, x: list[str]) -> str:
    if node.dtype.kind != "f":
        none, divisor = _divisor(g, node, x)
        return str(g.add("Where", none, number(g, 0, node), g.add("Mod", x[0], divisor)))
    zero = number(g, 0, node)
    r = g.add("Mod", *x, fmod=1)
    other = g.add("Xor", g.add("Less", r, zero), g.add("Less", x[1], zero))
    over = g.add("And", other, g.add("Not", g.add("Equal", r, zero)))
    return str(g.add("Where", over, g.add("Add", r, x[1]), r))


@op("floor_divide")
def _floor_divide(g: Graph, node: Node, x: list[str]) -> str:
    if node.dtype.kind != "f":
        none, divisor = _divisor(g, node, x)
        r = g.add("Mod", x[0], divisor)
        return str(g.add("Where", none, number(g, 0, node), g.add("Div", g.add("Sub", x[0], r), divisor)))
    r = _remainder(g, node, x)
    return str(g.add("Round", g.add("Div", g.add("Sub", x[0], r), x[1])))


@op("less", "less_equal", "equal", "not_equal")
def _compared(g: Graph, node: Node, x: list[str]) -> str:
    if node.inputs[0].dtype.kind == "b" and "less" in node.op:
        x = [g.cast(name, "int32") for name in x]
    if node.op == "not_equal":
        return str(g.add("Not", g.add("Equal", *x)))
    return str(g.add({"less": "Less", "less_equal": "LessOrEqual", "equal": "Equal"}[node.op], *x))


def truth(g: Graph, node: Node, name: str) -> str:
    """A boolean: everything but 0 is true."""
    return name if node.dtype.kind == "b" else g.cast(name, "bool")


@op("logical_and", "logical_or", "logical_not")
def _logical(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add(node.op[8:].capitalize(), *(truth(g, i, name) for i, name in zip(node.inputs, x, strict=True))))


@op("where")
def _where(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add("Where", truth(g, node.inputs[0], x[0]), *x[1:]))


@op("cast")
def _cast(g: Graph, node: Node, x: list[str]) -> str:
    return g.cast(x[0], node.dtype.name)


@op("sum_n")
def _sum_n(g: Graph, _node: Node, x: list[str]) -> str:
    total = x[0]
    for more in x[1:]:
        total = str(g.add("Add", total, more))
    return total if len(x) > 1 else str(g.add("Identity", total))


# ---- reductions ----


@op("sum", "prod", "max", "min")
def _reduced(g: Graph, node: Node, x: list[str]) -> str:
    keep, *axes = node.attributes[0]
    if not axes:
        return str(g.add("Identity", x[0]))
    return str(g.add("Reduce" + node.op.capitalize(), x[0], g.ints(axes), keepdims=keep))


@op("sum_to_like")
def _sum_to_like(g: Graph, node: Node, x: list[str]) -> str:
    """Sum over the broadcast axes, which may be known only at run time."""
    of, like = node.inputs[0].shape, node.inputs[1].shape
    new = len(of) - len(like)
    if None not in of and None not in like:
        static = [axis for axis in range(len(of)) if axis < new or (like[axis - new] == 1 and of[axis] != 1)]
        total = g.add("ReduceSum", x[0], g.ints(static), keepdims=1) if static else x[0]
        return str(g.add("Reshape", total, g.ints(like), allowzero=1))
    to = g.shape(x[1])
    whole = g.add("Concat", g.ints([1] * new), to, axis=0) if new else to
    axes = g.flat(g.add("NonZero", g.add("Equal", whole, g.ints([1]))))
    return str(g.add("Reshape", g.add("ReduceSum", x[0], axes, keepdims=1, noop_with_empty_axes=1), to, allowzero=1))


@op("axis_size")
def _axis_size(g: Graph, node: Node, x: list[str]) -> str:
    axes = node.attributes[0][1:]
    sizes = g.add("Gather", g.shape(x[0]), g.ints(axes), axis=0)
    return g.cast(g.add("ReduceProd", sizes, g.ints([0]), keepdims=0), node.dtype.name)


@op("cumsum")
def _cumsum(g: Graph, node: Node, x: list[str]) -> str:
    axis, reverse = node.attributes[0]
    return str(g.add("CumSum", x[0], g.array(axis, np.int64), reverse=reverse))


@op("argsort")
def _argsort(g: Graph, node: Node, x: list[str]) -> str:
    """Stable in both: of equal elements the lower index comes first."""
    axis = len(node.shape) - 1
    count = g.size_along(x[0], axis)
    numbers = g.cast(x[0], "int32") if node.inputs[0].dtype == bool else x[0]
    return str(g.add("TopK", numbers, count, outputs=2, axis=axis, largest=0, sorted=1)[1])


# ---- views ----


@op("reshape")
def _reshape(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add("Reshape", x[0], g.ints(node.attributes[0]), allowzero=0 if -1 in node.attributes[0] else 1))


@op("reshape_like")
def _reshape_like(g: Graph, _node: Node, x: list[str]) -> str:
    return str(g.add("Reshape", x[0], g.shape(x[1]), allowzero=1))


@op("flatten_leading", "scan_join")
def _joined_axes(g: Graph, node: Node, x: list[str]) -> str:
    """All leading axes as one, or the first two."""
    rank = len(node.inputs[0].shape)
    joined = 2 if node.op == "scan_join" else rank - 1
    first = g.add("ReduceProd", g.add("Shape", x[0], start=0, end=joined), g.ints([0]), keepdims=1)
    rest = g.add("Shape", x[0], start=joined, end=rank)
    return str(g.add("Reshape", x[0], g.add("Concat", first, rest, axis=0), allowzero=1))


@op("expand_dims", "squeeze")
def _axis_of_one(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add("Unsqueeze" if node.op == "expand_dims" else "Squeeze", x[0], g.ints(node.attributes[0])))


@op("transpose")
def _transpose(g: Graph, node: Node, x: list[str]) -> str:
    rank = len(node.shape)
    return str(g.add("Transpose", x[0], perm=[axis % rank for axis in node.attributes[0]]))


@op("broadcast_to")
def _broadcast_to(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add("Expand", x[0], g.ints([1 if size == -1 else size for size in node.attributes[0]])))


@op("broadcast_like")
def _broadcast_like(g: Graph, _node: Node, x: list[str]) -> str:
    return str(g.add("Expand", x[0], g.shape(x[1])))


def sliced(g: Graph, ranges: list[int], x: str) -> str:
    """A range of every axis, three numbers each."""
    starts, ends, axes, steps = [], [], [], []
    for axis in range(len(ranges) // 3):
        start, stop, step = ranges[3 * axis : 3 * axis + 3]
        if (start, stop, step) == (FIRST, FIRST, 1):
            continue
        starts.append((0 if step > 0 else LAST) if start == FIRST else start)
        ends.append((LAST if step > 0 else FIRST) if stop == FIRST else stop)
        axes.append(axis)
        steps.append(step)
    if not axes:
        return str(g.add("Identity", x))
    return str(g.add("Slice", x, g.ints(starts), g.ints(ends), g.ints(axes), g.ints(steps)))


@op("slice")
def _slice(g: Graph, node: Node, x: list[str]) -> str:
    return sliced(g, node.attributes[0], x[0])


@op("slice_gradient")
def _slice_gradient(g: Graph, node: Node, x: list[str]) -> str:
    return g.scattered(sliced(g, node.attributes[0], g.positions(x[1])), x[0], x[1], node.dtype.name, False)


@op("index")
def _index(g: Graph, node: Node, x: list[str]) -> str:
    axis, i = node.attributes[0]
    return str(g.add("Gather", x[0], g.array(i, np.int64), axis=axis))


@op("head_like", "tail_like")
def _part(g: Graph, node: Node, x: list[str]) -> str:
    (axis,) = node.attributes[0]
    size = g.size_along(x[1], axis)
    start, end = (g.ints([0]), size) if node.op == "head_like" else (size, g.ints([LAST]))
    return str(g.add("Slice", x[0], start, end, g.ints([axis])))


@op("concatenate")
def _concatenate(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add("Concat", *x, axis=node.attributes[0][0]))


# ---- by index ----


@op("take")
def _take(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add("Gather", *x, axis=node.attributes[0][0]))


@op("take_gradient")
def _take_gradient(g: Graph, node: Node, x: list[str]) -> str:
    places = g.add("Gather", g.positions(x[2]), x[1], axis=node.attributes[0][0])
    return g.scattered(places, x[0], x[2], node.dtype.name, True)


@op("take_along_axis")
def _take_along(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add("GatherElements", *x, axis=node.attributes[0][0]))


@op("take_along_axis_gradient")
def _take_along_gradient(g: Graph, node: Node, x: list[str]) -> str:
    zeros = g.zeros_like(x[2], node.dtype.name)
    return str(g.add("ScatterElements", zeros, x[1], x[0], axis=node.attributes[0][0], reduction="add"))


@op("one_hot")
def _one_hot(g: Graph, node: Node, x: list[str]) -> str:
    depth = node.attributes[0][0]
    same = g.add("Equal", g.add("Unsqueeze", x[0], g.ints([-1])), g.ints(range(depth)))
    return g.cast(same, node.dtype.name)


@op("lengths")
def _lengths(g: Graph, _node: Node, x: list[str]) -> str:
    return str(g.add("Identity", x[0]))

"""NumPy's functions on nodes: ``np.exp(node)`` and ``np.sum(node)`` give nodes, so that code written for arrays can be traced as it stands."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

import numpy as np

from .. import _core
from .._core import Node
from . import binary, elementwise, rearrange, shaping, sorting
from ._operands import as_float
from ._types import Axis, DType, Operand
from .arctangents import arctan, arctan2
from .einsum import einsum

F = TypeVar("F", bound=Callable[..., Any])

UFUNCS: dict[str, Callable[..., Any]] = {
    name: getattr(module, ours)
    for module, names in (
        (elementwise, "exp log log1p expm1 sqrt square reciprocal absolute=abs negative sign floor sin cos tanh logical_not"),
        (
            binary,
            "add subtract multiply divide power minimum maximum less less_equal greater "
            "greater_equal equal not_equal logical_and logical_or",
        ),
        (shaping, "matmul"),
    )
    for name, ours in (word.split("=") if "=" in word else (word, word) for word in names.split())
}
UFUNCS |= {
    name: functools.partial(_core.elementwise, name) for name in ("exp2", "log2", "log10", "tan", "sinh", "cosh", "logaddexp", "hypot")
}
UFUNCS |= {name: functools.partial(_core.elementwise, name) for name in ("floor_divide", "remainder", "fmod")}


def _reciprocal(x: Operand) -> Node:
    """Reciprocal; for integers NumPy truncates it: 1, -1 or 0."""
    node = _core.as_node(x, "reciprocal")
    return (
        elementwise.reciprocal(node)
        if node.dtype.kind in "fb"
        else binary.where(elementwise.abs(node) > 1, 0, 1 // node).astype(node.dtype)
    )


UFUNCS |= {
    "true_divide": binary.divide,
    "positive": lambda x: x,
    "invert": lambda x: ~x,
    "bitwise_and": lambda a, b: _core.as_node(a, "&") & b,
    "bitwise_or": lambda a, b: _core.as_node(a, "|") | b,
    "bitwise_xor": lambda a, b: _core.as_node(a, "^") ^ b,
    "logical_xor": lambda a, b: binary.not_equal(elementwise.logical_not(a), elementwise.logical_not(b)),
    "fabs": lambda x: elementwise.abs(as_float(x, "fabs")),
    "float_power": lambda a, b: binary.power(_core.as_node(a, "float_power").astype("float64"), b),
    "reciprocal": _reciprocal,
    "divmod": lambda a, b: (_core.elementwise("floor_divide", a, b), _core.elementwise("remainder", a, b)),
    "isnan": lambda x: x != x,
    "isfinite": lambda x: abs(x) < float("inf"),
    "isinf": lambda x: abs(x) == float("inf"),
    "deg2rad": lambda x: x * float(np.pi / 180),
    "rad2deg": lambda x: x * float(180 / np.pi),
}
UFUNCS |= {"radians": UFUNCS["deg2rad"], "degrees": UFUNCS["rad2deg"], "arctan": arctan, "arctan2": arctan2}

# Ufuncs of scipy.special, by name.
SPECIAL: dict[str, Callable[..., Any]] = {}

# Functions for reductions of ufuncs: np.add.reduce is np.sum.
REDUCED = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_or": "any", "logical_and": "all"}

FUNCTIONS: dict[Any, Callable[..., Any]] = {}

# Functions that are refused: the reason, or the alternative.
_DECOMPOSES = "plait has no decomposition by singular values or eigenvalues; plait.linalg has solve, cholesky, slogdet and inv"
_UNKNOWN_SIZE = "How much it finds is not known while the graph is built; use plait.where, or run the graph first"
WHY = {
    **dict.fromkeys(("svd", "svdvals", "eig", "eigh", "eigvals", "eigvalsh", "qr", "matrix_rank", "cond"), _DECOMPOSES),
    "pinv": "Use plait.linalg.solve, or inv of a square matrix",
    "lstsq": "Solve the normal equations with plait.linalg.solve, or use plait.optimize.least_squares",
    **dict.fromkeys(("unique", "nonzero", "flatnonzero", "argwhere", "extract", "compress", "trim_zeros", "intersect1d"), _UNKNOWN_SIZE),
    **dict.fromkeys(("histogram", "bincount"), "Counts have no gradient: run the graph first, or sum plait.one_hot"),
    **dict.fromkeys(
        ("fft", "ifft", "rfft", "irfft", "fft2", "fftn"),
        "Nodes hold no complex numbers; multiply by a constant matrix of cosines and sines",
    ),
    **dict.fromkeys(
        ("apply_along_axis", "apply_over_axes", "piecewise"), "Write the function over whole arrays, with plait.where for its cases"
    ),
    "insert": "Use plait.concatenate",
    "lexsort": "Use plait.argsort key by key, the last one first: it is stable",
    "copyto": "Nodes do not change: use plait.where",
}
NO_VALUE = getattr(np, "_NoValue", None)


_OF_SPECIAL = "Its derivative is not known here; write it with plait's functions, or run the graph and go on with arrays"


def refuse(name: str, instead: str = "Use plait's functions, or run the graph and go on with arrays") -> NoReturn:
    """Raise TraceError for a function that nodes do not support."""
    _core.trace_error(f"{name} cannot be traced", instead)
    raise AssertionError  # trace_error does not return


def _refuse_partial(name: str, kwargs: dict[str, Any]) -> None:
    """Remove where= and initial= with default values; TraceError for others."""
    for key, nothing in (("where", True), ("initial", None)):
        value = kwargs.pop(key, NO_VALUE)
        if value is not NO_VALUE and value is not nothing:  # by identity: == of an array or node gives no bool
            neutral = (
                "plait.where(mask, node, 0) first, or what else changes nothing,"
                if key == "where"
                else "plait.maximum and the like on the result"
            )
            refuse(f"{name} with {key}=", f"Use {neutral} instead")


def array_ufunc(_self: Node, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """``Node.__array_ufunc__``."""
    name = ufunc.__name__
    dtype = kwargs.pop("dtype", None)
    if kwargs.get("out") is not None and any(out is not None for out in kwargs["out"]):
        refuse(
            f"np.{name} with out=, or an array changed in place", "Nodes do not change, and arrays cannot hold nodes: write `a = a + node`"
        )
    kwargs.pop("out", None)
    for ignored in ("casting", "order", "subok"):
        kwargs.pop(ignored, None)
    if method == "__call__":
        function = UFUNCS.get(name) if getattr(np, name, None) is ufunc else SPECIAL.get(name)
        if function is None:
            numpys = getattr(np, name, None) is ufunc
            refuse(f"np.{name}" if numpys else f"scipy.special.{name}", *([] if numpys else [_OF_SPECIAL]))
        if kwargs:
            refuse(f"np.{name} with {', '.join(kwargs)}=")
        result = function(*inputs)
    elif method == "reduce" and name in REDUCED:
        _refuse_partial(f"np.{name}.reduce", kwargs)
        result = _core.reduction(REDUCED[name], inputs[0], kwargs.get("axis", 0), kwargs.get("keepdims", False))
    elif method == "accumulate" and name == "add":
        result = _core.cumsum(inputs[0], kwargs.get("axis", 0))
    elif method == "accumulate" and name == "multiply":
        result = FUNCTIONS[np.cumprod](inputs[0], kwargs.get("axis", 0))
    elif method == "outer" and name in UFUNCS:
        a, b = (_core.as_node(x, name) for x in inputs)
        result = UFUNCS[name](a[(..., *[None] * b.ndim)], b)
    else:
        refuse(f"np.{name}.{method}")
    return result if dtype is None else result.astype(dtype)


def array_function(_self: Node, function: Callable[..., Any], _types: Any, args: Any, kwargs: Any) -> Any:
    """``Node.__array_function__``."""
    ours = FUNCTIONS.get(function)
    if ours is None:
        module = str(getattr(function, "__module__", "numpy")).replace("numpy", "np", 1).removesuffix("._linalg")
        name = getattr(function, "__name__", str(function))
        refuse(f"{module}.{name}", *([WHY[name]] if name in WHY else []))
    if kwargs.pop("out", None) is not None:
        refuse(f"np.{function.__name__} with out=", "Nodes do not change")
    _refuse_partial(f"np.{function.__name__}", kwargs)
    kwargs = {name: value for name, value in kwargs.items() if value is not NO_VALUE and name not in ("order", "subok", "casting")}
    try:
        return ours(*args, **kwargs)
    except TypeError as error:
        if isinstance(error, (_core.TraceError, _core.DTypeError)) or "argument" not in str(error):
            raise
        refuse(f"np.{function.__name__} with these arguments ({error})")


def implements(*functions: Any) -> Callable[[F], F]:
    """Register an implementation of NumPy's functions."""

    def register(ours: F) -> F:
        for function in functions:
            FUNCTIONS[function] = ours
        return ours

    return register


def _method(name: str) -> Callable[..., Any]:
    return lambda a, *args, **kwargs: getattr(_core.as_node(a, name), name)(*args, **kwargs)


def _typed(name: str) -> Callable[..., Any]:
    def call(a: Operand, axis: Axis = None, dtype: DType | None = None, **kwargs: Any) -> Any:
        node = _core.as_node(a, name)
        return getattr(node if dtype is None else node.astype(dtype), name)(axis, **kwargs)

    return call


for _name in ("max", "min", "any", "all", "ravel", "squeeze", "swapaxes", "take"):
    FUNCTIONS[getattr(np, _name)] = _method(_name)
for _name in ("sum", "prod", "mean", "cumsum"):
    FUNCTIONS[getattr(np, _name)] = _typed(_name)
for _alias, _name in (("amax", "max"), ("amin", "min")):
    FUNCTIONS[getattr(np, _alias)] = _method(_name)
FUNCTIONS[np.dot] = lambda a, b: _core.as_node(a, "dot").dot(b)
FUNCTIONS[np.take_along_axis] = shaping.take_along_axis
for _name in ("argmax", "argmin", "roll", "pad"):
    FUNCTIONS[getattr(np, _name)] = getattr(rearrange, _name)


def _ordered(name: str) -> Callable[..., Any]:
    def call(a: Operand, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Node:  # noqa: ARG001 - always stable
        node: Node = getattr(sorting, name)(a, axis)
        return node

    call.__doc__ = getattr(sorting, name).__doc__
    return call


for _name in ("sort", "argsort"):
    FUNCTIONS[getattr(np, _name)] = _ordered(_name)
FUNCTIONS[np.einsum] = lambda subscripts, *operands, **_: einsum(subscripts, *operands)
FUNCTIONS[np.broadcast_to] = shaping.broadcast_to
FUNCTIONS[np.shape] = lambda a: a.shape
FUNCTIONS[np.ndim] = lambda a: a.ndim
FUNCTIONS[np.size] = lambda a, axis=None: a.size if axis is None else a.shape[axis]
FUNCTIONS[np.copy] = lambda a: a
FUNCTIONS[np.iscomplexobj] = lambda _: False
FUNCTIONS[np.isrealobj] = lambda _: True
FUNCTIONS[np.real] = lambda a: a


@implements(np.var)
def _var(a: Operand, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Node:
    return _core.as_node(a, "var").var(axis, ddof, keepdims)


@implements(np.std)
def _std(a: Operand, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Node:
    return _core.as_node(a, "std").std(axis, ddof, keepdims)


@implements(np.average)
def _average(a: Operand, axis: Axis = None, weights: Operand | None = None, *, keepdims: bool = False) -> Node:
    node = _core.as_node(a, "average")
    if weights is None:
        return node.mean(axis, keepdims)
    w = _core.as_node(weights, "average")
    if w.ndim < node.ndim and isinstance(axis, int):
        w = w[tuple(slice(None) if k == axis % node.ndim else None for k in range(node.ndim))]
    return (node * w).sum(axis, keepdims) / _core.broadcast_like(w, node).sum(axis, keepdims)


@implements(np.clip)
def _clip(a: Operand, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Node:
    return binary.clip(a, a_min if min is None else min, a_max if max is None else max)


@implements(np.where)
def _where(condition: Operand, *choices: Operand) -> Node:
    if len(choices) != 2:
        refuse("np.where with a condition alone", "Use plait.where(condition, a, b)")
    return binary.where(condition, *choices)


@implements(np.reshape)
def _reshape(a: Operand, shape: Any = None, *, newshape: Any = None) -> Node:
    return shaping.reshape(a, newshape if shape is None else shape)


@implements(np.transpose)
def _transpose(a: Operand, axes: Sequence[int] | None = None) -> Node:
    return shaping.transpose(a, axes)


@implements(np.moveaxis)
def _moveaxis(a: Operand, source: Any, destination: Any) -> Node:
    node = _core.as_node(a, "moveaxis")
    sources, targets = ([axis] if isinstance(axis, int) else list(axis) for axis in (source, destination))
    rank = node.ndim
    order = [k for k in range(rank) if k not in [s % rank for s in sources]]
    for to, of in sorted(zip([t % rank for t in targets], [s % rank for s in sources], strict=True)):
        order.insert(to, of)
    return node.transpose(order)


@implements(np.expand_dims)
def _expand_dims(a: Operand, axis: Any) -> Node:
    node = _core.as_node(a, "expand_dims")
    axes = [axis] if isinstance(axis, int) else list(axis)
    for k in sorted(k % (node.ndim + len(axes)) for k in axes):
        node = shaping.expand_dims(node, k)
    return node


@implements(np.concatenate)
def _concatenate(arrays: Sequence[Operand], axis: int | None = 0, *, dtype: DType | None = None) -> Node:
    nodes = [_core.as_node(a, "concatenate") for a in arrays]
    result = shaping.concatenate([n.ravel() for n in nodes] if axis is None else nodes, 0 if axis is None else axis)
    return result if dtype is None else result.astype(dtype)


@implements(np.stack)
def _stack(arrays: Sequence[Operand], axis: int = 0, *, dtype: DType | None = None) -> Node:
    result = shaping.stack(arrays, axis)
    return result if dtype is None else result.astype(dtype)


def _at_least(rank: int, x: Operand) -> Node:
    node = _core.as_node(x, "atleast")
    return node[(None,) * (rank - node.ndim)] if node.ndim < rank else node


@implements(np.vstack)
def _vstack(tup: Sequence[Operand]) -> Node:
    return shaping.concatenate([_at_least(2, x) for x in tup])


@implements(np.hstack)
def _hstack(tup: Sequence[Operand]) -> Node:
    nodes = [_at_least(1, x) for x in tup]
    return shaping.concatenate(nodes, 0 if nodes[0].ndim == 1 else 1)


@implements(np.column_stack)
def _column_stack(tup: Sequence[Operand]) -> Node:
    nodes = [_at_least(1, x) for x in tup]
    return shaping.concatenate([n[:, None] if n.ndim == 1 else n for n in nodes], 1)


FUNCTIONS[np.atleast_1d] = functools.partial(_at_least, 1)
FUNCTIONS[np.atleast_2d] = functools.partial(_at_least, 2)


@implements(np.outer)
def _outer(a: Operand, b: Operand) -> Node:
    return _core.as_node(a, "outer").ravel()[:, None] * _core.as_node(b, "outer").ravel()


@implements(np.inner)
def _inner(a: Operand, b: Operand) -> Node:
    x, y = _core.as_node(a, "inner"), _core.as_node(b, "inner")
    return x.dot(y if y.ndim < 2 else y.T)


@implements(np.vdot)
def _vdot(a: Operand, b: Operand) -> Node:
    return _core.matmul(_core.as_node(a, "vdot").ravel(), _core.as_node(b, "vdot").ravel())


def _filled(value: float) -> Callable[..., Node]:
    def like(a: Node, dtype: DType | None = None) -> Node:
        made = np.dtype(dtype or a.dtype)
        return _core.broadcast_like(_core.constant(made.type(value), "", made), a)

    return like


FUNCTIONS[np.zeros_like] = _filled(0)
FUNCTIONS[np.ones_like] = _filled(1)


@implements(np.full_like)
def _full_like(a: Node, fill_value: Operand, dtype: DType | None = None) -> Node:
    return _core.broadcast_like(_core.as_node(fill_value, "full_like").astype(dtype or a.dtype), a)


@implements(np.flip)
def _flip(m: Node, axis: Axis = None) -> Node:
    axes = range(m.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    flipped = {k % m.ndim for k in axes}
    return m[tuple(slice(None, None, -1) if k in flipped else slice(None) for k in range(m.ndim))]


@implements(np.diff)
def _diff(a: Node, n: int = 1, axis: int = -1) -> Node:
    for _ in range(n):
        cut = [slice(None)] * a.ndim
        cut[axis] = slice(1, None)
        later = a[tuple(cut)]
        cut[axis] = slice(None, -1)
        before = a[tuple(cut)]
        a = later != before if a.dtype.kind == "b" else later - before
    return a


@implements(np.split)
def _split(ary: Node, indices_or_sections: Any, axis: int = 0) -> list[Node]:
    if isinstance(indices_or_sections, int):
        size = ary.shape[axis]
        if size is None or size % indices_or_sections:
            raise _core.ShapeError(f"split: axis {axis} of {ary!r} does not divide into {indices_or_sections} equal parts")
        ends = [size // indices_or_sections * k for k in range(1, indices_or_sections)]
    else:
        ends = list(indices_or_sections)
    cut = [slice(None)] * ary.ndim
    pieces = []
    for begin, end in zip([None, *ends], [*ends, None], strict=True):
        cut[axis] = slice(begin, end)
        pieces.append(ary[tuple(cut)])
    return pieces


def _repr_svg(self: Node) -> str:
    from ..picture import to_svg

    return to_svg(self)


def _asarray(ask: Callable[..., Any]) -> Callable[..., Any]:
    """``Node.__array__``: raises, naming the calling function of SciPy."""

    def array(self: Node, *args: Any, **kwargs: Any) -> Any:
        from .scipy_special import asked_by

        asked = asked_by()
        if asked is not None:
            refuse(asked[0], f"It makes an array of what it is given; use {asked[1]}")
        return ask(self, *args, **kwargs)

    return array


def _format(self: Node, spec: str) -> str:
    """``Node.__format__``."""
    if spec:
        refuse(f"a node in a string with the format {spec!r}", "Run the graph first, or leave the format out to see the node")
    return str(self)


def _sort_in_place(_self: Node, *_: Any, **__: Any) -> None:
    """``Node.sort``."""
    refuse("node.sort(), which sorts in place,", "Nodes do not change: write `a = plait.sort(a)`")


# Methods of arrays, implemented by NumPy's functions.
_METHODS = ("round", "trace", "diagonal", "repeat", "cumprod", "conj", "conjugate", "searchsorted", "nonzero")


def _as_method(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def method(self: Node, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = f"As ``np.{name}``."
    return method


def install() -> None:
    """Install the NumPy protocol and the notebook representation on Node."""
    from . import numpy_linalg, numpy_shapes, numpy_statistics, numpy_ufuncs, scipy_special  # noqa: F401 - they register their functions

    for name, answer in (
        ("__array_ufunc__", array_ufunc),
        ("__array_function__", array_function),
        ("__array__", _asarray(Node.__array__)),
        ("__divmod__", lambda a, b: UFUNCS["divmod"](a, b)),
        ("__rdivmod__", lambda b, a: UFUNCS["divmod"](a, b)),
        ("__format__", _format),
        ("_repr_svg_", _repr_svg),
        ("argmax", rearrange.argmax),
        ("argmin", rearrange.argmin),
        ("argsort", _ordered("argsort")),
        ("sort", _sort_in_place),
    ):
        setattr(Node, name, answer)
    for name in _METHODS:
        setattr(Node, name, _as_method(name))
    for name in ("real", "imag"):
        setattr(Node, name, property(FUNCTIONS[getattr(np, name)], doc=f"As NumPy's: nodes hold real numbers, whose {name} part this is."))
    Node.mT = property(FUNCTIONS[np.matrix_transpose], doc="The last two axes exchanged.")  # type: ignore[attr-defined]

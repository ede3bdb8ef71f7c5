"""More of NumPy's ufuncs on nodes: inverse functions, rounding, choosing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from .._core import Node
from . import inverses
from ._operands import as_float, floats, negative_sign
from ._types import Axis, Operand
from .binary import where
from .elementwise import floor
from .numpy_protocol import FUNCTIONS, UFUNCS, implements, refuse

INF = float("inf")


def _whole(what: str, f: Callable[[Node], Node]) -> Callable[[Operand], Node]:
    """A rounding function, the identity on integers."""

    def call(x: Operand) -> Node:
        node = _core.as_node(x, what)
        return f(node) if node.dtype.kind == "f" else node

    return call


def _ceil(node: Node) -> Node:
    return -floor(-node)


def _trunc(node: Node) -> Node:
    return where(node < 0, _ceil(node), floor(node))


def _rint(node: Node) -> Node:
    """To the nearest integer, ties to even."""
    below = floor(node)
    rest = node - below
    odd = below - 2 * floor(below * 0.5) == 1
    up = _core.elementwise("logical_or", rest > 0.5, _core.elementwise("logical_and", rest == 0.5, odd))
    rounded = where(up, below + 1, below)
    # Infinities have no fraction; a result of 0 keeps the sign.
    return where(abs(node) < INF, where(rounded == 0, node * 0, rounded), node)


def _one_unless_nan(choose: Callable[..., Node]) -> Callable[..., Node]:
    """The extreme of two numbers, ignoring a NaN: fmax and fmin."""

    def call(a: Operand, b: Operand) -> Node:
        x, y = _core.common([a, b], "fmax")
        if x.dtype.kind != "f":
            return choose(x, y)
        no_x, no_y = x != x, y != y
        # A NaN is replaced before the comparison, so that no gradient flows through it.
        return choose(where(no_x, y, x), where(no_y, x, y))

    return call


def _copysign(a: Operand, b: Operand) -> Node:
    x, y = floats("copysign", a, b)
    return where(negative_sign(y), -abs(x), abs(x))


def _heaviside(x: Operand, at_zero: Operand) -> Node:
    a, b = floats("heaviside", x, at_zero)
    return where(a < 0, 0.0, where(a == 0, b, where(a > 0, 1.0, a)))


def _logaddexp2(a: Operand, b: Operand) -> Node:
    ln2 = float(np.log(2))
    x, y = floats("logaddexp2", a, b)
    return _core.elementwise("logaddexp", x * ln2, y * ln2) / ln2


def _modf(x: Operand) -> tuple[Node, Node]:
    node = as_float(x, "modf")
    whole = _trunc(node)
    return where(abs(node) == INF, where(node > 0, 0.0, -0.0).astype(node.dtype), node - whole), whole


UFUNCS |= {name: getattr(inverses, name) for name in ("arcsin", "arccos", "arcsinh", "arccosh", "arctanh", "cbrt")}
UFUNCS |= {
    "ceil": _whole("ceil", _ceil),
    "trunc": _whole("trunc", _trunc),
    "rint": lambda x: _rint(as_float(x, "rint")),
    "fmax": _one_unless_nan(lambda a, b: _core.elementwise("maximum", a, b)),
    "fmin": _one_unless_nan(lambda a, b: _core.elementwise("minimum", a, b)),
    "copysign": _copysign,
    "signbit": lambda x: negative_sign(_core.as_node(x, "signbit")),
    "heaviside": _heaviside,
    "logaddexp2": _logaddexp2,
    "modf": _modf,
    "conjugate": lambda x: x,
}
FUNCTIONS[np.sinc] = inverses.sinc
FUNCTIONS[np.imag] = lambda a: np.zeros_like(a)
FUNCTIONS[np.fix] = UFUNCS["trunc"]


@implements(np.round)
def _round(a: Operand, decimals: int = 0) -> Node:
    node = _core.as_node(a, "round")
    if not isinstance(decimals, (int, np.integer)):
        refuse(f"np.round with decimals={decimals!r}", "Give an integer")
    if node.dtype.kind != "f":
        if decimals < 0:
            refuse("np.round of whole numbers with negative decimals", "Divide and multiply")
        return node
    if decimals == 0:
        return _rint(node)
    factor = 10.0 ** abs(int(decimals))
    return _rint(node * factor) / factor if decimals > 0 else _rint(node / factor) * factor


@implements(np.nan_to_num)
def _nan_to_num(x: Operand, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Node:  # noqa: ARG001
    node = _core.as_node(x, "nan_to_num")
    if node.dtype.kind != "f":
        return node
    ends = np.finfo(node.dtype)
    high, low = float(ends.max if posinf is None else posinf), float(ends.min if neginf is None else neginf)
    return where(node != node, nan, where(node == INF, high, where(node == -INF, low, node)))


@implements(np.isclose)
def _isclose(a: Operand, b: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Node:
    x, y = _core.common([a, b], "isclose")
    if x.dtype.kind == "b":
        return x == y
    close = _core.elementwise("logical_or", x == y, _core.elementwise("logical_and", abs(y) < INF, abs(x - y) <= atol + rtol * abs(y)))
    return _core.elementwise("logical_or", close, _core.elementwise("logical_and", x != x, y != y)) if equal_nan else close


FUNCTIONS[np.allclose] = lambda a, b, *args, **kwargs: _isclose(a, b, *args, **kwargs).all()


@implements(np.array_equal)
def _array_equal(a1: Operand, a2: Operand, equal_nan: bool = False) -> Node:
    x, y = _core.common([a1, a2], "array_equal")
    if x.ndim != y.ndim or any(m != n for m, n in zip(x.shape, y.shape, strict=True) if m is not None and n is not None):
        return _core.constant(False, "", "bool")
    same = x == y
    return (same | ((x != x) & (y != y)) if equal_nan else same).all()


@implements(np.select)
def _select(condlist: Any, choicelist: Any, default: Operand = 0) -> Node:
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(f"select: {len(condlist)} conditions for {len(choicelist)} choices")
    made: Any = default
    for condition, choice in zip(reversed(list(condlist)), reversed(list(choicelist)), strict=True):
        made = where(condition, choice, made)
    return _core.as_node(made, "select")


@implements(np.count_nonzero)
def _count_nonzero(a: Operand, axis: Axis = None, *, keepdims: bool = False) -> Node:
    return (_core.as_node(a, "count_nonzero") != 0).sum(axis, keepdims=keepdims)

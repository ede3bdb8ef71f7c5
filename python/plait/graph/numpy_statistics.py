"""More of NumPy's reductions and statistics on nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from .._core import Node, ShapeError
from ._operands import as_float, floats
from ._types import Axis, Operand
from .binary import where
from .numpy_protocol import FUNCTIONS, implements, refuse
from .numpy_shapes import _cut, _known
from .shaping import concatenate, reshape, take
from .sorting import sort

INF = float("inf")


@implements(np.ptp)
def _ptp(a: Operand, axis: Axis = None, *, keepdims: bool = False) -> Node:
    node = _core.as_node(a, "ptp")
    return node.max(axis, keepdims=keepdims) - node.min(axis, keepdims=keepdims)


@implements(np.cumprod)
def _cumprod(a: Operand, axis: int | None = None, dtype: Any = None) -> Node:
    """Cumulative products: each step multiplies by the element 1, 2, 4, … positions before; n log n products, no division."""
    node = _core.as_node(a, "cumprod")
    if dtype is not None or node.dtype.kind in "bi":
        node = node.astype(dtype or "int64")
    if axis is None:
        node, axis = node.ravel(), 0
    axis %= node.ndim
    (size,) = _known("cumprod", node, axis)
    step = 1
    while step < size:
        head, tail = _cut(node, axis, slice(0, step)), _cut(node, axis, slice(step, None))
        node = concatenate([head, tail * _cut(node, axis, slice(0, size - step))], axis)
        step *= 2
    return node


# ---- without NaN ----


def _without(name: str, neutral: float) -> Callable[..., Node]:
    def call(a: Operand, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False) -> Node:
        node = _core.as_node(a, name)
        node = node if dtype is None else node.astype(dtype)
        if node.dtype.kind == "f":
            node = where(node != node, neutral, node)
        made: Node = getattr(node, name)(axis, keepdims=keepdims)
        return made

    return call


FUNCTIONS[np.nansum], FUNCTIONS[np.nanprod] = _without("sum", 0.0), _without("prod", 1.0)


def _extreme(name: str, neutral: float) -> Callable[..., Node]:
    def call(a: Operand, axis: Axis = None, *, keepdims: bool = False) -> Node:
        node = _core.as_node(a, name)
        if node.dtype.kind != "f":
            whole: Node = getattr(node, name)(axis, keepdims=keepdims)
            return whole
        missing = node != node
        made = getattr(where(missing, neutral, node), name)(axis, keepdims=keepdims)
        return where(missing.all(axis, keepdims=keepdims), float("nan"), made)

    return call


FUNCTIONS[np.nanmax], FUNCTIONS[np.nanmin] = _extreme("max", -INF), _extreme("min", INF)


@implements(np.nanmean)
def _nanmean(a: Operand, axis: Axis = None, *, keepdims: bool = False) -> Node:
    node = as_float(a, "nanmean")
    there = node == node
    count = there.astype(node.dtype).sum(axis, keepdims=keepdims)
    return where(there, node, 0.0).sum(axis, keepdims=keepdims) / count


@implements(np.nanvar)
def _nanvar(a: Operand, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Node:
    node = as_float(a, "nanvar")
    there = node == node
    count = there.astype(node.dtype).sum(axis, keepdims=keepdims)
    far = where(there, where(there, node, 0.0) - _nanmean(node, axis, keepdims=True), 0.0)
    return (far * far).sum(axis, keepdims=keepdims) / (count - ddof)


FUNCTIONS[np.nanstd] = lambda a, axis=None, *, ddof=0, keepdims=False: _nanvar(a, axis, ddof=ddof, keepdims=keepdims) ** 0.5


# ---- order ----


def _along(what: str, a: Operand, axis: Axis) -> tuple[Node, int, tuple[int, ...]]:
    """Moves the reduced axes to the end, flattened into one; also returns them."""
    node = as_float(a, what)
    axes = range(node.ndim) if axis is None else [axis] if isinstance(axis, (int, np.integer)) else axis
    over = tuple(sorted(int(k) % max(node.ndim, 1) for k in axes))
    rest = [k for k in range(node.ndim) if k not in over]
    sizes = _known(what, node, *over)
    order = [*rest, *over]
    moved = _core.transpose(node, order) if order != list(range(node.ndim)) else node
    count = int(np.prod(sizes, dtype=int))
    if len(over) != 1:
        if moved.shape[: len(rest)].count(None) > 1:
            raise ShapeError(f"{what}: needs the sizes of {node.label} {node.shape}")
        moved = reshape(moved, (*(-1 if n is None else n for n in moved.shape[: len(rest)]), count))
    return moved, count, over


def _restored(node: Node, over: tuple[int, ...], lead: int = 0) -> Node:
    """Inserts axes of size 1 for the reduced ones."""
    for axis in over:
        node = node[(slice(None),) * (axis + lead) + (None,)]
    return node


@implements(np.quantile)
def _quantile(a: Operand, q: Any, axis: Axis = None, method: str = "linear", *, keepdims: bool = False, weights: Any = None) -> Node:
    if isinstance(q, Node):
        refuse("np.quantile of a share that is computed", "Sort, and take with plait.sort and plait.take")
    if weights is not None:
        refuse("np.quantile with weights=", "Sort, and sum the weights with plait.argsort and plait.cumsum")
    methods = {"linear": None, "lower": np.floor, "higher": np.ceil, "nearest": np.rint, "midpoint": "midpoint"}
    if method not in methods:
        refuse(f"np.quantile with method={method!r}", f"Use one of {', '.join(methods)}")
    shares = np.asarray(q, float)
    if ((shares < 0) | (shares > 1)).any():
        raise ValueError("Quantiles must be in the range [0, 1]")
    node, count, over = _along("quantile", a, axis)
    if count == 0:
        raise ShapeError(f"quantile: of no elements: {node.shape} [{node.label}]")
    ordered = sort(node, -1)
    places = shares.ravel() * (count - 1)
    rounding: Any = methods[method]
    below = np.floor(places) if rounding is None or rounding == "midpoint" else rounding(places)
    above = np.ceil(places) if rounding is None or rounding == "midpoint" else below
    part = (places - below if rounding is None else np.where(below == above, 0.0, 0.5)).astype(node.dtype)
    last = node.ndim - 1
    low, high = (take(ordered, at.astype(np.int64), axis=last) for at in (below, above))
    # Avoids inf - inf: a single element, or two equal ones, is taken as it is; between a finite and an infinite one the result is infinite.
    apart = (part != 0) & (low != high)
    endless = abs(low) == INF
    start = where(apart & endless, where(abs(high) == INF, low + high, low), low)
    made = where(apart & ~endless, low + where(apart & ~endless, high - low, 0.0) * part, start)
    # NaN is sorted last: if there is one, it is the result.
    final = take(ordered, np.array([count - 1]), axis=last)
    made = where(final == final, made, float("nan"))
    order = [last, *range(last)]
    made = _core.transpose(made, order) if made.ndim > 1 else made
    made = reshape(made, (*shares.shape, *(-1 if n is None else n for n in made.shape[1:]))) if shares.ndim != 1 else made
    return _restored(made, over, shares.ndim) if keepdims else made


@implements(np.percentile)
def _percentile(a: Operand, q: Any, axis: Axis = None, method: str = "linear", *, keepdims: bool = False) -> Node:
    return _quantile(a, np.asarray(q) / 100 if not isinstance(q, Node) else q, axis, method, keepdims=keepdims)


@implements(np.median)
def _median(a: Operand, axis: Axis = None, *, keepdims: bool = False) -> Node:
    return _quantile(a, 0.5, axis, keepdims=keepdims)


FUNCTIONS[np.partition] = lambda a, _kth, axis=-1, **_: sort(a, axis)  # a sorted array is partitioned at every position
FUNCTIONS[np.argpartition] = lambda a, _kth, axis=-1, **_: FUNCTIONS[np.argsort](a, axis)


@implements(np.searchsorted)
def _searchsorted(a: Operand, v: Operand, side: str = "left", sorter: Any = None) -> Node:
    if sorter is not None:
        refuse("np.searchsorted with sorter=", "Sort before")
    borders, x = _core.common([a, v], "searchsorted")
    if borders.ndim != 1:
        raise ShapeError(f"searchsorted: expected a vector of borders, got shape {borders.shape} [{borders.label}]")
    each = x[..., None]
    return (borders < each if side == "left" else borders <= each).sum(-1)


@implements(np.digitize)
def _digitize(x: Operand, bins: Operand, right: bool = False) -> Node:
    return _searchsorted(bins, x, "left" if right else "right")


@implements(np.interp)
def _interp(x: Operand, xp: Operand, fp: Operand, left: Any = None, right: Any = None, period: Any = None) -> Node:
    if period is not None:
        refuse("np.interp with period=", "Take the remainder first")
    at, places, values = floats("interp", x, xp, fp)
    if places.ndim != 1 or values.ndim != 1:
        raise ShapeError(f"interp: expected vectors of points and values, got shapes {places.shape} and {values.shape}")
    (count,) = _known("interp", places, 0)
    if count == 0:
        raise ValueError("interp: no points")
    if count == 1:
        inside = values[0] + at * 0
    else:
        above = _core.elementwise("minimum", _core.elementwise("maximum", _searchsorted(places, at, "right"), 1), count - 1)
        x0, x1, y0, y1 = (take(row, above + k, axis=0) for row, k in ((places, -1), (places, 0), (values, -1), (values, 0)))
        inside = y0 + (y1 - y0) / (x1 - x0) * (at - x0)
    low, high = (values[0] if left is None else left), (values[-1] if right is None else right)
    return where(at < places[0], low, where(at > places[-1], high, inside))


# ---- differences, areas, moments ----


@implements(np.trapezoid)
def _trapezoid(y: Operand, x: Operand | None = None, dx: float = 1.0, axis: int = -1) -> Node:
    node = as_float(y, "trapezoid")
    means = (_cut(node, axis, slice(1, None)) + _cut(node, axis, slice(None, -1))) * 0.5
    if x is None:
        return means.sum(axis) * dx
    places = as_float(x, "trapezoid")
    if places.ndim == 1:
        widths = places[1:] - places[:-1]
        widths = widths[tuple(slice(None) if k == axis % node.ndim else None for k in range(node.ndim))]
    else:
        widths = _cut(places, axis, slice(1, None)) - _cut(places, axis, slice(None, -1))
    return (means * widths).sum(axis)


@implements(np.ediff1d)
def _ediff1d(ary: Operand, to_end: Any = None, to_begin: Any = None) -> Node:
    flat = _core.as_node(ary, "ediff1d").ravel()
    parts = [flat[1:] - flat[:-1]]
    if to_begin is not None:
        parts.insert(0, _core.as_node(np.atleast_1d(to_begin), "ediff1d"))
    if to_end is not None:
        parts.append(_core.as_node(np.atleast_1d(to_end), "ediff1d"))
    return concatenate(parts) if len(parts) > 1 else parts[0]


@implements(np.gradient)
def _gradient(f: Operand, *varargs: Any, axis: Axis = None, edge_order: int = 1) -> Any:
    node = as_float(f, "gradient")
    axes = list(range(node.ndim)) if axis is None else [axis] if isinstance(axis, int) else list(axis)
    spacings = list(varargs) or [1.0]
    spacings = spacings * len(axes) if len(spacings) == 1 else spacings
    if edge_order != 1 or any(np.ndim(h) != 0 or isinstance(h, Node) for h in spacings) or len(spacings) != len(axes):
        refuse("np.gradient with edge_order=2 or places of their own", "Use even steps, or write the differences out")
    made = []
    for k, h in zip(axes, spacings, strict=True):
        size = node.shape[k]
        if size is not None and size < 2:
            raise ShapeError(f"gradient: expected at least 2 elements along axis {k}, got {node.shape} [{node.label}]")
        first = _cut(node, k, slice(1, 2)) - _cut(node, k, slice(0, 1))
        last = _cut(node, k, slice(-1, None)) - _cut(node, k, slice(-2, -1))
        inner = (_cut(node, k, slice(2, None)) - _cut(node, k, slice(None, -2))) * 0.5
        made.append(concatenate([first, inner, last], k % node.ndim) / float(h))
    return made[0] if len(made) == 1 else made


@implements(np.cov)
def _cov(
    m: Operand,
    y: Operand | None = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    **others: Any,
) -> Node:
    if any(value is not None for value in others.values()):
        refuse(f"np.cov with {', '.join(others)}=", "Weight the rows before")
    rows = [_variables(part, rowvar) for part in (m, y) if part is not None]
    node = rows[0] if len(rows) == 1 else concatenate(rows, 0)
    far = node - node.mean(1, keepdims=True)
    (count,) = _known("cov", node, 1)
    made = far @ far.T / (count - (ddof if ddof is not None else 0 if bias else 1))
    return made[0, 0] if made.shape == (1, 1) else made


def _variables(a: Operand, rowvar: bool) -> Node:
    node = as_float(a, "cov")
    if node.ndim > 2:
        raise ShapeError(f"cov: expected at most two axes, got {node.shape} [{node.label}]")
    return node[None] if node.ndim < 2 else node if rowvar else node.T


@implements(np.corrcoef)
def _corrcoef(x: Operand, y: Operand | None = None, rowvar: bool = True) -> Node:
    c = _cov(x, y, rowvar)
    if c.ndim == 0:
        one: Node = c / c
        return one
    deviations: Node = FUNCTIONS[np.diagonal](c) ** 0.5
    return c / deviations[:, None] / deviations


@implements(np.unwrap)
def _unwrap(p: Operand, discont: Any = None, axis: int = -1, *, period: float = 2 * np.pi) -> Node:
    node = as_float(p, "unwrap")
    far = _cut(node, axis, slice(1, None)) - _cut(node, axis, slice(None, -1))
    half = period / 2
    wrapped = (far + half) % period - half
    wrapped = where((wrapped == -half) & (far > 0), half, wrapped)
    mend = where(abs(far) < (half if discont is None else max(discont, half)), 0.0, wrapped - far)
    return concatenate([_cut(node, axis, slice(0, 1)), _cut(node, axis, slice(1, None)) + mend.cumsum(axis)], axis % node.ndim)

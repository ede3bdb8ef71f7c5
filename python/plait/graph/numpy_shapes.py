"""More of NumPy's functions that arrange and multiply arrays, on nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .. import _core
from .._core import Node, ShapeError
from ._types import Operand
from .binary import cast, where
from .einsum import einsum
from .numpy_protocol import FUNCTIONS, implements, refuse
from .reductions import cumsum
from .shaping import broadcast_to, concatenate, expand_dims, reshape, stack, take


def _known(what: str, node: Node, *axes: int) -> list[int]:
    """Require known sizes along axes."""
    sizes = [node.shape[axis] for axis in axes]
    if None in sizes:
        raise ShapeError(f"{what}: needs the sizes of axes {list(axes)} of {node.label} {node.shape}")
    return [int(n or 0) for n in sizes]


def _cut(node: Node, axis: int, part: Any) -> Node:
    return node[(slice(None),) * (axis % node.ndim) + (part,)]


@implements(np.tile)
def _tile(A: Operand, reps: int | Sequence[int]) -> Node:
    node = _core.as_node(A, "tile")
    counts = [int(reps)] if isinstance(reps, (int, np.integer)) else [int(n) for n in reps]
    node = node[(None,) * max(0, len(counts) - node.ndim)] if len(counts) > node.ndim else node
    for axis, count in zip(range(node.ndim - len(counts), node.ndim), counts, strict=True):
        if count == 0:
            node = _cut(node, axis, slice(0))
        elif count > 1:
            node = concatenate([node] * count, axis=axis)
    return node


@implements(np.repeat)
def _repeat(a: Operand, repeats: Any, axis: int | None = None) -> Node:
    node = _core.as_node(a, "repeat")
    if isinstance(repeats, Node):
        refuse("np.repeat with counts that are computed", "The number of results has to be known while the graph is built")
    if axis is None:
        node, axis = node.ravel() if node.ndim else node.reshape((1,)), 0
    counts = np.asarray(repeats)
    (size,) = _known("repeat", node, axis)
    return take(node, np.repeat(np.arange(size), counts), axis=axis % node.ndim)


@implements(np.append)
def _append(arr: Operand, values: Operand, axis: int | None = None) -> Node:
    nodes = [_core.as_node(arr, "append"), _core.as_node(values, "append")]
    return concatenate([node.ravel() for node in nodes]) if axis is None else concatenate(nodes, axis)


@implements(np.delete)
def _delete(arr: Operand, obj: Any, axis: int | None = None) -> Node:
    node = _core.as_node(arr, "delete")
    if isinstance(obj, Node):
        refuse("np.delete of what is computed", "Use plait.where to keep the shape")
    node, axis = (node.ravel(), 0) if axis is None else (node, axis)
    (size,) = _known("delete", node, axis)
    return take(node, np.delete(np.arange(size), obj), axis=axis % node.ndim)


def _flipped(least: int, axis: int) -> Callable[[Operand], Node]:
    def call(m: Operand) -> Node:
        node = _core.as_node(m, "flip")
        if node.ndim < least:
            raise ShapeError(f"flip: expected at least {least} axes, got shape {node.shape} [{node.label}]")
        return _cut(node, axis, slice(None, None, -1))

    return call


FUNCTIONS[np.fliplr], FUNCTIONS[np.flipud] = _flipped(2, 1), _flipped(1, 0)


@implements(np.rot90)
def _rot90(m: Operand, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Node:
    node = _core.as_node(m, "rot90")
    a, b = (axis % node.ndim for axis in axes)
    if k % 4 == 0:
        return node
    if k % 4 == 2:
        return _cut(_cut(node, a, slice(None, None, -1)), b, slice(None, None, -1))
    order = list(range(node.ndim))
    order[a], order[b] = b, a
    if k % 4 == 1:
        return _core.transpose(_cut(node, b, slice(None, None, -1)), order)
    return _cut(_core.transpose(node, order), b, slice(None, None, -1))


@implements(np.rollaxis)
def _rollaxis(a: Operand, axis: int, start: int = 0) -> Node:
    node = _core.as_node(a, "rollaxis")
    axis, start = axis % node.ndim, start + node.ndim if start < 0 else start
    order = [k for k in range(node.ndim) if k != axis]
    order.insert(start - (axis < start), axis)
    return _core.transpose(node, order)


@implements(np.dstack)
def _dstack(tup: Sequence[Operand]) -> Node:
    nodes = [_core.as_node(x, "dstack") for x in tup]
    nodes = [n if n.ndim > 2 else n[..., None] if n.ndim == 2 else n[None, :, None] if n.ndim == 1 else n[None, None, None] for n in nodes]
    return concatenate(nodes, 2)


@implements(np.atleast_3d)
def _atleast_3d(x: Operand) -> Node:
    node = _core.as_node(x, "atleast_3d")
    return node if node.ndim > 2 else node[..., None] if node.ndim == 2 else node[None, :, None] if node.ndim else node[None, None, None]


@implements(np.array_split)
def _array_split(ary: Node, indices_or_sections: Any, axis: int = 0) -> list[Node]:
    if isinstance(indices_or_sections, (int, np.integer)):
        (size,) = _known("array_split", ary, axis)
        indices_or_sections = np.cumsum([len(part) for part in np.array_split(np.arange(size), indices_or_sections)])[:-1]
    ends = [None, *(int(n) for n in indices_or_sections), None]
    return [_cut(ary, axis, slice(begin, end)) for begin, end in pairwise(ends)]


def _split_along(axis: int) -> Callable[..., list[Node]]:
    def call(ary: Node, indices_or_sections: Any) -> list[Node]:
        made: list[Node] = FUNCTIONS[np.split](ary, indices_or_sections, 0 if axis == 1 and ary.ndim == 1 else axis)
        return made

    return call


FUNCTIONS[np.vsplit], FUNCTIONS[np.hsplit], FUNCTIONS[np.dsplit] = _split_along(0), _split_along(1), _split_along(2)


@implements(np.broadcast_arrays)
def _broadcast_arrays(*args: Operand) -> tuple[Node, ...]:
    nodes = [_core.as_node(a, "broadcast_arrays") for a in args]
    shape = np.broadcast_shapes(*(tuple(_known("broadcast_arrays", n, *range(n.ndim))) for n in nodes))
    return tuple(broadcast_to(n, shape) for n in nodes)


@implements(np.meshgrid)
def _meshgrid(*xi: Operand, indexing: str = "xy", sparse: bool = False, copy: bool = True) -> list[Node]:  # noqa: ARG001
    nodes = [_core.as_node(x, "meshgrid").ravel() for x in xi]
    order = list(range(len(nodes)))
    if indexing == "xy" and len(nodes) > 1:
        order[:2] = [1, 0]
    thin = [n[tuple(slice(None) if k == place else None for k in range(len(nodes)))] for n, place in zip(nodes, order, strict=True)]
    return thin if sparse else list(_broadcast_arrays(*thin))


def _triangle(mask: Callable[..., Any]) -> Callable[..., Node]:
    def call(m: Operand, k: int = 0) -> Node:
        node = _core.as_node(m, mask.__name__)
        if node.ndim < 2:
            raise ShapeError(f"{mask.__name__}: expected a matrix, got shape {node.shape} [{node.label}]")
        rows, columns = node.shape[-2:]
        if rows is not None and columns is not None:
            return where(mask(np.ones((rows, columns), bool), k), node, np.zeros((), node.dtype))
        ones = cast(np.ones_like(node), "int64")  # sizes are bound when it runs: places are counted then
        down, right = cumsum(ones, axis=-2), cumsum(ones, axis=-1)
        return where(right - down <= k if mask is np.tril else right - down >= k, node, np.zeros((), node.dtype))

    return call


FUNCTIONS[np.tril], FUNCTIONS[np.triu] = _triangle(np.tril), _triangle(np.triu)


@implements(np.diagonal, np.linalg.diagonal)
def _diagonal(a: Operand, offset: int = 0, axis1: int | None = None, axis2: int | None = None) -> Node:
    node = _core.as_node(a, "diagonal")
    if node.ndim < 2:
        raise ShapeError(f"diagonal: expected a matrix, got shape {node.shape} [{node.label}]")
    first, second = (0 if axis1 is None else axis1) % node.ndim, (1 if axis2 is None else axis2) % node.ndim
    rest = [k for k in range(node.ndim) if k not in (first, second)]
    node = _core.transpose(node, [*rest, first, second]) if [*rest, first, second] != list(range(node.ndim)) else node
    rows, columns = _known("diagonal", node, node.ndim - 2, node.ndim - 1)
    places = np.diagonal(np.arange(rows * columns).reshape(rows, columns), offset)
    flat = reshape(node, (*(-1 if n is None else n for n in node.shape[:-2]), rows * columns))
    return take(flat, np.array(places), axis=flat.ndim - 1)


FUNCTIONS[np.linalg.diagonal] = lambda x, /, *, offset=0: _diagonal(x, offset, -2, -1)


@implements(np.diag)
def _diag(v: Operand, k: int = 0) -> Node:
    node = _core.as_node(v, "diag")
    if node.ndim == 2:
        return _diagonal(node, k)
    if node.ndim != 1:
        raise ShapeError(f"diag: expected a vector or a matrix, got shape {node.shape} [{node.label}]")
    (size,) = _known("diag", node, 0)
    whole = size + abs(k)
    # Every position takes an element; off the diagonal it is replaced by zero.
    places = np.clip(np.arange(whole)[:, None] + min(k, 0), 0, max(size - 1, 0)) * np.ones((1, whole), np.int64)
    spread = take(node, places.astype(np.int64), axis=0) if size else node[:0].reshape((0, 0)) if not whole else np.zeros((whole, whole))
    return where(np.eye(whole, k=k, dtype=bool), spread, np.zeros((), node.dtype))


FUNCTIONS[np.diagflat] = lambda v, k=0: _diag(_core.as_node(v, "diagflat").ravel(), k)


@implements(np.trace)
def _trace(a: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    return _diagonal(a, offset, axis1, axis2).sum(-1)


FUNCTIONS[np.linalg.trace] = lambda x, /, *, offset=0: _trace(x, offset, -2, -1)


# ---- products ----


@implements(np.tensordot)
def _tensordot(a: Operand, b: Operand, axes: Any = 2) -> Node:
    x, y = _core.as_node(a, "tensordot"), _core.as_node(b, "tensordot")
    if isinstance(axes, (int, np.integer)):
        over = list(range(x.ndim - int(axes), x.ndim)), list(range(int(axes)))
    else:
        over = tuple([int(k)] if isinstance(k, (int, np.integer)) else [int(n) for n in k] for k in axes)  # type: ignore[assignment]
    if isinstance(axes, (int, np.integer)) and axes > min(x.ndim, y.ndim):
        raise ShapeError(f"tensordot: {axes} axes cannot be summed over of arrays of shapes {x.shape} and {y.shape}")
    first, second = ([range(node.ndim)[k] for k in part] for node, part in zip((x, y), over, strict=True))
    if len(first) != len(second) or any(
        None not in (m := x.shape[i], n := y.shape[j]) and m != n for i, j in zip(first, second, strict=True)
    ):
        raise ShapeError(f"tensordot: axes {first} of shape {x.shape} do not fit axes {second} of shape {y.shape}")
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    of_x = list(letters[: x.ndim])
    of_y = list(letters[x.ndim : x.ndim + y.ndim])
    for i, j in zip(first, second, strict=True):
        of_y[j] = of_x[i]
    kept = [c for k, c in enumerate(of_x) if k not in first] + [c for k, c in enumerate(of_y) if k not in second]
    return einsum(f"{''.join(of_x)},{''.join(of_y)}->{''.join(kept)}", x, y)


@implements(np.kron)
def _kron(a: Operand, b: Operand) -> Node:
    x, y = _core.as_node(a, "kron"), _core.as_node(b, "kron")
    rank = max(x.ndim, y.ndim)
    x, y = (n[(None,) * (rank - n.ndim)] if n.ndim < rank else n for n in (x, y))
    product = (
        x[tuple(part for _ in range(rank) for part in (slice(None), None))] * y[tuple(p for _ in range(rank) for p in (None, slice(None)))]
    )
    sizes = [m * n for m, n in zip(_known("kron", x, *range(rank)), _known("kron", y, *range(rank)), strict=True)]
    return reshape(product, sizes) if rank else product


@implements(np.cross, np.linalg.cross)
def _cross(a: Operand, b: Operand, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Node:
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = _core.as_node(a, "cross"), _core.as_node(b, "cross")
    if _known("cross", x, axisa) != [3] or _known("cross", y, axisb) != [3]:
        raise ShapeError(f"cross: expected vectors of 3 numbers, got shapes {x.shape} and {y.shape}")
    u, v = ([_cut(node, along, k) for k in range(3)] for node, along in ((x, axisa), (y, axisb)))
    parts = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
    return stack(parts, axisc % (parts[0].ndim + 1))


@implements(np.convolve)
def _convolve(a: Operand, v: Operand, mode: str = "full") -> Node:
    x, y = _core.common([a, v], "convolve")
    if x.ndim != 1 or y.ndim != 1:
        raise ShapeError(f"convolve: expected vectors, got shapes {x.shape} and {y.shape}")
    (n,), (m,) = _known("convolve", x, 0), _known("convolve", y, 0)
    if m > n:
        x, y, n, m = y, x, m, n
    if m == 0:
        raise ValueError("convolve: a vector without elements")
    cut = {"full": (0, n + m - 1), "same": ((m - 1) // 2, (m - 1) // 2 + n), "valid": (m - 1, n)}
    if mode not in cut:
        raise ValueError(f"convolve: mode: expected one of full, same, valid, got {mode!r}")
    begin, end = cut[mode]
    turned = y[::-1]
    parts = []
    # At the ends a window reaches beyond the vector; those terms are left out, not multiplied by 0, because 0 times inf is NaN.
    for first, last in ((begin, min(m - 1, end)), (max(begin, m - 1), min(n, end)), (max(n, begin), end)):
        if first >= last:
            continue
        places = np.arange(first, last)[:, None] + np.arange(1 - m, 1)
        inside = (places >= 0) & (places < n)
        windows = take(x, np.clip(places, 0, n - 1), axis=0)
        parts.append(windows @ turned if inside.all() else where(inside, windows * turned, np.zeros((), x.dtype)).sum(-1))
    return concatenate(parts) if len(parts) > 1 else parts[0]


@implements(np.correlate)
def _correlate(a: Operand, v: Operand, mode: str = "valid") -> Node:
    x, y = _core.as_node(a, "correlate"), _core.as_node(v, "correlate")
    (n,), (m,) = _known("correlate", x, 0), _known("correlate", y, 0)
    made = _convolve(x, y[::-1], mode)
    if m > n and mode == "same":  # NumPy centres on the longer one
        return _convolve(x, y[::-1], "full")[n // 2 : n // 2 + m]
    return made


@implements(np.polyval)
def _polyval(p: Any, x: Operand) -> Node:
    coefficients = list(p)
    made: Any = np.zeros_like(_core.as_node(x, "polyval"))
    for c in coefficients:
        made = made * x + c
    return _core.as_node(made, "polyval")


@implements(np.vander)
def _vander(x: Operand, N: int | None = None, increasing: bool = False) -> Node:
    node = _core.as_node(x, "vander")
    if node.ndim != 1:
        raise ShapeError(f"vander: expected a vector, got shape {node.shape} [{node.label}]")
    count = _known("vander", node, 0)[0] if N is None else int(N)
    node = node.astype(np.promote_types(node.dtype, np.int64))
    if count == 0:
        return node[:, None][:, :0]
    powers = [np.ones_like(node)]
    for _ in range(count - 1):
        powers.append(powers[-1] * node)
    powers = powers[:count]
    return stack(powers if increasing else powers[::-1], 1)


@implements(np.ix_)
def _ix(*args: Operand) -> tuple[Node, ...]:
    nodes = [_core.as_node(a, "ix_") for a in args]
    return tuple(n[tuple(slice(None) if k == at else None for k in range(len(nodes)))] for at, n in enumerate(nodes))


FUNCTIONS[np.matrix_transpose] = lambda x: expand_dims(x, 0)[0].transpose([*range(x.ndim - 2), x.ndim - 1, x.ndim - 2])
FUNCTIONS[np.permute_dims] = FUNCTIONS[np.transpose]
FUNCTIONS[np.unstack] = lambda x, /, *, axis=0: tuple(_cut(x, axis, k) for k in range(_known("unstack", x, axis)[0]))

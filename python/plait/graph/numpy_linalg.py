"""``np.linalg`` on nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from .._core import Node
from . import linalg
from ._types import Axis, Operand
from .numpy_protocol import FUNCTIONS, implements, refuse
from .reductions import norm

FUNCTIONS[np.linalg.solve] = linalg.solve
FUNCTIONS[np.linalg.inv] = linalg.inv
FUNCTIONS[np.linalg.det] = linalg.det
FUNCTIONS[np.linalg.slogdet] = linalg.slogdet
FUNCTIONS[np.linalg.matrix_power] = linalg.matrix_power


@implements(np.linalg.cholesky)
def _cholesky(a: Operand, /, *, upper: bool = False) -> Node:
    if not upper:
        return linalg.cholesky(a)
    node = _core.as_node(a, "cholesky")
    order = [*range(node.ndim - 2), node.ndim - 1, node.ndim - 2]
    return linalg.cholesky(node.transpose(order)).transpose(order)  # of the upper triangle


@implements(np.linalg.norm)
def _norm(x: Operand, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Node:
    node = _core.as_node(x, "norm")
    pair = tuple(axis) if isinstance(axis, (tuple, list)) and len(axis) == 2 else (0, 1) if axis is None and node.ndim == 2 else None
    if pair is None or ord in (None, "fro"):
        if ord not in (None, 1, 2, float("inf"), -float("inf"), "fro"):
            return _vector_norm(node, float(ord), axis, keepdims)
        return norm(node, ord, axis, keepdims)
    rows, columns = (k % node.ndim for k in pair)
    inner, outer = {1: (rows, columns), -1: (rows, columns)}.get(ord, (columns, rows))
    if ord not in (1, -1, float("inf"), -float("inf")):
        refuse(f"np.linalg.norm of matrices with ord={ord!r}", "It takes singular values; use 'fro', 1 or inf")
    sums = abs(node).sum(inner, keepdims=True)
    made = sums.max(outer, keepdims=True) if ord > 0 else sums.min(outer, keepdims=True)
    return made if keepdims else _core.squeeze(made, (rows, columns))


def _vector_norm(node: Node, ord: float, axis: Axis, keepdims: bool) -> Node:
    if ord == 0:
        return (node != 0).astype(node.dtype if node.dtype.kind == "f" else "float64").sum(axis, keepdims=keepdims)
    total: Node = (abs(node) ** ord).sum(axis, keepdims=keepdims) ** (1.0 / ord)
    return total


@implements(np.linalg.multi_dot)
def _multi_dot(arrays: Sequence[Operand], *, out: Any = None) -> Node:  # noqa: ARG001 - refused before
    made = _core.as_node(arrays[0], "multi_dot")
    for factor in arrays[1:]:
        made = made.dot(_core.as_node(factor, "multi_dot"))
    return made

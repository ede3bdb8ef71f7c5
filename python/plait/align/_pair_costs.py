"""A distance written over nodes, run over all pairs of elements of two series."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core, graph
from ._inputs import Array

#: Values that one run of a program works on: rows of the matrix come in blocks of about so many.
BLOCK = 1 << 18


class PairCosts:
    """The matrix of f(x_i, y_j).

    f is called with nodes for many pairs at once: of shape (pairs,) for numbers, of shape (pairs, d) for vectors, and gives (pairs,); what
    it reduces is the last axis. Traced once for each width, compiled, and run on blocks of pairs.
    """

    def __init__(self, function: Callable[[Any, Any], Any]):
        self._function = function
        self._programs: dict[int, Any] = {}  # by width; 0: scalars

    def matrix(self, x: Array, y: Array) -> Array:
        """All distances, shape (n, m)."""
        if x.shape[1:] != y.shape[1:]:
            raise _core.ShapeError(f"metric: elements of x have shape {x.shape[1:]}, those of y {y.shape[1:]}")
        width = x.shape[1] if x.ndim == 2 else 0
        if width not in self._programs:
            self._programs[width] = self._compile(width)
        program = self._programs[width]
        out = np.empty((len(x), len(y)))
        step = max(1, BLOCK // max(1, len(y) * max(1, width)))
        for begin in range(0, len(x), step):
            block = x[begin : begin + step]
            a = np.repeat(block, len(y), axis=0)
            b = np.tile(y, (len(block), *((1,) if width else ())))
            out[begin : begin + step] = program(a=a, b=b).reshape(len(block), len(y))
        if not np.isfinite(out).all():
            i, j = np.argwhere(~np.isfinite(out))[0].tolist()
            raise ValueError(f"metric: gave {out[i, j]} for x[{i}] and y[{j}]; expected finite distances")
        return out

    def _compile(self, width: int) -> Any:
        shape = (None, width) if width else (None,)
        a, b = graph.input("a", shape, dtype="float64"), graph.input("b", shape, dtype="float64")
        distance = self._function(a, b)
        if np.shape(distance) != (None,):
            hint = "; sum over axis=-1, the values of an element" if width else ""
            raise _core.ShapeError(
                f"metric: expected a distance for each pair, shape (None,), for arguments of shape {shape}, got shape {np.shape(distance)}{hint}"
            )
        return graph.compile(graph.cast(distance, "float64"))

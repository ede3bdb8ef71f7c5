"""The one place where the portfolio layer meets the quadratic solver: min ½ x'Hx + q'x within bounds and two-sided rows."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core import optimize as _optimize
from ._labels import Array

INF = float("inf")


@dataclass
class Solution:
    """A solved quadratic program; where it is infeasible, `bounds` and `rows` are the proof.

    Multipliers are positive at lower limits and negative at upper ones.
    """

    status: str  # "solved", "infeasible", "unbounded", …
    x: Array
    bounds: Array
    rows: Array
    made: Any  # what the core returned, for a warm start

    @property
    def bounds_active(self) -> npt.NDArray[np.int8]:
        """-1 at the lower bound, 1 at the upper, 0 between them."""
        active: npt.NDArray[np.int8] = self.made.bounds_active
        return active

    @property
    def rows_active(self) -> npt.NDArray[np.int8]:
        """The same of rows; -1 for an equality."""
        active: npt.NDArray[np.int8] = self.made.rows_active
        return active


class Quadratic:
    """Programs that share H and the rows; each starts from the active set of the one before."""

    def __init__(self, hessian: Array, rows: Array) -> None:
        self._qp = _optimize.Qp(hessian, rows if len(rows) else None)
        self._lock = threading.Lock()  # the core's object owns its workspace

    def solve(self, q: Array, lower: Array, upper: Array, row_lower: Array, row_upper: Array, warm: Solution | None = None) -> Solution:
        """The program with these limits."""
        if len(row_lower) == 0:
            row_lower = row_upper = None  # type: ignore[assignment]
        with self._lock:
            made = self._qp.solve(q, lower, upper, row_lower, row_upper, None if warm is None else warm.made)
        status = made.status
        if status == "infeasible":
            return Solution(status, made.x, made.bound_certificate, made.row_certificate, made)
        return Solution(status, made.x, made.bound_multipliers, made.row_multipliers, made)

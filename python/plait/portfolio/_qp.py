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
RIDGE = 1e-12
SINGULAR = 1e-11  # a square of a pivot below, the largest variance being 1


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
        self._qp = _optimize.Qp(regular(hessian), rows if len(rows) else None)
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


def regular(hessian: Array) -> Array:
    """The matrix itself; a singular one with RIDGE of its largest entry on the diagonal.

    With singular values s of what is left the solution is then off by RIDGE / s, and its variance by the square of that. A matrix of zeros,
    a linear program, is the solver's business.
    """
    scale = float(np.abs(np.diagonal(hessian)).max(initial=0.0))
    if scale == 0:
        return hessian
    try:
        if float(np.diagonal(np.linalg.cholesky(hessian / scale)).min()) ** 2 > SINGULAR:
            return hessian
    except np.linalg.LinAlgError:
        pass
    return hessian + RIDGE * scale * np.eye(len(hessian))

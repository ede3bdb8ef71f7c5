"""The portfolio's interface to the quadratic solver: min ½ x'Hx + q'x within bounds and two-sided rows."""

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
    """A solved quadratic program; where it is infeasible, `bounds` and `rows` are the certificate.

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
        """The same for rows; -1 for an equality."""
        active: npt.NDArray[np.int8] = self.made.rows_active
        return active


class Quadratic:
    """Programs that share H and the rows; each starts from the active set of the one before."""

    def __init__(self, hessian: Array, rows: Array) -> None:
        # The solver's tolerances assume numbers around 1: data are scaled, by powers of two so that nothing is rounded.
        hessian = np.array(hessian, dtype=float)
        diagonal = np.abs(np.diagonal(hessian))
        self._scale = _power(diagonal.max(initial=0.0))
        # A variance at rounding level counts as 0: it must not become a pivot.
        flat = diagonal < FLAT * diagonal.max(initial=0.0)
        hessian[flat] = 0.0
        hessian[:, flat] = 0.0
        self._flat = not hessian.any()
        self._rows = np.array([_power(np.abs(row).max(initial=0.0)) for row in rows])
        self._qp = _optimize.Qp(hessian / self._scale, rows / self._rows[:, None] if len(rows) else None)
        self._lock = threading.Lock()  # the core's object owns its workspace

    def solve(self, q: Array, lower: Array, upper: Array, row_lower: Array, row_upper: Array, warm: Solution | None = None) -> Solution:
        """The program with these limits."""
        scale = _power(np.abs(q).max(initial=0.0)) if self._flat else self._scale
        if len(row_lower) == 0:
            row_lower = row_upper = None  # type: ignore[assignment]
        else:
            row_lower, row_upper = row_lower / self._rows, row_upper / self._rows
        with self._lock:
            made = self._qp.solve(q / scale, lower, upper, row_lower, row_upper, None if warm is None else warm.made)
        status = made.status
        if status == "infeasible":
            rows = made.row_certificate / self._rows if row_lower is not None else made.row_certificate
            return Solution(status, made.x, made.bound_certificate, rows, made)
        rows = made.row_multipliers * scale / self._rows if row_lower is not None else made.row_multipliers
        return Solution(status, made.x, made.bound_multipliers * scale, rows, made)


FLAT = 1e-20


def _power(size: float) -> float:
    """The power of two below `size`; 1 for 0."""
    return float(2.0 ** np.floor(np.log2(size))) if size > 0 else 1.0

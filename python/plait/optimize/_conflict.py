"""An irreducible infeasible subset of linear constraints, by a deletion filter."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from ..graph._types import Array


def irreducible(
    matrix: Array, lower: Array, upper: Array, low: Array, high: Array, names: list[Any], bound_names: list[tuple[Any, Any]]
) -> list[Any]:
    """An irreducible infeasible subset of rows lower <= matrix x <= upper and bounds low <= x <= high, by name; empty if feasible.

    The Farkas certificate of a quadratic program gives a first subset; each member is then left out in turn, for good where the rest is
    still infeasible.
    """
    m, n = matrix.shape
    qp = _core.optimize.Qp(np.eye(n), matrix)

    def infeasible_subset(rows: set[int], lows: set[int], highs: set[int]) -> tuple[set[int], set[int], set[int]] | None:
        keep = np.array([k in rows for k in range(m)], bool)
        r = qp.solve(
            np.zeros(n),
            np.where([i in lows for i in range(n)], low, -np.inf),
            np.where([i in highs for i in range(n)], high, np.inf),
            np.where(keep, lower, -np.inf),
            np.where(keep, upper, np.inf),
        )
        if r.status != "infeasible":
            return None
        y, z = r.row_certificate, r.bound_certificate
        small = 1e-9 * max(np.abs(y).max(initial=0), np.abs(z).max(initial=0))
        return (
            {k for k in rows if abs(y[k]) > small},
            {i for i in lows if z[i] > small},
            {i for i in highs if z[i] < -small},
        )

    every = range(n)
    found = infeasible_subset(set(range(m)), {i for i in every if low[i] > -np.inf}, {i for i in every if high[i] < np.inf})
    if found is None:
        return []
    for part in range(3):
        for member in sorted(found[part]):
            if member not in found[part]:
                continue
            fewer = tuple(group - {member} if p == part else group for p, group in enumerate(found))
            smaller = infeasible_subset(*fewer)
            if smaller is not None:
                found = smaller
    rows, lows, highs = found
    return [names[k] for k in sorted(rows)] + [bound_names[i][0] for i in sorted(lows)] + [bound_names[i][1] for i in sorted(highs)]

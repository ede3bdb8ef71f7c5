"""Tighter bounds for branch and bound over held assets: the perspective relaxation.

A diagonal D is split off the covariance such that Σ - D is positive semi-definite. With z in [0, 1] for "held" and Σz at most the number
allowed, d x² may be replaced by d x² / z, which is larger wherever z < 1 (Frangioni and Gentile 2006, Perspective cuts for a class of convex 0-1
mixed integer programs). For any α, d x² / z ≥ 2 α x - α² z / d: one quadratic program then gives a proven bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._labels import Array
from ._limits import INF
from ._qp import Quadratic

if TYPE_CHECKING:
    from ._model import Model

ROUNDS = 5  # of coordinate ascent on the diagonal
STEPS = 6  # of alternating minimisation over x and z
SMALLEST = 1e-6  # least z
LEAST_SHARE = 1e-6  # of the largest variance: smaller diagonals are not split off


@dataclass
class Program:
    """Min ½ x'Hx + q'x within bounds and rows, one variable for each asset.

    Parameters
    ----------
    hessian, q : ndarray
        The objective.
    rows, row_lower, row_upper : ndarray
        Limits on sums.
    value : callable
        Increasing map from the program's optimum to the objective of the search.
    weights : callable
        From x to weights.
    ray : bool
        Whether x is a direction, bounded by signs only: other bounds are among the rows.
    """

    hessian: Array
    q: Array
    rows: Array
    row_lower: Array
    row_upper: Array
    value: Callable[[float], float]
    weights: Callable[[Array], Array]
    ray: bool = False

    def __post_init__(self) -> None:
        self.plain = Quadratic(self.hessian, self.rows)
        self.diagonal = split_off(self.hessian)
        variances = np.diagonal(self.hessian)
        self.tightens = bool(self.diagonal.max(initial=0.0) > LEAST_SHARE * float(variances.max(initial=0.0)))
        self.rest = self.hessian - np.diag(self.diagonal)
        self.split = Quadratic(self.rest, self.rows) if self.tightens else self.plain

    def _box(self, lower: Array, upper: Array) -> tuple[Array, Array]:
        if not self.ray:
            return lower, upper
        return np.zeros(len(lower)), np.where(upper > 0, INF, 0.0)

    def solve(self, lower: Array, upper: Array) -> tuple[float, Array, Array] | None:
        """Objective, weights and x of the relaxation without z; None where it has no solution."""
        low, high = self._box(lower, upper)
        found = self.plain.solve(self.q, low, high, self.row_lower, self.row_upper)
        if found.status != "solved":
            return None
        x = found.x
        return self.value(float(0.5 * x @ self.hessian @ x + self.q @ x)), self.weights(x), x

    def tighter(self, lower: Array, upper: Array, held: frozenset[int], x: Array, most: int) -> float:
        """A lower bound that respects the cardinality limit."""
        if not self.tightens:
            return -INF
        low, high = self._box(lower, upper)
        n = len(x)
        kept = np.zeros(n, bool)
        kept[list(held)] = True
        open_ = ~kept & ((low != 0) | (high != 0))
        left = most - len(held)
        if left <= 0 or int(open_.sum()) <= left:
            return -INF
        d = self.diagonal
        z = np.ones(n)
        best = -INF
        for step in range(STEPS):
            z[open_] = shares(np.abs(x[open_]) * np.sqrt(d[open_]), left)
            if step in (1, STEPS - 1):
                best = max(best, self._bound(low, high, d * x / z, kept, open_, left))
            if step == STEPS - 1:
                break
            found = Quadratic(self.rest + np.diag(d / z), self.rows).solve(self.q, low, high, self.row_lower, self.row_upper)
            if found.status != "solved":
                break
            x = found.x
        return self.value(best) if best > -INF else -INF

    def _bound(self, low: Array, high: Array, alpha: Array, kept: Array, open_: Array, left: int) -> float:
        found = self.split.solve(self.q + alpha, low, high, self.row_lower, self.row_upper)
        if found.status != "solved":
            return -INF
        x = found.x
        priced = np.divide(alpha**2, self.diagonal, out=np.zeros(len(x)), where=self.diagonal > 0)
        worth = np.sort(priced[open_])[::-1][:left].sum() + priced[kept].sum()
        return float(0.5 * x @ self.rest @ x + (self.q + alpha) @ x - 0.5 * worth)


def shares(sizes: Array, total: int) -> Array:
    """The z in (0, 1] with Σz ≤ total that minimise Σ sizes² / z."""
    sizes = np.maximum(sizes, SMALLEST * float(sizes.max(initial=0.0)) + 1e-300)
    order = np.argsort(-sizes, kind="stable")
    tail_sums = np.cumsum(sizes[order][::-1])[::-1]  # of each and all smaller ones
    z = np.ones(len(sizes))
    for full in range(min(total, len(sizes))):
        scale = (total - full) / tail_sums[full]
        if sizes[order[full]] * scale <= 1:
            rest = order[full:]
            z[rest] = np.maximum(sizes[rest] * scale, SMALLEST)
            break
    return z


def split_off(matrix: Array) -> Array:
    """A large diagonal d such that matrix - diag(d) is positive semi-definite, by coordinate ascent."""
    n = len(matrix)
    try:
        np.linalg.cholesky(matrix)
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return np.zeros(n)
    d = 1 / np.diagonal(inverse)
    if not (np.isfinite(d).all() and (d > 0).all()):
        return np.zeros(n)
    root = np.sqrt(d)
    d = d * (0.9 / float(np.linalg.eigvalsh(inverse * np.outer(root, root))[-1]))
    inverse = np.linalg.inv(matrix - np.diag(d))
    for _ in range(ROUNDS):
        for i in range(n):
            more = 0.5 / float(inverse[i, i])
            d[i] += more
            column = inverse[:, i].copy()
            inverse = inverse + np.outer(column, column) * (more / (1 - more * column[i]))
    least = float(np.linalg.eigvalsh(matrix - np.diag(d))[0])
    return np.maximum(d * (1 - 1e-9) - max(0.0, -least) - 1e-12 * float(d.max()), 0.0)


def variance_program(model: Model, q: Array, least_return: float | None, value: Callable[[float], float]) -> Program | None:
    """½ variance + q'w within the limits of a model without split weights."""
    at = model.lift
    if not at.identity:
        return None
    row_lower = model.row_lower
    if least_return is not None:
        assert model.constant is not None
        row_lower = row_lower.copy()
        row_lower[-1] = least_return - model.constant
    return Program(model.hessian, q, model.rows, row_lower, model.row_upper, value, lambda x: x)


def ratio_program(model: Model, risk_free: float, least: float) -> Program | None:
    """Least ½ variance of y with excess 1, where w = budget · y / Σy: the maximum ratio is 1 / deviation. Long-only."""
    limits = model.limits
    budget = limits.budget
    if (
        budget is None
        or budget <= 0
        or not model.lift.identity
        or limits.leverage is not None
        or limits.cost > 0
        or limits.turnover is not None
    ):
        return None
    if model.mean is None or (limits.lower < 0).any() or least > 0:
        return None
    n = len(limits.assets)
    excess = model.mean - risk_free / budget
    top = float(np.abs(excess).max())
    if not excess.max() > 0:
        return None
    rows, low, high = [excess / top], [1.0], [1.0]
    each = np.full(n, 1 / budget)

    def add(row: Array, lower: float, upper: float) -> None:
        rows.append(row)
        low.append(lower)
        high.append(upper)

    for k in range(n):
        unit = np.zeros(n)
        unit[k] = 1.0
        if limits.upper[k] < budget:
            add(unit - limits.upper[k] * each, -INF, 0.0)
        if limits.lower[k] > 0:
            add(unit - limits.lower[k] * each, 0.0, INF)
    for group in limits.groups:
        member = np.zeros(n)
        member[group.members] = 1.0
        if group.upper < budget:
            add(member - group.upper * each, -INF, 0.0)
        if group.lower > 0:
            add(member - group.lower * each, 0.0, INF)
    scale = float(np.diagonal(model.penalised).max())
    if not scale > 0:
        return None

    def value(half: float) -> float:
        return -top / float(np.sqrt(2 * half * scale)) if half > 0 else -INF

    def weights(y: Array) -> Array:
        made: Array = np.maximum(y, 0.0) * (budget / float(np.maximum(y, 0.0).sum()))
        return made

    return Program(model.penalised / scale, np.zeros(n), np.array(rows), np.array(low), np.array(high), value, weights, ray=True)

"""A portfolio as quadratic programs: prepared once, solved for several objectives."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cached_property

import numpy as np

from ._errors import InfeasibleError
from ._labels import Array
from ._limits import INF, Lift, Limits, lift
from ._qp import Quadratic, Solution


class Model:
    """Limits, means and covariance in the variables of the solver.

    With means, the last row is the expected return after costs; it is unconstrained unless a method sets a target.
    """

    explains = True  # whether an infeasible subset is reduced; False in the nodes of a search, whose bounds are not the user's

    def __init__(self, limits: Limits, mean: Array | None, covariance: Array, l2: float = 0.0) -> None:
        self.limits, self.mean, self.covariance, self.l2 = limits, mean, covariance, l2
        self.penalised = covariance + l2 * np.eye(len(covariance)) if l2 else covariance
        self.lift: Lift = lift(limits)
        at = self.lift
        self.hessian = at.matrix(self.penalised)
        self.start_gradient = np.zeros(len(at.lower)) if at.identity else at.linear(self.penalised @ at.start)
        self.rows, self.row_lower, self.row_upper = at.rows, at.row_lower, at.row_upper
        self.slope = self.constant = None
        if mean is not None:
            self.slope, self.constant = self.gain(mean)
            self.rows = np.vstack([self.rows, self.slope])
            self.row_lower, self.row_upper = np.append(at.row_lower, -INF), np.append(at.row_upper, INF)

    def gain(self, mean: Array) -> tuple[Array, float]:
        """The return after costs, as slope @ x + constant."""
        at, cost = self.lift, self.limits.cost
        slope = at.linear(mean)
        constant = float(mean @ at.start)
        if cost > 0:
            slope = slope - cost * at.traded
            constant -= cost * at.traded_start
        return slope, constant

    def bounded(self, lower: Array, upper: Array) -> Model:
        """The model with narrower bounds; factorisations are shared where no asset is split."""
        limits = self.limits.with_bounds(lower, upper)
        if not self.lift.identity or self.limits.leverage is not None or np.any(self.lift.traded):
            other = Model(limits, self.mean, self.covariance, self.l2)
            other.explains = False
            return other
        other = copy.copy(self)
        other.explains = False
        other.limits = limits
        other.lift = replace(self.lift, lower=lower, upper=upper)
        other.__dict__.pop("long_only", None)  # depends on bounds
        return other

    @cached_property
    def quadratic(self) -> Quadratic:
        """Programs with the portfolio's covariance."""
        return Quadratic(self.hessian, self.rows)

    @cached_property
    def cone(self) -> Quadratic:
        """Programs with the portfolio's covariance and x ≥ 0 only."""
        return Quadratic(self.penalised, np.zeros((0, len(self.penalised))))

    @cached_property
    def signs(self) -> tuple[Array, Array, Array]:
        """Bounds of `cone`, and limits of no rows."""
        n = len(self.penalised)
        return np.zeros(n), np.full(n, np.inf), np.zeros(0)

    @cached_property
    def long_only(self) -> bool:
        """Whether the only limits are w ≥ 0 and a budget."""
        limits = self.limits
        budget = limits.budget
        return bool(limits.simple and budget is not None and budget > 0 and (limits.lower == 0).all() and (limits.upper >= budget).all())

    @cached_property
    def largest_variance(self) -> float:
        """The largest variance of an asset."""
        return float(np.diagonal(self.penalised).max())

    @cached_property
    def linear(self) -> Quadratic:
        """Programs without a quadratic part."""
        return Quadratic(np.zeros_like(self.hessian), self.rows)

    @cached_property
    def nearest(self) -> Quadratic:
        """Programs that minimise the Euclidean distance of weights."""
        return Quadratic(self.lift.matrix(np.eye(len(self.covariance))), self.rows)

    def solve(self, program: Quadratic, q: Array, *, least_return: float | None = None) -> Array:
        """The optimal x; raises `InfeasibleError` where there is none."""
        return self.solution(program, q, least_return=least_return).x

    def solution(self, program: Quadratic, q: Array, *, least_return: float | None = None, warm: Solution | None = None) -> Solution:
        """The same with multipliers and active limits."""
        row_lower = self.row_lower
        if least_return is not None:
            assert self.constant is not None
            row_lower = row_lower.copy()
            row_lower[-1] = least_return - self.constant
        found = program.solve(q, self.lift.lower, self.lift.upper, row_lower, self.row_upper, warm)
        if found.status != "solved":
            raise self.failure(found, least_return)
        return found

    def most_return_solution(self, most_return: float, warm: Solution | None) -> Solution:
        """Minimum variance with at most that return: the lower branch of the frontier."""
        assert self.constant is not None
        row_upper = self.row_upper.copy()
        row_upper[-1] = most_return - self.constant
        found = self.quadratic.solve(self.start_gradient, self.lift.lower, self.lift.upper, self.row_lower, row_upper, warm)
        if found.status != "solved":
            raise self.failure(found, None)
        return found

    def failure(self, found: Solution, least_return: float | None) -> Exception:
        """The error for a program without a solution."""
        if found.status == "infeasible":
            return self.infeasible(found, least_return)
        if found.status == "unbounded":
            return ValueError("the portfolio is unbounded: weights without bounds gain without end; give bounds, groups or leverage")
        return ArithmeticError(f"the quadratic program could not be solved: {found.status}")

    def infeasible(self, found: Solution, least_return: float | None = None) -> InfeasibleError:
        """The error that names an irreducible infeasible subset of the limits."""
        from ._conflict import conflict_of

        return conflict_of(self, found, least_return)

    def least_risk(self, least_return: float | None = None) -> Array:
        """The x of minimum variance, with at least that return if one is given."""
        return self.solve(self.quadratic, self.start_gradient, least_return=least_return)

    def most_return(self) -> Array:
        """The x of maximum return."""
        assert self.slope is not None
        if self.limits.simple and np.isfinite(self.lift.lower).all() and self.limits.budget is not None:
            return self._filled(self.slope)
        return self.solve(self.linear, -self.slope)

    def _filled(self, slope: Array) -> Array:
        """Maximises slope @ x within bounds and budget, greedily as in a fractional knapsack."""
        x = self.lift.lower.copy()
        left = float(self.row_upper[0]) - float(x.sum())
        if left < -1e-12 or left > float((self.lift.upper - x).sum()) + 1e-12:
            return self.solve(self.linear, -slope)  # raises InfeasibleError
        for k in np.argsort(-slope, kind="stable").tolist():
            step = min(left, float(self.lift.upper[k] - x[k]))
            x[k] += step
            left -= step
            if left <= 0:
                break
        return x

    def utility(self, risk_aversion: float) -> Array:
        """The x of maximum return - risk_aversion / 2 * variance."""
        assert self.slope is not None
        if risk_aversion == 0:
            return self.most_return()
        return self.solve(self.quadratic, self.start_gradient - self.slope / risk_aversion)

    def tracking(self, benchmark: Array) -> Array:
        """The x of minimum tracking error to a benchmark."""
        return self.solve(self.quadratic, self.start_gradient - self.lift.linear(self.penalised @ benchmark))

    def closest(self, weights: Array) -> Array:
        """The x of least Euclidean distance to weights."""
        difference = -weights if self.lift.identity else self.lift.start - weights
        return self.solve(self.nearest, self.lift.linear(difference))

    def variance(self, weights: Array) -> float:
        """Variance of weights, including `l2`."""
        return float(weights @ self.penalised @ weights)

    def expected_return(self, weights: Array) -> float | None:
        """Expected return of weights after costs."""
        if self.mean is None:
            return None
        return float(self.mean @ weights) - (self.limits.cost * self.limits.traded(weights) if self.limits.cost else 0.0)

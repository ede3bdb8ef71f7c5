"""The dense quadratic program beside the readable chain of least-squares problems in reference.kraft."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.kraft import lsq, nnls

from plait import _core

Qp = _core.optimize.Qp
INF = np.inf


def problem(seed: int) -> tuple[np.ndarray, ...]:
    """Random and strictly convex: equalities, inequalities on either side, bounds, fixed variables; some infeasible."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 8))
    m = int(rng.integers(0, 6))
    factor = rng.normal(size=(n + 3, n))
    hessian = factor.T @ factor + 0.1 * np.eye(n)
    rows = rng.normal(size=(m, n))
    inside = rng.normal(size=n)
    lower = np.where(rng.random(n) < 0.5, inside - rng.random(n), -INF)
    upper = np.where(rng.random(n) < 0.5, inside + rng.random(n), INF)
    at = rows @ inside + (rng.normal(size=m) if rng.random() < 0.4 else 0)
    row_lower = np.where(rng.random(m) < 0.6, at - rng.random(m), -INF)
    row_upper = np.where(rng.random(m) < 0.4, at + rng.random(m), INF)
    equal = np.flatnonzero(rng.random(m) < 0.4)[: max(0, n - 1)]  # fewer than variables, so that they are independent
    row_lower[equal] = row_upper[equal] = at[equal]
    if len(equal) + 1 < n and rng.random() < 0.2:
        lower[0] = upper[0] = inside[0]
    return hessian, rng.normal(size=n) * 10 ** rng.uniform(-1, 1), rows, lower, upper, row_lower, row_upper


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_solutions_and_multipliers_are_those_of_the_chain(seed: int) -> None:
    hessian, gradient, rows, lower, upper, row_lower, row_upper = problem(seed)
    slow = lsq(hessian, gradient, rows, lower, upper, row_lower, row_upper)
    fast = Qp(hessian, rows).solve(gradient, lower, upper, row_lower, row_upper)
    assert fast.status == ("infeasible" if slow is None else "solved")
    if slow is None:
        return
    x, bounds, by_row = slow
    size = 1 + np.abs(x).max()
    np.testing.assert_allclose(fast.x, x, rtol=0, atol=1e-7 * size)
    # Multipliers are unique where the normals of the constraints that hold are independent.
    normals, values = np.vstack([np.eye(len(x)), rows]), np.concatenate([x, rows @ x])
    gap = np.minimum(np.abs(values - np.concatenate([lower, row_lower])), np.abs(values - np.concatenate([upper, row_upper])))
    held = normals[gap <= 1e-6 * size]
    if len(held) <= len(x) and np.linalg.svd(held, compute_uv=False).min(initial=1.0) > 1e-3:
        force = 1 + np.abs(gradient).max() + np.abs(hessian @ x).max()
        np.testing.assert_allclose(fast.bound_multipliers, bounds, rtol=0, atol=1e-5 * force)
        np.testing.assert_allclose(fast.row_multipliers, by_row, rtol=0, atol=1e-5 * force)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_chain_ends_in_least_squares_that_fulfil_their_conditions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=rng.integers(1, 7, 2)), rng.normal(size=7)
    b = b[: len(a)]
    u = nnls(a, b)
    slope = a.T @ (b - a @ u)
    assert np.all(u >= 0)
    assert np.all(slope <= 1e-9)
    assert np.all(np.abs(slope[u > 1e-9]) <= 1e-9)


def test_the_chain_knows_contradictions() -> None:
    none = np.zeros(0)
    eye, high = np.eye(2), np.array([INF, INF])
    assert lsq(eye, np.zeros(2), np.ones((1, 2)), np.zeros(2), high, np.array([-INF]), np.array([-1.0])) is None
    found = lsq(eye, np.array([-1.0, 2.0]), np.zeros((0, 2)), np.zeros(2), high, none, none)
    assert found is not None
    assert found[0] == pytest.approx([1, 0], abs=1e-12)
    assert found[1] == pytest.approx([0, 2], abs=1e-12)

"""Dense quadratic programs: the conditions of optimality are the witness, so no solver is needed to judge one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plait import _core

Qp = _core.optimize.Qp
INF = np.inf


def problem(seed: int) -> tuple[np.ndarray, ...]:
    """A random one: definite or singular, degenerate or not, feasible in most cases."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 9)), int(rng.integers(0, 6))
    rank = int(rng.integers(0, n + 1)) if rng.random() < 0.3 else n + 3
    factor = rng.normal(size=(rank, n)) * np.exp(rng.normal(size=n))
    rows = rng.integers(-2, 3, size=(m, n)).astype(float) if rng.random() < 0.5 else rng.normal(size=(m, n))
    inside = rng.normal(size=n)
    lower = np.where(rng.random(n) < 0.7, inside - rng.random(n) * (rng.random(n) < 0.8), -INF)
    upper = np.where(rng.random(n) < 0.7, inside + rng.random(n), INF)
    fixed = rng.random(n) < 0.05
    lower[fixed] = upper[fixed] = inside[fixed]
    at = rows @ inside + (rng.normal(size=m) * 2 if rng.random() < 0.2 else 0)
    row_lower = np.where(rng.random(m) < 0.6, at - rng.random(m) * (rng.random(m) < 0.7), -INF)
    row_upper = np.where(rng.random(m) < 0.5, at + rng.random(m), INF)
    equal = rng.random(m) < 0.3
    row_lower[equal] = row_upper[equal] = at[equal]
    return factor.T @ factor, rng.normal(size=n) * 10 ** rng.uniform(-3, 3), lower, upper, rows, row_lower, row_upper


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32 - 1))
@example(37288)  # rank one, unbounded in the null space
@example(3259378)  # the same row twice, with other right sides, and no Hessian
def test_answers_fulfil_the_conditions_that_make_them_answers(seed: int) -> None:
    h, g, lower, upper, a, row_lower, row_upper = problem(seed)
    r = Qp(h, a).solve(g, lower, upper, row_lower, row_upper)
    if r.status == "solved":
        x, y, z = r.x, r.row_multipliers, r.bound_multipliers
        force, size = np.abs(g).max() + np.abs(h @ x).max(), 1 + np.abs(x).max()
        assert np.abs(h @ x + g - a.T @ y - z).max() <= 1e-8 * force
        for multiplier, value, low, high in (*zip(z, x, lower, upper, strict=True), *zip(y, a @ x, row_lower, row_upper, strict=True)):
            assert low - 1e-9 * size <= value <= high + 1e-9 * size
            gap = abs(value - low) if multiplier > 0 else abs(value - high)
            assert min(abs(multiplier) / force, gap) <= 1e-8 * size
    elif r.status == "infeasible":
        y, z = r.row_certificate, r.bound_certificate
        assert np.abs(a.T @ y + z).max() <= 1e-8
        limits = (*zip(y, row_lower, row_upper, strict=True), *zip(z, lower, upper, strict=True))
        assert sum(c * (low if c > 0 else high) for c, low, high in limits if abs(c) > 1e-12) > 0
    else:
        assert r.status == "unbounded"
        assert g @ r.ray < 0
        assert np.abs(h @ r.ray).max() <= 1e-6 * max(np.abs(h).max(), 1e-300)
        assert np.all((r.ray >= -1e-9) | (lower == -INF))
        assert np.all((r.ray <= 1e-9) | (upper == INF))
        assert np.all((a @ r.ray >= -1e-8) | (row_lower == -INF))
        assert np.all((a @ r.ray <= 1e-8) | (row_upper == INF))


@pytest.mark.parametrize("gap", [0.0, 1e-6, 1e-3, 0.1])
@pytest.mark.parametrize("slope", [0.6, 1e3, 1e6])
def test_equalities_that_differ_beside_a_singular_hessian(slope: float, gap: float) -> None:
    """Without a Hessian the way leads from far outside; what is next to nothing out there is no agreement at the answer."""
    a = np.array([[1.0, -1, -1], [1, -1, -1], [-2, 0, 1]])
    limits = (np.array([-0.3, -INF, -INF]), np.array([0.1, INF, 1.1]))
    sides = np.array([0.02, 0.02 - gap, -1.0])
    r = Qp(np.zeros((3, 3)), a).solve(slope * np.array([0.3, -0.6, 0.1]), *limits, sides, sides)
    assert r.status == ("solved" if gap == 0 else "infeasible")
    if gap == 0:
        np.testing.assert_allclose(a @ r.x, sides, atol=1e-9)
    else:
        assert (
            r.row_certificate @ sides
            + sum(z * (low if z > 0 else high) for z, low, high in zip(r.bound_certificate, *limits, strict=True) if z)
            > 0
        )


@pytest.mark.parametrize("n", [4, 20, 100])
@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e4])
def test_units_do_not_matter_and_a_warm_start_takes_one_round(n: int, unit: float) -> None:
    rng = np.random.default_rng(n)
    returns = rng.normal(size=(2 * n, n)) * rng.uniform(0.5, 2, n)
    h = np.cov(returns.T)
    ones = np.ones(1)
    limits = (np.zeros(n), np.ones(n), ones, ones)
    plain = Qp(h, np.ones((1, n))).solve(np.zeros(n), *limits)
    qp = Qp(h * unit, np.ones((1, n)))
    r = qp.solve(np.zeros(n), *limits)
    np.testing.assert_allclose(r.x, plain.x, atol=1e-12)
    again = qp.solve(np.zeros(n), *limits, warm=r)
    assert again.steps == 1
    np.testing.assert_allclose(again.x, r.x, atol=1e-14)


def test_twins_dependent_rows_and_fixed_variables() -> None:
    h = np.ones((3, 3))  # three times the same asset
    rows = np.array([[1.0, 1, 1], [2, 2, 2]])
    r = Qp(h, rows).solve(np.zeros(3), np.zeros(3), np.ones(3), np.array([1.0, 2]), np.array([1.0, 2]))
    assert r.status == "solved"
    assert r.x.sum() == pytest.approx(1, abs=1e-12)
    r = Qp(np.eye(2)).solve(np.array([-1.0, -1]), np.array([0.25, 0]), np.array([0.25, 2]))
    np.testing.assert_allclose(r.x, [0.25, 1])
    np.testing.assert_allclose(r.bound_multipliers, [-0.75, 0])


def test_what_is_not_convex_or_makes_no_sense_is_named() -> None:
    assert Qp(np.diag([1.0, -1])).solve(np.zeros(2)).status == "not_convex"
    with pytest.raises(ValueError, match="variable 1: lower limit 2 and upper limit 1"):
        Qp(np.eye(2)).solve(np.zeros(2), np.array([0.0, 2]), np.ones(2))
    with pytest.raises(ValueError, match="gradient: expected 2 elements, got 3"):
        Qp(np.eye(2)).solve(np.zeros(3))
    with pytest.raises(ValueError, match="hessian: element"):
        Qp(np.array([[1.0, np.nan], [np.nan, 1]]))
    with pytest.raises(ValueError, match="rows: expected a matrix of 2 columns"):
        Qp(np.eye(2), np.ones((1, 3)))


@pytest.mark.peer
@pytest.mark.parametrize("n", [4, 20, 100, 300])
def test_least_variance_is_a_peers(n: int) -> None:
    quadprog = pytest.importorskip("quadprog")
    rng = np.random.default_rng(n)
    common = rng.normal(size=(600, 3)) @ rng.normal(size=(3, n))
    h = np.cov((common + rng.normal(size=(600, n)) * rng.uniform(0.5, 2, n)).T) * 1e-4
    ones = np.ones(1)
    r = Qp(h, np.ones((1, n))).solve(np.zeros(n), np.zeros(n), np.ones(n), ones, ones)
    a = np.c_[np.ones(n), np.eye(n)]
    peer = quadprog.solve_qp(h, np.zeros(n), a, np.r_[1.0, np.zeros(n)], 1)[0]
    assert r.x @ h @ r.x <= peer @ h @ peer * (1 + 1e-9)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e4])
@pytest.mark.parametrize(("n", "rank"), [(4, 1), (20, 10), (20, 2), (100, 50), (100, 99)])
def test_a_least_value_of_zero_where_the_matrix_is_singular(n: int, rank: int, unit: float) -> None:
    """The gradient vanishes with the objective: what is left of it is judged beside the terms that it is summed from."""
    rng = np.random.default_rng(n + rank)
    factor = rng.normal(size=(rank, n))
    h = factor.T @ factor * unit
    found = _core.optimize.Qp(h, np.ones((1, n))).solve(np.zeros(n), np.zeros(n), np.ones(n), np.ones(1), np.ones(1))
    assert found.status == "solved"
    assert found.x.sum() == pytest.approx(1, abs=1e-12)
    # A witness with a ridge, off by no more than that.
    ridge = h + 1e-12 * np.diagonal(h).max() * np.eye(n)
    other = _core.optimize.Qp(ridge, np.ones((1, n))).solve(np.zeros(n), np.zeros(n), np.ones(n), np.ones(1), np.ones(1)).x
    assert found.x @ h @ found.x <= other @ h @ other * (1 + 1e-9) + 1e-14 * np.diagonal(h).max()

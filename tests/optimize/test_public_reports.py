"""What users of other solvers reported, each with the answer that mathematics gives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import plait
from plait.optimize import minimize

FORMS = ["traced", "called"]


def as_form(f: Any, form: str) -> Any:
    return f if form == "traced" else lambda x: f([float(v) for v in x])


def exp(v: Any) -> Any:
    if isinstance(v, plait.Node):
        return plait.exp(v)
    return math.exp(v) if v < 700 else math.inf


@pytest.mark.parametrize("form", FORMS)
def test_contradictions_are_no_success(form: str) -> None:
    """scipy 9640, 7323, 5743, 6349: success was said, or x was NaN."""
    g = [as_form(lambda x: -x[0] - x[1] - 3, form), as_form(lambda x: x[1] + x[2] - 2, form)]
    r = minimize(lambda _: 1.0, [-1.88, -0.64, -0.81], bounds=[(-2, 2)] * 3, constraints=[{"type": "ineq", "fun": c} for c in g])
    # x0 + x1 <= -3 with x1 + x2 >= 2 needs x1 <= -1 and x1 >= 0.
    assert (r.success, r.status) == (False, 4)
    assert np.isfinite(r.x).all()
    r = minimize(
        as_form(lambda x: 0.5 * (x[0] ** 2 + x[1] ** 2), form),
        [0.3, 0.9],
        constraints=[{"type": "ineq", "fun": as_form(c, form)} for c in (lambda x: -x[0], lambda x: x[0] - 1)],
    )
    assert (r.success, r.status) == (False, 4)
    r = minimize(
        as_form(lambda x: x[0] ** 2 + x[1] ** 2, form),
        [1.0, 2.0],
        bounds=[(0, None)] * 2,
        constraints=[
            {"type": "eq", "fun": as_form(lambda x: x[0] + x[1] - 1, form)},
            {"type": "ineq", "fun": as_form(lambda x: x[0] - 2, form)},
        ],
    )
    assert (r.success, r.status) == (False, 4)
    normals = np.concatenate([np.eye(2), -np.eye(2)])
    r = minimize(lambda x: (x**2).sum(), np.zeros(2), constraints={"type": "ineq", "fun": lambda x: normals @ x - 1})
    assert (r.success, r.status) == (False, 4)


@pytest.mark.parametrize("form", FORMS)
def test_money_over_two_adverts(form: str) -> None:
    """scipy 10081: the start came back as the solution."""
    r = minimize(
        as_form(lambda x: -(0.05 * x[0] ** 0.64 + 0.4 * x[1] ** 0.36), form),
        [2500.0, 2500.0],
        bounds=[(0, 5000)] * 2,
        constraints={"type": "eq", "fun": as_form(lambda x: x[0] + x[1] - 5000, form)},
    )
    assert r.success, r.message
    a, b = r.x
    assert a + b == pytest.approx(5000)
    assert 0.05 * 0.64 * a**-0.36 == pytest.approx(0.4 * 0.36 * b**-0.64, rel=1e-4)  # the last dollar brings as much in both


@pytest.mark.parametrize("method", ["SLSQP", "L-BFGS-B"])
@pytest.mark.parametrize("form", FORMS)
def test_a_slope_that_turns_at_once(form: str, method: str) -> None:
    """scipy 11718: x + exp(-10 x) from 10; the search along the line gave up."""
    r = minimize(as_form(lambda x: x[0] + exp(-10 * x[0]), form), [10.0], method=method)
    assert r.success, r.message
    assert r.x[0] == pytest.approx(math.log(10) / 10, abs=1e-6)


@pytest.mark.parametrize("method", ["SLSQP", "L-BFGS-B"])
@pytest.mark.parametrize("form", FORMS)
def test_a_variable_held_by_equal_bounds(form: str, method: str) -> None:
    """scipy 12869: a difference of length 0 made all of the gradient NaN."""

    def valley(x):  # type: ignore[no-untyped-def]
        return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2 + 100 * (x[2] - x[1] ** 2) ** 2 + (1 - x[1]) ** 2

    r = minimize(as_form(valley, form), [2.0, 2, 2], bounds=[(0, 10), (0, 10), (2, 2)], method=method)
    assert r.success, r.message
    assert r.x[2] == 2
    assert np.isfinite(r.jac[:2]).all()
    assert np.isnan(r.jac[2]) == (form == "called")
    assert abs(r.jac[0]) < 1e-3
    assert abs(r.jac[1]) < 1e-3


@pytest.mark.parametrize("most", [1, 3, 7, 20])
def test_what_comes_back_fits_together_wherever_it_stopped(most: int) -> None:
    """scipy 6162: f was not that of x."""

    def valley(x: np.ndarray) -> float:
        return float(100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2)

    for options in ({"maxfun": most}, {"maxiter": most}):
        r = minimize(valley, [-1.2, 1.0], method="L-BFGS-B", options=options)
        assert r.fun == valley(r.x)
        assert r.fun <= valley(np.array([-1.2, 1.0]))


@pytest.mark.parametrize("form", FORMS)
def test_the_nearest_point_of_a_sphere(form: str) -> None:
    """nlopt 550: every point of the sphere is a solution, and the peer raises."""
    r = minimize(
        as_form(lambda x: 0.5 * sum(x[i] ** 2 for i in range(5)), form),
        np.ones(5) / 5,
        bounds=[(0, None)] * 5,
        constraints={"type": "eq", "fun": as_form(lambda x: sum(x[i] ** 2 for i in range(5)) - 1, form)},
    )
    assert r.success, r.message
    assert r.fun == pytest.approx(0.5, abs=1e-7)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("start", [(1.234, 5.678), (0.0, 5.0)])
def test_the_tutorial_of_cubes(form: str, start: tuple[float, float]) -> None:
    """nlopt 350 and 514: hangs from (0, 5), and a feasible point far from the solution was called optimal."""
    root = lambda v: plait.sqrt(v) if isinstance(v, plait.Node) else math.sqrt(v)  # noqa: E731
    cubes = [lambda x: x[1] - (2 * x[0]) ** 3, lambda x: x[1] - (1 - x[0]) ** 3]
    r = minimize(
        as_form(lambda x: root(x[1]), form),
        start,
        bounds=[(None, None), (0, None)],
        constraints=[{"type": "ineq", "fun": as_form(c, form)} for c in cubes],
    )
    assert r.success, r.message
    assert r.x == pytest.approx([1 / 3, 8 / 27], abs=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_a_start_that_is_the_solution(form: str) -> None:
    """nlopt 375, 350: the peer raises for want of anything to do."""
    r = minimize(as_form(lambda x: (150000.0 - x[0]) ** 2 + (x[0] + 150000.0) ** 2, form), [0.0])
    assert r.success, r.message
    assert r.x[0] == pytest.approx(0, abs=1e-2)
    r = minimize(as_form(lambda x: x[0] ** 2 + x[1] ** 2, form), [2.0, 2.0])
    assert r.success
    assert r.x == pytest.approx([0, 0], abs=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_linear_objectives(form: str) -> None:
    """NLopt.jl 35 and nlopt 468: a corner, reached in one step, ended as an error of rounding."""
    r = minimize(as_form(lambda x: x[0], form), [0.5], constraints=[{"type": "ineq", "fun": as_form(lambda x: [x[0] + 1, 1 - x[0]], form)}])
    assert r.success, r.message
    assert r.x[0] == pytest.approx(-1)
    r = minimize(as_form(lambda x: x[1] - x[0], form), [-1.5, -1.5], bounds=[(-3, 3)] * 2)
    assert r.success, r.message
    assert r.x == pytest.approx([3, -3])


@pytest.mark.parametrize("form", FORMS)
def test_roots_that_are_steep_where_they_end(form: str) -> None:
    """NLopt.jl 31: NaN beyond the bound at which the slope is infinite; the peer never came back."""
    root = lambda v: plait.sqrt(v) if isinstance(v, plait.Node) else math.sqrt(v)  # noqa: E731
    r = minimize(as_form(lambda x: root(x[0]), form), [1.0], bounds=[(0, None)])
    assert r.success, r.message
    assert r.x[0] == 0


def test_returns_of_a_millionth_do_not_exclude_each_other() -> None:
    """arch 87: a covariance of 1e-14, and the peer spoke of incompatible constraints."""
    covariance = np.array([[2.0, 0.3], [0.3, 1.0]]) * 1e-14
    r = minimize(
        lambda w: w @ covariance @ w, [0.5, 0.5], bounds=[(0, 1)] * 2, constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, tol=1e-12
    )
    assert r.success, r.message
    assert r.x == pytest.approx([0.7 / 2.4, 1.7 / 2.4], rel=1e-6)


def test_sectors_that_leave_no_room_are_named() -> None:
    """PyPortfolioOpt 468, Riskfolio 18: 'infeasible', and nobody says what."""
    mean, covariance = np.array([0.1, 0.05, 0.02]), np.diag([0.04, 0.02, 0.01])
    with pytest.raises(plait.InfeasibleError) as caught:
        plait.portfolio.Portfolio(
            mean,
            covariance,
            assets=["a", "b", "c"],
            bounds=[(0, 0.3), (0, 1), (0, 1)],
            groups={"wine": (["a"], 0.4, 0.5), "rest": (["b", "c"], 0, 1)},
        ).max_sharpe()
    assert set(caught.value.conflict) == {"wine", "upper bound of a"}


def test_least_weights_in_every_window() -> None:
    """PyPortfolioOpt 436, 427: windows in which every asset fell, and least weights of 2 %."""
    rng = np.random.default_rng(3)
    returns = rng.normal(-0.001, 0.02, (90, 9))
    p = plait.portfolio.Portfolio(returns.mean(axis=0) - 0.002, np.cov(returns.T), bounds=(0.02, 1))
    w = p.max_sharpe()
    assert np.asarray(w).min() >= 0.02 - 1e-12
    assert np.asarray(w).sum() == pytest.approx(1)


def test_a_risk_below_the_least_is_refused_with_the_range() -> None:
    """PyPortfolioOpt 156, 201: a target of 10 % where the least risk is above it."""
    p = plait.portfolio.Portfolio(np.array([0.1, 0.2]), np.diag([0.09, 0.16]))
    least = p.min_variance().risk
    with pytest.raises(ValueError, match=f"{least:.3g}"[:4]):
        p.target_risk(0.1)
    assert p.target_risk(least * 1.01).risk == pytest.approx(least * 1.01)

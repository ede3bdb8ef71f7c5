"""Problems that were written after the solver: with default options, traced, with exact gradients, by differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from reference.more_problems import MORE

import plait
from plait.optimize import minimize
from plait.optimize._programs import graph_problem


def gradient_of(part: Callable[..., Any], n: int) -> Callable[[np.ndarray], np.ndarray]:
    """Rows of exact derivatives."""
    x = plait.input("x", (n,), "float64")
    result = part(x)
    values = plait.stack(
        [v if isinstance(v, plait.Node) else plait.constant(v) for v in (result if isinstance(result, list) else [result])]
    )
    problem = graph_problem(x.sum() * 0, [x], [values])
    m = values.shape[0]
    none = np.empty(0)
    problem.set_limits(np.full(n, -np.inf), np.full(n, np.inf), np.full(m, -np.inf), np.full(m, np.inf), none, none, none)
    return lambda at: problem.derivatives(np.asarray(at, float))[1].reshape(m, n)


def plain(part: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: np.ndarray) -> Any:
        try:
            return part([float(v) for v in x])
        except (OverflowError, ZeroDivisionError):
            return math.inf

    return call


def solve(name: str, form: str, method: str | None = None) -> Any:
    x0, _, _, f, g, h, bounds = MORE[name]
    given = [(kind, c) for kind, c in (("eq", h), ("ineq", g)) if c is not None]
    if form == "traced":
        return minimize(f, x0, bounds=bounds, method=method, constraints=[{"type": kind, "fun": c} for kind, c in given])
    if form == "called":
        return minimize(plain(f), x0, bounds=bounds, method=method, constraints=[{"type": kind, "fun": plain(c)} for kind, c in given])
    n = len(x0)
    slope = gradient_of(f, n)
    constraints = [{"type": kind, "fun": plain(c), "jac": gradient_of(c, n)} for kind, c in given]
    return minimize(plain(f), x0, jac=lambda x: slope(x)[0], bounds=bounds, method=method, constraints=constraints)


@pytest.mark.parametrize("form", ["traced", "jac", "called"])
@pytest.mark.parametrize("name", list(MORE))
def test_solved_with_default_options(name: str, form: str) -> None:
    _, best, local, f, g, h, _ = MORE[name]
    r = solve(name, form)
    x = [float(v) for v in r.x]
    violation = max([0.0, *(abs(v) for v in (h(x) if h else [])), *(-v for v in (g(x) if g else []))])
    assert r.success, r.message
    assert violation <= 1e-5
    assert min(abs(f(x) - value) / max(1.0, abs(value)) for value in (best, *local)) <= 1e-4


@pytest.mark.parametrize("form", ["traced", "jac"])
@pytest.mark.parametrize("method", ["SLSQP", "L-BFGS-B"])
@pytest.mark.parametrize("start", [[1e3, -1e3], [1e4, 0.0], [1e3, 1e3], [-1e3, 5.0]])
def test_a_valley_is_no_solution(start: list[float], method: str, form: str) -> None:
    """Beside a start where the objective is 1e14 every slope in it looks small; each axis goes up steeply."""

    def f(x: Any) -> Any:
        return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2

    def jac(x: np.ndarray) -> np.ndarray:
        return np.array([-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)])

    r = minimize(f, start, jac=jac if form == "jac" else None, method=method)
    assert not r.success or r.fun <= 1e-15 * f(start)


def test_a_right_jac_is_not_accused_where_slopes_vanish() -> None:
    """At a minimum, or along a valley, a finite difference shows curvature only."""
    r = minimize(lambda x: (x[0] - x[1]) ** 2, [0.5, 0.5], jac=lambda x: 2 * (x[0] - x[1]) * np.array([1.0, -1.0]))
    assert r.success, r.message
    fun = lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2  # noqa: E731
    jac = lambda x: np.array([-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)])  # noqa: E731
    for method in ("SLSQP", "L-BFGS-B"):
        assert minimize(fun, [1e3, 1e6], jac=jac, method=method).status != 13
        assert not minimize(fun, [1e3, 1e6], jac=lambda x: 1.01 * jac(x), method=method).success


@pytest.mark.parametrize("form", ["traced", "jac", "called"])
def test_a_slow_fall_for_ever_is_unbounded(form: str) -> None:
    fun = {"traced": lambda x: -x[0] * (1 + x[1]), "called": lambda x: -float(x[0]) * (1 + float(x[1]))}
    jac = (lambda x: np.array([-(1 + x[1]), -x[0]])) if form == "jac" else None
    r = minimize(fun.get(form, fun["traced"]), [2.52, 0.5], jac=jac, bounds=[(0, None), (0, 1)])
    assert r.status == 10


def test_a_saddle_is_left_by_differences() -> None:
    """Wood's function at 7.877: its bend is a hundredth of a percent of the steepest."""
    wood = lambda x: float(  # noqa: E731
        100 * (x[1] - x[0] ** 2) ** 2
        + (1 - x[0]) ** 2
        + 90 * (x[3] - x[2] ** 2) ** 2
        + (1 - x[2]) ** 2
        + 10.1 * ((x[1] - 1) ** 2 + (x[3] - 1) ** 2)
        + 19.8 * (x[1] - 1) * (x[3] - 1)
    )
    for method in ("SLSQP", "L-BFGS-B"):
        r = minimize(wood, [-3.0, 1, -3, 1], bounds=[(-10, 10)] * 4, method=method)
        assert r.success, r.message
        assert r.fun < 1e-6

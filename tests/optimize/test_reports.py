"""What users of other solvers report, and degenerate problems: right by the mathematics, each with default options."""

from __future__ import annotations

import numpy as np
import pytest

import plait
from plait.optimize import Problem, minimize


@pytest.mark.parametrize("start", [20.41, 20.42, 20.425, 20.43])
def test_maxima_are_left(start: float) -> None:
    r = minimize(lambda x: np.sin(x[0]), [start])
    assert r.success
    assert r.fun == pytest.approx(-1, abs=1e-8)


def test_a_start_on_a_maximum() -> None:
    r = minimize(lambda x: -(x[0] ** 2), [0.0], bounds=[(-1, 2)])
    assert r.success
    assert abs(r.x[0]) in (1.0, 2.0)
    r = minimize(lambda x: x[0] * x[1], [0.0, 0.0], bounds=[(-1, 1)] * 2)
    assert r.success
    assert r.fun == pytest.approx(-1)


def test_a_very_steep_start() -> None:
    r = minimize(lambda x: 1 / x[0], [1e-12], bounds=[(1e-12, 10)])
    assert r.success
    assert r.x[0] == pytest.approx(10)


def test_units_of_the_objective_do_not_matter() -> None:
    results = [
        minimize(
            lambda x, unit: unit * ((x[0] - 1) ** 2 + (x[1] - 2) ** 4 + x[0] * x[1]),
            [3.0, 3.0],
            args=(unit,),
            constraints={"type": "ineq", "fun": lambda x: x[0] + x[1] - 1},
        )
        for unit in (1e-9, 1.0, 1e2, 1e9)
    ]
    for r in results:
        assert r.success
        np.testing.assert_allclose(r.x, results[1].x, atol=1e-7)


def test_a_large_constant_stops_nothing_early() -> None:
    r = minimize(lambda x: 1e10 + (x[0] - 3) ** 2 + (x[1] + 1) ** 2 + x[0] * x[1], [1.0, 1.0])
    assert r.success
    np.testing.assert_allclose(r.x, [14 / 3, -10 / 3], atol=1e-5)


def test_small_returns_with_a_smaller_variance() -> None:
    rng = np.random.default_rng(0)
    mean = 1e-6 * rng.uniform(0.5, 1.5, 5)
    factor = rng.normal(size=(8, 5))
    cov = factor.T @ factor * 1e-13
    sum_to_one = {"type": "eq", "fun": lambda w: w.sum() - 1}
    enough = {"type": "ineq", "fun": lambda w: mean @ w - 1.1e-6}
    r = minimize(lambda w: w @ cov @ w, np.full(5, 0.2), bounds=[(0, 1)] * 5, constraints=[sum_to_one, enough])
    qp = plait._core.optimize.Qp(2 * cov, np.vstack([np.ones(5), mean]))
    exact = qp.solve(np.zeros(5), np.zeros(5), np.ones(5), np.array([1, 1.1e-6]), np.array([1, np.inf]))
    assert r.success
    assert r.fun == pytest.approx(exact.objective, rel=1e-7)
    assert mean @ r.x >= 1.1e-6 * (1 - 1e-7)


def test_a_consistent_start_is_left() -> None:
    r = minimize(
        lambda x: (x[0] - 2) ** 2 + x[1] ** 2,
        [0.0, 0.0],
        constraints=[{"type": "eq", "fun": lambda x: x[0] ** 2 + x[1] ** 2 - 1 + x[0]}],
    )
    assert r.success
    assert r.x[0] == pytest.approx((5**0.5 - 1) / 2)


def test_flat_and_singular_constraints_at_the_start() -> None:
    r = minimize(lambda x: (x[0] - 2) ** 2, [0.0], constraints={"type": "eq", "fun": lambda x: x[0] ** 2 - 1})
    assert r.success
    assert abs(r.x[0]) == pytest.approx(1)
    r = minimize(lambda x: x[0] + x[1], [0.0, 0.0], constraints={"type": "ineq", "fun": lambda x: 2 - x[0] ** 2 - x[1] ** 2})
    assert r.success
    np.testing.assert_allclose(r.x, [-1, -1], atol=1e-6)


@pytest.mark.parametrize("none", [1e20, np.inf, None])
def test_bounds_that_are_none(none: float | None) -> None:
    low = None if none is None else -none
    r = minimize(lambda x: (x[0] - 3) ** 2 + x[1] ** 2, [0.0, 1.0], bounds=[(low, none), (low, none)])
    assert r.success
    np.testing.assert_allclose(r.x, [3, 0], atol=1e-7)
    assert minimize(lambda x: x[0], [0.0], bounds=[(low, none)]).status == 10


def test_dependent_equalities() -> None:
    r = minimize(
        lambda x: x[0] ** 2 + x[1] ** 2, [3.0, 1.0], constraints={"type": "eq", "fun": lambda x: [x[0] + x[1] - 1, 2 * x[0] + 2 * x[1] - 2]}
    )
    assert r.success
    np.testing.assert_allclose(r.x, [0.5, 0.5], atol=1e-8)


def test_more_equalities_than_variables() -> None:
    r = minimize(lambda x: x[0] ** 2, [5.0], constraints={"type": "eq", "fun": lambda x: [x[0] - 1, x[0] ** 2 - 1, x[0] ** 3 - 1]})
    assert r.success
    assert r.x[0] == pytest.approx(1)


def test_contradictions_are_named_and_none_is_superfluous() -> None:
    constraints = [
        {"type": "ineq", "fun": lambda x: x[1] + 7},
        {"type": "ineq", "fun": lambda x: x[0] - 2, "name": "floor"},
        {"type": "ineq", "fun": lambda x: 1 - x[0]},
    ]
    r = minimize(lambda x: x[0] ** 2, [0.0, 0.0], constraints=constraints)
    assert r.status == 4
    assert not r.success
    assert r.conflict == ["floor", 2]
    r = minimize(lambda x: x[0] ** 2, [0.0, 0.0], bounds=[(None, 1), (None, None)], constraints=constraints[:2])
    assert r.conflict == ["floor", "x[0] <= 1"]
    r = minimize(lambda x: x[0], [1.0], constraints={"type": "eq", "fun": lambda x: x[0] ** 2 + 1})
    assert r.status == 4
    assert "near the last point" in r.message


def test_fixed_variables_and_starts_outside() -> None:
    r = minimize(lambda x: (x[0] - 1) ** 2 + 3 * x[1], [9.0, 9.0], bounds=[(2, 4), (0.5, 0.5)])
    assert r.success
    np.testing.assert_allclose(r.x, [2, 0.5])
    np.testing.assert_allclose(r.bound_multipliers, [2, 3])


def test_a_wall_of_nan() -> None:
    seen = []

    def f(x: np.ndarray) -> float:
        seen.append(float(x[0]))
        return float("nan") if x[0] > 2 else float((x[0] - 1.9) ** 4 - x[0])

    r = minimize(f, [-3.0])
    assert r.success == (abs(4 * (r.x[0] - 1.9) ** 3 - 1) < 1e-4)
    assert r.x[0] <= 2
    assert minimize(lambda x: np.nan * x[0], [1.0]).status == 11


def test_callbacks_stop_and_change_nothing() -> None:
    def spoil(x: np.ndarray) -> None:
        x[:] = 1e6

    def stop(x: np.ndarray) -> None:
        raise StopIteration(x)

    r = minimize(lambda x: ((x - 1) ** 2).sum(), [3.0, 4.0], callback=spoil)
    np.testing.assert_allclose(r.x, 1, atol=1e-7)
    r = minimize(lambda x: ((x - 1) ** 4).sum(), [3.0, 4.0], callback=stop)
    assert (r.status, r.nit) == (12, 1)
    seen = []
    minimize(lambda x: ((x - 1) ** 4).sum(), [3.0, 4.0], callback=lambda intermediate_result: seen.append(intermediate_result.fun))
    assert seen == sorted(seen, reverse=True)


def test_exceptions_pass_and_leave_the_solver_usable() -> None:
    class Mine(Exception):
        pass

    def f(x: np.ndarray) -> float:
        if float(x[0]) < 0.5:
            raise Mine("no")
        return float(x[0] ** 2)

    for _ in range(3):
        with pytest.raises(Mine):
            minimize(f, [2.0])
    assert minimize(lambda x: x[0] ** 2, [2.0]).success


def test_a_wrong_jac_is_named() -> None:
    r = minimize(lambda x: (x[0] - 1) ** 2 + x[1] ** 2, [0.0, 0.0], jac=lambda x: np.array([2 * (x[0] - 1), 3 * x[1] + 1]))
    assert r.status == 13
    assert "jac of the objective" in r.message
    constraint = {"type": "ineq", "fun": lambda x: x[0] - 1, "jac": lambda x: np.array([2.0, 0 * x[1]])}
    r = minimize(lambda x: x[0] ** 2 + x[1] ** 2, [3.0, 1.0], jac=lambda x: 2 * x, constraints=constraint)
    assert r.status == 13
    assert "constraint 0" in r.message


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"bounds": [(2, 1), (0, 1)]}, "variable 0: the lower bound 2.0 is above"),
        ({"bounds": [(0, 1)]}, "expected 2 pairs"),
        ({"x0": [np.nan, 1]}, "x0: element 0 is not finite"),
        ({"method": "COBYLA"}, "method"),
        ({"fun": lambda x: np.asarray([float(x[0]), 1.0])}, "must give one number"),
        ({"jac": lambda x: np.zeros(len(x) + 1)}, "jac: expected shape"),
        ({"constraints": {"type": "le", "fun": lambda x: x[0]}}, "expected type 'eq' or 'ineq'"),
        ({"method": "L-BFGS-B", "constraints": {"type": "eq", "fun": lambda x: x[0]}}, "no constraints"),
    ],
)
def test_misuse_is_named(change: dict, match: str) -> None:
    given = {"fun": lambda x: (x**2).sum(), "x0": [1.0, 2.0]} | change
    with pytest.raises(ValueError, match=match):
        minimize(given.pop("fun"), given.pop("x0"), **given)


@pytest.mark.parametrize(
    ("change", "kind", "match"),
    [
        ({"tol": "x"}, ValueError, "ftol: expected a number"),
        ({"tol": np.nan}, ValueError, "ftol: expected a number"),
        ({"options": "x"}, TypeError, "options: expected a dict, got str"),
        ({"options": {"maxiter": [1]}}, ValueError, "maxiter: expected a number"),
        ({"options": {"eps": -1e-8}}, ValueError, "eps: expected a number above 0"),
        ({"options": {"eps": np.nan}}, ValueError, "eps: expected a number above 0"),
        ({"callback": 3}, TypeError, "callback: expected a callable, got int"),
        ({"fun": lambda _: None}, ValueError, "expected one number, got NoneType"),
        ({"fun": lambda _: "a"}, ValueError, "expected one number, got str"),
        ({"constraints": {"type": "eq", "fun": lambda _: None}}, ValueError, "expected numbers, got NoneType"),
    ],
)
def test_more_misuse_is_named(change: dict, kind: type[Exception], match: str) -> None:
    given = {"fun": lambda x: (x**2).sum(), "x0": [1.0, 2.0]} | change
    with pytest.raises(kind, match=match):
        minimize(given.pop("fun"), given.pop("x0"), **given)


def test_misuse_of_problems_is_named() -> None:
    assert minimize(lambda x: (x**2).sum(), [1.0], options={"maxiter": 1e30}).success
    x, c = plait.input("x", (2,), "float64"), plait.input("c", (2,), "float64")
    problem = Problem(((x - c) ** 2).sum(), x, parameters=[c])
    with pytest.raises(plait.ShapeError, match="expected at least one problem"):
        problem.solve_many(np.zeros((0, 2)), {c: np.zeros((0, 2))})
    with pytest.raises(TypeError, match="warm: expected an earlier result, got dict"):
        problem.solve(None, {c: np.ones(2)}, warm={})
    with pytest.raises(TypeError, match="objective: expected a node, got float"):
        Problem(3.0, x)
    with pytest.raises(ValueError, match="given twice"):
        Problem(x.sum(), [x, x])
    assert problem.solve_many(np.zeros(2), {c: np.full((3, 2), np.nan)}).status.tolist() == [11] * 3


def test_problems_with_several_variables_parameters_and_warm_starts() -> None:
    x, y = plait.input("x", (2,), "float64"), plait.input("y", (), "float64")
    c = plait.input("c", (), "float64")
    problem = Problem(((x - c) ** 2).sum() + y**2, [x, y], equalities=[x.sum() + y - 1], bounds={y: (0.25, None)}, parameters=[c])
    r = problem.solve({x: [0.0, 0.0], y: 1.0}, parameters={c: 0.0})
    assert r.success
    np.testing.assert_allclose(r.x[x], [1 / 3, 1 / 3], atol=1e-7)
    again = problem.solve(None, parameters={c: 0.0}, warm=r)
    assert again.nit <= 1
    many = problem.solve_many({x: np.zeros((3, 2)), y: np.ones(3)}, parameters={c: np.array([0.0, 1.0, 2.0])}, threads=2)
    assert many.success.all()
    for k in range(3):
        np.testing.assert_allclose(many.x[x][k], problem.solve({x: [0.0, 0.0], y: 1.0}, parameters={c: float(k)}).x[x], atol=1e-12)
    with pytest.raises(ValueError, match="no value for c"):
        problem.solve({x: [0.0, 0.0], y: 1.0})


def test_the_solution_is_differentiable() -> None:
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(9, 4))
    x, c, q = plait.input("x", (4,), "float64"), plait.input("c", (4, 4), "float64"), plait.input("q", (4,), "float64")
    problem = Problem(
        x @ c @ x - (q * x).sum(), x, equalities=[x.sum() - 1], inequalities=[0.9 - (x * x).sum()], bounds={x: (0, 1)}, parameters=[c, q]
    )
    c0, q0 = factor.T @ factor / 9, np.array([0.4, -0.2, 0.1, 0.3])
    weights = np.array([1.0, -2, 3, 0.5])
    assert (
        plait.check_gradient(
            lambda c, q: (problem.solution({problem.parameters[0]: c, problem.parameters[1]: q}, np.full(4, 0.25)) * weights).sum(), c0, q0
        )
        < 1e-4
    )
    with pytest.raises(RuntimeError, match="not solved"):
        plait.evaluate(problem.solution({c: -np.inf * np.ones((4, 4)), q: q0}))

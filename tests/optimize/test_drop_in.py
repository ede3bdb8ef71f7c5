"""SciPy's own tests of SLSQP and L-BFGS-B, restated: the same calls, the same answers."""

from __future__ import annotations

import numpy as np
import pytest

from plait.optimize import minimize


def fun(d: np.ndarray, sign: float = 1.0) -> float:
    x, y = d[0], d[1]
    return sign * (2 * x * y + 2 * x - x**2 - 2 * y**2)


def jac(d: np.ndarray, sign: float = 1.0) -> np.ndarray:
    x, y = d[0], d[1]
    return sign * np.array([-2 * x + 2 * y + 2, 2 * x - 4 * y], float)


EQ = {"type": "eq", "fun": lambda d, s=1.0: [s * (d[0] - d[1])], "args": (-1.0,)}


@pytest.mark.parametrize("given", [None, jac, True, "2-point", "3-point"])
def test_unbounded_with_each_kind_of_derivative(given) -> None:  # type: ignore[no-untyped-def]
    f = (lambda d, s: (fun(d, s), jac(d, s))) if given is True else fun
    r = minimize(f, [-1.0, 1.0], args=(-1.0,), jac=given, method="SLSQP")
    assert r.success, r.message
    np.testing.assert_allclose(r.x, [2, 1], atol=1e-5)


@pytest.mark.parametrize("given", [None, jac])
def test_equality_with_bounds(given) -> None:  # type: ignore[no-untyped-def]
    r = minimize(fun, [-1.0, 1.0], args=(-1.0,), jac=given, constraints=EQ, method="slsqp")
    assert r.success
    np.testing.assert_allclose(r.x, [1, 1], atol=1e-6)
    r = minimize(fun, [-1.0, 1.0], args=(-1.0,), jac=given, bounds=[(-0.8, 1.0), (-1, 0.8)], constraints=EQ)
    assert r.success
    np.testing.assert_allclose(r.x, [0.8, 0.8], atol=1e-6)


def test_inequalities_and_their_derivatives() -> None:
    c = {"type": "ineq", "fun": lambda d: d[0] - d[1] - 1.0, "jac": lambda _: np.array([1.0, -1.0])}
    r = minimize(fun, [-1.0, 1.0], args=(-1.0,), jac=jac, constraints=c)
    assert r.success
    np.testing.assert_allclose(r.x, [2, 1], atol=1e-6)


def test_inconsistent_linearisation_at_the_start() -> None:
    # The start's linearised constraints contradict each other; the problem has (0, 1) … (2, 2/3) for its answer.
    r = minimize(
        lambda x: x[1],
        [8.0, 0.25],
        bounds=[(-0.5, 1), (0, 8)],
        constraints=[{"type": "eq", "fun": lambda z: (2.0 * z[0]) ** 3 - z[1]}, {"type": "eq", "fun": lambda z: (-z[0] + 1) ** 3 - z[1]}],
    )
    assert r.success
    np.testing.assert_allclose(r.x, [1 / 3, 8 / 27], atol=1e-6)


def test_a_constraint_object_by_its_attributes() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    r = minimize(
        lambda x: (x[0] - 1) ** 2 + (x[1] - 2.5) ** 2 + x[2] ** 2,
        np.zeros(3),
        bounds=optimize.Bounds([0, 0, -1], [1, np.inf, 1]),
        constraints=[
            optimize.LinearConstraint(np.array([[1.0, 2, 0], [0, 1, 1]]), [-np.inf, 0.5], [3, 0.75]),
            optimize.NonlinearConstraint(lambda x: x[0] ** 2 + x[1], 0, 1),
        ],
    )
    s = optimize.minimize(
        lambda x: (x[0] - 1) ** 2 + (x[1] - 2.5) ** 2 + x[2] ** 2,
        np.zeros(3),
        bounds=optimize.Bounds([0, 0, -1], [1, np.inf, 1]),
        method="SLSQP",
        options={"ftol": 1e-14},
        constraints=[
            optimize.LinearConstraint(np.array([[1.0, 2, 0], [0, 1, 1]]), [-np.inf, 0.5], [3, 0.75]),
            optimize.NonlinearConstraint(lambda x: x[0] ** 2 + x[1], 0, 1),
        ],
    )
    assert r.success
    assert r.multipliers.shape == (3,)
    np.testing.assert_allclose(r.x, s.x, atol=1e-5)


@pytest.mark.parametrize("n", [2, 10, 400])
def test_lbfgs_on_the_valley_of_rosenbrock(n: int) -> None:
    def valley(x):  # type: ignore[no-untyped-def]
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    r = minimize(valley, np.full(n, 0.5), method="L-BFGS-B")
    assert r.success
    np.testing.assert_allclose(r.x, 1, atol=1e-4)
    r = minimize(valley, np.full(n, 0.5), method="L-BFGS-B", bounds=[(-2, 0.75)] * n)
    assert r.success
    assert r.x.max() <= 0.75
    held = r.x == 0.75
    assert np.all(r.jac[held] <= 1e-8)
    assert np.abs(r.jac[~held]).max(initial=0) < 1e-3
    assert minimize(valley, np.full(n, 0.5), method="L-BFGS-B", options={"maxiter": 1}).status in (0, 9)


def test_lbfgs_leaves_saddles_and_says_what_falls_for_ever() -> None:
    r = minimize(lambda x: x[0] ** 4 / 4 - x[0] ** 2 / 2 + x[1] ** 2, [0.0, 1.0], method="L-BFGS-B")
    assert r.success
    assert abs(r.x[0]) == pytest.approx(1, abs=1e-5)
    assert minimize(lambda x: x[0], [0.0], method="L-BFGS-B").status == 10


def test_options() -> None:
    with pytest.warns(RuntimeWarning, match="Unknown solver options: nonsense"):
        minimize(lambda x: x[0] ** 2, [1.0], options={"nonsense": 1})
    r = minimize(lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, [-1.2, 1.0], options={"maxiter": 3})
    assert (r.status, r.nit, r.success) == (9, 3, False)
    with pytest.warns(RuntimeWarning, match="hess"):
        minimize(lambda x: x[0] ** 2, [1.0], hess=lambda x: x)


def test_nothing_but_the_bounds_is_ever_asked_for() -> None:
    seen: list[np.ndarray] = []

    def f(x: np.ndarray) -> float:
        seen.append(np.array([float(v) for v in x]))
        return float((x[0] - 5) ** 2 + np.sqrt(x[1]))

    r = minimize(f, [0.5, 0.5], bounds=[(0, 1), (0, 1)])
    assert all(np.all((x >= 0) & (x <= 1)) for x in seen)
    assert r.x[0] == 1

"""What SciPy's own tests of its SLSQP and L-BFGS-B ask for, restated by what they are about. More of them are in test_drop_in.py."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from plait.optimize import minimize

METHODS = ["SLSQP", "L-BFGS-B"]


def fun(d: Any, sign: float = 1.0) -> Any:
    x, y = d[0], d[1]
    return sign * (2 * x * y + 2 * x - x**2 - 2 * y**2)


def jac(d: np.ndarray, sign: float = 1.0) -> np.ndarray:
    return sign * np.array([-2 * d[0] + 2 * d[1] + 2, 2 * d[0] - 4 * d[1]], float)


CONSTRAINTS: list[tuple[str, dict[str, Any], tuple[float, float]]] = [
    ("vector", {"type": "eq", "fun": lambda x, _: np.array([x[0] - x[1]]), "args": (-1.0,)}, (1, 1)),
    (
        "with jac",
        {"type": "eq", "fun": lambda x, _: np.array([x[0] - x[1]]), "args": (-1.0,), "jac": lambda *_: np.array([[1, -1]])},
        (1, 1),
    ),
    ("scalar", {"type": "eq", "fun": lambda x, _: x[0] - x[1], "args": (-1.0,), "jac": lambda *_: np.array([1.0, -1])}, (1, 1)),
    ("inequality", {"type": "ineq", "fun": lambda x, _: np.array([x[0] - x[1] - 1.0]), "args": (-1.0,)}, (2, 1)),
    ("two", {"type": "ineq", "fun": lambda x: np.asarray(x), "jac": lambda _: np.identity(2)}, (2, 1)),
]


@pytest.mark.parametrize("given", [None, jac])
@pytest.mark.parametrize(("constraint", "wanted"), [c[1:] for c in CONSTRAINTS], ids=[c[0] for c in CONSTRAINTS])
def test_constraints_in_each_form(constraint: dict[str, Any], wanted: tuple[float, float], given: Any) -> None:
    r = minimize(fun, [-1.0, 1.0], args=(-1.0,), jac=given, constraints=constraint, method="SLSQP")
    assert r.success, r.message
    assert r.x == pytest.approx(wanted, abs=1e-6)


def test_a_square_of_an_array_of_one() -> None:
    for c in (lambda z: z[0] - 1, lambda z: [z[0] - 1], lambda z: z - 1):
        r = minimize(lambda z: z**2, [3.0], constraints={"type": "ineq", "fun": c})
        assert r.success, r.message
        assert r.x == pytest.approx([1])


@pytest.mark.parametrize("method", METHODS)
def test_integers_for_bounds_and_start(method: str) -> None:
    r = minimize(lambda z: z**2 - 1, [0], bounds=[[0, 1]], method=method)
    assert r.success
    assert r.x == pytest.approx([0])
    r = minimize(lambda z: (z[0] - 0.3) ** 2 + (z[1] - 0.7) ** 2, np.array([1, 2]), method=method)
    assert r.x == pytest.approx([0.3, 0.7], abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_objective_is_one_number(method: str) -> None:
    with pytest.raises(ValueError, match="one number"):
        minimize(lambda _: [0, 1], [1.0, 2, 3], method=method)
    assert minimize(lambda _: [0], [1.0, 2, 3], method=method).success  # a list of one will do
    with pytest.raises(TypeError, match="callable"):
        minimize("sin", [1.0], method=method)


@pytest.mark.parametrize("method", METHODS)
def test_a_callback_for_each_iteration(method: str) -> None:
    seen: list[np.ndarray] = []
    r = minimize(fun, [-1.0, 1.0], args=(-1.0,), method=method, callback=lambda x: seen.append(x))
    assert r.success
    assert len(seen) == r.nit > 0
    results: list[Any] = []
    r = minimize(fun, [-1.0, 1.0], args=(-1.0,), method=method, callback=lambda intermediate_result: results.append(intermediate_result))
    assert results[-1].fun == pytest.approx(r.fun)

    def stop(_: np.ndarray) -> None:
        raise StopIteration

    r = minimize(lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, [-1.2, 1.0], method=method, callback=stop)
    assert (r.success, r.nit) == (False, 1)


def test_constraints_whose_linear_form_contradicts_itself() -> None:
    r = minimize(
        lambda x: x[0] ** 2 + x[1] ** 2,
        [0, 1],
        bounds=((0, None), (0, None)),
        constraints=({"type": "eq", "fun": lambda x: x[0] + x[1] - 2}, {"type": "ineq", "fun": lambda x: x[0] ** 2 - 1}),
    )
    assert r.success, r.message
    assert r.x == pytest.approx([1, 1], abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_gradient_has_the_shape_of_x(method: str) -> None:
    r = minimize(lambda x: (x[0] - 1) ** 2 + 2 * (x[1] - 1) ** 2 + 0.5 * (x[2] - 1) ** 2, [0, 0, 0], method=method)
    assert r.jac.shape == (3,)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bounds", [((1, 2), (2, 1)), ((2, 1), (1, 2)), ((2, 1), (2, 1)), ((1, -np.inf), (0, 1)), ((np.nan, 1), (0, 1))])
def test_bounds_the_wrong_way_round(bounds: Any, method: str) -> None:
    with pytest.raises(ValueError, match="bound"):
        minimize(fun, [-1.0, 1.0], bounds=bounds, method=method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("start", "bounds", "wanted"),
    [(10, (None, 0), 0), (-10, (2, None), 2), (-10, (None, 0), 0), (10, (2, None), 2), (-0.5, (-1, 0), 0), (10, (-1, 0), 0)],
)
def test_starts_on_either_side_of_a_bound(start: float, bounds: Any, wanted: float, method: str) -> None:
    seen = []

    def f(x: np.ndarray) -> float:
        seen.append(float(x[0]))
        return (float(x[0]) - 1) ** 2

    r = minimize(f, [start], bounds=[bounds], method=method)
    assert r.success
    assert r.x == pytest.approx([wanted], abs=1e-10)
    low, high = (-np.inf if bounds[0] is None else bounds[0]), (np.inf if bounds[1] is None else bounds[1])
    assert all(low <= x <= high for x in seen)


@pytest.mark.parametrize("start", [10.0, -10.0, -0.5])
def test_starts_that_break_a_constraint(start: float) -> None:
    below, above = {"type": "ineq", "fun": lambda x: 0 - x}, {"type": "ineq", "fun": lambda x: x - 2}
    for constraints, wanted in ((below, 0), (above, 2), ([below, {"type": "ineq", "fun": lambda x: x + 1}], 0)):
        r = minimize(lambda x: x[0] * x[0] - 2 * x[0] + 1, [start], constraints=constraints)
        assert r.success, r.message
        assert r.x == pytest.approx([wanted], abs=1e-8)


def test_inequalities_that_exclude_each_other() -> None:
    constraints = ({"type": "ineq", "fun": lambda x: x[1] - x[0] - 1}, {"type": "ineq", "fun": lambda x: x[0] - x[1]})
    r = minimize(lambda x: -x[0] + 4 * x[1], (1, 5), bounds=((-5, 5), (-5, 5)), constraints=constraints)
    assert (r.success, r.status) == (False, 4)


@pytest.mark.parametrize("method", METHODS)
def test_a_minimisation_within_a_minimisation(method: str) -> None:
    def outer(x: np.ndarray) -> float:
        inner = minimize(lambda y: (float(y[0]) - 1) ** 2 + (float(y[1]) - 1) ** 2, (3, 4), method=method)
        assert inner.success
        assert inner.x == pytest.approx([1, 1], abs=1e-6)
        return float(x[0] ** 2 + x[1] ** 2 + x[2] ** 2)

    r = minimize(outer, (5, 5, 5), method=method)
    assert r.success
    assert r.x == pytest.approx([0, 0, 0], abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_function_that_writes_into_its_argument(method: str) -> None:
    def f(x: np.ndarray) -> float:
        value = float((x[0] - 1) ** 2 + (x[1] - 2) ** 2)
        x[:] = 1e9
        return value

    start = np.array([5.0, 5.0])
    r = minimize(f, start, method=method)
    assert r.success
    assert r.x == pytest.approx([1, 2], abs=1e-6)
    assert np.array_equal(start, [5, 5])


@pytest.mark.parametrize("method", METHODS)
def test_nan_is_no_success(method: str) -> None:
    r = minimize(lambda _: np.nan, [0.0, 0.0], method=method)
    assert (r.success, r.status) == (False, 11)
    count = [0]

    def turns(x: np.ndarray) -> float:
        count[0] += 1
        return np.nan if count[0] > 4 else float(x[0] ** 2 + x[1] ** 2)

    assert not minimize(turns, [3.0, 1.0], method=method).success


@pytest.mark.parametrize("method", METHODS)
def test_args_that_are_no_tuple(method: str) -> None:
    r = minimize(lambda x, d: (x[0] - d["a"]) ** 2, [0.0], args={"a": 3.0}, method=method)
    assert r.x == pytest.approx([3])


@pytest.mark.parametrize("method", METHODS)
def test_scalars_for_a_start(method: str) -> None:
    assert minimize(lambda x: (x[0] - 2) ** 2, 1.0, method=method).x == pytest.approx([2])
    with pytest.raises(ValueError, match="dimension"):
        minimize(lambda x: x.sum(), np.ones((2, 2)), method=method)


@pytest.mark.parametrize("method", METHODS)
def test_bounds_as_wide_as_may_be(method: str) -> None:
    for bounds in ([(-np.inf, np.inf)] * 3, [(None, None)] * 3, None, [(0, np.inf)] * 3):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            r = minimize(lambda x: ((x - np.array([1.0, 2.0, 3.0])) ** 2).sum(), np.zeros(3), bounds=bounds, method=method)
        assert r.success
        assert r.x == pytest.approx([1, 2, 3], abs=1e-6)
    with pytest.raises(ValueError, match="bounds"):
        minimize(lambda x: (x**2).sum(), np.zeros(3), bounds=[(0, 1)] * 2, method=method)


@pytest.mark.parametrize("method", METHODS)
def test_all_variables_fixed(method: str) -> None:
    r = minimize(lambda x: ((x - 3) ** 2).sum(), [1.0, 2.0], bounds=[(1, 1), (2, 2)], method=method)
    assert r.success
    assert np.array_equal(r.x, [1, 2])
    assert r.fun == pytest.approx(5)


def test_looser_tolerances_take_fewer_iterations() -> None:
    def valley(x):  # type: ignore[no-untyped-def]
        return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2

    values = [minimize(valley, [-1.2, 1.0], method="L-BFGS-B", options={"ftol": t, "gtol": 0.0}).fun for t in (1e-1, 1e-4, 1e-10)]
    assert values[0] >= values[1] >= values[2]
    counts = [minimize(valley, [-1.2, 1.0], method="L-BFGS-B", tol=t).nit for t in (1e-1, 1e-4, 1e-10)]
    assert counts[0] <= counts[1] <= counts[2]


def test_the_maximum_entropy_problem() -> None:
    """SciPy's common problem of log-linear models (Berger et al., 1996): five features' sums, their means given."""
    features = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 1], [1, 0, 0], [1, 0, 0]], float)
    means = np.array([1.0, 0.3, 0.5])

    def f(x: np.ndarray) -> float:
        dots = features @ x
        return float(np.log(np.exp(dots).sum()) - means @ x)

    def slope(x: np.ndarray) -> np.ndarray:
        p = np.exp(features @ x)
        return features.T @ (p / p.sum()) - means

    for method in METHODS:
        for given in (slope, None):
            r = minimize(f, np.zeros(3), jac=given, method=method)
            assert r.success, r.message
            p = np.exp(features @ r.x)
            assert features.T @ (p / p.sum()) == pytest.approx(means, abs=1e-6)

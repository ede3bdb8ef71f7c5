"""User-supplied gradients: wrong ones are reported by every method, right ones are used to full accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plait.optimize import minimize

METHODS = ["SLSQP", "L-BFGS-B"]


def bowl(x: np.ndarray) -> float:
    return float((x[0] - 1) ** 2 + (x[1] - 2) ** 2 + x[0] * x[1])


WRONG: dict[str, Any] = {
    "of another function": lambda x: np.array([2 * (x[0] - 1), 2 * (x[1] - 3)]),
    "without a term": lambda x: np.array([2 * (x[0] - 1), 2 * (x[1] - 2)]),
    "of the other sign": lambda x: -np.array([2 * (x[0] - 1) + x[1], 2 * (x[1] - 2) + x[0]]),
    "with a component left out": lambda x: np.array([2 * (x[0] - 1) + x[1], 0.0]),
}


@pytest.mark.parametrize("bounds", [None, [(-5, 5), (-5, 5)]])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("slope", WRONG.values(), ids=WRONG)
def test_a_wrong_gradient_is_named(slope: Any, method: str, bounds: Any) -> None:
    r = minimize(bowl, [4.0, -3.0], method=method, jac=slope, bounds=bounds)
    assert not r.success
    assert r.status == 13
    assert r.message.startswith("jac of the objective differs from a difference of its values by")


@pytest.mark.parametrize("method", METHODS)
def test_a_gradient_that_is_wrong_only_at_the_end(method: str) -> None:
    def slope(x: np.ndarray) -> np.ndarray:
        return np.array([2 * (x[0] - 1) + x[1], 2 * (x[1] - 2) + x[0]]) if x[0] > 2 else np.array([2 * (x[0] - 1), 2 * (x[1] - 3)])

    r = minimize(bowl, [4.0, -3.0], method=method, jac=slope)
    assert not r.success


@pytest.mark.parametrize("method", METHODS)
def test_a_right_gradient_in_many_dimensions(method: str) -> None:
    n = 60
    scale = np.logspace(-2, 2, n)
    r = minimize(lambda x: float(0.5 * x @ (scale * x) - x.sum()), np.zeros(n), method=method, jac=lambda x: scale * x - 1)
    assert r.success
    assert r.x == pytest.approx(1 / scale, rel=1e-5 if method == "SLSQP" else 1e-3)


def test_njev_counts_every_call_of_jac() -> None:
    for method in METHODS:
        calls = []

        def slope(x: np.ndarray, calls: list[np.ndarray] = calls) -> np.ndarray:
            calls.append(x)
            return np.array([4 * x[0] ** 3 - 1, 2 * x[1] - np.sin(x[1])])

        r = minimize(lambda x: float(x[0] ** 4 - x[0] + x[1] ** 2 + np.cos(x[1])), [2.0, 1.5], method=method, jac=slope)
        assert r.success
        assert r.njev == len(calls)


def test_x_is_as_near_as_the_gradient_can_tell() -> None:
    """The objective alone shows x to 1e-8 of its size at best, with a residual of 1e-7 left: exact gradients show more, and tol asks for it."""

    def value(d: np.ndarray) -> float:
        return float(d[0] ** 2 + 2 * d[1] ** 2 - 2 * d[0] * d[1] - 2 * d[0])

    def slope(d: np.ndarray) -> np.ndarray:
        return np.array([2 * d[0] - 2 * d[1] - 2, 4 * d[1] - 2 * d[0]])

    r = minimize(value, [-1.0, 1.0], jac=slope)
    assert r.success
    assert r.kkt <= 1e-8
    assert r.x == pytest.approx([2, 1], abs=1e-7)
    r = minimize(value, [-1.0, 1.0], jac=slope, tol=1e-12)
    assert r.success
    assert r.kkt <= 1e-12
    assert r.x == pytest.approx([2, 1], abs=1e-11)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("jac", ["2-point", "3-point"])
def test_no_difference_can_be_taken_of_a_fixed_variable(method: str, jac: str) -> None:
    """Nothing is evaluated outside the bounds, so its derivative is unknown: NaN, not 0."""
    seen = []

    def value(x: np.ndarray) -> float:
        seen.append(x[1])
        return float((x[0] - 3) ** 2 + 7 * x[1] * x[0])

    r = minimize(value, [0.5, 2.0], method=method, jac=jac, bounds=[(-9, 9), (2, 2)])
    assert r.success
    assert r.x == pytest.approx([-4, 2], abs=1e-5)
    assert set(seen) == {2.0}
    assert np.isnan(r.jac[1])
    assert np.isnan(r.bound_multipliers[1])
    assert abs(r.jac[0]) < 1e-5
    exact = minimize(lambda x: (x[0] - 3) ** 2 + 7 * x[1] * x[0], [0.5, 2.0], method=method, bounds=[(-9, 9), (2, 2)])
    assert exact.jac[1] == exact.bound_multipliers[1] == pytest.approx(-28)


@pytest.mark.parametrize("method", METHODS)
def test_none_for_constraints(method: str) -> None:
    assert minimize(lambda x: (x[0] - 1) ** 2, [0.0], method=method, constraints=None).x == pytest.approx([1.0])


@pytest.mark.parametrize("step", [1e-5, 1e-6, 1e-7, 1e-9])
@pytest.mark.parametrize("method", METHODS)
def test_steps_that_are_too_long_do_not_wander(method: str, step: float) -> None:
    """The gradient of long differences vanishes beside the minimum, where the function still has a slope: no point of searching on."""

    def valley(x: np.ndarray) -> float:
        return float(100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2)

    r = minimize(valley, [-1.0, 2.0], method=method, options={"eps": step})
    assert r.success, r.message
    assert r.nfev < 400
    assert r.x == pytest.approx([1, 1], abs=1e3 * step)

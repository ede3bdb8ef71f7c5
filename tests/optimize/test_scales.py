"""Variables and starts of very different scale: a small residual beside a steep start is no proof of a minimum."""

from __future__ import annotations

import numpy as np
import pytest

from plait.optimize import minimize


@pytest.mark.parametrize("form", ["traced", "called", "jac"])
@pytest.mark.parametrize("scale", [1e-6, 1e-4, 1.0, 1e4, 1e6])
@pytest.mark.parametrize("start", [(0.0, 0.0), (1.0, 1.0), (-3.0, 7.0)])
def test_variables_of_different_size(form: str, scale: float, start: tuple[float, float]) -> None:
    if form == "called" and not 1e-2 < scale < 1e5:
        return  # differences with their default step cannot see such a variable's slope

    def f(x):  # type: ignore[no-untyped-def]
        return (x[0] / scale - 1) ** 2 + (x[1] - 2) ** 2 + 0.5 * x[0] / scale * x[1]

    def jac(x):  # type: ignore[no-untyped-def]
        return np.array([(2 * (x[0] / scale - 1) + 0.5 * x[1]) / scale, 2 * (x[1] - 2) + 0.5 * x[0] / scale])

    begin = [start[0] * scale, start[1]]
    fun = f if form == "traced" else lambda x: f([float(v) for v in x])
    r = minimize(fun, begin, jac=jac if form == "jac" else None)
    assert r.success, r.message
    assert r.fun == pytest.approx(0.7333333333333334, rel=1e-6)


@pytest.mark.parametrize("low", [1e-6, 1e-3, 1e-1])
def test_a_steep_start_does_not_hide_another_slope(low: float) -> None:
    r = minimize(lambda x: 1 / x[0] + 1 / x[1], [low, 5.0], bounds=[(low, 10)] * 2)
    assert r.success, r.message
    assert r.x == pytest.approx([10, 10])


def test_a_right_gradient_near_a_pole_is_not_accused() -> None:
    r = minimize(lambda x: 1 / x[0], [1e-12], jac=lambda x: -1 / x**2, bounds=[(1e-12, 10)])
    assert r.success, r.message
    assert r.x == pytest.approx([10])


@pytest.mark.parametrize("method", ["SLSQP", "L-BFGS-B"])
def test_a_callback_may_stop_with_a_bool_of_numpy(method: str) -> None:
    r = minimize(lambda x: (x[0] - 3) ** 4 + x[1] ** 2, [0.0, 1.0], method=method, callback=lambda x: np.bool_(x[0] < 100))
    assert r.status == 12
    assert r.nit == 1


def test_none_is_no_number() -> None:
    with pytest.raises(ValueError, match="expected one number, got NoneType"):
        minimize(lambda _: None, [1.0])

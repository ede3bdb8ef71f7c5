"""The path of a result: what a callback that evaluates objective and constraints again would have noted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plait.optimize import minimize


def rosenbrock(x: Any) -> Any:
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def disc(x: Any) -> Any:
    return 1.5 - x[0] ** 2 - x[1] ** 2


def noted(constraints: list[dict[str, Any]], **options: Any) -> tuple[Any, np.ndarray]:
    seen: list[tuple[float, float]] = []

    def note(x: np.ndarray) -> None:
        off = [abs(c["fun"](x)) if c["type"] == "eq" else max(0.0, -c["fun"](x)) for c in constraints]
        seen.append((rosenbrock(x), max(off, default=0.0)))

    start = np.asarray(options.pop("x0"))
    note(start)
    return minimize(rosenbrock, start, constraints=constraints, callback=note, **options), np.array(seen)


LINE = {"type": "eq", "fun": lambda x: x[0] + 2 * x[1] - 1}
DISC = {"type": "ineq", "fun": disc}


@settings(max_examples=40, deadline=None)
@given(
    x0=st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
    constraints=st.sampled_from([[], [DISC], [LINE], [LINE, DISC]]),
    unit=st.sampled_from([1.0, 30.0]),
)
def test_it_is_what_a_callback_notes(x0: tuple[float, float], constraints: list[dict[str, Any]], unit: float) -> None:
    scaled = [{**c, "fun": lambda x, c=c: unit * c["fun"](x)} for c in constraints]
    found, seen = noted(scaled, x0=x0)
    assert len(found.path) == len(seen)
    np.testing.assert_allclose(found.path[:-1], seen[:-1], rtol=1e-8, atol=1e-9)
    assert found.path[-1].tolist() == [found.fun, found.constraint_violation]


@pytest.mark.parametrize("method", ["SLSQP", "L-BFGS-B"])
def test_both_methods_have_one(method: str) -> None:
    found, seen = noted([], x0=[-1.2, 1.0], method=method)
    np.testing.assert_allclose(found.path, seen, rtol=1e-8, atol=1e-9)
    assert (found.path[:, 1] == 0).all()
    assert found.path[-1, 0] < 1e-8 < found.path[0, 0]


def test_by_differences_it_goes_on_where_a_run_ended() -> None:
    """Steps of differences are chosen again between runs; each begins where the one before ended."""
    found = minimize(lambda x: float(np.sum((np.asarray(x) - [1e3, 1e-3]) ** 2 * [1e-6, 1e6])), [0.0, 0.0])
    assert found.path.shape[1] == 2
    assert found.path[0, 0] == 2.0
    assert found.path[-1, 0] == found.fun


@pytest.mark.parametrize("fun", [lambda x: np.nan * x[0], lambda x: -x[0] ** 3], ids=["not finite", "unbounded"])
def test_what_fails_has_one_as_well(fun: Callable[..., Any]) -> None:
    found = minimize(fun, [1.0])
    assert not found.success
    assert found.path.ndim == 2
    assert len(found.path) >= 1
    assert "path" not in repr(found)

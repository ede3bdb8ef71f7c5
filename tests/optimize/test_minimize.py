"""minimize: drop-in for SciPy's, with exact gradients where functions can be traced."""

from __future__ import annotations

import numpy as np
import pytest

from plait.optimize import minimize


def plain(f):  # type: ignore[no-untyped-def]
    """The same, in a form that can't be traced."""
    return lambda x, *args: f([float(v) for v in x], *args)


@pytest.mark.parametrize("form", [lambda f: f, plain], ids=["traced", "called"])
def test_a_constrained_quadratic_with_its_multipliers(form) -> None:  # type: ignore[no-untyped-def]
    constraints = [
        {"type": "ineq", "fun": form(lambda x: x[0] - 2 * x[1] + 2)},
        {"type": "ineq", "fun": form(lambda x: -x[0] - 2 * x[1] + 6)},
        {"type": "ineq", "fun": form(lambda x: -x[0] + 2 * x[1] + 2)},
    ]
    r = minimize(form(lambda x: (x[0] - 1) ** 2 + (x[1] - 2.5) ** 2), [2, 0], bounds=[(0, None), (0, None)], constraints=constraints)
    assert r.success
    np.testing.assert_allclose(r.x, [1.4, 1.7], atol=1e-6)
    np.testing.assert_allclose(r.multipliers, [0.8, 0, 0], atol=1e-5)
    assert r.active.tolist() == [True, False, False]

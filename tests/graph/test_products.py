"""plait.hvp: the Hessian's product with a vector, held against the Hessian itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plait


def bowl(x: Any, a: Any = 1.0) -> Any:
    return (np.exp(x) * np.sin(x[::-1] * a)).sum() + (x[0] * x[-1]) ** 2


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=6), st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_it_is_the_hessian_times_the_vector(x: list[float], seed: int) -> None:
    at, v = np.array(x), np.random.default_rng(seed).normal(size=len(x))
    np.testing.assert_allclose(plait.hvp(bowl)(at, v), plait.hessian(bowl)(at) @ v, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(plait.hvp(bowl)(at, 0.5, v), plait.hessian(bowl)(at, 0.5) @ v, rtol=1e-10, atol=1e-12)


def test_structures_linear_functions_and_nesting() -> None:
    def f(p: Any) -> Any:
        return (p["w"] ** 2 * p["b"]).sum()

    at = {"w": np.array([1.0, 2.0]), "b": np.array(3.0)}
    got = plait.hvp(f)(at, {"w": np.array([1.0, 0.0]), "b": np.array(1.0)})
    np.testing.assert_allclose(got["w"], [6 + 2, 4])
    np.testing.assert_allclose(got["b"], 2)
    np.testing.assert_array_equal(plait.hvp(lambda x: x.sum())(np.ones(3), np.ones(3)), np.zeros(3))
    inner = plait.hvp(lambda x: (x**3).sum())
    np.testing.assert_allclose(plait.grad(lambda x: inner(x, np.ones(2)).sum())(np.array([1.0, 5.0])), [6, 6])
    np.testing.assert_allclose(plait.hvp(lambda a, x: a * (x**2).sum(), argnums=1)(3, np.ones(2), np.ones(2)), [6, 6])


def test_wrong_input_is_refused() -> None:
    with pytest.raises(plait.ShapeError, match=r"hvp: the vector has shape \(3,\)"):
        plait.hvp(bowl)(np.ones(2), np.ones(3))
    with pytest.raises(TypeError, match="after them, the vector"):
        plait.hvp(bowl)(np.ones(2))
    with pytest.raises(TypeError, match="no positional argument 1"):
        plait.hvp(bowl, argnums=1)(np.ones(2), np.ones(2))
    with pytest.raises(plait.ShapeError, match="hvp: the function must give a scalar"):
        plait.hvp(lambda x: x)(np.ones(2), np.ones(2))
    for wrong in (-1, True, (0, 1)):
        with pytest.raises(ValueError, match="hvp: argnums"):
            plait.hvp(bowl, argnums=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_product_read_in_two_shapes_by_what_follows_it(dtype: type) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(300, 30)).astype(dtype), rng.normal(size=(30, 20)).astype(dtype)
    y = x @ w
    for f in (
        lambda y: np.tanh(y) * 0.5 + y.reshape(1, 300, 20).reshape(300, 20),
        lambda y: y.reshape(60, 100) + np.tanh(y).reshape(60, 100),
        lambda y: (y * y + y.reshape(6000).reshape(300, 20)).sum(axis=0),
    ):
        error = 30 * np.finfo(dtype).eps  # of the sums of 30 terms, before what cancels in them
        np.testing.assert_allclose(plait.function(lambda a, b, f=f: f(a @ b))(x, w), f(y), rtol=20 * error, atol=error * np.abs(y).max())

"""What users of other libraries reported, tried here: slopes and curvatures where formulas divide 0 by 0, exact quotients, integers at their ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import plait

INF, NAN = np.inf, np.nan


def slope(f: Callable[[plait.Node], plait.Node], x: Any, order: int) -> np.ndarray:
    node = plait.input("x", np.shape(x), "float64")
    found = f(node)
    for _ in range(order):
        found = plait.gradient(found.sum(), node)
    return plait.evaluate(found, {node: x})


@pytest.mark.parametrize(
    ("f", "x", "order", "wanted"),
    [
        (lambda x: plait.sqrt((x - 1) ** 2), 1.0, 1, 0),  # pytorch 6394
        (plait.norm, [0.0, 0.0], 1, [0, 0]),  # jax 3058, pytorch 2421, autograd 151
        (plait.norm, [0.0, 0.0], 2, [0, 0]),  # jax 10965, functorch 1097
        (lambda x: plait.exp(-(plait.norm(x) ** 2)), [0.0, 0.0], 2, [-2, -2]),  # autograd 183
        (lambda x: plait.norm(x, axis=-1) ** 2, [[0.0, 0.0]], 2, [[2, 2]]),  # autograd 570, 586, 617
        (lambda x: plait.sqrt(x) ** 2, 0.0, 1, 1),  # autograd 570
        (lambda x: plait.where(x < 1, x, plait.sqrt(x)), [0.0], 1, [1]),  # jax 5798, 1052
        (lambda x: plait.where(x > 0, plait.sqrt(x), x), [-1.0, -4.0], 1, [1, 1]),  # pytorch 187297
        (lambda x: plait.where(x == x, x**2, 0.0), [NAN, 1.0, 2.0], 1, [0, 2, 4]),  # jax 9040
        (lambda x: plait.where(x > 0, x * plait.log(x), 0.0), [0.0, 1.0], 1, [0, 1]),
        (plait.tanh, [190.0, -200.0], 1, [0, 0]),  # jax 764
        (plait.prod, [2.0, 0.0, 3.0, 4.0], 1, [0, 24, 0, 0]),  # burn 5533, tinygrad 17404
        (plait.prod, [2.0, 3.0, 0.0, 0.0], 2, [0, 0, 6, 6]),  # pytorch 106789
        (lambda x: plait.log_softmax(x)[0], [-1e4, 1e4, 0.0], 1, [1, -1, 0]),
        (lambda x: plait.abs(x) ** 3, [0.0], 2, [0]),
        (lambda x: np.std(x, ddof=1), [2.0, 2.0], 1, [0, 0]),
    ],
)
def test_slopes_and_curvatures(f: Callable[[plait.Node], plait.Node], x: Any, order: int, wanted: Any) -> None:
    np.testing.assert_allclose(slope(f, x, order), wanted, atol=1e-15)


def test_quotients() -> None:
    for x, y in [(-1.0, 1 / 3), (-1.0, -1 / 3), (1.0, 0.1), (2144.0, 358.0)]:  # arkouda 2689, mlx 4108
        q, r = np.divmod(plait.constant(x), y)
        assert (plait.evaluate(q), plait.evaluate(r)) == divmod(x, y)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_integers_at_their_ends(dtype: str) -> None:
    n, m = plait.input("n", (1,), dtype), plait.input("m", (1,), dtype)
    least = np.iinfo(dtype).min
    feeds = {n: np.array([least], dtype), m: np.array([-1], dtype)}  # a trap of processors; tt-metal 55502
    assert [plait.evaluate(v, feeds).item() for v in (n // m, n % m)] == [least, 0]
    assert [plait.evaluate(v, {n: [5], m: [0]}).item() for v in (n // m, n % m)] == [0, 0]
    top = np.iinfo("int32").max
    assert plait.evaluate(plait.sum(plait.constant(np.array([top, top], "int32")))) == 2 * top


def test_gradients_that_are_clipped_together() -> None:  # tensorflow 22048, keras 14075
    from plait.optim.base import clipped

    g = plait.input("g", (3,), "float64")
    factor = clipped([g], 1.0)[0]
    assert plait.evaluate(factor, {g: [0.0, 0, 0]}).tolist() == [0, 0, 0]
    np.testing.assert_allclose(plait.evaluate(factor, {g: [1e308, 1e308, 0]}), [0.5**0.5, 0.5**0.5, 0])

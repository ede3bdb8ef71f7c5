"""The gamma function's family against mpmath: signs, poles, zeros, large arguments; slopes and curvatures there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import scipy.special as sp

import plait

pytestmark = pytest.mark.usefixtures("ieee")
RNG = np.random.default_rng(8)
INF = np.inf

EXACT: dict[str, Callable[..., Any]] = {
    "beta": lambda a, b: mp.gammaprod([a, b], [a + b]),
    "betaln": lambda a, b: mp.log(abs(mp.gammaprod([a, b], [a + b]))),
    "poch": lambda z, m: mp.gammaprod([z + m], [z]),
    "binom": lambda n, k: mp.nan if n < 0 and n == mp.floor(n) else mp.binomial(n, k),
}


def sizes(low: float, high: float) -> np.ndarray:
    return 10 ** RNG.uniform(low, high, 60)


PAIRS = {
    "small": (sizes(-3, 1), sizes(-3, 1)),
    "far apart": (sizes(-2, 1), sizes(1, 10)),
    "large": (sizes(1, 12), sizes(0, 2)),
    "negative": (-sizes(-2, 1), sizes(-2, 1)),
    "any": (RNG.uniform(-6, 6, 60), RNG.uniform(-6, 6, 60)),
    "whole": tuple(m.ravel().astype(float) for m in np.meshgrid(np.arange(-6, 9), np.arange(-6, 9))),
}


@pytest.mark.parametrize("pairs", PAIRS)
@pytest.mark.parametrize("name", EXACT)
def test_values(name: str, pairs: str) -> None:
    x, y = PAIRS[pairs]
    if name == "binom" and pairs == "far apart":
        x, y = y, x
    found = plait.evaluate(getattr(sp, name)(plait.constant(x), plait.constant(y)))
    compared = 0
    for value, a, b in zip(found, x, y, strict=True):
        try:
            with mp.workdps(40):
                wanted = float(EXACT[name](mp.mpf(float(a)), mp.mpf(float(b))))
        except (ValueError, ZeroDivisionError):  # a pole
            continue
        compared += 1
        np.testing.assert_allclose(value, wanted, rtol=1e-11, atol=1e-13 if name == "betaln" else 0, err_msg=f"{name}({a}, {b})")
    assert compared >= 50


def test_signs_that_a_logarithm_forgets() -> None:
    for f, a, b, wanted in (
        (sp.beta, -0.5, 2.0, -4),
        (sp.beta, -1.0, 1.0, -1),
        (sp.beta, 1.0, INF, 0),
        (sp.beta, 0.0, 3.0, INF),
        (sp.binom, 0.5, 2.0, -0.125),
        (sp.binom, -0.5, 3.0, -0.3125),
        (sp.binom, 5.0, 7.0, 0),
        (sp.binom, 5.0, -1.0, 0),
        (sp.binom, -1.0, 0.5, np.nan),
        (sp.binom, INF, 0.0, 1),
        (sp.poch, -0.5, 3.0, -0.375),
        (sp.poch, -3.0, 2.0, 6),
        (sp.poch, -3.0, 5.0, 0),
        (sp.poch, 0.0, 0.0, 1),
        (sp.poch, 1e10, 1.0, 1e10),
    ):
        np.testing.assert_allclose(plait.evaluate(f(plait.constant(a), b)), wanted, rtol=1e-13, err_msg=f"{f.__name__}({a}, {b})")


def test_at_zero_and_at_poles() -> None:
    x = np.array([0.0, -0.0, -1.0, -2.0, INF])
    node = plait.constant(x)
    np.testing.assert_array_equal(plait.evaluate(sp.gamma(node)), [INF, -INF, np.nan, np.nan, INF])
    np.testing.assert_array_equal(plait.evaluate(sp.gammasgn(node)), [1, -1, np.nan, np.nan, 1])
    np.testing.assert_array_equal(plait.evaluate(sp.rgamma(node)), [0, 0, 0, 0, 0])
    for at in (0.0, -1.0, -3.0, -6.0, 0.5, 2.0):
        np.testing.assert_allclose(plait.grad(sp.rgamma)(at), float(mp.diff(mp.rgamma, at)), rtol=1e-9)
        np.testing.assert_allclose(plait.hessian(sp.rgamma)(at), float(mp.diff(mp.rgamma, at, 2)), rtol=1e-9)


def test_curvature_where_the_two_are_equal() -> None:
    for a in (2.0, 12.0, 300.0):
        found = plait.hessian(lambda v: sp.betaln(v[0], v[1]))(np.array([a, a]))
        own, mixed = sp.polygamma(1, a) - sp.polygamma(1, 2 * a), -sp.polygamma(1, 2 * a)
        np.testing.assert_allclose(found, [[own, mixed], [mixed, own]], rtol=1e-9)


@pytest.mark.parametrize(
    ("f", "arrays"),
    [
        (sp.beta, ([2.0, 12.0, -0.5, 10.0, 3.0], [3.0, 12.0, 2.0, 10.0, 1e3])),
        (sp.binom, ([5.0, 50.0, -0.5, 20.0, 1e4], [2.0, 25.0, 1.0, 10.0, 3.0])),
        (sp.poch, ([1.0, 12.0, 1e4, -0.5], [3.0, 2.0, 2.0, 2.0])),
    ],
)
def test_derivatives(f: Callable[..., Any], arrays: tuple[list[float], list[float]]) -> None:
    x, y = (np.array(a) for a in arrays)
    scale = 1 + abs(f(x, y))
    for order in (1, 2):
        assert plait.check_gradient(lambda a, b: (f(a, b) / scale).sum(), x, y, order=order) < 1e-8


@pytest.mark.parametrize("f", [sp.beta, sp.betaln, sp.binom, sp.poch])
def test_dtypes(f: Callable[..., Any]) -> None:
    half = np.array([1.0, 2.0, 3.5], np.float32)
    for other, wanted in ((half, "float32"), (half > 2, "float32"), (np.arange(3, dtype=np.int32), "float64")):
        assert f(plait.constant(half), other).dtype == wanted

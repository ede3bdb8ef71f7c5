"""Activations, losses and the parts that they are made of, against mpmath: values, first and second derivatives, for large arguments, at ties and at infinities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from reference import functions

import plait
from plait import _core, losses

INF, NAN = np.inf, np.nan
DTYPES = ("float32", "float64")


def ours(name: str) -> Callable[..., Any]:
    return lambda *x: _core.elementwise(name, *x)


def run(node: plait.Node, feeds: dict[Any, Any]) -> np.ndarray:
    """From a Program, after Table has given the same."""
    program = plait.compile(node)
    found = np.asarray(program({n: feeds[n] for n in program.inputs}))
    np.testing.assert_allclose(found, plait.evaluate(node, feeds), rtol=1e-5 if found.dtype == np.float32 else 1e-13, atol=1e-30)
    return found


def derivatives(f: Callable[..., plait.Node], dtype: str, *points: np.ndarray) -> list[np.ndarray]:
    """f, df/dx and d²f/dx² for the first argument, element by element."""
    nodes = [plait.input("xyz"[k], p.shape, dtype) for k, p in enumerate(points)]
    feeds = {n: p.astype(dtype) for n, p in zip(nodes, points, strict=True)}
    value = f(*nodes)
    slope = plait.gradient(value.sum(), nodes[0])
    return [
        run(n + 0 * nodes[0] if n.shape != points[0].shape else n, feeds) for n in (value, slope, plait.gradient(slope.sum(), nodes[0]))
    ]


def _silu(x: Any) -> tuple[Any, ...]:
    s, c = 1 / (1 + mp.exp(-x)), 1 / (1 + mp.exp(x))
    return x * s, s * (1 + x * c), s * c * (2 + x * (c - s)), s * c * ((3 - 6 * s) + x * (1 - 6 * s * c))


def _gelu(x: Any) -> tuple[Any, ...]:
    p, d = mp.erfc(-x / mp.sqrt(2)) / 2, mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)
    return x * p, p + x * d, d * (2 - x * x), d * x * (x * x - 4)


def _erf(x: Any, sign: int) -> tuple[Any, ...]:
    slope = sign * 2 * mp.exp(-x * x) / mp.sqrt(mp.pi)
    return mp.erf(x) if sign > 0 else mp.erfc(x), slope, -2 * x * slope, (4 * x * x - 2) * slope


# Ours; the function and its derivatives; how far; the roots of slope and curvature, about which digits are absolute.
COMPOSED: dict[str, tuple[Callable[..., plait.Node], Callable[[Any], tuple[Any, ...]], dict[str, float], tuple[tuple[float, ...], ...]]] = {
    "silu": (plait.silu, _silu, {"float32": 80.0, "float64": 600.0}, ((), (-1.2784645,), (-2.3993572805, 2.3993572805))),
    "gelu": (plait.gelu, _gelu, {"float32": 12.0, "float64": 37.0}, ((), (-0.7517915,), (-(2**0.5), 2**0.5))),
    "erf": (plait.erf, lambda x: _erf(x, 1), {"float32": 9.0, "float64": 26.0}, ((), (), ())),
    "erfc": (ours("erfc"), lambda x: _erf(x, -1), {"float32": 9.0, "float64": 26.0}, ((), (), ())),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", COMPOSED)
def test_activations_keep_their_digits_far_out(name: str, dtype: str) -> None:
    f, exact, ends, roots = COMPOSED[name]
    x = np.concatenate([np.linspace(-ends[dtype], ends[dtype], 41), [-3.3, -1.0, -0.1, -1e-3, 1e-5, 0.3, 0.7, 2.0, 5.5]]).astype(dtype)
    for order, found in enumerate(derivatives(f, dtype, x)):
        for at, value in zip(x, found, strict=True):
            wanted = exact(mp.mpf(float(at)))[order]
            least = 0.25 if min([abs(float(at) - r) for r in roots[order]], default=1.0) < 0.7 else 0.0
            if name == "silu" and order and at > 2:
                least = float(at)  # of p (1 - p) the digits are absolute there
            assert functions.ulps(value, wanted, dtype, least) <= (8 if order else 4), (order, float(at), float(value), float(wanted))


def test_activations_at_infinities() -> None:
    x = np.array([INF, -INF, NAN, 0.0, -0.0])
    for dtype in DTYPES:
        for f, second in ((plait.silu, 0.5), (plait.gelu, 2 / np.sqrt(2 * np.pi))):
            value, slope, curvature = derivatives(f, dtype, x)
            np.testing.assert_array_equal(value, np.array([INF, -0.0, NAN, 0.0, -0.0], dtype))
            assert np.signbit(value).tolist()[:2] == [False, True]
            assert np.signbit(value).tolist()[3:] == [False, True]
            np.testing.assert_array_equal(slope, np.array([1, 0, NAN, 0.5, 0.5], dtype))
            np.testing.assert_allclose(curvature, [0, 0, NAN, second, second], rtol=1e-6)


def test_third_derivatives_of_activations() -> None:
    x = np.array([-2.0, -0.5, 0.0, 0.3, 1.7])
    node = plait.input("x", x.shape, "float64")
    for f, exact, *_ in COMPOSED.values():
        g = f(node)
        for _ in range(3):
            g = plait.gradient(g.sum(), node)
        np.testing.assert_allclose(run(g, {node: x}), [float(exact(mp.mpf(a))[3]) for a in x], rtol=1e-13, atol=1e-14)


TARGETS = np.array([0.0, 0.25, 1.0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_binary_cross_entropy_of_all_logits(dtype: str) -> None:
    sizes = [0.0, 1e-3, 0.5, 3.0, 20.0, 60.0] + ([700.0, 1e200] if dtype == "float64" else [85.0, 1e20])
    x, t = (v.ravel().astype(dtype) for v in np.meshgrid([*sizes, *(-s for s in sizes)], TARGETS))
    found = derivatives(lambda a, b: losses.binary_cross_entropy_with_logits(a, b, "none"), dtype, x, t)
    for k, (p, q) in enumerate(zip(x, t, strict=True)):
        a, b = mp.mpf(float(p)), mp.mpf(float(q))
        # with t = 1 and x > 0: log(1 + e^-x), and with t = 0 and x < 0 the same of -x; their slopes and curvatures are as small
        e = mp.exp(-abs(a))
        rest = (1 - b if a > 0 else -b) * a
        slope = (1 - b) - e / (1 + e) if a > 0 else e / (1 + e) - b
        for value, wanted in zip((f[k] for f in found), (rest + mp.log1p(e), slope, e / (1 + e) ** 2), strict=True):
            assert functions.ulps(value, wanted, dtype, 0.1 if q == 0.25 else 0.0) <= 4, (p, q, value, wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("weight", [None, 1.0, 2.5])
def test_binary_cross_entropy_of_infinite_logits(dtype: str, weight: float | None) -> None:
    x, t = np.array([INF] * 3 + [-INF] * 3, dtype), np.array([*TARGETS, *TARGETS], dtype)
    value, slope, curvature = derivatives(
        lambda a, b: losses.binary_cross_entropy_with_logits(a, b, "none", pos_weight=weight), dtype, x, t
    )
    w = weight or 1.0
    assert value.tolist() == [INF, INF, 0, 0, INF, INF]
    np.testing.assert_allclose(slope, [1, 0.75, 0, 0, -0.25 * w, -w], rtol=1e-6)
    assert curvature.tolist() == [0] * 6
    x[0] = NAN
    assert np.isnan(plait.evaluate(losses.binary_cross_entropy_with_logits(x, t, "none"))[0])


def test_the_slope_of_the_target_and_higher_orders_of_the_logistic_loss() -> None:
    x, t = plait.input("x", (), "float64"), plait.input("t", (), "float64")
    loss = losses.binary_cross_entropy_with_logits(x, t, "sum")
    for at in (0.0, 0.7, -2.0, 40.0):
        feeds = {x: at, t: 0.3}
        by_x, by_t = plait.gradient(loss, [x, t])
        assert plait.evaluate(by_t + 0 * x * t, feeds) == -at
        assert plait.evaluate(plait.gradient(by_x, t) + 0 * x * t, feeds) == -1
        g = by_x
        for order in (2, 3, 4):
            g = plait.gradient(g, x)
            wanted = float(functions.derivative(functions.BINARY["logistic_loss"], (at, 0.3), (order, 0)))
            assert abs(float(plait.evaluate(g + 0 * x * t, feeds)) - wanted) < 1e-13 + 1e-11 * abs(wanted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_slopes_and_curvatures_of_logaddexp(dtype: str) -> None:
    x, y = np.random.default_rng(3).normal(size=(2, 60)) * np.repeat([1.0, 10.0, 40.0], 20)
    y[:5] = x[:5]
    x, y = x.astype(dtype), y.astype(dtype)
    _, slope, curvature = derivatives(ours("logaddexp"), dtype, x, y)
    for p, q, s, c in zip(x, y, slope, curvature, strict=True):
        d = mp.mpf(float(p)) - mp.mpf(float(q))
        e = mp.exp(-abs(d))
        if e < float(np.finfo(dtype).tiny):  # subnormal: a program takes it for 0
            assert 0 <= c <= np.finfo(dtype).tiny
            continue
        bound = 4 + abs(float(d))  # what rounds off the difference is that part of the exponential
        assert functions.ulps(s, (e if d < 0 else 1) / (1 + e), dtype) <= bound
        assert functions.ulps(c, e / (1 + e) ** 2, dtype) <= 2 * bound


@pytest.mark.parametrize(
    ("x", "y", "wanted"), [(INF, INF, [0.5, 0.5]), (-INF, -INF, [0, 0]), (INF, 1, [1, 0]), (-INF, 1, [0, 1]), (2, 2, [0.5, 0.5])]
)
def test_slopes_of_logaddexp_at_infinities(x: float, y: float, wanted: list[float]) -> None:
    a, b = plait.input("a", (), "float64"), plait.input("b", (), "float64")
    g = plait.gradient(np.logaddexp(a, b), [a, b])
    assert [float(v) for v in plait.evaluate(g, {a: x, b: y})] == wanted
    curvature = plait.evaluate(plait.gradient(g[0], a), {a: x, b: y})
    assert float(curvature) == wanted[0] * (wanted[1] if np.isfinite(x) else float(curvature) / max(wanted[0], 1e-9))


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_lengths_give_back(dtype: str) -> None:
    x = np.array([3.0, 0.0, -INF, 1.0, 1e-30, -0.0], dtype)
    y = np.array([-4.0, 0.0, 2.0, INF, 0.0, 5.0], dtype)
    value, slope, curvature = derivatives(ours("hypot"), dtype, x, y)
    np.testing.assert_allclose(value, [5, 0, INF, INF, 1e-30, 5], rtol=1e-6)
    np.testing.assert_allclose(slope, [0.6, 0, -1, 0, 1, 0], rtol=1e-6)
    np.testing.assert_allclose(curvature, [16 / 125, 0, 0, 0, 0, 0.2], rtol=1e-6, atol=1e-6)
    a, b = plait.input("a", (), dtype), plait.input("b", (), dtype)
    for scaled in (np.hypot(a, b) / 2, -np.hypot(a, b) * 0.5, np.hypot(a, b).reshape((1,))[0] / 2):
        twice = plait.gradient(plait.gradient(scaled**2, a), a)
        assert float(plait.evaluate(twice + 0 * a * b, {a: 0.0, b: 0.0})) == 0.5
    big = 1e200 if dtype == "float64" else 1e25
    assert np.isfinite(plait.evaluate((np.hypot(a, b) / big) ** 2, {a: big, b: big}))


def test_lengths_to_odd_powers_are_smooth_at_nothing() -> None:
    """|x|³ written (x · x) ** 1.5: its curvature at 0 is 0."""
    for f in (lambda x: ((x * x) ** 1.5).sum(), lambda x: (x * x).sum() ** 1.5, lambda x: plait.square(x).sum() ** 2.5):
        np.testing.assert_array_equal(plait.hessian(f)(np.zeros(2)), np.zeros((2, 2)))
        point = np.array([0.5, -1.2])
        assert plait.check_gradient(f, point) < 1e-6
        assert plait.check_gradient(f, point, order=2) < 1e-5
    assert plait.evaluate(plait.power(plait.square(plait.constant([3.0, -INF, NAN])), 1.5)).tolist()[:2] == [27, INF]


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_fmod_of_integers(dtype: str) -> None:
    x, y = np.array([7, -7, 7, -7, 0, 5, np.iinfo(dtype).min], dtype), np.array([2, 2, -2, -2, 3, 0, -1], dtype)
    with np.errstate(all="ignore"):
        wanted = np.fmod(x, y)
    found = plait.evaluate(np.fmod(plait.constant(x), y))
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)

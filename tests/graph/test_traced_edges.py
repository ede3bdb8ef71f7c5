"""NumPy's and SciPy's functions on nodes where arguments are zeros, infinite, missing, empty, booleans or of shapes that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special as sp

import plait

pytestmark = pytest.mark.usefixtures("ieee")
INF, NAN = np.inf, np.nan
SIZES = np.array([0.0, 1.0, 0.5, 1e300, 1.7e308, 3e301, 1e-200, INF])
ENDS = np.concatenate([SIZES, -SIZES, [NAN]])


def both_ways(f: Callable[..., Any], *arrays: Any) -> Any:
    """From a Program, after the table has given the same."""
    arrays = tuple(np.asarray(a) for a in arrays)
    nodes = [plait.input(f"x{k}", a.shape, a.dtype) for k, a in enumerate(arrays)]
    made = f(*nodes)
    feeds = dict(zip(nodes, arrays, strict=True))
    found = plait.evaluate(made, {n: feeds[n] for n in plait.compile(made).inputs})
    np.testing.assert_array_equal(plait.compile(made)({n: feeds[n] for n in plait.compile(made).inputs}), found)
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arctan2_has_signs_of_zeros_and_no_largest_number(dtype: str) -> None:
    with np.errstate(over="ignore"):
        y, x = np.meshgrid(ENDS.astype(dtype), ENDS.astype(dtype))
    found, wanted = both_ways(np.arctan2, y, x), np.arctan2(y, x)
    np.testing.assert_allclose(found, wanted, rtol=1e-6 if dtype == "float32" else 1e-15, atol=1e-322)  # last digits of subnormals
    assert np.array_equal(np.signbit(found), np.signbit(wanted) & ~np.isnan(found))
    for slope in plait.grad(lambda b, a: np.arctan2(b, a).sum(), argnums=(0, 1))(y, x):
        assert not (np.isnan(slope) & ~np.isnan(y) & ~np.isnan(x)).any()


@pytest.mark.parametrize(
    ("f", "x", "y", "wanted"),
    [
        (sp.boxcox, [0, 0, 0, INF, INF, 0, 2], [1, 2, 0, -1, 0, -1, 0], [-1, -0.5, -INF, 1, INF, -INF, np.log(2)]),
        (sp.boxcox1p, [-1, -1, -1, INF, 1], [1, 2, 0, -1, 0], [-1, -0.5, -INF, 1, np.log(2)]),
        (sp.pseudo_huber, [0, 0, 2, 1, -1, 1e-200, 1e200], [0, 3, 0, -INF, 1, 1e200, 1e200], [0, 0, 0, INF, INF, 1, INF]),
        (sp.huber, [0, 0, 2, 1, -1], [0, 3, 0, -INF, 1], [0, 0, 0, INF, INF]),
    ],
)
def test_values_at_ends(f: Callable[..., Any], x: list[float], y: list[float], wanted: list[float]) -> None:
    found = both_ways(f, np.array(x, float), np.array(y, float))
    np.testing.assert_allclose(found, wanted, rtol=1e-14)


def test_slopes_at_ends() -> None:
    assert plait.grad(sp.boxcox, argnums=1)(np.e, 0.0) == pytest.approx(0.5, rel=1e-14)  # log(x)² / 2
    assert plait.grad(sp.boxcox)(0.0, 2.0) == 0
    assert plait.grad(sp.pseudo_huber, argnums=(0, 1))(0.0, 0.0) == (0, 0)
    assert plait.hessian(lambda r: sp.pseudo_huber(2.0, r))(0.0) == 1
    assert plait.grad(lambda r: sp.pseudo_huber(2.0, r))(1e200) == 2


@pytest.mark.parametrize(
    "row", [[2, -INF], [1, INF], [INF, INF], [-INF, INF], [-INF, -INF, 1], [1, INF, INF, INF], [NAN, 1, 2], [-INF, -INF]]
)
def test_medians_of_infinities(row: list[float]) -> None:
    with np.errstate(invalid="ignore"):
        wanted = np.median(row)
    np.testing.assert_array_equal(both_ways(np.median, np.array(row)), wanted)


def test_convolution_keeps_what_is_not_finite_where_it_is() -> None:
    x, y = np.array([1.0, NAN, 2, 3, 4, 5, INF, 1]), np.array([1.0, INF, -1])
    for mode in ("full", "same", "valid"):
        for a, b in ((x, x[3:6]), (x[3:6], x), (x, y), (y, y)):
            np.testing.assert_array_equal(both_ways(lambda a, b, mode=mode: np.convolve(a, b, mode), a, b), np.convolve(a, b, mode))
    w = np.array([1.0, 2, 3])
    for mode in ("full", "same", "valid"):
        assert plait.check_gradient(lambda a, b, mode=mode: (np.convolve(a, b, mode) ** 2).sum(), x[2:6], w, order=2) < 1e-7


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize("f", [np.copysign, np.heaviside, np.logaddexp2, sp.pseudo_huber, sp.huber, sp.boxcox, sp.rel_entr])
def test_booleans_widen_nothing(f: Callable[..., Any], dtype: str) -> None:
    x = np.array([1, 2, 3], dtype)
    found = both_ways(f, x, x > 1)
    assert found.dtype == f(x, x > 1).dtype
    np.testing.assert_allclose(found, f(x, x > 1), rtol=1e-6)


@pytest.mark.parametrize(
    "f", [sp.erfinv, sp.erfcinv, lambda x: sp.rel_entr(x, x), lambda x: sp.kl_div(x, 0.3), lambda x: np.modf(x)[0], sp.rgamma]
)
def test_float32_stays(f: Callable[..., Any]) -> None:
    x = np.array([0.25, 0.5], np.float32)
    assert both_ways(f, x).dtype == np.float32
    np.testing.assert_allclose(both_ways(f, x), f(x), rtol=1e-5)


def test_functions_of_booleans_and_integers() -> None:
    b, n = np.array([True, False, True, True]), np.array([3, 1, 2], np.int32)
    for f in (np.zeros_like, np.ones_like, np.diff, lambda x: np.isclose(x, ~x), lambda x: np.vander(x, 2), lambda x: np.nanmax(x)):
        found, wanted = both_ways(f, b), f(b)
        assert found.dtype == wanted.dtype
        assert np.array_equal(found, wanted)
    for f in (np.nanmax, np.nanmin, np.vander):
        assert both_ways(f, n).dtype == f(n).dtype
    assert both_ways(np.vander, n.astype(np.float32)).dtype == np.float64
    assert both_ways(lambda x: np.vander(x, 0), n).shape == (3, 0)


def test_arrays_of_other_shapes_are_not_equal() -> None:
    x = plait.constant([1.0, NAN])
    assert not plait.evaluate(np.array_equal(x, [1.0, NAN]))
    assert plait.evaluate(np.array_equal(x, [1.0, NAN], equal_nan=True))
    assert not plait.evaluate(np.array_equal(x, [1.0]))
    assert not plait.evaluate(np.array_equal(x, [[1.0, NAN]]))


def test_what_does_not_fit_is_refused() -> None:
    x = plait.input("x", (2, 3), "float64")
    for axes in (2, ([0], [0, 1]), (1, 1)):
        with pytest.raises(plait.ShapeError, match="tensordot: axes"):
            np.tensordot(x, np.ones((3, 2)) if axes == 2 else np.ones((2, 4)), axes)
    with pytest.raises(plait.ShapeError, match="tensordot: 3 axes"):
        np.tensordot(x, x, 3)
    with pytest.raises(plait.ShapeError, match="expected at least 2 elements along axis 0"):
        np.gradient(plait.input("y", (0,)))
    with pytest.raises(plait.ShapeError, match="vander: expected a vector"):
        np.vander(x)


@pytest.mark.parametrize("shape", [(2, 0), (0, 2), (0,), (3, 0, 2)])
def test_slices_of_nothing_are_joined(shape: tuple[int, ...]) -> None:
    x = np.zeros(shape)
    for axis in range(-len(shape), len(shape)):
        for f in (np.cumprod, np.cumsum, np.sort, np.flip, np.diff, lambda a, axis: np.concatenate(np.array_split(a, 2, axis), axis)):
            assert np.array_equal(both_ways(lambda a, f=f, axis=axis: f(a, axis=axis), x), f(x, axis=axis))

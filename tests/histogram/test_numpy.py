"""NumPy's own tests of histograms, restated: results must be equal wherever both apply."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plait import DTypeError, Histogram, ShapeError
from plait.histogram import Axis

RNG = np.random.default_rng(8)


def equal(x: Any, edges: Any, weights: Any = None) -> Histogram:
    """Ours, after it was found equal to NumPy's."""
    h = Histogram(edges).fill(x, weights=weights)
    expected, _ = np.histogram(x, edges, weights=weights)
    np.testing.assert_allclose(h.values(), expected, rtol=1e-13, atol=0) if weights is not None else np.testing.assert_array_equal(
        h.values(), expected
    )
    return h


def test_random_and_evenly_spaced_values() -> None:
    assert equal(RNG.random(100), np.linspace(0, 1, 11)).sum() == 100
    assert equal(np.linspace(0, 10, 100), np.linspace(0, 10, 11)).values().tolist() == [10] * 10


def test_one_bin() -> None:
    assert equal([1, 2, 3, 4], [1, 4]).values().tolist() == [4]
    assert equal([1, 2], np.linspace(1, 2, 2)).values().tolist() == [2]


def test_density_integrates_to_one() -> None:
    x = RNG.random(100)
    h = equal(x, np.linspace(x.min(), x.max(), 11))
    np.testing.assert_allclose(h.density(), np.histogram(x, h.edges, density=True)[0])
    assert float(np.sum(h.density() * np.diff(h.edges))) == pytest.approx(1)
    h = equal(np.arange(10), [0, 1, 3, 6, 10])
    np.testing.assert_allclose(h.density(), 0.1)
    # Counts in infinite bins: the finite ones have their share.
    h = equal(np.arange(10), [0, 1, 3, 6, np.inf])
    np.testing.assert_allclose(h.density(), [0.1, 0.1, 0.1, 0])
    np.testing.assert_allclose(equal([1, 2, 3, 4], [0.5, 1.5, np.inf]).density(), [0.25, 0])


def test_values_outside_do_not_count() -> None:
    x = np.arange(10) + 0.5
    for low, high, n in [(0, 9, 9), (1, 10, 9), (1, 9, 8)]:
        h = Histogram.uniform(n, low, high).fill(x)
        assert h.values().tolist() == np.histogram(x, n, (low, high))[0].tolist()
        np.testing.assert_allclose(h.density(), np.histogram(x, n, (low, high), density=True)[0])
        assert h.underflow + h.overflow == 10 - h.sum()


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.uint64, np.float16, np.float32, np.longdouble, bool, ">f8"])
def test_dtypes(dtype: Any) -> None:
    x = np.array([1, 1, 0, 1, 0], dtype=dtype)
    assert Histogram([0, 0.5, 1]).fill(x).values().tolist() == [2, 3]
    assert Histogram([0, 0.5, 1]).fill([0, 1, 1, 0, 0], weights=x).values().tolist() == [2, 1]
    assert Histogram([0, 0.5, 1]).fill(np.tile(x, 1000)).values().tolist() == [2000, 3000]


def test_weights() -> None:
    v, w = RNG.random(100), np.ones(100) * 5
    a, b = equal(v, np.linspace(0, 1, 11)), equal(v, np.linspace(0, 1, 11), w)
    assert (5 * a.values()).tolist() == b.values().tolist()
    np.testing.assert_allclose(a.density(), b.density())
    assert equal(np.linspace(0, 10, 101), np.linspace(0, 10, 11), np.concatenate([np.zeros(80), np.ones(21)])).values()[-2:].tolist() == [
        10,
        11,
    ]
    assert equal([1, 2, 2, 4], [0.5, 1.5, 2.5, 3.5, 4.5], [4, 3, 2, 1]).values().tolist() == [4, 5, 0, 1]
    h = equal(np.arange(9), [0, 1, 3, 6, 10], [2, 1, 1, 1, 1, 1, 1, 1, 1])
    np.testing.assert_allclose(h.density(), np.array([2, 1, 1, 1]) * [1, 2, 3, 3] / [1, 2, 3, 4] / 10)


def test_weights_of_other_kinds() -> None:
    from decimal import Decimal

    h = Histogram([0, 0.5, 1]).fill([0.1, 0.9, 0.9], weights=np.array([Decimal(1), Decimal(2), Decimal("0.5")]))
    assert h.values().tolist() == [1, 2.5]
    with pytest.raises(DTypeError, match="weights: expected real numbers, got an array of complex128"):
        Histogram([0, 1]).fill([0.5], weights=np.array([1j]))
    with pytest.raises(ShapeError, match=r"weights: expected one for each entry, shape \(4,\), got \(5,\)"):
        Histogram([0, 1]).fill([1, 2, 3, 4], [1, 2, 3, 4, 5])


def test_arguments_are_left_alone() -> None:
    x, edges, w = np.array([1.3, 2.5, 2.3]), np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])
    h = Histogram(edges).fill(x, w)
    assert (x.tolist(), edges.tolist(), w.tolist()) == ([1.3, 2.5, 2.3], [1, 2, 3], [1, 2, 3])
    edges[0] = x[0] = w[0] = -7
    assert (h.edges.tolist(), h.values().tolist()) == ([1, 2, 3], [1, 5])


def test_empty() -> None:
    assert equal([], [0, 1]).values().tolist() == [0]
    assert equal(np.array([]), np.linspace(0, 1, 11)).sum(flow=True) == 0


@pytest.mark.parametrize(("low", "high"), [(np.nan, 0.75), (0.25, np.inf), (-np.inf, 1)])
def test_ranges_that_are_not_finite(low: float, high: float) -> None:
    with pytest.raises(ValueError, match=r"(low|high): expected a finite number"):
        Histogram.uniform(10, low, high)


def test_values_next_to_borders_of_narrow_bins() -> None:
    x = np.array([337, 404, 739, 806, 1007, 1811, 2012])
    h = Histogram.uniform(8296, 2, 2280).fill(x)
    mask = h.values() > 0
    assert (x >= h.edges[:-1][mask]).all()
    assert (x < h.edges[1:][mask]).all()
    x = np.array([0.0, 0, 0, 1, 2, 3, 3, 4, 5])
    assert Histogram.uniform(30, -0.5, 5).fill(x).values()[-1] == 1


def test_the_smallest_doubles() -> None:
    h = Histogram.uniform(2, -1e-308, -2e-313).fill(np.array([-0.9e-308], dtype=">f8"))
    assert h.values().tolist() == [1, 0]
    tiny = 5e-324
    assert equal(np.arange(-3, 7) * tiny, np.arange(0, 5) * tiny).values().tolist() == [1, 1, 1, 2]


def test_unsigned_and_signed_integers() -> None:
    assert Histogram(np.array([4, 8], dtype="uint64")).fill(np.array([2])).underflow == 1
    for dtype in (np.int8, np.int16, np.int32, np.int64):
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        x = np.array([low, low // 2 + high // 2, high], dtype)
        assert Histogram.uniform(2, low, float(high)).fill(x).values().sum() == 3


def test_nan_among_the_values() -> None:
    x = np.array([0, 1, np.nan, np.nan])
    h = Histogram([0, 0.5, 1]).fill(x)
    assert (h.values().tolist(), h.invalid) == ([1, 1], 2)


def test_dates_are_refused() -> None:
    with pytest.raises(DTypeError, match="fill: expected real numbers, got an array of datetime64"):
        Histogram([0, 1]).fill(np.array(["2000-01-01"], dtype="datetime64[D]"))
    with pytest.raises(DTypeError, match="edges: expected real numbers, got an array of timedelta64"):
        Histogram(np.array([1, 2], dtype="timedelta64[D]"))


@given(st.lists(st.floats(-5, 5), max_size=30), st.integers(1, 40), st.floats(-4, 0), st.floats(0.5, 4))
def test_uniform_bins_are_numpys(values: list[float], n: int, low: float, high: float) -> None:
    h = Histogram.uniform(n, low, high)
    x = np.concatenate([values, h.edges, np.nextafter(h.edges, 9), np.nextafter(h.edges, -9)])
    assert np.array_equal(h.fill(x).values(), np.histogram(x, n, (low, high))[0])
    assert np.array_equal(h.edges, np.histogram(x, n, (low, high))[1])


# ---- several axes ----


def test_dd_simple_and_flow() -> None:
    x = np.array([[-0.5, 0.5, 1.5], [-0.5, 1.5, 2.5], [-0.5, 2.5, 0.5], [0.5, 0.5, 1.5], [0.5, 1.5, 2.5], [0.5, 2.5, 2.5]])
    edges = [np.linspace(-1, 1, 3), np.linspace(0, 3, 4), np.linspace(0, 3, 4)]
    h = Histogram(*edges).fill(*x.T)
    assert np.array_equal(h.values(), np.histogramdd(x, edges)[0])
    np.testing.assert_allclose(h.density(), np.histogramdd(x, edges, density=True)[0])
    assert all(np.array_equal(a, b) for a, b in zip(h.to_numpy()[1:], edges, strict=True))
    assert h.values(flow=True).shape == (4, 5, 5)


@given(st.integers(1, 4), st.integers(0, 10**6))
def test_dd_random(d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(200, d)), rng.normal(size=200)
    edges = [np.sort(rng.normal(size=rng.integers(2, 6))) for _ in range(d)]
    h = Histogram(*edges).fill(*x.T, weights=w)
    np.testing.assert_allclose(h.values(), np.histogramdd(x, edges, weights=w)[0], atol=1e-12)
    np.testing.assert_allclose(h.variances(), np.histogramdd(x, edges, weights=w * w)[0], atol=1e-12)
    padded = [np.concatenate([[-np.inf], e, [np.inf]]) for e in edges]
    np.testing.assert_allclose(h.values(flow=True), np.histogramdd(x, padded, weights=w)[0], atol=1e-12)


def test_dd_identical_samples_infinite_and_rightmost_borders() -> None:
    h = Histogram(np.linspace(9.5, 10.5, 3), np.linspace(9.5, 10.5, 3)).fill(np.full(10, 10.0), np.full(10, 10.0))
    assert h.values().tolist() == [[0, 0], [0, 10]]
    x = np.array([0, 1, 10.0])
    assert Histogram([-np.inf, 0, 2, np.inf]).fill(x).values().tolist() == [0, 2, 1]
    assert Histogram([-np.inf, 1, np.inf]).fill([-np.inf, np.inf, 1]).values().tolist() == [1, 2]
    assert Histogram([-np.inf, 1, np.inf], closed="right").fill([-np.inf, np.inf, 1]).values().tolist() == [2, 1]
    # Not in the last bin, but for the border itself.
    h = Histogram([0.0, 0.5, 1.0]).fill([0.0000000001, 1.0, np.nextafter(1.0, 2), 1.0001])
    assert (h.values().tolist(), h.overflow) == ([1, 1], 2)


def test_dd_non_uniform_density() -> None:
    x, y = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    h = Histogram([0, 1, 9], [0, 1, 9])
    # Each in a bin of its own, so that density falls with the area.
    h.fill(np.array([0, 0, 5, 5]), np.array([0, 5, 0, 5]))
    np.testing.assert_allclose(h.density() * [[1, 8], [8, 64]], 0.25)
    assert Histogram([0, 1, 2], [0, 1, 2]).fill(x, y).values().tolist() == [[1, 1], [1, 1]]


def test_dd_large_integers() -> None:
    big = 2**60
    x = np.array([0], np.int64)
    for low, high in [(-1, +1), (big - 1024, big + 1024)]:
        assert Histogram.uniform(2, low, high).fill(x + (low + high) // 2).values().tolist() == [0, 1]
    assert Axis([0, 2**53, 2**53 + 2]).index(2**53 + 2) == 1

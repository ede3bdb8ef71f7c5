"""Bins, weights and several axes, against the plainest histogram and against NumPy."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.histogram import PlainHistogram

import plait
from plait import Histogram
from plait.histogram import Axis

SIDES = ["left", "right"]
any_double = st.floats(allow_nan=True, allow_infinity=True)
borders = st.lists(st.floats(allow_nan=False), min_size=2, max_size=12, unique=True).map(lambda x: sorted(y + 0.0 for y in x))
borders = borders.filter(lambda x: all(a < b for a, b in itertools.pairwise(x)))


def beside(edges: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Borders, one ulp to either side, and what has no place."""
    edges = np.asarray(edges, dtype=np.float64)
    special = [np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324, np.finfo(float).max, -np.finfo(float).max]
    with np.errstate(all="ignore"):
        return np.concatenate([edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf), special])


def agree(h: Histogram, plain: PlainHistogram) -> None:
    values, variances = h.values(flow=True), h.variances(flow=True)
    for place in np.ndindex(*values.shape):
        key = tuple(i - 1 for i in place)
        assert values[place] == pytest.approx(plain.sums.get(key, 0.0), rel=1e-12)
        assert variances[place] == pytest.approx(plain.squares.get(key, 0.0), rel=1e-12)
    assert h.invalid == plain.invalid


@given(borders, st.lists(any_double, max_size=40), st.sampled_from(SIDES))
def test_one_axis_is_the_definition(edges: list[float], values: list[float], closed: Any) -> None:
    x = np.concatenate([values, beside(edges)])
    plain = PlainHistogram(edges, closed=closed)
    one_by_one = Histogram(edges, closed=closed)
    for value in x:
        plain.insert(value)
        one_by_one.insert(value)
    many = Histogram(edges, closed=closed).fill(np.tile(x, 20))
    agree(one_by_one, plain)
    assert np.array_equal(many.values(True), 20 * one_by_one.values(True))
    assert many.invalid == 20 * plain.invalid
    assert one_by_one == Histogram(edges, closed=closed).fill(x)
    valid = x[~np.isnan(x)]
    assert [int(i) for i in one_by_one.find(valid)] == [one_by_one.find(float(v)) for v in valid]


@given(
    st.lists(st.tuples(any_double, any_double, st.floats(-1e3, 1e3)), max_size=30),
    borders,
    borders,
    st.sampled_from(SIDES),
)
def test_two_axes_with_weights_are_the_definition(points: list[Any], first: list[float], second: list[float], closed: Any) -> None:
    points = [*points, *((x, y, 0.5) for x, y in zip(beside(first), beside(second), strict=False))]
    plain, h = PlainHistogram(first, second, closed=closed), Histogram(first, second, closed=closed)
    one_by_one = Histogram(first, second, closed=closed)
    for x, y, w in points:
        plain.insert(x, y, weight=w)
        one_by_one.insert(x, y, w)
    x, y, w = np.array(points).T
    agree(h.fill(x, y, weights=w), plain)
    agree(one_by_one, plain)


@pytest.mark.parametrize("closed", SIDES)
@pytest.mark.parametrize("kind", ["uniform", "log", "random", "clustered"])
def test_ten_million_values_are_where_searchsorted_finds_them(kind: str, closed: Any) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=2_500_000)  # four kinds of borders make ten million
    edges = {
        "uniform": np.linspace(-3, 3, 101),
        "log": np.geomspace(1e-6, 3, 1001),
        "random": np.sort(rng.normal(size=1000)),
        "clustered": np.concatenate([[-3], 1 + np.arange(1000) * 2.0**-52, [1e300]]),
    }[kind]
    x[: len(edges)] = edges
    expected = np.searchsorted(edges, x, side="right" if closed == "left" else "left") - 1
    expected[x == edges[-1]] = len(edges) - 2
    expected[x == edges[0]] = 0
    h = Histogram(edges, closed=closed)
    assert np.array_equal(h.find(x), expected)
    assert np.array_equal(h.fill(x).values(flow=True), np.bincount(expected + 1, minlength=len(edges) + 1))


def test_a_value_on_a_uniform_border_is_not_one_bin_off() -> None:
    """A report from the trade: 0.1 * 3 is the double after 0.3, and the border of linspace."""
    h = Histogram.uniform(10, 0, 1)
    assert h.find(0.1 * 3) == 3
    assert h.find(np.nextafter(0.1 * 3, 0)) == 2
    x = np.array([k / 10 for k in range(11)] + [0.1 * k for k in range(11)])
    assert np.array_equal(h.fill(x).values(), np.histogram(x, 10, (0, 1))[0])


def test_float32_is_compared_as_the_double_that_it_is() -> None:
    x = (np.arange(11) / 10).astype(np.float32)
    h = Histogram.uniform(10, 0, 1)
    assert np.array_equal(h.fill(np.tile(x, 100)).values(True), 100 * Histogram(h.edges).fill(x.astype(np.float64)).values(True))


def test_nan_is_no_overflow() -> None:
    """A report from the trade: boost-histogram counts NaN as overflow."""
    h = Histogram([0, 1]).fill([np.nan] * 1000 + [0.5])
    assert (h.overflow, h.underflow, h.invalid, h.sum(flow=True)) == (0, 0, 1000, 1)
    h = Histogram([0, 1], [0, 1]).fill([0.5, np.nan, 0.5, np.nan], [0.5, 0.5, np.nan, np.nan], weights=[1, 2, 3, 4])
    assert (h.invalid, h.sum(flow=True)) == (3, 1)


def test_weights_variances_and_effective_entries() -> None:
    h = Histogram([0, 1, 2]).fill([0.5, 0.5, 1.5, 5], weights=[1, 3, -2, 1])
    assert h.values(flow=True).tolist() == [0, 4, -2, 1]
    assert h.variances(flow=True).tolist() == [0, 10, 4, 1]
    assert h.counts(flow=True).tolist() == [0, pytest.approx(1.6), pytest.approx(1), 1]
    plain = Histogram([0, 1, 2]).fill([0.5, 0.5])
    assert plain.counts().tolist() == plain.values().tolist() == plain.variances().tolist() == [2, 0]
    mixed = plain.fill([1.5], weights=4)
    assert (mixed.values().tolist(), mixed.variances().tolist(), mixed.counts().tolist()) == ([2, 4], [2, 16], [2, 1])
    assert Histogram([0, 1]).fill([0.5, 0.5], [2, 2]) == Histogram([0, 1]).fill([0.5, 0.5], weights=2)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("bins", [10, 30_000])
def test_results_do_not_depend_on_the_number_of_threads(bins: int, weighted: bool) -> None:
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=700_001), rng.normal(size=700_001) if weighted else None
    x[::1000] = np.nan
    made = [Histogram.uniform(bins, -3, 3).fill(x, weights=w, threads=threads) for threads in (1, 2, 3)]
    assert made[0] == made[1] == made[2]
    expected, _ = np.histogram(x[~np.isnan(x)], made[0].edges, weights=None if w is None else w[~np.isnan(x)])
    np.testing.assert_allclose(made[0].values(), expected, rtol=1e-9, atol=1e-9)
    assert made[0].invalid == 701


@pytest.mark.parametrize("data", ["sorted", "constant", "heavy-tailed", "one bin", "NaN", "integers", "strided", "float32"])
def test_kinds_of_data(data: str) -> None:
    rng = np.random.default_rng(2)
    x: Any = rng.standard_cauchy(300_000)
    if data == "sorted":
        x = np.sort(x)
    elif data == "constant":
        x = np.full(300_000, 0.25)
    elif data == "one bin":
        x = rng.uniform(0.2, 0.21, 300_000)
    elif data == "NaN":
        x[rng.random(300_000) < 0.5] = np.nan
    elif data == "integers":
        x = rng.integers(-5, 5, 300_000)
    elif data == "strided":
        x = x[::3]
    elif data == "float32":
        x = x.astype(np.float32)
    for axis in (Axis.uniform(50, -2, 2), Axis.logarithmic(40, 1e-3, 10), Axis(np.sort(rng.normal(size=70)))):
        h = Histogram(axis).fill(x)
        kept = np.asarray(x, dtype=np.float64)
        kept = kept[~np.isnan(kept)]
        assert np.array_equal(h.values(), np.histogram(kept, axis.edges)[0])
        assert h.invalid == len(x) - len(kept)
        assert h.sum(flow=True) == len(kept)


def test_merging() -> None:
    x = np.random.default_rng(3).normal(size=1000)
    make = lambda: Histogram.uniform(7, -2, 2)  # noqa: E731
    whole, first, second = make().fill(x), make().fill(x[:300]), make().fill(x[300:])
    assert first + second == whole == sum([first, second])
    before = copy.copy(first)
    first += second
    assert first == whole
    assert before + second == whole
    weighted = make().fill(x, weights=2.0)
    assert (whole + weighted).variances().tolist() == (5 * whole.values()).tolist()
    first += first
    assert first.values().tolist() == (2 * whole.values()).tolist()
    for other, word in [
        (Histogram.uniform(8, -2, 2), "7 and 8 bins"),
        (Histogram.uniform(7, -2, 2.1), "border 1 is"),
        (Histogram.uniform(7, -2, 2, closed="right"), "closed on the left and on the right"),
        (Histogram(Axis.uniform(7, -2, 2), [0, 1]), "1 and 2 axes"),
    ]:
        with pytest.raises(ValueError, match=word):
            whole + other
        with pytest.raises(ValueError, match=word):
            whole += other
    with pytest.raises(ValueError, match="a log and a linear scale"):
        Histogram.logarithmic(3, 1, 10) + Histogram(Histogram.logarithmic(3, 1, 10).edges)
    with pytest.raises(TypeError):
        whole + 1  # type: ignore[operator]


def test_copies_and_pickles_are_equal_and_apart() -> None:
    h = Histogram(Axis.logarithmic(3, 1, 10, label="x"), [0, 1], closed="right").fill([2, np.nan], [0.5, 0.5], weights=[2, 1])
    for made in (copy.copy(h), copy.deepcopy(h), pickle.loads(pickle.dumps(h))):
        assert made == h
        assert made.axes[0].label == "x"
        made.insert(2, 0.5)
        assert made != h
    assert h != 3
    with pytest.raises(TypeError, match="unhashable"):
        hash(h)


def test_executors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plait.histogram._fill.PIECE", 1000)
    rng = np.random.default_rng(4)
    x, y, w = rng.normal(size=4500), rng.normal(size=4500), rng.normal(size=4500)
    make = lambda: Histogram.uniform(9, -2, 2)  # noqa: E731
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(1) as processes:
        assert make().fill(x, executor=threads) == make().fill(x, executor=processes) == make().fill(x)
        weighted = make().fill(x, w, executor=threads)
        assert weighted == make().fill(x, w, executor=processes)
        np.testing.assert_allclose(weighted.values(), make().fill(x, w).values(), rtol=1e-12)
        two = Histogram([-1, 0, 1], [-1, 1])
        assert copy.copy(two).fill(x, y, executor=threads) == two.fill(x, y)
        h = make().fill([0.0])
        w[-1] = np.nan
        with pytest.raises(ValueError, match="weights"):
            h.fill(x, w, executor=threads)
        assert h == make().fill([0.0])
    with pytest.raises(TypeError, match=r"executor: expected one of concurrent.futures's protocol, got int"):
        h.fill(x, executor=3)


def test_several_threads_fill_one() -> None:
    h, x = Histogram.uniform(5, 0, 1), np.random.default_rng(6).random(100_000)
    workers = [threading.Thread(target=lambda: [h.fill(x), h.insert(0.5)]) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert h.sum() == 400_004


def test_shapes_and_scalars() -> None:
    assert Histogram([0, 1]).fill(np.zeros((3, 4))).sum() == 12
    assert Histogram([0, 1]).fill(np.zeros((3, 4)), np.ones((3, 4))).sum() == 12
    assert Histogram([0, 1]).fill(0.5).sum() == 1
    assert Histogram([0, 1]).fill([]).sum() == 0
    assert Histogram([0, 1], [0, 1]).fill([0.1, 0.2], 0.5).sum() == 2
    assert Histogram([0, 1]).fill(np.ma.masked_array([0.5, 0.5], [False, True])).invalid == 1
    assert Histogram([0, 1], "right").closed == "right"
    h = Histogram([0, 1, 2], [0, 1])
    assert h.find(0.5, 7) == (0, 1)
    assert [part.tolist() for part in h.find([0.5, 3], [0, -1])] == [[0, 2], [0, -1]]
    assert (h.ndim, h.shape, h.underflow) == (2, (2, 1), (0.0, 0.0))
    pandas = pytest.importorskip("pandas")
    assert Histogram([0, 1]).fill(pandas.array([0.5, None], dtype="Float64")).invalid == 1
    assert Histogram([0, 1]).fill(pandas.Series([0.5, 2])).overflow == 1


@pytest.mark.parametrize("n", [1, 3, 10, 1000])
@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1e308, 1e308), (1e-310, 1e-300), (5, 5 + 1e-9), (-7, -2)])
def test_uniform_borders_are_linspace(n: int, low: float, high: float) -> None:
    h = Histogram.uniform(n, low, high)
    assert (h.edges[0], h.edges[-1], len(h.edges)) == (low, high, n + 1)
    if high - low < 1e308:
        assert np.array_equal(h.edges, np.linspace(low, high, n + 1))
    x = beside(h.edges)
    x = x[~np.isnan(x)]
    assert np.array_equal(Histogram(h.edges).fill(np.tile(x, 10)).values(), 10 * np.histogram(x, h.edges)[0])


def test_axis_is_a_sequence_of_pairs() -> None:
    axis = Axis([0, 1, 4], label="t")
    assert list(axis) == [(0, 1), (1, 4)] == [axis[0], axis[-1]]
    assert (axis.size, axis.extent, axis.centers.tolist(), axis.widths.tolist()) == (2, 4, [0.5, 2.5], [1, 3])
    assert [axis.index(x) for x in (-1, 0, 1, 4, 5)] == [-1, 0, 1, 1, 2]
    assert (axis == Axis([0, 1, 4]), axis == Axis([0, 1, 5]), axis == 3) == (True, False, False)
    assert hash(axis) == hash(Axis([0, 1, 4]))
    assert [axis.bin(-1), axis.bin(2)] == [(-math.inf, 0), (4, math.inf)]
    assert "label='t'" in repr(axis)
    with pytest.raises(IndexError):
        axis[2]
    with pytest.raises(ValueError, match="read-only"):
        axis.edges[0] = 3
    assert pickle.loads(pickle.dumps(axis)) == axis


def test_repr() -> None:
    assert repr(Histogram([0, 1]).fill([0.5, 2])) == (
        "Histogram(1 bins from 0 to 1, closed='left'; inside 1, underflow 0, overflow 1, invalid 0)"
    )
    assert "outside 1" in repr(Histogram([0, 1], [0, 1]).fill([0.5], [2]))
    assert plait.Histogram is Histogram

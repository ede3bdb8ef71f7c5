"""Quantiles, moments, cumulative sums, and their results for empty histograms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.histogram import inverse_distribution

from plait import Histogram
from plait.histogram import Axis

INF = np.inf


@given(
    st.lists(st.floats(-10, 10), min_size=1, max_size=50),
    st.lists(st.floats(-8, 8), min_size=2, max_size=9, unique=True),
    st.lists(st.floats(0, 1), min_size=1, max_size=9),
)
def test_the_true_quantile_is_within_the_bounds(values: list[float], edges: list[float], q: list[float]) -> None:
    h = Histogram(np.unique(np.array(edges) + 0.0)) if len(np.unique(np.array(edges) + 0.0)) > 1 else Histogram([-1, 1])
    h.fill(values)
    low, high = h.quantile_bounds(q)
    found = h.quantile(q)
    for k, share in enumerate(q):
        # A share within rounding of a whole number of values may take either neighbour.
        near = [inverse_distribution(values, min(1.0, max(0.0, share + off))) for off in (-1e-12, 0, 1e-12)]
        assert any(low[k] <= x <= high[k] for x in near)
        assert low[k] <= found[k] <= high[k]
    ordered = found[np.argsort(q)]
    assert (ordered[1:] >= ordered[:-1]).all()


def test_quantiles_by_hand() -> None:
    h = Histogram([0, 1, 2, 3, 4]).fill([-5, 0.5, 0.6, 2.5, 9])
    assert h.quantile([0, 0.1, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1]).tolist() == pytest.approx([-INF, -INF, -INF, 0.5, 1, 2.5, 3, INF, INF])
    assert h.quantile_bounds(0.5) == (0, 1)
    assert h.quantile_bounds([0.1, 0.7, 1])[0].tolist() == [-INF, 2, 4]
    assert h.quantile_bounds([0.1, 0.7, 1])[1].tolist() == [0, 3, INF]
    # Without flow the ends are those of what is filled.
    assert Histogram([0, 1, 2, 3]).fill([1.5]).quantile([0, 0.5, 1]).tolist() == [1, 1.5, 2]


def test_quantiles_follow_the_scale() -> None:
    h = Histogram.logarithmic(2, 1, 10_000).fill([10, 20, 30, 40])
    assert h.quantile([0.25, 0.5, 1]) == pytest.approx([10**0.5, 10, 100])
    assert Histogram(h.edges).fill([10, 20, 30, 40]).quantile(0.5) == pytest.approx(50.5)
    x = np.exp(np.random.default_rng(1).normal(size=100_000))
    h = Histogram.logarithmic(200, 1e-3, 1e3).fill(x)
    np.testing.assert_allclose(h.quantile([0.01, 0.5, 0.99]), np.quantile(x, [0.01, 0.5, 0.99]), rtol=0.01)


def test_quantiles_of_infinite_and_huge_bins() -> None:
    h = Histogram([-INF, 0, 1, INF]).fill([-1, 0.5, 0.6, 7])
    assert h.quantile([0.1, 0.25, 0.5, 0.9, 1]).tolist() == [-INF, 0, 0.5, INF, INF]
    assert Histogram([-1e308, 1e308]).fill([0, 0]).quantile(0.5) == 0
    assert Histogram([-INF, INF]).fill([0, 0]).quantile(0.5) == -INF


def test_moments_are_those_of_centres() -> None:
    h = Histogram([0, 2, 4, 10]).fill([1, 3, 3, 11, -1])
    assert h.mean() == pytest.approx(7 / 3)
    assert h.std() == pytest.approx(np.std([1, 3, 3]))
    x = np.random.default_rng(2).normal(3, 2, 100_000)
    fine = Histogram.uniform(1000, -10, 16).fill(x, weights=0.5)
    assert fine.mean() == pytest.approx(x.mean(), abs=1e-3)
    assert fine.std() == pytest.approx(x.std(), abs=1e-3)
    two = Histogram([0, 2, 4], [0, 10]).fill([1, 3, 3], [5, 5, 5])
    np.testing.assert_allclose(two.mean(), [7 / 3, 5])
    np.testing.assert_allclose(two.std(), [np.std([1, 3, 3]), 0], atol=1e-12)
    assert Histogram.logarithmic(1, 1, 100).fill([5]).mean() == pytest.approx(10)


def test_running_sums() -> None:
    h = Histogram([0, 1, 2]).fill([-1, 0.5, 1.5, 1.6, 9])
    assert h.cumulative().tolist() == [1, 3]
    assert h.cumulative(flow=True).tolist() == [1, 2, 4, 5]
    two = Histogram([0, 1, 2], [0, 1, 2]).fill([0.5, 1.5], [0.5, 1.5])
    assert two.cumulative().tolist() == [[1, 1], [1, 2]]


def test_to_numpy() -> None:
    h = Histogram([0, 1, 2]).fill([0.5, 5])
    values, edges = h.to_numpy(flow=True)
    assert (values.tolist(), edges.tolist()) == ([0, 1, 0, 1], [-INF, 0, 1, 2, INF])
    edges = h.to_numpy()[1]
    edges[0] = -3  # a copy
    assert h.edges[0] == 0


def test_projections() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(3, 500))
    h = Histogram([-1, 0, 1], [-1, 0.5, 1, 2], Axis([-1, 1], label="z")).fill(*x, weights=rng.random(500))
    np.testing.assert_allclose(h.project(1).values(True), h.values(True).sum(axis=(0, 2)))
    np.testing.assert_allclose(h.project(2, 0).values(True), h.values(True).sum(axis=1).T)
    np.testing.assert_allclose(h.project(2, 0).variances(True), h.variances(True).sum(axis=1).T)
    np.testing.assert_allclose(h.project(1, 2, 0).values(True), np.moveaxis(h.values(True), [1, 2, 0], [0, 1, 2]))
    assert [axis.label for axis in h.project(-1, 0).axes] == ["z", ""]
    for wrong in [(), (3,), (0, 0), (0, -3)]:
        with pytest.raises(ValueError, match="project"):
            h.project(*wrong)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda h: h.quantile(0.5), "quantile: the histogram is empty"),
        (lambda h: h.quantile_bounds(0.5), "quantile: the histogram is empty"),
        (lambda h: h.mean(), "mean: the histogram is empty"),
        (lambda h: h.std(), "std: the histogram is empty"),
        (lambda h: h.density(), "density: the histogram is empty"),
        (lambda h: h.quantile(1.5), "q: expected numbers from 0 to 1, got 1.5"),
        (lambda h: h.quantile([0.1, np.nan]), "q: expected numbers from 0 to 1, got nan"),
        (lambda h: h.fill([0.5], weights=-1).quantile(0.5), "sum up to less than 0"),
        (lambda h: h.fill([0.5], weights=-1).mean(), "not positive"),
        (lambda _: Histogram([0, 1], [0, 1]).quantile(0.5), r"quantile: the histogram has 2 axes; h.project\(k\) is that of one"),
        (lambda _: Histogram([0, 1], [0, 1]).edges, "edges: the histogram has 2 axes"),
        (lambda _: Histogram([-INF, 0, 1]).fill([-1]).mean(), r"mean: the bin \(-inf, 0.0\) has no centre"),
    ],
)
def test_no_quiet_nan(ask: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask(Histogram([0, 1]))


def test_plots() -> None:
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    ax = Histogram(Axis.logarithmic(3, 1, 1000, label="size")).fill([2, 20, 30]).plot()
    assert (ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel()) == ("log", "size", "count")
    assert ax.patches[0].get_data().values.tolist() == [1, 2, 0]
    other = Histogram([-INF, 0, 1, INF]).fill([0.5]).plot(ax=plt.subplots()[1], density=True, color="k")
    assert other.get_ylabel() == "density"
    two = Histogram([0, 1, 2], [0, 1]).fill([0.5], [0.5]).plot()
    assert two.collections[0].get_array().ravel().tolist() == [1, 0]
    with pytest.raises(ValueError, match="plot: expected one axis or two, got 3"):
        Histogram([0, 1], [0, 1], [0, 1]).plot()
    plt.close("all")

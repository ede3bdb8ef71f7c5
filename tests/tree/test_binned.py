"""Binned growing: the same tree where bins hold one value each, as good a tree where they do not, and pieces that are added up elsewhere."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

from plait.tree import C45Classifier
from plait.tree._pieces import add_up

Array = np.ndarray[Any, Any]


def table(n: int, missing: float = 0.0, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5))
    X[:, 4] = rng.integers(0, 6, n)
    y = (X[:, 0] + X[:, 1] * X[:, 2] + (X[:, 4] > 2) + rng.normal(0, 0.4, n) > 0.5).astype(int) + 2 * (X[:, 3] > 1.2)
    X[rng.random(X.shape) < missing] = np.nan
    return X, y


def same(a: C45Classifier, b: C45Classifier) -> None:
    for name in ("attribute", "threshold", "first", "map"):
        np.testing.assert_array_equal(getattr(a.tree_, name), getattr(b.tree_, name))
    np.testing.assert_allclose(a.tree_.counts, b.tree_.counts, atol=1e-6)


@pytest.mark.parametrize("missing", [0.0, 0.05])
@pytest.mark.parametrize("weighted", [False, True])
def test_bins_of_one_value_change_nothing(missing: float, weighted: bool) -> None:
    X, y = table(12_000, missing)
    X = np.round(X * 8) / 8  # fewer values than bins
    w = np.random.default_rng(1).integers(1, 3, len(X)).astype(float) if weighted else None
    options: dict[str, Any] = {"categorical": [4], "min_leaf": 5}
    same(C45Classifier(max_bins=200, **options).fit(X, y, w), C45Classifier(**options).fit(X, y, w))


def test_few_bins_cost_little() -> None:
    X, y = table(20_000)
    test, truth = table(20_000, seed=1)
    exact = C45Classifier(categorical=[4]).fit(X, y).score(test, truth)
    binned = C45Classifier(categorical=[4], max_bins=64).fit(X, y)
    assert binned.score(test, truth) > exact - 0.01
    thresholds = binned.tree_.threshold[(binned.tree_.attribute >= 0) & (binned.tree_.map < 0)]
    assert np.isin(thresholds, X).all()  # numbers of the data
    assert len(np.unique(thresholds)) <= 4 * 63


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_histograms_may_be_added_up_elsewhere(kind: str) -> None:
    X, y = table(140_000, 0.01)
    here = C45Classifier(categorical=[4], max_bins=32, max_depth=4).fit(X, y)
    pool: Any = ThreadPoolExecutor(2) if kind == "threads" else ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    calls = []

    class Counting:
        def submit(self, function: Any, *arguments: Any) -> Any:
            calls.append(function)
            return pool.submit(function, *arguments)

    with pool:
        there = C45Classifier(categorical=[4], max_bins=32, max_depth=4, executor=Counting()).fit(X, y)
    assert len(calls) > 3
    assert set(calls) == {add_up}
    same(here, there)


def test_an_error_elsewhere_is_told() -> None:
    class Failing:
        def submit(self, *_: Any) -> Any:
            raise OSError("no workers")

    X, y = table(70_000)
    with pytest.raises(OSError, match="no workers"):
        C45Classifier(max_bins=16, executor=Failing()).fit(X, y)


def test_pieces_are_checked() -> None:
    codes, labels, offsets = np.zeros((2, 1), np.uint16), np.zeros(2, np.uint16), np.array([0, 3], np.int32)
    assert add_up(codes, labels, None, offsets, 2).tolist() == [[2, 0], [0, 0], [0, 0]]
    with pytest.raises(ValueError, match="code 9"):
        add_up(codes + np.uint16(9), labels, None, offsets, 2)
    with pytest.raises(ValueError, match="label 7"):
        add_up(codes, labels + np.uint16(7), None, offsets, 2)
    with pytest.raises(ValueError, match="do not fit"):
        add_up(codes, labels[:1], None, offsets, 2)


@pytest.mark.parametrize("bins", [None, 64])
@pytest.mark.parametrize("missing", [0.0, 0.03])
def test_a_large_fit_is_the_same_with_any_number_of_threads(bins: int | None, missing: float) -> None:
    """Large enough for stretches of a partition, subtrees with histograms, and waves of pruning."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(70_000, 3))
    y = (X[:, 0] * X[:, 1] + rng.normal(0, 0.5, len(X)) > 0).astype(int) + (X[:, 2] > 1)
    X[rng.random(X.shape) < missing] = np.nan
    weights = rng.integers(1, 3, len(X)) / 7.0
    for given in (None, weights):
        one, *others = (C45Classifier(max_bins=bins, threads=threads).fit(X, y, given).tree_ for threads in (1, 2, 5))
        for other in others:
            for name in ("attribute", "threshold", "first", "branches", "weight", "counts"):
                np.testing.assert_array_equal(getattr(other, name), getattr(one, name))

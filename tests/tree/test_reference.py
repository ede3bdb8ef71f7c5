"""The compiled tree and its plain twin: the same attributes, thresholds and counts, whatever the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.c45 import C45, Node

from plait import _core
from plait.tree import C45Classifier

Array = np.ndarray[Any, Any]


def same(tree: Any, node: Node) -> None:
    """Walks both side by side."""
    stack = [(0, node, np.zeros(0))]
    while stack:
        at, twin, above = stack.pop()
        counts = twin.counts
        expected = above if counts.sum() < 1e-6 else counts  # an empty leaf says what its parent says
        np.testing.assert_allclose(tree.counts[at], expected, atol=1e-6)
        assert tree.weight[at] == pytest.approx(counts.sum(), abs=1e-6)
        assert tree.branches[at] == len(twin.children)
        if twin.children:
            assert tree.attribute[at] == twin.attribute
            if twin.numeric:
                assert tree.threshold[at] == twin.threshold
            stack += [(tree.first[at] + b, child, expected) for b, child in enumerate(twin.children)]


def grown(X: Array, y: Array, w: Array | None, categories: list[int], **options: Any) -> Any:
    given_options = {"min_leaf": 2.0, "confidence": 0.25, "prune": True, "subtree_raising": True, **options}
    return _core.tree.fit(
        np.ascontiguousarray(X, np.float64),
        y.astype(np.uint16),
        int(y.max()) + 1,
        w,
        categories,
        subsets=False,
        max_depth=-1,
        max_bins=0,
        threads=0,
        collect=None,
        **given_options,
    )


@st.composite
def tables(draw: st.DrawFn) -> tuple[Array, Array, Array | None, list[int]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d, classes = draw(st.integers(1, 60)), draw(st.integers(1, 4)), draw(st.integers(1, 4))
    categories = [draw(st.sampled_from([0, 0, 2, 3, 5])) for _ in range(d)]
    columns = []
    for c in categories:
        column = rng.integers(0, c, n).astype(float) if c else rng.integers(0, draw(st.sampled_from([2, 8, 1000])), n) / 4
        columns.append(np.where(rng.random(n) < draw(st.sampled_from([0.0, 0.0, 0.1, 0.5])), np.nan, column))
    X = np.stack(columns, 1)
    signal = np.nan_to_num(X[:, 0]) + (np.nan_to_num(X[:, -1]) > 1) + rng.normal(0, draw(st.sampled_from([0.3, 2.0])), n)
    y = (np.argsort(np.argsort(signal)) * classes // n).astype(np.int64)
    w = rng.integers(1, 4, n) / draw(st.sampled_from([1.0, 3.0])) if draw(st.booleans()) else None
    return X, y, w, categories


@settings(max_examples=150)
@given(tables(), st.sampled_from([1.0, 2.0, 3.5]), st.sampled_from([0.05, 0.25, 0.5]), st.booleans(), st.booleans())
def test_the_tree_is_its_twins(
    table: tuple[Array, Array, Array | None, list[int]], min_leaf: float, confidence: float, prune: bool, raising: bool
) -> None:
    X, y, w, categories = table
    tree = grown(X, y, w, categories, min_leaf=min_leaf, confidence=confidence, prune=prune, subtree_raising=raising)
    twin = C45(categories, int(y.max()) + 1, min_leaf, confidence, prune, raising)
    same(tree, twin.fit(X, y, np.ones(len(y)) if w is None else w))


@settings(max_examples=60)
@given(tables())
def test_probabilities_are_shares_of_leaves(table: tuple[Array, Array, Array | None, list[int]]) -> None:
    X, y, w, categories = table
    tree = grown(X, y, w, categories)

    def by_hand(x: Array, node: int) -> Array:
        counts, branches, first = tree.counts[node], tree.branches[node], tree.first[node]
        if branches == 0:
            return np.asarray(counts / counts.sum())
        value = x[tree.attribute[node]]
        if not np.isnan(value):
            return by_hand(x, first + (int(value) if categories[tree.attribute[node]] else int(value > tree.threshold[node])))
        weights = tree.weight[first : first + branches]
        return np.sum([w / weights.sum() * by_hand(x, first + b) for b, w in enumerate(weights) if w > 0], axis=0)

    expected = np.array([by_hand(x, 0) for x in X])
    np.testing.assert_allclose(tree.probabilities(X), expected, atol=1e-12)
    many = np.tile(X, (100, 1))  # blocks of rows take another way
    np.testing.assert_array_equal(tree.probabilities(many)[: len(X)], tree.probabilities(X))
    np.testing.assert_array_equal(tree.predict(many)[-len(X) :], tree.predict(X))
    np.testing.assert_array_equal(tree.apply(many)[-len(X) :], tree.apply(X))


@pytest.mark.parametrize("options", [{}, {"max_bins": 40}, {"prune": False}])
@pytest.mark.parametrize("missing", [0.0, 0.02])
def test_threads_change_nothing(options: dict[str, Any], missing: float) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 5))
    X[:, 4] = rng.integers(0, 4, len(X))
    y = (X[:, 0] * X[:, 1] + X[:, 2] + (X[:, 4] == 2) + rng.normal(0, 0.5, len(X)) > 0).astype(int) + (X[:, 3] > 1)
    X[rng.random(X.shape) < missing] = np.nan
    trees = [C45Classifier(categorical=[4], threads=threads, **options).fit(X, y) for threads in (1, 2, 5)]
    for tree in trees[1:]:
        for name in ("attribute", "threshold", "first", "weight", "counts", "maps"):
            np.testing.assert_array_equal(getattr(tree.tree_, name), getattr(trees[0].tree_, name))
    assert trees[0].score(X, y) > 0.8  # the noise leaves no more than about 0.85

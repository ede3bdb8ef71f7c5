"""Distance-weighted neighbours, and nearest-neighbour regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plait.align import DTW, LCS, SoftDTW, TimeSeriesKNN, TimeSeriesKNNRegressor

RNG = np.random.default_rng(7)
SERIES = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=3, max_size=7)


def plain_weights(distances: list[float]) -> list[float]:
    if 0 in distances:
        return [float(d == 0) for d in distances]
    return [1 / d for d in distances]


@given(SERIES, SERIES, st.integers(1, 3), st.booleans())
def test_votes_and_means_are_weighted(series: Any, queries: Any, k: int, by_distance: bool) -> None:
    weights = "distance" if by_distance else "uniform"
    targets = [float(sum(s)) for s in series]
    labels = [len(s) for s in series]
    means = TimeSeriesKNNRegressor(DTW(root=True), k, weights).fit(series, targets).predict(queries)
    votes = TimeSeriesKNN(DTW(root=True), k, weights).fit(series, labels)
    shares = votes.predict_proba(queries)
    for q, query in enumerate(queries):
        near = sorted((DTW(root=True).score(query, s), i) for i, s in enumerate(series))[:k]
        counted = plain_weights([d for d, _ in near]) if by_distance else [1.0] * k
        assert means[q] == pytest.approx(sum(w * targets[i] for w, (_, i) in zip(counted, near, strict=True)) / sum(counted))
        for c, label in enumerate(votes.classes_):
            right = sum(w for w, (_, i) in zip(counted, near, strict=True) if labels[i] == label) / sum(counted)
            assert shares[q, c] == pytest.approx(right)


def test_k_is_another_name_of_n_neighbors() -> None:
    model = TimeSeriesKNN(k=3)
    assert (model.n_neighbors, model.k, repr(model)) == (3, 3, "TimeSeriesKNN(n_neighbors=3)")
    assert "k" not in model.get_params()
    assert model.set_params(k=2).n_neighbors == 2
    model.k = 4
    assert model.get_params()["n_neighbors"] == 4
    assert TimeSeriesKNN(n_neighbors=2, k=2).k == 2
    with pytest.raises(ValueError, match="k is another name of n_neighbors, got k=3 and n_neighbors=2"):
        TimeSeriesKNNRegressor(n_neighbors=2, k=3)


def test_several_targets_and_r_squared() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    X = RNG.normal(size=(20, 6))
    y = np.stack([X.sum(axis=1), X[:, 0], np.zeros(20)], axis=1)
    model = TimeSeriesKNNRegressor(n_neighbors=3, weights="distance").fit(X[:12], y[:12])
    said = model.predict(X[12:])
    assert said.shape == (8, 3)
    weights = RNG.uniform(size=8)
    assert model.score(X[12:], y[12:], weights) == pytest.approx(metrics.r2_score(y[12:], said, sample_weight=weights))
    one = TimeSeriesKNNRegressor().fit(X, y[:, 0])
    assert one.predict(X).shape == (20,)
    assert one.score(X, y[:, 0]) == 1.0


def test_regression_keeps_scikit_learns_conventions() -> None:
    base = pytest.importorskip("sklearn.base")
    selection = pytest.importorskip("sklearn.model_selection")
    X = RNG.normal(size=(24, 8))
    y = X[:, 3] * 2
    model = TimeSeriesKNNRegressor(DTW(window=1), n_neighbors=2)
    assert base.is_regressor(model)
    grid = {"aligner__window": [0, 2], "n_neighbors": [1, 3], "weights": ["uniform", "distance"]}
    search = selection.GridSearchCV(base.clone(model), grid, cv=3, error_score="raise").fit(X, y)
    assert set(search.best_params_) == set(grid)
    with pytest.raises(ValueError, match="not fitted"):
        base.clone(model).predict(X)


def test_distances_of_zero_and_of_nothing_are_no_nan() -> None:
    X, y = [[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]], [1.0, 3.0, 100.0]
    assert TimeSeriesKNNRegressor(n_neighbors=3, weights="distance").fit(X, y).predict([[0.0, 0.0]]).tolist() == [2.0]
    tiny = np.array([[1e-200], [2e-200]])
    assert TimeSeriesKNNRegressor(DTW("absolute"), 2, "distance").fit(tiny, [3.0, 0.0]).predict([[0.0]])[0] == pytest.approx(2.0)
    assert TimeSeriesKNN(n_neighbors=2, weights=lambda d: 1 / (1 + d)).fit(X, [0, 1, 1]).predict_proba([[0.0, 0.0]]).tolist() == [
        [0.5, 0.5]
    ]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: TimeSeriesKNN(weights="inverse").fit([[1]], [0]), "weights: expected 'uniform', 'distance' or a function"),
        (lambda: TimeSeriesKNN(LCS(), weights="distance").fit(["a"], [0]), "'distance' needs an aligner that looks for small scores"),
        (
            lambda: TimeSeriesKNN(SoftDTW(gamma=5.0), weights="distance").fit([[0, 1, 2]], [0]).predict([[0, 1, 2]]),
            "needs scores that are not negative",
        ),
        (lambda: TimeSeriesKNN(weights=lambda d: -d - 1).fit([[1]], [0]).predict([[1]]), "weights: expected finite numbers of shape"),
        (lambda: TimeSeriesKNNRegressor().fit([[1]], None), "requires y"),
        (lambda: TimeSeriesKNNRegressor().fit([[1]], ["a"]), "y holds <U1, which is no array of numbers"),
        (lambda: TimeSeriesKNNRegressor().fit([[1]], [np.nan]), "y contains NaN"),
        (lambda: TimeSeriesKNNRegressor().fit([[1]], [1, 2]), "inconsistent numbers of samples"),
        (lambda: TimeSeriesKNNRegressor(n_neighbors=2).fit([[1]], [1]), "n_neighbors: expected 1 to 1"),
    ],
)
def test_what_does_not_fit_is_named(make: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()

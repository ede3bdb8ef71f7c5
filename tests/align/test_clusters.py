"""Clusters of series: never empty, and never worse than a plain search on small data."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plait
from plait.align import DTW, LCS, Levenshtein, SoftDTW, TimeSeriesKMeans, TimeSeriesKMedoids

SERIES = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=4), min_size=3, max_size=8)


def plain_sum(scores: Any, medoids: Any) -> float:
    return sum(min(row[m] for m in medoids) for row in scores)


@given(SERIES, st.integers(1, 3))
def test_no_exchange_of_a_medoid_helps(series: Any, k: int) -> None:
    model = TimeSeriesKMedoids(n_clusters=k).fit(series)
    scores = [[DTW().score(a, b) for b in series] for a in series]
    medoids = model.medoid_indices_.tolist()
    assert model.inertia_ == pytest.approx(plain_sum(scores, medoids))
    assert set(model.labels_.tolist()) == set(range(k))
    for out, into in itertools.product(range(k), range(len(series))):
        other = [into if i == out else m for i, m in enumerate(medoids)]
        assert plain_sum(scores, other) >= model.inertia_ - 1e-9


@given(SERIES, st.integers(1, 3), st.integers(0, 5))
def test_averages_are_those_of_their_clusters(series: Any, k: int, seed: int) -> None:
    model = TimeSeriesKMeans(n_clusters=k, rng=seed, max_iter=20).fit(series)
    assert sorted(set(model.labels_.tolist())) == list(range(k))  # none is empty, even where series are equal
    scores = model.transform(series)
    assert model.inertia_ == pytest.approx(sum(scores[i, label] for i, label in enumerate(model.labels_)))
    assert (scores[np.arange(len(series)), model.predict(series)] == scores.min(axis=1)).all()
    again = TimeSeriesKMeans(n_clusters=k, rng=seed, max_iter=20).fit(series)
    assert again.labels_.tolist() == model.labels_.tolist()


def test_rounds_never_make_it_worse() -> None:
    data = plait.datasets.gestures(rng=1)
    before = np.inf
    for rounds in (1, 2, 4, 8):
        model = TimeSeriesKMeans(DTW(window=0.5), n_clusters=3, rng=3, max_iter=rounds).fit(data.train_series)
        assert model.inertia_ <= before * (1 + 1e-9)
        before = model.inertia_


@pytest.mark.parametrize("aligner", [None, DTW(window=0.3), SoftDTW(gamma=0.1)], ids=repr)
@pytest.mark.parametrize("width", [(), (2,)])
def test_kinds_far_apart_are_found(aligner: Any, width: Any) -> None:
    rng = np.random.default_rng(2)
    series = [rng.normal(size=(12, *width)) + 20 * (i % 3) for i in range(15)]
    for model in (TimeSeriesKMeans(aligner, 3, n_init=3, rng=0), TimeSeriesKMedoids(aligner, 3)):
        labels = model.fit_predict(np.stack(series))
        assert all((labels[i] == labels[j]) == (i % 3 == j % 3) for i in range(15) for j in range(15))
        assert model.fit_transform(series).shape == (15, 3)


def test_they_keep_scikit_learns_conventions() -> None:
    base = pytest.importorskip("sklearn.base")
    X = np.random.default_rng(0).normal(size=(10, 6))
    for model in (TimeSeriesKMeans(DTW(window=1), n_clusters=2, rng=0), TimeSeriesKMedoids(DTW(window=1), n_clusters=2)):
        assert base.is_clusterer(model)
        assert model.fit(X).score(X) == pytest.approx(-model.inertia_)
        assert model.score(X[:3]) == -model.transform(X[:3]).min(axis=1).sum() > model.score(X)
        model = base.clone(model)
        again = base.clone(model).set_params(aligner__window=2, n_clusters=3)
        assert set(again.fit_predict(X).tolist()) == {0, 1, 2}
        assert pickle.loads(pickle.dumps(again)).predict(X).tolist() == again.predict(X).tolist()
        with pytest.raises(ValueError, match="not fitted"):
            model.predict(X)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: TimeSeriesKMeans(n_clusters=3).fit([[1], [2]]), ValueError, "n_clusters: expected 1 to 2, the number of series, got 3"),
        (lambda: TimeSeriesKMedoids(n_clusters=0).fit([[1], [2]]), ValueError, "n_clusters: expected 1 to 2"),
        (lambda: TimeSeriesKMedoids(LCS(), 1).fit(["a"]), ValueError, "aligner: expected one that looks for small scores"),
        (lambda: TimeSeriesKMeans(Levenshtein(), 1).fit(["a"]), TypeError, r"X\[0\]: expected a series of numbers"),
        (lambda: TimeSeriesKMeans("dtw", 1).fit([[1]]), TypeError, "TimeSeriesKMeans: aligner: expected an aligner"),  # type: ignore[arg-type]
        (lambda: TimeSeriesKMeans(n_clusters=1, n_init=0).fit([[1]]), ValueError, "TimeSeriesKMeans: n_init: expected"),
        (lambda: TimeSeriesKMedoids(n_clusters=1).fit([]), ValueError, "X holds no series"),
        (lambda: TimeSeriesKMedoids(n_clusters=1).fit([[np.nan]]), ValueError, r"X\[0\]: NaN"),
    ],
)
def test_what_does_not_fit_is_named(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()

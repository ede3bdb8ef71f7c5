"""User-defined distances f(a, b) of two elements, as in SciPy's cdist."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import plait
from plait.align import DTW, TimeSeriesKNN
from plait.graph import PerformanceWarning

RNG = np.random.default_rng(8)
X = [RNG.normal(size=(n, 3)) for n in (9, 4, 12, 7)]
INVERSE = np.linalg.inv(np.cov(np.concatenate(X).T))


def mahalanobis(a: Any, b: Any) -> Any:
    return np.sqrt((a - b) @ INVERSE @ (a - b))


def branching(a: Any, b: Any) -> Any:
    return float(np.abs(a - b).max()) if a[0] > b[0] else float(np.abs(a - b).sum())


def matrix(f: Any, x: Any, y: Any) -> Any:
    return np.array([[float(f(a, b)) for b in y] for a in x])


@pytest.mark.parametrize(
    "metric",
    [
        mahalanobis,
        lambda a, b: np.abs(a - b).max(),
        lambda a, b: 1 - a @ b / (np.sqrt(a @ a) * np.sqrt(b @ b)),
        lambda a, b: abs(a[0] - b[0]) + 2 * abs(a[1] - b[2]),
        lambda a, b: np.where(a[0] < b[0], 1.0, 0.25) * np.sum((a - b) ** 2),
    ],
)
@pytest.mark.parametrize("options", [{}, {"window": 8}, {"window": 2, "band": "slanted"}, {"step": "symmetric2", "normalized": True}])
def test_vectors_are_traced_and_give_what_the_function_gives(metric: Any, options: Any) -> None:
    aligner = DTW(metric, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = aligner.pairwise(X)
    for i, x in enumerate(X):
        for j, y in enumerate(X):
            right = DTW("precomputed", **options).align(matrix(metric, x, y))
            found = aligner.align(x, y)
            assert scores[i, j] == found.score == aligner.score(x, y) == pytest.approx(right.score, rel=1e-12, abs=1e-12)
            assert found.path.tolist() == right.path.tolist()
    assert aligner.pairwise(X, threads=1).tolist() == scores.tolist()
    assert [a.score for a in aligner.align_many(X[0], X)] == scores[0].tolist()
    indices, best = aligner.nearest(X[1], X, k=4)
    assert best.tolist() == np.sort(scores[1]).tolist()
    assert indices.tolist() == np.argsort(scores[1], kind="stable").tolist()


def test_what_cannot_be_traced_runs_as_python_and_says_so() -> None:
    aligner = DTW(branching)
    with pytest.warns(PerformanceWarning, match="metric cannot be traced and is called for every pair of elements"):
        score = aligner.score(X[0], X[1])
    assert score == DTW("precomputed").score(matrix(branching, X[0], X[1]))
    assert aligner.pairwise(X[:2]).tolist() == [[0.0, score], [aligner.score(X[1], X[0]), 0.0]]
    with pytest.warns(PerformanceWarning):
        assert DTW(lambda a, b: abs(math.floor(a) - math.floor(b))).score([1.5, 2.5], [1.0, 4.0]) == 2


def test_scipys_distances_are_taken_as_they_are() -> None:
    distance = pytest.importorskip("scipy.spatial.distance")
    for name in ("cityblock", "euclidean", "chebyshev", "canberra"):
        aligner = DTW(getattr(distance, name))
        for x, y in ((X[0], X[1]), (X[0][:, 0], X[1][:, 0]), (X[0][:, :1], X[1][:, :1])):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", PerformanceWarning)
                found = aligner.score(x, y)
            a, b = x.reshape(len(x), -1), y.reshape(len(y), -1)
            assert found == pytest.approx(DTW("precomputed").score(distance.cdist(a, b, name)), rel=1e-12)


def test_one_value_may_be_a_number_or_a_vector() -> None:
    x, y = [0.0, 1.0, 3.0], [0.0, 2.0, 3.0]
    assert DTW(lambda a, b: abs(a - b)).score(x, y) == DTW(lambda a, b: abs(a[0] - b[0])).score(x, y) == 1


def test_bad_metrics_are_named() -> None:
    with pytest.raises(plait.ShapeError, match=r"metric: expected a number for two elements of shape \(3,\), got shape \(3,\)"):
        DTW(lambda a, b: a - b).score(X[0], X[1])
    with pytest.raises(ValueError, match=r"metric: gave inf for x\[1\] and y\[0\]; expected finite distances"):
        DTW(lambda a, b: 1 / (a - b)).score([1.0, 2.0], [2.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerformanceWarning)
        with pytest.raises(TypeError, match="metric: expected a number"):
            DTW(lambda *_: None).score([1.0], [2.0])
        with pytest.raises(ZeroDivisionError):
            DTW(lambda *_: 1 / 0).score([1.0], [2.0])
    with pytest.raises(plait.ShapeError, match="x has 3 values an element, y has 1"):
        DTW(mahalanobis).score(X[0], [1.0])
    with pytest.raises(ValueError, match="x is empty"):
        DTW(mahalanobis).score([], X[0])
    assert math.isnan(DTW(mahalanobis, nan_policy="propagate").score([[math.nan] * 3], X[0]))
    assert DTW(lambda a, b: abs(a - b), nan_policy="omit").score([1.0, math.nan, 2.0], [1.0, 2.0]) == 0


def test_classifiers_take_one() -> None:
    model = TimeSeriesKNN(DTW(lambda a, b: np.abs(a - b).sum())).fit(X, [0, 1, 0, 1])
    assert model.predict(X).tolist() == [0, 1, 0, 1]

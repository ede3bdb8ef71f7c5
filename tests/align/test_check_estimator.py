"""scikit-learn's own checks, its searches and pipelines, on the estimators of series."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from plait.align import (
    DTW,
    Differencer,
    Resampler,
    TimeSeriesKMeans,
    TimeSeriesKMedoids,
    TimeSeriesKNN,
    TimeSeriesKNNRegressor,
    ZNormalizer,
)

# What the checks take for features are steps, and series may be longer or shorter than those of `fit`: these checks want that refused.
LENGTHS = "series may be of other lengths than those of fit"
ANY_LENGTH = {"check_n_features_in_after_fitting": LENGTHS}
ESTIMATORS: list[tuple[Any, dict[str, str]]] = [
    (TimeSeriesKNN(), {**ANY_LENGTH, "check_classifiers_train": LENGTHS}),
    (TimeSeriesKNN(n_neighbors=3, weights="distance"), {**ANY_LENGTH, "check_classifiers_train": LENGTHS}),
    (TimeSeriesKNNRegressor(), ANY_LENGTH),
    (TimeSeriesKMeans(n_clusters=2, max_iter=3, rng=0), {**ANY_LENGTH, "check_transformer_general": LENGTHS}),
    (TimeSeriesKMedoids(n_clusters=2), {**ANY_LENGTH, "check_transformer_general": LENGTHS}),
    (ZNormalizer(), ANY_LENGTH),
    (Resampler(), {**ANY_LENGTH, "check_transformer_general": LENGTHS}),
    (Differencer(), {**ANY_LENGTH, "check_fit2d_1feature": "the message speaks of elements, not of features"}),
]


@pytest.mark.peer
@pytest.mark.parametrize(("estimator", "declared"), ESTIMATORS, ids=[repr(estimator) for estimator, _ in ESTIMATORS])
def test_scikit_learns_own_checks_pass(estimator: Any, declared: dict[str, str]) -> None:
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = checks.check_estimator(estimator, expected_failed_checks=declared, on_fail=None, on_skip=None)
    failed = {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"}
    assert failed == {}
    assert {r["check_name"] for r in results if r["status"] == "xfail"} == set(declared)
    assert sum(r["status"] == "passed" for r in results) > 35


@pytest.mark.peer
def test_it_works_in_searches_pipelines_and_clones() -> None:
    pytest.importorskip("sklearn")
    from sklearn.base import clone, is_classifier, is_clusterer, is_regressor
    from sklearn.model_selection import GridSearchCV, LeaveOneOut, cross_val_score
    from sklearn.pipeline import make_pipeline

    rng = np.random.default_rng(0)
    X = [rng.normal(size=int(n)) + (k % 2) * np.linspace(0, 6, int(n)) for k, n in enumerate(rng.integers(6, 14, 20))]
    y = np.arange(20) % 2
    search = GridSearchCV(TimeSeriesKNN(DTW(band="slanted")), {"aligner__window": [0, 0.2, 0.5], "n_neighbors": [1, 3]}, cv=LeaveOneOut())
    search.fit(X, y)
    assert search.best_score_ > 0.8
    assert search.best_estimator_.aligner.window in (0, 0.2, 0.5)
    pipeline = make_pipeline(ZNormalizer(), Resampler(8), TimeSeriesKNN())
    assert cross_val_score(pipeline, X, y, cv=4).mean() > 0.6
    pipeline.set_params(resampler__length=5, timeseriesknn__aligner__window=1)
    assert clone(pipeline).fit(X, y).predict(X).tolist() == y.tolist()
    model = TimeSeriesKNN(DTW(window=2), 3, "distance", threads=1)
    same = clone(model)
    assert repr(same) == repr(model)
    assert same.aligner is not model.aligner
    assert model.get_params()["aligner__window"] == 2
    assert is_classifier(model)
    assert is_regressor(TimeSeriesKNNRegressor())
    assert is_clusterer(TimeSeriesKMedoids())


def test_lengths_are_told_where_all_have_one() -> None:
    for model in (TimeSeriesKNN(), TimeSeriesKMedoids(n_clusters=1), ZNormalizer()):
        assert not hasattr(model, "n_features_in_")
        assert model.fit(np.arange(12.0).reshape(3, 4), [0, 1, 1]).n_features_in_ == 4
        assert not hasattr(model.fit([[1, 2], [1, 2, 3.0], [3.0]], [0, 1, 1]), "n_features_in_")


@pytest.mark.parametrize("model", [TimeSeriesKNN(), TimeSeriesKNNRegressor(), TimeSeriesKMeans(n_clusters=1), Resampler()], ids=repr)
def test_bad_collections_are_told_in_scikit_learns_words(model: Any) -> None:
    for X, message in (
        (np.ones((2, 3), complex), "Complex data not supported"),
        (np.empty((0, 3)), r"Found array with 0 sample\(s\) \(shape=\(0, 3\)\)"),
        (np.empty((2, 0)), r"Found array with 0 feature\(s\)"),
        (np.ones(3), r"Reshape your data: X.reshape\(1, -1\)"),
        ([], "holds no series"),
    ):
        with pytest.raises(ValueError, match=message):
            model.fit(X, [0, 1])
    with pytest.raises(TypeError, match=r"float\(\) argument must be a string or a real number"):
        model.fit(np.array([[1, {}], [1, 2]], object), [0, 1])


def test_channels_first_are_warned_about() -> None:
    X = np.random.default_rng(0).normal(size=(4, 2, 30))  # aeon's (cases, channels, time)
    for model in (TimeSeriesKNN(), TimeSeriesKMedoids(n_clusters=2), ZNormalizer()):
        with pytest.warns(UserWarning, match=r"4 series of 2 elements with 30 values each; .* needs X.transpose\(0, 2, 1\)"):
            model.fit(X, [0, 1, 0, 1])

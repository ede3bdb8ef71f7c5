"""MLPClassifier: scikit-learn's conventions, with and without scikit-learn."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import plait
from plait.nn import MLPClassifier


def blobs(n: int = 120, seed: int = 0) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return rng.normal(0, 0.5, (n, 2)) + np.array([[0, 2], [2, -1], [-2, -1]])[y], y


def small(**options: Any) -> MLPClassifier:
    return MLPClassifier(**{"hidden": (16,), "epochs": 30, "batch_size": 16, "optimizer": plait.optim.Adam(1e-2), **options})


def test_it_learns_and_gives_labels_back_as_they_came() -> None:
    X, y = blobs()
    X_test, y_test = blobs(seed=1)
    for labels in (np.array([10, -5, 7]), np.array(["b", "a", "c"]), np.array([0.0, 1.0, 5.0]), np.array(["x", "yy", "zzz"], dtype=object)):
        clf = small().fit(X, labels[y])
        assert clf.score(X_test, labels[y_test]) > 0.95
        assert clf.classes_.tolist() == sorted(labels.tolist())
        assert clf.predict(X_test).dtype == clf.classes_.dtype
        probabilities = clf.predict_proba(X_test)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        assert (clf.classes_[probabilities.argmax(axis=1)] == clf.predict(X_test)).all()
    two = small().fit(X, y > 0)
    assert two.predict(X).dtype == bool
    assert small().fit(X, ["only"] * len(X)).predict(X).tolist() == ["only"] * len(X)


def test_the_seed_decides_and_refitting_starts_anew() -> None:
    X, y = blobs()
    first = small(rng=1).fit(X, y).predict_proba(X)
    clf = small(rng=1).fit(X, y)
    assert (clf.fit(X, y).predict_proba(X) == first).all()
    assert (small(rng=2).fit(X, y).predict_proba(X) != first).any()


def test_validation_dropout_and_callbacks() -> None:
    X, y = blobs()
    clf = small(dropout=0.2).fit(X, y, validation=blobs(seed=1), callbacks=lambda now: now.epoch == 3)
    assert clf.n_iter_ == len(clf.history_.validation) == 3
    with pytest.raises(ValueError, match="label that y has not"):
        small().fit(X, y, validation=(X, y + 1))


def test_parameters_by_name() -> None:
    clf = MLPClassifier(hidden=(3,), epochs=7)
    assert clf.get_params()["hidden"] == (3,)
    assert clf.set_params(epochs=9, rng=4) is clf
    assert (clf.epochs, clf.rng) == (9, 4)
    assert repr(clf) == "MLPClassifier(hidden=(3,), epochs=9, rng=4)"
    with pytest.raises(ValueError, match="Invalid parameter 'depth'"):
        clf.set_params(depth=3)


def test_what_cannot_be_fitted_is_refused_in_words() -> None:
    X, y = blobs(20)
    bad = X.copy()
    for value, word in ((np.nan, "NaN"), (np.inf, "infinity"), (1e300, "infinity")):
        bad[3, 1] = value
        with pytest.raises(ValueError, match=word):
            small().fit(bad, y)
    for X_, y_, word in (
        (X[:, 0], y, "Reshape your data"),
        (X, y[:-1], "inconsistent numbers of samples"),
        (X, y + 0.5, "Unknown label type"),
        (X, np.where(y > 0, y, np.nan), "y contains NaN"),
        (X, None, "requires y"),
        (X, np.stack([y, y], 1), "1d array"),
        (X[:0], y[:0], "0 sample"),
        (X[:, :0], y, "0 feature"),
        (X.astype(complex), y, "Complex data not supported"),
        (np.full((20, 2), "a"), y, "no array of numbers"),
    ):
        with pytest.raises(ValueError, match=word):
            small().fit(X_, y_)
    with pytest.raises(ValueError, match="hidden"):
        small(hidden=(0,)).fit(X, y)
    clf = small().fit(X, y)
    with pytest.raises(ValueError, match="X has 3 features, but MLPClassifier is expecting 2 features as input"):
        clf.predict(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="NaN"):
        clf.predict(np.full((2, 2), np.nan))
    with pytest.raises((ValueError, AttributeError), match="not fitted yet"):
        small().predict(X)


def test_it_travels_as_a_pickle() -> None:
    X, y = blobs()
    clf = small().fit(X, y)
    expected = clf.predict_proba(X)
    again = pickle.loads(pickle.dumps(clf))
    assert (again.predict_proba(X) == expected).all()


def test_scikit_learn_is_not_imported_for_it() -> None:
    code = "import sys, numpy as np, plait; plait.nn.MLPClassifier((4,), 1).fit(np.eye(4), [0, 1, 0, 1]).predict(np.eye(4)); print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"


@pytest.mark.peer
def test_scikit_learns_own_checks_pass() -> None:
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    # Full batches: a check requires that weight two equals repeating the sample, which does not hold for mini-batches.
    estimator = MLPClassifier(hidden=(32,), epochs=200, batch_size=1000, optimizer=plait.optim.Adam(1e-2), dtype="float64")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = checks.check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"}
    assert failed == {}
    assert len(results) > 30


@pytest.mark.peer
def test_it_works_in_pipelines_searches_and_clones() -> None:
    pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.exceptions import NotFittedError
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = blobs()
    clf = small()
    assert clone(clf).get_params() == clf.get_params()
    assert cross_val_score(make_pipeline(StandardScaler(), clf), X, y, cv=3).mean() > 0.9
    search = GridSearchCV(clf, {"hidden": [(4,), (16,)]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.9
    with pytest.raises(NotFittedError):
        small().predict(X)

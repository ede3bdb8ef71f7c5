"""SequenceClassifier: ragged sequences, scikit-learn's conventions, and two data sets from the UCR archive."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plait.nn import SequenceClassifier

Array = np.ndarray[Any, Any]


def waves(n: int = 60, seed: int = 0, lengths: tuple[int, int] = (12, 30)) -> tuple[list[Array], Array]:
    """Slow and fast ones of two features."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    xs = []
    for k in y:
        t = np.arange(rng.integers(*lengths)) * (0.3 + 0.5 * k) + rng.uniform(0, 6)
        xs.append(np.stack([np.sin(t), np.cos(t)], axis=1) + rng.normal(0, 0.1, (len(t), 2)))
    return xs, y


def small(**options: Any) -> SequenceClassifier:
    return SequenceClassifier(**{"hidden": 8, "epochs": 20, "batch_size": 10, **options})


@pytest.mark.parametrize(
    "options",
    [{}, {"pooling": "last"}, {"cell": "gru", "layers": 2}, {"cell": "rnn", "hidden": 24, "standardize": False, "dtype": "float64"}],
)
def test_it_learns_and_gives_labels_back_as_they_came(options: dict[str, Any]) -> None:
    X, y = waves()
    X_test, y_test = waves(seed=1)
    for labels in (np.array([10, -5]), np.array(["b", "a"])) if not options else (np.array([False, True]),):
        clf = small(**options).fit(X, labels[y])
        assert clf.score(X_test, labels[y_test]) > 0.9
        assert clf.classes_.tolist() == sorted(labels.tolist())
        assert clf.predict(X_test).dtype == labels.dtype
        probabilities = clf.predict_proba(X_test)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        assert (clf.classes_[probabilities.argmax(axis=1)] == clf.predict(X_test)).all()
    assert clf.n_features_in_ == 2


def test_company_does_not_matter() -> None:
    """A sequence's probabilities are the same alone, beside longer ones, and beside ones longer than all in training."""
    X, y = waves()
    for pooling in ("mean", "last"):
        clf = small(epochs=2, dtype="float64", pooling=pooling).fit(X, y)
        together = clf.predict_proba(X)
        for k in (0, 3):
            np.testing.assert_allclose(clf.predict_proba([X[k]])[0], together[k], rtol=1e-12)
            np.testing.assert_allclose(clf.predict_proba([np.ones((50, 2)), X[k]])[1], together[k], rtol=1e-12)


def test_arrays_and_lists_are_the_same() -> None:
    X, y = waves(20, lengths=(9, 10))
    expected = small(epochs=3).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(small(epochs=3).fit(np.stack(X), y).predict_proba(np.stack(X)), expected)
    one = [x[:, :1] for x in X]
    expected = small(epochs=3).fit(one, y).predict_proba(one)
    for form in (np.stack(one)[:, :, 0], [x[:, 0] for x in one], [x[:, 0].tolist() for x in one]):
        np.testing.assert_array_equal(small(epochs=3).fit(form, y).predict_proba(form), expected)


def test_the_seed_decides_and_refitting_starts_anew() -> None:
    X, y = waves(30)
    first = small(rng=1, epochs=3).fit(X, y).predict_proba(X)
    clf = small(rng=1, epochs=3).fit(X, y)
    assert (clf.fit(X, y).predict_proba(X) == first).all()
    assert (small(rng=2, epochs=3).fit(X, y).predict_proba(X) != first).any()
    shorter = clf.fit([x[:8] for x in X], y)
    assert shorter.predict_proba(X).shape == (30, 2)


def test_validation_and_callbacks() -> None:
    X, y = waves()
    clf = small().fit(X, y, validation=waves(seed=1), callbacks=lambda now: now.epoch == 3)
    assert clf.n_iter_ == len(clf.history_.validation) == 3
    with pytest.raises(ValueError, match="label that y has not"):
        small().fit(X, y, validation=(X, y + 1))


def test_parameters_by_name() -> None:
    clf = SequenceClassifier(12, epochs=7)
    assert clf.get_params()["hidden"] == 12
    assert clf.set_params(epochs=9, rng=4) is clf
    assert repr(clf) == "SequenceClassifier(hidden=12, epochs=9, rng=4)"
    with pytest.raises(ValueError, match="Invalid parameter 'depth'"):
        clf.set_params(depth=3)


def test_what_cannot_be_fitted_is_refused_in_words() -> None:
    X, y = waves(20)
    bad = [x.copy() for x in X]
    bad[4][2, 1] = np.nan
    for X_, y_, word in (
        (bad, y, r"X\[4\]: NaN or infinity at step 2"),
        (X, y[:-1], "inconsistent numbers of samples"),
        (X, y + 0.5, "Unknown label type"),
        (X, None, "requires y"),
        ([], y, "no sequences"),
        ([*X[:-1], X[-1][:0]], y, r"X\[19\]: a sequence of zero steps"),
        ([*X[:-1], X[-1][:, :1]], y, r"X\[19\]: expected shape \(time, 2\), got \(\d+, 1\)"),
        (np.zeros((20, 5, 0)), y, "0 feature"),
        (np.zeros((20, 5, 2, 2)), y, "expected shape"),
    ):
        with pytest.raises(ValueError, match=word):
            small().fit(X_, y_)
    with pytest.raises(TypeError, match="expected numbers"):
        small().fit([["a", "b"]] * 20, y)
    for options, word in (({"hidden": 0}, "hidden"), ({"pooling": "max"}, "pooling"), ({"cell": "x"}, "cell"), ({"layers": 0}, "layers")):
        with pytest.raises(ValueError, match=word):
            small(**options).fit(X, y)
    clf = small(epochs=1).fit(X, y)
    with pytest.raises(ValueError, match="X has 3 features, but SequenceClassifier is expecting 2 features as input"):
        clf.predict(np.zeros((2, 4, 3)))
    with pytest.raises((ValueError, AttributeError), match="not fitted yet"):
        small().predict(X)


def test_it_travels_as_a_pickle() -> None:
    X, y = waves(20)
    clf = small(epochs=2).fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(clf)).predict_proba(X), clf.predict_proba(X))


@pytest.mark.peer
def test_it_works_in_searches_and_clones() -> None:
    pytest.importorskip("sklearn")
    from sklearn.base import clone, is_classifier
    from sklearn.exceptions import NotFittedError
    from sklearn.model_selection import GridSearchCV

    X, y = waves(40)
    clf = small()
    assert is_classifier(clf)
    assert clone(clf).get_params() == clf.get_params()
    search = GridSearchCV(clf, {"hidden": [2, 8]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.8
    with pytest.raises(NotFittedError):
        small().predict(X)


def read_ts(path: Path) -> tuple[list[Array], Array]:
    """Sequences and labels of a file of the UCR archive; behind a sequence's end stand question marks or NaN, or nothing."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    begin = next(k for k, line in enumerate(lines) if line.strip().lower() == "@data") + 1
    xs, labels = [], []
    for line in filter(None, map(str.strip, lines[begin:])):
        *dimensions, label = line.split(":")
        x = np.array([[float(value) if value != "?" else np.nan for value in dimension.split(",")] for dimension in dimensions]).T
        xs.append(x[: 1 + int(np.flatnonzero(~np.isnan(x).all(axis=1))[-1])])
        labels.append(label)
    return xs, np.array(labels)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least", "ragged"), [("BasicMotions", 0.8, False), ("PickupGestureWiimoteZ", 0.4, True)])
def test_a_data_set_of_the_archive(data_file: Callable[[str], Path], name: str, least: float, ragged: bool) -> None:
    X, y = read_ts(data_file(f"ucr/{name}_TRAIN.ts"))
    X_test, y_test = read_ts(data_file(f"ucr/{name}_TEST.ts"))
    assert (len({len(x) for x in X}) > 1) == ragged
    clf = SequenceClassifier(epochs=60, rng=0).fit(X, y)
    score = clf.score(X_test, y_test)
    print(
        f"{name}: {score:.3f} of {len(X_test)} sequences of {min(map(len, X_test))} to {max(map(len, X_test))} steps, {len(clf.classes_)} classes"
    )
    assert score >= least

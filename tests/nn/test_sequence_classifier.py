"""SequenceClassifier: ragged sequences, scikit-learn's conventions, and two data sets from the UCR archive."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
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


class Frame:
    """As a data frame or a series comes: an array on request."""

    def __init__(self, array: Array) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.array, dtype)


def test_numbers_of_any_kind_are_taken() -> None:
    X, y = waves(20)
    X = [np.round(4 * x) for x in X]
    expected = small(epochs=3).fit(X, y).predict_proba(X)
    forms: list[Callable[[Array], Any]] = [
        lambda x: x.astype("int8"),
        lambda x: x.astype("float16"),
        lambda x: x.astype("longdouble"),
        lambda x: x.astype(object),
        Frame,
        lambda x: x.tolist(),
        lambda x: np.asfortranarray(x)[::-1][::-1],
    ]
    for form in forms:
        parts = [form(x) for x in X]
        np.testing.assert_array_equal(small(epochs=3).fit(parts, Frame(y)).predict_proba(parts), expected)
    whole = np.array([None] * len(X), dtype=object)
    whole[:] = X
    np.testing.assert_array_equal(small(epochs=3).fit(whole, y).predict_proba(whole), expected)
    short = np.stack([x[:9, 0] for x in X])
    expected = small(epochs=3).fit(short, y).predict_proba(short)
    np.testing.assert_array_equal(small(epochs=3).fit(Frame(short), y).predict_proba(Frame(short)), expected)


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
        (np.zeros((0, 3)), y, "no sequences"),
        (np.zeros(20), y, r"one array of shape \(20,\). Reshape your data"),
        (np.zeros((20, 5)) * 1j, y, "Complex data not supported"),
        ([*X[:-1], np.ma.masked_greater(X[-1], 0)], y, r"X\[19\]: a masked array with masked values"),
        ([*X[:-1], X[-1] * 1e300], y, r"X\[19\]: a value too large for float32 at step 0"),
        ([*X[:-1], [[0.0, 1.0], [2.0]]], y, r"X\[19\]: expected an array of numbers, but its parts differ in length"),
        ([*X[:-1], X[-1][:0]], y, r"X\[19\]: a sequence of zero steps"),
        ([*X[:-1], X[-1][:, :1]], y, r"X\[19\]: expected shape \(time, 2\), got \(\d+, 1\)"),
        (np.zeros((20, 5, 0)), y, "0 feature"),
        (np.zeros((20, 5, 2, 2)), y, "expected shape"),
    ):
        with pytest.raises(ValueError, match=word):
            small().fit(X_, y_)
    for form, word in (
        ([["a", "b"]] * 20, "expected numbers"),
        (["ab"] * 20, "expected numbers"),
        (None, "got NoneType"),
        ((x for x in X), "got generator"),
        ([*X[:-1], {}], r"X\[19\]: expected numbers in shape .* got dict"),
    ):
        with pytest.raises(TypeError, match=word):
            small().fit(form, y)
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


# Matrices are sequences of one feature: what scikit-learn's checks take for features are steps, and sequences may be longer or shorter than those of fit.
STEPS = "the columns of a matrix are steps of one feature"
NOT_FOR_SEQUENCES = dict.fromkeys(
    [
        "check_n_features_in",
        "check_n_features_in_after_fitting",
        "check_classifiers_train",
        "check_estimators_empty_data_messages",
        "check_estimators_partial_fit_n_features",
    ],
    STEPS,
)


@pytest.mark.peer
def test_scikit_learns_own_checks_pass() -> None:
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    # Full batches: a check requires that weight two equals repeating the sample, which does not hold for mini-batches.
    estimator = small(hidden=16, epochs=80, batch_size=1000, dtype="float64", standardize=False, optimizer=plait.optim.Adam(2e-2))
    tags = estimator.__sklearn_tags__()
    assert tags.input_tags.two_d_array
    assert tags.input_tags.three_d_array
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = checks.check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"}
    assert {name: text for name, text in failed.items() if name not in NOT_FOR_SEQUENCES} == {}
    assert set(failed) == set(NOT_FOR_SEQUENCES)
    assert sum(r["status"] == "passed" for r in results) > 40


@pytest.mark.peer
def test_it_works_in_searches_and_clones() -> None:
    pytest.importorskip("sklearn")
    from sklearn.base import clone, is_classifier
    from sklearn.exceptions import NotFittedError
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    X, y = waves(40)
    pipeline = make_pipeline(FunctionTransformer(lambda xs: [x[:, :1] for x in xs]), small(pooling="last"))
    assert pipeline.set_params(sequenceclassifier__hidden=12).get_params()["sequenceclassifier__hidden"] == 12
    assert cross_val_score(pipeline, X, y, cv=2).mean() > 0.8
    fixed = np.stack([x[:12] for x in X])
    assert cross_val_score(small(), fixed, y, cv=2).mean() > 0.7
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


def test_weights_stopping_and_parts() -> None:
    X, y = waves(60)
    assert small(optimizer="adam", epochs=2).set_params(optimizer__rate=0.5).fit(X, y).optimizer == plait.optim.Adam(0.5)
    stopped = small(epochs=300, early_stopping=3).fit(X, y)
    assert stopped.n_iter_ < 300
    assert stopped.best_epoch_ == 1 + int(np.argmin(stopped.history_.validation))
    first = np.unique(y)[0]
    heavy = small(epochs=20, class_weight={first: 50.0}).fit(X, y)
    light = small(epochs=20, class_weight={first: 0.02}).fit(X, y)
    assert heavy.predict_proba(X)[:, 0].mean() > light.predict_proba(X)[:, 0].mean() + 0.2
    twice = small(epochs=3, batch_size=100, dtype="float64").fit(X + X[:20], np.concatenate([y, y[:20]]))
    weights = np.where(np.arange(60) < 20, 2.0, 1.0)
    weighted = small(epochs=3, batch_size=100, dtype="float64", standardize=True).fit(X, y, sample_weight=weights)
    assert np.abs(weighted.predict_proba(X) - twice.predict_proba(X)).max() < 0.1
    parts = small()
    for _ in range(20):
        parts.partial_fit(X[:30], y[:30], classes=np.unique(y))
        parts.partial_fit([x[:9] for x in X[30:]], y[30:])
    assert parts.history_.loss[-1] < parts.history_.loss[0]
    assert parts.score(X, y) > 0.7
    smooth = small(epochs=20, loss=plait.losses.CrossEntropy(label_smoothing=0.4)).fit(X, y)
    assert smooth.predict_proba(X).max() < small(epochs=20).fit(X, y).predict_proba(X).max()
    assert smooth.get_params()["loss__label_smoothing"] == 0.4

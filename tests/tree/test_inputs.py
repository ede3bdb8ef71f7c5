"""What people give a tree: data frames, odd columns, and input that is refused in words."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import numpy as np
import pytest

from plait.tree import C45Classifier

Array = np.ndarray[Any, Any]


def simple(n: int = 60, d: int = 3, seed: int = 0) -> tuple[Array, Array]:
    X = np.random.default_rng(seed).normal(size=(n, d))
    return X, (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"min_leaf": 0}, ValueError, "min_leaf: 0 was given"),
        ({"min_leaf": np.nan}, ValueError, "min_leaf: nan was given"),
        ({"confidence": 0.0}, ValueError, "confidence: 0.0 was given"),
        ({"confidence": 0.6}, ValueError, "confidence: 0.6 was given"),
        ({"max_depth": -1}, ValueError, "max_depth: -1 was given"),
        ({"max_bins": 1}, ValueError, "max_bins: 1 was given"),
        ({"max_bins": 2.5}, ValueError, "max_bins: 2.5 was given"),
        ({"max_bins": 100_000}, ValueError, "max_bins: 100000 was given"),
        ({"threads": 0}, ValueError, "threads: 0 was given"),
        ({"categorical": [7]}, ValueError, "categorical: column 7 was given, there are 3"),
        ({"categorical": ["x"]}, ValueError, "categorical: no column is called 'x'"),
        ({"categorical": [True]}, ValueError, "a mask of 1 entries was given for 3 columns"),
        ({"categorical": [1.5]}, TypeError, "categorical: 1.5 was given"),
        ({"class_weight": "even"}, ValueError, "class_weight: 'even' was given"),
        ({"class_weight": {5: 1.0}}, ValueError, "no class is called 5"),
        ({"class_weight": {0: -1.0}}, ValueError, "class_weight: -1.0 for class 0"),
        ({"executor": 3}, TypeError, "executor: int has no submit"),
    ],
)
def test_parameters_that_cannot_be(options: dict[str, Any], error: type[Exception], words: str) -> None:
    X, y = simple()
    with pytest.raises(error, match=words):
        C45Classifier(**options).fit(X, y)


def test_tables_that_cannot_be() -> None:
    X, y = simple(20)
    bad = X.copy()
    bad[3, 1] = np.inf
    for X_, y_, words in (
        (X[:0], y[:0], "0 sample"),
        (X[:, :0], y, "0 feature"),
        (X[:, 0], y, "Reshape your data"),
        (bad, y, "contains infinity"),
        (X, y[:-1], "inconsistent numbers of samples"),
        (X, np.where(y > 0, 1.0, np.nan), "y contains NaN"),
        (X, y + 0.5, "Unknown label type"),
        (X.astype(complex), y, "Complex data not supported"),
    ):
        with pytest.raises(ValueError, match=words):
            C45Classifier().fit(X_, y_)
    for weights, words in (
        (np.full(20, np.nan), "sample_weight: nan"),
        (np.full(20, np.inf), "sample_weight: inf"),
        (np.full(20, -1.0), "sample_weight: -1"),
        (np.zeros(20), "all weights are zero"),
        (np.ones(19), "sample_weight.shape"),
        (np.ones((20, 2)), "1D array"),
    ):
        with pytest.raises(ValueError, match=words):
            C45Classifier().fit(X, y, sample_weight=weights)
    tree = C45Classifier().fit(X, y)
    with pytest.raises(ValueError, match="X has 4 features, but C45Classifier is expecting 3 features as input"):
        tree.predict(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="contains infinity"):
        tree.predict(bad)


def test_one_class_and_one_row() -> None:
    X, _ = simple(10)
    tree = C45Classifier().fit(X, ["only"] * 10)
    assert tree.predict(X).tolist() == ["only"] * 10
    assert tree.export_text() == "only (10)"
    np.testing.assert_array_equal(tree.feature_importances_, np.zeros(3))
    assert str(tree.to_rules()[0]) == "always only (100 % of 10 cases)"
    assert "'only'" in tree.to_sql()
    assert C45Classifier().fit([[1.0]], [7]).predict([[np.nan]]).tolist() == [7]


def test_a_class_with_one_row_is_kept() -> None:
    X, y = simple(50)
    labels = np.where(y > 0, "yes", "no").astype(object)
    labels[0], X[0] = "rare", 100.0
    tree = C45Classifier().fit(X, labels)
    assert tree.classes_.tolist() == ["no", "rare", "yes"]
    assert tree.predict_proba(X).shape == (50, 3)
    assert C45Classifier(min_leaf=1, prune=False).fit(X, labels).predict(X)[0] == "rare"


@pytest.mark.parametrize("options", [{}, {"max_bins": 8}])
def test_a_column_of_missing_values_only(options: dict[str, Any]) -> None:
    X, y = simple()
    X[:, 1] = np.nan
    tree = C45Classifier(**options).fit(X, y)
    assert tree.feature_importances_[1] == 0
    assert tree.score(X, y) > 0.9
    filled = X.copy()
    filled[:, 1] = 3.0  # missing in training only
    np.testing.assert_array_equal(tree.predict_proba(filled), tree.predict_proba(X))
    nothing = C45Classifier(**options).fit(np.full((6, 2), np.nan), [0, 0, 0, 0, 1, 1])
    np.testing.assert_allclose(nothing.predict_proba([[np.nan, 1.0]]), [[4 / 6, 2 / 6]])


def test_a_category_that_training_never_saw_is_missing() -> None:
    X = np.array([["a"], ["b"], ["c"]] * 10, dtype=object)
    tree = C45Classifier().fit(X, ["x", "y", "y"] * 10)
    none = tree.predict_proba(np.array([[None]], dtype=object))
    np.testing.assert_array_equal(tree.predict_proba(np.array([["new"], [3], [float("nan")]], dtype=object)), np.repeat(none, 3, 0))
    np.testing.assert_allclose(none, [[1 / 3, 2 / 3]])


def test_lists_of_text_and_numbers_keep_both() -> None:
    rows = [["a", 1.5], ["b", 2.5], ["a", 7], ["b", 8]] * 5
    tree = C45Classifier().fit(rows, [x > 5 for _, x in rows])
    assert [c.kind for c in tree._columns] == ["categorical", "numeric"]
    assert tree.export_text() == "x1 <= 2.5: False (10)\nx1 > 2.5: True (10)"
    assert tree.predict([["a", 6], ["zzz", 2]]).tolist() == [True, False]


def test_integers_beyond_2_to_the_53() -> None:
    big = 2**53
    X = np.array([[big], [big + 1], [big + 2], [big + 3]], dtype=np.int64)
    with pytest.raises(ValueError, match="column 'x0': 9007199254740993 is beyond 2\\*\\*53"):
        C45Classifier().fit(X, [0, 1, 0, 1])
    even = C45Classifier(min_leaf=1).fit(np.array([[2**60], [2**60 + 2**20]] * 4), [0, 1] * 4)  # exact, so allowed
    assert even.predict([[2**60 + 2**20]]).tolist() == [1]
    ids = C45Classifier(min_leaf=1, categorical=[0]).fit(X.repeat(4, 0), np.repeat([0, 1, 0, 1], 4))
    assert ids.predict(X).tolist() == [0, 1, 0, 1]
    with pytest.raises(ValueError, match="beyond"):
        C45Classifier().fit(np.array([[2**64 - 1], [0]], dtype=np.uint64), [0, 1])


def test_close_numbers_and_the_ends_of_the_range() -> None:
    tiny = np.array([0.0, -0.0, 5e-324, 5e-324, 1.0, np.nextafter(1.0, 2)])[:, None]
    tree = C45Classifier(min_leaf=1, prune=False).fit(tiny.repeat(4, 0), np.repeat([0, 0, 1, 1, 0, 1], 4))
    assert tree.predict(tiny).tolist() == [0, 0, 1, 1, 0, 1]
    huge = np.array([-1.7e308, -1.6e308, 1.6e308, 1.7e308])[:, None].repeat(3, 0)
    tree = C45Classifier().fit(huge, np.repeat([0, 0, 1, 1], 3))
    assert tree.export_text() == "x0 <= -1.6e+308: 0 (6)\nx0 > -1.6e+308: 1 (6)"


def test_weights_are_repetitions() -> None:
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(80, 3)), rng.integers(0, 3, 80)
    times = rng.integers(0, 4, 80)
    weighted = C45Classifier(max_depth=4).fit(X, y, sample_weight=times)
    repeated = C45Classifier(max_depth=4).fit(X.repeat(times, 0), y.repeat(times))
    assert weighted.export_text() == repeated.export_text()
    by_class = C45Classifier(class_weight={0: 2, 1: 1, 2: 0.5}).fit(X, y)
    by_sample = C45Classifier().fit(X, y, sample_weight=np.array([2, 1, 0.5])[y])
    assert by_class.export_text() == by_sample.export_text()
    balanced = C45Classifier(class_weight="balanced").fit(X, y)
    assert balanced.tree_.counts[0] == pytest.approx(80 / 3)


def test_depth_and_leaves_are_limited() -> None:
    X, y = np.random.default_rng(0).normal(size=(500, 4)), np.random.default_rng(1).integers(0, 2, 500)
    for depth in (0, 1, 3):
        tree = C45Classifier(max_depth=depth, prune=False, min_leaf=1).fit(X, y)
        assert tree.n_leaves_ <= 2**depth
    weights = C45Classifier(prune=False, min_leaf=20).fit(X, y).tree_
    assert weights.weight[weights.branches == 0].min() >= 20


class Stopped(Exception):
    pass


@pytest.mark.parametrize("options", [{}, {"max_bins": 255}, {"threads": 1}])
def test_ctrl_c_stops_a_fit(options: dict[str, Any]) -> None:
    def stop(*_: Any) -> None:
        raise Stopped

    rng = np.random.default_rng(0)
    X = rng.normal(size=(800_000, 8))
    # stripes with noise: a first split is found, and a large tree after it, with bins too
    y = (np.floor(4 * X[:, 0]).astype(int) + (X[:, 1] > 0) + (rng.random(len(X)) < 0.3)) % 3
    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.15)
        began = time.monotonic()
        with pytest.raises(Stopped):
            C45Classifier(min_leaf=1, **options).fit(X, y)
        late = time.monotonic() - began - 0.15
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    print(f"{options}: {late:.3f} s after the signal")
    assert late < 1  # 0.1 on a machine that does nothing else
    assert C45Classifier().fit(*simple()).n_leaves_ == 2


def test_several_threads_fit_and_predict_at_once() -> None:
    X, y = simple(3000, 5)
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    expected = C45Classifier().fit(X, y)
    found: list[bool] = []

    def work() -> None:
        tree = C45Classifier().fit(X, y)
        found.append(tree.export_text() == expected.export_text() and bool((expected.predict(X) == tree.predict(X)).all()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4

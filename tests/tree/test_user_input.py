"""Input from data frames, boosting and cross-validation, and text with line breaks."""

from __future__ import annotations

import datetime as dt
import sqlite3
import warnings
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plait.tree import C45Classifier

X = np.array([[1.0, 0], [2, 1], [3, 0], [4, 1], [5, 0], [6, 1]] * 5)
Y = np.array([0, 0, 0, 1, 1, 1] * 5)


@pytest.mark.parametrize("big", [2**53 + 1, -(2**60) - 1, 2**70 + 1, 10**400])
def test_whole_numbers_among_objects_are_told_apart_or_refused(big: int) -> None:
    column = np.array([big, big + 1] * 15, dtype=object)
    with pytest.raises(ValueError, match=r"column 'x0': -?\d+ is beyond 2\*\*53"):
        C45Classifier().fit(column[:, None], Y)
    tree = C45Classifier(categorical=[0]).fit(column[:, None], np.arange(30) % 2)
    assert tree.predict(column[:2, None]).tolist() == [0, 1]
    exact = np.array([2**60, 2**61] * 15, dtype=object)[:, None]
    assert C45Classifier().fit(exact, np.arange(30) % 2).n_leaves_ == 2


def test_objects_that_are_no_numbers_are_named() -> None:

    column = np.array([dt.date(2020, 1, 1), dt.date(2020, 1, 2)] * 15, dtype=object)
    with pytest.raises(TypeError, match="column 'x0': argument must be a string or a number, got date"):
        C45Classifier().fit(column[:, None], Y)


@pytest.mark.peer
@pytest.mark.parametrize("dtype", ["string", "Int64", "boolean", "category", "object"])
def test_a_missing_label_is_refused(dtype: str) -> None:
    pd = pytest.importorskip("pandas")
    values = {"Int64": [1, 0], "boolean": [True, False]}.get(dtype, ["a", "b"])
    labels = pd.Series([*values * 14, values[0], None], dtype=dtype)
    with pytest.raises(ValueError, match="Input y contains NaN"):
        C45Classifier().fit(X, labels)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"prune": "no"}, ValueError, "prune: 'no'"),
        ({"subtree_raising": None}, ValueError, "subtree_raising: None"),
        ({"subsets": 2}, ValueError, "subsets: 2"),
        ({"class_weight": [1, 2]}, TypeError, r"class_weight: \[1, 2\]"),
        ({"class_weight": {0: "a", 1: 1}}, ValueError, "class_weight: 'a' for class 0"),
        ({"class_weight": {0: 1, "1": 2}}, ValueError, "no class is called '1'"),
        ({"categorical": 0.5}, TypeError, "categorical: 0.5"),
    ],
)
def test_bad_parameters_are_named(options: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        C45Classifier(**options).fit(X, Y)


def test_numbers_beyond_the_cores_are_the_largest() -> None:
    plain = C45Classifier().fit(X, Y).export_text()
    tree = C45Classifier(max_depth=10**20, threads=10**20, categorical=None).fit(X, Y)
    assert tree.export_text() == plain
    assert tree.score(X, Y) == 1
    assert C45Classifier(categorical=np.int64(0)).fit(X, Y).n_leaves_ == 6


def test_a_class_weight_may_name_a_class_that_is_missing_from_a_fold() -> None:
    weights = {0: 1, 1: 2, 7: 3}
    tree = C45Classifier(class_weight=weights).fit(X, Y)
    assert tree.tree_.weight[0] == 45
    with pytest.raises(ValueError, match="no class is called 7"):
        C45Classifier(class_weight={0: 1, 7: 3}).fit(X, Y)


def test_weights_whose_sum_is_no_number_are_refused() -> None:
    for weight in (1e308, 1e300):
        with pytest.raises(ValueError, match="sample_weight: the weights add up to"):
            C45Classifier().fit(X, Y, np.full(30, weight))
    with pytest.raises(ValueError, match="sample_weight: expected numbers"):
        C45Classifier().fit(X, Y, ["a"] * 30)
    tree = C45Classifier().fit(X, Y, np.full(30, 1e200))
    assert tree.score(X, Y) == 1
    assert max(map(len, tree.export_text().splitlines())) < 40


def test_weights_that_add_up_to_one_are_warned_of() -> None:
    with pytest.warns(UserWarning, match="nothing is split; weights count cases"):
        tree = C45Classifier().fit(X, Y, np.full(30, 1 / 30))
    assert tree.n_leaves_ == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        C45Classifier().fit(X[:3], Y[:3], np.full(3, 0.01))  # too few cases anyway
        C45Classifier().fit(X[:6], Y[:6], np.full(6, 0.5))  # cases that count less, not shares
        assert C45Classifier(min_leaf=2 / 30, prune=False).fit(X, Y, np.full(30, 1 / 30)).n_leaves_ == 2


def test_a_score_of_other_labels_is_refused() -> None:
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[30, 3\]"):
        C45Classifier().fit(X, Y).score(X, Y[:3])


def test_each_branch_is_a_line_whatever_names_hold() -> None:
    rng = np.random.default_rng(0)
    data = np.array([["a\nb", 1.0], ["c\u2028d", 2.0], ["e\tf\x1b[31m", 3.0]] * 10, dtype=object)
    labels = np.array(["x\ny", "z\r", "日本"])[np.arange(30) % 3]
    names = ["co\nlour", "n"]
    tree = C45Classifier(prune=False).fit(data, labels)
    text = tree.export_text(names)
    assert text.splitlines() == [r"co\nlour = a\nb: x\ny (10)", r"co\nlour = c\u2028d: z\r (10)", r"co\nlour = e\tf\x1b[31m: 日本 (10)"][:3]
    rules = tree.to_rules(names=names)
    assert all(len(str(rule).splitlines()) == 1 for rule in rules)
    assert {rule.label for rule in rules} == set(labels)
    assert len(tree.explain(data[0]).splitlines()) == 1
    assert len(tree.to_dot(names).splitlines()) == 4 + 1 + 2 * 3
    database = sqlite3.connect(":memory:")  # what is not for eyes stays as it is
    database.execute('create table t ("co\nlour", "n")')
    order = rng.permutation(30)
    database.executemany("insert into t values (?, ?)", data[order].tolist())
    assert [row[-1] for row in database.execute(tree.to_sql("t", names))] == labels[order].tolist()


def test_bad_arguments_of_exports_are_named() -> None:
    tree = C45Classifier().fit(X[:, :1], Y)
    for bad, error, match in (
        (lambda: tree.to_sql(""), ValueError, "table: ''"),
        (lambda: tree.to_sql("a..b"), ValueError, "table: 'a..b'"),
        (lambda: tree.to_sql(5), TypeError, "table: expected a name, got int"),
        (lambda: tree.to_c(None), ValueError, "name: None"),
        (lambda: tree.export_text("a"), TypeError, "names: 'a'"),
        (lambda: tree.explain({"x0": 1}), TypeError, "explain: a dict"),
    ):
        with pytest.raises(error, match=match):
            bad()


@pytest.mark.peer
def test_a_picture_takes_words_literally() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    data = np.array([[r"$\nope$", 1.0], ["$", 2.0]] * 10, dtype=object)
    ax = C45Classifier().fit(data, np.array([r"$\frac$", "b"])[np.arange(20) % 2]).plot(names=[r"$\x$", "n"])
    ax.figure.canvas.draw()
    matplotlib.pyplot.close(ax.figure)
    with pytest.raises(ValueError, match="max_depth: -1"):
        C45Classifier().fit(X, Y).plot(max_depth=-1)


def test_too_many_categories_are_named_by_their_column() -> None:
    column = np.array([f"c{i}" for i in range(65_534)], dtype=object)[:, None]
    with pytest.raises(ValueError, match="column 'x0': 65534 categories, at most 65533"):
        C45Classifier().fit(column, np.arange(65_534) % 2)


@pytest.mark.parametrize("piece", [None, "x", np.zeros(3), np.nan])
def test_what_a_worker_gives_is_looked_at(piece: Any) -> None:
    class Wrong:
        def submit(self, function: Any, *arguments: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(function(*arguments) * piece if isinstance(piece, float) else piece)
            return future

    rng = np.random.default_rng(0)
    data = rng.normal(size=(200_000, 1))
    with pytest.raises(ValueError, match="executor: a piece gave"):
        C45Classifier(max_bins=4, max_depth=1, executor=Wrong()).fit(data, data[:, 0] > 0)


def test_a_fit_that_fails_leaves_the_tree_before_it() -> None:
    tree = C45Classifier().fit(X[:, :1], np.array(["a", "b"])[Y])
    for bad in (
        lambda: tree.fit(X, Y, np.full(30, -1)),
        lambda: tree.fit(X[:, :1], np.array(["x", "y"])[Y], np.full(30, np.nan)),
        lambda: tree.fit(X, Y[:5]),
        lambda: tree.fit(np.where(X > 5, np.inf, X), Y),
    ):
        with pytest.raises(ValueError, match=r"sample_weight|inconsistent|infinity"):
            bad()
        assert tree.predict([[1.0], [6.0]]).tolist() == ["a", "b"]
        assert tree.n_features_in_ == 1
    fresh = C45Classifier()
    with pytest.raises(ValueError, match="inconsistent"):
        fresh.fit(X, Y[:5])
    with pytest.raises(ValueError, match="not fitted"):
        fresh.predict(X)


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy 2")
def test_strings_of_any_length_are_categories() -> None:
    column = np.array([["a"], ["b"]] * 10, dtype=np.dtypes.StringDType())
    tree = C45Classifier().fit(column, np.arange(20) % 2)
    assert tree.export_text().splitlines() == ["x0 = a: 0 (10)", "x0 = b: 1 (10)"]
    assert tree.predict(column[:2]).tolist() == [0, 1]


def test_a_save_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        C45Classifier().fit(X, Y).save(tmp_path / "taken")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]

"""Exports of a tree predict the same: rules, SQL, C; pictures are complete."""

from __future__ import annotations

import ctypes
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plait.tree import C45Classifier

Array = np.ndarray[Any, Any]
COLOURS = np.array(["red", "green", "it's", 'a "b"'], dtype=object)


def mixed(n: int, missing: float, seed: int = 0) -> tuple[Array, Array]:
    """Three numbers and two categories, and three classes."""
    rng = np.random.default_rng(seed)
    X = np.empty((n, 5), dtype=object)
    numbers = rng.normal(size=(n, 3)) * [1, 1e-3, 1e6]
    colour, flag = rng.integers(0, 4, n), rng.random(n) < 0.4
    X[:, :3], X[:, 3], X[:, 4] = numbers, COLOURS[colour], np.where(flag, "yes", "no")
    signal = numbers[:, 0] + np.array([1, -1, 0.5, 0])[colour] * numbers[:, 1] * 1e3 + flag + rng.normal(0, 0.3, n)
    y = np.array(["low", "mid's", "high"])[np.digitize(signal, [-0.3, 0.8])]
    X[rng.random(X.shape) < missing] = None
    return X, y


NAMES = ["a", 'b "x"', "c", "colour", "flag"]
OPTIONS: list[dict[str, Any]] = [{}, {"subsets": True}, {"max_depth": 0}]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_sql_decides_as_the_tree_does(options: dict[str, Any], missing: float) -> None:
    X, y = mixed(600, missing)
    tree = C45Classifier(**options).fit(X, y)
    test, _ = mixed(400, 0.25, seed=1)
    test[::7, 3] = "never seen"
    edges = tree.tree_.threshold[(tree.tree_.attribute == 0)]
    test[: len(edges), 0] = edges[: len(test)]  # thresholds themselves
    base = sqlite3.connect(":memory:")
    columns = ", ".join('"' + n.replace('"', '""') + '"' for n in NAMES)
    base.execute(f"CREATE TABLE cases ({columns})")
    base.executemany("INSERT INTO cases VALUES (?, ?, ?, ?, ?)", [tuple(row) for row in test])
    said = [row[-1] for row in base.execute(tree.to_sql("cases", names=NAMES) + " ORDER BY cases.rowid")]
    assert said == tree.predict(test).tolist()
    expression = tree.to_sql(names=NAMES)
    assert [row[0] for row in base.execute(f"SELECT {expression} FROM cases ORDER BY rowid")] == said


def compiled(source: str, folder: Path, name: str) -> ctypes.CDLL:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    (folder / "tree.c").write_text(source)
    library = folder / f"{name}.so"
    flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-pedantic", "-Werror", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(folder / "tree.c"), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


@pytest.mark.parametrize("options", OPTIONS)
def test_c_compiles_without_a_warning_and_agrees_on_many_rows(options: dict[str, Any], tmp_path: Path) -> None:
    X, y = mixed(3000, 0.05)
    tree = C45Classifier(**options).fit(X, y)
    rows, _ = mixed(100_000 if not options else 5000, 0.1, seed=2)
    encoded = tree._known_rows(rows)
    # A loop in C, so that Python does not call a function for each of 10^5 rows.
    loop = """
void run(const double *x, long n, int *label, double *p) {
  long i;
  for (i = 0; i < n; ++i) {
    label[i] = golf_predict(x + i * golf_FEATURES);
    golf_predict_proba(x + i * golf_FEATURES, p + i * golf_CLASSES);
  }
}
"""
    library = compiled(tree.to_c("golf", NAMES) + "void run(const double *x, long n, int *label, double *p);" + loop, tmp_path, "golf")
    labels = np.empty(len(rows), np.int32)
    shares = np.empty((len(rows), 3))
    pointer = ctypes.c_void_p
    library.run(pointer(encoded.ctypes.data), ctypes.c_long(len(rows)), pointer(labels.ctypes.data), pointer(shares.ctypes.data))
    np.testing.assert_array_equal(tree.classes_[labels], tree.predict(rows))
    np.testing.assert_array_equal(shares, tree.predict_proba(rows))


def test_c_refuses_names_that_are_none() -> None:
    tree = C45Classifier().fit([[0.0], [1.0]], [0, 1])
    for name in ("", "2x", "a b", "int", "a;"):
        with pytest.raises(ValueError, match="identifier of C"):
            tree.to_c(name)


@pytest.mark.parametrize("subsets", [False, True])
def test_each_case_satisfies_one_rule(subsets: bool) -> None:
    X, y = mixed(500, 0.0)
    tree = C45Classifier(subsets=subsets).fit(X, y)
    rules = tree.to_rules()
    covered = np.zeros(len(X), int)
    for rule in rules:
        holds = np.ones(len(X), bool)
        for c in rule.conditions:
            x = X[:, c.column]
            holds &= np.isin(x, c.value) if c.operator == "in" else (x <= c.value if c.operator == "<=" else x > c.value).astype(bool)
        covered += holds
        assert (tree.predict(X[holds]) == rule.label).all()
        assert rule.support == holds.sum()
        assert rule.confidence == pytest.approx((y[holds] == rule.label).mean())
        assert len({(c.column, c.operator) for c in rule.conditions}) == len(rule.conditions)  # none that another implies
    assert (covered == 1).all()


def test_rules_that_cases_simplify() -> None:
    """C4.5rules: fewer conditions, no higher pessimistic error, each rule right where the tree's was."""
    X, y = mixed(800, 0.0)
    tree = C45Classifier().fit(X, y)
    plain, simple = tree.to_rules(), tree.to_rules(X, y)
    assert sum(len(r.conditions) for r in simple) < sum(len(r.conditions) for r in plain)
    assert [r.confidence for r in simple] == sorted((r.confidence for r in simple), reverse=True)
    assert len(simple) <= len(plain)
    for rule in simple:
        assert 0 < rule.support <= len(X)


def test_subsets_group_categories() -> None:
    X = np.array(list("abcdef") * 20, dtype=object)[:, None]
    y = np.isin(X[:, 0], ["a", "c", "f"])
    tree = C45Classifier(subsets=True).fit(X, y)
    assert tree.n_leaves_ == 2
    assert tree.export_text(["letter"]) == "letter in {a, c, f}: True (60)\nletter in {b, d, e}: False (60)"
    assert C45Classifier().fit(X, y).n_leaves_ == 6


def test_pictures_show_every_node() -> None:
    X, y = mixed(300, 0.0)
    tree = C45Classifier().fit(X, y)
    dot = tree.to_dot(NAMES)
    nodes = len(tree.tree_.attribute)
    assert dot.count(" -> ") == nodes - 1
    assert dot.startswith("digraph tree {")
    assert 0 in tree.tree_.attribute
    assert 'q\\"q' in tree.to_dot(['q"q', *NAMES[1:]])
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tsvg"], input=dot, text=True, capture_output=True, check=True)
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    ax = tree.plot(names=NAMES)
    assert len(ax.texts) == 2 * nodes - 1
    assert len(tree.plot(ax=ax.figure.add_subplot(), max_depth=0).texts) == 1
    matplotlib.pyplot.close(ax.figure)


def test_names_must_fit() -> None:
    tree = C45Classifier().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="names: 2 were given for 1 features"):
        tree.export_text(["a", "b"])


def test_numbers_in_a_picture_are_short():
    pytest.importorskip("matplotlib").use("agg")
    import matplotlib.pyplot as plt

    x = np.linspace(0, 1, 144)[:, None]
    tree = C45Classifier(min_leaf=2).fit(x, x[:, 0] > 0.35)
    assert "0.34965034965034" in tree.export_text()
    ax = tree.plot()
    assert {"<= 0.34965", "> 0.34965"} <= {text.get_text() for text in ax.texts}
    plt.close("all")

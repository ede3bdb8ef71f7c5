"""Data frames: which columns are categories, and columns that must be the same at prediction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plait.tree import C45Classifier

pd = pytest.importorskip("pandas")


def frame(n: int = 90, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    colour = rng.choice(["red", "green", "blue"], n)
    size = rng.choice(["s", "m", "l"], n)
    df = pd.DataFrame(
        {
            "length": rng.normal(size=n),
            "colour": pd.Categorical(colour, categories=["red", "green", "blue", "never"]),
            "size": pd.Categorical(size, categories=["s", "m", "l"], ordered=True),
            "text": rng.choice(["x", "y"], n),
            "flag": rng.random(n) < 0.5,
            "whole": pd.array(rng.integers(0, 9, n), dtype="Int64"),
        }
    )
    df.loc[::10, "whole"] = pd.NA
    df.loc[5, "text"] = None
    y = np.where((df["colour"] == "red") | ((df["size"] == "l") & (df["length"] > 0)), "yes", "no")
    return df, pd.Series(y)


def test_columns_are_what_they_are() -> None:
    df, y = frame()
    tree = C45Classifier().fit(df, y)
    assert [c.kind for c in tree._columns] == ["numeric", "categorical", "ordered", "categorical", "categorical", "numeric"]
    assert tree._columns[1].values == ["red", "green", "blue"]  # not "never": no row has it
    assert tree.feature_names_in_.tolist() == list(df.columns)
    assert tree.score(df, y) > 0.95
    text = tree.export_text()
    assert "colour = red: yes" in text
    assert "size <= m" in text
    again = df.copy()
    again["colour"] = again["colour"].astype(object)  # the same values in a column of another kind
    np.testing.assert_array_equal(tree.predict(again), tree.predict(df))
    again["colour"] = "never"
    missing = df.copy()
    missing["colour"] = None
    np.testing.assert_array_equal(tree.predict_proba(again), tree.predict_proba(missing))
    assert tree.explain(df.iloc[[0]]).startswith("if ")
    with pytest.raises(ValueError, match="explain: one sample was expected, 2 were given"):
        tree.explain(df.iloc[:2])
    assert tree.predict(df)[0] in tree.explain(df.iloc[0].tolist())


def test_categorical_by_name_and_mask() -> None:
    df = pd.DataFrame({"a": [1, 2, 3] * 20, "b": np.arange(60.0)})
    y = df["a"] == 2
    assert C45Classifier(categorical=["a"]).fit(df, y).n_leaves_ == 3
    assert C45Classifier(categorical=[True, False]).fit(df, y).n_leaves_ == 3
    assert C45Classifier(categorical="a").fit(df, y).n_leaves_ == 3
    assert C45Classifier(prune=False).fit(df, y).tree_.map.max() == -1
    with pytest.raises(ValueError, match="no column is called 'c'; there are a, b"):
        C45Classifier(categorical=["c"]).fit(df, y)


def test_columns_in_another_order_or_missing_are_named() -> None:
    df, y = frame()
    tree = C45Classifier().fit(df, y)
    with pytest.raises(ValueError, match="Feature names must be in the same order as they were in fit"):
        tree.predict(df[list(df.columns)[::-1]])
    with pytest.raises(ValueError, match=r"(?s)yet now missing:\n- size"):
        tree.predict(df.drop(columns="size"))
    with pytest.raises(ValueError, match=r"(?s)unseen at fit time:\n- weight"):
        tree.predict(df.rename(columns={"size": "weight"}))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        tree.predict(df.to_numpy(dtype=object, na_value=None))


def test_dates_and_changed_columns_are_refused() -> None:
    df, y = frame()
    with pytest.raises(TypeError, match="column 'day' holds datetime64"):
        C45Classifier().fit(df.assign(day=pd.Timestamp("2024-01-01")), y)
    tree = C45Classifier().fit(df, y)
    changed = df.copy()
    changed["length"] = "long"
    with pytest.raises(ValueError, match="column 'length' held numbers when the tree was fitted"):
        tree.predict(changed)
    big = pd.DataFrame({"id": pd.array([2**53 + 1, None], dtype="Int64")})
    with pytest.raises(ValueError, match="column 'id': 9007199254740993"):
        C45Classifier().fit(big, [0, 1])


def test_it_is_saved_with_its_columns(tmp_path: Any) -> None:
    df, y = frame()
    tree = C45Classifier().fit(df, y)
    tree.save(tmp_path / "t.json")
    again = C45Classifier.load(tmp_path / "t.json")
    np.testing.assert_array_equal(again.predict_proba(df), tree.predict_proba(df))
    assert again.feature_names_in_.tolist() == list(df.columns)
    with pytest.raises(ValueError, match="same order"):
        again.predict(df[list(df.columns)[::-1]])


def test_ordered_columns_in_sql() -> None:
    import sqlite3

    df, y = frame(200)
    tree = C45Classifier(min_leaf=1).fit(df[["size", "length"]], y)
    base = sqlite3.connect(":memory:")
    df[["size", "length"]].astype({"size": str}).to_sql("t", base)
    said = [row[-1] for row in base.execute(tree.to_sql("t") + ' ORDER BY "index"')]
    assert said == tree.predict(df[["size", "length"]]).tolist()

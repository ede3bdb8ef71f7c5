"""Trees in files: as they were, or FormatError; and trees of any depth."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import _core
from plait.tree import C45Classifier, _files


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    X = np.array([["a", 1.5], ["b", 2.5], ["a", np.nan], ["c", 0.1], [None, 7.0], ["b", 1e-300]] * 3, dtype=object)
    C45Classifier(min_leaf=1, prune=False).fit(X, ["x", "y", "x", "z", "y", "y"] * 3).save(tmp_path / "tree.json")
    return tmp_path / "tree.json"


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    for labels in (np.array([3, 1, 2]), np.array(["a", "bb", "c"]), np.array([True, False, True]), np.array(["a", "b", "c"], dtype=object)):
        y = labels[np.digitize(X[:, 0] * X[:, 1], [-0.2, 0.3])]
        tree = C45Classifier(min_leaf=3, confidence=0.1, max_depth=5).fit(X, y)
        tree.save(tmp_path / "t.json")
        again = C45Classifier.load(tmp_path / "t.json")
        np.testing.assert_array_equal(again.predict_proba(X), tree.predict_proba(X))
        np.testing.assert_array_equal(again.predict(X), tree.predict(X))
        assert again.predict(X).dtype == tree.predict(X).dtype
        assert again.get_params() == tree.get_params()
        assert again.export_text() == tree.export_text()
        np.testing.assert_array_equal(again.feature_importances_, tree.feature_importances_)
    assert [p.name for p in tmp_path.iterdir()] == ["t.json"]


def test_a_file_cut_anywhere_is_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    expected = C45Classifier.load(saved).export_text()
    for length in range(len(whole)):
        saved.write_bytes(whole[:length])
        with pytest.raises(plait.FormatError):
            C45Classifier.load(saved)
    saved.write_bytes(whole)
    assert C45Classifier.load(saved).export_text() == expected


def test_a_flipped_bit_is_found(saved: Path) -> None:
    whole = saved.read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << (at % 8)
        saved.write_bytes(bytes(damaged))
        with pytest.raises(plait.FormatError):
            C45Classifier.load(saved)


def rewrite(path: Path, change: Any) -> None:
    """A file with a checksum that fits, made by another hand."""
    text = path.read_text()
    begin = len(_files.HEAD) + 64 + len(_files.MIDDLE)
    payload = json.loads(text[begin : -len(_files.TAIL)])
    change(payload)
    new = json.dumps(payload)
    path.write_text(_files.HEAD + hashlib.sha256(new.encode()).hexdigest() + _files.MIDDLE + new + _files.TAIL)


def setter(name: str, value: Any) -> Any:
    def change(payload: dict[str, Any]) -> None:
        payload["nodes"][name][0] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        setter("attribute", 99),
        setter("first", 0),
        setter("first", 2**40),
        setter("branches", 1000),
        setter("map", 1000),
        setter("weight", -1.0),
        setter("counts", float("nan")),
        setter("maps", 57),
        lambda p: p["nodes"]["threshold"].pop(),
        lambda p: p["nodes"].pop("maps"),
        lambda p: p["classes"]["values"].pop(),
        lambda p: p["columns"].pop(),
        lambda p: p["columns"][0]["values"].append("more"),
        lambda p: p["classes"].update(dtype="M8[D]"),
        lambda p: p["classes"].update(dtype=3),
        lambda p: p["parameters"].update(colour="red"),
        lambda p: p.update(nodes=[]),
    ],
)
def test_impossible_trees_are_refused(saved: Path, change: Any) -> None:
    rewrite(saved, dict)  # changes nothing
    C45Classifier.load(saved)
    rewrite(saved, change)
    with pytest.raises(plait.FormatError):
        C45Classifier.load(saved)


def test_a_tree_a_hundred_thousand_levels_deep(tmp_path: Path) -> None:
    """Each node splits one case off: it loads, predicts, is written out and freed without recursion."""
    depth = 100_000
    inner = np.arange(depth)
    attribute = np.full(2 * depth + 1, -1, np.int32)
    first = np.arange(2 * depth + 1, dtype=np.int32)
    branches = np.zeros(2 * depth + 1, np.int32)
    threshold = np.zeros(2 * depth + 1)
    # Node 0, then pairs (leaf, node below).
    at = np.where(inner == 0, 0, 2 * inner)
    attribute[at], first[at], branches[at], threshold[at] = 0, 2 * inner + 1, 2, inner.astype(float)
    weight = np.ones(2 * depth + 1)
    weight[at] = depth + 1 - inner
    counts = np.stack([weight / 2, weight / 2], 1)
    counts[1::4] = [1, 0]
    counts[3::4] = [0, 1]
    arrays = {"attribute": attribute, "threshold": threshold, "first": first, "branches": branches, "weight": weight}
    raw = _core.tree.Tree(
        2, np.zeros(1, np.int32), map=np.full(2 * depth + 1, -1, np.int32), counts=counts.ravel(), maps=np.zeros(0, np.int32), **arrays
    )
    content = {"parameters": {}, "columns": [{"name": "x", "kind": "numeric", "values": []}], "named": False}
    _files.write(tmp_path / "deep.json", content, raw, np.array(["a", "b"]))
    del raw
    tree = C45Classifier.load(tmp_path / "deep.json")
    assert tree.n_leaves_ == depth + 1
    assert tree.predict([[0.0], [1.0], [2.0]]).tolist() == ["a", "b", "a"]
    assert tree.apply([[depth + 1.0]]).tolist() == [2 * depth]
    assert np.isfinite(tree.predict_proba([[np.nan]])).all()
    assert len(tree.export_text()) < 250 * 2 * depth
    assert len(tree.to_rules()) == depth + 1
    assert tree.to_dot().count("->") == 2 * depth
    assert "int tree_predict" in tree.to_c()
    assert tree.to_sql().count("WHEN") > depth
    assert tree.explain([1.0]) == "if x > 0 and x <= 1 then b (100 % of 1 cases)"
    tree.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").stat().st_size > 1e6
    del tree

"""Quinlan's golf data: the tree of the book, and what a missing value changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plait.tree import C45Classifier

NAMES = ["outlook", "temperature", "humidity", "windy"]
ROWS: list[list[Any]] = [
    ["sunny", 75.0, 70.0, "true", "Play"],
    ["sunny", 80.0, 90.0, "true", "Don't Play"],
    ["sunny", 85.0, 85.0, "false", "Don't Play"],
    ["sunny", 72.0, 95.0, "false", "Don't Play"],
    ["sunny", 69.0, 70.0, "false", "Play"],
    ["overcast", 72.0, 90.0, "true", "Play"],
    ["overcast", 83.0, 78.0, "false", "Play"],
    ["overcast", 64.0, 65.0, "true", "Play"],
    ["overcast", 81.0, 75.0, "false", "Play"],
    ["rain", 71.0, 80.0, "true", "Don't Play"],
    ["rain", 65.0, 70.0, "true", "Don't Play"],
    ["rain", 75.0, 80.0, "false", "Play"],
    ["rain", 68.0, 80.0, "false", "Play"],
    ["rain", 70.0, 96.0, "false", "Play"],
]
X = np.array([row[:-1] for row in ROWS], dtype=object)
Y = np.array([row[-1] for row in ROWS])
WITH_ONE_MISSING = X.copy()
WITH_ONE_MISSING[5, 0] = None

BOOK = """\
outlook = overcast: Play (4)
outlook = rain
|   windy = false: Play (3)
|   windy = true: Don't Play (2)
outlook = sunny
|   humidity <= 75: Play (2)
|   humidity > 75: Don't Play (3)"""


def entropy(*counts: float) -> float:
    p = np.array([c for c in counts if c]) / sum(counts)
    return float(-(p * np.log2(p)).sum())


@pytest.mark.parametrize("options", [{}, {"prune": False}])
def test_the_books_tree(options: dict[str, Any]) -> None:
    tree = C45Classifier(**options).fit(X, Y)
    assert tree.export_text(NAMES) == BOOK
    assert tree.score(X, Y) == 1.0
    assert tree.n_leaves_ == 5
    assert tree.feature_importances_[1] == 0
    assert tree.feature_importances_.sum() == pytest.approx(1)


def test_the_books_fractions_with_one_value_missing() -> None:
    """C4.5, chapter 3: gain 13/14 · (0.961 - 0.747) = 0.199, five thirteenths of the case go down outlook = sunny."""
    before = entropy(8, 5)
    after = 5 / 13 * entropy(2, 3) + 3 / 13 * entropy(3, 0) + 5 / 13 * entropy(3, 2)
    assert 13 / 14 * (before - after) == pytest.approx(0.199, abs=5e-4)
    tree = C45Classifier(min_leaf=2).fit(WITH_ONE_MISSING, Y)
    assert tree.tree_.attribute[0] == 0
    # In sorted order: overcast, rain, sunny.
    np.testing.assert_allclose(tree.tree_.weight[:4], [14, 3 + 3 / 13, 5 + 5 / 13, 5 + 5 / 13])
    assert "|   humidity <= 75: Play (2)" in tree.export_text(NAMES)
    assert "|   humidity > 75: Don't Play (3.38/0.38)" in tree.export_text(NAMES)
    assert "outlook = overcast: Play (3.23)" in tree.export_text(NAMES)


def test_the_books_prediction_with_a_missing_value() -> None:
    """Sunny, 70 degrees, humidity unknown, no wind: 2/5.4 of the case is sure to play, 3.4/5.4 plays with 0.4/3.4."""
    tree = C45Classifier().fit(WITH_ONE_MISSING, Y)
    sample = np.array([["sunny", 70.0, None, "false"]], dtype=object)
    play = 2 / (5 + 5 / 13) + (3 + 5 / 13) / (5 + 5 / 13) * (5 / 13) / (3 + 5 / 13)
    np.testing.assert_allclose(tree.predict_proba(sample), [[1 - play, play]])
    assert play == pytest.approx(0.44, abs=0.005)
    assert tree.predict(sample).tolist() == ["Don't Play"]
    words = tree.explain(sample[0])
    assert words.startswith("Don't Play: values are missing, so 2 rules share the decision\n62.9 %: if")


def test_rules_and_paths() -> None:
    tree = C45Classifier().fit(X, Y)
    rules = tree.to_rules(names=NAMES)
    assert [str(rule) for rule in rules][:2] == [
        "if outlook = overcast then Play (100 % of 4 cases)",
        "if outlook = rain and windy = false then Play (100 % of 3 cases)",
    ]
    assert [(c.feature, c.operator, c.value) for c in rules[3].conditions] == [("outlook", "in", ("sunny",)), ("humidity", "<=", 75.0)]
    assert (rules[3].label, rules[3].support, rules[3].confidence) == ("Play", 2.0, 1.0)
    assert {rule.leaf for rule in rules} == set(tree.apply(X).tolist())
    pytest.importorskip("scipy")
    paths = tree.decision_path(X)
    assert paths.shape == (14, 8)
    np.testing.assert_array_equal(paths.sum(axis=1).ravel().tolist()[0], np.where(X[:, 0] == "overcast", 2, 3))
    assert all(paths[i, leaf] == 1 for i, leaf in enumerate(tree.apply(X)))
    assert tree.explain(X[0]) == "if x0 = sunny and x2 <= 75 then Play (100 % of 2 cases)"

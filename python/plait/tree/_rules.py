"""A tree as rules: one for each leaf, without redundant conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ._bounds import leaves, path_bounds, tests
from ._nodes import Nodes, Test, shown, weight_text

Array = NDArray[Any]


@dataclass(frozen=True)
class Condition:
    """One condition of a rule.

    Parameters
    ----------
    feature : str
        The feature's name.
    operator : str
        "<=", ">" or "in".
    value : float, tuple
        The threshold, or the categories; for an ordered column the category of the threshold.
    text : str
        The condition in words.
    column : int
        The feature's index.
    """

    feature: str
    operator: str
    value: Any
    text: str
    column: int

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Rule:
    """A rule: if all conditions hold, the label.

    Parameters
    ----------
    conditions : tuple of Condition
        Their conjunction; empty for a rule that always holds.
    label : object
        The class, as it stood in ``y``.
    support : float
        Weight of the training cases that it covers.
    confidence : float
        Share of them that are of its class, from 0 to 1.
    leaf : int
        Index of its leaf in ``tree_``.
    """

    conditions: tuple[Condition, ...]
    label: Any
    support: float
    confidence: float
    leaf: int

    def __str__(self) -> str:
        when = " and ".join(map(str, self.conditions))
        start = f"if {when} then " if when else "always "
        return f"{start}{shown(self.label)} ({100 * self.confidence:.3g} % of {weight_text(self.support)} cases)"


def condition(nodes: Nodes, test: Test) -> Condition:
    """The public form of a test."""
    column = nodes.columns[test.feature]
    value: Any = test.bound
    if test.operator == "in":
        value = tuple(column.values[c] for c in test.values)
    elif column.kind == "ordered":
        value = column.values[int(test.bound)]
    return Condition(nodes.names[test.feature], test.operator, value, nodes.words(test), test.feature)


def make_rule(nodes: Nodes, classes: Array, leaf: int, conditions: list[Test], support: float, right: float) -> Rule:
    """A rule from its parts."""
    confidence = right / support if support > 0 else 0.0
    label = classes[nodes.label[leaf]]
    return Rule(tuple(condition(nodes, t) for t in conditions), label, support, confidence, leaf)


def to_rules(nodes: Nodes, classes: Array) -> list[Rule]:
    """A rule for each leaf that has cases, in the order of the tree."""
    found = []
    for leaf, bounds in leaves(nodes):
        if nodes.weight[leaf] > 0:
            right = float(nodes.counts[leaf, nodes.label[leaf]])
            found.append(make_rule(nodes, classes, leaf, tests(bounds), nodes.weight[leaf], right))
    return found


def leaf_rule(nodes: Nodes, classes: Array, leaf: int, parents: list[tuple[int, int]]) -> Rule:
    """The rule of one leaf."""
    right = float(nodes.counts[leaf, nodes.label[leaf]])
    return make_rule(nodes, classes, leaf, tests(path_bounds(nodes, leaf, parents)), nodes.weight[leaf], right)


def holds(test: Test, X: Array) -> Array:
    """Mask of the rows that satisfy a test; a missing value does not."""
    x = X[:, test.feature]
    if test.operator == "<=":
        return np.asarray(x <= test.bound)
    if test.operator == ">":
        return np.asarray(x > test.bound)
    return np.isin(x, test.values)


def generalised(nodes: Nodes, classes: Array, X: Array, y: Array, w: Array, confidence: float) -> list[Rule]:
    """The first step of C4.5rules: conditions are dropped, the least useful first, as long as the pessimistic error does not rise.

    Duplicate rules are given once, sorted by confidence and support.
    """
    found: dict[tuple[Any, ...], Rule] = {}
    for leaf, bounds in leaves(nodes):
        if nodes.weight[leaf] == 0:
            continue
        kept = tests(bounds)
        masks = [holds(t, X) for t in kept]
        of_class = y == nodes.label[leaf]

        def evaluate(chosen: list[Array], of_class: Array = of_class) -> tuple[float, float, float]:
            inside = np.logical_and.reduce(chosen) if chosen else np.ones(len(X), bool)
            n, right = float(w[inside].sum()), float(w[inside & of_class].sum())
            if n <= 0:
                return 1.0, 0.0, 0.0
            wrong = max(n - right, 0.0)
            return (wrong + _core.tree.added_errors(n, wrong, confidence)) / n, n, right

        current = evaluate(masks)
        while kept:
            candidates = [evaluate(masks[:i] + masks[i + 1 :]) for i in range(len(kept))]
            best = min(range(len(kept)), key=lambda i: candidates[i][0])
            if candidates[best][0] > current[0]:
                break
            current = candidates[best]
            del kept[best], masks[best]
        rule = make_rule(nodes, classes, leaf, kept, current[1], current[2])
        key = (nodes.label[leaf], *sorted((c.column, c.operator, str(c.value)) for c in rule.conditions))
        found.setdefault(key, rule)
    return sorted(found.values(), key=lambda r: (-r.confidence, -r.support))

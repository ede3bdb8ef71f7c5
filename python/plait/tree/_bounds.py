"""The conditions of a path merged by feature: an interval or a set of categories, and the fraction of missing values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ._nodes import Nodes, Test


@dataclass(frozen=True)
class Bound:
    """The merged conditions on one feature.

    Numeric: low < x <= high. Categorical: for each category the fraction of a case that reaches the node (1, 0, or between where an
    ancestor has no branch for it). ``missing`` is that fraction for a missing value.
    """

    low: float = -math.inf
    high: float = math.inf
    shares: tuple[float, ...] | None = None
    missing: float = 1.0


Bounds = dict[int, Bound]


def narrowed(nodes: Nodes, bounds: Bounds, node: int, branch: int) -> Bounds:
    """The bounds of a child: those of its parent and the test of its branch."""
    test = nodes.test(node, branch)
    child = nodes.first[node] + branch
    all_weight = sum(nodes.weight[c] for c in nodes.children(node))
    share = nodes.weight[child] / all_weight if all_weight > 0 else 0.0
    old = bounds.get(test.feature, Bound())
    missing = old.missing * share
    if test.operator == "<=":
        new = Bound(old.low, min(old.high, test.bound), None, missing)
    elif test.operator == ">":
        new = Bound(max(old.low, test.bound), old.high, None, missing)
    else:
        count = nodes.columns[test.feature].categories
        before = old.shares or (1.0,) * count
        begin = nodes.map[node]
        here = nodes.maps[begin : begin + count]
        new = Bound(
            shares=tuple(s * (1.0 if b == branch else share if b < 0 else 0.0) for s, b in zip(before, here, strict=True)), missing=missing
        )
    return {**bounds, test.feature: new}


def leaves(nodes: Nodes) -> Iterator[tuple[int, Bounds]]:
    """Leaves that a case can reach, depth first, with the bounds of their paths."""
    stack: list[tuple[int, Bounds]] = [(0, {})]
    while stack:
        node, bounds = stack.pop()
        if nodes.branches[node] == 0:
            yield node, bounds
            continue
        for b in range(nodes.branches[node] - 1, -1, -1):
            below = narrowed(nodes, bounds, node, b)
            changed = below[nodes.attribute[node]]
            if changed.shares is None or any(changed.shares):
                stack.append((nodes.first[node] + b, below))


def path_bounds(nodes: Nodes, node: int, parents: list[tuple[int, int]]) -> Bounds:
    """The bounds of the path from the root to one node."""
    path = []
    while parents[node][0] >= 0:
        path.append(parents[node])
        node = parents[node][0]
    bounds: Bounds = {}
    for parent, branch in reversed(path):
        bounds = narrowed(nodes, bounds, parent, branch)
    return bounds


def tests(bounds: Bounds) -> list[Test]:
    """Bounds as tests, at most two for a feature."""
    found = []
    for feature, bound in bounds.items():
        if bound.shares is not None:
            found.append(Test(feature, "in", values=tuple(c for c, s in enumerate(bound.shares) if s >= 1)))
            continue
        if bound.low > -math.inf:
            found.append(Test(feature, ">", bound.low))
        if bound.high < math.inf:
            found.append(Test(feature, "<=", bound.high))
    return found

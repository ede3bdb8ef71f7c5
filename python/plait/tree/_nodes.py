"""A view of a fitted tree for exports: nodes as Python numbers, features and classes by name; traversed without recursion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ._table import Column

Array = NDArray[Any]
DEEPEST_INDENT = 40


def number(x: float) -> str:
    """Six significant digits where they read back as x, else all."""
    short = f"{x:.6g}"
    return short if float(short) == x else repr(float(x))


def shown(value: object) -> str:
    """A name or a value on one line: unprintable characters, such as line breaks, are escaped as in a Python string."""
    text = str(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def weight_text(x: float) -> str:
    """A sum of weights, with at most two digits after the point."""
    return f"{x:.6g}" if x >= 1e15 else f"{x:.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Test:
    """The test of a branch: ``feature <= bound``, ``feature > bound`` or ``feature in values``."""

    feature: int
    operator: str
    bound: float = 0.0
    values: tuple[int, ...] = ()


class Nodes:
    """The arrays of a tree, with texts for its tests and leaves."""

    def __init__(self, tree: _core.tree.Tree, columns: list[Column], classes: Array, names: Any = None) -> None:
        if isinstance(names, str):
            raise TypeError(f"names: {names!r} was given, a name for each feature was expected")
        if names is not None and len(names) != len(columns):
            raise ValueError(f"names: {len(names)} were given for {len(columns)} features")
        self.names = [str(n) for n in names] if names is not None else [c.name for c in columns]
        self.columns = columns
        self.shown_names = [shown(name) for name in self.names]
        self.labels = [shown(c) for c in classes]
        self.attribute = tree.attribute.tolist()
        self.threshold = tree.threshold.tolist()
        self.first = tree.first.tolist()
        self.branches = tree.branches.tolist()
        self.map = tree.map.tolist()
        self.maps = tree.maps.tolist()
        self.weight = tree.weight.tolist()
        self.counts = tree.counts
        totals = self.counts.sum(axis=1)
        # Ties go to the first class, as in predict.
        best = self.counts.max(axis=1, keepdims=True)
        self.label = (self.counts >= best - 1e-9 * totals[:, None]).argmax(axis=1).tolist()

    def __len__(self) -> int:
        return len(self.attribute)

    def children(self, node: int) -> range:
        """Indices of its children."""
        return range(self.first[node], self.first[node] + self.branches[node])

    def test(self, node: int, branch: int) -> Test:
        """The test of the edge from a node to one of its children."""
        feature = self.attribute[node]
        if self.map[node] < 0:
            return Test(feature, "<=" if branch == 0 else ">", self.threshold[node])
        begin = self.map[node]
        codes = range(self.columns[feature].categories)
        return Test(feature, "in", values=tuple(c for c in codes if self.maps[begin + c] == branch))

    def bound(self, feature: int, x: float) -> str:
        """A threshold as text; for an ordered column the category at that position."""
        column = self.columns[feature]
        return shown(column.values[int(x)]) if column.kind == "ordered" else number(x)

    def words(self, test: Test) -> str:
        """``humidity <= 75``, ``outlook = sunny``, ``colour in {red, green}``."""
        name = self.shown_names[test.feature]
        if test.operator != "in":
            return f"{name} {test.operator} {self.bound(test.feature, test.bound)}"
        values = [shown(self.columns[test.feature].values[c]) for c in test.values]
        return f"{name} = {values[0]}" if len(values) == 1 else f"{name} in {{{', '.join(values)}}}"

    def leaf_text(self, node: int) -> str:
        """The class of a leaf, its cases and, after a slash, those of other classes."""
        wrong = self.weight[node] - float(self.counts[node, self.label[node]]) if self.weight[node] > 0 else 0.0
        errors = f"/{weight_text(wrong)}" if wrong > 0.005 else ""
        return f"{self.labels[self.label[node]]} ({weight_text(self.weight[node])}{errors})"

    def walk(self) -> Iterator[tuple[int, int, int, int]]:
        """(node, depth, parent, branch) depth first, branches in their order."""
        stack = [(0, 0, -1, 0)]
        while stack:
            node, depth, parent, branch = stack.pop()
            yield node, depth, parent, branch
            for b in range(self.branches[node] - 1, -1, -1):
                stack.append((self.first[node] + b, depth + 1, node, b))

    def parents(self) -> list[tuple[int, int]]:
        """(parent, branch) of each node."""
        found = [(-1, 0)] * len(self)
        for node in range(len(self)):
            for b, child in enumerate(self.children(node)):
                found[child] = (node, b)
        return found


def export_text(nodes: Nodes) -> str:
    """A line for each branch, a bar for each level above it; very deep levels are numbered, to keep the text linear in the tree's size."""
    lines = []
    for node, depth, parent, branch in nodes.walk():
        leaf = nodes.branches[node] == 0
        if parent < 0:
            if leaf:
                lines.append(nodes.leaf_text(node))
            continue
        indent = "|   " * (depth - 1) if depth <= DEEPEST_INDENT else "|   " * DEEPEST_INDENT + f"[level {depth}] "
        test = nodes.test(parent, branch)
        if test.operator == "in" and not test.values:  # no category leads here
            continue
        lines.append(f"{indent}{nodes.words(test)}" + (f": {nodes.leaf_text(node)}" if leaf else ""))
    return "\n".join(lines)


def reached(tree: _core.tree.Tree, X: Array) -> tuple[Array, Array, Array]:
    """(row, node, share) of every node that a row reaches, sorted by row; missing values are divided as the training cases were."""
    attribute, threshold, first, branches = tree.attribute, tree.threshold, tree.first, tree.branches
    mapped, maps, weight, categories = tree.map, tree.maps, tree.weight, tree.categories
    rows = np.arange(len(X))
    nodes = np.zeros(len(X), np.int64)
    shares = np.ones(len(X))
    found: list[tuple[Array, Array, Array]] = []
    while len(rows):
        found.append((rows, nodes, shares))
        inner = branches[nodes] > 0
        rows, nodes, shares = rows[inner], nodes[inner], shares[inner]
        features = attribute[nodes]
        x = X[rows, features]
        branch = np.where(np.isnan(x), -1, (x > threshold[nodes]).astype(np.int64))
        categorical = (mapped[nodes] >= 0) & ~np.isnan(x)
        known = categorical & (x >= 0) & (x < categories[features])
        branch[categorical] = -1
        branch[known] = maps[mapped[nodes[known]] + x[known].astype(np.int64)]
        whole = branch >= 0
        parts = [(rows[whole], first[nodes[whole]] + branch[whole], shares[whole])]
        for row, node, share in zip(rows[~whole].tolist(), nodes[~whole].tolist(), shares[~whole].tolist(), strict=True):
            children = np.arange(first[node], first[node] + branches[node])
            w = weight[children]
            keep = w > 0
            parts.append((np.full(keep.sum(), row), children[keep], share * w[keep] / w.sum()))
        rows, nodes, shares = (np.concatenate([part[i] for part in parts]) for i in range(3))
    rows, nodes, shares = (np.concatenate([part[i] for part in found]) for i in range(3))
    order = np.lexsort((nodes, rows))
    return rows[order], nodes[order], shares[order]

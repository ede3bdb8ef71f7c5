"""C4.5 in the plainest form: recursive, a list of cases at each node, entropies from their definition."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import norm

TINY = 1e-6


@dataclass
class Case:
    x: list[float]
    y: int
    w: float


@dataclass
class Node:
    cases: list[Case]
    classes: int
    attribute: int = -1
    threshold: float = 0.0
    children: list[Node] = field(default_factory=list)
    numeric: bool = True

    @property
    def counts(self) -> np.ndarray[Any, Any]:
        return tally(self.cases, self.classes)

    def branch(self, x: float) -> int:
        if math.isnan(x):
            return -1
        return int(x > self.threshold) if self.numeric else int(x)


def tally(cases: list[Case], classes: int) -> np.ndarray[Any, Any]:
    counts = np.zeros(classes)
    for case in cases:
        counts[case.y] += case.w
    return counts


def xlogx(x: float) -> float:
    return x * math.log2(x) if x >= TINY else 0.0


def scaled_entropy(counts: np.ndarray[Any, Any]) -> float:
    return xlogx(counts.sum()) - sum(map(xlogx, counts))


def wrong(counts: np.ndarray[Any, Any]) -> float:
    return float(counts.sum() - counts.max())


def divide(cases: list[Case], node: Node, branches: int) -> list[list[Case]]:
    """Cases by branch; one without a value goes down all of them, divided as the others are."""
    parts: list[list[Case]] = [[] for _ in range(branches)]
    missing = []
    for case in cases:
        b = node.branch(case.x[node.attribute])
        (missing if b < 0 else parts[b]).append(case)
    weights = [sum(c.w for c in part) for part in parts]
    total = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        share = weight / total if total > TINY else 1 / branches
        if share > TINY:
            part += [Case(c.x, c.y, c.w * share) for c in missing]
    return parts


class C45:
    def __init__(self, categories: list[int], classes: int, min_leaf: float, confidence: float, prune: bool, raising: bool) -> None:
        self.categories, self.classes, self.min_leaf = categories, classes, min_leaf
        self.confidence, self.pruning, self.raising = confidence, prune, raising

    def fit(self, X: Any, y: Any, w: Any) -> Node:
        cases = [Case(list(map(float, row)), int(label), float(weight)) for row, label, weight in zip(X, y, w, strict=True)]
        self.all_cases = cases
        self.total = sum(c.w for c in cases)
        root = self.grow(cases)
        self.collapse(root)
        return self.prune(root) if self.pruning else root

    def grow(self, cases: list[Case]) -> Node:
        node = Node(cases, self.classes)
        counts = node.counts
        if counts.sum() < 2 * self.min_leaf - TINY or wrong(counts) < TINY:
            return node
        found = {}
        for a, categories in enumerate(self.categories):
            split = self.numeric(cases, a) if categories == 0 else self.nominal(cases, a, categories)
            if split is not None:
                found[a] = split
        many = [c > 0 and c >= 0.3 * self.total - TINY for c in self.categories]
        counted = [gain for a, (gain, _, _) in found.items() if all(many) or not many[a]]
        if not counted:
            return node
        best = 0.0
        for a, (gain, ratio, threshold) in found.items():
            if gain >= np.mean(counted) - 1e-3 and ratio > best + TINY:
                best, node.attribute, node.threshold = ratio, a, threshold
        if node.attribute < 0:
            return node
        node.numeric = self.categories[node.attribute] == 0
        node.children = [self.grow(part) for part in divide(cases, node, self.categories[node.attribute] or 2)]
        return node

    def score(self, cases: list[Case], parts: list[list[Case]], cost: float) -> tuple[float, float]:
        """Gain less cost per unit of weight, and its ratio to the split's information, missing values as a part of their own."""
        total = sum(c.w for c in cases)
        known = [c for part in parts for c in part]
        before = scaled_entropy(tally(known, self.classes))
        gain = before - sum(scaled_entropy(tally(part, self.classes)) for part in parts)
        gain = (gain if gain >= TINY else 0.0) / total - cost
        weights = [sum(c.w for c in part) for part in parts]
        split = xlogx(total) - sum(map(xlogx, [*weights, total - sum(weights)]))
        return gain, gain / (split / total) if split > TINY else 0.0

    def nominal(self, cases: list[Case], a: int, categories: int) -> tuple[float, float, float] | None:
        parts: list[list[Case]] = [[c for c in cases if c.x[a] == v] for v in range(categories)]
        if sum(sum(c.w for c in part) >= self.min_leaf - TINY for part in parts) < 2:
            return None
        return *self.score(cases, parts, 0.0), 0.0

    def numeric(self, cases: list[Case], a: int) -> tuple[float, float, float] | None:
        known = sorted((c for c in cases if not math.isnan(c.x[a])), key=lambda c: c.x[a])
        weight = sum(c.w for c in known)
        least = min(max(0.1 * weight / self.classes, self.min_leaf), 25)
        values = sorted({c.x[a] for c in known})
        best, tries, at = 0.0, 0, -1
        for i in range(len(values) - 1):
            parts = [[c for c in known if c.x[a] <= values[i]], [c for c in known if c.x[a] > values[i]]]
            if any(sum(c.w for c in part) < least - TINY for part in parts):
                continue
            tries += 1
            gain, _ = self.score(cases, parts, 0.0)
            if gain > best + TINY:
                best, at = gain, i
        if at < 0:
            return None
        cost = math.log2(tries) / sum(c.w for c in cases)
        if best - cost < TINY:
            return None
        parts = [[c for c in known if c.x[a] <= values[at]], [c for c in known if c.x[a] > values[at]]]
        middle = (values[at] + values[at + 1]) / 2
        threshold = max(c.x[a] for c in self.all_cases if c.x[a] <= middle and c.x[a] < values[at + 1])
        return *self.score(cases, parts, cost), threshold

    def leaf_errors(self, node: Node) -> float:
        return sum(map(self.leaf_errors, node.children)) if node.children else wrong(node.counts)

    def collapse(self, node: Node) -> None:
        if node.children and self.leaf_errors(node) >= wrong(node.counts) - 1e-3:
            node.children = []
        for child in node.children:
            self.collapse(child)

    def added(self, n: float, e: float) -> float:
        if e < 1:
            none = n * (1 - self.confidence ** (1 / n))
            return none if e == 0 else none + e * (self.added(n, 1) - none)
        if e + 0.5 >= n:
            return max(n - e, 0.0)
        z, f = float(norm.isf(self.confidence)), (e + 0.5) / n
        return n * (f + z * z / (2 * n) + z * math.sqrt(f / n - f * f / n + z * z / (4 * n * n))) / (1 + z * z / n) - e

    def estimate(self, cases: list[Case]) -> float:
        counts = tally(cases, self.classes)
        return 0.0 if counts.sum() < TINY else wrong(counts) + self.added(counts.sum(), max(wrong(counts), 0.0))

    def subtree(self, node: Node, cases: list[Case] | None = None) -> float:
        """Estimated errors of a subtree, of its own cases or of others sent down it."""
        here = node.cases if cases is None else cases
        if not node.children:
            return self.estimate(here)
        parts = [None] * len(node.children) if cases is None else divide(here, node, len(node.children))
        return sum(self.subtree(child, part) for child, part in zip(node.children, parts, strict=True))

    def send(self, node: Node, cases: list[Case]) -> None:
        node.cases = cases
        if node.children:
            for child, part in zip(node.children, divide(cases, node, len(node.children)), strict=True):
                self.send(child, part)

    def prune(self, node: Node) -> Node:
        if not node.children:
            return node
        node.children = [self.prune(child) for child in node.children]
        weights = [child.counts.sum() for child in node.children]
        largest = max(range(len(weights)), key=lambda b: (round(weights[b], 6), b))
        as_leaf, as_tree = self.estimate(node.cases), self.subtree(node)
        as_branch = self.subtree(node.children[largest], node.cases) if self.raising else math.inf
        if as_leaf < as_tree + 0.1 + TINY and as_leaf < as_branch + 0.1 + TINY:
            node.children = []
            return node
        if as_branch < as_tree + 0.1 + TINY:
            raised = node.children[largest]
            self.send(raised, node.cases)
            return self.prune(raised)
        return node

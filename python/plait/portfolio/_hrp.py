"""Hierarchical risk parity (López de Prado 2016, Building diversified portfolios that outperform out of sample)."""

from __future__ import annotations

import numpy as np

from ._labels import Array


def weights_of(covariance: Array) -> Array:
    """Weights that sum to 1, none below 0."""
    n = len(covariance)
    variances = np.diagonal(covariance).copy()
    weights = np.ones(n)
    if (variances <= 0).any():  # assets without risk share the whole budget
        weights = np.where(variances <= 0, 1.0, 0.0)
        alone: Array = weights / weights.sum()
        return alone
    deviations = np.sqrt(variances)
    correlation = np.clip(covariance / np.outer(deviations, deviations), -1.0, 1.0)
    order = leaves(np.sqrt(np.maximum((1 - correlation) / 2, 0.0)))
    clusters = [order]
    while clusters:
        parts = []
        for cluster in clusters:
            if len(cluster) < 2:
                continue
            left, right = cluster[: len(cluster) // 2], cluster[len(cluster) // 2 :]
            risk_left, risk_right = cluster_variance(covariance, left), cluster_variance(covariance, right)
            share = 0.5 if risk_left + risk_right == 0 else 1 - risk_left / (risk_left + risk_right)
            weights[left] *= share
            weights[right] *= 1 - share
            parts += [left, right]
        clusters = parts
    return weights


def cluster_variance(covariance: Array, members: list[int]) -> float:
    """Variance of a cluster held in proportion to inverse variances."""
    part = covariance[np.ix_(members, members)]
    inverse = 1 / np.diagonal(part)
    weights = inverse / inverse.sum()
    return max(0.0, float(weights @ part @ weights))


def leaves(distance: Array) -> list[int]:
    """The assets in the order of the leaves of the single-linkage tree: from a minimum spanning tree, its edges by length."""
    n = len(distance)
    nearest, parent = distance[0].copy(), np.zeros(n, dtype=np.int64)
    outside = np.ones(n, dtype=bool)
    outside[0] = False
    at, edges = 0, []
    for _ in range(n - 1):
        closer = outside & (distance[at] < nearest)
        nearest[closer], parent[closer] = distance[at][closer], at
        reach = np.where(outside, nearest, np.inf)
        at = int(reach.argmin())
        outside[at] = False
        edges.append((float(reach[at]), int(parent[at]), at))
    edges.sort(key=lambda edge: edge[0])  # stable: ties in order of insertion
    root = list(range(2 * n - 1))  # clusters are numbered as they are made, after the single assets
    children: dict[int, tuple[int, int]] = {}

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for k, (_, a, b) in enumerate(edges):
        first, second = sorted((find(a), find(b)))
        children[n + k] = (first, second)
        root[first] = root[second] = n + k
    order, stack = [], [2 * n - 2] if n > 1 else [0]
    while stack:
        node = stack.pop()
        if node in children:
            stack += reversed(children[node])
        else:
            order.append(node)
    return order

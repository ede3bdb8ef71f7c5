"""An irreducible infeasible subset of limits that include cardinality: a deletion filter over feasibility searches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ._conflict import irreducible
from ._labels import Array
from ._limits import Limits, lift, lower_name, upper_name
from ._qp import Quadratic
from ._search import Node, children, fits, rounded

MOST_NODES = 300  # of one search; a limit that it cannot decide stays in the subset
HOLDING = ("max_assets", "min_weight")


def holding_conflict(
    limits: Limits,
    suspects: list[str],
    max_assets: int | None,
    min_weight: float | None,
    out_of_reach: Callable[[Limits, int, float], bool],
) -> list[str]:
    """An irreducible infeasible subset of the limits.

    `suspects` are tried first. Where the limits alone are feasible, a target is not: `out_of_reach` tests that.
    """
    given = [name for name, value in zip(HOLDING, (max_assets, min_weight), strict=True) if value is not None]
    n = len(limits.assets)

    def holding(names: set[str]) -> tuple[int, float]:
        most = n if max_assets is None or "max_assets" not in names else min(max_assets, n)
        return most, 0.0 if min_weight is None or "min_weight" not in names else min_weight

    def excludes(names: set[str]) -> bool:
        return nothing_keeps(limits.only(names), *holding(names))

    def misses(names: set[str]) -> bool:
        return out_of_reach(limits.only(names), *holding(names))

    known = limits.names()
    targets = [name for name in suspects if name not in known]
    least = min_weight or 0.0
    clash = {lower_name(a) for a, v in zip(limits.assets, limits.lower.tolist(), strict=True) if v > 0}
    clash |= {upper_name(a) for a, v in zip(limits.assets, limits.upper.tolist(), strict=True) if v < max(least, 0.0) or v < 0}
    order = [name for name in known if name in suspects or name in clash] + given
    if not excludes(set(order)):
        if targets:
            if not misses(set(order)):
                order = [*known, *given]
            return [*irreducible(order, misses), *targets]
        order = [*known, *given]
        if not excludes(set(order)):
            return order
    return irreducible(order, excludes)


def nothing_keeps(limits: Limits, most: int, least: float) -> bool:
    """Whether the limits are proven infeasible."""
    nodes = [Node(limits.lower, limits.upper, frozenset())]
    for _ in range(MOST_NODES):
        if not nodes:
            return True
        node = nodes.pop()
        weights = _smallest(limits, node, most)
        if weights is None:
            continue
        if fits(weights, most, least):
            return False
        guess = rounded(node, weights, most, least)
        if guess is not None and (found := _smallest(limits, guess, most)) is not None and fits(found, most, least):
            return False
        nodes += children(node, weights, most, least)
    return False


def _smallest(limits: Limits, node: Node, most: int) -> Array | None:
    """The weights of least norm within the limits, with the cardinality limit relaxed.

    In the relaxation, Σ w / upper over the undecided assets is at most the number that may still be held.
    """
    at = lift(replace(limits, lower=node.lower, upper=node.upper))
    size = len(at.lower)
    rows, low, high = at.rows, at.row_lower, at.row_upper
    counted = (node.upper > 0) & np.isfinite(node.upper)
    counted[list(node.held)] = False
    if most < len(counted) and counted.any():
        share = np.divide(1.0, node.upper, out=np.zeros(len(counted)), where=counted)
        rows = np.vstack([rows, at.linear(share)])
        low = np.append(low, -np.inf)
        high = np.append(high, most - len(node.held) - float(share @ at.start) + 1e-9)
    found = Quadratic(np.eye(size), rows).solve(np.zeros(size), at.lower, at.upper, low, high)
    return at.weights(found.x) if found.status == "solved" else None

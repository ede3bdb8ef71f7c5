"""Cardinality limits and minimum weights of held assets, by branch and bound.

A node fixes some assets as held or not held. Its relaxation leaves the others free between their bounds, so its optimum is a lower bound
for the node's subtree; a node whose bound is no better than the incumbent is pruned
(Bienstock 1996, Computational study of a family of mixed-integer quadratic programming problems).
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ._errors import InfeasibleError
from ._labels import Array
from ._limits import Limits, lower_name, upper_name

if TYPE_CHECKING:
    from ._model import Model
    from ._perspective import Program

#: Solves without cardinality limits: (objective, weights); raises `InfeasibleError`.
Relaxed: TypeAlias = "Callable[[Model], tuple[float, Array]]"

EXACT_UP_TO = 50
MOST_NODES_BEYOND = 2000
MOST_NODES_ASKED = 300
NOTHING = 1e-9  # weights below count as 0
PATIENCE = 32  # nodes without a feasible portfolio after which infeasibility is tested
PRECISION = 1e-10  # least relative improvement on the incumbent


@dataclass(frozen=True)
class Found:
    """The best weights of a search."""

    weights: Array
    proven: bool
    gap: float


@dataclass(frozen=True)
class Node:
    """Bounds that fix which assets are held."""

    lower: Array
    upper: Array
    held: frozenset[int]


def search(
    model: Model,
    relaxed: Relaxed,
    max_assets: int | None,
    min_weight: float | None,
    program_of: Callable[[Model], Program | None] | None = None,
) -> Found:
    """The optimal weights of which at most `max_assets` differ from 0, each by `min_weight` or more.

    `program_of`, if given, makes a program with the same optima as `relaxed` and tighter bounds.
    """
    program = None if program_of is None else program_of(model)
    from ._holding_conflict import holding_conflict, nothing_keeps

    n = len(model.limits.assets)
    most = n if max_assets is None else min(max_assets, n)
    least = 0.0 if min_weight is None else min_weight
    node_limit = 2**62 if n <= EXACT_UP_TO else MOST_NODES_BEYOND
    if not model.explains:  # one of many feasibility tests: undecided counts as feasible
        node_limit = MOST_NODES_ASKED
    best: tuple[float, Array] | None = None
    refused: dict[str, None] = {}  # limits of infeasible nodes, in order
    order = itertools.count()

    def evaluate(node: Node) -> tuple[float, Array] | None:
        if program is not None and (made := program.solve(node.lower, node.upper)) is not None:
            value, weights, x = made
            if not fits(weights, most, least) and (best is None or value < best[0]):
                value = max(value, program.tighter(node.lower, node.upper, node.held, x, most))
            return value, weights
        try:
            return relaxed(model.bounded(node.lower, node.upper))
        except InfeasibleError as error:
            branched = _branched(model, node)
            refused.update((name, None) for name in error.conflict if name not in branched)
            return None

    def try_rounded(node: Node) -> None:
        """Primal heuristic: evaluates a rounded node, which becomes the incumbent if it is better."""
        nonlocal best
        found = evaluate(node)
        if found is not None and fits(found[1], most, least) and (best is None or found[0] < best[0]):
            best = found

    root = Node(model.limits.lower, model.limits.upper, frozenset())
    found = relaxed(model)  # raises where the relaxation is infeasible
    queue = [(found[0], next(order), root, found[1])]
    nodes = 0
    while queue:
        bound, _, node, weights = heapq.heappop(queue)
        if best is not None and bound >= best[0] - PRECISION * abs(best[0]):
            return Found(best[1], True, 0.0)
        if fits(weights, most, least):
            if best is None or bound < best[0]:
                best = (bound, weights)
            continue
        nodes += 1
        if nodes == PATIENCE and best is None and model.explains and nothing_keeps(model.limits, most, least):
            break
        if nodes > node_limit and not model.explains:
            return Found(weights, False, np.inf)
        if best is not None and not model.explains:
            return Found(best[1], False, np.inf)
        if nodes > node_limit and best is not None:
            gap = (best[0] - bound) / max(abs(best[0]), 1e-300)
            return Found(best[1], False, gap)
        if nodes <= 8 or nodes % 16 == 0:
            guess = rounded(node, weights, most, least)
            if guess is not None:
                try_rounded(guess)
        for child in children(node, weights, most, least):
            made = evaluate(child)
            if made is not None and (best is None or made[0] < best[0] - PRECISION * abs(best[0])):
                heapq.heappush(queue, (made[0], next(order), child, made[1]))
    if best is None:
        if not model.explains:
            raise InfeasibleError("no portfolio keeps all limits", list(refused))

        def out_of_reach(limits: Limits, most: int, least: float) -> bool:
            other = type(model)(limits, model.mean, model.covariance, model.l2)
            other.explains = False
            try:
                search(other, relaxed, most, least or None, program_of)
            except InfeasibleError:
                return True
            except (ValueError, ArithmeticError):  # unbounded
                return False
            return False

        conflict = holding_conflict(model.limits, list(refused), max_assets, min_weight, out_of_reach)
        told = ", ".join(f"{name}={value}" for name, value in (("max_assets", max_assets), ("min_weight", min_weight)) if value is not None)
        raise InfeasibleError(f"no portfolio keeps all limits with {told}", conflict)
    return Found(best[1], True, 0.0)


def _branched(model: Model, node: Node) -> set[str]:
    """Names of bounds that were set by branching."""
    limits = model.limits
    lower = {lower_name(a) for a, own, now in zip(limits.assets, limits.lower, node.lower, strict=True) if own != now}
    return lower | {upper_name(a) for a, own, now in zip(limits.assets, limits.upper, node.upper, strict=True) if own != now}


def fits(weights: Array, most: int, least: float) -> bool:
    """Whether at most `most` weights differ from 0, each by `least` or more."""
    sizes = np.abs(weights)
    held = sizes > NOTHING
    return int(held.sum()) <= most and (least == 0 or bool((sizes[held] >= least * (1 - 1e-9)).all()))


def _hold(node: Node, asset: int, sign: int, least: float) -> Node | None:
    """The node with the asset held, long or short."""
    lower, upper = node.lower.copy(), node.upper.copy()
    if sign > 0:
        lower[asset] = max(lower[asset], least)
    else:
        upper[asset] = min(upper[asset], -least)
    return Node(lower, upper, node.held | {asset}) if lower[asset] <= upper[asset] else None


def _without(node: Node, assets: list[int]) -> Node | None:
    """The node with assets left out."""
    lower, upper = node.lower.copy(), node.upper.copy()
    if (lower[assets] > 0).any() or (upper[assets] < 0).any():
        return None
    lower[assets] = upper[assets] = 0.0
    return Node(lower, upper, node.held)


def children(node: Node, weights: Array, most: int, least: float) -> list[Node]:
    """Branches on one more asset: not held, held long, held short."""
    sizes = np.abs(weights)
    open_ = [k for k in np.flatnonzero(sizes > NOTHING).tolist() if k not in node.held]
    short = [k for k in open_ if sizes[k] < least * (1 - 1e-9)]
    too_many = int((sizes > NOTHING).sum()) > most
    # Branching variable: the largest open weight if too many are held, else the one furthest from both 0 and the minimum weight.
    asset = max(short, key=lambda k: min(sizes[k], least - sizes[k])) if short and not too_many else max(open_, key=lambda k: sizes[k])
    children = [_without(node, [asset])]
    for sign in (1, -1):
        if least == 0 and sign < 0:
            continue  # held without a least weight: the range stays as it is, both signs in one
        child = _hold(node, asset, sign, least) if least > 0 else Node(node.lower, node.upper, node.held | {asset})
        if child is not None and len(child.held) >= most:
            rest = [k for k in range(len(weights)) if k not in child.held]
            child = _without(child, rest) if rest else child
        children.append(child)
    return [child for child in children if child is not None]


def rounded(node: Node, weights: Array, most: int, least: float) -> Node | None:
    """The node that holds the largest weights of a relaxation and nothing else."""
    sizes = np.abs(weights) + 10.0 * np.isin(np.arange(len(weights)), list(node.held))
    kept = np.argsort(-sizes, kind="stable")[:most].tolist()
    kept = [k for k in kept if np.abs(weights[k]) > NOTHING or k in node.held]
    if least > 0:
        kept = [k for k in kept if abs(weights[k]) >= least / 2 or k in node.held]
    rest = [k for k in range(len(weights)) if k not in kept]
    made = _without(node, rest) if rest else node
    for k in kept:
        if made is not None and least > 0:
            made = _hold(made, k, 1 if weights[k] >= 0 else -1, least)
    return made

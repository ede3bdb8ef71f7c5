"""Layered graph layout without Graphviz, after Sugiyama, Tagawa and Toda (1981), kept small.

A box's layer is the length of its longest path from the leaves; an arrow over several layers gets a dummy node in each; the order within
the layers is improved by barycentre sweeps; positions are then the closest to the neighbours' means at which no two boxes overlap.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

GAP_X, GAP_Y = 18.0, 34.0
SWEEPS = 12
MOST_GAPS = 2000  # most dummy nodes; the longest arrows beyond that are drawn straight
FAR, MANY = 12, 8  # layers, arrows of one box: longer arrows, and layer-skipping ones of boxes with so many, do not affect the layout
SLOT = 12.0  # between the heads of two arrows into one box


@dataclass
class Placed:
    """Centres of the boxes, the points that each arrow runs through, and the size of the whole."""

    centres: list[tuple[float, float]]
    routes: list[list[tuple[float, float]]]
    width: float
    height: float
    far: set[int] = field(default_factory=set)  # arrows that are drawn faintly, behind the rest


def ranks(n: int, arrows: Sequence[tuple[int, int, int]]) -> list[int]:
    """A layer for each box: below all of its inputs; a leaf right above the first that uses it."""
    rank = [0] * n
    has_input = [False] * n
    nearest = [n] * n
    for source, target, _ in sorted(arrows, key=lambda arrow: arrow[1]):  # boxes are numbered inputs first, so ranks of inputs are final
        rank[target] = max(rank[target], rank[source] + 1)
        has_input[target] = True
    for source, target, _ in arrows:
        nearest[source] = min(nearest[source], rank[target])
    return [r if has_input[i] or nearest[i] == n else nearest[i] - 1 for i, r in enumerate(rank)]


def apart(wanted: npt.NDArray[np.float64], widths: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Positions in the given order, no two overlapping, with the least sum of squared distances from the wanted ones.

    With the widths to the left subtracted this is isotonic regression, solved by the pool adjacent violators algorithm.
    """
    offset = np.concatenate([[0.0], np.cumsum((widths[:-1] + widths[1:]) / 2 + GAP_X)])
    pools: list[tuple[float, int]] = []  # (mean, members)
    for value in wanted - offset:
        mean, members = float(value), 1
        while pools and pools[-1][0] > mean:
            other, count = pools.pop()
            mean = (mean * members + other * count) / (members + count)
            members += count
        pools.append((mean, members))
    return np.asarray(np.repeat([mean for mean, _ in pools], [count for _, count in pools]) + offset)


def place(sizes: Sequence[tuple[float, float]], arrows: Sequence[tuple[int, int, int]]) -> Placed:
    """Lays out boxes of the given sizes; boxes are numbered in topological order, except for arrows that close a cycle.

    These, which only occur between folds, are laid out reversed and run upwards.
    """
    placed = _place(sizes, [(min(source, target), max(source, target), slot) for source, target, slot in arrows])
    for (source, target, _), route in zip(arrows, placed.routes, strict=True):
        if source > target:
            route.reverse()
    return placed


def _place(sizes: Sequence[tuple[float, float]], arrows: Sequence[tuple[int, int, int]]) -> Placed:
    n = len(sizes)
    rank = ranks(n, arrows)
    # Numbers from n on are the dummy nodes of long arrows.
    width = [w for w, _ in sizes]
    ways: list[list[int]] = [[source, target] for source, target, _ in arrows]
    leaving, coming = (Counter(arrow[end] for arrow in arrows) for end in (0, 1))
    span = [rank[target] - rank[source] for source, target in ways]
    far = {i for i, (a, b) in enumerate(ways) if span[i] > FAR or (span[i] > 1 and max(leaving[a], coming[b]) >= MANY)}
    led = [way for i, way in enumerate(ways) if i not in far]
    for way in sorted(led, key=lambda way: rank[way[1]] - rank[way[0]]):
        source, target = way
        if len(rank) + rank[target] - rank[source] > n + MOST_GAPS:
            break
        for layer in range(rank[source] + 1, rank[target]):
            way.insert(-1, len(rank))
            rank.append(layer)
            width.append(2.0)

    layers: list[list[int]] = [[] for _ in range(max(rank) + 1)]
    above: list[list[int]] = [[] for _ in rank]
    below: list[list[int]] = [[] for _ in rank]
    for i, layer in enumerate(rank):
        layers[layer].append(i)
    for way in led:
        for a, b in itertools.pairwise(way):
            below[a].append(b)
            above[b].append(a)

    widths = np.array(width)
    x = np.zeros(len(rank))
    for layer_members in layers:
        x[layer_members] = apart(np.zeros(len(layer_members)), widths[layer_members])
    # The first half of the sweeps changes the order, the second half only the positions.
    for sweep in range(2 * SWEEPS):
        down = sweep % 2 == 0
        for members in layers if down else reversed(layers):
            near = above if down else below
            wanted = np.array([float(np.mean(x[near[i]])) if near[i] else x[i] for i in members])
            if sweep < SWEEPS:
                order = np.argsort(wanted, kind="stable")
                members[:] = [members[i] for i in order]
                wanted = wanted[order]
            x[members] = apart(wanted, widths[members])

    heights = [max((sizes[i][1] for i in members if i < n), default=0.0) for members in layers]
    middle = np.cumsum([0.0, *[(a + b) / 2 + GAP_Y for a, b in itertools.pairwise(heights)]]) + heights[0] / 2
    left = float(np.min(x - widths / 2))
    x -= left
    centres = [(float(x[i]), float(middle[rank[i]])) for i in range(n)]

    heads: dict[int, int] = {}
    for _, target, slot in arrows:
        heads[target] = max(heads.get(target, 0), slot + 1)
    routes = []
    for (source, target, slot), way in zip(arrows, ways, strict=True):
        step = min(SLOT, sizes[target][0] / (heads[target] + 1))
        shift = (slot - (heads[target] - 1) / 2) * step
        points = [(centres[source][0], centres[source][1] + sizes[source][1] / 2)]
        for i in way[1:-1]:  # straight through the layer, so that it bends only where no box can be
            half = heights[rank[i]] / 2
            points += [(float(x[i]), float(middle[rank[i]]) - half), (float(x[i]), float(middle[rank[i]]) + half)]
        points.append((centres[target][0] + shift, centres[target][1] - sizes[target][1] / 2))
        routes.append(points)
    return Placed(centres, routes, float(np.max(x + widths / 2)), float(middle[-1]) + heights[-1] / 2, far)

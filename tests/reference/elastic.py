"""Elastic measures as their papers write them, cell by cell: (border, cost of a move into a cell) for `matrix` and `walk`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from .alignment import matrix, walk

Move = Callable[[int, int, str], float]  # (i, j, move): what the move into that cell costs, i and j from 1
Border = Callable[[int, int], float]


def everywhere(_i: int, _j: int) -> bool:
    return True


@dataclass
class Elastic:
    """A measure for one pair."""

    border: Border
    cost: Move
    open_begin: bool = False
    open_end: bool = False
    gaps: bool = False  # insertion and deletion leave an element without a partner
    allowed: Callable[[int, int], bool] = everywhere

    def solve(self, x: Sequence[Any], y: Sequence[Any]) -> tuple[float, list[tuple[int, int]]]:
        """Score and path."""

        def border(i: int, j: int) -> float:
            if self.open_begin and i == 0:
                return 0.0
            return self.border(i, j) if self.allowed(i, j) else math.inf

        places = range(1, len(x) + 1), range(1, len(y) + 1)

        def rank(insertion: float, match: float, deletion: float, i: int, j: int) -> float:
            if not self.allowed(i, j):
                return math.inf
            return min(match + self.cost(i, j, "match"), deletion + self.cost(i, j, "deletion"), insertion + self.cost(i, j, "insertion"))

        table = matrix(places[0], places[1], border, rank)
        n, m = len(x), len(y)
        end = min(range(1, m + 1), key=lambda j: table[n][j]) if self.open_end else m

        def step(i: int, j: int, move: str) -> float:
            if i == 0 or j == 0:  # along the border
                return table[i][j] if (move == "deletion") == (i == 0) and move != "match" else math.inf
            before = {"match": table[i - 1][j - 1], "deletion": table[i][j - 1], "insertion": table[i - 1][j]}[move]
            return before + self.cost(i, j, move)

        path = []
        for i, j, move in walk(table, (n, end), step, lambda a, b: math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)):
            if i == 0 and self.open_begin:
                continue
            if self.gaps and move != "match":
                path.append((-1, j - 1) if move == "deletion" else (i - 1, -1))
            else:
                path.append((i - 1, j - 1))
        return table[n][end], path


def norm(a: Any, b: Any) -> float:
    return float(np.sqrt(np.sum((np.asarray(a, float) - np.asarray(b, float)) ** 2)))


def corner(i: int, j: int) -> float:
    return 0.0 if i == j == 0 else math.inf


METRICS: dict[str, Callable[[Any, Any], float]] = {
    "squared": lambda a, b: float(np.sum((np.asarray(a) - np.asarray(b)) ** 2)),
    "absolute": lambda a, b: float(np.sum(np.abs(np.asarray(a) - np.asarray(b)))),
    "euclidean": norm,
}


def dtw(x: Sequence[Any], y: Sequence[Any], metric: str = "squared", **options: Any) -> Elastic:
    """Sakoe and Chiba 1978."""
    return Elastic(corner, lambda i, j, _: METRICS[metric](x[i - 1], y[j - 1]), **options)


def erp(x: Sequence[Any], y: Sequence[Any], gap: Any, **options: Any) -> Elastic:
    """Chen and Ng 2004, definition 4."""

    def cost(i: int, j: int, move: str) -> float:
        if move == "match":
            return norm(x[i - 1], y[j - 1])
        return norm(y[j - 1], gap) if move == "deletion" else norm(x[i - 1], gap)

    def border(i: int, j: int) -> float:
        return sum(norm(a, gap) for a in x[:i]) + sum(norm(b, gap) for b in y[:j])

    return Elastic(border, cost, gaps=True, **options)


def edr(x: Sequence[Any], y: Sequence[Any], epsilon: float, **options: Any) -> Elastic:
    """Chen, Özsu and Oria 2005, definitions 1 and 2."""

    def cost(i: int, j: int, move: str) -> float:
        return float(move != "match" or np.max(np.abs(np.asarray(x[i - 1]) - np.asarray(y[j - 1]))) > epsilon)

    return Elastic(lambda i, j: float(i + j), cost, gaps=True, **options)


def msm(x: Sequence[Any], y: Sequence[Any], cost: float, **options: Any) -> Elastic:
    """Stefan, Athitsos and Das 2013, figure 9; for vectors Shifaz and others 2023, section 3.5."""

    def split(fresh: Any, before: Any, other: Any) -> float:
        if sum((Fraction(a) - Fraction(b)) * (Fraction(a) - Fraction(c)) for a, b, c in zip(*map(np.ravel, (fresh, before, other)), strict=True)) <= 0:
            return cost  # inside of the ball over both, by Thales, without rounding
        return cost + min(norm(fresh, before), norm(fresh, other))

    def price(i: int, j: int, move: str) -> float:
        if move == "match":
            return norm(x[i - 1], y[j - 1])
        if move == "insertion":
            return split(x[i - 1], x[i - 2], y[j - 1]) if i > 1 else math.inf
        return split(y[j - 1], y[j - 2], x[i - 1]) if j > 1 else math.inf

    return Elastic(corner, price, **options)


def twe(x: Sequence[Any], y: Sequence[Any], stiffness: float, penalty: float, **options: Any) -> Elastic:
    """Marteau 2009, equation 7, with time stamps 1, 2, 3, …"""
    zero = np.zeros_like(np.asarray(x[0], float))
    a, b = [zero, *x], [zero, *y]

    def cost(i: int, j: int, move: str) -> float:
        if move == "match":
            return norm(a[i], b[j]) + norm(a[i - 1], b[j - 1]) + 2 * stiffness * abs(i - j)
        return (norm(b[j], b[j - 1]) if move == "deletion" else norm(a[i], a[i - 1])) + stiffness + penalty

    return Elastic(corner, cost, gaps=True, **options)


def sakoe_chiba(window: int) -> Callable[[int, int], bool]:
    return lambda i, j: abs(i - j) <= window


def itakura(n: int, m: int, slope: float) -> Callable[[int, int], bool]:
    """Between the lines of slope and 1 / slope through both corners, in cells."""

    def allowed(i: int, j: int) -> bool:
        if i == 0 or j == 0:
            return True
        a, b, c, d = i - 1, j - 1, n - i, m - j
        tiny = 1e-9
        return b <= slope * a + tiny and a <= slope * b + tiny and d <= slope * c + tiny and c <= slope * d + tiny

    return allowed

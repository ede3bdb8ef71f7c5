"""Edit distances in the plainest form: whole matrices, every rule written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Weights = tuple[float, float, float]  # insert, delete, substitute


def distances(x: Sequence[Any], y: Sequence[Any], weights: Weights, transposition: str | None = None) -> list[list[float]]:
    """D of shape (n + 1, m + 1); "damerau" tries every earlier pair of crossed symbols, as Lowrance and Wagner define it."""
    insert, delete, substitute = weights
    n, m = len(x), len(y)
    table = [[i * delete + j * insert for j in range(m + 1)] for i in range(n + 1)]
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            best = min(
                table[i - 1][j - 1] + (0 if x[i - 1] == y[j - 1] else substitute), table[i][j - 1] + insert, table[i - 1][j] + delete
            )
            for k in range(1, i):
                for h in range(1, j):
                    neighbours = k == i - 1 and h == j - 1
                    if x[i - 1] == y[h - 1] and x[k - 1] == y[j - 1] and (transposition == "damerau" or (transposition and neighbours)):
                        best = min(best, table[k - 1][h - 1] + (i - k - 1) * delete + substitute + (j - h - 1) * insert)
            table[i][j] = best
    return table


def longest_common(x: Sequence[Any], y: Sequence[Any]) -> list[list[int]]:
    table = [[0] * (len(y) + 1) for _ in range(len(x) + 1)]
    for i in range(1, len(x) + 1):
        for j in range(1, len(y) + 1):
            matched = table[i - 1][j - 1] + 1 if x[i - 1] == y[j - 1] else 0
            table[i][j] = max(matched, table[i][j - 1], table[i - 1][j])
    return table


def path(x: Sequence[Any], y: Sequence[Any], weights: Weights, transposition: str | None = None) -> list[tuple[int, int]]:
    """From the end: match, transposition (None and "osa" only), then what adds a symbol of y, then what drops one of x."""
    insert, _delete, substitute = weights
    table = distances(x, y, weights, transposition)
    i, j = len(x), len(y)
    pairs: list[tuple[int, int]] = []
    while i > 0 or j > 0:
        crossed = transposition and i > 1 and j > 1 and x[i - 1] == y[j - 2] and x[i - 2] == y[j - 1]
        if i > 0 and j > 0 and table[i][j] == table[i - 1][j - 1] + (0 if x[i - 1] == y[j - 1] else substitute):
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif crossed and table[i][j] == table[i - 2][j - 2] + substitute:
            pairs += [(i - 1, j - 1), (i - 2, j - 2)]
            i, j = i - 2, j - 2
        elif j > 0 and table[i][j] == table[i][j - 1] + insert:
            j -= 1
            pairs.append((-1, j))
        else:
            i -= 1
            pairs.append((i, -1))
    return pairs[::-1]


def count(x: Sequence[Any], y: Sequence[Any], weights: Weights) -> int:
    """How many paths have the least cost."""
    insert, delete, substitute = weights
    table = distances(x, y, weights)
    ways = [[1] * (len(y) + 1) for _ in range(len(x) + 1)]
    for i in range(1, len(x) + 1):
        for j in range(1, len(y) + 1):
            ways[i][j] = (
                (table[i][j] == table[i - 1][j - 1] + (0 if x[i - 1] == y[j - 1] else substitute)) * ways[i - 1][j - 1]
                + (table[i][j] == table[i][j - 1] + insert) * ways[i][j - 1]
                + (table[i][j] == table[i - 1][j] + delete) * ways[i - 1][j]
            )
    return ways[-1][-1]


def rows(x: Sequence[Any], y: Sequence[Any], transposition: str | None = None) -> int:
    """The distance with weights of 1, row after row: for strings of which `distances` takes too long; without "damerau"."""
    older: list[int] = []
    above = list(range(len(y) + 1))
    for i, a in enumerate(x, 1):
        row = [i]
        for j, b in enumerate(y, 1):
            best = min(above[j - 1] + (a != b), row[j - 1] + 1, above[j] + 1)
            if transposition == "osa" and i > 1 and j > 1 and a == y[j - 2] and x[i - 2] == b:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        older, above = above, row
    return above[-1]


def count_with_transpositions(x: Sequence[Any], y: Sequence[Any], weights: Weights, transposition: str) -> int:
    """How many ways of the recursion reach the least cost: what was exchanged are neighbours in y, or (damerau) else in x."""
    insert, delete, substitute = weights
    table = distances(x, y, weights, transposition)
    ways = [[1] * (len(y) + 1) for _ in range(len(x) + 1)]
    for i in range(1, len(x) + 1):
        for j in range(1, len(y) + 1):
            steps = [
                (table[i - 1][j - 1] + (0 if x[i - 1] == y[j - 1] else substitute), ways[i - 1][j - 1]),
                (table[i][j - 1] + insert, ways[i][j - 1]),
                (table[i - 1][j] + delete, ways[i - 1][j]),
            ]
            before_j = [h for h in range(1, j) if y[h - 1] == x[i - 1]]
            before_i = [k for k in range(1, i) if x[k - 1] == y[j - 1]]
            if before_i and before_j:
                k, h = before_i[-1], before_j[-1]
                if (transposition == "osa" and k == i - 1 and h == j - 1) or (transposition == "damerau" and (k == i - 1 or h == j - 1)):
                    cost = table[k - 1][h - 1] + (i - k - 1) * delete + (j - h - 1) * insert + substitute
                    steps.append((cost, ways[k - 1][h - 1]))
            ways[i][j] = sum(way for cost, way in steps if cost == table[i][j])
    return ways[-1][-1]

"""The plainest alignment: the whole matrix, cell by cell, and a traceback from the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Cell = Callable[[float, float, float, Any, Any], float]


def matrix(x: Sequence[Any], y: Sequence[Any], init: Callable[[int, int], float], rank: Cell) -> list[list[float]]:
    """D of shape (n + 1, m + 1); rank(insertion, match, deletion, x_i, y_j)."""
    table = [[init(i, j) if i == 0 or j == 0 else 0.0 for j in range(len(y) + 1)] for i in range(len(x) + 1)]
    for i in range(1, len(x) + 1):
        for j in range(1, len(y) + 1):
            table[i][j] = rank(table[i - 1][j], table[i - 1][j - 1], table[i][j - 1], x[i - 1], y[j - 1])
    return table


def walk(
    table: list[list[float]],
    end: tuple[int, int],
    step: Callable[[int, int, str], float],
    same: Callable[[float, float], bool] = lambda a, b: abs(a - b) <= 1e-9 * max(1.0, abs(a)),
) -> list[tuple[int, int, str]]:
    """Cells from the first to the last, each with how it was reached: match before deletion before insertion, seen from the end.

    step(i, j, move) is what that move into (i, j) would give; the walk stops at a border's corner or where no move fits.
    """
    i, j = end
    cells = []
    while i > 0 or j > 0:
        moves = [("match", i > 0 and j > 0), ("deletion", j > 0), ("insertion", i > 0)]
        for move, possible in moves:
            if possible and same(step(i, j, move), table[i][j]):
                break
        else:
            break
        cells.append((i, j, move))
        i -= move != "deletion"
        j -= move != "insertion"
    return cells[::-1]

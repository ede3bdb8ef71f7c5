"""Dynamic time warping with every option, as the docstring of DTW says it: the score, how many paths have it, and what a path costs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

STEPS = {
    "symmetric1": [(1, 1, 1), (1, 0, 1), (0, 1, 1)],
    "symmetric2": [(1, 1, 2), (1, 0, 1), (0, 1, 1)],
    "asymmetric": [(1, 0, 1), (1, 1, 1), (1, 2, 1)],
}


def _cosine(a: Any, b: Any) -> float:
    lengths = float(np.sqrt(a @ a) * np.sqrt(b @ b))
    return 1.0 if lengths == 0 else max(0.0, 1 - float(a @ b) / lengths)


METRICS: dict[str, Callable[[Any, Any], float]] = {
    "squared": lambda a, b: float(((a - b) ** 2).sum()),
    "absolute": lambda a, b: float(abs(a - b).sum()),
    "euclidean": lambda a, b: float(np.sqrt(((a - b) ** 2).sum())),
    "cosine": _cosine,
}


class Warping:
    """One pair and the parameters of an aligner."""

    def __init__(self, x: Sequence[Any], y: Sequence[Any], parameters: dict[str, Any]) -> None:
        self.n, self.m, self.p = len(x), len(y), {"open_begin": False, "open_end": False, "window": None, "band": "diagonal", **parameters}
        self.steps = STEPS[self.p.get("step", "symmetric1")]
        metric = METRICS[self.p.get("metric", "squared")]
        self.distances = [[metric(np.atleast_1d(a), np.atleast_1d(b)) for b in y] for a in x]

    def has(self, i: int, j: int) -> bool:
        """Whether the band has a cell, in whole numbers."""
        window, n, m = self.p["window"], self.n, self.m
        if window is None:
            return True
        width = math.ceil(window * max(n, m) - 1e-9) if isinstance(window, float) else window
        if self.p["band"] == "diagonal" or n == m:
            return abs(i - j) <= width
        if n < m:
            i, j, n, m = j, i, m, n
        return m == 1 or 2 * abs(i * (m - 1) - j * (n - 1)) <= 2 * width * (m - 1) + n - 1

    def scored(self, total: float, end: int) -> float:
        """What a path that ends in column `end` is given."""
        if self.p.get("normalized"):
            total /= self.n if self.p["step"] == "asymmetric" else self.n + end + 1
        return math.sqrt(total) if self.p.get("root") else total

    def solve(self) -> tuple[float, float]:
        """The score, infinite where there is no path, and the number of paths that have it."""
        table = [[(math.inf, 0)] * self.m for _ in range(self.n)]
        for i in range(self.n):
            for j in range(self.m):
                if not self.has(i, j):
                    continue
                d = self.distances[i][j]
                ways = [(d, 1)] if i == 0 and (j == 0 or self.p["open_begin"]) else []
                for di, dj, weight in self.steps:
                    if i >= di and j >= dj:
                        before, count = table[i - di][j - dj]
                        ways.append((before + weight * d, count))
                least = min((way[0] for way in ways), default=math.inf)
                table[i][j] = least, sum(count for score, count in ways if score == least)
        ends = [(self.scored(total, j), count) for j, (total, count) in enumerate(table[-1])]
        if not self.p["open_end"]:
            return ends[-1]
        least = min(ends)[0]
        return least, sum(count for score, count in ends if score == least)

    def cost(self, path: Any) -> float:
        """What a path is given; fails where it is none."""
        cells = [tuple(cell) for cell in path.tolist()]
        (i, j), (last, end) = cells[0], cells[-1]
        assert (i, last) == (0, self.n - 1)
        assert j == 0 or self.p["open_begin"]
        assert end == self.m - 1 or self.p["open_end"]
        assert all(self.has(*cell) for cell in cells)
        total = self.distances[i][j]
        for (a, b), (c, d) in itertools.pairwise(cells):
            (weight,) = (w for di, dj, w in self.steps if (di, dj) == (c - a, d - b))
            total += weight * self.distances[c][d]
        return self.scored(total, end)

"""The plainest alignments that maximise similarity: three matrices and a traceback, and an enumeration of all alignments."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Column = tuple[int, int]


@dataclass(frozen=True)
class Plain:
    """score(a, b) of symbols, gaps, and which ends are free ("x", "y", "xy"); local: all of them, everywhere."""

    score: Callable[[Any, Any], float]
    gap_open: float
    gap_extend: float
    free_start: str = ""
    free_end: str = ""
    local: bool = False

    def align(self, x: Sequence[Any], y: Sequence[Any]) -> tuple[float, list[Column]]:
        """The best score, and the path that takes match before deletion before insertion, seen from the end."""
        n, m = len(x), len(y)
        cell: dict[tuple[int, int], dict[str, float]] = {}
        for i in range(n + 1):
            for j in range(m + 1):
                cell[i, j] = dict.fromkeys("SMDI", -math.inf)  # begins here; came by a match, a deletion, an insertion
                if self.local or i == j == 0 or (j == 0 and "x" in self.free_start) or (i == 0 and "y" in self.free_start):
                    cell[i, j]["S"] = 0.0
                    if i == 0 or j == 0:
                        continue
                for move in "MDI":
                    best = max((self._arrive(cell, i, j, move, state, x, y) for state in "SMDI"), default=-math.inf)
                    cell[i, j][move] = best
        ends = [(i, j) for i in range(n + 1) for j in range(m + 1) if self._ends(i, j, n, m)]
        best, (i, j) = -math.inf, (0, 0)
        for end in ends:
            if max(cell[end].values()) > best:
                best, (i, j) = max(cell[end].values()), end
        path = []
        state = next(s for s in "SMDI" if cell[i, j][s] == best)
        while state != "S":
            path.append((-1 if state == "D" else i - 1, -1 if state == "I" else j - 1))
            before = next(s for s in "SMDI" if self._arrive(cell, i, j, state, s, x, y) == cell[i, j][state])
            i, j, state = i - (state != "D"), j - (state != "I"), before
        return best, path[::-1]

    def _ends(self, i: int, j: int, n: int, m: int) -> bool:
        return self.local or ((i == n or (j == m and "x" in self.free_end)) and (j == m or (i == n and "y" in self.free_end)))

    def _arrive(
        self, cell: dict[tuple[int, int], dict[str, float]], i: int, j: int, move: str, state: str, x: Sequence[Any], y: Sequence[Any]
    ) -> float:
        before = cell.get((i - (move != "D"), j - (move != "I")))
        if before is None:
            return -math.inf
        if move == "M":
            return before[state] + self.score(x[i - 1], y[j - 1])
        return before[state] + (self.gap_extend if state == move else self.gap_open)

    def every(self, x: Sequence[Any], y: Sequence[Any]) -> Iterator[tuple[float, list[Column]]]:
        """Every alignment with its score; for very short sequences."""
        n, m = len(x), len(y)

        def on(i: int, j: int, state: str, total: float, path: list[Column]) -> Iterator[tuple[float, list[Column]]]:
            if self._ends(i, j, n, m):
                yield total, path
            # A free border is where paths begin, not where they go along.
            if i < n and j < m:
                yield from on(i + 1, j + 1, "M", total + self.score(x[i], y[j]), [*path, (i, j)])
            if j < m and not (i == 0 and ("y" in self.free_start or self.local)):
                yield from on(i, j + 1, "D", total + (self.gap_extend if state == "D" else self.gap_open), [*path, (-1, j)])
            if i < n and not (j == 0 and ("x" in self.free_start or self.local)):
                yield from on(i + 1, j, "I", total + (self.gap_extend if state == "I" else self.gap_open), [*path, (i, -1)])

        for i in range(n + 1):
            for j in range(m + 1):
                if self.local or i == j == 0 or (j == 0 and "x" in self.free_start) or (i == 0 and "y" in self.free_start):
                    yield from on(i, j, "S", 0.0, [])

    def score_of(self, x: Sequence[Any], y: Sequence[Any], path: Sequence[Sequence[int]]) -> float:
        """What a path is worth, column by column."""
        total, before = 0.0, "S"
        for i, j in path:
            state = "D" if i < 0 else "I" if j < 0 else "M"
            total += self.score(x[i], y[j]) if state == "M" else self.gap_extend if state == before else self.gap_open
            before = state
        return total

"""Sparse vectors and rows as dicts from positions to values, in the plainest code."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Plain = Mapping[int, float]


def dot(v: Plain, w: Plain) -> float:
    return math.fsum(value * w[position] for position, value in v.items() if position in w)


def add(v: Plain, w: Plain, sign: float = 1.0) -> dict[int, float]:
    result = {p: v.get(p, 0.0) + sign * w.get(p, 0.0) for p in sorted({*v, *w})}
    return {p: value for p, value in result.items() if value != 0}


def norm(v: Plain) -> float:
    return math.hypot(*v.values())


def cosine(v: Plain, w: Plain) -> float:
    lengths = norm(v) * norm(w)
    return dot(v, w) / lengths if lengths else 0.0


def top_k(rows: Sequence[Plain], queries: Sequence[Plain], k: int, metric: str = "cosine") -> list[list[tuple[int, float]]]:
    """For each query (row, score), best first, ties by the lower row; only rows that share a position with values other than zero."""
    score = cosine if metric == "cosine" else dot
    found = []
    for query in queries:
        shared = [i for i, row in enumerate(rows) if any(value and row.get(p) for p, value in query.items())]
        scored = [(i, score(query, rows[i])) for i in shared]
        found.append(sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:k])
    return found

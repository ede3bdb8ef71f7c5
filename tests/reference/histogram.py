"""Histograms in the plainest form: one value and one border at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence


def bin_of(edges: Sequence[float], x: float, closed: str) -> int | None:
    """From 0; -1 below, the number of bins above; None for NaN."""
    if math.isnan(x):
        return None
    n = len(edges) - 1
    for i in range(n):
        low, high = edges[i], edges[i + 1]
        if closed == "left" and (low <= x < high or (i == n - 1 and x == high)):
            return i
        if closed == "right" and (low < x <= high or (i == 0 and x == low)):
            return i
    return -1 if x <= edges[0] else n


class PlainHistogram:
    """Dictionaries from places to sums; a place has a bin for each axis."""

    def __init__(self, *edges: Sequence[float], closed: str = "left") -> None:
        self.edges, self.closed = edges, closed
        self.sums: dict[tuple[int, ...], float] = {}
        self.squares: dict[tuple[int, ...], float] = {}
        self.invalid = 0

    def insert(self, *x: float, weight: float = 1.0) -> None:
        place = tuple(bin_of(edges, value, self.closed) for edges, value in zip(self.edges, x, strict=True))
        if None in place:
            self.invalid += 1
            return
        self.sums[place] = self.sums.get(place, 0.0) + weight  # type: ignore[index, arg-type]
        self.squares[place] = self.squares.get(place, 0.0) + weight * weight  # type: ignore[index, arg-type]


def inverse_distribution(values: Sequence[float], share: float) -> float:
    """The least value up to which so large a share has come."""
    ordered = sorted(values)
    for k, x in enumerate(ordered):
        if (k + 1) / len(ordered) >= share:
            return x
    return ordered[-1]

"""DTW beside aeon, dtaidistance and tslearn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from _align import Work, present


def walks(n: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(n)
    return rng.normal(size=n).cumsum(), rng.normal(size=n).cumsum()


def pair(n: int) -> Callable[[], dict[str, Callable[[], Any]]]:
    def contestants() -> dict[str, Callable[[], Any]]:
        x, y = walks(n)
        return present(
            {
                "plait.align": lambda plait: lambda d=plait.DTW(): d.score(x, y),
                "aeon.distances": lambda aeon: lambda: aeon.dtw_distance(x, y),
                "dtaidistance.dtw": lambda dtw: lambda: dtw.distance_fast(x, y, inner_dist="squared euclidean") ** 2,
                "tslearn.metrics": lambda tslearn: lambda: tslearn.dtw(x, y) ** 2,
            }
        )

    return contestants


WORKS = [Work(f"one DTW pair, n = {n}, score", goal, n * n, pair(n)) for n, goal in ((100, 8.0), (1000, 10.0), (10_000, 10.0))]

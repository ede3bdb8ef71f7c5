"""DTW against the plainest matrix."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.alignment import matrix

from plait.align import DTW

numbers = st.integers(-4, 4).map(float)
lists = st.lists(numbers, min_size=1, max_size=12)


def border(i: int, j: int) -> float:
    return 0.0 if i == j == 0 else math.inf


@given(lists, lists)
@settings(deadline=None)
def test_score_and_path_are_those_of_the_matrix(x: list[float], y: list[float]) -> None:
    table = matrix(x, y, border, lambda insertion, match, deletion, a, b: min(insertion, match, deletion) + (a - b) ** 2)
    alignment = DTW().align(x, y)
    assert DTW().score(x, y) == alignment.score == table[-1][-1]
    path = alignment.path
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [len(x) - 1, len(y) - 1]
    assert {tuple(step) for step in np.diff(path, axis=0).tolist()} <= {(0, 1), (1, 0), (1, 1)}
    assert sum((x[i] - y[j]) ** 2 for i, j in path) == alignment.score


def test_a_window_too_narrow_is_named() -> None:
    with pytest.raises(ValueError, match="window of 1 cells is narrower than the difference 2"):
        DTW(window=1).score([1, 2, 3], [1])

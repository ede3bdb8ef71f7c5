"""Pairs without a path within a window are inf on request."""

from __future__ import annotations

import concurrent.futures
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plait.align import DTW, EDR, ERP, MSM, TWE, Levenshtein, SoftDTW

SERIES = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=7), min_size=1, max_size=6)
ALIGNERS: list[Any] = [
    DTW,
    lambda window: DTW(window=window, open_end=True),
    lambda window: DTW(window=window, step="asymmetric"),
    lambda window: DTW(slope=1.5 + window),
    lambda window: DTW(slope=1.5 + window, step="asymmetric"),
    lambda window: DTW(window=window, band="slanted", step="asymmetric"),
    ERP,
    MSM,
    TWE,
    lambda window: EDR(0.5, window=window),
    lambda window: SoftDTW(0.5, window=window),
]


@pytest.mark.parametrize("make", ALIGNERS)
@given(X=SERIES, Y=SERIES, window=st.sampled_from([0, 1, 3, 0.2, 0.5, 1.0]))
def test_each_pair_by_itself_gives_the_same(make: Any, X: Any, Y: Any, window: Any) -> None:
    aligner = make(window=window)

    def one(x: Any, y: Any) -> float:
        try:
            return float(aligner.score(x, y))
        except ValueError:
            return math.inf

    assert aligner.pairwise(X, Y, unreachable="inf").tolist() == [[one(x, y) for y in Y] for x in X]
    assert aligner.pairwise(X, unreachable="inf").tolist() == [[one(x, y) for y in X] for x in X]


def test_executors_and_functions_know_it_too() -> None:
    X = [np.arange(3.0), np.arange(9.0), np.arange(4.0)]
    right = DTW(window=2).pairwise(X, unreachable="inf")
    assert np.isinf(right).sum() == 4
    seen: list[Any] = []
    assert (DTW(window=2).pairwise(X, unreachable="inf", progress=lambda *at: seen.append(at)) == right).all()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert (DTW(window=2).pairwise(X, unreachable="inf", executor=pool) == right).all()
    near = DTW(window=2).pairwise(X, unreachable="inf", sparse=True, cutoff=math.inf)  # what has no path is not stored
    assert near.nnz == np.isfinite(right).sum()
    assert (near.toarray()[np.isfinite(right)] == right[np.isfinite(right)]).all()
    assert (DTW(lambda a, b: (a - b) ** 2, window=2).pairwise(X, unreachable="inf") == right).all()
    assert np.isfinite(DTW(window=2, band="slanted").pairwise(X, unreachable="inf")).all()
    assert Levenshtein().pairwise(["a", "bcd"], unreachable="inf").tolist() == [[0, 3], [3, 0]]


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="unreachable: expected 'raise' or 'inf', got 'nan'"):
        DTW().pairwise([[1]], unreachable="nan")
    with pytest.raises(ValueError, match="no path fits"):
        DTW(window=1).pairwise([[1], [1, 2, 3]])
    with pytest.raises(ValueError, match="empty"):
        DTW(window=1).pairwise([[1], []], unreachable="inf")

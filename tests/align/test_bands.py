"""The band about the stretched diagonal, held beside plain loops and beside the core's band of equal lengths."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plait
from plait import ShapeError
from plait.align import DTW, TimeSeriesKNN, _bands


def slanted(n: int, m: int, window: int) -> Any:
    """The cells of a band, in whole numbers."""
    if n < m:
        return slanted(m, n, window).T
    return np.asarray(2 * _bands.off_diagonal(n, m, np.arange(n)[:, None], np.arange(m)) <= 2 * min(window, n) * (m - 1) + n - 1)


VALUES = st.lists(st.integers(-3, 3), min_size=1, max_size=9)


def plain(x: Any, y: Any, window: int, metric: Any) -> float:
    """The whole recursion; cells by the definition in the docstring, in fractions."""
    n, m = len(x), len(y)
    long, short = max(n, m), min(n, m)
    table = [[math.inf] * (m + 1) for _ in range(n + 1)]
    table[0][0] = 0.0
    for i in range(n):
        for j in range(m):
            a, b = (i, j) if n >= m else (j, i)
            if short > 1 and abs(a - b * (long - 1) / (short - 1)) > window + (long - 1) / (short - 1) / 2 + 1e-9:
                continue
            before = min(table[i][j], table[i][j + 1], table[i + 1][j])
            table[i + 1][j + 1] = before + metric(x[i], y[j])
    return table[n][m]


@given(VALUES, VALUES, st.integers(0, 4))
def test_scores_are_those_of_plain_loops(x: Any, y: Any, window: int) -> None:
    right = plain(x, y, window, lambda a, b: (a - b) ** 2)
    assert math.isfinite(right)  # a path always fits
    aligner = DTW(window=window, band="slanted")
    assert aligner.score(x, y) == right
    found = aligner.align(x, y)
    assert sum((x[i] - y[j]) ** 2 for i, j in found.path.tolist()) == right
    assert _bands.needed(found.path, len(x), len(y), "slanted") <= window
    assert DTW("absolute", window=window, band="slanted").score(x, y) == plain(x, y, window, lambda a, b: abs(a - b))
    assert DTW(lambda a, b: abs(a - b), window=window, band="slanted").score(x, y) == plain(x, y, window, lambda a, b: abs(a - b))


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 5))
def test_the_needed_window_is_the_least(n: int, m: int, window: int) -> None:
    inside = slanted(n, m, window)
    assert (inside == slanted(m, n, window).T).all()
    for i, j in np.argwhere(inside).tolist():
        least = _bands.needed(np.array([[i, j]]), n, m, "slanted")
        assert slanted(n, m, least)[i, j]
        assert least == 0 or not slanted(n, m, least - 1)[i, j]
    if n == m:
        assert (inside == (np.abs(np.subtract.outer(np.arange(n), np.arange(n))) <= window)).all()


@pytest.mark.parametrize("metric", ["squared", "euclidean", "absolute", "cosine"])
@pytest.mark.parametrize("window", [0, 2, 0.1, 0.35, 1.0, None])
def test_of_equal_lengths_both_bands_are_one(metric: Any, window: Any) -> None:
    X = np.random.default_rng(1).normal(size=(6, 17, 2))
    one, other = DTW(metric, window=window, band="slanted"), DTW(metric, window=window)
    assert one.pairwise(X) == pytest.approx(other.pairwise(X))
    assert one.nearest(X[0], X[1:], 2)[0].tolist() == other.nearest(X[0], X[1:], 2)[0].tolist()
    assert one.align(X[0], X[1]).path.tolist() == other.align(X[0], X[1]).path.tolist()
    assert one.count(X[0], X[1]) == other.count(X[0], X[1])


def test_a_matrix_of_distances_has_the_band_as_well() -> None:
    x, y = np.array([0.0, 5, 1, 0, 2]), np.array([0.0, 1, 2])
    matrix = (x[:, None] - y) ** 2
    assert DTW("precomputed", window=0, band="slanted").score(matrix) == DTW(window=0, band="slanted").score(x, y)
    assert math.isnan(DTW(window=1, band="slanted", nan_policy="propagate").score([1, np.nan], [1]))
    assert DTW(window=1, band="slanted", nan_policy="omit").score([1, np.nan, 2], [1, 2]) == 0


def test_a_window_is_chosen_for_ragged_series() -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    data = plait.datasets.gestures(rng=1)
    X, y = data.train_series[:20], data.train_labels[:20]
    model = TimeSeriesKNN(DTW(band="slanted"))
    grid = selection.GridSearchCV(model, {"aligner__window": [0.0, 0.1, None]}, cv=selection.LeaveOneOut(), error_score="raise")
    assert grid.fit(X, y).best_score_ > 0.5


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: DTW(band="straight"), ValueError, "band: expected 'diagonal' or 'slanted', got 'straight'"),
        (lambda: DTW(window=1, band="slanted", open_end=True), ValueError, "band: .*leave open_end out"),
        (lambda: DTW(window=1, band="slanted", slope=2.0), ValueError, "band: .*leave slope out"),
        (lambda: DTW(window=1, band="slanted").score([[1, 2]], [1]), ShapeError, "x has 2 values an element, y has 1"),
        (lambda: DTW(window=1, band="slanted").score([1e200], [0]), ValueError, "beyond the largest float64"),
        (lambda: DTW(window=1, band="slanted").score([], [0]), ValueError, "empty"),
        (lambda: TimeSeriesKNN(DTW(window=-1, band="slanted")), ValueError, "window: expected"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()

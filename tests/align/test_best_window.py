"""The best window beside leave-one-out with every window by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plait
from plait.align import DTW, MSM, TimeSeriesKNN, best_window


def plain(X: Any, y: Any, window: Any, **parameters: Any) -> float:
    """For each series the nearest other by all scores, the first of equals."""
    aligner = DTW(window=window, **parameters)
    right = 0
    for i, x in enumerate(X):
        scores = [(aligner.score(x, other), j) for j, other in enumerate(X) if j != i]
        right += y[min(scores)[1]] == y[i]
    return right / len(X)


@given(st.integers(2, 8), st.integers(1, 8), st.integers(0, 10**6), st.booleans())
def test_every_window_by_itself_gives_the_same(n: int, length: int, seed: int, slanted: bool) -> None:
    rng = np.random.default_rng(seed)
    band = "slanted" if slanted else "diagonal"
    X = [rng.integers(0, 4, size=rng.integers(1, length + 1) if slanted else length).astype(float) for _ in range(n)]
    y = rng.integers(0, 2, size=n)
    fine = [k / 20 for k in range(21)]  # several have as many cells for the shortest and the longest, and not for those between
    for windows in ([0, 2, 1, 5], [0.0, 0.5, 0.2, 1.0], [0.3, 1, 0.0, 3], fine):
        found = best_window(X, y, windows, DTW(band=band))
        right = [plain(X, y, window, band=band) for window in windows]
        assert found.accuracies.tolist() == right
        assert found.accuracy == max(right) == right[windows.index(found.window)]


def test_real_or_made_gestures() -> None:
    data = plait.datasets.gestures(rng=1)
    X, y = data.train_series[:24], data.train_labels[:24]
    windows = [0.0, 0.05, 0.1, 0.3, 1.0]
    found = best_window(X, y, windows, DTW(band="slanted"))
    for window, accuracy in zip(windows, found.accuracies, strict=True):
        nearest = TimeSeriesKNN(DTW(window=window, band="slanted")).fit(X, y).kneighbors(return_distance=False)[:, 0]
        assert accuracy == np.mean(y[nearest] == y)


def test_the_archives_window_of_gun_point(data_file: Any) -> None:
    data_file("ucr/GunPoint_TRAIN.ts")
    data = plait.datasets.ucr("GunPoint")
    found = best_window(data.train_series, data.train_labels)
    assert found.window == 0.0  # the archive's learned width is 0
    assert len(found.windows) == 101


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: best_window([[1, 2]], [0]), ValueError, "at least 2 series"),
        (lambda: best_window([[1], [2]], [0, 1], []), ValueError, "windows: there is none"),
        (lambda: best_window([[1], [2]], [0, 1], [None]), ValueError, "windows: expected whole numbers"),
        (lambda: best_window([[1], [2]], [0, 1], [-1]), ValueError, "window: expected None, a whole number"),
        (lambda: best_window([[1], [2]], [0, 1], aligner=MSM()), TypeError, "aligner: expected DTW"),  # type: ignore[arg-type]
        (lambda: best_window([[1], [2]], [0, 1], aligner=DTW(open_end=True)), ValueError, "aligner: expected one whose path"),
        (lambda: best_window([[1, 2, 3], [2]], [0, 1], [0]), ValueError, "no path fits"),
        (lambda: best_window([[1], [2]], [0]), ValueError, "best_window: .*inconsistent numbers"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()

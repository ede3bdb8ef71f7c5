"""Warping beside aeon, dtaidistance and tslearn: 10,000 random pairs and more for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plait.align import DTW, MSM, TWE

pytestmark = pytest.mark.peer
PAIRS = 10_000


def draw(rng: np.random.Generator, width: int | None = None, equal: bool = False) -> tuple[Any, Any]:
    n = int(rng.integers(1, 25))
    m = n if equal else int(rng.integers(1, 25))
    shapes = [(length,) if width is None else (length, width) for length in (n, m)]
    if rng.integers(2):
        x, y = (rng.integers(-3, 4, size=shape).astype(float) for shape in shapes)
    else:
        x, y = (rng.normal(size=shape) for shape in shapes)
    return x, y


def test_dtw_is_dtaidistances() -> None:
    dtw = pytest.importorskip("dtaidistance.dtw")
    rng = np.random.default_rng(0)
    for _ in range(PAIRS):
        x, y = draw(rng)
        window = abs(len(x) - len(y)) + int(rng.integers(0, 6))
        # With its pruning it gives inf where the diagonal is the best path and rounding makes that dearer than its own bound.
        assert DTW(root=True).score(x, y) == pytest.approx(dtw.distance_fast(x, y, use_pruning=False), rel=1e-9, abs=1e-9)
        # There a window of 1 is the diagonal.
        if len(x) == len(y):
            assert DTW(window=window).score(x, y) == pytest.approx(
                dtw.distance_fast(x, y, window=window + 1, use_pruning=False) ** 2, rel=1e-9, abs=1e-9
            )


def test_paths_cost_what_dtaidistances_do() -> None:
    dtw = pytest.importorskip("dtaidistance.dtw")
    rng = np.random.default_rng(1)
    for _ in range(PAIRS // 10):
        x, y = draw(rng)
        found = DTW().align(x, y)
        i, j = np.array(dtw.warping_path_fast(x, y)).T
        assert ((x[i] - y[j]) ** 2).sum() == pytest.approx(found.score, rel=1e-9, abs=1e-9)


def test_several_values_are_as_tslearns() -> None:
    metrics = pytest.importorskip("tslearn.metrics")
    rng = np.random.default_rng(2)
    for _ in range(PAIRS):
        x, y = draw(rng, width=int(rng.integers(1, 4)))
        assert DTW(root=True).score(x, y) == pytest.approx(metrics.dtw(x, y), rel=1e-9, abs=1e-9)


def test_parallelogram_is_tslearns() -> None:
    metrics = pytest.importorskip("tslearn.metrics")
    rng = np.random.default_rng(3)
    for _ in range(PAIRS // 10):
        x, y = draw(rng, equal=True)
        peer = metrics.dtw(x, y, global_constraint="itakura", itakura_max_slope=2.0)
        assert DTW(slope=2.0, root=True).score(x, y) == pytest.approx(peer, rel=1e-9, abs=1e-9)


def test_subsequences_are_tslearns() -> None:
    metrics = pytest.importorskip("tslearn.metrics")
    rng = np.random.default_rng(4)
    for _ in range(PAIRS // 10):
        x, y = draw(rng)
        path, score = metrics.dtw_subsequence_path(x, y)
        found = DTW(root=True, open_begin=True, open_end=True).align(x, y)
        assert found.score == pytest.approx(score, rel=1e-9, abs=1e-9)
        assert found.path[-1].tolist() == list(path[-1])


@pytest.mark.parametrize("width", [None, 2])
def test_dtw_msm_and_twe_are_aeons(width: int | None) -> None:
    aeon = pytest.importorskip("aeon.distances")
    rng = np.random.default_rng(5)
    for _ in range(PAIRS):
        x, y = draw(rng, width)
        a, b = (x, y) if width is None else (x.T.copy(), y.T.copy())
        assert DTW().score(x, y) == pytest.approx(aeon.dtw_distance(a, b), rel=1e-9, abs=1e-9)
        assert TWE(stiffness=0.25, penalty=0.5).score(x, y) == pytest.approx(
            aeon.twe_distance(a, b, nu=0.25, lmbda=0.5), rel=1e-9, abs=1e-9
        )
        if width is None:  # with several values aeon adds up the channels, or compares squares in the ball
            assert MSM(cost=0.5).score(x, y) == pytest.approx(aeon.msm_distance(a, b, c=0.5), rel=1e-9, abs=1e-9)

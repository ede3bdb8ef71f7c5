"""The table of plait.align's documentation: what other packages call DTW, row by row."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import plait
from plait.align import DTW, SoftDTW, soft_dtw_divergence

pytestmark = pytest.mark.peer

RNG = np.random.default_rng(11)
WALKS = [RNG.normal(size=n).cumsum() for n in (40, 40, 47)]
VECTORS = [RNG.normal(size=(n, 3)).cumsum(0) for n in (30, 30, 37)]
SERIES = pytest.mark.parametrize(("x", "y"), [*itertools.combinations(WALKS, 2), *itertools.combinations(VECTORS, 2)])
EQUAL = pytest.mark.parametrize(("x", "y"), [WALKS[:2], VECTORS[:2]])


def same(found: float, right: Any) -> None:
    assert found == pytest.approx(float(right), rel=1e-9)


@SERIES
def test_tslearn(x: Any, y: Any) -> None:
    metrics = pytest.importorskip("tslearn.metrics")
    same(DTW(root=True).score(x, y), metrics.dtw(x, y))
    same(SoftDTW(0.5).score(x, y), metrics.soft_dtw(x, y, gamma=0.5))
    if len(x) == len(y):
        same(DTW(root=True, window=4).score(x, y), metrics.dtw(x, y, global_constraint="sakoe_chiba", sakoe_chiba_radius=4))


@SERIES
def test_aeon(x: Any, y: Any) -> None:
    distances = pytest.importorskip("aeon.distances")
    same(DTW().score(x, y), distances.dtw_distance(x.T, y.T))
    same(SoftDTW(0.5).score(x, y), distances.soft_dtw_distance(x.T, y.T, gamma=0.5))
    if len(x) == len(y):
        same(DTW(window=0.1).score(x, y), distances.dtw_distance(x.T, y.T, window=0.1))


@SERIES
def test_dtaidistance(x: Any, y: Any) -> None:
    dtw = pytest.importorskip("dtaidistance.dtw" if x.ndim == 1 else "dtaidistance.dtw_ndim")
    same(DTW(root=True).score(x, y), dtw.distance(x, y))
    if x.ndim == 1:
        same(DTW("absolute").score(x, y), dtw.distance(x, y, inner_dist="euclidean"))
    if len(x) == len(y):
        same(DTW(root=True, window=4).score(x, y), dtw.distance(x, y, window=5))


@SERIES
def test_dtw_python(x: Any, y: Any) -> None:
    dtw = pytest.importorskip("dtw")
    right = dtw.dtw(x, y)
    same(DTW("euclidean", step="symmetric2").score(x, y), right.distance)
    same(DTW("euclidean", step="symmetric2", normalized=True).score(x, y), right.normalizedDistance)
    same(DTW("euclidean").score(x, y), dtw.dtw(x, y, step_pattern="symmetric1").distance)
    same(DTW("euclidean", step="asymmetric").score(x, y), dtw.dtw(x, y, step_pattern="asymmetric").distance)
    if len(x) == len(y):
        banded = dtw.dtw(x, y, window_type="sakoechiba", window_args={"window_size": 4})
        same(DTW("euclidean", step="symmetric2", window=4).score(x, y), banded.distance)


@SERIES
def test_fastdtw(x: Any, y: Any) -> None:
    fastdtw = pytest.importorskip("fastdtw")
    if x.ndim == 1:
        same(DTW("absolute").score(x, y), fastdtw.dtw(x, y)[0])
    else:
        norm = lambda a, b: float(np.linalg.norm(a - b))  # noqa: E731
        same(DTW("euclidean").score(x, y), fastdtw.dtw(x, y, dist=norm)[0])
    assert fastdtw.fastdtw(x, y, radius=1, dist=lambda a, b: float(np.abs(a - b).sum()))[0] >= DTW("absolute").score(x, y) - 1e-9


@SERIES
def test_librosa(x: Any, y: Any) -> None:
    sequence = pytest.importorskip("librosa.sequence")
    same(DTW("euclidean").score(x, y), sequence.dtw(np.atleast_2d(x.T), np.atleast_2d(y.T))[0][-1, -1])


@EQUAL
def test_divergence_is_tslearns_difference(x: Any, y: Any) -> None:
    metrics = pytest.importorskip("tslearn.metrics")
    right = metrics.soft_dtw(x, y, gamma=0.5) - 0.5 * (metrics.soft_dtw(x, x, gamma=0.5) + metrics.soft_dtw(y, y, gamma=0.5))
    same(soft_dtw_divergence(x, y, gamma=0.5), right)


def test_the_table_is_in_the_documentation() -> None:
    text = plait.align.__doc__ or ""
    for name in ("tslearn", "aeon", "dtaidistance", "dtw-python", "fastdtw", "librosa"):
        assert f"\n{name} " in text

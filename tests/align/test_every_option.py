"""Every option of DTW with every other, against plain loops: scores, paths, counts, cutoffs, and many pairs against one by one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.warping_options import METRICS, Warping

from plait.align import DTW

PARAMETERS = st.fixed_dictionaries(
    {
        "metric": st.sampled_from(list(METRICS)),
        "step": st.sampled_from(["symmetric1", "symmetric2", "asymmetric"]),
        "window": st.sampled_from([None, None, 0, 1, 2, 4, 0.0, 0.25, 1.0]),
        "band": st.sampled_from(["diagonal", "slanted"]),
        "open_begin": st.booleans(),
        "open_end": st.booleans(),
        "normalized": st.booleans(),
        "root": st.booleans(),
    }
)


def contradictory(p: dict[str, Any]) -> bool:
    """Whether the docstring refuses these together."""
    windowed = p["window"] is not None
    weightless = p["step"] == "symmetric1" or (p["step"] == "symmetric2" and p["open_begin"])
    return (p["open_begin"] and windowed) or (p["band"] == "slanted" and windowed and p["open_end"]) or (p["normalized"] and weightless)


def collection(rng: Any, count: int, width: int, whole: bool) -> list[Any]:
    shapes = [(int(n), width) if width else (int(n),) for n in rng.integers(1, 10, size=count)]
    return [rng.integers(-2, 3, size=shape).astype(float) if whole else rng.normal(size=shape).cumsum(0) for shape in shapes]


@given(PARAMETERS, st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 3]), st.booleans())
def test_all_together(p: dict[str, Any], seed: int, width: int, whole: bool) -> None:
    if contradictory(p):
        with pytest.raises(ValueError, match=r"window|band|normalized"):
            DTW(**p)
        return
    aligner, rng = DTW(**p), np.random.default_rng(seed)
    X, Y = collection(rng, 3, width, whole), collection(rng, 6, width, whole)
    scores = np.full((len(X), len(Y)), math.inf)
    for i, x in enumerate(X):
        for j, y in enumerate(Y):
            twin = Warping(x, y, p)
            right, paths = twin.solve()
            if math.isinf(right):
                with pytest.raises(ValueError, match=r"no path fits|asymmetric steps"):
                    aligner.score(x, y)
                continue
            scores[i, j] = aligner.score(x, y)
            assert scores[i, j] == pytest.approx(right, rel=1e-9, abs=1e-9)
            found = aligner.align(x, y)
            assert found.score == scores[i, j]
            assert twin.cost(found.path) == pytest.approx(right, rel=1e-9, abs=1e-9)
            if whole and p["metric"] in ("squared", "absolute") and not p["normalized"]:  # sums are exact
                assert aligner.count(x, y) == paths
            for cutoff in (scores[i, j], scores[i, j] + 1, 0.9 * scores[i, j] - 0.01):
                assert aligner.score(x, y, cutoff=cutoff) == (scores[i, j] if scores[i, j] <= cutoff else math.inf)
    cutoff = float(rng.choice(scores[np.isfinite(scores)])) if np.isfinite(scores).any() else 0.0
    within = np.where(scores <= cutoff, scores, math.inf)
    for threads in (1, 2):
        assert np.array_equal(aligner.pairwise(X, Y, threads=threads, unreachable="inf"), scores)
        assert np.array_equal(aligner.pairwise(X, Y, threads=threads, unreachable="inf", cutoff=cutoff), within)
    for x, row in zip(X, scores, strict=True):
        if np.isfinite(row).all():
            order = np.argsort(row, kind="stable")[:4]
            indices, near = aligner.nearest(x, Y, k=4)
            assert np.array_equal(indices, order)
            assert np.array_equal(near, row[order])
            order = order[row[order] <= cutoff]
            assert np.array_equal(aligner.nearest(x, Y, k=4, cutoff=cutoff)[0], order)

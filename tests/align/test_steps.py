"""Step patterns and normalisation, beside plain recursions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.warping_series import pairs

from plait.align import DTW

METRICS: dict[str, Any] = {
    "squared": lambda a, b: float(np.sum((a - b) ** 2)),
    "absolute": lambda a, b: float(np.sum(np.abs(a - b))),
    "euclidean": lambda a, b: float(np.sqrt(np.sum((a - b) ** 2))),
}
#: (step of i, step of j, what the cell costs) for each way into it.
STEPS = {
    "symmetric1": [(1, 1, 1), (0, 1, 1), (1, 0, 1)],
    "symmetric2": [(1, 1, 2), (0, 1, 1), (1, 0, 1)],
    "asymmetric": [(1, 1, 1), (1, 2, 1), (1, 0, 1)],
}


def weight(step: str, n: int, m: int) -> int:
    """The cost of every path."""
    return n if step == "asymmetric" else n + m


def table(x: Any, y: Any, step: str, metric: Any, window: int | None = None, open_begin: bool = False) -> Any:
    """All D(i, j), in the order of cells."""
    n, m = len(x), len(y)
    found = np.full((n, m), math.inf)
    for i in range(n):
        for j in range(m):
            if window is not None and abs(i - j) > window:
                continue
            d = metric(x[i], y[j])
            if (i == 0 and open_begin) or i == j == 0:
                found[i, j] = d
            for di, dj, weight in STEPS[step]:
                if i >= di and j >= dj:
                    found[i, j] = min(found[i, j], found[i - di, j - dj] + weight * d)
    return found


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("metric", METRICS)
@given(pairs(9), st.sampled_from([None, 0, 1, 2, 4]))
def test_scores_and_paths_are_those_of_the_plain_recursion(step: str, metric: str, pair: Any, window: int | None) -> None:
    x, y = pair
    right = table(x, y, step, METRICS[metric], window)[-1, -1]
    aligner = DTW(metric, window=window, step=step)
    if math.isinf(right):
        with pytest.raises(ValueError, match=r"no path|reach at most"):
            aligner.score(x, y)
        return
    found = aligner.align(x, y)
    assert found.score == aligner.score(x, y) == pytest.approx(right, rel=1e-12, abs=1e-12)
    assert cost(found.path, x, y, step, METRICS[metric]) == pytest.approx(right, rel=1e-12, abs=1e-12)
    assert aligner.count(x, y) >= 1
    distances = np.array([[METRICS[metric](a, b) for b in y] for a in x])
    assert DTW("precomputed", window=window, step=step).score(distances) == pytest.approx(right, rel=1e-12, abs=1e-12)


def cost(path: Any, x: Any, y: Any, step: str, metric: Any) -> float:
    """The cost of a path; fails at an invalid step."""
    sum_ = metric(x[path[0, 0]], y[path[0, 1]])
    for (i, j), (di, dj) in zip(path[1:].tolist(), np.diff(path, axis=0).tolist(), strict=True):
        (weight,) = (w for a, b, w in STEPS[step] if (a, b) == (di, dj))
        sum_ += weight * metric(x[i], y[j])
    return float(sum_)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("begin", "end"), [(True, False), (False, True), (True, True)])
@given(pairs(8))
def test_open_ends(step: str, begin: bool, end: bool, pair: Any) -> None:
    x, y = pair
    right = table(x, y, step, METRICS["squared"], open_begin=begin)[-1]
    if not end and math.isinf(right[-1]):
        with pytest.raises(ValueError, match="no path"):
            DTW(step=step, open_begin=begin).score(x, y)
        return
    found = DTW(step=step, open_begin=begin, open_end=end).align(x, y)
    assert found.score == pytest.approx(right.min() if end else right[-1], rel=1e-12, abs=1e-12)
    if end and step != "symmetric1" and not (begin and step == "symmetric2"):
        normalized = DTW(step=step, open_begin=begin, open_end=True, normalized=True)
        weighted = right / [weight(step, len(x), j + 1) for j in range(len(y))]
        assert normalized.score(x, y) == normalized.align(x, y).score == pytest.approx(weighted.min(), rel=1e-12, abs=1e-12)
        assert weighted[normalized.align(x, y).path[-1, 1]] == pytest.approx(weighted.min(), rel=1e-12, abs=1e-12)
        assert normalized.count(x, y) >= 1


@pytest.mark.parametrize("step", ["symmetric2", "asymmetric"])
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_many_are_one_by_one(step: str, seed: int, root: bool) -> None:
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=rng.integers(5, 10)) for _ in range(11)]  # any of them reaches the end of any
    aligner = DTW(step=step, normalized=True, root=root, window=5)
    scores = np.array([[aligner.score(x, y) for y in X] for x in X])
    assert aligner.pairwise(X).tolist() == scores.tolist()
    cutoff = float(np.median(scores))
    assert aligner.pairwise(X, cutoff=cutoff).tolist() == np.where(scores > cutoff, math.inf, scores).tolist()
    for x, row in zip(X, scores, strict=True):
        indices, found = aligner.nearest(x, X, k=4)
        assert indices.tolist() == np.argsort(row, kind="stable")[:4].tolist()
        assert found.tolist() == np.sort(row)[:4].tolist()
        assert aligner.score(x, X[0]) == pytest.approx(
            (DTW(step=step, window=5).score(x, X[0]) / weight(step, len(x), len(X[0]))) ** (0.5 if root else 1.0)
        )


def test_what_has_no_path_weight_is_refused() -> None:
    with pytest.raises(ValueError, match=r"normalized: .* 'symmetric2'"):
        DTW(normalized=True)
    with pytest.raises(ValueError, match="normalized: with open_begin=True"):
        DTW(step="symmetric2", open_begin=True, normalized=True)
    with pytest.raises(ValueError, match="step: expected one of 'symmetric1', 'symmetric2'"):
        DTW(step="typeIa")


@pytest.mark.parametrize("limit", [1 << 28, 700, 0])
def test_a_path_in_little_memory_is_the_same(limit: int) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(90, 2)).cumsum(0), rng.normal(size=(130, 2)).cumsum(0)
    for step in STEPS:
        aligner = DTW(step=step, window=60)
        score, path = aligner._method().path(x, y, limit)
        assert score == aligner.score(x, y)
        assert path.tolist() == aligner.align(x, y).path.tolist()


@pytest.mark.peer
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("shape", [(30, 41), (55, 40), (25, 25)])
def test_dtw_python_gives_the_same(step: str, shape: tuple[int, int]) -> None:
    peer = pytest.importorskip("dtw")
    rng = np.random.default_rng(sum(shape))
    x, y = rng.normal(size=(shape[0], 3)).cumsum(0), rng.normal(size=(shape[1], 3)).cumsum(0)
    for kind, options in [(step, {}), (step, {"open_end": True})] + (
        [(step, {"open_end": True, "open_begin": True})] * (step == "asymmetric")
    ):
        normalized = step != "symmetric1"
        if "open_end" in options and not normalized:
            continue  # there dtw-python has no open end
        right = peer.dtw(x, y, dist_method="euclidean", step_pattern=kind, **options)
        found = DTW("euclidean", step=kind, normalized=normalized, **options).align(x, y)
        assert found.score == pytest.approx(right.normalizedDistance if normalized else right.distance, rel=1e-12)
        assert found.path.tolist() == np.transpose([right.index1, right.index2]).tolist()


def test_pairs_that_no_steps_reach_are_inf_where_that_is_wanted() -> None:
    X = [np.arange(float(n)) for n in (2, 3, 4, 6)]
    for options in ({}, {"window": 2}, {"window": 1, "band": "slanted"}, {"open_end": True}, {"open_begin": True}):
        aligner = DTW(step="asymmetric", **options)
        found = aligner.pairwise(X, unreachable="inf")
        for i, x in enumerate(X):
            for j, y in enumerate(X):
                try:
                    right = aligner.score(x, y)
                except ValueError:
                    right = math.inf
                assert found[i, j] == right

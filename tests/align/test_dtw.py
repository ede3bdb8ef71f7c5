"""DTW against the plainest matrix: metrics, bands, ends, ties, errors, and every way to use it."""

from __future__ import annotations

import math
import os
import pickle
import signal
import threading
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import elastic
from reference.warping_series import agree, pairs, series

import plait
from plait.align import DTW


@pytest.mark.parametrize("metric", ["squared", "absolute", "euclidean"])
@given(pairs())
def test_score_and_path_are_those_of_the_matrix(metric: str, pair: tuple[Any, Any]) -> None:
    x, y = pair
    agree(DTW(metric), x, y, elastic.dtw(x, y, metric))


@given(pairs(), st.integers(0, 6))
def test_window(pair: tuple[Any, Any], window: int) -> None:
    x, y = pair
    if window < abs(len(x) - len(y)):
        with pytest.raises(ValueError, match=f"window of {window} cells is narrower than the difference"):
            DTW(window=window).score(x, y)
    else:
        agree(DTW(window=window), x, y, elastic.dtw(x, y, allowed=elastic.sakoe_chiba(window)))


@given(pairs(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]))
def test_window_as_a_fraction_is_rounded_up(pair: tuple[Any, Any], window: float) -> None:
    x, y = pair
    cells = math.ceil(window * max(len(x), len(y)))
    if cells >= abs(len(x) - len(y)):
        assert DTW(window=window).score(x, y) == DTW(window=cells).score(x, y)


def test_a_fraction_within_rounding_of_a_whole_number_is_that_number() -> None:
    x, y = np.arange(100.0), np.arange(100.0)[::-1].copy()
    assert DTW(window=0.07).score(x, y) == DTW(window=7).score(x, y)


@given(pairs(), st.sampled_from([1.5, 2.0, 3.0]))
def test_parallelogram(pair: tuple[Any, Any], slope: float) -> None:
    x, y = pair
    twin = elastic.dtw(x, y, allowed=elastic.itakura(len(x), len(y), slope))
    if math.isinf(twin.solve(x, y)[0]):
        with pytest.raises(ValueError, match="no path between series of lengths"):
            DTW(slope=slope).score(x, y)
    else:
        agree(DTW(slope=slope), x, y, twin)


@given(pairs(), st.booleans(), st.booleans(), st.one_of(st.none(), st.integers(0, 8)))
def test_open_ends(pair: tuple[Any, Any], begin: bool, end: bool, window: int | None) -> None:
    x, y = pair
    if begin and window is not None:
        with pytest.raises(ValueError, match="window: with open_begin=True"):
            DTW(window=window, open_begin=begin, open_end=end)
        return
    allowed = elastic.everywhere if window is None else lambda i, j: abs(i - j) <= window
    twin = elastic.dtw(x, y, open_begin=begin, open_end=end, allowed=allowed)
    aligner = DTW(window=window, open_begin=begin, open_end=end)
    if math.isinf(twin.solve(x, y)[0]):
        with pytest.raises(ValueError, match="window of"):
            aligner.score(x, y)
    else:
        agree(aligner, x, y, twin)


def test_a_series_is_found_within_another() -> None:
    x = np.sin(np.arange(12.0))
    y = np.concatenate([np.full(20, 3.0), x, np.full(9, -3.0)])
    found = DTW(open_begin=True, open_end=True).align(x, y)
    assert found.score == 0
    assert found.path.tolist() == [[i, i + 20] for i in range(12)]


@given(series(20), series(20))
def test_root(x: Any, y: Any) -> None:
    assert DTW(root=True).score(x, y) == math.sqrt(DTW().score(x, y)) == DTW(root=True).align(x, y).score


@given(pairs(10))
def test_cosine_is_scikit_learns(pair: tuple[Any, Any]) -> None:
    x, y = (np.asarray(s).reshape(len(s), -1) for s in pair)
    lengths = [np.maximum(np.linalg.norm(s, axis=1, keepdims=True), 1e-300) for s in (x, y)]
    costs = np.maximum(0, 1 - (x / lengths[0]) @ (y / lengths[1]).T)
    assert math.isclose(DTW("cosine").score(x, y), DTW("precomputed").score(costs), rel_tol=1e-9, abs_tol=1e-12)


def test_cosine_of_extremes() -> None:
    assert DTW("cosine").score([[1e-200, 1e-200]], [[1e200, 1e200]]) == pytest.approx(0, abs=1e-15)
    assert DTW("cosine").score([[0.0, 0.0]], [[1.0, 0.0]]) == 1


@given(pairs())
def test_a_matrix_of_distances(pair: tuple[Any, Any]) -> None:
    x, y = pair
    costs = np.array([[np.sum((a - b) ** 2) for b in y] for a in x])
    assert DTW("precomputed").score(costs) == pytest.approx(DTW().score(x, y), rel=1e-12)
    given_costs = DTW("precomputed").align(costs)
    assert given_costs.score == pytest.approx(sum(costs[i, j] for i, j in given_costs.path))
    assert DTW("precomputed").count(costs) >= 1


def test_a_matrix_of_distances_may_be_negative() -> None:
    assert DTW("precomputed").score([[-1.0, 2.0], [-3.0, -1.0]]) == -5


@given(series(12), series(12))
@settings(max_examples=25)
def test_a_metric_of_ones_own_on_numbers(x: Any, y: Any) -> None:
    own = DTW(lambda a, b: plait.square(a - b), window=1.0)
    assert own.align(x, y).path.tolist() == DTW().align(x, y).path.tolist()
    assert own.score(x, y) == DTW().score(x, y)
    assert own.count(x, y) == DTW().count(x, y)


def test_a_metric_of_ones_own_on_vectors() -> None:
    rng = np.random.default_rng(5)
    x, y, z = rng.normal(size=(700, 3)), rng.normal(size=(600, 3)), rng.normal(size=(5, 3))
    own = DTW(lambda a, b: np.abs(a - b).sum())
    assert own.score(x, y) == pytest.approx(DTW("absolute").score(x, y))
    assert own.pairwise([x, z], [y, z, x]) == pytest.approx(DTW("absolute").pairwise([x, z], [y, z, x]))
    assert own.nearest(z, [x, z, y, z], k=2)[0].tolist() == [1, 3]
    assert pickle.loads(pickle.dumps(DTW())).score([1.0], [2.0]) == 1
    with pytest.raises(plait.ShapeError, match=r"expected a number for two elements of shape \(3,\), got shape \(3,\)"):
        DTW(lambda a, b: np.abs(a - b)).score(x, y)
    with pytest.raises(ValueError, match=r"metric: gave nan for x\[0\] and y\[0\]"):
        DTW(lambda a, b: plait.sqrt(a - b - 1)).score([0.0], [0.0])


@given(pairs(10))
def test_count_is_that_of_all_paths(pair: tuple[Any, Any]) -> None:
    x, y = (np.round(s) for s in pair)
    costs = np.array([[float(np.sum((a - b) ** 2)) for b in y] for a in x])
    best = np.full((len(x), len(y)), math.inf)
    paths = np.zeros((len(x), len(y)))
    for i in range(len(x)):
        for j in range(len(y)):
            before = [(best[a, b], paths[a, b]) for a, b in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if a >= 0 and b >= 0] or [(0.0, 1.0)]
            best[i, j] = costs[i, j] + min(score for score, _ in before)
            paths[i, j] = sum(number for score, number in before if score + costs[i, j] == best[i, j])
    assert DTW().count(x, y) == paths[-1, -1]


@given(st.lists(series(20), min_size=1, max_size=14), st.lists(series(20), min_size=1, max_size=14), st.integers(1, 3))
@settings(max_examples=40)
def test_pairwise_is_score(X: list[Any], Y: list[Any], threads: int) -> None:
    for aligner in (DTW(), DTW("absolute", window=20), DTW(window=1.0, root=True), DTW(open_end=True, open_begin=True)):
        scores = aligner.pairwise(X, Y, threads=threads)
        assert scores.tolist() == [[aligner.score(x, y) for y in Y] for x in X]
        square = aligner.pairwise(X)
        assert square.tolist() == [[aligner.score(x, y) for y in X] for x in X]
        cutoff = float(np.median(scores))
        assert aligner.pairwise(X, Y, cutoff=cutoff).tolist() == np.where(scores <= cutoff, scores, math.inf).tolist()


@given(st.data())
@settings(max_examples=80)
def test_nearest_is_exact(data: st.DataObject) -> None:
    width = data.draw(st.sampled_from([None, 2]))
    references = data.draw(st.lists(series(12, width=width), min_size=1, max_size=30))
    query = data.draw(series(12, width=width))
    metric = data.draw(st.sampled_from(["squared", "absolute", "euclidean", "cosine"]))
    k = data.draw(st.integers(1, len(references)))
    for options in ({}, {"window": 12}, {"window": 1.0}, {"root": True}, {"open_end": True}):
        aligner = DTW(metric, **options)
        scores = np.array([aligner.score(query, reference) for reference in references])
        indices, found = aligner.nearest(query, references, k)
        assert indices.tolist() == np.argsort(scores, kind="stable")[:k].tolist()
        assert found.tolist() == np.sort(scores)[:k].tolist()


def test_a_window_too_narrow_is_named() -> None:
    with pytest.raises(ValueError, match=r"window of 1 cells is narrower than the difference 2 .*band='slanted'"):
        DTW(window=1).score([1, 2, 3], [1])
    with pytest.raises(ValueError, match=r"row 0, column 1"):
        DTW(window=1).pairwise([[1, 2, 3]], [[1, 2], [1]])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"metric": "manhattan"}, "metric: expected one of 'squared'"),
        ({"window": -1}, "window: expected"),
        ({"window": 1.5}, "window: expected"),
        ({"slope": 1.0}, "slope: expected"),
        ({"slope": 2.0, "window": 3}, "window and slope"),
        ({"slope": 2.0, "open_end": True}, "open end"),
        ({"nan_policy": "drop"}, "nan_policy: expected one of"),
    ],
)
def test_parameters_are_checked_when_they_are_given(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DTW(**parameters)


@pytest.mark.parametrize(
    ("aligner", "x", "y", "message"),
    [
        (DTW(), [], [1.0], "x is empty"),
        (DTW(), [1.0], [], "y is empty"),
        (DTW(), [1.0, math.nan], [1.0], "x: NaN at element 1"),
        (DTW(), [1.0], [math.inf], "y: infinite at element 0"),
        (DTW(nan_policy="propagate"), [1.0], [math.inf], "y: infinite"),
        (DTW(), [1e200], [-1e200], "beyond the largest float64"),
        (DTW(), [[1.0, 2.0]], [[1.0]], "x has 2 values an element, y has 1"),
        (DTW("precomputed"), [[1.0]], [1.0], "takes one matrix"),
        (DTW("precomputed"), [1.0], None, "expected a matrix"),
        (DTW(nan_policy="omit"), [math.nan], [1.0], "x is empty"),
    ],
)
def test_errors_name_what_is_wrong(aligner: DTW, x: Any, y: Any, message: str) -> None:
    for method in (aligner.score, aligner.align, aligner.count):
        with pytest.raises(ValueError, match=message):
            method(x, y)


def test_nan_may_be_propagated_or_left_out() -> None:
    x, y = [1.0, math.nan, 3.0], [1.0, 2.0, 3.0]
    through = DTW(nan_policy="propagate")
    assert math.isnan(through.score(x, y))
    assert math.isnan(through.count(x, y))
    assert math.isnan(through.align(x, y).score)
    assert len(through.align(x, y).path) == 0
    assert np.isnan(through.pairwise([x, y], [y, x])).tolist() == [[True, True], [False, True]]
    indices, scores = through.nearest(y, [x, y, x], k=3)
    assert indices.tolist() == [1, 0, 2]
    assert np.isnan(scores).tolist() == [False, True, True]
    assert DTW(nan_policy="omit").score(x, y) == DTW().score([1.0, 3.0], y)


def test_a_cutoff_gives_the_score_or_infinity() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=300), rng.normal(size=280)
    score = DTW().score(x, y)
    assert DTW().score(x, y, cutoff=score) == score
    assert DTW().score(x, y, cutoff=score / 4) == math.inf
    assert DTW(root=True).score(x, y, cutoff=math.sqrt(score)) == math.sqrt(score)


@pytest.mark.parametrize("method", ["score", "align", "count", "pairwise", "nearest"])
def test_an_interrupt_stops_it(method: str) -> None:
    x = np.random.default_rng(0).normal(size=60_000)
    work = {
        "pairwise": lambda: DTW().pairwise([x] * 40, [x[:50_000]] * 40, threads=2),
        "nearest": lambda: DTW().nearest(x, [x[:50_000]] * 40),
    }.get(method, lambda: getattr(DTW(), method)(x, x))
    pressed = []

    def press() -> None:
        pressed.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.1, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        work()
    assert time.perf_counter() - pressed[0] < 2  # 0.1 on a machine that has nothing else to do
    timer.join()


def test_long_series_take_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=3000).cumsum(), rng.normal(size=2500).cumsum()
    whole = DTW().align(x, y)
    for limit in (0, 100_000, 500_000):
        monkeypatch.setattr("plait.align._base.MEMORY_LIMIT", limit)
        assert np.array_equal(DTW().align(x, y).path, whole.path)


def test_integers_and_lists_are_series() -> None:
    assert DTW().score([1, 2, 3], np.array([1, 2, 4], dtype=np.int8)) == 1
    assert DTW().score(np.float32([1, 2]), (1, 2)) == 0

"""Soft-DTW within a window: beside the soft minimum over cells, and its slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plait
from plait.align import DTW, SoftDTW, TimeSeriesKNN, soft_dtw, soft_dtw_divergence


def inside(n: int, m: int, window: int, band: str) -> Any:
    """The cells of a band."""
    i, j = np.arange(n)[:, None], np.arange(m)
    if band == "diagonal" or n == m:
        return np.abs(i - j) <= window
    long, short = max(n, m), min(n, m)
    if n < m:
        i, j = j, i
    if short == 1:
        return np.ones((n, m), bool)
    return np.abs(i - j * (long - 1) / (short - 1)) <= window + (long - 1) / (short - 1) / 2 + 1e-9


def plain(x: Any, y: Any, gamma: float, window: int, band: str) -> float:
    n, m = len(x), len(y)
    there = inside(n, m, window, band)
    table = np.full((n + 1, m + 1), -np.inf)  # logarithms of weights
    table[0, 0] = 0
    for i in range(n):
        for j in range(m):
            if there[i, j]:
                before = np.logaddexp(np.logaddexp(table[i, j], table[i, j + 1]), table[i + 1, j])
                table[i + 1, j + 1] = before - np.sum((x[i] - y[j]) ** 2) / gamma
    return float(-gamma * table[n, m])


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 14),
    more=st.integers(-6, 6),
    window=st.integers(0, 8),
    band=st.sampled_from(["diagonal", "slanted"]),
    gamma=st.sampled_from([0.01, 1.0, 30.0]),
    width=st.sampled_from([(), (2,)]),
)
def test_score_gradient_and_expectation_are_those_of_the_cells(
    seed: int, n: int, more: int, window: int, band: str, gamma: float, width: Any
) -> None:
    rng = np.random.default_rng(seed)
    m = max(1, n + more)
    x, y = rng.normal(size=(n, *width)), rng.normal(size=(m, *width))
    aligner = SoftDTW(gamma, window=window, band=band)
    if band == "diagonal" and window < abs(n - m):
        with pytest.raises(ValueError, match="SoftDTW: a window of"):
            aligner.score(x, y)
        with pytest.raises(ValueError, match="soft_dtw: a window of"):
            soft_dtw(x.reshape(n, -1), y.reshape(m, -1), gamma, window)
        return
    right = plain(x, y, gamma, window, band)
    score, gradient = aligner.value_and_gradient(x, y)
    assert score == aligner.score(x, y) == aligner.score(y, x)
    assert score == pytest.approx(right, rel=1e-9, abs=1e-9 * gamma)
    expected = aligner.expected(x, y)
    there = inside(n, m, window, band)
    assert (expected[~there] == 0).all()
    assert expected[0, 0] == pytest.approx(1)
    assert expected[-1, -1] == 1
    off = x.reshape(n, 1, -1) - y.reshape(1, m, -1)
    assert gradient.reshape(n, -1) == pytest.approx((2 * expected[:, :, None] * off).sum(axis=1), rel=1e-9, abs=1e-9)
    at = rng.integers(n), *(rng.integers(w) for w in width)
    h, slopes = 1e-5, []
    for sign in (1, -1):
        moved = x.copy()
        moved[at] += sign * h
        slopes.append(plain(moved, y, gamma, window, band))
    assert gradient[at] == pytest.approx((slopes[0] - slopes[1]) / (2 * h), rel=1e-4, abs=1e-4)
    assert aligner.align(x, y).path.tolist() == DTW(window=window, band=band).align(x, y).path.tolist()


@pytest.mark.parametrize(("n", "m"), [(700, 650), (300, 900)])
@pytest.mark.parametrize("band", ["diagonal", "slanted"])
def test_long_series_in_blocks(n: int, m: int, band: str) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=n).cumsum(), rng.normal(size=m).cumsum()
    window = abs(n - m) + 20 if band == "diagonal" else 15
    aligner = SoftDTW(2.0, window=window, band=band)
    right = plain(x[:, None], y[:, None], 2.0, window, band)
    score, gradient = aligner.value_and_gradient(x, y)
    assert score == pytest.approx(right, rel=1e-10)
    expected = aligner.expected(x, y)
    assert gradient == pytest.approx((2 * expected * (x[:, None] - y)).sum(axis=1), rel=1e-9, abs=1e-9)
    steps = np.add.outer(np.arange(n), np.arange(m))
    for k in range(0, n + m - 1, 97):  # every path crosses two neighbouring anti-diagonals once or twice
        assert 1 - 1e-9 <= expected[(steps == k) | (steps == k + 1)].sum() <= 2 + 1e-9


def soft_minima(distances: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The matrix of soft minima for a gamma of 1, by anti-diagonals."""
    n, m = distances.shape
    sums = np.full((n + 1, m + 1), np.inf)
    sums[0, 0] = 0
    for k in range(2, n + m + 1):
        i = np.arange(max(1, k - m), min(n, k - 1) + 1)
        j = k - i
        sums[i, j] = distances[i - 1, j - 1] - np.logaddexp.reduce([-sums[i - 1, j], -sums[i - 1, j - 1], -sums[i, j - 1]])
    return sums[1:, 1:]


@pytest.mark.parametrize(("n", "m", "window"), [(500, 560, None), (900, 700, None), (300, 1400, None), (1300, 1300, 150)])
@pytest.mark.parametrize("scale", [0.05, 5.0])
def test_expected_alignments_of_more_than_is_kept(n: int, m: int, window: int | None, scale: float) -> None:
    """Blocks that are computed again, and the last diagonals that are not, against sums over the paths before and behind each cell."""
    rng = np.random.default_rng(n)
    x, y = scale * rng.normal(size=n), scale * rng.normal(size=m)
    distances = (x[:, None] - y) ** 2
    if window is not None:
        distances[np.abs(np.subtract.outer(np.arange(n), np.arange(m))) > window] = np.inf
    before, behind = soft_minima(distances), soft_minima(distances[::-1, ::-1])[::-1, ::-1]
    with np.errstate(invalid="ignore"):
        shares = np.nan_to_num(np.exp(before[-1, -1] - (before + behind - distances)))
    aligner = SoftDTW(1.0, window=window)
    value, gradient = aligner.value_and_gradient(x, y)
    assert value == pytest.approx(before[-1, -1], rel=1e-12)
    assert gradient == pytest.approx(2 * (shares * (x[:, None] - y)).sum(axis=1), rel=1e-8, abs=1e-8)
    np.testing.assert_allclose(aligner.expected(x, y), shares, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("kind", ["noise", "walk", "sine"])
def test_every_scale(scale: float, kind: str) -> None:
    """Where distances are large beside gamma weights and shares run through the smallest numbers, and are flushed."""
    rng = np.random.default_rng(4)
    n = 120
    if kind == "sine":
        x, y = np.sin(np.arange(n) / 9), np.sin(np.arange(n) / 10 + 0.4)
    else:
        x, y = rng.normal(size=(2, n)) if kind == "noise" else rng.normal(size=(2, n)).cumsum(1)
    gamma = float(np.median((x[:, None] - y) ** 2)) / scale
    score, gradient = SoftDTW(gamma).value_and_gradient(x, y)
    assert score == pytest.approx(plain(x[:, None], y[:, None], gamma, n, "diagonal"), rel=1e-11, abs=1e-11 * gamma)
    for at in (0, 37, n - 1):
        h, slopes = 1e-4 * np.sqrt(gamma), []
        for sign in (1, -1):
            moved = x.copy()
            moved[at] += sign * h
            slopes.append(plain(moved[:, None], y[:, None], gamma, n, "diagonal"))
        assert gradient[at] == pytest.approx((slopes[0] - slopes[1]) / (2 * h), rel=1e-5, abs=1e-6 * np.sqrt(gamma))
    assert 1e-310 * 0.5 > 0  # the mode is as it was


def test_nodes_have_the_window() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(5, 9, 2)), rng.normal(size=(5, 7, 2))
    for window, band in ((3, "diagonal"), (0.5, "diagonal"), (1, "slanted"), (None, "diagonal")):
        aligner = SoftDTW(0.5, window=window, band=band)
        node = plait.parameter(x, name="x")
        scores = soft_dtw(node, y, 0.5, window, band)
        assert plait.evaluate(scores).tolist() == [aligner.score(a, b) for a, b in zip(x, y, strict=True)]
        slopes = plait.evaluate(plait.gradient(plait.sum(scores), node))
        assert slopes == pytest.approx(np.stack([aligner.gradient(a, b) for a, b in zip(x, y, strict=True)]))
        apart = soft_dtw_divergence(node, y, 0.5, window, band)
        assert plait.evaluate(apart) == pytest.approx(
            [soft_dtw_divergence(a, b, 0.5, window, band) for a, b in zip(x, y, strict=True)], abs=1e-12
        )
        assert plait.evaluate(soft_dtw_divergence(node, x, 0.5, window, band)) == pytest.approx(np.zeros(5), abs=1e-12)
    batched = plait.compile(soft_dtw(plait.input("a", (None, 2)), plait.input("b", (None, 2)), 0.5, 3))
    assert batched(a=x[0].astype(np.float32), b=y[0].astype(np.float32)) == pytest.approx(
        SoftDTW(0.5, window=3).score(x[0], y[0]), rel=1e-5
    )
    with pytest.raises(ValueError, match="soft_dtw: a window of 3 cells is narrower"):
        batched(a=x[0].astype(np.float32), b=y[0, :2].astype(np.float32))


def test_a_graph_with_a_window_is_saved_and_loaded(tmp_path: Any) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(6, 1)), rng.normal(size=(5, 1))
    for window in (None, 2, 0.4):
        node = soft_dtw(plait.input("x", (6, 1), dtype="float64"), y, 0.5, window)
        plait.save(tmp_path / "program.safetensors", plait.compile(node))
        again = plait.load(tmp_path / "program.safetensors")
        assert again(x=x) == SoftDTW(0.5, window=window).score(x, y)


def test_wrong_windows_are_named() -> None:
    with pytest.raises(ValueError, match="window: expected"):
        SoftDTW(window=-1)
    with pytest.raises(ValueError, match="band: expected"):
        soft_dtw(np.zeros(3), np.zeros(3), 1.0, 1, "round")
    assert TimeSeriesKNN(SoftDTW(window=0.1)).fit([[0.0, 1.0], [3.0, 4.0]], [0, 1]).predict([[0.0, 1.5]]).tolist() == [0]

"""Soft-DTW against the plainest matrix of soft minima, its gradients against differences, and its node inside of graphs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.alignment import matrix

import plait
from plait.align import DTW, SoftDTW, soft_dtw

numbers = st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=9)
gammas = st.sampled_from([0.01, 0.5, 1.0, 30.0])


def twin(x: Any, y: Any, gamma: float) -> float:
    def soft(*values: float) -> float:
        least = min(values)
        if least == math.inf:
            return least
        return least - gamma * math.log(sum(math.exp((least - v) / gamma) for v in values))

    def border(i: int, j: int) -> float:
        return 0.0 if i == j == 0 else math.inf

    return matrix(
        np.reshape(x, (len(x), -1)), np.reshape(y, (len(y), -1)), border, lambda i, m, d, a, b: float(((a - b) ** 2).sum()) + soft(i, m, d)
    )[-1][-1]


@given(numbers, numbers, gammas)
def test_score_is_that_of_the_matrix(x: list[float], y: list[float], gamma: float) -> None:
    ours = SoftDTW(gamma)
    expected = twin(x, y, gamma)
    assert ours.score(x, y) == pytest.approx(expected, rel=1e-12, abs=1e-12 * max(1, gamma))
    assert ours.score(y, x) == ours.score(x, y)
    assert ours.align(x, y).path.tolist() == DTW().align(x, y).path.tolist()


@given(numbers, numbers, gammas)
def test_expected_alignment_is_a_distribution_of_paths(x: list[float], y: list[float], gamma: float) -> None:
    expected = SoftDTW(gamma).expected(x, y)
    assert expected.shape == (len(x), len(y))
    assert (expected >= 0).all()
    assert (expected <= 1 + 1e-12).all()
    assert expected[0, 0] == pytest.approx(1)
    assert expected[-1, -1] == pytest.approx(1)
    assert (expected.sum(axis=0) > 1 - 1e-12).all()
    assert (expected.sum(axis=1) > 1 - 1e-12).all()
    pull = 2 * (expected * (np.array(x)[:, None] - np.array(y)[None, :])).sum(axis=1)
    assert SoftDTW(gamma).gradient(x, y) == pytest.approx(pull, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("shape", [(5,), (4, 3)])
@pytest.mark.parametrize("gamma", [0.1, 1.0, 10.0])
def test_gradient_is_the_slope(shape: tuple[int, ...], gamma: float) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=shape), rng.normal(size=(7, *shape[1:]))
    ours = SoftDTW(gamma)
    value, gradient = ours.value_and_gradient(x, y)
    assert value == ours.score(x, y)
    assert gradient.shape == shape
    for at in np.ndindex(shape):
        step = np.zeros(shape)
        step[at] = 1e-6
        assert gradient[at] == pytest.approx((ours.score(x + step, y) - ours.score(x - step, y)) / 2e-6, abs=1e-6)


@pytest.mark.parametrize(("n", "m"), [(1, 200), (200, 1), (150, 170), (300, 90)])
def test_blocks_of_the_backward_pass_fit_together(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=(n, 2)).cumsum(axis=0), rng.normal(size=(m, 2)).cumsum(axis=0)
    assert SoftDTW(1.0).score(x, y) == pytest.approx(twin(x, y, 1.0), rel=1e-12)
    expected = SoftDTW(1.0).expected(x, y)
    assert (expected.sum(axis=0) > 1 - 1e-9).all()
    assert (expected.sum(axis=1) > 1 - 1e-9).all()
    diagonals = [np.diag(expected[:, ::-1], k).sum() for k in range(m - 1, -n, -1)]  # a path meets every two neighbouring ones
    assert (np.array(diagonals[:-1]) + diagonals[1:] > 1 - 1e-9).all()


def test_small_gamma_comes_to_dtw_and_large_numbers_stay() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=80), rng.normal(size=90)
    assert SoftDTW(1e-200).score(x, y) == pytest.approx(DTW().score(x, y), rel=1e-12)
    assert SoftDTW(1e-9).score(1e100 * x, 1e100 * y) == pytest.approx(DTW().score(1e100 * x, 1e100 * y), rel=1e-12)
    for use in (SoftDTW().score, SoftDTW().align, SoftDTW().gradient, SoftDTW().expected):
        with pytest.raises(ValueError, match="beyond the largest float64"):
            use([1e200], [-1e200])
        with pytest.raises(ValueError, match="beyond the largest float64"):
            use(1e152 * x, 1e152 * y)  # each distance is below it
    with pytest.raises(ValueError, match="beyond the largest float64"):
        SoftDTW().pairwise([[1e200], [-1e200]])
    assert SoftDTW().score(1e148 * x, 1e148 * y) == pytest.approx(DTW().score(1e148 * x, 1e148 * y), rel=1e-12)
    assert SoftDTW(1e300).score([1.0], [2.0]) == pytest.approx(1, abs=1e285)
    assert np.isnan(SoftDTW(nan_policy="propagate").score([1, math.nan], [1.0]))


@pytest.mark.parametrize("gamma", [0, -1, math.nan, math.inf, "1"])
def test_gamma_is_positive(gamma: Any) -> None:
    with pytest.raises(ValueError, match="gamma: expected a"):
        SoftDTW(gamma).score([1], [1])
    with pytest.raises(ValueError, match="gamma"):
        soft_dtw(np.zeros(3), np.zeros(3), gamma)


def test_misfits_are_named() -> None:
    with pytest.raises(plait.ShapeError, match="x has 2 values an element, y has 1"):
        SoftDTW().gradient([[1, 2]], [1])
    with pytest.raises(ValueError, match="x is empty"):
        SoftDTW().expected([], [1])
    with pytest.raises(plait.ShapeError, match="widths"):
        soft_dtw(np.zeros((3, 2)), np.zeros((3, 1)))
    with pytest.raises(plait.ShapeError, match="leading dimensions"):
        soft_dtw(np.zeros((2, 3, 1)), np.zeros((3, 3, 1)))
    with pytest.raises(plait.ShapeError, match="no elements"):
        soft_dtw(np.zeros((0, 1)), np.zeros((3, 1)))


@pytest.mark.parametrize("gamma", [0.3, 2.0])
def test_node_has_the_score_and_both_gradients(gamma: float) -> None:
    rng = np.random.default_rng(3)
    x, y, template = rng.normal(size=(4, 6, 2)), rng.normal(size=(4, 5, 2)), rng.normal(size=(7, 2))
    each = [SoftDTW(gamma).score(a, b) for a, b in zip(x, y, strict=True)]
    assert plait.evaluate(soft_dtw(x, y, gamma)).tolist() == each
    assert plait.check_gradient(lambda a, b: soft_dtw(a, b, gamma) ** 2, x, y) < 1e-6
    assert plait.check_gradient(lambda a, b: soft_dtw(a, b, gamma).mean(), x, template) < 1e-6
    assert plait.check_gradient(lambda a, b: soft_dtw(a[0, :, 0], b[:, 1], gamma), x, template) < 1e-6


def test_table_and_program_agree() -> None:
    rng = np.random.default_rng(4)
    x, y = plait.parameter(rng.normal(size=(3, 6, 2)), name="x"), plait.parameter(rng.normal(size=(5, 2)), name="y")
    loss = (soft_dtw(plait.tanh(x), y, 0.5) ** 2).mean()
    outputs = [loss, *plait.gradient(loss, [x, y])]
    table = plait.Table(outputs)
    for node, value in zip(outputs, plait.compile(outputs)(), strict=True):
        assert table[node] == pytest.approx(value, rel=1e-13, abs=1e-15)


def test_node_computes_in_the_dtype_of_its_series() -> None:
    x, y = np.arange(4, dtype=np.float32), np.ones(3, np.float32)
    node = soft_dtw(x, y, 0.5)
    assert node.dtype == np.float32
    assert float(plait.evaluate(node)) == pytest.approx(SoftDTW(0.5).score(x, y), rel=1e-6)
    assert soft_dtw([1, 2], [3, 4]).dtype == np.float64


def test_second_derivatives_are_refused() -> None:
    x = plait.parameter(np.zeros(3), name="x")
    with pytest.raises(plait.GraphError, match="soft_dtw has a first derivative, but no second one"):
        plait.hessian(lambda v: soft_dtw(v, np.ones(3)))(np.zeros(3))
    del x


def test_lengths_may_be_open() -> None:
    x = plait.input("x", (None, None, 2), "float64")
    rng = np.random.default_rng(0)
    template = plait.parameter(rng.normal(size=(4, 2)), name="template")
    loss = soft_dtw(x, template, 1.0).mean()
    program = plait.compile([loss, plait.gradient(loss, template)])
    for shape in ((3, 5, 2), (1, 9, 2)):
        value = rng.normal(size=shape)
        found, gradient = program({x: value})
        assert found == pytest.approx(np.mean([twin(v, template.value, 1.0) for v in value]))
        assert gradient == pytest.approx(np.mean([SoftDTW().gradient(template.value, v) for v in value], axis=0), abs=1e-12)


def test_graph_with_it_is_saved_and_loaded(tmp_path: Path) -> None:
    x = plait.input("x", (5,), "float64")
    weight = plait.parameter(np.array(2.0), name="weight")
    loss = soft_dtw(weight * x, np.arange(4.0), 0.7)
    program = plait.compile([loss, plait.gradient(loss, weight)])
    plait.save(tmp_path / "graph.plait", program)
    again = plait.load(tmp_path / "graph.plait")
    feed = {"x": np.linspace(0, 2, 5)}
    assert [float(v) for v in again(feed)] == [float(v) for v in program(feed)]


def test_a_model_learns_through_it() -> None:
    """Series that are shifted in time: a template trained under soft-DTW has their shape; under the mean square it is smeared."""
    rng = np.random.default_rng(0)
    steps = np.arange(30.0)
    data = np.stack([np.exp(-((steps - centre) ** 2) / 8) for centre in rng.uniform(9, 21, 40)])[:, :, None]
    x = plait.input("x", (None, 30, 1), "float64")
    template = plait.parameter(data.mean(axis=0), name="template")
    loss = soft_dtw(x, template, 0.05).mean()
    history = plait.train(loss, {x: data}, optimizer=plait.optim.Adam(0.02), epochs=40, batch_size=8, rng=0)
    assert history.loss[-1] < history.loss[0] - 0.3
    assert template.value.max() > 0.85 > 0.6 > data.mean(axis=0).max()

"""The soft-DTW divergence beside sums over all paths, as a number and as a node."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plait
from plait.align import soft_dtw_divergence

SERIES = st.lists(st.floats(-2, 2, allow_subnormal=False), min_size=1, max_size=4)


def plain(x: Any, y: Any, gamma: float) -> float:
    def costs(i: int, j: int) -> list[float]:
        """Of all paths from the corner to (i, j)."""
        here = (x[i] - y[j]) ** 2
        if i == j == 0:
            return [here]
        before = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        return [here + c for a, b in before if a >= 0 and b >= 0 for c in costs(a, b)]

    return -gamma * math.log(sum(math.exp(-c / gamma) for c in costs(len(x) - 1, len(y) - 1)))


@given(SERIES, SERIES, st.sampled_from([0.5, 1.0, 4.0]))
def test_it_is_what_is_left_without_themselves(x: Any, y: Any, gamma: float) -> None:
    right = plain(x, y, gamma) - (plain(x, x, gamma) + plain(y, y, gamma)) / 2
    assert soft_dtw_divergence(x, y, gamma) == pytest.approx(right, abs=1e-9)
    assert soft_dtw_divergence(x, x, gamma) == pytest.approx(0.0, abs=1e-12)
    assert soft_dtw_divergence(x, y, gamma) >= -1e-9


def test_a_node_has_the_same_value_and_a_gradient() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=5), rng.normal(size=4)
    node = plait.parameter(x, name="x")
    loss = soft_dtw_divergence(node, y, 0.5)
    assert plait.evaluate(loss) == pytest.approx(soft_dtw_divergence(x, y, 0.5))
    slope = plait.evaluate(plait.gradient(loss, node))
    for k in range(5):
        step = np.eye(5)[k] * 1e-5
        assert slope[k] == pytest.approx(
            (soft_dtw_divergence(x + step, y, 0.5) - soft_dtw_divergence(x - step, y, 0.5)) / 2e-5, rel=1e-4, abs=1e-6
        )


@pytest.mark.parametrize(("x", "y", "gamma", "text"), [([1], [2], 0, "gamma"), ([], [1], 1, "empty"), ([1], [np.nan], 1, "NaN")])
def test_what_does_not_fit_is_named(x: Any, y: Any, gamma: float, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        soft_dtw_divergence(x, y, gamma)

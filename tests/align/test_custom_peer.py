"""Soft-DTW beside tslearn, on more inputs than hypothesis tries."""

from __future__ import annotations

import numpy as np
import pytest

from plait.align import SoftDTW


@pytest.mark.peer
def test_scores_and_gradients_are_those_of_tslearn() -> None:
    metrics = pytest.importorskip("tslearn.metrics")
    rng = np.random.default_rng(0)
    for _ in range(10_000):
        n, m, d = rng.integers(1, 9), rng.integers(1, 9), rng.integers(1, 3)
        gamma = float(rng.choice([0.1, 1.0, 5.0]))
        x, y = rng.normal(size=(n, d)), rng.normal(size=(m, d))
        distances = metrics.SquaredEuclidean(x, y)
        theirs = metrics.SoftDTW(distances, gamma=gamma)
        score = theirs.compute()
        gradient = distances.jacobian_product(theirs.grad())
        ours = SoftDTW(gamma).value_and_gradient(x, y)
        assert abs(ours[0] - score) < 1e-10
        assert abs(ours[1] - gradient).max() < 1e-9

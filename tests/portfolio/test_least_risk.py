"""Least variance, with and without a target: beside the plain twin, in every unit, within every limit."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import quadratic
from reference.markets import market

from plait.portfolio import InfeasibleError, Portfolio

Array = npt.NDArray[np.float64]


def by_enumeration(covariance: Array) -> float:
    """Least variance of weights from 0 on that sum to 1: the best over all sets of assets of which all are held."""
    n = len(covariance)
    best = np.inf
    for size in range(1, n + 1):
        for held in itertools.combinations(range(n), size):
            part = covariance[np.ix_(held, held)]
            weights = np.linalg.solve(part, np.ones(size))
            weights /= weights.sum()
            if weights.min() >= 0:
                best = min(best, float(weights @ part @ weights))
    return best


@pytest.mark.parametrize("unit", [1 / 252, 1.0, 100.0])
@pytest.mark.parametrize("n", [1, 2, 4, 8])
def test_equals_the_best_over_all_sets_of_assets(n: int, unit: float) -> None:
    mean, covariance = market(n, n, unit)
    found = Portfolio(mean, covariance).min_variance()
    assert np.asarray(found).sum() == pytest.approx(1, abs=1e-12)
    assert found.risk**2 == pytest.approx(by_enumeration(covariance), rel=1e-10)


@given(st.integers(0, 10_000), st.sampled_from([3, 6, 15]))
def test_equals_the_plain_twin_with_all_limits(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    mean, covariance = market(n, seed)
    lower, upper = -rng.uniform(0, 0.3, n), rng.uniform(0.35, 1.0, n)
    groups = {"first": (range(n // 2), -0.1, 0.5)}
    p = Portfolio(mean, covariance, bounds=(lower, upper), groups=groups)
    rows = np.array([np.ones(n), np.arange(n) < n // 2, mean])
    twin = quadratic.Quadratic(covariance, rows)
    least, most = np.array([1, -0.1, -np.inf]), np.array([1, 0.5, np.inf])
    exact = twin.solve(np.zeros(n), lower, upper, least, most)
    found = p.min_variance()
    assert found.risk**2 == pytest.approx(float(exact.x @ covariance @ exact.x), rel=1e-9)
    assert p.limits.violation(np.asarray(found)) < 1e-12
    assert found.expected_return is not None
    target = found.expected_return + 0.02
    least[2] = target
    exact = twin.solve(np.zeros(n), lower, upper, least, most)
    if exact.status == "infeasible":
        with pytest.raises(InfeasibleError, match="target_return"):
            p.target_return(target)
        return
    found = p.target_return(target)
    assert found.risk**2 == pytest.approx(float(exact.x @ covariance @ exact.x), rel=1e-8)
    assert found.expected_return is not None
    assert found.expected_return >= target - 1e-12

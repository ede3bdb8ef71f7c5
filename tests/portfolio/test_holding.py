"""Cardinality limits: beside trying every choice of assets."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.markets import market

from plait.portfolio import InfeasibleError, Portfolio


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 4), st.sampled_from([None, 0.15, 0.3]), st.sampled_from(["min_variance", "max_sharpe"]))
def test_no_other_choice_is_better(seed: int, most: int, least: float | None, method: str) -> None:
    n = 6
    mean, covariance = market(n, seed)
    mean = np.abs(mean) + 0.01
    found = getattr(Portfolio(mean, covariance, max_assets=most, min_weight=least), method)()
    best = np.inf
    for size in range(1, most + 1):
        for held in itertools.combinations(range(n), size):
            bounds = [((least or 0.0), 1.0) if k in held else (0.0, 0.0) for k in range(n)]
            try:
                other = getattr(Portfolio(mean, covariance, bounds=bounds), method)()
            except InfeasibleError:
                continue
            best = min(best, other.risk**2 if method == "min_variance" else -other.sharpe)
    assert (found.risk**2 if method == "min_variance" else -found.sharpe) == pytest.approx(best, rel=1e-8)
    assert found.proven


def test_shorts_of_at_least_a_weight() -> None:
    n = 5
    mean, covariance = market(n, 3)
    found = np.asarray(Portfolio(mean, covariance, bounds=(-0.5, 0.8), min_weight=0.2).max_utility(3.0))
    best = -np.inf
    for signs in itertools.product((-1, 0, 1), repeat=n):
        bounds = [{-1: (-0.5, -0.2), 0: (0.0, 0.0), 1: (0.2, 0.8)}[s] for s in signs]
        try:
            w = np.asarray(Portfolio(mean, covariance, bounds=bounds).max_utility(3.0))
        except InfeasibleError:
            continue
        best = max(best, float(mean @ w - 1.5 * w @ covariance @ w))
    assert mean @ found - 1.5 * found @ covariance @ found == pytest.approx(best, rel=1e-9)


def test_beyond_fifty_assets_the_gap_is_told() -> None:
    mean, covariance = market(70, 3)
    found = Portfolio(mean, covariance, max_assets=4).min_variance()
    w = np.asarray(found)
    assert (np.abs(w) > 1e-9).sum() <= 4
    assert found.proven == (found.gap == 0)
    assert 0 <= found.gap < 1


def test_frontier_of_few_assets() -> None:
    mean, covariance = market(6, 3)
    frontier = Portfolio(mean, covariance, max_assets=2).efficient_frontier(5)
    assert ((np.abs(frontier.weights) > 1e-9).sum(axis=1) <= 2).all()
    assert (np.diff(frontier.expected_return) > 0).all()


@pytest.mark.parametrize(
    ("limits", "conflict"),
    [
        ({"max_assets": 2, "groups": {k: ([k], 0.1, 1) for k in "ABC"}}, {"A", "B", "C", "max_assets"}),
        ({"max_assets": 1, "bounds": (0, 0.4)}, {"budget", "max_assets", *(f"upper bound of {k}" for k in "ABCD")}),
    ],
)
def test_all_that_take_part_in_a_conflict_are_named(limits: dict, conflict: set) -> None:  # type: ignore[type-arg]
    with pytest.raises(InfeasibleError) as caught:
        Portfolio([0.1] * 4, np.diag([1.0, 2, 3, 4]), list("ABCD"), **limits).min_variance()
    assert set(caught.value.conflict) >= conflict

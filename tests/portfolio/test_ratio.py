"""Maximum return per risk, maximum return for a risk, and the frontier that contains both."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.markets import market

from plait.portfolio import InfeasibleError, Portfolio


def grid(n: int, steps: int) -> np.ndarray:
    """All weights from 0 on that sum to 1, in equal steps."""
    if n == 1:
        return np.array([[1.0]])
    found = [row for row in np.ndindex(*([steps + 1] * (n - 1))) if sum(row) <= steps]
    return np.array([[*row, steps - sum(row)] for row in found]) / steps


@pytest.mark.parametrize("unit", [1 / 252, 1.0, 100.0])
@pytest.mark.parametrize("high", [1.0, 0.6])
def test_no_other_weights_have_a_greater_ratio(unit: float, high: float) -> None:
    mean, covariance = market(4, 3, unit)
    free = 0.01 * unit
    found = Portfolio(mean, covariance, bounds=(0, high)).max_sharpe(free)
    others = grid(4, 40)
    others = others[(others <= high).all(axis=1)]
    ratios = (others @ mean - free) / np.sqrt(np.einsum("ki,ij,kj->k", others, covariance, others))
    assert found.sharpe is not None
    assert ratios.max() <= found.sharpe + 1e-12
    assert found.sharpe < ratios.max() * 1.01
    assert found.proven


@given(st.integers(0, 10_000), st.sampled_from([2, 5, 12]))
def test_two_ways_to_the_tangent_agree(seed: int, n: int) -> None:
    """The single program for plain bounds, and the search along the frontier for other limits."""
    mean, covariance = market(n, seed)
    mean[0] = abs(mean[0]) + 0.01
    direct = Portfolio(mean, covariance).max_sharpe(0.005)
    walked = Portfolio(mean, covariance, groups={"all": (range(n), 0, 2)}).max_sharpe(0.005)
    assert direct.sharpe == pytest.approx(walked.sharpe, rel=1e-10)


def test_one_asset_whose_mean_dominates() -> None:
    p = Portfolio([10.0, 0.01, 0.01], np.diag([0.04, 0.04, 0.04]))
    found = np.asarray(p.max_sharpe())
    assert found == pytest.approx(np.array([10.0, 0.01, 0.01]) / 10.02, rel=1e-10)


@pytest.mark.parametrize("bounds", [(0, 1), (0, 0.5), (-0.2, 0.6), [(0, 1), (0.1, 0.4), (0, 0.5), (0, 0.9)]])
def test_no_mean_above_the_rate(bounds: object) -> None:
    """The best is at a vertex; every mixture on a grid is worse."""
    mean, covariance = market(4, 8)
    mean = -np.abs(mean) - 0.01
    p = Portfolio(mean, covariance, bounds=bounds)
    found = p.max_sharpe()
    assert found.proven
    rng = np.random.default_rng(0)
    others = np.array([np.asarray(p.max_utility(a)) for a in (0.0, 0.1, 1.0, 10.0)] + [np.asarray(p.min_variance())])
    others = np.concatenate([others, rng.dirichlet(np.ones(len(others)), 500) @ others])
    ratios = others @ mean / np.sqrt(np.einsum("ki,ij,kj->k", others, covariance, others))
    assert found.sharpe is not None
    assert ratios.max() <= found.sharpe + 1e-12
    assert p.limits.violation(np.asarray(found)) < 1e-12


def test_no_mean_above_the_rate_with_groups_is_searched() -> None:
    mean, covariance = market(5, 8)
    p = Portfolio(-np.abs(mean) - 0.01, covariance, groups={"a": ([0, 1], 0.2, 0.5)})
    found = p.max_sharpe()
    assert not found.proven
    assert p.limits.violation(np.asarray(found)) < 1e-12


@pytest.mark.parametrize("n", [2, 6, 20])
def test_risk_and_return_name_the_same_frontier(n: int) -> None:
    mean, covariance = market(n, n)
    p = Portfolio(mean, covariance, bounds=(0, 0.7))
    low, high = p.min_variance(), p.max_utility(0.0)
    for share in (0.1, 0.5, 0.9):
        risk = low.risk + share * (high.risk - low.risk)
        by_risk = p.target_risk(risk)
        assert by_risk.risk == pytest.approx(risk, rel=1e-9)
        assert by_risk.expected_return is not None
        by_return = p.target_return(by_risk.expected_return)
        assert by_return.risk == pytest.approx(risk, rel=1e-7)
    assert p.target_risk(high.risk * 2).expected_return == pytest.approx(mean @ np.asarray(high), rel=1e-12)
    with pytest.raises(InfeasibleError, match=f"risks from {low.risk:.6g}") as caught:
        p.target_risk(low.risk * 0.9)
    assert "target_risk" in caught.value.conflict


@given(st.integers(0, 10_000), st.sampled_from([1, 2, 5, 12]))
def test_turning_points_are_the_frontier(seed: int, n: int) -> None:
    mean, covariance = market(n, seed)
    p = Portfolio(mean, covariance, bounds=(0, max(0.4, 1.5 / n)))
    corners = p.turning_points()
    assert corners.risk[0] == pytest.approx(p.min_variance().risk, rel=1e-9)
    assert corners.expected_return[-1] == pytest.approx(float(mean @ np.asarray(p.max_utility(0.0))), rel=1e-9)
    assert (np.diff(corners.expected_return) >= -1e-12).all()
    for k in range(len(corners) - 1):
        between = 0.5 * (corners.weights[k] + corners.weights[k + 1])
        exact = p.target_return(float(mean @ between))
        assert between @ covariance @ between == pytest.approx(exact.risk**2, rel=1e-8)


@pytest.mark.parametrize("unit", [1 / 252, 1.0, 100.0])
def test_turning_points_with_equal_means_and_twins(unit: float) -> None:
    """Weights are open there, risks and returns are not: those of the market without the twin."""
    mean, covariance = market(6, 2, unit)
    mean[3] = mean[4]
    once = Portfolio(mean, covariance).turning_points()
    twice = [0, 1, 2, 3, 4, 5, 0, 3]
    doubled = Portfolio(mean[twice], covariance[np.ix_(twice, twice)])
    found = doubled.turning_points()
    ends = [0, -1]
    assert found.expected_return[ends] == pytest.approx(once.expected_return[ends], rel=1e-8)
    assert found.risk[ends] == pytest.approx(once.risk[ends], rel=1e-8)
    at = np.interp(once.expected_return, found.expected_return, found.risk)
    assert at == pytest.approx(once.risk, rel=1e-3)
    for r, s in zip(once.expected_return, once.risk, strict=True):
        assert doubled.target_return(float(r) - 1e-12 * unit).risk == pytest.approx(s, rel=1e-8)


def test_equal_steps_of_return() -> None:
    mean, covariance = market(8, 1)
    p = Portfolio(mean, covariance)
    frontier = p.efficient_frontier(20)
    assert np.diff(frontier.expected_return) == pytest.approx(np.ptp(frontier.expected_return) / 19)
    assert (np.diff(frontier.risk) > 0).all()
    assert frontier.sharpe == pytest.approx(frontier.expected_return / frontier.risk)
    whole = p.efficient_frontier(20, lower=True)
    assert whole.expected_return[0] == pytest.approx(mean.min())
    assert (np.asarray(whole.weights).sum(axis=1) == pytest.approx(1.0)) is True


def test_market_neutral() -> None:
    mean, covariance = market(6, 4)
    p = Portfolio(mean, covariance, bounds=(-0.5, 0.5), budget=0)
    assert p.min_variance().risk == pytest.approx(0, abs=1e-12)
    found = np.asarray(p.max_sharpe())
    direction = np.linalg.solve(covariance, mean - np.linalg.solve(covariance, mean).sum() / np.linalg.solve(covariance, np.ones(6)).sum())
    assert found / np.abs(found).max() == pytest.approx(direction / np.abs(direction).max(), abs=1e-8)
    assert np.abs(found).max() == pytest.approx(0.5)  # as large as the bounds let it be
    assert found.sum() == pytest.approx(0, abs=1e-12)


def test_one_asset_and_assets_without_risk() -> None:
    one = Portfolio([0.05], [[0.04]])
    for found in (one.min_variance(), one.max_sharpe(), one.target_return(0.05), one.risk_parity(), one.max_diversification(), one.hrp()):
        assert np.asarray(found).tolist() == [1.0]
    assert len(one.turning_points()) == 1
    cash = Portfolio([0.05, 0.01], [[0.04, 0.0], [0.0, 0.0]])
    assert cash.min_variance().risk ** 2 == pytest.approx(0, abs=1e-16)
    assert np.asarray(cash.min_variance()) == pytest.approx([0, 1], abs=1e-9)
    assert cash.max_sharpe(0.01).sharpe == pytest.approx(0.04 / 0.2)
    same = Portfolio([0.05, 0.05], [[0.04, 0.04], [0.04, 0.04]])
    assert same.min_variance().risk == pytest.approx(0.2)
    assert same.max_sharpe().sharpe == pytest.approx(0.25)


def test_an_asset_that_earns_without_risk() -> None:
    """Its ratio is infinite, whatever the rest."""
    found = Portfolio([0.05, 0.02], [[0.04, 0.0], [0.0, 0.0]]).max_sharpe(0.01)
    assert np.asarray(found) == pytest.approx([0, 1], abs=1e-6)
    assert found.sharpe is not None
    assert found.sharpe > 1e4
    still = Portfolio([0.02, 0.01], np.zeros((2, 2))).max_sharpe()
    assert still.sharpe == np.inf


@pytest.mark.parametrize("n", [20, 60])
def test_more_assets_than_rows_of_returns(n: int) -> None:
    returns = np.random.default_rng(n).normal(0.0005, 0.01, (n // 2, n))
    p = Portfolio(returns.mean(axis=0), np.cov(returns.T))
    assert p.min_variance().risk ** 2 <= 1e-16
    for found in (p.max_sharpe(), p.target_return(0.001), p.efficient_frontier(5), p.turning_points(), p.max_diversification()):
        weights = np.asarray(getattr(found, "weights", found))
        assert np.isfinite(weights).all()
        assert weights.sum(axis=-1) == pytest.approx(1)


def test_means_of_currencies_that_all_fell() -> None:
    """A report from the trade (PyPortfolioOpt, issue 88): every mean below 0, where the usual programs are infeasible."""
    mean = {"BTC": -0.654099, "ETH": -1.011251, "LTC": -1.016013}
    covariance = [[0.447307, 0.467077, 0.487518], [0.467077, 0.756588, 0.623595], [0.487518, 0.623595, 0.803425]]
    found = Portfolio(mean, covariance).max_sharpe()
    assert dict(found.weights) == {"BTC": 1.0, "ETH": 0.0, "LTC": 0.0}
    assert found.sharpe == pytest.approx(-0.654099 / np.sqrt(0.447307))
    assert found.proven


def test_vertices_of_many_assets_are_all_tried() -> None:
    mean, covariance = market(14, 5)
    mean = -np.abs(mean) - 0.01
    found = Portfolio(mean, covariance, bounds=(0, 0.3)).max_sharpe()
    assert found.proven
    best = -np.inf
    for full in itertools.combinations(range(14), 3):
        for last in set(range(14)) - set(full):
            w = np.zeros(14)
            w[list(full)], w[last] = 0.3, 0.1
            best = max(best, float(mean @ w / np.sqrt(w @ covariance @ w)))
    assert found.sharpe == pytest.approx(best, rel=1e-12)


def test_a_single_point_is_a_vertex() -> None:
    for bounds in ((0, 0.5), (0.5, 0.5), (0.5, 1)):
        found = Portfolio([-0.1, -0.2], np.eye(2), bounds=bounds).max_sharpe()
        assert np.asarray(found).tolist() == [0.5, 0.5]
        assert found.proven

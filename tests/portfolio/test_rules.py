"""Risk parity, diversification, CVaR, hierarchical risk parity, Black and Litterman, whole shares: beside definitions and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.markets import market, prices

from plait.portfolio import InfeasibleError, Portfolio


@pytest.mark.parametrize("unit", [1 / 252, 1.0, 100.0])
@pytest.mark.parametrize("n", [1, 3, 20, 100])
def test_contributions_are_equal(n: int, unit: float) -> None:
    mean, covariance = market(n, n, unit)
    found = Portfolio(mean, covariance).risk_parity()
    assert np.asarray(found.risk_contributions) == pytest.approx(np.full(n, 1 / n), rel=1e-9)
    assert np.asarray(found).sum() == pytest.approx(1)
    assert found.details["equal"]


def test_shares_of_the_risk() -> None:
    mean, covariance = market(3, 1)
    found = Portfolio(mean, covariance, assets=list("abc")).risk_parity({"c": 1, "a": 2, "b": 1})
    assert np.asarray(found.risk_contributions) == pytest.approx([0.5, 0.25, 0.25])


def test_diversification_of_uncorrelated_assets() -> None:
    found = Portfolio(None, np.diag([1.0, 4.0, 16.0])).max_diversification()
    assert np.asarray(found) == pytest.approx(np.array([4, 2, 1]) / 7)
    assert found.details["diversification_ratio"] == pytest.approx(np.sqrt(3))


def cvar(returns: np.ndarray, weights: np.ndarray, level: float) -> float:
    """The mean of the worst share of losses, the last in part: from its definition as a minimum over thresholds."""
    losses = -(returns @ weights)
    return min(float(a + np.maximum(losses - a, 0).mean() / (1 - level)) for a in losses)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([0.5, 0.9, 0.95, 0.99]), st.integers(10, 60))
def test_no_weights_have_less_cvar(seed: int, level: float, days: int) -> None:
    rng = np.random.default_rng(seed)
    returns = rng.standard_t(3, (days, 3)) * 0.01
    p = Portfolio(rng.normal(size=3), np.cov(returns.T), bounds=(0, 0.8))
    found = p.min_cvar(returns, level)
    w = np.asarray(found)
    assert found.details["cvar"] == pytest.approx(cvar(returns, w, level), rel=1e-9, abs=1e-15)
    steps = 20
    for a, b in itertools.product(range(17), repeat=2):
        other = np.array([a, b, steps - a - b]) / steps
        if 0 <= other[2] <= 0.8:
            assert cvar(returns, other, level) >= found.details["cvar"] - 1e-11


@pytest.mark.peer
@pytest.mark.parametrize("n", [3, 12])
def test_cvar_is_the_linear_program_s(n: int) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    returns = np.random.default_rng(n).standard_t(4, (250, n)) * 0.01 + 0.0005
    days = len(returns)
    cost = np.concatenate([np.zeros(n), [1], np.full(days, 1 / (0.05 * days))])
    above = np.hstack([-returns, -np.ones((days, 1)), -np.eye(days)])
    bounds = [(0, 1)] * n + [(None, None)] + [(0, None)] * days
    budget = np.concatenate([np.ones(n), np.zeros(days + 1)])[None]
    exact = optimize.linprog(cost, above, np.zeros(days), budget, [1], bounds)
    p = Portfolio(returns.mean(axis=0), np.cov(returns.T))
    found = p.min_cvar(returns)
    assert found.details["cvar"] == pytest.approx(exact.fun, rel=1e-8)
    limit = 1.2 * exact.fun
    gain = np.concatenate([-returns.mean(axis=0), np.zeros(days + 1)])
    most = optimize.linprog(gain, np.vstack([above, cost]), np.append(np.zeros(days), limit), budget, [1], bounds)
    within = p.target_cvar(limit, returns)
    assert within.expected_return == pytest.approx(-most.fun, rel=1e-7)
    assert within.details["cvar"] <= limit * (1 + 1e-9)
    with pytest.raises(InfeasibleError, match="target_cvar"):
        p.target_cvar(0.5 * exact.fun, returns)


def test_hierarchical_risk_parity_of_two_pairs() -> None:
    """Two pairs of alike assets: half of the inverse variance in each pair, pairs by their variances."""
    correlation = np.array([[1, 0.9, 0, 0], [0.9, 1, 0, 0], [0, 0, 1, 0.8], [0, 0, 0.8, 1]])
    order = [0, 2, 1, 3]  # as given they are mixed
    found = np.asarray(Portfolio(None, correlation[np.ix_(order, order)]).hrp())
    first, second = (1 + 0.9) / 2, (1 + 0.8) / 2
    share = 1 - first / (first + second)
    assert found == pytest.approx(np.array([share / 2, (1 - share) / 2, share / 2, (1 - share) / 2]))


def test_black_and_litterman_by_precisions() -> None:
    mean, covariance = market(4, 2)
    p = Portfolio(mean, covariance)
    about, said, error = np.array([[1.0, 0, 0, -1], [0, 1, 0, 0]]), np.array([0.05, 0.2]), np.diag([0.01, 0.02])
    tau = 0.1
    precision = np.linalg.inv(tau * covariance) + about.T @ np.linalg.inv(error) @ about
    exact = np.linalg.solve(precision, np.linalg.solve(tau * covariance, mean) + about.T @ np.linalg.inv(error) @ said)
    found = p.black_litterman((about, said), tau=tau, omega=error)
    assert found.expected_returns == pytest.approx(exact)
    assert found.covariance == pytest.approx(covariance + np.linalg.inv(precision))
    weights = np.full(4, 0.25)
    implied = p.black_litterman({0: 0.5}, market=weights, confidences=[0.0])
    assert implied.expected_returns == pytest.approx(2.5 * covariance @ weights)
    sure = p.black_litterman({0: 0.5}, confidences={0: 1.0})
    assert sure.expected_returns is not None
    assert sure.expected_returns[0] == pytest.approx(0.5)
    half = p.black_litterman({0: 0.5}, confidences={0: 0.5})
    assert half.expected_returns is not None
    assert half.expected_returns[0] == pytest.approx((0.5 + mean[0]) / 2)
    with pytest.raises(ValueError, match="nothing for asset 9"):
        p.black_litterman({9: 0.1})
    with pytest.raises(ValueError, match="from 0 to 1"):
        p.black_litterman({0: 0.1}, confidences=[1.5])


@settings(max_examples=60)
@given(st.data())
def test_no_other_whole_shares_come_closer(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 3))
    price = np.array(data.draw(st.lists(st.floats(5, 60), min_size=n, max_size=n)))
    share = np.array(data.draw(st.lists(st.floats(0, 1), min_size=n, max_size=n)))
    share = share / share.sum() if share.sum() > 0 else np.full(n, 1 / n)
    value = 100.0
    found = Portfolio(None, np.eye(n)).evaluate(share).discrete(price, value)
    most = [int(value // p) + 1 for p in price]
    best = min(
        float(np.abs(share * value - np.array(k) * price).sum())
        for k in itertools.product(*(range(min(m, int(s * value / p) + 1) + 1) for m, s, p in zip(most, share, price, strict=True)))
        if np.array(k) @ price <= value + 1e-9
    )
    assert found.proven
    assert found.error == pytest.approx(best, abs=1e-9)
    spent = sum(k * p for k, p in zip(found.shares.values(), price, strict=True))
    assert found.cash == pytest.approx(value - spent, abs=1e-9)
    assert found.cash >= -1e-9


def test_thirty_assets_are_solved() -> None:
    rng = np.random.default_rng(1)
    w = rng.dirichlet(np.ones(30))
    found = Portfolio(None, np.eye(30)).evaluate(w).discrete(rng.uniform(5, 300, 30), 20_000)
    assert found.proven
    assert 0 <= found.cash < 300


def test_bad_arguments() -> None:
    p = Portfolio([0.1, 0.2], np.eye(2), assets=["a", "b"])
    w = p.min_variance()
    with pytest.raises(ValueError, match="above 0"):
        w.discrete([1.0, 0.0], 10)
    with pytest.raises(ValueError, match="value: expected"):
        w.discrete([1.0, 1.0], -10)
    with pytest.raises(ValueError, match="nothing for asset 'b'"):
        w.discrete({"a": 1.0}, 10)
    with pytest.raises(ValueError, match="level: expected"):
        p.min_cvar(np.ones((5, 2)), 1.0)
    with pytest.raises(ValueError, match="nan for asset 'b' in row 1"):
        p.min_cvar([[0.1, 0.1], [0.1, np.nan]])
    with pytest.raises(ValueError, match="returns are needed"):
        p.min_cvar()
    with pytest.raises(ValueError, match="no expected returns"):
        Portfolio(None, np.eye(2)).max_sharpe()
    with pytest.raises(ValueError, match="expected a finite number"):
        p.target_return(np.nan)
    with pytest.raises(ValueError, match="points: expected"):
        p.efficient_frontier(1)
    with pytest.raises(ValueError, match="no risk"):
        Portfolio(None, np.diag([1.0, 0.0])).risk_parity()
    with pytest.raises(ValueError, match="unbounded"):
        Portfolio([0.1, 0.2], np.eye(2), bounds=None).max_utility(0.0)


def test_from_prices_remembers_returns() -> None:
    p = Portfolio.from_prices(prices(4, 0))
    assert p.min_cvar().details["cvar"] > 0
    assert p.hrp(p.returns).risk > 0

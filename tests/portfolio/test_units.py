"""The unit of returns changes no weight."""

from __future__ import annotations

import numpy as np
import pytest

from plait.portfolio import Portfolio


@pytest.mark.parametrize("unit", [1e-5, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize(
    "limits",
    [
        {"leverage": 1.5, "bounds": (-0.5, 1)},
        {"previous": [0.25] * 4, "turnover": 0.1},
        {"max_assets": 2, "min_weight": 0.1, "bounds": (0, 0.7)},
    ],
)
def test_least_tail_loss_in_any_unit(unit: float, limits: dict) -> None:  # type: ignore[type-arg]
    rng = np.random.default_rng(4)
    returns = rng.normal(0.0003, 0.01, (300, 4)) @ rng.normal(size=(4, 4))
    mean, covariance = returns.mean(0), np.cov(returns.T)
    weights = np.asarray(Portfolio(mean, covariance, **limits).min_cvar(returns))
    scaled = Portfolio(mean * unit, covariance * unit**2, **limits)
    found = scaled.min_cvar(returns * unit)
    assert np.asarray(found).sum() == pytest.approx(1.0, abs=1e-9)
    assert np.asarray(found) == pytest.approx(weights, abs=1e-6)
    worst = -np.sort((returns * unit) @ np.asarray(found))[:15].mean()
    within = scaled.target_cvar(worst * (1 + 1e-6), returns * unit)
    assert np.asarray(within).sum() == pytest.approx(1.0, abs=1e-9)
    assert -np.sort((returns * unit) @ np.asarray(within))[:15].mean() <= worst * (1 + 2e-6)


METHODS = {
    "min_variance": lambda p, mean, x, unit: p.min_variance(),
    "max_sharpe": lambda p, mean, x, unit: p.max_sharpe(),
    "target_return": lambda p, mean, x, unit: p.target_return((mean.min() + 3 * mean.max()) / 4),
    "target_risk": lambda p, mean, x, unit: p.target_risk(p.min_variance().risk * 1.2),
    "risk_parity": lambda p, mean, x, unit: p.risk_parity(),
    "max_diversification": lambda p, mean, x, unit: p.max_diversification(),
    "min_cvar": lambda p, mean, x, unit: p.min_cvar(x),
    "hrp": lambda p, mean, x, unit: p.hrp(x),
    "max_utility": lambda p, mean, x, unit: p.max_utility(3 / unit),
    "min_tracking_error": lambda p, mean, x, unit: p.min_tracking_error(np.full(len(mean), 1 / len(mean))),
    "efficient_frontier": lambda p, mean, x, unit: p.efficient_frontier(5).weights,
    "turning_points": lambda p, mean, x, unit: p.turning_points().weights,
    "black_litterman": lambda p, mean, x, unit: p.black_litterman((np.eye(len(mean))[:1], [mean[0] * 1.5])).max_sharpe(),
}
LIMITS = [{}, {"bounds": (-0.5, 0.8)}, {"leverage": 1.5, "bounds": (-1, 1)}]


def history(assets: int) -> np.ndarray:
    rng = np.random.default_rng(assets)
    common = rng.normal(size=(300, 2)) @ rng.normal(size=(2, assets)) * 0.01
    own = rng.normal(size=(300, assets)) * 0.01 * rng.uniform(0.5, 2, assets)
    return np.asarray(common + own + rng.uniform(0.0001, 0.002, assets))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_in_any_unit_and_order(method: str) -> None:
    call = METHODS[method]
    for limits in LIMITS:
        x = history(5)
        mean, covariance = x.mean(0) * 252, np.cov(x.T) * 252
        weights = np.asarray(call(Portfolio(mean, covariance, **limits), mean, x, 1.0))
        for unit in (1e-8, 1e-4, 1e4, 1e8):
            scaled = Portfolio(mean * unit, covariance * unit**2, **limits)
            assert np.asarray(call(scaled, mean * unit, x * unit, unit)) == pytest.approx(weights, abs=1e-5), (limits, unit)
        if method not in ("black_litterman", "hrp"):  # a view of the first asset; halves of an order of leaves
            order = [3, 0, 4, 1, 2]
            moved = Portfolio(mean[order], covariance[np.ix_(order, order)], **limits)
            assert np.asarray(call(moved, mean[order], x[:, order], 1.0)) == pytest.approx(weights[..., order], abs=1e-5), limits


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("risk_parity", "max_diversification", "hrp")])
def test_cash_whose_variance_is_rounding(method: str) -> None:
    x = np.c_[history(5), np.full(300, 0.01 / 252)]
    mean, covariance = x.mean(0) * 252, np.zeros((6, 6))
    covariance[:5, :5] = np.cov(x[:, :5].T) * 252
    for limits in LIMITS:
        found = []
        for variance in (0.0, 1e-40, 1e-33, 1e-25):
            covariance[5, 5] = variance
            call = METHODS[method]
            portfolio = Portfolio(mean, covariance, **limits)
            if method == "target_risk":
                found.append(np.asarray(portfolio.target_risk(0.05)))
            else:
                found.append(np.asarray(call(portfolio, mean, x, 1.0)))
        for other in found[1:]:
            assert other == pytest.approx(found[0], abs=1e-5), limits

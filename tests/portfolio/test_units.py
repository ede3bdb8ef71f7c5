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

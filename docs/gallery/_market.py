"""Prices for the portfolio examples: synthetic, so that nothing needs to be fetched."""

import numpy as np
import pandas as pd


def prices(days=1250, seed=10):
    """Daily prices of eight assets that follow two factors."""
    rng = np.random.default_rng(seed)
    names = ["bonds", "gold", "utilities", "health", "banks", "energy", "chips", "small"]
    market, rates = rng.standard_t(5, days) * 0.007, rng.normal(size=days) * 0.004
    beta = np.array([0.05, 0.1, 0.5, 0.7, 1.1, 1.0, 1.5, 1.3])
    duration = np.array([0.8, 0.4, 0.5, 0.1, -0.5, -0.2, -0.1, -0.2])
    drift = np.array([0.02, 0.04, 0.05, 0.08, 0.08, 0.07, 0.15, 0.10]) / 252
    own = rng.normal(size=(days, 8)) * np.array([0.002, 0.008, 0.006, 0.007, 0.008, 0.010, 0.012, 0.010])
    returns = drift + np.outer(market, beta) + np.outer(rates, duration) + own
    return pd.DataFrame(100 * np.exp(np.cumsum(returns, axis=0)), index=pd.bdate_range("2020-01-01", periods=days), columns=names)

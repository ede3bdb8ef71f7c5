"""Synthetic markets for the tests of portfolios."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def market(n: int, seed: int, unit: float = 1.0) -> tuple[Array, Array]:
    """Means and a covariance with a few factors; a `unit` of 1 is a year's returns."""
    rng = np.random.default_rng(seed)
    loads = rng.normal(0.15, 0.1, (n, 4))
    covariance = loads @ loads.T + np.diag(rng.uniform(0.005, 0.05, n))
    return rng.normal(0.08, 0.06, n) * unit, covariance * unit**2


def prices(n: int, seed: int, days: int = 300) -> dict[str, Array]:
    """Prices of assets named a, b, …, whose returns have a common factor."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(0.0004, 0.008, (days, 1))
    steps = factor * rng.uniform(0.5, 1.5, n) + rng.normal(0, 0.01, (days, n))
    return {chr(97 + k): column for k, column in enumerate((50 * np.exp(np.cumsum(steps, axis=0))).T)}

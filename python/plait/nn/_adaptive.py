"""Adaptive conformal factors: intervals that widen or narrow with the outcomes of recent forecasts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OUTCOMES = 100  # number of latest outcomes for the quantile
STEP = 0.02  # change of the level after each outcome
BEYOND = 1.2  # multiple of the largest factor seen, if the level exceeds all of them


def adapted(needed: Array, coverage: float) -> Array:
    """The factor by which each forecast's interval is widened, from what was known when it was made.

    Parameters
    ----------
    needed : ndarray, shape (n, horizon, outputs)
        For each origin in order: the factor by which the interval of each step ahead must be widened to contain the outcome; NaN where the
        outcome is unknown.
    coverage : float
        The nominal coverage of the intervals.

    Returns
    -------
    ndarray, shape (n, horizon, outputs)
        The factors; 1 until there is an outcome.

    Notes
    -----
    At origin t the outcomes of forecasts k steps ahead are known for origins up to t - k: for each step of the horizon, the result is a
    quantile of its own latest factors. The level of the quantile is raised after a miss and lowered after a hit, so that the long-run
    coverage is `coverage` for any series: Gibbs and Candès (2021), Adaptive conformal inference under distribution shift, with the delay of
    k steps. O(n log n) for each step of the horizon.
    """
    origins, horizon, outputs = needed.shape
    known = np.full((origins, horizon, outputs), np.nan)  # indexed by the time at which they become known
    for k in range(min(horizon, origins - 1)):
        known[k + 1 :, k] = needed[: origins - k - 1, k]
    factors = np.ones_like(needed)
    failing = np.full((horizon, outputs), 1.0 - coverage)
    ahead, out = np.arange(horizon)[:, None], np.arange(outputs)
    for t in range(origins):
        news = known[t]
        before = factors[np.maximum(t - 1 - ahead, 0), ahead, out]
        failing = np.where(np.isnan(news), failing, failing + STEP * ((1.0 - coverage) - (news > before)))
        pool = np.sort(known[max(0, t + 1 - OUTCOMES) : t + 1], axis=0)  # NaN come last
        count = np.sum(~np.isnan(pool), axis=0)
        rank = np.ceil((count + 1) * (1.0 - failing)).astype(int)
        found = pool[np.clip(rank, 1, np.maximum(count, 1)) - 1, ahead, out]
        found = np.where(rank <= 0, 0.0, np.where(rank > count, BEYOND * found, found))
        few = count * (1.0 - coverage) < 1.0  # too few outcomes to make intervals narrower
        factors[t] = np.where(count == 0, 1.0, np.where(few, np.maximum(found, 1.0), found))
    return factors

"""Adaptive conformal prediction: intervals that widen or narrow with the outcomes of recent forecasts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OUTCOMES = 100  # of the latest outcomes the quantile is taken
STEP = 0.02  # by which the level moves after each outcome
BEYOND = 1.2  # of the largest factor seen, where more is asked for than any


def adapted(needed: Array, coverage: float) -> Array:
    """The factor by which each forecast's interval is widened, from what was known when it was made.

    Parameters
    ----------
    needed : ndarray, shape (n, horizon, outputs)
        For each step as origin, one after the other: by which factor the interval of each step ahead has to be widened to hold what came;
        NaN where that is not known.
    coverage : float
        Of the intervals.

    Returns
    -------
    ndarray, shape (n, horizon, outputs)
        1 until there is an outcome.

    Notes
    -----
    At origin t the outcome of what was said k steps ahead is known for the origins up to t - k: each step of the horizon has its own latest
    factors, of which one quantile is the answer. Its level moves towards more where intervals have failed more often than they say, and towards
    less where they have failed less often, so that over a long time the share that holds is `coverage` whatever the series does: Gibbs and
    Candès (2021), Adaptive conformal inference under distribution shift, with the delay of k steps. O(n log n) for each step of the horizon.
    """
    origins, horizon, outputs = needed.shape
    known = np.full((origins, horizon, outputs), np.nan)  # by the time at which they are known
    for k in range(min(horizon, origins - 1)):
        known[k + 1 :, k] = needed[: origins - k - 1, k]
    said = np.ones_like(needed)
    failing = np.full((horizon, outputs), 1.0 - coverage)
    ahead, out = np.arange(horizon)[:, None], np.arange(outputs)
    for t in range(origins):
        news = known[t]
        before = said[np.maximum(t - 1 - ahead, 0), ahead, out]
        failing = np.where(np.isnan(news), failing, failing + STEP * ((1.0 - coverage) - (news > before)))
        pool = np.sort(known[max(0, t + 1 - OUTCOMES) : t + 1], axis=0)  # NaN come last
        count = np.sum(~np.isnan(pool), axis=0)
        rank = np.ceil((count + 1) * (1.0 - failing)).astype(int)
        found = pool[np.clip(rank, 1, np.maximum(count, 1)) - 1, ahead, out]
        found = np.where(rank <= 0, 0.0, np.where(rank > count, BEYOND * found, found))
        few = count * (1.0 - coverage) < 1.0  # too few to say that intervals may be narrower than they were
        said[t] = np.where(count == 0, 1.0, np.where(few, np.maximum(found, 1.0), found))
    return said

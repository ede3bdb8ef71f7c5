"""Backtests: forecasts from many origins of a series, with the true values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..train.data import at_least_one

Array = NDArray[Any]


@dataclass(frozen=True)
class Backtest:
    """Forecasts from many origins of one series, with the true values.

    Parameters
    ----------
    origins : ndarray, shape (n,)
        The origin of each forecast: its last observed step.
    forecast, truth : ndarray, shape (n, horizon, outputs)
        Forecasts and true values.
    lower, upper : ndarray or None, shape (n, horizon, outputs)
        Intervals, where the network has a distribution.
    series : ndarray, shape (time, outputs)
        The whole series of targets.

    Examples
    --------
    >>> t = np.arange(300) % 12.0
    >>> model = plait.nn.SequenceRegressor(hidden=8, horizon=6, epochs=10, distribution="normal", rng=0).fit(t[:240])
    >>> test = model.backtest(t, start=240)
    >>> test.forecast.shape, bool(0 <= test.coverage <= 1), bool(test.mae < 6)
    ((55, 6, 1), True, True)
    """

    origins: Array
    forecast: Array
    truth: Array
    lower: Array | None
    upper: Array | None
    series: Array

    @property
    def coverage(self) -> float:
        """The share of true values within their intervals."""
        if self.lower is None or self.upper is None:
            raise ValueError("coverage: the network has no distribution, so that there are no intervals")
        return float(np.mean((self.lower <= self.truth) & (self.truth <= self.upper)))

    @property
    def mae(self) -> float:
        """Mean absolute error."""
        return float(np.mean(np.abs(self.forecast - self.truth)))

    @property
    def rmse(self) -> float:
        """Root of the mean squared error."""
        return float(np.sqrt(np.mean((self.forecast - self.truth) ** 2)))

    def naive(self, season: int = 1) -> Array:
        """The seasonal naive forecast: the value one season before.

        Parameters
        ----------
        season : int
            Steps of a season; 1 repeats the last value.

        Returns
        -------
        ndarray, shape (n, horizon, outputs)
            In the shape of `forecast`.
        """
        season = at_least_one("naive: season", season)
        if self.origins[0] + 1 < season:
            raise ValueError(f"naive: season: the first forecast has {self.origins[0] + 1} steps before it, less than a season of {season}")
        ahead = np.arange(self.forecast.shape[1])
        return np.asarray(self.series[self.origins[:, None] + 1 - season + ahead % season])

    def mase(self, season: int = 1) -> float:
        """Mean absolute scaled error: below 1 where the forecast beats the seasonal naive one.

        Parameters
        ----------
        season : int
            Steps of a season; 1 compares with repeating the last value.

        Returns
        -------
        float
            The mean over outputs of the mean absolute error divided by that of `naive` over the same steps.

        Notes
        -----
        Hyndman and Koehler (2006) divide by the error of the naive forecast one season ahead within the training data; here both forecasts
        are of the same values from the same steps.
        """
        error = np.abs(self.forecast - self.truth).mean(axis=(0, 1))
        return float(np.mean(error / np.abs(self.naive(season) - self.truth).mean(axis=(0, 1))))

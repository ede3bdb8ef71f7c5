"""Plots of fitted time series, in matplotlib; imported when one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._data import Series
from .result import Forecast


def fit(series: Series, mean: Any, variance: Any, volatility: bool, ax: Any = None) -> Any:
    """Observations, and one-step forecasts with a band of two standard deviations."""
    ax = _axes(ax, (7.0, 3.2))
    times = series.steps.past()
    times = times.to_timestamp() if hasattr(times, "to_timestamp") else times
    ax.plot(times, series.y, ".", color="0.35", markersize=3, label="observed")
    ax.plot(times, mean, color="C0", linewidth=1, label="one-step forecast")
    sd = np.sqrt(variance)
    label = "2 conditional sd" if volatility else "2 sd"
    ax.fill_between(times, mean - 2 * sd, mean + 2 * sd, color="C0", alpha=0.2, linewidth=0, label=label)
    _frame(ax, series, mean)
    ax.legend(frameon=False)
    return ax


def fan(series: Series, fans: Sequence[Forecast], past: int, ax: Any = None) -> Any:
    """The last observations and forecasts with nested limits."""
    ax = _axes(ax, (7.0, 3.2))
    times, ahead = series.steps.past()[-past:], fans[0].index
    if hasattr(ahead, "to_timestamp"):
        times, ahead = times.to_timestamp(), ahead.to_timestamp()
    ax.plot(times, series.y[-past:], color="0.35", linewidth=1, label="observed")
    for forecast in reversed(fans):
        ax.fill_between(ahead, forecast.lower, forecast.upper, color="C0", alpha=0.2, linewidth=0, label=f"{100 * forecast.level:.0f} %")
    ax.plot(ahead, fans[0].mean, color="C0", label="forecast")
    ax.legend(frameon=False)
    ax.set_xlabel("time")
    return ax


def check(series: Series, made: Sequence[Any], ax: Any = None) -> Any:
    """Quantiles of the observations against those of simulated series."""
    ax = _axes(ax, (4.5, 4.0))
    probabilities = np.linspace(0.01, 0.99, 50)
    observed = np.quantile(series.y[series.observed], probabilities)
    for values in made:
        ax.plot(observed, np.quantile(values, probabilities), color="C0", alpha=0.15, linewidth=0.8)
    ax.plot(observed, observed, color="0.5", linewidth=1)
    ax.set_xlabel("quantiles of the observations")
    ax.set_ylabel("quantiles of simulated series")
    return ax


def _frame(ax: Any, series: Series, mean: Any) -> None:
    """Limits from the data: the first forecasts of a diffuse start have enormous variances."""
    values = np.concatenate([series.y[series.observed], mean[np.isfinite(mean)]])
    low, high = float(values.min()), float(values.max())
    ax.set_ylim(low - 0.3 * (high - low), high + 0.3 * (high - low))
    ax.set_xlabel("time")


def _axes(ax: Any, size: tuple[float, float]) -> Any:
    from ...plot import axes_or_new

    return axes_or_new(ax, size)

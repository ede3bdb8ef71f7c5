"""Expected returns and covariances from prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._covariance import shrunk
from ._labels import Array, Labels, dated, numbers, table, vector_labels

MEANS = ("arithmetic", "compounded", "ema", "capm")
KINDS = ("sample", "semi", "ema")
MISSING = ("drop", "ffill", "pairwise")


@dataclass(frozen=True)
class Estimates:
    """Means, covariance and returns estimated from prices."""

    mean: Array
    covariance: Array
    returns: Array
    assets: Labels
    index: list[Any]


def positive_number(value: Any, name: str) -> float:
    """A finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)) or not 0 < value < np.inf:
        raise ValueError(f"{name}: expected a number above 0, got {value!r}")
    return float(value)


def chosen(value: Any, name: str, among: tuple[str, ...]) -> str:
    """A string, checked to be one of several."""
    if value not in among:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, among))}, got {value!r}")
    return str(value)


def checked_prices(values: Array, assets: Labels, index: list[Any]) -> Array:
    """Prices above 0, or NaN; every asset must have at least two."""
    wrong = np.isinf(values) | (values <= 0)
    if wrong.any():
        i, j = (int(k) for k in np.argwhere(wrong)[0])
        raise ValueError(f"prices: {values[i, j]:g} for asset {assets[j]!r} at {index[i]}, expected prices above 0 (NaN where missing)")
    known = (~np.isnan(values)).sum(axis=0)
    if len(values) == 0 or known.min() < 2:
        j = int(known.argmin()) if len(values) else 0
        count = int(known[j]) if len(values) else 0
        raise ValueError(f"prices: asset {assets[j]!r} has {count} prices, two at least are needed")
    in_time(index)
    return values


def in_time(index: list[Any]) -> None:
    """Refuses rows that are not in order of time."""
    days = dated(index)
    if days is None:
        return
    back = np.flatnonzero(np.diff(days) < np.timedelta64(0, "D"))
    if back.size:
        raise ValueError(f"prices: {index[back[0] + 1]} comes after {index[back[0]]}; sort the rows by time")


def filled(values: Array) -> Array:
    """Forward-filled prices; those before an asset's first stay missing."""
    rows = np.where(np.isnan(values), 0, np.arange(len(values))[:, None])
    np.maximum.accumulate(rows, axis=0, out=rows)
    result: Array = np.take_along_axis(values, rows, axis=0)
    return result


def returns_of(prices: Array, kind: str) -> Array:
    """Simple or logarithmic returns from row to row; the first row has none."""
    ratio = prices[1:] / prices[:-1]
    result: Array = np.log(ratio) if kind == "log" else ratio - 1
    return result


def weights_of_ages(rows: int, span: float) -> Array:
    """Exponentially decaying weights, the last row's the largest; they sum to 1."""
    weights = (1 - 2 / (span + 1)) ** np.arange(rows - 1, -1, -1, dtype=np.float64)
    result: Array = weights / weights.sum()
    return result


def second_moments(x: Array, weights: Array | None = None) -> Array:
    """Pairwise second moments of centred columns: weighted means of products over the rows where both values are known."""
    known = ~np.isnan(x)
    values = np.where(known, x, 0.0)
    w = np.ones(len(x)) if weights is None else weights
    count = (known * w[:, None]).T @ known.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Array = (values * w[:, None]).T @ values / count
    return result


def covariance_of(returns: Array, kind: str, span: float, assets: Labels) -> Array:
    """Covariance of returns, pairwise over the rows where both are known."""
    known = ~np.isnan(returns)
    if kind == "semi":  # semicovariance: of returns below the benchmark 0
        return second_moments(np.where(known, np.minimum(returns, 0.0), np.nan))
    if kind == "ema":
        ages = weights_of_ages(len(returns), span)
        means = np.nansum(returns * ages[:, None], axis=0) / (known * ages[:, None]).sum(axis=0)
        return second_moments(returns - means, ages)
    both: Array = known.T.astype(np.float64) @ known.astype(np.float64)
    if both.min() < 2:
        i, j = (int(k) for k in np.argwhere(both < 2)[0])
        raise ValueError(f"prices: {int(both[i, j])} returns are known of both {assets[i]!r} and {assets[j]!r}, two at least are needed")
    if known.all():
        centred = returns - returns.mean(axis=0)
        result: Array = centred.T @ centred / (len(returns) - 1)
        return result
    # As pandas does: the mean of each asset over the rows known to both.
    values = np.where(known, returns, 0.0)
    products = values.T @ values
    sums = values.T @ known
    pairwise: Array = (products - sums * sums.T / both) / (both - 1)
    return pairwise


def mean_of(returns: Array, kind: str, mean: str, frequency: float, span: float, market: Array | None, risk_free: float) -> Array:
    """Expected returns per year (or the period that `frequency` counts)."""
    known = ~np.isnan(returns)
    values = np.where(known, returns, 0.0)
    count = known.sum(axis=0)
    if mean == "compounded":
        logs = values if kind == "log" else np.log1p(values)
        compounded: Array = np.expm1(logs.sum(axis=0) * (frequency / count))
        return compounded
    if mean == "ema":
        ages = weights_of_ages(len(returns), span)[:, None]
        ema: Array = (values * ages).sum(axis=0) / (known * ages).sum(axis=0) * frequency
        return ema
    arithmetic: Array = values.sum(axis=0) / count * frequency
    if mean == "arithmetic":
        return arithmetic
    if market is None:
        market = np.nanmean(np.where(np.atleast_1d(known.any(axis=1))[:, None], returns, 0.0), axis=1)
    usable = known & ~np.isnan(market)[:, None]
    m = np.where(usable, market[:, None], np.nan)
    dm = m - np.nanmean(m, axis=0)
    variance = np.nansum(dm**2, axis=0)
    if (variance == 0).any():
        raise ValueError("market: its returns do not vary, so that no asset has a beta")
    beta = np.nansum(dm * np.where(usable, returns, np.nan), axis=0) / variance
    capm: Array = risk_free + beta * (np.nanmean(market) * frequency - risk_free)
    return capm


def estimate(
    frame: Any,
    *,
    frequency: Any,
    shrinkage: Any,
    returns: str,
    mean: str,
    missing: str,
    covariance: str,
    span: Any,
    market: Any,
    risk_free: float,
    assets: Labels | None,
) -> Estimates:
    """Checks prices, handles missing ones, and estimates means and covariance."""
    chosen(returns, "returns", ("simple", "log"))
    chosen(mean, "mean", MEANS)
    chosen(missing, "missing", MISSING)
    chosen(covariance, "covariance", KINDS)
    frequency, span = positive_number(frequency, "frequency"), positive_number(span, "span")
    found = table(frame, "prices", assets)
    prices = checked_prices(found.values, found.assets, found.times)
    index = found.times
    if missing != "pairwise":
        prices = filled(prices) if missing == "ffill" else prices
        complete = np.array(~np.isnan(prices).any(axis=1))
        prices = prices[complete]
        index = [moment for moment, kept in zip(index, complete, strict=True) if kept]
    if len(prices) < 3:
        hint = "; missing='ffill' or 'pairwise' keep more" if missing == "drop" and len(found.values) > len(prices) else ""
        raise ValueError(f"prices: {len(prices)} rows with all prices, three at least are needed for a covariance{hint}")
    changes = returns_of(prices, returns)
    moments = covariance_of(changes, covariance, span, found.assets)
    if covariance == "sample":
        moments = shrunk(changes[~np.isnan(changes).any(axis=1)], moments, shrinkage)
    elif shrinkage not in (None, "ledoit_wolf"):
        raise ValueError(f"shrinkage: {shrinkage!r} is for covariance='sample', not {covariance!r}; take None")
    market_returns = None if market is None else _market(market, index, returns)
    means = mean_of(changes, returns, mean, frequency, span, market_returns, float(risk_free))
    return Estimates(means, np.ascontiguousarray(moments * frequency), changes, found.assets, index[1:])


def _market(market: Any, index: list[Any], kind: str) -> Array:
    """Returns of the market's prices over the same rows."""
    labels = vector_labels(market)
    values = numbers(list(market.values()) if isinstance(market, dict) else market, "market").ravel()
    if labels is not None:
        at = {label: k for k, label in enumerate(labels)}
        absent = [moment for moment in index if moment not in at]
        if absent:
            raise ValueError(f"market: no price at {absent[0]}")
        values = values[[at[moment] for moment in index]]
    if values.shape != (len(index),):
        raise ValueError(f"market: expected a price for each of the {len(index)} rows of prices in use, got {len(values)}")
    if not (values > 0).all():
        raise ValueError("market: expected prices above 0")
    return returns_of(values[:, None], kind)[:, 0]

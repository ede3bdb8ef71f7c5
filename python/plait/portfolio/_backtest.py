"""Back-tests of strategies: weights set at a day's prices, held until the next rebalancing, with costs paid from the portfolio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ._estimates import filled, in_time, positive_number
from ._labels import Array, Labels, dated, table, vector
from ._limits import required_number
from ._weights import sharpe_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PERIODS = {"day": "D", "week": "W", "month": "M", "year": "Y"}


@dataclass(frozen=True)
class Backtest:
    """The result of a back-test, made by `backtest`.

    Parameters
    ----------
    value : ndarray, shape (days,)
        Value at each day's prices after trading, 1 before the first trade.
    weights : ndarray, shape (trades, n)
        Weights after each rebalancing.
    turnover : ndarray, shape (trades,)
        ½ Σ|w - weights before|, of the value traded at each rebalancing; the first buys everything.
    returns : ndarray, shape (days - 1,)
        Returns from day to day, after costs.
    assets : list
        Names of the columns of `weights`.
    index : list
        The days of `value`.
    trades : list
        The days of `weights`.
    cost : float
        Sum of the costs, each as a share of the portfolio's value at the trade.
    frequency : float
        Days in a year.
    risk_free : float
        Annual risk-free rate.
    """

    value: Array
    weights: Array
    turnover: Array
    returns: Array
    assets: Labels
    index: list[Any]
    trades: list[Any]
    cost: float
    frequency: float
    risk_free: float

    @property
    def total_return(self) -> float:
        """Return over the whole period, from the value 1 before the first trade."""
        return float(self.value[-1]) - 1.0

    @property
    def annual_return(self) -> float:
        """Compound annual growth rate."""
        years = len(self.returns) / self.frequency
        return float(self.value[-1] ** (1 / years) - 1) if years > 0 else 0.0

    @property
    def risk(self) -> float:
        """Annualised standard deviation of the returns."""
        return float(self.returns.std(ddof=1) * np.sqrt(self.frequency)) if len(self.returns) > 1 else 0.0

    @property
    def sharpe(self) -> float:
        """Annualised Sharpe ratio."""
        mean = float(self.returns.mean()) * self.frequency if len(self.returns) else 0.0
        return sharpe_ratio(mean - self.risk_free, self.risk)

    @property
    def drawdowns(self) -> Array:
        """Drawdown at each day: the loss from the running maximum, from 0 to 1."""
        result: Array = 1 - self.value / np.maximum.accumulate(self.value)
        return result

    @property
    def drawdown(self) -> float:
        """The maximum drawdown."""
        return float(self.drawdowns.max())

    def plot(self, ax: Axes | None = None) -> Axes:
        """The value over time, with its drawdowns below.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure without it.

        Returns
        -------
        Axes
            Where it was drawn.
        """
        from ..plot import backtest

        return backtest(self, ax)

    def __repr__(self) -> str:
        return (
            f"Backtest({len(self.value)} days, {len(self.trades)} trades; total_return={self.total_return:.4g}, "
            f"sharpe={self.sharpe:.4g}, drawdown={self.drawdown:.4g})"
        )


def backtest(
    frame: Any,
    strategy: Any,
    rebalance: str | int | None = "month",
    lookback: int = 252,
    cost: float = 0.001,
    *,
    frequency: float = 252,
    risk_free: float = 0.0,
) -> Backtest:
    """Back-test a strategy on historical prices.

    Parameters
    ----------
    frame : data frame, mapping or array_like, shape (times, n)
        Prices, the oldest first. Missing prices are forward-filled; an asset cannot be bought before its first price.
    strategy : weights, mapping, array_like, or callable
        Target weights at each rebalancing; or a function of the last `lookback` rows of prices up to the day before, in the form
        in which they were given, that returns weights. The remainder of 1 is held as cash without interest.
    rebalance : {"day", "week", "month", "quarter", "year"}, int or None
        When to trade: at the first row of each period, after so many rows, or only once.
    lookback : int
        Rows passed to a function; the first trade is after that many rows.
    cost : float
        Proportional transaction cost, per unit of value traded.
    frequency : float
        Rows per year.
    risk_free : float
        Annual risk-free rate, for the Sharpe ratio.

    Returns
    -------
    Backtest
        ``.value .weights .turnover .returns .sharpe .drawdown .plot()``.

    Raises
    ------
    ValueError
        Prices or weights are invalid; the rows have no dates, which "week", "month", "quarter" and "year" need. Exceptions of the strategy
        propagate.

    Examples
    --------
    >>> prices = {"a": [1.0, 2.0, 2.0], "b": [1.0, 1.0, 2.0]}
    >>> plait.portfolio.backtest(prices, {"a": 0.5, "b": 0.5}, rebalance=1, cost=0.0).value
    array([1.  , 1.5 , 2.25])
    """
    found = table(frame, "prices")
    in_time(found.times)
    prices = filled(found.values)
    rows = len(prices)
    wrong = np.isinf(prices) | (prices <= 0)
    if wrong.any():
        i, j = (int(k) for k in np.argwhere(wrong)[0])
        raise ValueError(f"prices: {prices[i, j]:g} for asset {found.assets[j]!r} at {found.times[i]}, expected prices above 0")
    price_of_trading = required_number(cost, "cost", 0.0)
    if price_of_trading >= 1:
        raise ValueError(f"cost: expected a number from 0 to 1, got {cost!r}")
    free = required_number(risk_free, "risk_free")
    frequency = positive_number(frequency, "frequency")
    if isinstance(lookback, bool) or not isinstance(lookback, (int, np.integer)) or lookback < 1:
        raise ValueError(f"lookback: expected a whole number above 0, got {lookback!r}")
    start = int(lookback) if callable(strategy) else 0
    if rows <= start:
        raise ValueError(f"prices: {rows} rows, more than {start} are needed")
    days = _trading_rows(found.times, rebalance, start, rows)
    constant = None if callable(strategy) else vector(strategy, "strategy", found.assets)
    value = np.empty(rows)
    held, turnover = np.zeros((len(days), len(found.assets))), np.zeros(len(days))
    units, cash, paid = np.zeros(len(found.assets)), 1.0, 0.0
    known = np.where(np.isnan(prices), 0.0, prices)
    for k, day in enumerate(days):
        target = constant if constant is not None else _asked(strategy, frame, found.values, day, int(lookback), found.assets, found.times)
        unpriced = np.isnan(prices[day]) & (target != 0)
        if unpriced.any():
            raise ValueError(f"strategy: asset {found.assets[int(np.flatnonzero(unpriced)[0])]!r} has no price yet at {found.times[day]}")
        before = units * known[day]
        worth = float(before.sum()) + cash
        if worth <= 0:
            raise ValueError(f"the portfolio has lost everything by {found.times[day]}: its value is {worth:g}")
        after = worth
        for _ in range(100):  # fixed point of value after costs, which depend on it; contracts by the factor `cost`
            change = worth - price_of_trading * float(np.abs(target * after - before).sum()) - after
            after += change
            if abs(change) <= 1e-16 * worth:
                break
        turnover[k] = float(np.abs(target * after - before).sum()) / (2 * after)
        paid += (worth - after) / worth
        held[k] = target
        units = np.divide(target * after, known[day], out=np.zeros(len(target)), where=known[day] > 0)
        cash = after * (1 - float(target.sum()))
        until = days[k + 1] if k + 1 < len(days) else rows
        value[day:until] = known[day:until] @ units + cash
    value = value[start:]
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = value[1:] / value[:-1] - 1
    return Backtest(
        value, held, turnover, returns, found.assets, found.times[start:], [found.times[d] for d in days], paid, frequency, free
    )  # fmt: skip


def _trading_rows(times: list[Any], rebalance: Any, start: int, rows: int) -> list[int]:
    """The rows at which the portfolio is rebalanced."""
    if rebalance is None:
        return [start]
    if isinstance(rebalance, (int, np.integer)) and not isinstance(rebalance, bool) and rebalance > 0:
        return list(range(start, rows, int(rebalance)))
    if rebalance == "day":
        return list(range(start, rows))
    if rebalance not in (*PERIODS, "quarter"):
        raise ValueError(f"rebalance: expected 'day', 'week', 'month', 'quarter', 'year', a number of rows or None, got {rebalance!r}")
    days = dated(times)
    if days is None:
        raise ValueError(f"rebalance={rebalance!r}: the prices have no dates; give a data frame with dates as index, or a number of rows")
    if rebalance == "quarter":
        period: npt.NDArray[np.int64] = days.astype("datetime64[M]").astype(np.int64) // 3
    elif rebalance == "week":
        period = (days.astype(np.int64) + 3) // 7  # 1 January 1970 was a Thursday; weeks begin on Mondays
    else:
        period = days.astype(f"datetime64[{PERIODS[rebalance]}]").astype(np.int64)
    return [start, *(k for k in range(start + 1, rows) if period[k] != period[k - 1])]


def _asked(strategy: Callable[[Any], Any], frame: Any, values: Array, day: int, lookback: int, assets: Labels, times: list[Any]) -> Array:
    """The weights from a strategy function; it gets rows up to the day before, so there is no look-ahead."""
    begin = max(0, day - lookback)
    if hasattr(frame, "iloc"):
        seen: Any = frame.iloc[begin:day]
    elif isinstance(frame, dict):
        seen = {name: values[begin:day, k].copy() for k, name in enumerate(assets)}
    else:
        seen = values[begin:day].copy()
    return vector(strategy(seen), f"strategy (at {times[day]})", assets)

"""Plots of portfolios: weights, frontiers with assets, compositions, back-tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import axes_or_new, colour, legend, plain, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..portfolio import Backtest, Frontier, Weights
    from ..portfolio._mean_variance import MeanVariance

MOST_BARS = 40
MOST_NAMED_ASSETS = 30


def weights(found: Weights, ax: Axes | None = None) -> Axes:
    """Bars of a portfolio's weights, the largest on top; zeros are left out.

    Parameters
    ----------
    found : Weights
        The result of a method of `Portfolio`.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> names = ["bonds", "shares", "gold"]
    >>> portfolio = plait.portfolio.Portfolio([0.03, 0.08, 0.05], [[0.01, 0.0, 0.0], [0.0, 0.04, 0.01], [0.0, 0.01, 0.03]], assets=names)
    >>> ax = plait.plot.weights(portfolio.min_variance())
    >>> len(ax.patches)
    3
    """
    values = np.asarray(found)
    order = np.argsort(np.abs(values), kind="stable")
    order = order[np.abs(values[order]) > 1e-6][-MOST_BARS:]
    ax = axes_or_new(ax, (5, 0.8 + 0.25 * max(3, len(order))))
    colours = [colour(0 if values[k] > 0 else 1, ax) for k in order]
    ax.barh([str(found.assets[k]) for k in order], values[order], color=colours)
    ax.axvline(0, color=quiet(ax), linewidth=0.8)
    ax.set_xlabel("weight")
    ax.set_title(found.method.replace("_", " "))
    plain(ax)
    ax.grid(visible=False, axis="y")
    return ax


def frontier(found: Frontier, ax: Axes | None = None, *, corners: Frontier | None = None, named: dict[str, Weights] | None = None) -> Axes:
    """The efficient frontier: return over risk.

    Parameters
    ----------
    found : Frontier
        The result of ``portfolio.efficient_frontier``.
    ax : Axes, optional
        Where to draw; a new figure without it.
    corners : Frontier, optional
        The turning points, drawn as dots.
    named : dict of str to Weights, optional
        Portfolios to mark, by name.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> names = ["bonds", "shares", "gold"]
    >>> portfolio = plait.portfolio.Portfolio([0.03, 0.08, 0.05], [[0.01, 0.0, 0.0], [0.0, 0.04, 0.01], [0.0, 0.01, 0.03]], assets=names)
    >>> ax = plait.plot.frontier(portfolio.efficient_frontier(), corners=portfolio.turning_points())
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('risk (standard deviation)', 'expected return')
    """
    ax = axes_or_new(ax, (5, 3.6))
    ax.plot(found.risk, found.expected_return, color=colour(0, ax), label="efficient frontier")
    if corners is not None:
        ax.plot(corners.risk, corners.expected_return, "o", color=colour(0, ax), markersize=4, label="turning points")
    for k, (name, one) in enumerate((named or {}).items()):
        if one.expected_return is not None:
            ax.scatter([one.risk], [one.expected_return], marker="o*^sDvP"[k % 7], s=60, color=colour(k + 1, ax), zorder=3, label=name)
    ax.set_xlabel("risk (standard deviation)")
    ax.set_ylabel("expected return")
    if corners is not None or named:
        legend(ax)
    return plain(ax)


def portfolio(found: MeanVariance, ax: Axes | None = None) -> Axes:
    """The efficient frontier with the assets, and the portfolios of minimum variance and of maximum Sharpe ratio.

    Parameters
    ----------
    found : Portfolio
        With expected returns.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> steps = np.random.default_rng(0).normal(0.0005, [0.004, 0.012, 0.009], (300, 3))
    >>> prices = 100 * np.exp(np.cumsum(steps, axis=0))
    >>> ax = plait.plot.portfolio(plait.portfolio.Portfolio.from_prices(prices))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('risk (standard deviation)', 'expected return')
    """
    best = {"least risk": found.min_variance(), "greatest Sharpe ratio": found.max_sharpe()}
    ax = frontier(found.efficient_frontier(), ax, named=best)
    risks = np.sqrt(np.diagonal(found.covariance))
    returns = np.asarray(found.expected_returns)
    ax.scatter(risks, returns, s=12, color=quiet(ax), label="assets")
    if len(found) <= MOST_NAMED_ASSETS:
        for name, x, y in zip(found.assets, risks, returns, strict=True):
            ax.annotate(str(name), (x, y), fontsize=7, color=quiet(ax), xytext=(3, 2), textcoords="offset points")
    legend(ax)
    return ax


def composition(found: Frontier, ax: Axes | None = None, *, assets: Sequence[Any] | None = None) -> Axes:
    """The composition of a frontier's portfolios: stacked weights over the expected return.

    Parameters
    ----------
    found : Frontier
        A frontier without negative weights.
    ax : Axes, optional
        Where to draw; a new figure without it.
    assets : sequence, optional
        Names of the assets; the frontier's own unless given.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        A weight is negative.

    Examples
    --------
    >>> names = ["bonds", "shares", "gold"]
    >>> portfolio = plait.portfolio.Portfolio([0.03, 0.08, 0.05], [[0.01, 0.0, 0.0], [0.0, 0.04, 0.01], [0.0, 0.01, 0.03]], assets=names)
    >>> ax = plait.plot.composition(portfolio.efficient_frontier(50))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['bonds', 'shares', 'gold']
    """
    parts = np.asarray(found.weights)
    if parts.min() < -1e-9:
        raise ValueError(f"composition: a weight is {parts.min():.3g}; short positions cannot be stacked")
    ax = axes_or_new(ax, (5, 3.6))
    names = [str(name) for name in (found.assets if assets is None else assets)]
    held = np.flatnonzero(parts.max(axis=0) > 1e-6)
    for k, asset in enumerate(held):
        below = parts[:, held[:k]].sum(axis=1)
        ax.fill_between(
            found.expected_return,
            below,
            below + parts[:, asset],
            color=colour(k, ax),
            alpha=0.85 if k < 8 else 0.5,
            linewidth=0,
            label=names[asset],
        )
    ax.set_xlabel("expected return")
    ax.set_ylabel("weights")
    ax.set_ylim(0, max(1e-9, float(parts.sum(axis=1).max())))
    ax.margins(x=0)
    legend(ax, loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small")
    return plain(ax, grid=False)


def backtest(found: Backtest, ax: Axes | None = None, *, others: dict[str, Backtest] | None = None) -> Axes:
    """The value of a back-test over time, with its drawdowns.

    Parameters
    ----------
    found : Backtest
        The result of ``plait.portfolio.backtest``.
    ax : Axes, optional
        Where to draw; a new figure without it.
    others : dict of str to Backtest, optional
        Other strategies, drawn as lines.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> steps = np.random.default_rng(0).normal(0.0005, [0.004, 0.012, 0.009], (300, 3))
    >>> prices = 100 * np.exp(np.cumsum(steps, axis=0))
    >>> ax = plait.plot.backtest(plait.portfolio.backtest(prices, [0.4, 0.3, 0.3], rebalance=20))
    >>> len(ax.lines) > 0
    True
    """
    ax = axes_or_new(ax, (6, 3.2))
    x = _days(found.index)
    ax.plot(x, found.value, color=colour(0, ax), label="value")
    peak = np.maximum.accumulate(found.value)
    ax.fill_between(x, found.value, peak, color=colour(1, ax), alpha=0.25, linewidth=0, label="drawdown")
    for k, (name, other) in enumerate((others or {}).items()):
        ax.plot(_days(other.index), other.value, color=colour(k + 2, ax), linewidth=1, label=name)
    ax.set_ylabel("value")
    plain(ax)
    legend(ax)
    return ax


def _days(index: Sequence[Any]) -> Any:
    """Dates as matplotlib draws them; 0, 1, … where the index has none."""
    plain_numbers = np.arange(len(index))
    if len(index) == 0 or isinstance(index[0], (int, float, np.integer, np.floating)):
        return plain_numbers
    try:
        days = np.array([np.datetime64(getattr(moment, "to_datetime64", lambda m=moment: m)(), "s") for moment in index])
    except (TypeError, ValueError):
        return plain_numbers
    return plain_numbers if np.isnat(days).any() else days

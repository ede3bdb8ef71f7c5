"""Pictures of weights, of frontiers and of back-tests; matplotlib is imported when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._labels import dated

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._backtest import Backtest
    from ._frontier import Frontier
    from ._mean_variance import MeanVariance
    from ._weights import Weights

MOST_BARS = 40


def draw_weights(weights: Weights, ax: Axes | None) -> Axes:
    """Bars of the weights, the largest on top; those of nothing are left out."""
    from ..plot import axes_or_new

    values = np.asarray(weights)
    order = np.argsort(np.abs(values), kind="stable")
    order = order[np.abs(values[order]) > 1e-6][-MOST_BARS:]
    ax = axes_or_new(ax, (5, 0.8 + 0.25 * max(3, len(order))))
    ax.barh([str(weights.assets[k]) for k in order], values[order])
    ax.axvline(0, color="0.5", linewidth=0.8)
    ax.set_xlabel("weight")
    ax.set_title(weights.method.replace("_", " "))
    return ax


def draw_frontier(frontier: Frontier, ax: Axes | None) -> Axes:
    """Return over risk."""
    from ..plot import axes_or_new

    ax = axes_or_new(ax, (5, 3.6))
    ax.plot(frontier.risk, frontier.expected_return, label="efficient frontier")
    ax.set_xlabel("risk (standard deviation)")
    ax.set_ylabel("expected return")
    ax.grid(alpha=0.3)
    return ax


def draw_portfolio(portfolio: MeanVariance, ax: Axes | None) -> Axes:
    """The frontier, the assets, and the portfolios of least risk and of greatest Sharpe ratio."""
    ax = draw_frontier(portfolio.efficient_frontier(), ax)
    risks = np.sqrt(np.diagonal(portfolio.covariance))
    assert portfolio.expected_returns is not None
    ax.scatter(risks, portfolio.expected_returns, s=12, color="0.5", label="assets")
    if len(portfolio) <= 30:
        for name, x, y in zip(portfolio.assets, risks, portfolio.expected_returns, strict=True):
            ax.annotate(str(name), (x, y), fontsize=7, color="0.5", xytext=(3, 2), textcoords="offset points")
    for label, marker, found in (("least risk", "o", portfolio.min_variance()), ("greatest Sharpe ratio", "*", portfolio.max_sharpe())):
        if found.expected_return is not None:
            ax.scatter([found.risk], [found.expected_return], marker=marker, s=60, zorder=3, label=label)
    ax.legend(frameon=False)
    return ax


def draw_backtest(course: Backtest, ax: Axes | None) -> Axes:
    """Value over time, and how far it is below its highest."""
    from ..plot import axes_or_new

    ax = axes_or_new(ax, (6, 3.2))
    days = dated(course.index)
    x = np.arange(len(course.value)) if days is None else days
    ax.plot(x, course.value, label="value")
    peak = np.maximum.accumulate(course.value)
    ax.fill_between(x, course.value, peak, alpha=0.25, linewidth=0, label="drawdown")
    ax.set_ylabel("value")
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    return ax

"""Pictures are drawn where matplotlib is, on the axes that are given."""

from __future__ import annotations

import pytest
from reference.markets import prices

from plait.portfolio import Portfolio, backtest

pytest.importorskip("matplotlib")


def test_everything_draws_itself() -> None:
    from matplotlib.figure import Figure

    p = Portfolio.from_prices(prices(4, 0))
    best = p.max_sharpe()
    ax = Figure().add_subplot()
    assert best.plot(ax) is ax
    assert len(ax.patches) == (abs(best.weights.values_) > 1e-6).sum()
    ax = Figure().add_subplot()
    assert p.plot(ax) is ax
    assert {text.get_text() for text in ax.texts} == set("abcd")
    ax = Figure().add_subplot()
    frontier = p.turning_points()
    assert frontier.plot(ax).lines[0].get_xdata() == pytest.approx(frontier.risk)
    ax = Figure().add_subplot()
    course = backtest(prices(4, 0), best, rebalance=20)
    assert course.plot(ax).lines[0].get_ydata() == pytest.approx(course.value)

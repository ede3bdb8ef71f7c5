"""Back-tests beside a plain day-by-day simulation."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from reference.markets import prices

from plait.portfolio import Portfolio, backtest

PRICES = np.column_stack(list(prices(3, 4, 80).values()))


def by_days(weights: np.ndarray, every: int, cost: float) -> np.ndarray:
    """Units are bought every so many days; costs are found by halving."""
    units, cash, found = np.zeros(3), 1.0, []
    for day, price in enumerate(PRICES):
        if day % every == 0:
            worth = units @ price + cash
            low, high = 0.0, worth
            for _ in range(200):
                middle = (low + high) / 2
                spent = cost * np.abs(weights * middle - units * price).sum()
                low, high = (middle, high) if middle + spent < worth else (low, middle)
            units, cash = weights * low / price, low * (1 - weights.sum())
        found.append(units @ price + cash)
    return np.array(found)


@pytest.mark.parametrize("every", [1, 7, 1000])
@pytest.mark.parametrize("weights", [[0.2, 0.3, 0.5], [0.5, -0.5, 0.0], [0.3, 0.3, 0.0]])
def test_equals_the_days_one_by_one(weights: list[float], every: int) -> None:
    found = backtest(PRICES, weights, rebalance=every, cost=0.002)
    assert found.value == pytest.approx(by_days(np.array(weights), every, 0.002), rel=1e-12)
    assert found.returns == pytest.approx(found.value[1:] / found.value[:-1] - 1)
    assert len(found.weights) == len(found.turnover) == len(range(0, 80, every))


def test_a_function_sees_the_days_before_only() -> None:
    seen = []

    def strategy(past: np.ndarray) -> list[float]:
        seen.append(past.copy())
        return [1.0, 0.0, 0.0]

    found = backtest(PRICES, strategy, rebalance=10, lookback=20, cost=0.0)
    assert len(found.value) == 60
    assert [len(past) for past in seen] == [20] * 6
    assert seen[0][-1].tolist() == PRICES[19].tolist()
    assert found.value == pytest.approx(PRICES[20:, 0] / PRICES[20, 0])


def test_buy_and_hold_of_normalised_prices() -> None:
    """The class example: prices over the first, times the allocation; and the ratio of daily returns."""
    allocation = np.array([0.4, 0.4, 0.2])
    value = (PRICES / PRICES[0]) @ allocation
    found = backtest(PRICES, allocation, rebalance=None, cost=0.0)
    returns = value[1:] / value[:-1] - 1
    assert found.value == pytest.approx(value)
    assert found.sharpe == pytest.approx(np.sqrt(252) * returns.mean() / returns.std(ddof=1))
    assert found.drawdown == pytest.approx(max(1 - v / value[: k + 1].max() for k, v in enumerate(value)))


def test_periods_of_the_calendar() -> None:
    pd = pytest.importorskip("pandas")
    days = pd.date_range("2021-01-15", periods=80, freq="B")
    frame = pd.DataFrame(PRICES, index=days, columns=list("abc"))
    for period, code in (("week", "W"), ("month", "M"), ("quarter", "Q"), ("year", "Y")):
        found = backtest(frame, {"a": 1.0, "b": 0.0, "c": 0.0}, rebalance=period)
        labels = days.to_period(code)
        assert list(found.trades) == [
            days[0],
            *(d for d, now, before in zip(days[1:], labels[1:], labels[:-1], strict=True) if now != before),
        ]
    course = backtest(frame, lambda past: Portfolio.from_prices(past).min_variance(), lookback=30)
    assert isinstance(course.index[0], pd.Timestamp)
    with pytest.raises(ValueError, match="no dates"):
        backtest(PRICES, [1.0, 0.0, 0.0])


def test_missing_prices_and_other_trouble() -> None:
    holes = PRICES.copy()
    holes[:5, 1] = np.nan
    holes[30:33, 0] = np.nan
    found = backtest(holes, [1.0, 0.0, 0.0], rebalance=10)
    assert np.isfinite(found.value).all()
    with pytest.raises(ValueError, match="asset 1 has no price yet"):
        backtest(holes, [0.5, 0.5, 0.0], rebalance=10)

    class OwnError(Exception):
        pass

    def fails(past: np.ndarray) -> list[float]:  # noqa: ARG001
        raise OwnError

    with pytest.raises(OwnError):
        backtest(PRICES, fails, rebalance=10, lookback=5)
    with pytest.raises(ValueError, match="strategy \\(at 5\\): asset 2 has nan"):
        backtest(PRICES, lambda _: [0.5, 0.5, np.nan], rebalance=10, lookback=5)
    with pytest.raises(ValueError, match="lost everything"):
        backtest([[1.0], [3.0], [4.0]], [-1.0], rebalance=2)
    with pytest.raises(ValueError, match="rebalance: expected"):
        backtest(PRICES, [1.0, 0.0, 0.0], rebalance="now")


def test_the_class_example_runs(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "prices.csv"
    lines = ["date,a,b,c", *(f"{k},{row[0]},{row[1]},{row[2]}" for k, row in enumerate(PRICES.tolist()))]
    path.write_text("\n".join(lines), encoding="utf-8")
    told = runpy.run_path(str(root / "examples" / "buy_and_hold.py"))["main"]([str(path)])
    assert told["equal"] == pytest.approx(backtest(PRICES, np.full(3, 1 / 3), rebalance=None, cost=0.0).sharpe)
    assert "greatest Sharpe ratio" in capsys.readouterr().out


def test_costs_and_rates_that_are_none_are_named() -> None:
    prices = {"a": [1.0, 1.1, 1.2], "b": [2.0, 2.1, 2.0]}
    with pytest.raises(ValueError, match="risk_free: expected a finite number"):
        backtest(prices, [0.5, 0.5], rebalance=1, risk_free=np.nan)
    with pytest.raises(TypeError, match="cost"):
        backtest(prices, [0.5, 0.5], rebalance=1, cost="x")  # type: ignore[arg-type]


def test_whole_shares_of_very_much_money() -> None:
    w = Portfolio([0.1, 0.2, 0.05], np.diag([0.1, 0.2, 0.05])).min_variance()
    assert w.discrete([50.0, 20.0, 7.0], 1e15).error < 100
    assert w.discrete([50.0, 20.0, 7.0], 1e-9).shares == {0: 0, 1: 0, 2: 0}

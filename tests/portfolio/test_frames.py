"""Data frames as they come: odd indices and kinds of columns are taken, what would give wrong numbers is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from plait.portfolio import Portfolio, backtest

pd = pytest.importorskip("pandas")
ROWS = 60


def frame() -> Any:
    rng = np.random.default_rng(0)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (ROWS, 3)), axis=0))
    return pd.DataFrame(prices, columns=list("abc"), index=pd.date_range("2020-01-01", periods=ROWS))


TAKEN: dict[str, Callable[[Any], Any]] = {
    "periods": lambda d: d.set_axis(d.index.to_period("D")),
    "numbers": lambda d: d.reset_index(drop=True),
    "texts": lambda d: d.set_axis(d.index.astype(str)),
    "zones": lambda d: d.tz_localize("UTC"),
    "nullable": lambda d: d.astype("Float64"),
    "objects": lambda d: d.astype(object),
    "two levels of rows": lambda d: d.set_index(pd.MultiIndex.from_arrays([["x"] * ROWS, d.index])),
    "a day twice": lambda d: d.set_axis(d.index.where(np.arange(ROWS) != 5, d.index[4])),
    "huge": lambda d: d * 1e200,
    "tiny": lambda d: d * 1e-200,
}


@pytest.mark.parametrize("name", list(TAKEN))
def test_frames_that_are_taken(name: str) -> None:
    wanted = np.asarray(Portfolio.from_prices(frame()).min_variance())
    p = Portfolio.from_prices(TAKEN[name](frame()))
    assert np.asarray(p.min_variance()) == pytest.approx(wanted, rel=1e-6)
    assert np.isfinite(np.asarray(p.max_sharpe())).all()


def changed(row: int, value: Any) -> Callable[[Any], Any]:
    def change(d: Any) -> Any:
        d.iloc[row, 1] = value
        return d

    return change


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no price": (lambda d: d.assign(b=np.nan), "'b' has 0 prices"),
    "zero": (changed(3, 0.0), "0 for asset 'b' at 2020-01-04"),
    "negative": (changed(3, -1.0), "-1 for asset 'b'"),
    "inf": (changed(3, np.inf), "inf for asset 'b'"),
    "a name twice": (lambda d: d.set_axis(["a", "a", "b"], axis=1), "'a' occurs twice"),
    "two rows": (lambda d: d.iloc[:2], "three at least"),
    "no rows": (lambda d: d.iloc[:0], "has 0 prices"),
    "no columns": (lambda d: d[[]], "no assets"),
    "backwards": (lambda d: d.iloc[::-1], "sort the rows by time"),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_frames_that_are_refused(name: str) -> None:
    change, match = REFUSED[name]
    with pytest.raises(ValueError, match=match):
        Portfolio.from_prices(change(frame()))


def test_a_back_test_wants_its_days_in_order_too() -> None:
    with pytest.raises(ValueError, match="sort the rows by time"):
        backtest(frame().iloc[::-1], np.full(3, 1 / 3))


def test_assets_that_are_the_same_or_stand_still() -> None:
    twins = Portfolio.from_prices(frame().assign(b=frame()["a"]))
    w = np.asarray(twins.min_variance())
    assert w.sum() == pytest.approx(1)
    assert np.isfinite(np.asarray(twins.max_sharpe())).all()
    still = Portfolio.from_prices(frame() * 0 + 5)
    assert np.asarray(still.min_variance()).sum() == pytest.approx(1)
    assert dict(Portfolio.from_prices(frame()[["a"]]).max_sharpe().weights) == {"a": 1.0}

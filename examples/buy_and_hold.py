"""Normalised prices, an allocation that is bought and held, its Sharpe ratio; then the allocation whose ratio would have been greatest.

    python examples/buy_and_hold.py prices.csv

The file has dates in its first column and a column of prices for each asset.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from plait.portfolio import Portfolio, backtest


def read(path: Path) -> tuple[list[str], np.ndarray]:
    """Names of the assets, and the prices of the days on which all of them have one."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    complete = [[float(cell) for cell in row[1:]] for row in rows if all(row[1:])]
    return header[1:], np.array(complete)


def main(arguments: Sequence[str] | None = None) -> dict[str, float]:
    """Prints both allocations; returns their Sharpe ratios."""
    path = Path((sys.argv[1:] if arguments is None else arguments)[0])
    names, prices = read(path)
    allocation = np.full(len(names), 1 / len(names))

    normalised = prices / prices[0]  # every asset begins at 1
    value = normalised @ allocation  # what 1, divided once, is worth from day to day
    returns = value[1:] / value[:-1] - 1
    sharpe = np.sqrt(252) * returns.mean() / returns.std(ddof=1)
    print(f"equal parts: value {value[-1]:.3f}, Sharpe ratio {sharpe:.3f}")

    # The same in one call.
    held = backtest(prices, allocation, rebalance=None, cost=0.0)
    assert np.isclose(held.sharpe, sharpe)

    best = Portfolio.from_prices(dict(zip(names, prices.T, strict=True)), shrinkage=None).max_sharpe()
    held = backtest(prices, np.asarray(best), rebalance=None, cost=0.0)
    print(f"greatest Sharpe ratio: {best}")
    print(f"bought and held: value {held.value[-1]:.3f}, Sharpe ratio {held.sharpe:.3f}, drawdown {held.drawdown:.3f}")
    return {"equal": float(sharpe), "best": held.sharpe}


if __name__ == "__main__":
    main()

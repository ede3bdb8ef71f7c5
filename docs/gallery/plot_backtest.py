"""
A rolling back-test
===================

Three strategies over the same prices, rebalanced each month with costs: each sees only what came before.
"""

import matplotlib.pyplot as plt
from _market import prices

from plait.portfolio import Portfolio, backtest

frame = prices()


def least_variance(past):
    """Weights from the last year's prices."""
    return Portfolio.from_prices(past, bounds=(0, 0.4)).min_variance()


def parity(past):
    """Every asset brings the same share of the risk."""
    return Portfolio.from_prices(past).risk_parity()


equal = dict.fromkeys(frame.columns, 1 / frame.shape[1])
figure, axes = plt.subplots(figsize=(9, 3.2))
for name, strategy in {"equal": equal, "least variance": least_variance, "risk parity": parity}.items():
    run = backtest(frame, strategy, rebalance="month", lookback=252, cost=0.001)
    axes.plot(run.index, run.value, label=f"{name}: Sharpe {run.sharpe:.2f}")
axes.set(ylabel="value of 1")
axes.legend(frameon=False)
figure.tight_layout()

"""
A rolling back-test
===================

Three strategies over the same prices, rebalanced each month with costs; at each date a strategy gets only earlier prices.
"""

import matplotlib.pyplot as plt
from _market import prices

from plait import plot
from plait.portfolio import Portfolio, backtest

frame = prices()


def least_variance(past):
    """Weights from the last year's prices."""
    return Portfolio.from_prices(past, bounds=(0, 0.4)).min_variance()


def parity(past):
    """Every asset brings the same share of the risk."""
    return Portfolio.from_prices(past).risk_parity()


def equal(past):
    """The same of each, from the same day on as the others."""
    return dict.fromkeys(past.columns, 1 / past.shape[1])


runs = {
    name: backtest(frame, strategy, rebalance="month", lookback=252, cost=0.001)
    for name, strategy in {"least variance": least_variance, "equal": equal, "risk parity": parity}.items()
}
print(*(f"{name}: Sharpe {run.sharpe:.2f}, drawdown {run.drawdown:.1%}" for name, run in runs.items()), sep="\n")

# %%

figure, axes = plt.subplots(figsize=(9, 3.4))
plot.backtest(runs.pop("least variance"), axes, others=runs)
axes.set(title="least variance with its drawdowns, and two others")
figure.tight_layout()

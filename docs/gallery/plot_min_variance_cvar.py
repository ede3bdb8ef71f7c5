"""
Least variance and least expected loss
======================================

Variance counts both tails; CVaR at 95 % is the mean of the worst twentieth of days. The two portfolios differ where tails are fat.
"""

import matplotlib.pyplot as plt
import numpy as np
from _market import prices

from plait.portfolio import Portfolio

frame = prices()
returns = frame.pct_change().dropna().to_numpy()
portfolio = Portfolio.from_prices(frame, bounds=(0, 0.5))
calm, safe = portfolio.min_variance(), portfolio.min_cvar(returns, level=0.95)
print(calm)
print(safe)

# %%


def worst(weights):
    """Mean of the worst 5 % of days."""
    days = np.sort(returns @ np.asarray(weights))
    return days[: len(days) // 20].mean()


figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), width_ratios=[2, 1])
position = np.arange(len(frame.columns))
left.bar(position - 0.2, np.asarray(calm), 0.4, label="least variance")
left.bar(position + 0.2, np.asarray(safe), 0.4, label="least CVaR")
left.set_xticks(position, frame.columns, rotation=30)
left.legend(frameon=False)
right.bar(["variance", "CVaR"], [-worst(calm) * 100, -worst(safe) * 100], color=["C0", "C1"])
right.set(title="mean loss of the worst days, %")
figure.tight_layout()
assert worst(safe) >= worst(calm)

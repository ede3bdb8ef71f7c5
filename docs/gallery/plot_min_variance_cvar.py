"""
Least variance and least expected loss
======================================

Variance measures both tails; CVaR at 99 % is the mean loss of the worst hundredth of days. The two differ where losses are skewed: here an asset
that is calm for months and then falls.
"""

import matplotlib.pyplot as plt
import numpy as np
from _market import prices

from plait.portfolio import Portfolio

frame = prices()
returns = frame.pct_change().dropna()
rng = np.random.default_rng(0)
storm = rng.random(len(returns)) < 0.008
returns["insurer"] = 0.0006 + 0.002 * rng.normal(size=len(returns)) - 0.05 * storm  # premiums, and rare large losses
frame = (1 + returns).cumprod()
returns = returns.to_numpy()
portfolio = Portfolio.from_prices(frame, bounds=(0, 0.5))
calm, safe = portfolio.min_variance(), portfolio.min_cvar(returns, level=0.99)
print(calm)
print(safe)

# %%


def worst(weights):
    """Mean of the worst hundredth of days."""
    days = np.sort(returns @ np.asarray(weights))
    return days[: len(days) // 100].mean()


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

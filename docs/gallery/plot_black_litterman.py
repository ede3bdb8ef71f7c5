"""
Views on a market: Black–Litterman
==================================

The prior is the equilibrium returns, for which the market's weights are optimal; two views update them, in proportion to their confidence.
"""

import matplotlib.pyplot as plt
import numpy as np
from _market import prices

from plait.portfolio import Portfolio

portfolio = Portfolio.from_prices(prices(), bounds=(0, 0.4))
market = np.array([0.3, 0.05, 0.05, 0.12, 0.12, 0.06, 0.2, 0.1])
views = {"chips": 0.05, "energy": 0.12}

# %%
# A view on one asset also moves the assets correlated with it.

figure, axes = plt.subplots(figsize=(8.5, 3.2))
position = np.arange(len(portfolio.assets))
for k, sure in enumerate((0.1, 0.5, 0.9)):
    after = portfolio.black_litterman(views, market=market, confidences=[sure, sure])
    axes.bar(position + 0.25 * (k - 1), after.expected_returns, 0.25, label=f"views held with {sure:.0%}")
    print(f"{sure:.0%}:", after.max_sharpe())

axes.set_xticks(position, portfolio.assets, rotation=20)
axes.set(ylabel="expected return after the views")
axes.legend(frameon=False)
figure.tight_layout()

"""
The efficient frontier and its turning points
=============================================

Between two turning points the weights are linear in the return: fifty points are a picture, the corners are the frontier itself.
"""

import matplotlib.pyplot as plt
import numpy as np
from _market import prices

from plait.portfolio import Portfolio

portfolio = Portfolio.from_prices(prices())
frontier, corners = portfolio.efficient_frontier(50), portfolio.turning_points()
best = portfolio.max_sharpe(risk_free=0.02)
print(best)

# %%

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6))
left.plot(frontier.risk, frontier.expected_return, lw=1.5)
left.plot(corners.risk, corners.expected_return, "o", ms=4, label="turning points")
left.plot(best.risk, best.expected_return, "*", ms=11, label="greatest Sharpe ratio")
left.set(xlabel="risk, per year", ylabel="expected return")
left.legend(frameon=False)
right.stackplot(frontier.expected_return, np.clip(frontier.weights.T, 0, None), labels=portfolio.assets)
right.set(xlabel="expected return", ylabel="weights", ylim=(0, 1))
right.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
figure.tight_layout()

"""
The efficient frontier and its turning points
=============================================

Between two turning points the weights are linear in the return, so the turning points determine the frontier exactly.
``plait.plot.page(frontier, "frontier.html")`` makes an interactive page of its portfolios.
"""

import matplotlib.pyplot as plt
from _market import prices

from plait import plot
from plait.portfolio import Portfolio

portfolio = Portfolio.from_prices(prices())
frontier, corners = portfolio.efficient_frontier(50), portfolio.turning_points()
best = portfolio.max_sharpe(risk_free=0.02)
print(best)

# %%

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6))
plot.frontier(frontier, left, corners=corners, named={"greatest Sharpe ratio": best})
plot.composition(frontier, right)
figure.tight_layout()

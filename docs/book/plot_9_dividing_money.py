"""
9. Dividing money
=================

The variance of a portfolio is a quadratic form; its minimum over the weights is a quadratic program. The first-order conditions of its solution.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait.optimize import minimize
from plait.portfolio import Portfolio

mean = np.array([0.05, 0.08, 0.12])
covariance = np.array([[0.01, 0.004, 0.002], [0.004, 0.04, 0.01], [0.002, 0.01, 0.09]])

found = minimize(lambda w: w @ covariance @ w, np.full(3, 1 / 3), bounds=[(0, 1)] * 3, constraints={"type": "eq", "fun": lambda w: w.sum() - 1})
print("weights", found.x.round(4), "multiplier", found.multipliers)

# %%
# At the minimum every asset held has the same marginal risk, which is the Lagrange multiplier of the budget.

print("marginal risk", 2 * covariance @ found.x)
assert np.allclose((2 * covariance @ found.x)[found.x > 1e-9], found.multipliers[0])

# %%
# The portfolio class solves the same program; its frontier shows the risk of a higher return.

frontier = Portfolio(mean, covariance, assets=["calm", "middle", "wild"]).efficient_frontier(30)
figure, axes = plt.subplots(figsize=(6, 3.2))
axes.plot(frontier.risk, frontier.expected_return)
axes.plot(np.sqrt(np.diag(covariance)), mean, "o", color="C1")
axes.set(xlabel="risk", ylabel="expected return")
figure.tight_layout()

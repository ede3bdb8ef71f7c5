"""
A fit under constraints
=======================

A cubic through noisy points that must rise everywhere: least squares with its derivative bounded below at every knot.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait.optimize import minimize

rng = np.random.default_rng(17)
x = np.linspace(0, 1, 40)
y = x**4 + 0.12 * rng.normal(size=40)
powers = np.vander(x, 6, increasing=True)
slopes = np.hstack([np.zeros((40, 1)), powers[:, :-1] * np.arange(1, 6)])

free = minimize(lambda c: ((powers @ c - y) ** 2).sum(), np.zeros(6))
rising = minimize(lambda c: ((powers @ c - y) ** 2).sum(), np.zeros(6), constraints={"type": "ineq", "fun": lambda c: slopes @ c})
print(rising.message, "| constraints that bind:", int(np.sum(rising.active)))

# %%

figure, axes = plt.subplots(figsize=(7, 3.2))
axes.plot(x, y, ".", color="0.5")
axes.plot(x, powers @ free.x, label="free")
axes.plot(x, powers @ rising.x, label="rising")
axes.legend(frameon=False)
figure.tight_layout()
assert rising.success
assert (slopes @ rising.x >= -1e-7).all()

"""
Volatility that clusters
========================

A GARCH(1, 1) with a posterior over its parameters, and quantiles of future returns.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait import plot
from plait.infer.timeseries import GARCH

rng = np.random.default_rng(12)
n, variance = 800, 1.0
returns = np.empty(n)
for t in range(n):
    returns[t] = np.sqrt(variance) * rng.normal()
    variance = 0.05 + 0.12 * returns[t] ** 2 + 0.83 * variance

result = GARCH(1, 1).fit(returns, method="bbvi", rng=0)
print(result.summary())
forecast = result.predict(60, level=0.9, rng=0)

# %%

figure, axes = plt.subplots(figsize=(9, 3))
plot.forecast(forecast, returns, axes, past=300)
axes.set(xlabel="day")
figure.tight_layout()

"""
A level that changes
====================

The flow of a river fell when a dam was built. A local level model follows the change; its smoothed states date it.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait.infer.timeseries import LocalLevel

rng = np.random.default_rng(13)
years = np.arange(1871, 1971)
flow = np.where(years < 1899, 1098.0, 850.0) + 125 * rng.normal(size=100)

result = LocalLevel().fit(flow, method="mle")
level = result.states()["level"]
print(result.summary())

# %%

figure, axes = plt.subplots(figsize=(9, 3))
axes.plot(years, flow, ".", color="0.5")
axes.plot(years, level.mean, color="C0")
axes.fill_between(years, level.lower, level.upper, alpha=0.2)
axes.axvline(1899, color="C1", lw=1)
axes.set(ylabel="flow")
figure.tight_layout()

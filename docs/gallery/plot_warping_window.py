"""
How wide a warping window?
==========================

Leave-one-out for every window in one pass. Too narrow misses the warping, too wide warps one class into another.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait.align import best_window

rng = np.random.default_rng(15)
labels = np.arange(60) % 3
shapes = [lambda t: np.exp(-(((t - 30) / 6) ** 2)), lambda t: (abs(t - 30) < 8) * 1.0, lambda t: np.clip(1 - abs(t - 30) / 10, 0, None)]
series = np.stack([shapes[k](np.arange(80) - rng.integers(-6, 18)) + 0.1 * rng.normal(size=80) for k in labels])

found = best_window(series, labels)
print(found)

# %%

figure, axes = plt.subplots(figsize=(7, 3))
axes.plot(found.windows, found.accuracies)
axes.axvline(found.window, color="C1", lw=1)
axes.set(xlabel="window as a fraction of the length", ylabel="leave-one-out accuracy")
figure.tight_layout()

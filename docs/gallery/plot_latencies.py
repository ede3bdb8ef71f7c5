"""
Latencies of several workers
============================

Each worker fills its own histogram with logarithmic bins; their sum is exact, and gives the quantiles.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait

rng = np.random.default_rng(8)


def worker(seed):
    """What one worker sends home: a histogram of a hundred thousand latencies in milliseconds."""
    rng = np.random.default_rng(seed)
    slow = rng.random(100_000) < 0.01
    return plait.Histogram.logarithmic(200, 0.1, 1e4).fill(np.where(slow, rng.lognormal(6, 0.5, 100_000), rng.lognormal(2, 0.6, 100_000)))


total = plait.Histogram.logarithmic(200, 0.1, 1e4)
for seed in range(8):
    total += worker(seed)
levels = [0.5, 0.9, 0.99, 0.999]
marks = total.quantile(levels)
print({q: f"{ms:.1f} ms" for q, ms in zip(levels, marks, strict=True)})

# %%

figure, axes = plt.subplots(figsize=(8, 3))
plait.plot.histogram(total, axes, alpha=0.6)
for q, ms in zip(levels, marks, strict=True):
    axes.axvline(ms, color="C1", lw=1)
    axes.text(ms, total.values().max(), f" {q:g}", va="top", color="C1")
axes.set(xlabel="latency in ms", ylabel="requests")
figure.tight_layout()

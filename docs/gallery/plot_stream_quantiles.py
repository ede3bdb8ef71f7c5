"""
Quantiles of a stream
=====================

A sketch of a few hundred values, compared with the sorted stream: the rank errors of its quantiles are below its stated bound.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait

rng = np.random.default_rng(9)
stream = np.concatenate([rng.normal(0, 1, 300_000), rng.normal(6, 0.5, 100_000), rng.standard_cauchy(100_000)])
rng.shuffle(stream)

levels = np.linspace(0.001, 0.999, 300)
ordered = np.sort(stream)
figure, axes = plt.subplots(figsize=(8, 3))
for k in (50, 200, 800):
    sketch = plait.QuantileSketch(k=k, rng=0)
    for part in np.array_split(stream, 50):
        sketch.update(part)
    answer = np.array([sketch.quantile(q) for q in levels])
    off = np.searchsorted(ordered, answer, side="right") / len(stream) - levels
    axes.plot(levels, off, lw=0.8, label=f"k = {k}: promised ±{sketch.error:.3f}")
    assert np.mean(np.abs(off) <= sketch.error) > 0.95
axes.set(xlabel="quantile asked for", ylabel="error of the rank")
axes.legend(frameon=False, ncols=3, fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1))
figure.tight_layout()

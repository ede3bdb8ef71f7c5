"""
How wide a warping window?
==========================

Leave-one-out cross-validation for every window in one pass. A narrow window forbids the warping; a wide one makes different classes similar.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait import plot
from plait.align import best_window

rng = np.random.default_rng(15)
labels = np.arange(30) % 3
t = np.arange(90)


def beats(gap):
    """Two beats, begun a little earlier or later; the time between them tells what it is."""
    begin = 20 + rng.uniform(-10, 10)
    return sum(np.exp(-(((t - centre) / 2.5) ** 2)) for centre in (begin, begin + gap)) + 0.15 * rng.normal(size=len(t))


series = np.stack([beats((14, 24, 34)[label]) for label in labels])
found = best_window(series, labels)
print(f"best: {found.window:.0%} of the length, {found.accuracy:.0%} right")

# %%

figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
plot.best_window(found, axes)

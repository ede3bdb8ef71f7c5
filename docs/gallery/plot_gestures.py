"""
Gesture recognition by warping
==============================

Two gestures drawn at different speeds: nearest neighbours under DTW with a slanted band, which suits series of different lengths.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait import plot
from plait.align import DTW, TimeSeriesKNN

rng = np.random.default_rng(0)


def gesture(kind):
    """A circle or a figure of eight, of random length and speed, as (time, 2)."""
    n = int(rng.integers(40, 90))
    t = np.cumsum(rng.uniform(0.4, 1.6, n))
    t = 2 * np.pi * t / t[-1]
    path = np.stack([np.cos(t), np.sin(t if kind == 0 else 2 * t)], axis=1)
    return path + 0.12 * rng.normal(size=path.shape)


labels = np.arange(60) % 2
gestures = [gesture(kind) for kind in labels]

model = TimeSeriesKNN(DTW(window=0.2, band="slanted"), n_neighbors=1).fit(gestures[:20], labels[:20])
print("right:", model.score(gestures[20:], labels[20:]))

# %%
# Two recordings of one gesture, and the path that aligns them.

a, b = gestures[1], gestures[3]
alignment = DTW(window=0.2, band="slanted").align(a, b)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
left.plot(a[:, 1], label=f"{len(a)} samples")
left.plot(b[:, 1], label=f"{len(b)} samples")
left.set(xlabel="sample")
left.set_title("one coordinate of two recordings", pad=24)
left.legend(frameon=False)
plot.alignment(alignment, right)
right.set_title("which sample meets which", pad=24)
figure.tight_layout()

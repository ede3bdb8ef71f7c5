"""
Means under warping
===================

The arithmetic mean of shifted bumps is flat and wide. Their barycenter under DTW is a bump; with soft-DTW it is found by gradient descent.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait.align import SoftDTW, barycenter

rng = np.random.default_rng(16)
bumps = np.stack([np.exp(-(((np.arange(80) - 40 - rng.integers(-15, 16)) / 5) ** 2)) + 0.03 * rng.normal(size=80) for _ in range(12)])

figure, axes = plt.subplots(figsize=(8, 3))
axes.plot(bumps.T, color="0.8", lw=0.7)
axes.plot(bumps.mean(axis=0), label="mean")
axes.plot(np.ravel(barycenter(bumps)), label="DTW barycenter")
axes.plot(np.ravel(barycenter(bumps, SoftDTW(gamma=0.1))), label="soft-DTW")
axes.legend(frameon=False)
figure.tight_layout()

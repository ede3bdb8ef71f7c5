"""
Clusters of series that are out of step
=======================================

Daily profiles of a household's power: k-means under DTW finds the kinds of days, although their peaks are shifted in time.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait import plot
from plait.align import DTW, TimeSeriesKMeans, TimeSeriesKMedoids

rng = np.random.default_rng(18)
hours = np.arange(0, 24, 0.5)
peaks = {"at work": ((7, 0.8), (19, 1.2)), "at home": ((9, 0.5), (13, 0.9), (19, 0.8)), "away": ()}
kinds = np.array(list(peaks))[np.arange(60) % 3]


def day(kind):
    """Peaks of the kind, each up to an hour and a half early or late."""
    used = 0.15 + 0.04 * rng.normal(size=len(hours))
    return used + sum(height * np.exp(-((hours - at - rng.uniform(-1.5, 1.5)) ** 2)) for at, height in peaks[kind])


days = np.stack([day(kind) for kind in kinds])
model = TimeSeriesKMeans(DTW(window=4), n_clusters=3, n_init=3, rng=0).fit(days)
for k in range(3):
    print(f"cluster {k}:", {str(kind): int(np.sum((model.labels_ == k) & (kinds == kind))) for kind in peaks})

# %%
# A panel for each cluster: the members as thin lines, their DTW barycenter as a thick one. It has peaks of the height of the members'.

figure, axes = plt.subplots(1, 3, figsize=(11, 3), sharey=True, layout="constrained")
for k, ax in enumerate(axes):
    plot.clusters(model, days, ax, cluster=k)
    ax.set(xlabel="half hour")

# %%
# Partitioning around medoids has members as centres: the typical days.

medoids = TimeSeriesKMedoids(DTW(window=4), n_clusters=3).fit(days)
print("the typical days:", {int(i): str(kinds[i]) for i in medoids.medoid_indices_})
assert len({kinds[i] for i in medoids.medoid_indices_}) == 3
assert all(len(set(kinds[model.labels_ == k])) == 1 for k in range(3))

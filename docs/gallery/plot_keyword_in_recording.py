"""
A keyword in a recording
========================

Where in a long recording does a short one occur, slower or faster? ``search`` gives the best matches, best first.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait import plot
from plait.align import DTW

rng = np.random.default_rng(1)
t = np.linspace(0, 1, 120)
keyword = np.sin(2 * np.pi * (3 * t + 4 * t**2)) * np.hanning(120)

recording = 0.15 * rng.normal(size=6000)
truth = [900, 2700, 4800]
for start, stretch in zip(truth, (0.9, 1.0, 1.1), strict=True):
    said = np.interp(np.linspace(0, 1, int(120 * stretch)), t, keyword)
    recording[start : start + len(said)] += said

found = DTW(window=0.15).search(keyword, recording, k=3, normalize=True)
for place in found:
    print(f"{place.start:5d} … {place.stop:5d}   score {place.score:.2f}")

# %%
# The three matches, in the recording.

figure, axes = plt.subplots(figsize=(9, 2.8), layout="constrained")
plot.places(found, recording, axes)
axes.set(xlabel="sample", title="the keyword's three best places, and their scores")
assert all(min(abs(place.start - start) for start in truth) < 40 for place in found)

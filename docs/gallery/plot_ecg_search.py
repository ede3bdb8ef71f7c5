"""
A beat that is unlike the others
================================

A template of a heart beat is searched in a long record. Among the matches, those with the largest distance are candidates for anomalies.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait.align import DTW

rng = np.random.default_rng(2)


def beat(width=1.0):
    t = np.arange(100)
    wave = lambda centre, spread, height: height * np.exp(-(((t - centre) / (spread * width)) ** 2))
    return wave(25, 6, 0.2) - wave(43, 2.5, 0.25) + wave(47, 2, 1.3) - wave(52, 3, 0.35) + wave(72, 8, 0.35)


record = np.concatenate([beat(2.2 if k == 17 else rng.uniform(0.95, 1.05)) for k in range(30)])
record += 0.03 * rng.normal(size=record.size)

places = DTW(window=0.05).search(beat(), record, k=30, overlap=0.3)
starts = np.array([place.start for place in places])
scores = np.array([place.score for place in places])
odd = starts[np.argmax(scores)]
print("the odd beat starts near", odd)

# %%

figure, (top, bottom) = plt.subplots(2, 1, figsize=(9, 4.2), sharex=True)
top.plot(record, lw=0.7)
top.axvspan(odd, odd + 100, color="C1", alpha=0.3)
top.set(ylabel="record")
bottom.stem(starts, scores, basefmt=" ")
bottom.set(ylabel="distance to the template", xlabel="sample")
figure.tight_layout()
assert abs(odd - 1700) < 60

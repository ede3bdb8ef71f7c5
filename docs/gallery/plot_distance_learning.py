"""
Learning a transform before aligning
====================================

Soft-DTW is differentiable: a filter before it is trained so that noisy copies are close to their original.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait
from plait.align import soft_dtw

rng = np.random.default_rng(18)
clean = np.sin(np.arange(60) / 5)[:, None]
noisy = clean[np.clip(np.arange(60) + rng.integers(-2, 3, 60), 0, 59)] + 0.4 * rng.normal(size=(60, 1))

raw = plait.input("raw", (60, 1), dtype="float64")
goal = plait.constant(clean)
kernel = plait.parameter(np.eye(1, 9, 4)[0], name="kernel")
padded = plait.concatenate([plait.constant(np.zeros((4, 1))), raw, plait.constant(np.zeros((4, 1)))])
smooth = sum(kernel[k] * padded[k : k + 60] for k in range(9))
loss = soft_dtw(smooth, goal, gamma=0.1)
step = plait.compile([loss, smooth], updates=plait.optim.Adam(0.02).updates(loss, [kernel]))
course = [step(raw=noisy) for _ in range(150)]

# %%

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3))
left.plot([float(value) for value, _ in course])
left.set(title="soft-DTW to the original", xlabel="step")
right.plot(noisy, lw=0.6, color="0.6", label="noisy")
right.plot(course[-1][1], label="filtered")
right.plot(clean, lw=0.8, color="k", label="original")
right.legend(frameon=False, fontsize=8)
figure.tight_layout()
assert course[-1][0] < course[0][0]

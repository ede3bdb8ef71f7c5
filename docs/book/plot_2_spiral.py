"""
2. Two layers and the spiral
============================

Three classes that are not linearly separable; two layers of weights, cross entropy, and stochastic gradient descent, step by step.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait

data = plait.datasets.spiral(100)
points, labels = data.train_points, data.train_labels

rng = np.random.default_rng(0)
x, t = plait.input("x", (None, 2)), plait.input("t", (None,), dtype="int64")
w1 = plait.parameter(rng.normal(0, 0.5, (2, 64)).astype("float32"), name="w1")
b1 = plait.parameter(np.zeros(64, "float32"), name="b1")
w2 = plait.parameter(rng.normal(0, 0.1, (64, 3)).astype("float32"), name="w2")
b2 = plait.parameter(np.zeros(3, "float32"), name="b2")

logits = plait.relu(x @ w1 + b1) @ w2 + b2
loss = plait.losses.cross_entropy_with_logits(logits, t)
weights = [w1, b1, w2, b2]
slopes = plait.gradient(loss, weights)
step = plait.compile([loss], updates={w: w - 1.0 * g for w, g in zip(weights, slopes, strict=True)})

course = [float(step(x=points, t=labels)[0]) for _ in range(800)]
classify = plait.compile([logits])
print("right:", (classify(x=data.test_points)[0].argmax(axis=1) == data.test_labels).mean())

# %%

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
left.plot(course)
left.set(xlabel="step", ylabel="loss", yscale="log")
grid = np.stack(np.meshgrid(np.linspace(-1.1, 1.1, 200), np.linspace(-1.1, 1.1, 200)), axis=-1)
right.contourf(grid[..., 0], grid[..., 1], classify(x=grid.reshape(-1, 2))[0].argmax(axis=1).reshape(200, 200), levels=2, alpha=0.3)
right.scatter(*points.T, c=labels, s=8)
figure.tight_layout()

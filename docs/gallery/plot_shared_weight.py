"""
Pictures of a graph
===================

The loss of a network with a shared weight: every node shows how many gradients it waits for; the weight waits for two.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait

x, t = plait.input("x", (None, 2)), plait.input("t", (None, 2))
w = plait.parameter(0.5 * np.eye(2, dtype="float32"), name="w")
loss = plait.losses.mse(np.tanh(np.tanh(x @ w) @ w), t)
print("w waits for", w.wait_count, "gradients")
loss

# %%
# The same on axes of matplotlib, beside other plots; ``plait.draw(loss, "loss.html")`` writes a page whose scopes open on a click.

figure, axes = plt.subplots(figsize=(5.5, 6))
plait.plot.graph(loss, axes)
figure.tight_layout()

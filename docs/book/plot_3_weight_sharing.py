"""
3. Weight sharing and the wait-list
===================================

One weight used at every step of a chain. It waits for as many gradients as it has uses, and is updated by their sum.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait

w = plait.parameter(0.9, name="w")
x = plait.input("x", (), dtype="float64")
y = x
uses = []
for _ in range(20):
    y = y * w
    uses.append(y)
print("w waits for", w.wait_count)

# %%
# The terms of the gradient, one for each use: all equal here, since multiplication is commutative.

table = plait.Table([y], {x: 1.0})
table.backward(y)
print("sum of the shares:", float(table.grad(w)), "  n w^(n-1):", 20 * 0.9**19)

figure, axes = plt.subplots(figsize=(7, 2.8))
axes.plot([float(table[use]) for use in uses], "o-", ms=3, label="value after k factors")
axes.plot([float(table.grad(use)) for use in uses], "o-", ms=3, label="gradient there")
axes.set(xlabel="k")
axes.legend(frameon=False)
figure.tight_layout()
assert np.isclose(float(table.grad(w)), 20 * 0.9**19)

"""
1. A graph by hand and its gradients
====================================

Four nodes: ``y = (a + b) * b``. The node ``b`` is used twice, so it waits for two gradients.
"""

import matplotlib.pyplot as plt

import plait

a, b = plait.parameter(2.0, name="a"), plait.parameter(3.0, name="b")
y = (a + b) * b

# %%
# A :class:`plait.Table` is backpropagation as in a textbook: one value and one gradient for each node.

table = plait.Table([y], {})
table.backward(y)
print("y =", float(table[y]))
print("dy/da = b =", float(table.grad(a)))
print("dy/db = a + 2 b =", float(table.grad(b)))

# %%
# Each edge contributes one term of the gradient. ``b`` receives ``a + b = 5`` from the product and ``b = 3`` through the sum.

figure, axes = plt.subplots(figsize=(6, 2.4))
axes.barh(["over the product", "through the sum", "together"], [5, 3, float(table.grad(b))], color=["C0", "C1", "0.4"])
axes.set(xlabel="gradient that comes to b")
figure.tight_layout()
assert float(table.grad(b)) == 5 + 3

# %%
# The same graph as a picture: each node with its op, name, shape, and the number of gradients that it waits for.

y

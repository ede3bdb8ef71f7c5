"""
7. Three tricks of data mining
==============================

Merging two sorted lists, binary search among borders, and partitioning: a sparse dot product, a histogram, a tree.
"""

import matplotlib.pyplot as plt

import plait

# %%
# **Merging.** Only positions in both lists contribute.

v, w = plait.SparseVector([1, 4, 9, 12], [1.0, 2.0, 3.0, 4.0]), plait.SparseVector([4, 12, 30], [10.0, 100.0, 1.0])
print(v.dot(w), "= 2 · 10 + 4 · 100")

# %%
# **Binary search.** The bin of a value among sorted borders.

h = plait.Histogram([0, 1, 2, 4, 8]).fill([0.5, 1.5, 3, 3.9, 7, 8, 9])
print("bin of 3:", h.find(3.0), " counts:", h.values(), " beyond:", h.overflow)

# %%
# **Partitioning.** A tree partitions its rows in place, repeatedly, by the test of largest gain ratio.

data = plait.datasets.iris()
tree = plait.tree.C45Classifier().fit(data.train_points, data.train_labels)
print(tree.export_text())

figure, axes = plt.subplots(figsize=(5.4, 3.6))
x, y = data.train_points[:, 2], data.train_points[:, 3]
axes.scatter(x, y, c=data.train_labels, s=14)
axes.set(xlabel=data.columns[2], ylabel=data.columns[3])
for rule in tree.to_rules():
    for condition in rule.conditions:
        if condition.column == 2:
            axes.axvline(condition.value, color="0.6", lw=0.8)
        elif condition.column == 3:
            axes.axhline(condition.value, color="0.6", lw=0.8)
figure.tight_layout()

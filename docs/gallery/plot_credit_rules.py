"""
Credit rules that can be read
=============================

A table with categories and missing values; C4.5 learns rules that a person can check, and exports them as SQL.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import plait

rng = np.random.default_rng(7)
n = 2000
frame = pd.DataFrame(
    {
        "income": rng.lognormal(10.3, 0.5, n).round(-2),
        "debt": rng.lognormal(8.8, 0.8, n).round(-2),
        "home": rng.choice(["owner", "tenant", "family"], n, p=[0.4, 0.5, 0.1]),
        "years": rng.integers(0, 30, n).astype(float),
    }
)
risk = (frame["debt"] / frame["income"] > 0.35) & ((frame["home"] != "owner") | (frame["years"] < 2))
label = np.where(risk ^ (rng.random(n) < 0.03), "refuse", "grant")
frame.loc[rng.random(n) < 0.1, "years"] = np.nan  # not everybody answers
frame["debt share"] = frame["debt"] / frame["income"]

tree = plait.tree.C45Classifier(min_leaf=20).fit(frame[:1500], label[:1500])
print(f"right on the rest: {tree.score(frame[1500:], label[1500:]):.1%}\n")
for rule in tree.to_rules():
    print(rule)

# %%
# The first lines of the SQL, and the features that the tree uses.

for line in tree.to_sql("applications").splitlines()[:6]:
    print(line[:110])
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), width_ratios=[3, 1])
plait.plot.tree(tree, left, max_depth=3)
right.barh(frame.columns, tree.feature_importances_)
right.set(xlabel="importance")
figure.tight_layout()

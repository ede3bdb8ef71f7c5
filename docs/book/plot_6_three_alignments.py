"""
6. One recursion, three alignments
==================================

A border and a rank define an aligner. Three examples: dynamic time warping, the edit distance, global alignment.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait
from plait.align import DTW, Aligner, Levenshtein, NeedlemanWunsch

infinite = lambda i, j: 0.0 if i == j == 0 else np.inf
least = lambda a, b, c: plait.minimum(plait.minimum(a, b), c)

warping = Aligner(infinite, lambda ins, hit, dele, x, y: least(ins, hit, dele) + (x - y) ** 2)
edits = Aligner(lambda i, j: float(i + j), lambda ins, hit, dele, x, y: least(ins + 1, dele + 1, hit + plait.where(x == y, 0.0, 1.0)))
similarity = Aligner(
    lambda i, j: -2.0 * (i + j),
    lambda ins, hit, dele, x, y: plait.maximum(plait.maximum(ins - 2, dele - 2), hit + plait.where(x == y, 1.0, -1.0)),
    minimize=False,
)

# %%
# Each equals the predefined aligner.

a, b = [0.0, 1, 3, 2], [0.0, 0, 1, 2, 2]
print(warping.score(a, b), DTW().score(a, b))
codes = lambda text: np.frombuffer(text.encode(), np.uint8).astype(float)
print(edits.score(codes("kitten"), codes("sitting")), Levenshtein().score("kitten", "sitting"))
plain = {(p, q): 1 if p == q else -1 for p in "ACGT" for q in "ACGT"}
print(similarity.score(codes("GATTACA"), codes("GCATGCT")), NeedlemanWunsch(plain, gap=-2).score("GATTACA", "GCATGCT"))

# %%
# The three paths, through the three matrices.

figure, axes = plt.subplots(1, 3, figsize=(9.5, 3))
x, y = np.sin(np.arange(40) / 4), np.sin(np.arange(40) / 4 + 0.8 * np.sin(np.arange(40) / 9))
for axis, path, title in zip(
    axes,
    (DTW().align(x, y).path, Levenshtein().align("kitten", "sitting").path, NeedlemanWunsch(plain, gap=-2).align("GATTACA", "GCATGCT").path),
    ("warping", "edits", "similarity"),
    strict=True,
):
    axis.plot(*np.maximum.accumulate(path).T, "o-", ms=3)
    axis.set(title=title)
figure.tight_layout()

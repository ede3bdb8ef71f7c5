"""
Correcting typing errors
========================

For every mistyped word its nearest in a vocabulary; swapped neighbours count as one edit.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait.align import Levenshtein, match

vocabulary = """alignment covariance derivative distance element equation estimate function gradient histogram identity inference
likelihood matrix maximum minimum neighbour network optimum parameter portfolio posterior precision probability quantile recursion sequence
solution sparse spectrum standard threshold transform variance vector warping weight window""".split()

rng = np.random.default_rng(4)
typed, meant = [], []
for word in vocabulary:
    for _ in range(5):
        letters = list(word)
        k = int(rng.integers(len(letters) - 1))
        letters[k], letters[k + 1] = letters[k + 1], letters[k]
        if rng.random() < 0.5:
            del letters[int(rng.integers(len(letters)))]
        typed.append("".join(letters))
        meant.append(word)

found = match(typed, vocabulary, aligner=Levenshtein(transposition="osa"), cutoff=3)
index = np.asarray(found.index).ravel()
right = np.array([k >= 0 and vocabulary[k] == word for k, word in zip(index, meant, strict=True)])
print(f"{right.mean():.0%} of {len(typed)} found")
print(found.to_frame().head())

# %%

figure, axes = plt.subplots(figsize=(7, 3))
lengths = np.array([len(word) for word in meant])
kinds = sorted(set(lengths))
axes.bar(kinds, [right[lengths == n].mean() for n in kinds])
axes.set(xlabel="letters of the word", ylabel="share corrected", ylim=(0, 1.05))
figure.tight_layout()
assert right.mean() > 0.9

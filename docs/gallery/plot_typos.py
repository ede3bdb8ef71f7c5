"""
Correcting typing errors
========================

The nearest word of a vocabulary for every mistyped word; a transposition of adjacent letters counts as one edit. How many are corrected?
"""

import matplotlib.pyplot as plt
import numpy as np

from plait.align import Levenshtein, match

vocabulary = """alignment covariance derivative distance element equation estimate function gradient histogram identity inference
likelihood matrix maximum minimum neighbour network optimum parameter portfolio posterior precision probability quantile recursion sequence
solution sparse spectrum standard threshold transform variance vector warping weight window""".split()

rng = np.random.default_rng(4)


def mistyped(word, slips):
    """A word with so many slips: neighbours swapped, a letter left out, or a wrong one."""
    letters = list(word)
    for _ in range(slips):
        k = int(rng.integers(len(letters) - 1))
        kind = rng.integers(3)
        if kind == 0:
            letters[k], letters[k + 1] = letters[k + 1], letters[k]
        elif kind == 1:
            del letters[k]
        else:
            letters[k] = rng.choice(list("abcdefghijklmnopqrstuvwxyz"))
    return "".join(letters)


cases = [(word, slips) for word in vocabulary for slips in range(1, 7) for _ in range(8)]
typed = [mistyped(word, slips) for word, slips in cases]

found = match(typed, vocabulary, aligner=Levenshtein(transposition="osa"))
index = np.asarray(found.index).ravel()
right = np.array([k >= 0 and vocabulary[k] == word for k, (word, _) in zip(index, cases, strict=True)])
slips, letters = np.array([slips for _, slips in cases]), np.array([len(word) for word, _ in cases])
print(f"{right[slips <= 2].mean():.0%} of those with one or two slips found")
print(found.to_frame().head())

# %%

figure, axes = plt.subplots(figsize=(7, 3))
for name, among in (("6 or 7 letters", letters <= 7), ("8 or 9", (letters == 8) | (letters == 9)), ("10 and more", letters >= 10)):
    axes.plot(range(1, 7), [right[among & (slips == k)].mean() for k in range(1, 7)], "o-", label=name)
axes.set(xlabel="slips in a word", ylabel="share corrected", ylim=(0, 1.05))
axes.legend(frameon=False)
figure.tight_layout()
assert right[slips == 1].mean() > 0.9

"""
De-duplicating addresses
========================

The same customers, typed by several people. Records within a few edits of each other are merged.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait.align import Levenshtein, deduplicate

rng = np.random.default_rng(3)
streets = ["Main Street", "Oak Avenue", "Station Road", "Mill Lane", "Church Street", "Park View"]
clean = [f"{number} {street}" for street in streets for number in rng.choice(90, 5, replace=False) + 10]


def mistyped(text):
    """One random edit."""
    k = int(rng.integers(len(text)))
    return rng.choice([text[:k] + text[k + 1 :], text[:k] + text[k] + text[k:], text[:k] + "x" + text[k + 1 :]])


records = clean + [str(mistyped(text)) for text in clean for _ in range(2)]
groups = deduplicate(records, 1, aligner=Levenshtein())
print(groups)

# %%
# The distances show that a cutoff of one edit is safe here: duplicates are at 1 or 2, different addresses farther away.

distances = Levenshtein().pairwise(records)
above = distances[np.triu_indices(len(records), 1)]
figure, axes = plt.subplots(figsize=(7, 3))
axes.hist(above, bins=np.arange(0, 20) - 0.5, color="C0")
axes.set(yscale="log", xlabel="edits between two records", ylabel="pairs")
figure.tight_layout()

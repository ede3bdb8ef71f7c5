"""
A family of proteins
====================

All pairs of a few globin fragments: identity by global alignment with affine gaps, and a tree from it.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import squareform

from plait.align import NeedlemanWunsch

family = {
    "alpha human": "VLSPADKTNVKAAWGKVGAHAGEYGAEALERMFLSFPTTKTYFPHF",
    "alpha horse": "VLSAADKTNVKAAWSKVGGHAGEYGAEALERMFLGFPTTKTYFPHF",
    "beta human": "VHLTPEEKSAVTALWGKVNVDEVGGEALGRLLVVYPWTQRFFESF",
    "beta horse": "VQLSGEEKAAVLALWDKVNEEEVGGEALGRLLVVYPWTQRFFDSF",
    "myoglobin whale": "VLSEGEWQLVLHVWAKVEADVAGHGQDILIRLFKSHPETLEKFDRF",
}
names, sequences = list(family), list(family.values())
aligner = NeedlemanWunsch("BLOSUM62", gap_open=-11, gap_extend=-1)
print(aligner.align(sequences[0], sequences[2]))

# %%
# One minus the identity is the distance of a pair.

distance = np.array([[1 - aligner.align(a, b).identity for b in sequences] for a in sequences])
tree = linkage(squareform(distance, checks=False), "average")
figure, axes = plt.subplots(figsize=(7, 3))
dendrogram(tree, labels=names, orientation="right", ax=axes, color_threshold=0)
axes.set(xlabel="1 - identity", title="average linkage")
figure.tight_layout()

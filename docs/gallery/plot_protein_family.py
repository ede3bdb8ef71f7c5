"""
A family of proteins
====================

All pairs of a few globin fragments: identity by global alignment with affine gaps, and hierarchical clustering by it.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import squareform

from plait import plot
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
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8))
plot.pairwise(distance, names, left)
dendrogram(tree, labels=names, orientation="left", ax=right, color_threshold=0)
right.set(xlabel="1 - identity", title="average linkage")
figure.tight_layout()

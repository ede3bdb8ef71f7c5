"""
All pairs on other machines
===========================

A matrix of distances is cut into tiles; any executor with ``submit`` can take them: processes here, dask's or MPI's in the same line.
"""

from concurrent.futures import ThreadPoolExecutor

import matplotlib.pyplot as plt
import numpy as np

from plait import plot
from plait.align import DTW

rng = np.random.default_rng(14)
kinds = np.repeat(np.arange(4), 15)
series = np.stack([np.sin(np.arange(80) / (4 + 2 * kind) + rng.uniform(0, 1)) + 0.2 * rng.normal(size=80) for kind in kinds])

# %%
# On a cluster: ``executor=distributed.Client(address).get_executor()``, or ``mpi4py.futures.MPIPoolExecutor()``.

with ThreadPoolExecutor(2) as executor:
    distances = DTW(window=0.1).pairwise(series, executor=executor)
assert np.array_equal(distances, DTW(window=0.1).pairwise(series))

figure, axes = plt.subplots(figsize=(4.6, 4))
plot.pairwise(distances, ax=axes)
axes.set(title="DTW of four kinds of series")
figure.tight_layout()

"""
All pairs on a cluster
======================

A matrix of distances is computed in tiles, by any executor with ``submit``. Here it is dask's, with two worker processes on this machine;
for a cluster of many machines, use ``Client(address)``.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import matplotlib.pyplot as plt
import numpy as np

from plait import plot
from plait.align import DTW


@contextmanager
def workers():
    """An executor: dask's, or threads where dask is not installed (``pip install "plait[dask]"``)."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        with ThreadPoolExecutor(2) as executor:
            yield executor
        return
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None, "silence_logs": 50}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        yield client.get_executor()


# %%
# Worker processes are spawned and import this file, so the code that starts them needs a ``__main__`` guard, as always with processes in Python.
# With MPI the executor is ``mpi4py.futures.MPIPoolExecutor()``. The aligner and the series are sent to the workers, which return tiles of the matrix.

if __name__ == "__main__":
    rng = np.random.default_rng(14)
    kinds = np.repeat(np.arange(4), 15)
    series = np.stack([np.sin(np.arange(80) / (4 + 2 * kind) + rng.uniform(0, 1)) + 0.2 * rng.normal(size=80) for kind in kinds])
    aligner = DTW(window=0.1)

    with workers() as executor:
        print(type(executor).__name__)
        distances = aligner.pairwise(series, executor=executor)
    assert np.array_equal(distances, aligner.pairwise(series))  # bit-equal to the result of one process

    figure, axes = plt.subplots(figsize=(4.6, 4))
    plot.pairwise(distances, ax=axes)
    axes.set(title="DTW of four kinds of series")
    figure.tight_layout()

"""Checks of arguments: SciPy's sparse arrays, numbers, counts of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import ShapeError


def is_scipy(array: Any) -> bool:
    """Whether it is a sparse array or matrix of SciPy, recognised by its attributes without importing SciPy."""
    return hasattr(array, "tocsr") and hasattr(array, "tocoo") and hasattr(array, "format")


def sparse_parts(array: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], int]:
    """Offsets, positions, values and number of columns of a two-dimensional sparse array."""
    if not is_scipy(array):
        raise TypeError(f"from_scipy: expected a SciPy sparse array or matrix, got {type(array).__name__}")
    if array.ndim != 2:
        raise ShapeError(f"from_scipy: expected two dimensions, got shape {array.shape}; one dimension is for plait.SparseVector")
    csr = array.tocsr()
    return csr.indptr, csr.indices, csr.data, int(csr.shape[1])


def is_scalar(value: Any) -> bool:
    """Whether it is one real number: Python's, NumPy's, or an array without dimensions."""
    if isinstance(value, (int, float)):
        return True
    return isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0 and value.dtype.kind in "biuf"


def thread_count(threads: Any, what: str) -> int:
    """0 for None: as many as the pool has."""
    if threads is None:
        return 0
    if isinstance(threads, bool) or not hasattr(threads, "__index__") or threads < 1:
        raise ValueError(f"{what}: threads: expected a whole number of at least 1, got {threads!r}")
    return int(threads)

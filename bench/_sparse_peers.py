"""Peers of the sparse bench: a dot product and a search for the best rows by each that is installed."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Dot = Callable[[], float]
Parts = tuple[NDArray[Any], NDArray[Any], int]  # positions, values, size


def plait_dot(a: Parts, b: Parts) -> Dot:
    import plait

    v, w = (plait.SparseVector(p, x, size) for p, x, size in (a, b))
    return lambda: v.dot(w)


def scipy_dot(a: Parts, b: Parts) -> Dot:
    from scipy.sparse import csr_array

    v, w = (csr_array((x, p, [0, len(p)]), shape=(1, size)) for p, x, size in (a, b))
    column = w.T.tocsc()
    return lambda: float((v @ column).sum())


def numba_dot(a: Parts, b: Parts) -> Dot:
    import numba

    @numba.njit
    def merge(p, x, q, y):  # type: ignore[no-untyped-def]
        total, i, j = 0.0, 0, 0
        while i < len(p) and j < len(q):
            if p[i] == q[j]:
                total += x[i] * y[j]
                i += 1
                j += 1
            elif p[i] < q[j]:
                i += 1
            else:
                j += 1
        return total

    (p, x, _), (q, y, _) = a, b
    return lambda: float(merge(p, x, q, y))


def graphblas_dot(a: Parts, b: Parts) -> Dot:
    import graphblas as gb

    v, w = (gb.Vector.from_coo(p.astype(np.uint64), x, size=size) for p, x, size in (a, b))
    return lambda: float(v.inner(w).new().get(0.0))


def eigen_library(folder: str) -> Any:
    """The helper compiled as a distribution would; ImportError where there is no compiler or no Eigen."""
    compiler = shutil.which("c++")
    headers = Path("/usr/include/eigen3")
    if compiler is None or not headers.exists():
        raise ImportError("Eigen")
    library = Path(folder) / "eigen.so"
    source = Path(__file__).with_name("_sparse_eigen.cpp")
    flags = ["-O3", "-std=c++17", "-shared", "-fPIC", "-DNDEBUG", f"-I{headers}"]
    subprocess.run([compiler, *flags, str(source), "-o", str(library)], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.make.restype, loaded.make.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32]
    loaded.dot.restype, loaded.dot.argtypes = ctypes.c_double, [ctypes.c_void_p, ctypes.c_void_p]
    return loaded


_EIGEN: dict[str, Any] = {}


def eigen_dot(a: Parts, b: Parts) -> Dot:
    if not _EIGEN:
        _EIGEN["folder"] = tempfile.TemporaryDirectory()
        _EIGEN["library"] = eigen_library(_EIGEN["folder"].name)
    library = _EIGEN["library"]
    v, w = (library.make(p.ctypes.data, x.ctypes.data, len(p), size) for p, x, size in (a, b))
    return lambda: float(library.dot(v, w))


DOTS: dict[str, Callable[[Parts, Parts], Dot]] = {
    "plait": plait_dot,
    "scipy": scipy_dot,
    "numba": numba_dot,
    "graphblas": graphblas_dot,
    "eigen": eigen_dot,
}

Best = Callable[[], NDArray[Any]]  # the k-th best score of each row


def plait_best(csr: Any, k: int) -> Best:
    import plait

    rows = plait.SparseRows.from_scipy(csr)
    return lambda: rows.top_k(rows, k, threads=1)[1][:, -1]


def sklearn_best(csr: Any, k: int) -> Best:
    from sklearn.neighbors import NearestNeighbors

    return lambda: 1 - NearestNeighbors(n_neighbors=k, metric="cosine", algorithm="brute", n_jobs=1).fit(csr).kneighbors(csr)[0][:, -1]


def topn_best(csr: Any, k: int) -> Best:
    from scipy.sparse import csr_matrix
    from sklearn.preprocessing import normalize
    from sparse_dot_topn import sp_matmul_topn

    matrix = csr_matrix(csr)

    def best() -> NDArray[Any]:
        rows = normalize(matrix)
        found = sp_matmul_topn(rows, rows.T.tocsr(), top_n=k, sort=True, n_threads=1)
        return np.array([found.data[end - 1] for end in found.indptr[1:]])

    return best


BESTS: dict[str, Callable[[Any, int], Best]] = {"plait": plait_best, "scikit-learn": sklearn_best, "sparse_dot_topn": topn_best}

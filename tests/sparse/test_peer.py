"""SciPy and scikit-learn as second witnesses, and the forms in which SciPy's arrays come."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import plait

pytestmark = pytest.mark.peer
sparse = pytest.importorskip("scipy.sparse")


def some(n: int, m: int, share: float, seed: int = 0, dtype: str = "float64") -> Any:
    return sparse.random_array((n, m), density=share, rng=np.random.default_rng(seed), dtype=dtype, format="csr")


def test_vectors_go_to_scipy_and_back() -> None:
    v = plait.SparseVector([1, 4], [2.0, 3.0], size=6)
    s = v.to_scipy()
    assert s.shape == (6,)
    np.testing.assert_array_equal(s.toarray(), v.to_dense())
    row, column = sparse.csr_matrix(v.to_dense()), sparse.csc_array(v.to_dense()[:, None])
    for form in (s, row, column, sparse.coo_array(row), row.tolil(), sparse.dok_array(row)):
        again = plait.SparseVector.from_scipy(form)
        assert again.size == 6
        np.testing.assert_array_equal(again.to_dense(), v.to_dense())
    assert plait.SparseVector.from_scipy(sparse.csr_array((1, 0))).size == 0
    assert plait.SparseVector.from_scipy(sparse.csr_array([[3.0]])).size == 1


def test_repeated_positions_of_scipy_are_summed() -> None:
    repeated = sparse.coo_array(([1.0, 2.0, 4.0, 8.0], ([0, 0, 1, 0], [3, 3, 0, 1])), shape=(2, 5))
    np.testing.assert_array_equal(plait.SparseRows.from_scipy(repeated).to_dense(), repeated.toarray())
    raw = sparse.csr_array((np.array([1.0, 2.0, 4.0]), np.array([3, 1, 3]), np.array([0, 3])), shape=(1, 5))
    R = plait.SparseRows.from_scipy(raw)
    np.testing.assert_array_equal(R.positions, [1, 3])
    np.testing.assert_array_equal(R.values, [2.0, 5.0])
    one = sparse.coo_array(([1, 2, 4], ([3, 3, 0],)), shape=(5,))
    np.testing.assert_array_equal(plait.SparseVector.from_scipy(one).to_dense(), [4, 0, 0, 3, 0])


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int8", "bool", "uint16"])
def test_rows_go_to_scipy_and_back(dtype: str) -> None:
    matrix = (some(9, 13, 0.3) * 10).astype(dtype)
    for form in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia"):
        for kind in (lambda x: x, sparse.csr_matrix):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", sparse.SparseEfficiencyWarning)
                R = plait.SparseRows.from_scipy(kind(matrix).asformat(form))
            assert R.dtype == ("float32" if dtype == "float32" else "float64")
            np.testing.assert_array_equal(R.to_dense(), matrix.toarray())
            np.testing.assert_array_equal(R.to_scipy().toarray(), matrix.toarray())
    assert plait.SparseRows.from_scipy(sparse.csr_array((0, 4))).shape == (0, 4)
    assert plait.SparseRows.from_scipy(sparse.csr_array((4, 0))).T.shape == (0, 4)


def test_rows_have_arrays_of_their_own() -> None:
    matrix = some(5, 5, 0.5)
    R = plait.SparseRows.from_scipy(matrix)
    before = R.to_dense()
    matrix.data[:] = 0
    matrix.indices[:] = 10**6
    np.testing.assert_array_equal(R.to_dense(), before)


def test_products_are_those_of_scipy() -> None:
    a, b = some(60, 300, 0.05, 1), some(300, 40, 0.1, 2)
    A, B = plait.SparseRows.from_scipy(a), plait.SparseRows.from_scipy(b)
    dense = np.random.default_rng(0).normal(size=(300, 7))
    np.testing.assert_allclose((A @ B).to_scipy().toarray(), (a @ b).toarray(), rtol=1e-12)
    np.testing.assert_allclose((A @ A.T).to_scipy().toarray(), (a @ a.T).toarray(), rtol=1e-12)
    np.testing.assert_allclose(A @ dense, a @ dense, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(A.dot(B.T[3]), (a @ b[:, [3]]).toarray().ravel(), rtol=1e-12)
    np.testing.assert_allclose((A + 2 * A[::-1]).to_dense(), (a + 2 * a[::-1]).toarray())
    with pytest.raises(TypeError, match="complex"):
        plait.SparseRows.from_scipy(a.astype("complex128"))
    with pytest.raises(plait.ShapeError, match="two dimensions"):
        plait.SparseRows.from_scipy(plait.SparseVector([1], [1.0]).to_scipy())
    with pytest.raises(plait.ShapeError, match="one row or column"):
        plait.SparseVector.from_scipy(a)
    with pytest.raises(TypeError, match="from_scipy"):
        plait.SparseVector([0], a[:1])


def test_the_best_rows_are_those_of_scikit_learn() -> None:
    neighbors = pytest.importorskip("sklearn.neighbors")
    rng = np.random.default_rng(4)
    weights = 1 / np.arange(1, 501)
    drawn = rng.choice(500, (300, 40), p=weights / weights.sum())
    counts = sparse.csr_array((np.ones(drawn.size), drawn.ravel(), np.arange(0, drawn.size + 1, 40)), shape=(300, 500))
    counts.sum_duplicates()
    R = plait.SparseRows.from_scipy(counts)
    _, scores = R.top_k(R, 10)
    distances, _ = neighbors.NearestNeighbors(n_neighbors=10, metric="cosine", algorithm="brute").fit(counts).kneighbors(counts)
    np.testing.assert_allclose(scores, 1 - distances, atol=1e-12)

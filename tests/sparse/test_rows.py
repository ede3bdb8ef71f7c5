"""SparseRows against dense arrays and dicts."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import sparse as plain

import plait

Matrix = NDArray[Any]


def matrix(rng: np.random.Generator, n: int, m: int, share: float, dtype: str = "float64") -> Matrix:
    dense: Matrix = (rng.normal(size=(n, m)) * (rng.random((n, m)) < share)).astype(dtype)
    return dense


def dicts(dense: Matrix) -> list[dict[int, float]]:
    return [{int(j): float(row[j]) for j in np.flatnonzero(row)} for row in dense]


@st.composite
def matrices(draw: st.DrawFn, columns: int | None = None) -> Matrix:
    n, m = draw(st.integers(0, 12)), columns if columns is not None else draw(st.integers(0, 12))
    seed, share = draw(st.integers(0, 10**6)), draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    return np.round(matrix(np.random.default_rng(seed), n, m, share, draw(st.sampled_from(["float32", "float64"]))), 1)


@given(matrices())
def test_there_and_back(dense: Matrix) -> None:
    R = plait.SparseRows.from_dense(dense)
    assert (R.shape, R.dtype, R.nnz, len(R)) == (dense.shape, dense.dtype, np.count_nonzero(dense), len(dense))
    again = plait.SparseRows(R, size=dense.shape[1])
    for twin in (R, again, pickle.loads(pickle.dumps(R)), copy.deepcopy(R), R.T.T):
        np.testing.assert_array_equal(twin.to_dense(), dense)
    np.testing.assert_array_equal(R.T.to_dense(), dense.T)
    for row, want in zip(R, dense, strict=True):
        np.testing.assert_array_equal(row.to_dense(), want)
    np.testing.assert_allclose(R.norms(), np.linalg.norm(dense.astype(float), axis=1), rtol=1e-12)
    np.testing.assert_allclose(R.norms(1), np.abs(dense.astype(float)).sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(R.normalized().norms(), (R.norms() > 0).astype(float), rtol=1e-6)
    np.testing.assert_array_equal((2 * R).to_dense(), 2 * dense)
    np.testing.assert_array_equal((-R / 3).to_dense(), -dense / 3)
    assert (R - R).nnz == 0
    np.testing.assert_array_equal((R + R[::-1]).to_dense(), dense + dense[::-1])
    np.testing.assert_array_equal((R - R[::-1]).to_dense(), dense - dense[::-1])


@given(matrices(columns=7), matrices(columns=7))
def test_products_are_those_of_dense_matrices(a: Matrix, b: Matrix) -> None:
    A, B = plait.SparseRows.from_dense(a), plait.SparseRows.from_dense(b)
    near = {"rtol": 1e-5, "atol": 1e-5} if np.float32 in (a.dtype, b.dtype) else {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose((A @ B.T).to_dense(), a @ b.T, **near)
    np.testing.assert_allclose(A @ b.T, a @ b.T, **near)
    np.testing.assert_allclose(b @ A.T, b @ a.T, **near)
    for row, want in zip(b, (a @ b.T).T, strict=True):
        v = plait.SparseVector.from_dense(row)
        np.testing.assert_allclose(A.dot(v), want, **near)
        np.testing.assert_allclose(v @ A.T, want, **near)
        np.testing.assert_allclose(A.dot(row), want, **near)


def test_keys_are_those_of_arrays() -> None:
    dense = matrix(np.random.default_rng(0), 9, 5, 0.5)
    R = plait.SparseRows.from_dense(dense)
    for key in (slice(2, 7), slice(None, None, -2), [3, 3, -1], np.array([], int), dense[:, 0] > 0):
        np.testing.assert_array_equal(R[key].to_dense(), dense[key])
    np.testing.assert_array_equal(R[-2].to_dense(), dense[-2])
    for key, error in (
        (9, IndexError),
        (-10, IndexError),
        ([9], IndexError),
        ((1, 2), IndexError),
        ([True], IndexError),
        ("a", TypeError),
        (1.0, TypeError),
    ):
        with pytest.raises(error):
            R[key]


@pytest.mark.parametrize("metric", ["cosine", "dot"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("n", "m", "share", "k"),
    [(1, 1, 1.0, 1), (30, 200, 0.02, 5), (200, 40, 0.3, 10), (300, 3000, 0.01, 7), (64, 10, 0.9, 70), (40, 40, 0.0, 3)],
)
def test_the_best_rows_are_those_of_all_rows(n: int, m: int, share: float, k: int, dtype: str, metric: Any) -> None:
    rng = np.random.default_rng(n * m)
    # Whole numbers, of both signs, some rows twice: many equal scores.
    dense = np.round(2 * matrix(rng, n, m, share)).astype(dtype)
    dense[n // 2 :] = dense[: n - n // 2]
    queries = np.concatenate([dense[: n // 3 + 1], np.round(2 * matrix(rng, 5, m, share)).astype(dtype)])
    R, Q = plait.SparseRows.from_dense(dense), plait.SparseRows.from_dense(queries)
    indices, scores = R.top_k(Q, k, metric=metric)
    tolerance = 1e-6 if dtype == "float32" else 1e-12
    for i, want in enumerate(plain.top_k(dicts(dense), dicts(queries), k, metric)):
        np.testing.assert_allclose(scores[i, : len(want)], [s for _, s in want], rtol=tolerance, atol=tolerance)
        assert (indices[i, len(want) :] == -1).all()
        assert np.isnan(scores[i, len(want) :]).all()
        found = indices[i, : len(want)]
        assert len({*found.tolist()}) == len(want)
        for a, b, s, t in zip(found, found[1:], scores[i], scores[i, 1:], strict=False):
            assert s > t or (s == t and a < b)
        if metric == "dot":
            np.testing.assert_array_equal(found, [row for row, _ in want])
    for threads in (1, 2, 3):
        again = R.top_k(Q, k, metric=metric, threads=threads)
        np.testing.assert_array_equal(again[0], indices)
        np.testing.assert_array_equal(again[1], scores)


def test_the_best_rows_over_blocks_of_rows() -> None:
    rng = np.random.default_rng(5)
    dense = np.round(matrix(rng, 20_000, 12, 0.3) * 2)
    R = plait.SparseRows.from_dense(dense)
    indices, scores = R.top_k(R[:3], 50, metric="dot")
    for i in range(3):
        all_scores = dense @ dense[i]
        order = np.lexsort((np.arange(len(dense)), -all_scores))[:50]
        np.testing.assert_array_equal(indices[i], order)
        np.testing.assert_array_equal(scores[i], all_scores[order])


def test_the_best_rows_share_a_position() -> None:
    rows = plait.SparseRows.from_csr([0, 1, 2, 3, 5], [0, 0, 1, 0, 1], [0.0, -1.0, 1.0, 1.0, 1.0], 3)
    indices, scores = rows.top_k(plait.SparseVector([0], [2.0], size=3), 4, metric="dot")
    np.testing.assert_array_equal(indices, [[3, 1, -1, -1]])  # row 0 stores a zero there
    np.testing.assert_array_equal(scores, [[2.0, -2.0, np.nan, np.nan]])
    indices, _ = rows.top_k(rows[3:], 4, metric="dot", min_score=0.0)
    np.testing.assert_array_equal(indices, [[3, 2, -1, -1]])
    indices, scores = rows.top_k(plait.SparseVector([0, 1], [1.0, -1.0], size=3), 4)
    np.testing.assert_array_equal(indices, [[3, 1, 2, -1]])  # a score of zero is a score
    assert scores[0, 0] == 0.0
    empty = plait.SparseRows([], size=3)
    assert empty.top_k(rows, 2)[0].tolist() == [[-1, -1]] * 4
    assert rows.top_k(empty, 2)[0].shape == (0, 2)


def test_a_vector_in_a_wide_space() -> None:
    far = 2**40
    rows = plait.SparseRows([plait.SparseVector([3, far], [1.0, 2.0]), plait.SparseVector([far + 1], [5.0])])
    assert rows.shape == (2, far + 2)
    assert rows.positions.dtype == np.int64
    np.testing.assert_array_equal(rows.dot(plait.SparseVector([far, far + 1], [1.0, 1.0])), [2.0, 5.0])
    indices, scores = rows.top_k(rows, 1, metric="dot")
    np.testing.assert_array_equal(indices[:, 0], [0, 1])
    np.testing.assert_array_equal(scores[:, 0], [5.0, 25.0])
    assert rows[1][far + 1] == 5.0
    tall = plait.SparseRows.from_csr([0, 1, 3], [1, 0, 1], [2.0, 1.0, 3.0], 2)
    product = tall @ rows
    np.testing.assert_array_equal(product[1].positions, [3, far, far + 1])
    np.testing.assert_array_equal(product[1].values, [1.0, 2.0, 15.0])


def test_values_alone_at_their_position_have_no_part_in_products() -> None:
    rows = plait.SparseRows([plait.SparseVector([0, 1], [math.inf, 1.0]), plait.SparseVector([2], [math.nan])], size=3)
    np.testing.assert_array_equal(rows.dot(plait.SparseVector([1], [2.0])), [2.0, 0.0])
    with pytest.raises(ValueError, match="NaN or infinite"):
        rows.top_k(rows, 1)


def test_threads_do_not_show() -> None:
    rng = np.random.default_rng(3)
    A = plait.SparseRows.from_dense(matrix(rng, 700, 400, 0.2))
    W = rng.normal(size=(400, 11))
    for other in (W, W[:, 0], A.T, A[0]):
        one, many = A.dot(other, threads=1), A.dot(other, threads=3)
        if isinstance(one, plait.SparseRows):
            one, many = one.to_dense(), many.to_dense()
        np.testing.assert_array_equal(one, many)


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: plait.SparseRows.from_csr([0, 2], [1, 1], [1.0, 2.0], 3), ValueError, "row 0 has 1 more than once"),
        (lambda: plait.SparseRows.from_csr([0, 1], [3], [1.0], 3), ValueError, "row 0 has 3"),
        (lambda: plait.SparseRows.from_csr([0, 1], [-1], [1.0], 3), ValueError, "row 0 has -1"),
        (lambda: plait.SparseRows.from_csr([0, 2, 1], [0], [1.0], 3), ValueError, "ascend"),
        (lambda: plait.SparseRows.from_csr([1, 1], [0], [1.0], 3), ValueError, "begin with 0"),
        (lambda: plait.SparseRows.from_csr([], [], [], 3), ValueError, "begin with 0"),
        (lambda: plait.SparseRows.from_csr([0, 2], [0], [1.0], 3), ValueError, "offsets end at 2"),
        (lambda: plait.SparseRows.from_csr([0, 1], [0.5], [1.0], 3), TypeError, "whole numbers"),
        (lambda: plait.SparseRows.from_csr([0, 1], [0], [1j], 3), TypeError, "complex"),
        (lambda: plait.SparseRows.from_csr([0, 1], [0], [1.0], -3), ValueError, "columns"),
        (lambda: plait.SparseRows.from_dense([1.0]), ValueError, "two dimensions"),
        (lambda: plait.SparseRows.from_scipy(np.eye(2)), TypeError, "SciPy sparse"),
        (lambda: plait.SparseRows([plait.SparseVector([0], [1.0], 3), plait.SparseVector([0], [1.0], 4)]), ValueError, "row 1 has size 4, not 3"),
        (lambda: plait.SparseRows([plait.SparseVector([4], [1.0])], size=3), ValueError, "row 0 has 4"),
        (lambda: plait.SparseRows([[1, 2]]), TypeError, "row 0"),
    ],
)  # fmt: skip
def test_bad_rows_are_named(make: Callable[[], Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        make()


def test_bad_operands_are_named() -> None:
    R = plait.SparseRows.from_dense(np.eye(3))
    for bad in (
        lambda: R @ np.ones(4),
        lambda: R @ np.ones((4, 2)),
        lambda: R @ R[:2],
        lambda: R + R[:2],
        lambda: R.dot(plait.SparseVector([0], [1.0], 4)),
    ):
        with pytest.raises(plait.ShapeError, match=r"3"):
            bad()
    for bad in (
        lambda: R + 1,
        lambda: R * R,
        lambda: R * "a",
        lambda: R @ 2,
        lambda: np.asarray(R),
        lambda: R.top_k([1], 2),
        lambda: R.top_k(R, 2.5),
    ):
        with pytest.raises(TypeError):
            bad()
    for bad in (
        lambda: R.top_k(R, 0),
        lambda: R.top_k(R, 2, metric="euclid"),
        lambda: R.top_k(R, 2, threads=0),
        lambda: R.top_k(R, 2, threads=True),
        lambda: R.top_k(R, 2, threads=1.5),
        lambda: R.top_k(R, 2, min_score=math.nan),
    ):
        with pytest.raises(ValueError, match="top_k"):
            bad()
    with pytest.raises(TypeError, match="float32 or float64"):
        R.astype("int32")
    with pytest.raises(ZeroDivisionError):
        R / 0
    with pytest.raises(ValueError, match="order"):
        R.norms(3)


def test_files(tmp_path: Path) -> None:
    R = plait.SparseRows.from_dense(matrix(np.random.default_rng(1), 4, 6, 0.5, "float32"))
    path = tmp_path / "rows.safetensors"
    R.save(path)
    again = plait.SparseRows.load(path)
    assert (again.dtype, again.shape) == (R.dtype, R.shape)
    np.testing.assert_array_equal(again.to_dense(), R.to_dense())
    data = path.read_bytes()
    for n in range(0, len(data), 3):
        path.write_bytes(data[:n])
        with pytest.raises(plait.FormatError):
            plait.SparseRows.load(path)
    rng = np.random.default_rng(2)
    for at in rng.permutation(8 * len(data))[:300]:
        damaged = bytearray(data)
        damaged[at // 8] ^= 1 << (at % 8)
        path.write_bytes(damaged)
        with pytest.raises(plait.FormatError):
            plait.SparseRows.load(path)
    tree = {"kind": "plait.SparseRows", "columns": 2, "offsets": np.array([0, 1]), "positions": np.array([2]), "values": np.array([1.0])}
    twice = {**tree, "offsets": np.array([0, 2]), "positions": np.array([1, 1]), "values": np.array([1.0, 2.0])}
    for wrong in (tree, twice, {**tree, "columns": "2"}, {**tree, "offsets": 3}, {"kind": "plait.SparseRows"}, {"kind": "other"}, [1]):
        plait.save(path, wrong)
        with pytest.raises(plait.FormatError):
            plait.SparseRows.load(path)


def test_equal_rows_are_equal() -> None:
    R = plait.SparseRows.from_dense([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])
    for same in (pickle.loads(pickle.dumps(R)), copy.deepcopy(R), R.T.T, R[:], R.astype("float32")):
        assert same == R
        assert hash(R) == hash(same)
    for other in (R[::-1], R[:1], R * 2, plait.SparseRows.from_dense([[1.0, 0.0, 2.0, 0.0], [0.0, 3.0, 0.0, 0.0]]), 5):
        assert other != R


def test_lists_stand_for_arrays_in_products_and_scipy_is_named() -> None:
    R = plait.SparseRows.from_dense([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])
    np.testing.assert_array_equal(R @ [1, 2, 3], R.dot([1, 2, 3]))
    np.testing.assert_array_equal([1, 2] @ R, [1, 6, 2])
    assert R[np.array(1)] == R[1]
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="from_scipy"):
        R @ sparse.eye_array(3)


@pytest.mark.parametrize("length", [1e-320, 1e-300, 1e300, 1.7e308])
def test_rows_of_extreme_length_are_normalized(length: float) -> None:
    R = plait.SparseRows.from_dense([[length, 0.0], [0.0, 0.0], [3.0, 4.0]]).normalized()
    np.testing.assert_allclose(R.to_dense(), [[1, 0], [0, 0], [0.6, 0.8]], rtol=1e-15)


def test_bad_arguments_are_named() -> None:
    R = plait.SparseRows.from_dense([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])
    with pytest.raises(ValueError, match=r"from_dense: .*inhomogeneous"):
        plait.SparseRows.from_dense([[1, 2], [3]])
    with pytest.raises(TypeError, match="norms: order: expected 1, 2 or infinity, got 'l2'"):
        R.norms("l2")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="min_score: expected a number or None, got 'a'"):
        R.top_k(R, 1, min_score="a")  # type: ignore[arg-type]

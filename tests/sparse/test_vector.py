"""SparseVector against dicts and against dense arrays."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import sparse as plain

import plait

NUMBERS = st.floats(-100, 100).map(lambda x: round(x, 3))


@st.composite
def vectors(draw: st.DrawFn, size: int | None = None, most: int = 60) -> dict[int, float]:
    positions = draw(st.lists(st.integers(0, (size or 200) - 1), unique=True, max_size=most))
    return {p: draw(NUMBERS) for p in positions}


def made(v: dict[int, float], size: int | None = None, dtype: str = "float64") -> plait.SparseVector:
    return plait.SparseVector(np.array([*v], int), np.array([*v.values()], dtype), size=size)


def as_dict(v: plait.SparseVector) -> dict[int, float]:
    return dict(zip(v.positions.tolist(), v.values.tolist(), strict=True))


@given(vectors(), vectors(), st.booleans(), st.booleans(), st.sampled_from([0, 2**31 + 5, 2**40]))
def test_products_and_sums_are_those_of_dicts(v: dict[int, float], w: dict[int, float], single: bool, other: bool, far: int) -> None:
    v, w = {p + far: x for p, x in v.items()}, {p + far: x for p, x in w.items()}
    if single:
        v = {p: float(np.float32(x)) for p, x in v.items()}
    if other:
        w = {p: float(np.float32(x)) for p, x in w.items()}
    a, b = made(v, dtype="float32" if single else "float64"), made(w, 2**41, dtype="float32" if other else "float64")
    assert a.dot(b) == pytest.approx(plain.dot(v, w), rel=1e-12, abs=1e-9)
    assert a.dot(b) == a @ b
    assert a.norm() == pytest.approx(plain.norm(v), rel=1e-12)
    assert a.cosine(b) == pytest.approx(plain.cosine(v, w), rel=1e-9, abs=1e-9)
    if single == other:
        as_float = np.float32 if single else float
        for sign, result in ((1.0, a + b), (-1.0, a - b)):
            want = {p: float(as_float(v.get(p, 0)) + as_float(sign) * as_float(w.get(p, 0))) for p in {*v, *w}}
            assert as_dict(result) == {p: x for p, x in want.items() if x != 0}
            assert result.size == 2**41
            assert result.dtype == (np.float32 if single else np.float64)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("far", [0, 2**33])
@pytest.mark.parametrize(
    ("n", "m", "span"), [(7, 900, 2000), (3, 5000, 5000), (40, 2000, 10_000), (500, 500, 600), (500, 700, 10**6), (64, 64, 64)]
)
def test_every_way_to_a_product(n: int, m: int, span: int, far: int, dtype: str) -> None:
    rng = np.random.default_rng(n + m)
    p, q = (rng.permutation(span)[:k] + far for k in (n, m))
    x, y = (rng.normal(size=k).astype(dtype) for k in (n, m))
    a, b = plait.SparseVector(p, x), plait.SparseVector(q, y)
    want = plain.dot(dict(zip(p.tolist(), x.tolist(), strict=True)), dict(zip(q.tolist(), y.tolist(), strict=True)))
    assert a.dot(b) == pytest.approx(want, rel=1e-12, abs=1e-12)
    assert b.dot(a) == pytest.approx(want, rel=1e-12, abs=1e-12)


@given(vectors(size=50), st.slices(50), st.integers(-50, 49))
def test_slices_and_items_are_those_of_the_dense_vector(v: dict[int, float], key: slice, at: int) -> None:
    a = made(v, 50)
    dense = a.to_dense()
    assert a[at] == dense[at]
    np.testing.assert_array_equal(a[key].to_dense(), dense[key])
    if None not in (key.start, key.stop) and min(key.start, key.stop) >= 0 and (key.step or 1) > 0:
        longer = np.pad(dense, (0, 50))[key]
        np.testing.assert_array_equal(np.pad(made(v)[key].to_dense(), (0, 50))[: len(longer)], longer)


@given(vectors(size=50))
def test_dense_there_and_back(v: dict[int, float]) -> None:
    a = made(v, 50)
    dense = np.zeros(50)
    dense[[*v]] = [*v.values()]
    np.testing.assert_array_equal(a.to_dense(), dense)
    again = plait.SparseVector.from_dense(dense)
    np.testing.assert_array_equal(again.to_dense(), dense)
    assert again.nnz == np.count_nonzero(dense)
    other = np.random.default_rng(0).normal(size=50)
    assert a.dot(other) == pytest.approx(dense @ other)
    assert other @ a == a @ other == a.dot(other)
    assert a.dot(other.astype("float32")) == pytest.approx(dense @ other.astype("float32"))
    np.testing.assert_array_equal((a * 2.5).to_dense(), dense * 2.5)
    np.testing.assert_array_equal((np.float64(3) * a).to_dense(), 3 * dense)
    np.testing.assert_array_equal((a / 3).to_dense(), dense / 3)
    np.testing.assert_array_equal((-a).to_dense(), -dense)
    np.testing.assert_array_equal((a * a).to_dense(), dense * dense)
    assert a.sum() == pytest.approx(dense.sum())
    assert a.norm(1) == pytest.approx(np.abs(dense).sum())
    assert a.norm(math.inf) == np.abs(dense).max()
    for twin in (pickle.loads(pickle.dumps(a)), copy.deepcopy(a)):
        np.testing.assert_array_equal(twin.to_dense(), dense)
        assert twin.size == 50


def test_positions_are_sorted_once_and_narrow_where_they_fit() -> None:
    v = plait.SparseVector(np.array([5, 0, 3], np.int64), [1, 2, 3])
    np.testing.assert_array_equal(v.positions, [0, 3, 5])
    np.testing.assert_array_equal(v.values, [2.0, 3.0, 1.0])
    assert (v.positions.dtype, v.dtype, v.size, v.nnz) == (np.int32, np.float64, None, 3)
    assert plait.SparseVector([2**31 - 1], [1.0]).positions.dtype == np.int32
    assert plait.SparseVector([2**31], [1.0]).positions.dtype == np.int64
    assert plait.SparseVector([2**31, 1], [1.0, 2.0])[2**31] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        v.values[0] = 1


def test_an_open_vector_fits_beside_any() -> None:
    v = plait.SparseVector([1, 7], [2.0, 3.0])
    assert v.dot(plait.SparseVector([7], [1.0], size=10)) == 3.0
    assert v.dot(np.ones(100)) == 5.0
    assert (v[5], v[10**12], v.to_dense().size) == (0.0, 0.0, 8)
    np.testing.assert_array_equal(v[1:].to_dense(), [2, 0, 0, 0, 0, 0, 3])
    assert v[1:].size is None
    assert v[0:4].size == 4
    for bad in (lambda: v[-1], lambda: v[:-1], lambda: v[::-1]):
        with pytest.raises(IndexError, match="open"):
            bad()
    with pytest.raises(TypeError, match="open"):
        len(v)
    with pytest.raises(TypeError, match="iterable"):
        iter(v)
    with pytest.raises(plait.ShapeError, match="position 7"):
        v.dot(np.ones(7))
    with pytest.raises(plait.ShapeError, match="size 7"):
        v + plait.SparseVector([0], [1.0], size=7)


@pytest.mark.parametrize(
    ("positions", "values", "size", "error", "match"),
    [
        ([1, 1], [1.0, 2.0], None, ValueError, "1 comes more than once"),
        ([3, 1, 3], [1.0, 2.0, 3.0], None, ValueError, "3 comes more than once"),
        ([-1], [1.0], None, ValueError, "at least 0, got -1 at index 0"),
        ([0, 5], [1.0, 2.0], 5, ValueError, "5 at index 1 does not lie below the size 5"),
        ([2**63], [1.0], None, TypeError, "positions"),
        ([0.0, 1.0], [1.0, 2.0], None, TypeError, "whole numbers, got an array of float64"),
        ([True, False], [1.0, 2.0], None, TypeError, "whole numbers, got an array of bool"),
        (["a"], [1.0], None, TypeError, "positions"),
        ([0, 1], [1.0], None, ValueError, "2 positions and 1 values"),
        ([[0, 1]], [1.0], None, ValueError, "one dimension"),
        (3, 1.0, None, ValueError, "one dimension"),
        ([0], [1j], None, TypeError, "complex"),
        ([0], ["x"], None, TypeError, "values"),
        ([0], [None], None, TypeError, "values"),
        ([0], np.ma.masked_array([1.0], [True]), None, ValueError, "masked"),
        (np.ma.masked_array([1, 2], [True, False]), [1.0, 2.0], None, ValueError, "masked"),
        ([0], [1.0], -1, ValueError, "size"),
        ([0], [1.0], 2.5, TypeError, "size"),
        ([0], [1.0], "3", TypeError, "size"),
        ([0], [1.0], 2**70, ValueError, "size: expected .* got 1180591620717411303424"),
        ([0], [[1.0], [2.0, 3.0]], None, ValueError, "values: .*inhomogeneous"),
        ([np.nan], [1.0], None, TypeError, "whole numbers"),
    ],
)  # fmt: skip
def test_bad_input_is_named(positions: Any, values: Any, size: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        plait.SparseVector(positions, values, size=size)


def test_bad_operands_are_named() -> None:
    v, w = plait.SparseVector([0], [1.0], size=5), plait.SparseVector([0], [1.0], size=6)
    for bad in (lambda: v.dot(w), lambda: v + w, lambda: v - w, lambda: v * w, lambda: v.cosine(w), lambda: v @ w):
        with pytest.raises(plait.ShapeError, match="sizes 5 and 6"):
            bad()
    with pytest.raises(plait.ShapeError, match="size 5 and a dense one of size 4"):
        v.dot(np.ones(4))
    with pytest.raises(plait.ShapeError, match="dense vector"):
        v.dot(np.ones((5, 1)))
    for bad in (
        lambda: v + 1,
        lambda: v * "a",
        lambda: v * np.ones(5),
        lambda: v * 1j,
        lambda: np.asarray(v),
        lambda: v.dot(None),
        lambda: v["a"],
    ):
        with pytest.raises(TypeError):
            bad()
    with pytest.raises(ZeroDivisionError):
        v / 0
    for at in (5, -6, 10**30):
        with pytest.raises(IndexError):
            v[at]
    with pytest.raises(ValueError, match="order"):
        v.norm(3)


def test_nothing_stored() -> None:
    for v in (
        plait.SparseVector([], []),
        plait.SparseVector([], [], size=0),
        plait.SparseVector([0], [0.0]),
        plait.SparseVector((), [], size=3),
    ):
        assert v.dot(plait.SparseVector([0], [3.0])) == 0.0 if v.size != 0 else v.dot(v) == 0.0
        assert (v.norm(), v.cosine(v), v.sum(), (v + v).nnz) == (0.0, 0.0, 0.0, 0)
        assert v.to_dense().sum() == 0


def test_values_alone_at_their_position_have_no_part_in_a_product() -> None:
    v = plait.SparseVector([0, 1, 2], [math.nan, 2.0, math.inf])
    assert v.dot(plait.SparseVector([1, 3], [1.0, math.nan])) == 2.0
    assert v.dot(plait.SparseVector(np.arange(1, 5000, 4), np.full(1250, 3.0))) == 6.0
    assert math.isnan(v.dot(v))
    assert math.isnan(v.norm())


def test_norms_and_cosines_at_the_ends_of_the_range() -> None:
    for scale in (1e-320, 1e-200, 1e-160, 1.0, 1e160, 1e300):
        v, w = plait.SparseVector([0, 1], [3 * scale, 4 * scale]), plait.SparseVector([0, 1], [4 * scale, 3 * scale])
        tolerance = 1e-3 if scale < 1e-300 else 1e-12
        assert v.norm() == pytest.approx(5 * scale, rel=tolerance)
        assert v.cosine(w) == pytest.approx(24 / 25, rel=tolerance)
    v = plait.SparseVector([0, 5, 9], [0.1, 0.7, 0.3])
    assert v.cosine(v) <= 1.0


def test_equal_vectors_are_equal() -> None:
    v = plait.SparseVector([3, 1], [4.0, 2.0], size=6)
    for same in (copy.copy(v), copy.deepcopy(v), pickle.loads(pickle.dumps(v)), plait.SparseVector([1, 3], np.float32([2, 4]), size=6)):
        assert v == same
        assert hash(v) == hash(same)
    for other in ([3, 1], [4.0, 2.5], 6), ([3, 2], [4.0, 2.0], 6), ([3, 1], [4.0, 2.0], 7), ([3, 1], [4.0, 2.0], None), ([3], [4.0], 6):
        assert v != plait.SparseVector(*other)
    assert v != 5


def test_lists_stand_for_arrays_in_products() -> None:
    v = plait.SparseVector([3, 1], [4.0, 2.0], size=6)
    assert v @ [1, 2, 3, 4, 5, 6] == [1, 2, 3, 4, 5, 6] @ v == v.dot([1, 2, 3, 4, 5, 6]) == 20
    with pytest.raises(TypeError, match="cosine: other: expected a SparseVector, got list"):
        v.cosine([1.0] * 6)

"""Names that people trace: indices with several arrays, constant masks, einsum, roll, pad, argmax; NumPy is the second witness."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plait

X = np.random.default_rng(0).normal(size=(4, 5, 6, 3))
ROWS, COLUMNS = np.array([0, 3, 1]), np.array([-1, 2, 4])
ALL = slice(None)

KEYS: list[Any] = [
    (ROWS, COLUMNS),
    (ALL, ROWS, COLUMNS),
    (ROWS, ALL, COLUMNS),
    (ALL, ALL, ROWS, np.array([0, -1, 2])),
    (2, ROWS, COLUMNS),
    (ROWS, 1, COLUMNS),
    (ROWS[:, None], COLUMNS[None]),
    (..., ROWS, np.array([1, 0, -2])),
    (None, ROWS, COLUMNS),
    (ROWS, None, COLUMNS),
    (slice(1, 3), ROWS, slice(None, None, 2), np.array([0, 1, 2])),
    ([0, 1], [1, 2]),
    X[:, :, :, 0] > 0,
    (ALL, X[0, :, :, 0] > 0),
    X[:, 0, 0, 0] > 0,
    (..., X[0, 0, 0] > 0),
    X > 0,
    (X[:, 0, 0, 0] > -9, 1),
    np.zeros(4, bool),
]


@pytest.mark.parametrize("k", range(len(KEYS)))
def test_indices_are_numpys_and_so_is_their_slope(k: int) -> None:
    key = KEYS[k]
    x = plait.input("x", X.shape, dtype="float64")
    y = x[key]
    table = plait.Table(y, {x: X})
    assert table[y].shape == X[key].shape
    assert np.array_equal(table[y], X[key])
    seed = np.random.default_rng(1).normal(size=X[key].shape)
    table.backward(y, seed=seed)
    expected = np.zeros_like(X)
    np.add.at(expected, key, seed)
    np.testing.assert_allclose(table.grad(x), expected, atol=1e-12)


def test_the_logits_of_the_labels() -> None:
    logits, labels = plait.input("logits", (None, 10)), plait.input("labels", (None,), dtype="int64")
    chosen = plait.compile(logits[np.arange(4), labels])
    values, at = np.random.default_rng(0).normal(size=(4, 10)).astype("float32"), np.array([1, 2, -1, 0])
    assert np.array_equal(chosen(logits=values, labels=at), values[np.arange(4), at])
    loss = plait.function(lambda z, t: -(z - np.log(np.exp(z).sum(1, keepdims=True)))[np.arange(len(z)), t].mean())
    probabilities = np.exp(values) / np.exp(values).sum(1, keepdims=True)
    np.testing.assert_allclose(loss(values, at), -np.log(probabilities[np.arange(4), at]).mean(), rtol=1e-5)


def test_what_cannot_be_an_index_is_refused() -> None:
    x = plait.input("x", (4, 5))
    with pytest.raises(plait.TraceError, match="a boolean mask chooses"):
        x[x > 0]
    with pytest.raises(IndexError, match="index 5 is out of range for axis 1"):
        x[[0], [5]]
    with pytest.raises(IndexError, match=r"a mask of shape .3,. does not fit axis 0 of 4"):
        x[np.array([True, False, True])]
    with pytest.raises(IndexError, match="too many indices: 3"):
        x[[0], [1], [2]]
    with pytest.raises(plait.ShapeError, match="do not broadcast"):
        x[[0, 1], [1, 2, 3]]
    with pytest.raises(plait.DTypeError, match="indices must be integers"):
        x[[0, 1], [0.5, 1.5]]
    with pytest.raises(plait.ShapeError, match="only the first may have a size that is bound later"):
        plait.input("y", (3, None))[[0], [1]]


SPECS = [
    ("ij,jk->ik", (3, 4), (4, 5)),
    ("ij,jk", (3, 4), (4, 5)),
    ("ba,cb", (3, 4), (5, 3)),
    ("ii", (4, 4)),
    ("ii->i", (4, 4)),
    ("ij->ji", (3, 4)),
    ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    ("i,j->ij", (3,), (4,)),
    ("ij,ij", (3, 4), (3, 4)),
    ("ij,ij->i", (3, 4), (3, 4)),
    ("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5)),
    ("ijk,jl,kl->il", (2, 3, 4), (3, 5), (4, 5)),
    ("...ij,...jk->...ik", (2, 3, 4), (4, 5)),
    ("...i->...", (2, 3, 4)),
    ("i...,i...->...", (3, 2), (3, 2)),
    ("ij->", (3, 4)),
    ("a,a,a->a", (3,), (3,), (3,)),
    ("iij->j", (3, 3, 2)),
    ("ij,kl->jl", (2, 3), (4, 5)),
    (" i j , j -> i ", (3, 4), (4,)),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec[0])
def test_einsum_is_numpys(spec: Any) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in spec[1:]]
    got = plait.evaluate(plait.einsum(spec[0], *arrays))
    expected = np.einsum(spec[0], *arrays)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, atol=1e-12)
    assert plait.check_gradient(lambda *nodes: np.sin(plait.einsum(spec[0], *nodes)).sum(), *arrays) < 1e-6


def test_einsum_of_a_batch_that_is_bound_later_and_of_integers() -> None:
    x, w = plait.input("x", (None, 3)), np.ones((3, 4))
    assert plait.compile(plait.einsum("bi,ij->bj", x, w))(x=np.ones((2, 3))).tolist() == [[3.0] * 4] * 2
    assert plait.evaluate(plait.einsum("ij,j->i", [[1, 2], [3, 4]], [1, 1])).tolist() == [3, 7]


@pytest.mark.parametrize(
    ("spec", "shapes", "match"),
    [
        ("ij,jk->ik", [(2, 3)], "2 groups of letters, 1 operands"),
        ("ij->ik", [(2, 3)], "one that no operand has"),
        ("ij->ii", [(2, 3)], "a letter twice"),
        ("ijk->i", [(2, 3)], "3 letters for"),
        ("i->i", [(2, 3)], "1 letters for"),
        ("i1->i", [(2, 3)], "expected letters"),
        ("ij,jk->ik", [(2, 3), (4, 5)], "axes of 3 and 4 have one letter"),
        ("ii->i", [(2, 3)], "a diagonal has one known size"),
    ],
)
def test_einsum_says_what_does_not_fit(spec: str, shapes: list[tuple[int, ...]], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        plait.einsum(spec, *[np.ones(shape) for shape in shapes])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_places_rolls_and_borders(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    values = data.draw(st.lists(st.sampled_from([0.0, 1.0, -2.0, np.nan]), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    x = np.array(values).reshape(shape)
    axis = data.draw(st.none() | st.integers(-len(shape), len(shape) - 1))
    keep = data.draw(st.booleans())
    for ours, theirs in ((plait.argmax, np.argmax), (plait.argmin, np.argmin)):
        got, expected = plait.evaluate(ours(x, axis, keep)), theirs(x, axis, keepdims=keep)
        assert got.dtype == np.int64
        assert np.array_equal(got, expected)
    shift = data.draw(st.integers(-9, 9))
    assert np.array_equal(plait.evaluate(plait.roll(x, shift, axis)), np.roll(x, shift, axis), equal_nan=True)
    mode: Any = data.draw(st.sampled_from(["constant", "edge", "symmetric", "wrap", "reflect"]))
    widths = [(data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))) for _ in shape]
    assert np.array_equal(plait.evaluate(plait.pad(x, widths, mode)), np.pad(x, widths, mode), equal_nan=True)


def test_numpys_functions_and_methods_are_answered() -> None:
    f = plait.function(lambda a: np.einsum("ij,kj->ik", a, np.roll(a, 1, axis=0)) + np.pad(a, ((0, 0), (0, 1)))[:, :2])
    a = np.arange(4.0).reshape(2, 2)
    np.testing.assert_allclose(f(a), a @ np.roll(a, 1, axis=0).T + a)
    assert plait.function(lambda a: np.argmax(a, axis=1) + a.argmin())(a).tolist() == [1, 1]
    assert plait.evaluate(plait.arange(2, 8, 3)).tolist() == [2, 5]
    assert plait.arange(0, 1, 0.25).dtype == np.float32
    x = plait.input("x", (None, 3))
    padded = plait.compile(plait.pad(x, ((1, 0), (0, 1)), constant_values=np.nan))
    assert np.isnan(padded(x=np.ones((1, 3)))).tolist() == [[True] * 4, [False] * 3 + [True]]
    assert np.isfinite(plait.evaluate(plait.pad(x, ((0, 0), (0, 1))), {x: np.full((1, 3), 1.0)})).all()


def test_misuse_is_refused() -> None:
    x = plait.input("x", (None, 3))
    with pytest.raises(plait.ShapeError, match="without an axis all sizes must be known"):
        plait.argmax(x)
    with pytest.raises(plait.ShapeError, match="axis 2 is out of range"):
        plait.roll(x, 1, axis=2)
    with pytest.raises(ValueError, match="expected one of constant, edge"):
        plait.pad(x, 1, mode="mean")
    with pytest.raises(plait.ShapeError, match="needs the size of axis 0"):
        plait.pad(x, 1, mode="edge")
    with pytest.raises(ValueError, match="whole numbers of at least 0"):
        plait.pad(x, -1)


def test_static_arguments() -> None:
    f = plait.function(lambda x, n, axis=0: sum(x**k for k in range(n)).sum(axis), static_argnums=1, static_argnames="axis")
    x = np.full((2, 3), 2.0)
    assert f(x, 4).tolist() == [30.0] * 3
    assert f(x, 4, axis=1).tolist() == [45.0] * 2
    assert f(x, 2, axis=1).tolist() == [9.0] * 2
    slope = plait.grad(lambda x, n: (x**n).sum(), static_argnums=(1,))
    assert slope(np.arange(3.0), 3).tolist() == [0, 3, 12]
    assert slope(np.arange(3.0), 2).tolist() == [0, 2, 4]
    assert plait.grad(lambda x: slope(x, 3).sum())(np.arange(3.0)).tolist() == [0, 6, 12]
    assert plait.value_and_grad(lambda x, n: (n * x).sum(), static_argnums=1)(np.ones(2), 3)[0] == 6
    with pytest.raises(TypeError, match="can be hashed"):
        f(x, [1])
    at = np.array([1.0, 2.0])
    assert plait.jacobian(lambda x, n: x**n, static_argnums=1)(at, 3).tolist() == [[3, 0], [0, 12]]
    assert plait.jacobian(lambda x, y, n: n * x * y, (0, 1), static_argnums=2)(at, at, 2)[1].tolist() == [[2, 0], [0, 4]]
    assert plait.hessian(lambda x, axis: (x**3).sum(axis), static_argnames="axis")(at, axis=0).tolist() == [[6, 0], [0, 12]]
    assert plait.hvp(lambda x, n: (x**n).sum(), static_argnums=1)(at, 3, np.ones(2)).tolist() == [6, 12]
    with pytest.raises(plait.TraceError, match="static_argnums= for an argument that Python is to see"):
        plait.function(lambda x, n: sum(x for _ in range(n)))(at, 2)
    with pytest.raises(ValueError, match="static_argnums: expected positions of at least 0"):
        plait.function(lambda x: x, static_argnums=-1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arctangents_are_within_six_units_of_the_last_place(dtype: str) -> None:
    large = 30 if dtype == "float32" else 300
    powers = 10.0 ** np.linspace(-30, large, 4000)
    x = np.concatenate([np.linspace(-20, 20, 20_001), powers, -powers, [0, np.inf, -np.inf]]).astype(dtype)
    exact = np.arctan(x.astype(np.longdouble))
    got = plait.evaluate(plait.arctan(x))
    assert got.dtype == dtype
    assert np.max(np.abs(got - exact) / np.spacing(np.abs(exact).astype(dtype))) <= 6
    y = np.roll(x, 7777)
    exact, got = np.arctan2(y.astype(np.longdouble), x.astype(np.longdouble)), plait.evaluate(plait.arctan2(y, x))
    assert got.dtype == dtype
    normal = np.abs(exact) >= np.finfo(dtype).tiny  # smaller angles may be flushed to zero
    assert np.max((np.abs(got - exact) / np.spacing(np.abs(exact).astype(dtype)))[normal]) <= 6
    assert np.isnan(plait.evaluate(plait.arctan(np.array([np.nan], dtype)))).all()


def test_slopes_and_curvatures_of_arctangents() -> None:
    x = np.array([0.0, 0.5, -3.0, 100.0, -1e8])
    np.testing.assert_allclose(plait.grad(lambda t: np.arctan(t).sum())(x), 1 / (1 + x * x), rtol=1e-13)
    hessian = plait.hessian(lambda t: np.arctan(t).sum())(x[:3])
    np.testing.assert_allclose(np.diag(hessian), -2 * x[:3] / (1 + x[:3] ** 2) ** 2, rtol=1e-12, atol=1e-15)
    y, x = np.array([0.0, 1, 1, -1, 0, 2, 1, -3]), np.array([1.0, 0, 1, -1, -2, -1, 1, -3])
    to_y, to_x = plait.grad(lambda a, b: np.arctan2(a, b).sum(), argnums=(0, 1))(y, x)
    np.testing.assert_allclose(to_y, x / (x * x + y * y), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(to_x, -y / (x * x + y * y), rtol=1e-13, atol=1e-15)
    assert np.isfinite(plait.grad(lambda v: plait.arctan2(v[0], v[1]))(np.zeros(2))).all()
    infinite = np.array([np.inf, -np.inf, 1.0])
    np.testing.assert_allclose(
        plait.evaluate(plait.arctan2(infinite[:, None], infinite)), np.arctan2(infinite[:, None], infinite), atol=1e-15
    )

"""Sorting beside NumPy's: order, ties, NaN, every axis and dtype, and where gradients go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import plait

RNG = np.random.default_rng(5)


@given(
    hnp.arrays(
        st.sampled_from(["float32", "float64", "int32", "int64", "bool"]),
        hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=9),
        elements={"allow_subnormal": False},
    ),
    st.data(),
)
def test_order_is_numpys(array: np.ndarray, data: st.DataObject) -> None:
    axis = data.draw(st.one_of(st.none(), st.integers(-array.ndim, array.ndim - 1)))
    x = plait.input("x", array.shape, array.dtype)
    program = plait.compile([plait.argsort(x, axis), plait.sort(x, axis)])
    places, values = program(x=array)
    assert np.array_equal(places, np.argsort(array, axis, kind="stable"))
    assert np.array_equal(values, np.sort(array, axis, kind="stable"), equal_nan=array.dtype.kind == "f")
    for found, expected in zip(plait.evaluate([plait.argsort(x, axis), plait.sort(x, axis)], {x: array}), (places, values), strict=True):
        assert np.array_equal(found, expected, equal_nan=found.dtype.kind == "f")


def test_descending_keeps_the_order_of_equal_elements() -> None:
    x = np.array([2.0, 1.0, 2.0, np.nan, 1.0, 3.0])
    assert plait.evaluate(plait.argsort(x, descending=True)).tolist() == [3, 5, 0, 2, 1, 4]
    assert np.array_equal(plait.evaluate(plait.sort(x, descending=True)), [np.nan, 3, 2, 2, 1, 1], equal_nan=True)
    y = plait.input("y", (None, 3))
    assert plait.compile(plait.sort(y, 0, descending=True))(y=[[1, 5, 2], [3, 4, 9]]).tolist() == [[3, 5, 9], [1, 4, 2]]
    with pytest.raises(plait.ShapeError, match="descending needs the size"):
        plait.argsort(y, 0, descending=True)


def test_gradients_go_back_to_where_each_element_came_from() -> None:
    x, w = RNG.normal(size=(4, 5)), RNG.normal(size=(4, 5))
    for axis in (0, 1, -1):
        assert plait.check_gradient(lambda a, axis=axis: (plait.sin(plait.sort(a, axis)) * w).sum(), x) < 1e-7
        assert plait.check_gradient(lambda a, axis=axis: (plait.sin(plait.sort(a, axis)) * w).sum(), x, order=2) < 1e-6
    # Of ties each keeps the weight of its own place.
    assert plait.grad(lambda a: (plait.sort(a) * np.array([1.0, 10, 100])).sum())(np.array([2.0, 2, 1])).tolist() == [10, 100, 1]
    assert plait.grad(lambda a: (plait.argsort(a) * 1.0).sum())(np.arange(3.0)).tolist() == [0, 0, 0]


def test_numpys_functions_and_the_method() -> None:
    x = RNG.normal(size=(4, 5))
    node = plait.constant(x)
    assert np.array_equal(plait.evaluate(np.sort(node, axis=0)), np.sort(x, axis=0))
    assert np.array_equal(plait.evaluate(np.argsort(node, axis=None)), np.argsort(x, axis=None))
    assert np.array_equal(plait.evaluate(node.argsort(0)), x.argsort(0))
    with pytest.raises(plait.TraceError, match="Nodes do not change"):
        node.sort()


def test_misuse_is_named() -> None:
    with pytest.raises(plait.ShapeError, match="a scalar has no axis"):
        plait.sort(3.0)
    with pytest.raises(plait.ShapeError, match="axis 2 is out of range"):
        plait.argsort(np.ones(3), 2)
    with pytest.raises(TypeError, match="axis: expected an integer"):
        plait.sort(np.ones(3), "up")  # type: ignore[arg-type]

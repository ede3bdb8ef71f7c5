"""Sparse inputs of graphs: the same as a dense input of the same numbers, in value, gradient and training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import plait
from plait.train import predict

Matrix = NDArray[Any]


def counts(n: int, m: int, seed: int = 0, dtype: str = "float64") -> Matrix:
    rng = np.random.default_rng(seed)
    dense: Matrix = (rng.integers(1, 5, (n, m)) * (rng.random((n, m)) < 0.2)).astype(dtype)
    return dense


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(30, 4), (30,), (30, 33), (30, 1)])
def test_value_and_gradients_are_those_of_a_dense_input(shape: tuple[int, ...], dtype: str) -> None:
    dense, rng = counts(8, 30), np.random.default_rng(1)
    R = plait.SparseRows.from_dense(dense)
    x, y = plait.sparse_input("x", (None, 30), dtype), plait.input("y", (None, 30), dtype)
    w = plait.parameter(rng.normal(size=shape).astype(dtype), name="w")
    near = {"rtol": 1e-5, "atol": 1e-4} if dtype == "float32" else {"rtol": 1e-12, "atol": 1e-12}

    def nodes(leaf: plait.Node) -> list[plait.Node]:
        loss = plait.tanh(leaf @ w).sum() + ((leaf @ w) ** 2).mean()
        slope = plait.gradient(loss, w)
        curve = plait.gradient((slope * slope).sum(), w)  # of the gradient the gradient
        return [loss, leaf @ w, slope, curve, plait.gradient((curve * w).sum(), w), plait.gradient(loss, leaf)]

    ours, theirs = nodes(x), nodes(y)
    want = plait.compile(theirs)(y=dense)
    for got in (plait.compile(ours)(x=R), plait.evaluate(ours, {x: R})):
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, **near)
            assert a.dtype == np.dtype(dtype)
    table = plait.Table(ours[0], {x: R})
    table.backward(ours[0])
    np.testing.assert_allclose(table.grad(w), want[2], **near)
    with pytest.raises(plait.GraphError, match="gives its gradient"):
        table.grad(x)
    with pytest.raises(plait.GraphError, match="what was fed"):
        table[x]


def test_feeds_of_all_kinds_and_sizes() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    x = plait.sparse_input("x", (None, 30), "float64")
    program = plait.compile(x @ np.eye(30))
    for n in (8, 3, 0, 8):
        dense = counts(n, 30, seed=n)
        for form in (sparse.csr_array, sparse.csr_matrix, sparse.csc_array, sparse.coo_array, sparse.lil_matrix):
            np.testing.assert_array_equal(program(x=form(dense)), dense)
        np.testing.assert_array_equal(program({x: plait.SparseRows.from_dense(dense.astype("float32"))}), dense)
    assert [step.label for step in program.profile({"x": sparse.csr_array(dense)})]


def test_training_goes_as_with_a_dense_input() -> None:
    dense = counts(50, 20, dtype="float32")
    target = (dense @ np.random.default_rng(2).normal(size=20)).astype("float32")
    R = plait.SparseRows.from_dense(dense)
    histories, weights = [], []
    for leaf, data in ((plait.sparse_input("x", (None, 20)), R), (plait.input("x", (None, 20)), dense)):
        t = plait.input("t", (None,))
        w = plait.parameter(np.zeros(20, "float32"), name="w")
        loss = plait.losses.mse(leaf @ w, t)
        feeds = {leaf: data, t: target}
        history = plait.train(loss, feeds, optimizer=plait.optim.SGD(0.01), epochs=3, batch_size=16, rng=0, validation=feeds)
        histories.append(history.loss + history.validation)
        weights.append(w.value)
    np.testing.assert_allclose(*histories, rtol=1e-4)
    np.testing.assert_allclose(*weights, rtol=1e-3, atol=1e-5)
    assert histories[0][2] < histories[0][0]


def test_predictions_by_batches() -> None:
    dense = counts(50, 20)
    x = plait.sparse_input("x", (None, 20), "float64")
    got = predict([x @ np.ones(20)], {x: plait.SparseRows.from_dense(dense)}, batch_size=7)[0]
    np.testing.assert_array_equal(got, dense.sum(axis=1))


def test_threads_do_not_show() -> None:
    R = plait.SparseRows.from_dense(counts(3000, 200))
    x = plait.sparse_input("x", (None, 200), "float64")
    w = plait.parameter(np.random.default_rng(0).normal(size=(200, 10)))
    program = plait.compile([x @ w, plait.gradient(((x @ w) ** 2).sum(), w)])
    before = plait.get_num_threads()
    try:
        results = []
        for threads in (1, 2, 3):
            plait.set_num_threads(threads)
            results.append(program(x=R))
    finally:
        plait.set_num_threads(before)
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_only_products_read_it() -> None:
    x = plait.sparse_input("x", (None, 30))
    y = plait.sparse_input("y", (30, 30))
    w = np.ones((30, 2), "float32")
    uses = [
        lambda: x + 1, lambda: plait.tanh(x), lambda: x.sum(), lambda: x[0], lambda: x.T, lambda: w.T @ x, lambda: x @ y, lambda: x.reshape(-1),
        lambda: plait.concatenate([x, x]), lambda: x.astype("float64"), lambda: plait.where(x > 0, 1.0, 2.0), lambda: plait.compile(x),
        lambda: plait.compile({"a": [x @ w, x]}), lambda: plait.scan(lambda s, _: (y @ s, None), np.ones(30, "float32"), np.ones(3, "float32")),
    ]  # fmt: skip
    for use in uses:
        with pytest.raises((plait.GraphError, TypeError), match=r"sparse[_ ]input"):
            use()
    assert plait.normal(like=x @ w).shape == (None, 2)


def test_bad_inputs_and_feeds_are_named() -> None:
    x = plait.sparse_input("x", (None, 30))
    w = np.ones((30, 2), "float32")
    for make, error, match in (
        (lambda: plait.sparse_input("", (None, 3)), plait.GraphError, "name is empty"),
        (lambda: plait.sparse_input("x", (3,)), plait.ShapeError, "two dimensions"),
        (lambda: plait.sparse_input("x", (None, 3), "int64"), plait.DTypeError, "float32 or float64"),
        (lambda: x @ np.ones((30, 2)), plait.DTypeError, 'dtype="float64"'),
        (lambda: x @ np.ones((29, 2), "float32"), plait.ShapeError, "30 and 29"),
        (lambda: x @ np.ones((1, 30, 2), "float32"), plait.ShapeError, "one or two dimensions"),
        (lambda: x @ 2.0, plait.ShapeError, "one or two dimensions"),
    ):
        with pytest.raises(error, match=match):
            make()
    program = plait.compile(x @ w)
    for feed, error, match in (
        (counts(3, 30), TypeError, "feed of x: expected plait.SparseRows"),
        (None, TypeError, "expected plait.SparseRows"),
        (plait.SparseRows.from_dense(counts(3, 29)), plait.ShapeError, r"expected shape \(None, 30\), got \(3, 29\)"),
    ):
        with pytest.raises(error, match=match):
            program(x=feed)
        with pytest.raises(error, match=match):
            plait.Table(x @ w, {x: feed})
    loss = (x @ w).sum() + plait.parameter(np.float32(1))
    for data, error, match in (
        (counts(3, 30), TypeError, "SparseRows"),
        (plait.SparseRows.from_dense(counts(3, 29)), plait.ShapeError, "29"),
    ):
        with pytest.raises(error, match=match):
            plait.train(loss, {x: data}, epochs=1)
    with pytest.raises(plait.GraphError, match="not fed"):
        plait.Table(x @ w, {})


def test_programs_with_a_sparse_input_are_saved(tmp_path: Path) -> None:
    x = plait.sparse_input("x", (None, 30), "float64")
    w = plait.parameter(np.random.default_rng(0).normal(size=(30, 2)), name="w")
    program = plait.compile(plait.gradient(((x @ w) ** 2).sum(), w))
    plait.save(tmp_path / "program", program)
    R = plait.SparseRows.from_dense(counts(4, 30))
    np.testing.assert_array_equal(plait.load(tmp_path / "program")(x=R), program(x=R))
    assert "sparse_input" in plait.to_dot(x @ w)


@pytest.mark.parametrize(("bad", "said"), [(np.nan, "NaN"), (np.inf, "infinite")])
def test_what_makes_a_loss_nan_is_told(bad: float, said: str) -> None:
    dense = counts(8, 30)
    dense[:3] = 0
    dense[3, 7] = bad
    x, t, w = plait.sparse_input("x", (None, 30)), plait.input("t", (None,)), plait.parameter(np.zeros(30, "float32"), name="w")
    with pytest.raises(ArithmeticError, match=f"'x' is {said} at row 3, column 7"):
        plait.train(((x @ w - t) ** 2).mean(), {x: plait.SparseRows.from_dense(dense), t: np.ones(8)}, epochs=1)

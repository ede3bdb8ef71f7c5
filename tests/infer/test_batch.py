"""The pass that gives graphs a sample axis, beside the same graph run sample by sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plait
from plait.infer._batch import Batch

RNG = np.random.default_rng(3)
MATRIX = RNG.normal(size=(4, 3))
SQUARE = RNG.normal(size=(3, 3))


def spd(x: plait.Node) -> plait.Node:
    return x @ x.T + 3 * np.eye(3)


def loop(x: plait.Node, v: plait.Node) -> plait.Node:
    def step(state: tuple[plait.Node, plait.Node], row: tuple[plait.Node, plait.Node]) -> Any:
        a, b = state
        a = plait.tanh(0.5 * a + row[0] + v[0])
        return (a, b + a * row[1]), a

    (last, total), every = plait.scan(step, (v, plait.constant(np.zeros(3))), (x, plait.constant(SQUARE)))
    return last.sum() + (total * v).sum() + (every * SQUARE).sum()


# Functions of a matrix x (3, 3) and a vector v (3,), one sample each.
CASES: dict[str, Callable[[plait.Node, plait.Node], plait.Node]] = {
    "elementwise": lambda x, v: plait.exp(-plait.square(x - v)) / (1.0 + plait.sigmoid(v)),
    "column": lambda x, v: x * v.reshape((3, 1)) + plait.expand_dims(v, 1),
    "sums": lambda x, v: x.sum(axis=0) + v.sum() + x.mean(axis=1) + x.max(axis=0) - x.min(axis=1),
    "keepdims": lambda x, v: plait.softmax(x, axis=-1) + plait.logsumexp(v),
    "matrix vector": lambda x, v: x @ v + MATRIX[:3] @ v + v @ x + v @ SQUARE,
    "matrix matrix": lambda x, v: MATRIX @ x @ SQUARE + v,
    "transposed": lambda x, v: x.T @ x + plait.transpose(x) * v,
    "scalar product": lambda x, v: v @ v + (x @ v) @ v,
    "stacks": lambda x, v: plait.constant(RNG.normal(size=(2, 3, 3))) @ x + v,
    "slices": lambda x, v: x[1:, ::-1][:, 0].sum() + v[-1] + x[0] @ v + x[::2, 1].sum(),
    "joined": lambda x, v: plait.concatenate([x, v.reshape((1, 3)), plait.constant(SQUARE)], axis=0),
    "stacked": lambda x, v: plait.stack([v, x[0], plait.constant(SQUARE[0])], axis=1),
    "taken": lambda x, v: plait.take(x, [2, 0, 2], axis=0) + plait.take(v, [1, 1, 0]),
    "picked": lambda x, v: plait.take(plait.constant(SQUARE), plait.cast(v > 0, "int64"), axis=0) + x,
    "picked of its own": lambda x, v: plait.take(x, plait.cast(v > 0, "int64"), axis=0),
    "along": lambda x, v: plait.take_along_axis(x, np.array([[0], [2], [1]]), axis=1) + v,
    "running": lambda x, v: plait.cumsum(x, axis=1) + plait.cumsum(v),
    "conditions": lambda x, v: plait.where(plait.logical_and(x > 0, v < 1), x, -v),
    "one hot": lambda x, v: plait.one_hot(plait.cast(v > 0, "int64"), 3, dtype="float64") @ x,
    "wide": lambda x, v: plait.broadcast_to(v, (2, 3)).sum(axis=0) + x,
    "cholesky": lambda x, v: plait.cholesky(spd(x)) + v,
    "solve": lambda x, v: plait.solve_triangular(plait.cholesky(spd(x)), v.reshape((3, 1))),
    "solve one": lambda x, v: plait.solve_triangular(np.tril(SQUARE) + 3 * np.eye(3), x, transposed=True) + v,
    "general solve": lambda x, v: plait.linalg.solve(spd(x) - np.eye(3), v) + plait.linalg.solve(SQUARE + 3 * np.eye(3), x),
    "determinant": lambda x, v: plait.linalg.slogdet(spd(x) * v[0]).logabsdet + plait.linalg.inv(spd(x)) @ v,
    "sorted": lambda x, v: plait.sort(x, axis=0) @ plait.sort(v, descending=True),
    "slope": lambda x, v: plait.gradient((plait.tanh(x @ v) ** 2).sum() + x[1:, 0].sum() ** 2 + plait.concatenate([v, x[0]]).sum() ** 2, x),
    "curvature": lambda x, v: plait.gradient(plait.gradient(plait.sin(x).sum() * (v * v).sum(), v).sum(), x),
    "loop": loop,
    "norms": lambda x, v: plait.norm(x, axis=1) + plait.prod(v) + plait.sqrt(plait.abs(v)),
}


def check(name: str, xs: np.ndarray, vs: np.ndarray, of_x: bool, of_v: bool) -> None:
    """Batched beside one by one; an operand without samples is the first for all."""
    x, v = plait.input("x", (3, 3), "float64"), plait.input("v", (3,), "float64")
    node = CASES[name](x, v)
    size = len(xs)
    new_x = plait.input("new_x", (size, 3, 3) if of_x else (3, 3), "float64")
    new_v = plait.input("new_v", (size, 3) if of_v else (3,), "float64")
    (found,) = Batch(size, {x.id: (new_x, of_x), v.id: (new_v, of_v)}).full([node])
    assert found.shape == (size, *node.shape)
    feeds = {new_x: xs if of_x else xs[0], new_v: vs if of_v else vs[0]}
    program = plait.compile(found)
    used = set(program.inputs)
    expected = [plait.evaluate(node, {x: xs[k if of_x else 0], v: vs[k if of_v else 0]}) for k in range(size)]
    np.testing.assert_allclose(program({n: a for n, a in feeds.items() if n in used}), np.stack(expected), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("of_x", "of_v"), [(True, True), (True, False), (False, True)])
def test_every_op_beside_one_by_one(name: str, of_x: bool, of_v: bool) -> None:
    check(name, RNG.normal(size=(5, 3, 3)), RNG.normal(size=(5, 3)), of_x, of_v)


@given(
    st.lists(st.sampled_from([n for n in CASES if n not in ("loop", "stacks")]), min_size=2, max_size=4),
    st.integers(1, 3),
    st.integers(0, 10**6),
)
def test_sums_of_them(names: list[str], size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    xs, vs = rng.normal(size=(size, 3, 3)), rng.normal(size=(size, 3))
    x, v = plait.input("x", (3, 3), "float64"), plait.input("v", (3,), "float64")
    parts = [plait.tanh(CASES[n](x, v)).sum() for n in names]
    node = parts[0]
    for part in parts[1:]:
        node = node * part + part
    new_x, new_v = plait.input("new_x", (size, 3, 3), "float64"), plait.input("new_v", (size, 3), "float64")
    (found,) = Batch(size, {x.id: (new_x, True), v.id: (new_v, True)}).full([node])
    expected = [plait.evaluate(node, {x: xs[k], v: vs[k]}) for k in range(size)]
    np.testing.assert_allclose(plait.evaluate(found, {new_x: xs, new_v: vs}), expected, rtol=1e-9, atol=1e-12)


def test_what_has_no_rule_is_unrolled_with_a_warning() -> None:
    v = plait.input("v", (3,), "float64")
    node = plait.take(plait.constant(SQUARE), plait.cast(v > 0, "int64"), axis=1)
    new = plait.input("new", (4, 3), "float64")
    with pytest.warns(plait.PerformanceWarning, match="'take' has no form for many samples"):
        (found,) = Batch(4, {v.id: (new, True)}).full([node])
    values = RNG.normal(size=(4, 3))
    np.testing.assert_allclose(plait.evaluate(found, {new: values}), [SQUARE[:, (row > 0).astype(int)] for row in values])


def nested(row, carry, x):
    return plait.scan(lambda k, r: (plait.tanh(k * x[0, 0] + r), k), carry, row)[0]


LOOPS = {
    "of a state": lambda x, v: plait.scan(lambda h, r: (plait.sin(h * x[0, 0] + r), h), v[0], v)[0],
    "of rows": lambda x, v: plait.scan(lambda h, r: (plait.tanh(h @ x + r), plait.maximum(h, r)), v, x)[1].sum(),
    "reversed": lambda x, v: plait.scan(lambda h, r: (plait.tanh(h @ x + r), h), v, x, reverse=True)[0].sum(),
    "recomputed": lambda x, v: plait.scan(
        lambda h, r: (plait.sin(h @ x + r), h), v, plait.stack([v, 2 * v, x[0], v, x[1]]), checkpoint=True
    )[0].sum(),
    "in a loop": lambda x, v: plait.scan(lambda h, r: (nested(r, h, x), h), v[0], x)[1].sum(),
}


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("order", [1, 2])
def test_gradients_of_loops_are_batched_too(name: str, order: int) -> None:
    rng = np.random.default_rng(order)
    x, v = plait.input("x", (3, 3), "float64"), plait.input("v", (3,), "float64")
    node = LOOPS[name](x, v)
    for _ in range(order):
        slopes = plait.gradient(node, [x, v])
        node = plait.sum(slopes[0] * slopes[0]) + plait.sum(slopes[1] * x[0])
    new_x, new_v = plait.input("new_x", (4, 3, 3), "float64"), plait.input("new_v", (4, 3), "float64")
    (found,) = Batch(4, {x.id: (new_x, True), v.id: (new_v, True)}).full([node])
    xs, vs = rng.normal(size=(4, 3, 3)), rng.normal(size=(4, 3))
    expected = [plait.evaluate(node, {x: a, v: b}) for a, b in zip(xs, vs, strict=True)]
    np.testing.assert_allclose(plait.evaluate(found, {new_x: xs, new_v: vs}), expected, rtol=1e-9)

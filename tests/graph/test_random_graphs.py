"""Random graphs by hypothesis: Table and Program agree, values and gradients, and the number of threads changes no bit."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import plait

# Functions that stay within bounds whatever goes in, so that rounding is all that two evaluations can differ by.
UNARY = [
    plait.tanh,
    plait.sigmoid,
    plait.sin,
    plait.cos,
    plait.erf,
    lambda x: plait.softplus(x) * 0.5,
    lambda x: plait.sqrt(x * x + 0.5),
    lambda x: plait.log(x * x + 0.5),
    lambda x: plait.exp(-plait.square(x)),
    lambda x: -x,
    lambda x: plait.clip(x, -0.9, 1.3),
    plait.softmax,
    lambda x: plait.log1p(plait.abs(x) + 0.25),
    lambda x: x.sum(axis=-1, keepdims=True) * 0.2,
    lambda x: x - x.mean(axis=0, keepdims=True),
    lambda x: plait.cumsum(x, axis=0) * 0.3,
    lambda x: x[::-1],
    lambda x: plait.concatenate([x[1:], x[:1]]),
    lambda x: x.T.T,
    lambda x: plait.reshape(plait.reshape(x, (-1,)), x.shape),
    lambda x: plait.stop_gradient(x) * x,
    lambda x: plait.take(x, [2, 0, 1], axis=0),
    lambda x: x / plait.norm(x + 3.0, axis=-1, keepdims=True),
    lambda x: plait.broadcast_to(x[:1], x.shape),
    lambda x: x * 2 - 1,
    lambda x: x**3 * 0.1,
]
BINARY = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b * 0.5,
    lambda a, b: a / (b * b + 1),
    lambda a, b: (a @ b.T @ a) * 0.1,
    lambda a, b: plait.where(plait.stop_gradient(a) > 0.1, a, b),
    lambda a, b: a + b[0],
    lambda a, b: a * b[:, :1],
    lambda a, b: plait.stack([a, b]).mean(axis=0),
    lambda a, b: plait.concatenate([a, b], axis=1)[:, 1:5],
]


@st.composite
def recipes(draw: st.DrawFn) -> list[tuple[int, int, int, int]]:
    """For each node: which function, and which earlier nodes."""
    n = draw(st.integers(1, 14))
    return [(draw(st.integers(0, 1)), draw(st.integers(0, 100)), draw(st.integers(0, 100)), draw(st.integers(0, 100))) for _ in range(n)]


def build(recipe: list[tuple[int, int, int, int]], dtype: str, rows: int | None, name: str = "x") -> tuple[list[Any], Any]:
    x, y = plait.input(name, (rows, 4), dtype), plait.input("y", (rows, 4), dtype)
    nodes = [x, y]
    for kind, which, i, j in recipe:
        a, b = nodes[i % len(nodes)], nodes[j % len(nodes)]
        nodes.append(UNARY[which % len(UNARY)](a) if kind == 0 else BINARY[which % len(BINARY)](a, b))
        if nodes[-1].shape != (rows, 4):
            nodes[-1] = plait.broadcast_to(nodes[-1], (rows, 4))
    return [x, y], nodes


def relative(a: np.ndarray, b: np.ndarray) -> float:
    scale = max(1.0, float(np.abs(b).max(initial=0.0)))
    return float(np.abs(a - b).max(initial=0.0)) / scale


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_table_and_program_agree(dtype: str, tolerance: float) -> None:
    @settings(max_examples=60)
    @given(recipes(), st.integers(0, 2**32 - 1))
    def check(recipe: list[tuple[int, int, int, int]], seed: int) -> None:
        (x, y), nodes = build(recipe, dtype, 3)
        random = np.random.default_rng(seed)
        feeds = {x: random.uniform(-1, 1, (3, 4)).astype(dtype), y: random.uniform(-1, 1, (3, 4)).astype(dtype)}
        outputs = [nodes[-1], nodes[len(nodes) // 2]]
        loss = (outputs[0] * 0.3).sum() + plait.tanh(outputs[1]).mean()
        everything = [*outputs, loss, *plait.gradient(loss, [x, y])]
        table = plait.Table(everything, feeds)
        table.backward(loss)
        program = plait.compile(everything)
        needed = set(program.inputs)
        found = program({n: a for n, a in feeds.items() if n in needed})
        for value, node in zip(found, everything, strict=True):
            assert relative(value, table[node]) <= tolerance, node
        for value, node in zip(found[-2:], (x, y), strict=True):
            if node in needed:
                assert relative(value, table.grad(node)) <= tolerance

    check()


def test_threads_change_no_bit() -> None:
    before = plait.get_num_threads()

    @settings(max_examples=12)
    @given(recipes(), st.integers(0, 2**32 - 1))
    def check(recipe: list[tuple[int, int, int, int]], seed: int) -> None:
        rows = 3  # some recipes take rows by number
        x, y = plait.input("x", (3, 700), "float32"), plait.input("y", (3, 700), "float32")
        nodes: list[Any] = [x, y]
        for kind, which, i, j in recipe:
            a, b = nodes[i % len(nodes)], nodes[j % len(nodes)]
            node = UNARY[which % len(UNARY)](a) if kind == 0 else BINARY[which % (len(BINARY) - 1)](a, b)
            nodes.append(plait.broadcast_to(node, (rows, 700)) if node.shape != (rows, 700) else node)
        loss = (nodes[-1] * nodes[len(nodes) // 2]).sum()
        program = plait.compile([nodes[-1], loss, *plait.gradient(loss, [x, y])])
        random = np.random.default_rng(seed)
        feeds = {n: random.uniform(-1, 1, (3, 700)).astype("float32") for n in program.inputs}
        results = []
        for threads in (1, 2):
            plait.set_num_threads(threads)
            results.append([a.tobytes() for a in program(feeds)])
        assert results[0] == results[1]

    try:
        check()
    finally:
        plait.set_num_threads(before)


def test_random_nodes_do_not_depend_on_threads_or_graph() -> None:
    before = plait.get_num_threads()
    z = plait.normal((300, 500))
    u = plait.uniform((7,), 1.0, 3.0, rng=5)
    try:
        results = []
        for threads in (1, 2):
            plait.set_num_threads(threads)
            program = plait.compile([z, u], rng=3)
            results.append([program(), program()])
    finally:
        plait.set_num_threads(before)
    (a, b), (c, d) = results
    assert [x.tobytes() for x in (*a, *b)] == [x.tobytes() for x in (*c, *d)]
    assert (a[0] != b[0]).any()  # drawn anew at every run
    assert np.array_equal(plait.evaluate(u, rng=99), a[1])  # a seed of its own
    assert abs(float(a[0].mean())) < 0.02
    assert abs(float(a[0].std()) - 1) < 0.02
    assert a[1].min() >= 1
    assert a[1].max() < 3
    assert np.array_equal(plait.evaluate(z, rng=3), plait.evaluate(z, rng=np.random.SeedSequence(3)))
    with pytest.raises(TypeError, match="rng"):
        plait.compile(z, rng="seed")  # type: ignore[arg-type]
    with pytest.raises(plait.ShapeError, match="like"):
        plait.normal((None, 3))


def test_shapes_of_random_nodes_follow_another() -> None:
    x = plait.input("x", (None, 5), "float64")
    z = plait.normal((None, 2), like=x)
    assert z.dtype == np.float64
    program = plait.compile([z, plait.dropout(x, 0.25, rng=0), plait.bernoulli(0.5, like=x)], rng=0)
    for n in (1, 4, 0):
        a, b, c = program(x=np.ones((n, 5)))
        assert (a.shape, b.shape, c.shape) == ((n, 2), (n, 5), (n, 5))
        assert set(np.unique(b)) <= {0.0, 1 / 0.75}
        assert set(np.unique(c)) <= {0.0, 1.0}

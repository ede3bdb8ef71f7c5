"""The example of the book, and pitfalls of implementations of its algorithm."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import plait


def table_and_program(outputs: list[plait.Node], wrt: list[plait.Node], feeds: dict[plait.Node, object]) -> list[list[np.ndarray]]:
    """Values and gradients of the summed outputs: from a Table's backward, and from a Program over gradient()."""
    table = plait.Table(outputs, feeds)
    table.backward(outputs)
    program = plait.compile(outputs + plait.gradient(outputs, wrt))
    needed = set(program.inputs)
    return [[table[o] for o in outputs] + [table.grad(n) for n in wrt], program({n: a for n, a in feeds.items() if n in needed})]


def evaluated(node: plait.Node, feeds: dict[plait.Node, object]) -> np.ndarray:
    """By Program and Table, which must agree; feeds that a gradient does not need are left out."""
    program = plait.compile(node)
    needed = {n: a for n, a in feeds.items() if n in set(program.inputs)}
    found = program(needed)
    assert np.array_equal(found, plait.evaluate(node, needed))
    return found


def test_the_numbers_of_the_source() -> None:
    a, b, c, d = (plait.input(name, (1, 2)) for name in "abcd")
    s = a + b
    first, second = s * c, s * d
    feeds = {node: np.full((1, 2), value, np.float32) for node, value in ((a, -2), (b, 5), (c, -4), (d, 2))}
    for found in table_and_program([first, second], [a, b, c, d], feeds):
        values = [float(v.flat[0]) for v in found]
        assert values == [-12, 6, -2, -2, 3, 3]
        assert all(v.shape == (1, 2) for v in found)
    assert s.wait_count == 2
    assert s.consumers == [first, second]  # lists look for identity first


def test_two_edges_from_one_consumer() -> None:
    x = plait.input("x", (3,), "float64")
    y = x * x
    assert x.wait_count == 2
    assert len(x.consumers) == 1
    for found in table_and_program([y], [x], {x: [1.0, 2.0, 3.0]}):
        assert found[1].tolist() == [2, 4, 6]


def test_diamond() -> None:
    x = plait.input("x", (), "float64")
    left, right = plait.exp(x), plait.sin(x)
    top = left * right + left
    expected = np.exp(0.3) * np.sin(0.3) + np.exp(0.3) * np.cos(0.3) + np.exp(0.3)
    for found in table_and_program([top], [x], {x: 0.3}):
        assert found[1] == pytest.approx(expected, rel=1e-14)


def test_a_weight_shared_fifty_times() -> None:
    w = plait.parameter(np.array([[0.5, -0.1], [0.2, 0.4]]), name="w")
    x = plait.input("x", (1, 2), "float64")
    h = x
    for _ in range(50):
        h = plait.tanh(h @ w) + 0.1
    loss = (h * h).sum()
    assert w.wait_count == 50
    by_table, by_program = table_and_program([loss], [w, x], {x: [[0.3, -0.7]]})
    np.testing.assert_allclose(by_program[1], by_table[1], rtol=1e-12)
    value = w.value
    for i in np.ndindex(2, 2):
        moved = []
        for sign in (1, -1):
            shifted = value.copy()
            shifted[i] += sign * 1e-6
            w.value = shifted
            moved.append(float(plait.evaluate(loss, {x: [[0.3, -0.7]]})))
        w.value = value
        assert (moved[0] - moved[1]) / 2e-6 == pytest.approx(by_table[1][i], rel=1e-6)


def test_seed_at_an_inner_node() -> None:
    x = plait.input("x", (2,), "float64")
    inner = x * x
    outer = plait.exp(inner)
    table = plait.Table([outer], {x: [1.0, 2.0]})
    table.backward(inner, [10.0, 1.0])
    assert table.grad(x).tolist() == [20, 4]
    assert table.grad(outer).tolist() == [0, 0]
    g = plait.gradient(inner, x, seeds=np.array([10.0, 1.0]))
    assert plait.compile(g)(x=[1.0, 2.0]).tolist() == [20, 4]
    with pytest.raises(plait.ShapeError, match="seed"):
        table.backward(inner, np.ones(3))


def test_several_outputs_one_below_another() -> None:
    x = plait.input("x", (), "float64")
    y = x * 3.0
    z = y * y
    for found in table_and_program([y, z], [x, y], {x: 2.0}):
        assert [float(v) for v in found] == [6, 36, 3 + 36, 1 + 12]
    twice = plait.gradient([y, y], x)  # the same output two times counts two times
    assert float(evaluated(twice, {x: 2.0})) == 6


def test_exp_uses_the_gradient_that_comes() -> None:
    x = plait.input("x", (), "float64")
    for found in table_and_program([plait.exp(x) * 5.0], [x], {x: 1.0}):
        assert found[1] == pytest.approx(5 * np.e, rel=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tanh_far_out(dtype: str) -> None:
    x = plait.input("x", (4,), dtype)
    for found in table_and_program([plait.tanh(x)], [x], {x: np.array([1000, -1000, np.inf, -np.inf], dtype)}):
        assert found[0].tolist() == [1, -1, 1, -1]
        assert found[1].tolist() == [0, 0, 0, 0]


def test_repeated_backward_replaces() -> None:
    x = plait.input("x", (), "float64")
    y, z = x * 2.0, x * 7.0
    table = plait.Table([y, z], {x: 1.0})
    for _ in range(3):
        table.backward(y)
        assert float(table.grad(x)) == 2
    table.backward(z)
    assert float(table.grad(x)) == 7
    table.backward([y, z], [10.0, None])
    assert float(table.grad(x)) == 27
    assert [evaluated(g, {x: 1.0}).tolist() for g in (plait.gradient(y, x), plait.gradient(y, x))] == [2, 2]
    assert y.wait_count == 0  # what gradient() made does not count as a consumer
    with pytest.raises(plait.GraphError, match="not in"):
        table.grad(plait.input("other", ()))


def test_gradients_of_gradients() -> None:
    x = plait.input("x", (), "float64")
    g = plait.sin(x)
    for expected in (np.cos, lambda v: -np.sin(v), lambda v: -np.cos(v), np.sin):
        g = plait.gradient(g, x)
        assert float(plait.compile(g)(x=0.7)) == pytest.approx(float(expected(0.7)), rel=1e-13)


def test_what_does_not_depend_has_gradient_zero() -> None:
    x, y = plait.input("x", (2,), "float64"), plait.input("y", (None, 3), "float64")
    g = plait.gradient(x.sum(), [x, y])
    assert plait.evaluate(g[1], {y: np.ones((2, 3))}).tolist() == np.zeros((2, 3)).tolist()
    assert plait.evaluate(plait.gradient(plait.stop_gradient(x).sum(), x), {x: [1, 2]}).tolist() == [0, 0]
    with pytest.raises(plait.DTypeError, match="floating"):
        plait.gradient(x.sum(), plait.input("i", (), "int64"))
    with pytest.raises(plait.DTypeError, match="int64"):
        plait.gradient(plait.input("i", (), "int64"), x)


def test_nodes_are_objects_of_their_own() -> None:
    x = plait.input("x", (2,))
    y = x + 1
    assert y.inputs[0] is x
    assert {x: 1, y: 2}[y.inputs[0]] == 1
    alive = weakref.ref(x)
    number = hash(x)
    del x
    gc.collect()
    assert alive() is None  # the Python object went; the node did not
    again = y.inputs[0]
    assert again.name == "x"
    assert hash(again) == number
    assert isinstance(again == again, plait.Node)


def test_chain_of_a_million_nodes() -> None:
    n = 1_000_000
    x = plait.input("x", (2,), "float64")
    y = x
    for _ in range(n):
        y = -y
    assert y.inputs[0].op == "negative"
    g = plait.gradient(y, x)
    program = plait.compile([y, g])
    assert [f.tolist() for f in program(x=[1.0, 2.0])] == [[1, 2], [1, 1]]
    assert plait.evaluate(y, {x: [1.0, 2.0]}).tolist() == [1, 2]
    del program, y, g
    gc.collect()
    assert x.wait_count == 0


def test_a_hundred_thousand_consumers_of_one_node() -> None:
    n = 100_000
    x = plait.input("x", (), "float64")
    parts = [x * float(k % 7) for k in range(n)]
    assert x.wait_count == n
    assert len(x.consumers) == n
    total = parts
    while len(total) > 1:
        total = [a + b for a, b in zip(total[::2], total[1::2], strict=False)] + ([total[-1]] if len(total) % 2 else [])
    g = plait.gradient(total[0], x)
    expected = float(sum(k % 7 for k in range(n)))
    del parts, total
    assert float(evaluated(g, {x: 1.0})) == expected

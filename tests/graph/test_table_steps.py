"""Table step by step: events of forward and backward, shares of edges, and how it prints itself."""

from __future__ import annotations

import re
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plait
from plait.graph import Event


def small() -> tuple[plait.Node, plait.Node, plait.Table]:
    x = plait.input("x", (), dtype="float64")
    y = ((x * x).named("square") + x).named("y")
    table = plait.Table(y, {x: 3.0})
    table.backward(y)
    return x, y, table


def test_events_tell_the_whole_story_in_order() -> None:
    _, _, table = small()
    assert [str(event) for event in table.trace()] == [
        "x = 3, as fed",
        "square = multiply(x, x) = 9",
        "y = add(square, x) = 12",
        "seed of y: 1",
        "y complete: passed on to square, x",
        "gradient over edge y → square arrives: 1 of 1, 1",
        "gradient over edge y → x arrives: 1 of 3, 1, sum so far 1",
        "square complete: passed on to x, x",
        "gradient over edge square → x arrives: 2 of 3, 3, sum so far 4",
        "gradient over edge square → x arrives: 3 of 3, 3, sum so far 7",
        "x complete: its gradient is 7",
    ]


def test_shares_of_edges_add_up() -> None:
    x, y, table = small()
    square = y.inputs[0]
    assert [node is wanted for node, wanted in zip(table.nodes, (x, square, y), strict=True)] == [True] * 3
    assert table.edge_grad(square, x) == 6
    assert table.edge_grad(square, x, input=1) == 3
    assert table.edge_grad(y, x) == 1
    assert table.grad(x) == 7
    with pytest.raises(plait.GraphError, match="edge_grad: y is no input of square, whose inputs are: x, x"):
        table.edge_grad(square, y)
    with pytest.raises(plait.GraphError, match="input 0 of y is not x, which is input 1"):
        table.edge_grad(y, x, 0)
    with pytest.raises(plait.GraphError, match="is not in it"):
        table.edge_grad(plait.exp(x), x)
    with pytest.raises(TypeError, match=r"edge_grad: consumer: expected a plait\.Node, got int"):
        table.edge_grad(3, x)


def test_nodes_are_asked_for_by_name_too() -> None:
    _, _, table = small()
    assert (table["square"], table.grad("x"), table.edge_grad("square", "x")) == (9, 7, 6)
    with pytest.raises(plait.GraphError, match=r"table\.grad: no node of the table is called 'z'"):
        table.grad("z")
    x = plait.input("x", (2,))
    with plait.scope("part"):
        y = plait.exp(x).named("y")
    both = plait.Table([y, plait.log(x).named("y")], {x: np.ones(2)})
    assert np.array_equal(both["part/y"], both[y])
    with pytest.raises(plait.GraphError, match="two nodes are called 'y'; give the node itself"):
        both["y"]


def test_threads_may_look_at_one_table() -> None:
    x = plait.input("x", (50, 50), dtype="float64")
    y = x
    for _ in range(60):
        y = plait.tanh(y @ y)
    table = plait.Table(y, {x: np.eye(50) * 0.5})
    table.backward(y)
    expected = table.grad(x)
    told: list[object] = []

    def look() -> None:
        told.append((len(list(table.trace())), np.array_equal(table.grad(x), expected), table[y].shape))

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [told[0]] * 6
    assert told[0][1]  # type: ignore[index]


def test_before_backward_only_the_values_are_there() -> None:
    x = plait.input("x", (2, 20))
    y = plait.tanh(x)
    table = plait.Table(y, {x: np.zeros((2, 20))})
    assert [event.kind for event in table.trace()] == ["value", "value"]
    assert repr(table) == "<plait.Table: 2 nodes, no gradients yet>"
    with pytest.raises(plait.GraphError, match="call backward first"):
        table.edge_grad(y, x)


def test_a_second_backward_replaces_the_first() -> None:
    x = plait.input("x", (), dtype="float64")
    y, z = (2 * x).named("y"), (5 * x).named("z")
    table = plait.Table([y, z], {x: 1.0})
    table.backward(y)
    assert table.edge_grad(y, x) == 2
    assert table.edge_grad(z, x) == 0
    table.backward(z, seed=2.0)
    assert table.edge_grad(y, x) == 0
    assert table.edge_grad(z, x) == 10
    assert "seed of z: 2" in [str(event) for event in table.trace()]
    table.backward([y, z])
    assert table.grad(x) == 7
    assert [event.of for event in table.trace() if event.kind == "arrival" and event.node is x] == [2, 2]


def test_an_edge_that_carries_nothing_is_waited_for() -> None:
    x = plait.input("x", (), dtype="float64")
    y = plait.stop_gradient(x) * x
    table = plait.Table(y, {x: 3.0})
    table.backward(y)
    stopped = y.inputs[0]
    assert table.edge_grad(stopped, x) == 0
    told = [str(event) for event in table.trace() if event.node is x and event.kind == "arrival"]
    assert len(told) == 2
    assert sum("nothing" in line for line in told) == 1


def test_counts_are_those_of_the_node_and_of_the_picture() -> None:
    """No gradient flows through a comparison, or where only the shape is used; such edges are not waited for."""
    x = plait.input("x", (4,))
    y = plait.where(plait.exp(x) > 1, x * x, -x).mean()
    table = plait.Table(y, {x: np.array([-1.0, 0.5, 2.0, -3.0])})
    table.backward(y)
    waited = {event.node: event.of for event in table.trace() if event.kind == "arrival"}
    for node in table.nodes:
        assert node.wait_count_in(y) == waited.get(node, 0), node
        assert f"{node.label}" in plait.to_dot(y)
    assert x.wait_count_in(y) == 3
    assert "x\\ninput\\nfloat32 (4,)\\nwaits for 3" in plait.to_dot(y)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["add", "multiply", "tanh", "where", "matmul"]), st.integers(0, 9), st.integers(0, 9)), max_size=12)
)
def test_shares_are_the_gradient(program: list[tuple[str, int, int]]) -> None:
    """For random graphs: a node's gradient is the sum of those over its edges; each node completes once, after its last arrival."""
    x = plait.input("x", (3, 3), dtype="float64")
    nodes = [x, plait.constant(np.arange(9.0).reshape(3, 3) / 9 - 0.4)]
    for op, i, j in program:
        a, b = nodes[i % len(nodes)], nodes[j % len(nodes)]
        made = {
            "add": lambda a=a, b=b: a + b,
            "multiply": lambda a=a, b=b: a * b,
            "tanh": lambda a=a: plait.tanh(a),
            "where": lambda a=a, b=b: plait.where(a > 0.1, plait.log(a * a + 1), b),
            "matmul": lambda a=a, b=b: a @ b,
        }[op]()
        nodes.append(made)
    y = nodes[-1] + x
    table = plait.Table(y, {x: np.linspace(-1, 1, 9).reshape(3, 3)})
    table.backward(y)
    before = {node: table.grad(node) for node in table.nodes if node.dtype == np.float64}
    total: dict[plait.Node, np.ndarray] = {}
    complete: set[plait.Node] = set()
    waiting: dict[plait.Node, int] = {}
    for event in table.trace():
        if event.kind == "value":
            assert np.array_equal(event.value, table[event.node])
            continue
        assert event.node not in complete
        if event.kind == "complete":
            complete.add(event.node)
            assert waiting.get(event.node, 0) == event.of
            if event.value is not None:
                np.testing.assert_allclose(event.value, total[event.node], rtol=1e-12, atol=1e-12)
            continue
        waiting[event.node] = waiting.get(event.node, 0) + (event.kind == "arrival")
        if event.value is not None:
            total[event.node] = total.get(event.node, 0) + event.value
    for node, gradient in before.items():
        np.testing.assert_allclose(total.get(node, np.zeros((3, 3))), gradient, rtol=1e-12, atol=1e-12)
        assert np.array_equal(table.grad(node), gradient)  # to look does not change anything


def test_a_table_prints_itself() -> None:
    _, _, table = small()
    assert str(table).splitlines() == [
        "Table: 3 nodes, gradients sent from y",
        "node    how             type        value  gradient",
        "x       as fed          float64 ()  3      7",
        "    1 of 3 from y: 1",
        "    2 of 3 from square: 3",
        "    3 of 3 from square: 3",
        "square  multiply(x, x)  float64 ()  9      1",
        "    1 of 1 from y",
        "y       add(square, x)  float64 ()  12     1",
        "    seed",
    ]
    page = table._repr_html_()
    assert page.count("<tr>") == page.count("</tr>") == 4
    assert "2 of 3 from square: 3" in page


def test_every_node_has_one_line_whatever_the_shape_of_its_value() -> None:
    """Small matrices are written out, and a line break in one would break the columns and the list of steps."""
    x, w = plait.input("x", (2, 3)), plait.parameter(np.ones((3, 2), "float32"), name="w")
    loss = plait.sum(plait.tanh(x @ w))
    table = plait.Table(loss, {"x": np.arange(6.0).reshape(2, 3)})
    table.backward(loss)
    assert all("\n" not in str(event) for event in table.trace())
    lines = str(table).splitlines()
    shares = sum(line.startswith("    ") for line in lines)
    assert len(lines) == 2 + len(table.nodes) + shares
    assert "[[0, 1, 2], [3, 4, 5]]" in str(table)


def test_names_in_html_are_escaped_and_long_tables_are_cut() -> None:
    x = plait.input("<b>x</b>", (), dtype="float64")
    y = x
    for _ in range(200):
        y = plait.tanh(y)
    table = plait.Table(y, {x: 0.5})
    table.backward(y)
    assert "<b>" not in table._repr_html_()
    assert len(str(table).splitlines()) < 200
    assert str(table).startswith("Table: 201 nodes")


def test_sequences_loops_and_sparse_rows() -> None:
    """A loop is one node, and its edges carry shares as all others."""
    xs = plait.input("xs", (5, 2), dtype="float64")
    w = plait.parameter(np.array([0.5, -0.3]), name="w")
    _, outs = plait.scan(lambda h, x: (plait.tanh(w * h + x),) * 2, plait.constant(np.zeros(2)), xs)
    y = (outs * w).sum()
    table = plait.Table(y, {xs: np.ones((5, 2))})
    table.backward(y)
    came = [event for event in table.trace() if event.kind == "arrival" and event.node is w]
    np.testing.assert_allclose(sum(event.value for event in came), table.grad(w))
    rows = plait.sparse_input("rows", (None, 4))
    v = plait.parameter(np.ones((4, 2), "float32"), name="v")
    z = (rows @ v).sum()
    import scipy.sparse

    table = plait.Table(z, {rows: scipy.sparse.csr_array(np.eye(4, dtype="float32"))})
    table.backward(z)
    assert "rows = sparse rows, as fed" in [str(event) for event in table.trace()]
    assert "sparse rows" in str(table)


def test_brief_values() -> None:
    x = plait.input("x", (None, 10))
    table = plait.Table(plait.exp(x), {x: np.full((3, 10), 1000.0)})
    assert [re.sub(r"\d+", "N", str(event).split(" = ")[-1]) for event in table.trace()] == [
        "floatN (N, N), all N, as fed",
        "floatN (N, N), N of N not finite",
    ]
    empty = plait.Table(plait.exp(x), {x: np.zeros((0, 10))})
    assert "[]" in str(next(empty.trace()))
    assert isinstance(next(empty.trace()), Event)


def test_a_loop_shows_only_what_it_computed() -> None:
    """Padding between the aligned results of a loop contained uninitialised memory."""
    xs = plait.input("xs", (None, 2))
    _, outputs = plait.scan(lambda h, x: (plait.tanh(0.3 * h + x),) * 2, plait.constant(np.zeros(2, "float32")), xs)
    for _ in range(20):
        stray = [np.full(k, np.nan, "float32") for k in range(32, 128) for _ in range(8)]
        del stray
        table = plait.Table(outputs, {xs: np.ones((7, 2))})
        (loop,) = (node for node in table.nodes if node.op == "scan")
        assert np.abs(table[loop]).max() < 1  # NaN fails, too

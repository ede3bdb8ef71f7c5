"""The steps of a Table as events: the value of each forward step, and the gradient over each edge, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .._core import GraphError, Node, Table
from ._types import Array

WRITTEN_OUT = 6  # numbers of an array that a line shows one by one
LEAVES = {"input", "sparse_input", "parameter", "constant"}


def brief(array: Array, *, typed: bool = False) -> str:
    """A short text for an array: its numbers if they are few, else range and mean; after its type and shape if requested."""
    array = np.asarray(array)
    if array.size <= WRITTEN_OUT:
        kinds: Any = {"float_kind": number, "int": str}
        return " ".join(np.array2string(array, separator=", ", max_line_width=1000, formatter=kinds).split())
    head = f"{array.dtype.name} {array.shape}, " if typed else ""
    if array.dtype == bool:
        return f"{head}{int(array.sum())} of {array.size} true"
    wrong = array.size - int(np.count_nonzero(np.isfinite(array)))
    if wrong:
        return f"{head}{wrong} of {array.size} not finite"
    if array.min() == array.max():
        return f"{head}all {number(array.min())}"
    return f"{head}{number(array.min())} to {number(array.max())}, mean {number(array.mean(dtype=np.float64))}"


def number(value: float) -> str:
    """A number to four digits."""
    return f"{value:.4g}"


@dataclass(frozen=True, eq=False)
class Event:
    """One step of a `plait.Table`, forward or backward. ``str(event)`` is a line that says what happens.

    Parameters
    ----------
    kind : {"value", "seed", "arrival", "complete"}
        A node is evaluated; the backward pass starts at a node; a gradient arrives over an edge; a node has received all its gradients and
        propagates their sum.
    node : Node
        The node of the event.
    value : ndarray or None
        The node's value; the gradient that arrived; the sum that is propagated. None where an edge carried no gradient, or of a sparse
        input.
    consumer : Node, optional
        Of an arrival: the node that sends the gradient.
    input : int, optional
        Of an arrival: the input number in the consumer.
    count, of : int
        Of an arrival: the number of gradients so far and in all; of a completion both are equal.
    total : ndarray, optional
        Of an arrival: the sum so far.
    to : tuple of Node
        Of a completion: the nodes that receive gradients next, one for each edge.

    Examples
    --------
    >>> x = plait.input("x", (), dtype="float64")
    >>> y = plait.exp(x).named("y")
    >>> table = plait.Table(y, {x: 0.0})
    >>> table.backward(y)
    >>> arrival = list(table.trace())[-2]
    >>> arrival.kind, arrival.consumer, arrival.node, arrival.value
    ('arrival', <plait.Node y (exp): float64 ()>, <plait.Node x (input): float64 ()>, array(1.))
    """

    kind: Literal["value", "seed", "arrival", "complete"]
    node: Node
    value: Array | None
    consumer: Node | None = None
    input: int | None = None
    count: int = 0
    of: int = 0
    total: Array | None = None
    to: tuple[Node, ...] = ()

    @property
    def phase(self) -> Literal["forward", "backward"]:
        """The pass of the event, forward or backward."""
        return "forward" if self.kind == "value" else "backward"

    @property
    def shown(self) -> str:
        """A short text for the value: its numbers if they are few, else range and mean."""
        if self.value is None:
            return "sparse rows" if self.kind == "value" else "nothing"
        return brief(self.value, typed=self.kind == "value")

    def __str__(self) -> str:
        label, shown = self.node.label, self.shown
        if self.kind == "value":
            if self.node.op in LEAVES:
                fed = self.node.op in {"input", "sparse_input"}
                return f"{label} = {shown}{', as fed' if fed else ''}"
            return f"{label} = {self.node.op}({listed(self.node.inputs)}) = {shown}"
        if self.kind == "seed":
            return f"seed of {label}: {shown}"
        if self.kind == "complete":
            return f"{label} complete: {f'passed on to {listed(self.to)}' if self.to else f'its gradient is {shown}'}"
        assert self.consumer is not None
        so_far = f", sum so far {brief(self.total)}" if self.total is not None and self.of > 1 else ""
        return f"gradient over edge {self.consumer.label} → {label} arrives: {self.count} of {self.of}, {shown}{so_far}"

    def __repr__(self) -> str:
        return f"<Event {self}>"


def listed(nodes: Sequence[Node], most: int = 6) -> str:
    """Labels of nodes, the first few of many."""
    labels = [node.label for node in nodes[:most]]
    return ", ".join(labels) + (f", … {len(nodes)} in all" if len(nodes) > most else "")


def value_of(table: Table, node: Node) -> Array | None:
    """A node's value; None for a sparse input."""
    return None if node.op == "sparse_input" else table[node]


def trace(table: Table) -> Iterator[Event]:
    """`Table.trace`."""
    for node in table.nodes:
        yield Event("value", node, value_of(table, node))
    steps = table._steps()
    edges: dict[Node, int] = {}
    sent: dict[Node, list[Node]] = {}
    for kind, node, consumer, _, _ in steps:
        if kind == "arrival":
            edges[node] = edges.get(node, 0) + 1
            sent.setdefault(consumer, []).append(node)
    came: dict[Node, int] = {}
    total: dict[Node, Array] = {}
    for kind, node, consumer, k, value in steps:
        if value is not None and kind != "complete":
            total[node] = np.asarray(total[node] + value) if node in total else value
        if kind == "seed":
            yield Event("seed", node, value)
        elif kind == "arrival":
            came[node] = came.get(node, 0) + 1
            yield Event("arrival", node, value, consumer, k, came[node], edges[node], total.get(node))
        else:
            yield Event("complete", node, value, count=came.get(node, 0), of=edges.get(node, 0), to=tuple(sent.get(node, ())))


def edge_grad(table: Table, consumer: Node | str, node: Node | str, k: int | None) -> Array:
    """`Table.edge_grad`."""
    consumer, node = table._node(consumer, "edge_grad: consumer"), table._node(node, "edge_grad: node")
    table.grad(node)  # raises for nodes without a gradient or not in the table
    table[consumer]
    used = [slot for slot, source in enumerate(consumer.inputs) if source is node]
    if not used:
        raise GraphError(f"edge_grad: {node.label} is no input of {consumer.label}, whose inputs are: {listed(consumer.inputs) or 'none'}")
    if k is not None and k not in used:
        raise GraphError(f"edge_grad: input {k} of {consumer.label} is not {node.label}, which is input {' and '.join(map(str, used))}")
    total = np.zeros_like(table[node])
    for kind, to, source, slot, value in table._steps():
        if kind == "arrival" and to is node and source is consumer and slot in (used if k is None else [k]) and value is not None:
            total = total + value
    return np.asarray(total)


def install() -> None:
    """Register the text and HTML forms of tables; their module is imported on first use."""

    def later(name: str) -> Callable[[Table], str]:
        def answer(table: Table) -> str:
            from . import table_text

            written: str = getattr(table_text, name)(table)
            return written

        return answer

    for method, name in (("__str__", "text"), ("__repr__", "short"), ("_repr_html_", "table_html")):
        setattr(Table, method, later(name))

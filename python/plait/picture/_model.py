"""The model of a picture: a list of boxes and a list of arrows, independent of the renderer."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeAlias

COUNTED_AT_MOST = 100_000  # nodes that are left out; beyond that the note says "more than"


class Node(Protocol):
    """The interface of a node that pictures use."""

    @property
    def op(self) -> str:
        """The operation's name."""

    @property
    def name(self) -> str | None:
        """The name that the user gave it."""

    @property
    def shape(self) -> Sequence[int | None]:
        """Its sizes, None where they are bound when run."""

    @property
    def dtype(self) -> object:
        """Its element type."""

    @property
    def inputs(self) -> Sequence[Node]:
        """What it is computed from, one entry for each use."""

    @property
    def consumers(self) -> Sequence[Node]:
        """The nodes that use it and propagate a gradient to it."""

    @property
    def wait_count(self) -> int:
        """Edges over which it would receive a gradient, in all graphs; the picture counts its own."""


class Program(Protocol):
    """The interface of a compiled graph that pictures use."""

    @property
    def outputs(self) -> Any:
        """Its output nodes, in lists, tuples and dicts."""


Roots: TypeAlias = Node | Iterable[Node] | Program


@dataclass
class Box:
    """A box: the texts of one node, or of a fold of several."""

    op: str
    label: str  # one name, as in messages
    spec: str  # dtype and shape
    waits: int
    name: str = ""  # given by the user, or the value of a scalar constant
    output: bool = False
    cut: bool = False  # some of its inputs are not shown
    backward: bool = False  # made by gradient()
    path: tuple[str, ...] = ()  # the folds that it is in, outermost first
    state: list[str] = field(default_factory=list)  # of a Table: value, gradient, number of gradients that have arrived
    mark: str = ""  # of a Table's step: "forward" or "backward" where it happens, "later" where nothing has happened yet
    members: int = 0  # of a fold: how many nodes

    @property
    def lines(self) -> list[str]:
        """The texts in the box, top to bottom."""
        if self.members:
            return [self.label, self.spec]
        name = self.name if self.op == "constant" else self.op
        second = [name] if self.name and name != self.label else []
        return [self.label, *second, self.spec, *(self.state or [f"waits for {self.waits}"])]

    @property
    def kind(self) -> str:
        """The kind, which selects the colour."""
        if self.members:
            return "backward fold" if self.backward else "fold"
        if self.op in {"input", "parameter", "constant"}:
            return self.op
        if self.op == "sparse_input":
            return "input"
        if self.backward:
            return "backward"
        return "random" if self.op.startswith(("random", "normal", "uniform", "bernoulli")) else "op"

    @property
    def fill(self) -> str:
        """The colour."""
        return FILLS[self.kind]


# Light fills that carry dark text on a light and on a dark page.
FILLS = {"input": "#dbeafe", "parameter": "#fef3c7", "constant": "#e4e4e7", "random": "#ede9fe", "op": "#f4f4f5"}
FILLS |= {"backward": "#ffe4e6", "fold": "#dcfce7", "backward fold": "#fecdd3"}
MARKS = {"forward": "#2563eb", "backward": "#e11d48"}  # what happens at a step


@dataclass
class Drawing:
    """Boxes, inputs before their consumers; arrows (from, to, which input of it), one for each use."""

    boxes: list[Box] = field(default_factory=list)
    arrows: list[tuple[int, int, int]] = field(default_factory=list)
    dotted: set[int] = field(
        default_factory=set
    )  # arrows over which no gradient flows back: only the shape is used, or gradient() made them
    marked: dict[int, str] = field(default_factory=dict)  # arrows over which something goes at a Table's step: "forward" or "backward"
    keys: list[Hashable] = field(default_factory=list)  # of the boxes' nodes
    note: str = ""

    @cached_property
    def number(self) -> dict[Hashable, int]:
        """The index of each node's box."""
        return {key: i for i, key in enumerate(self.keys)}

    @cached_property
    def into(self) -> dict[int | None, list[int]]:
        """The arrows that lead to each box, in the order of its inputs."""
        found: dict[int | None, list[int]] = {}
        for i, (_, target, _) in enumerate(self.arrows):
            found.setdefault(target, []).append(i)
        return found


def shape_text(shape: Sequence[int | None]) -> str:
    """A shape as NumPy prints it."""
    return str(tuple(shape))


def dtype_text(dtype: object) -> str:
    """A dtype's plain name, whether it is given as a NumPy dtype, a scalar type or a string."""
    return str(getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or dtype)


def key_of(node: Node) -> Hashable:
    """A key that is equal for all Python objects of one node; `==` between nodes builds a node instead."""
    return getattr(node, "id", id(node))


def label_of(node: Node) -> str:
    """The label of a node, as in messages."""
    return str(getattr(node, "label", "") or node.name or node.op)


def folds_of(node: Node) -> tuple[str, ...]:
    """The folds that a node's scope puts it in; nodes made by gradient() have folds of their own."""
    scope = getattr(node, "scope", "")
    if not scope:
        return ()
    first, *rest = scope.split("/")
    return (f"gradient of {first}" if getattr(node, "backward", False) else first, *rest)


def name_of(node: Node) -> str:
    """The name that the user gave it; for an unnamed scalar constant its value."""
    if node.name or node.op != "constant" or len(node.shape) > 0:
        return node.name or ""
    value = getattr(node, "value", None)
    return "" if value is None else f"{value.item():.6g}"


def as_list(roots: Roots) -> list[Node]:
    """One node or several, or those of a program, as a list; anything else is refused."""
    nodes: list[Node] = []
    todo: list[Any] = [getattr(roots, "outputs", roots)]  # of a Program: its outputs, in the structure in which they were named
    while todo:
        item = todo.pop()
        # A node may be iterable itself (over its first axis), so it is recognised by what a picture needs of it.
        if hasattr(item, "wait_count"):
            nodes.append(item)
        elif isinstance(item, Mapping):
            todo.extend(reversed(list(item.values())))
        elif isinstance(item, Iterable) and not isinstance(item, (str, bytes)):
            todo.extend(reversed(list(item)))
        else:
            raise TypeError(f"picture: a {type(item).__name__} was given, a node, a sequence of nodes or a program was expected")
    if not nodes:
        raise ValueError("picture: no node was given")
    return nodes


def collect(roots: Roots, max_nodes: int) -> Drawing:
    """The nodes behind `roots`, nearest first until `max_nodes`, and the arrows between them. No recursion: graphs are deep."""
    if max_nodes < 1:
        raise ValueError(f"max_nodes: {max_nodes} was given, at least 1 was expected")
    outputs = as_list(roots)
    output_keys = {key_of(node) for node in outputs}
    shown: dict[Hashable, Node] = {}
    seen: set[Hashable] = set()
    left_out = 0
    queue = deque(outputs)
    kept = list(outputs)  # keeps the Python objects alive: a freed id could be used again
    while queue and left_out < COUNTED_AT_MOST:
        node = queue.popleft()
        key = key_of(node)
        if key in seen:
            continue
        seen.add(key)
        if len(shown) < max_nodes:
            shown[key] = node
        else:
            left_out += 1
        inputs = node.inputs
        kept.extend(inputs)
        queue.extend(inputs)

    order = inputs_first(shown)
    number = {key: i for i, key in enumerate(order)}
    carrying, waits = gradient_edges(shown, order, output_keys)
    drawing = Drawing(keys=order)
    for key in order:
        node = shown[key]
        box = Box(
            node.op, label_of(node), f"{dtype_text(node.dtype)} {shape_text(node.shape)}", waits[key], name_of(node), key in output_keys
        )
        box.backward, box.path = bool(getattr(node, "backward", False)), folds_of(node)
        drawing.boxes.append(box)
        for slot, source in enumerate(node.inputs):
            if key_of(source) in number:
                if (key, slot) not in carrying:
                    drawing.dotted.add(len(drawing.arrows))
                drawing.arrows.append((number[key_of(source)], number[key], slot))
            else:
                box.cut = True
    if left_out:
        total = f"{len(shown) + left_out}" if not queue else f"more than {len(shown) + left_out}"
        drawing.note = f"{len(shown)} of {total} nodes, those nearest to the output; a dashed node has inputs that are not shown"
    return drawing


def gradient_edges(
    nodes: dict[Hashable, Node], order: list[Hashable], outputs: set[Hashable]
) -> tuple[set[tuple[Hashable, int]], dict[Hashable, int]]:
    """(consumer, which input) of each edge of this graph over which a gradient flows back, and how many each node waits for.

    A node may have other consumers elsewhere, and some that no gradient reaches: those behind a comparison, for one. In a graph of gradients,
    forward nodes that no forward one reads, but for its shape alone, count as outputs.
    """
    floating = {key: "float" in dtype_text(node.dtype) for key, node in nodes.items()}
    answering = {key: {key_of(consumer) for consumer in node.consumers} for key, node in nodes.items()}
    backward = {key: bool(getattr(node, "backward", False)) for key, node in nodes.items()}
    reached = set(outputs)
    if any(backward.values()):
        inner = set()  # forward nodes that a forward one reads, but for its shape alone
        for key, node in nodes.items():
            if not backward[key]:
                inner |= {used for used in map(key_of, node.inputs) if used in nodes and (key in answering[used] or not floating[key])}
        reached |= {key for key in nodes if not backward[key] and key not in inner}
    carrying: set[tuple[Hashable, int]] = set()
    waits = dict.fromkeys(nodes, 0)
    for key in reversed(order):
        if key not in reached or not floating[key]:
            continue
        for slot, used in enumerate(map(key_of, nodes[key].inputs)):
            if used not in nodes or not floating[used] or key not in answering[used]:
                continue
            carrying.add((key, slot))
            waits[used] += 1
            reached.add(used)
    return carrying, waits


def inputs_first(nodes: dict[Hashable, Node]) -> list[Hashable]:
    """The keys of `nodes` in topological order."""
    order: list[Hashable] = []
    done: set[Hashable] = set()
    for root in nodes:
        stack = [(root, False)]
        while stack:
            key, inputs_done = stack.pop()
            if inputs_done:
                order.append(key)
            elif key not in done:
                done.add(key)
                stack.append((key, True))
                stack.extend((key_of(source), False) for source in reversed(nodes[key].inputs) if key_of(source) in nodes)
    return order

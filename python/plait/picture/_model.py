"""What of a graph goes into a picture: a list of boxes and a list of arrows, independent of who draws them."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

COUNTED_AT_MOST = 100_000  # of the nodes that are left out: enough to say "many"


class Node(Protocol):
    """What a picture asks of a node."""

    @property
    def op(self) -> str:
        """The operation's name."""

    @property
    def name(self) -> str | None:
        """What the user calls it."""

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
        """Who uses it and will send it a gradient."""

    @property
    def wait_count(self) -> int:
        """Edges over which it would receive a gradient, in all graphs; the picture counts its own."""


class Program(Protocol):
    """What a picture asks of a compiled graph."""

    @property
    def outputs(self) -> Any:
        """Its output nodes, in lists, tuples and dicts."""


Roots: TypeAlias = Node | Iterable[Node] | Program


@dataclass
class Box:
    """One node, in words."""

    op: str
    name: str
    spec: str  # dtype and shape
    waits: int
    output: bool = False
    cut: bool = False  # some of its inputs are not shown

    @property
    def lines(self) -> list[str]:
        """The texts in the box, top to bottom."""
        return [self.op, *([self.name] if self.name else []), self.spec, f"waits for {self.waits}"]

    @property
    def kind(self) -> str:
        """Decides the colour."""
        if self.op in {"input", "parameter", "constant"}:
            return self.op
        if self.op == "sparse_input":
            return "input"
        return "random" if self.op.startswith(("random", "normal", "uniform", "bernoulli")) else "op"


# Light fills that carry dark text on a light and on a dark page.
FILLS = {"input": "#dbeafe", "parameter": "#fef3c7", "constant": "#e4e4e7", "random": "#ede9fe", "op": "#f4f4f5"}


@dataclass
class Drawing:
    """Boxes, inputs before their consumers; arrows (from, to, which input of it), one for each use."""

    boxes: list[Box] = field(default_factory=list)
    arrows: list[tuple[int, int, int]] = field(default_factory=list)
    dotted: set[int] = field(
        default_factory=set
    )  # arrows over which no gradient comes back: only the shape is used, or gradient() made them
    note: str = ""


def shape_text(shape: Sequence[int | None]) -> str:
    """A shape as NumPy prints it."""
    return str(tuple(shape))


def dtype_text(dtype: object) -> str:
    """A dtype's plain name, whether it is given as a NumPy dtype, a scalar type or a string."""
    return str(getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or dtype)


def key_of(node: Node) -> Hashable:
    """What is equal for two Python objects that stand for one node. `==` will not do: between nodes it makes a node."""
    return getattr(node, "id", id(node))


def name_of(node: Node) -> str:
    """What the user calls it; a constant without a name that is one number is called by that."""
    if node.name or node.op != "constant" or len(node.shape) > 0:
        return node.name or ""
    value = getattr(node, "value", None)
    return "" if value is None else f"{value.item():.6g}"


def as_list(roots: Roots) -> list[Node]:
    """One node or several, or those of a program, as a list; what is no node is refused."""
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
    kept = list(outputs)  # a Python object that stands for a node must live on, or its id could come again
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
    answering = {key: {key_of(consumer) for consumer in node.consumers} for key, node in shown.items()}
    waits = dict.fromkeys(shown, 0)  # edges of this graph; a node may have other consumers elsewhere
    for key, node in shown.items():
        for used in map(key_of, node.inputs):
            if used in waits and key in answering[used]:
                waits[used] += 1
    drawing = Drawing()
    for key in order:
        node = shown[key]
        box = Box(node.op, name_of(node), f"{dtype_text(node.dtype)} {shape_text(node.shape)}", waits[key], key in output_keys)
        drawing.boxes.append(box)
        for slot, source in enumerate(node.inputs):
            if key_of(source) in number:
                if key not in answering[key_of(source)]:
                    drawing.dotted.add(len(drawing.arrows))
                drawing.arrows.append((number[key_of(source)], number[key], slot))
            else:
                box.cut = True
    if left_out:
        total = f"{len(shown) + left_out}" if not queue else f"more than {len(shown) + left_out}"
        drawing.note = f"{len(shown)} of {total} nodes, those nearest to the output; a dashed node has inputs that are not shown"
    return drawing


def inputs_first(nodes: dict[Hashable, Node]) -> list[Hashable]:
    """The keys of `nodes` in an order where each stands behind those of its inputs that are among them."""
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

"""A Table at one of its steps: the state of its nodes, and the event."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ._model import Drawing, Node, key_of

if TYPE_CHECKING:
    from ..graph import Event, Table

LONGEST_VALUE = 26  # letters of a value in a box


def short(value: Any) -> str:
    """An array in a box: its numbers where they fit, else their range."""
    if value is None:
        return "nothing"
    array = np.asarray(value)
    if array.size <= 4:
        text = " ".join(np.array2string(array, precision=3, separator=", ", formatter={"float_kind": "{:.3g}".format}).split())
        if len(text) <= LONGEST_VALUE:
            return text
    if array.size == 0:
        return "empty"
    if array.dtype == bool:
        return f"{int(array.sum())} of {array.size} true"
    if not np.isfinite(array).all():
        return f"{int(array.size - np.isfinite(array).sum())} of {array.size} not finite"
    low, high = array.min(), array.max()
    return f"{low:.3g}" if low == high else f"{low:.3g} … {high:.3g}"


@dataclass
class State:
    """The state of a node: its value, its gradient, and the number of gradients that have arrived."""

    value: str | None = None
    gradient: str | None = None
    came: int = 0
    of: int = 0

    @property
    def lines(self) -> list[str]:
        """For its box: three lines at every step, so that boxes keep their size."""
        return [
            "" if self.value is None else f"= {self.value}",
            "" if self.gradient is None else f"gradient {self.gradient}",
            f"{self.came} of {self.of} came" if self.of else "",
        ]


@dataclass
class Played:
    """Events of a table, and the states of its nodes after them."""

    events: list[Event]
    states: dict[Hashable, State] = field(default_factory=dict)


def is_table(roots: Any) -> bool:
    """Whether something has the interface of a plait.Table."""
    return hasattr(roots, "trace") and hasattr(roots, "edge_grad")


def position(step: int | None, count: int) -> int:
    """A step's number; None is the last, negative ones count from the end."""
    at = count - 1 if step is None else step + count if step < 0 else step
    if not 0 <= at < max(count, 1):
        raise IndexError(f"draw: step {step} of a table of {count} steps")
    return at


def played(table: Table, step: int | None) -> Played:
    """The table's steps up to one of them."""
    events = list(table.trace())
    at = position(step, len(events))
    done = Played(events[: at + 1])
    for event in events:
        state = done.states.setdefault(key_of(event.node), State())
        if event.kind == "arrival":
            state.of = event.of
    for event in done.events:
        state = done.states[key_of(event.node)]
        if event.kind == "value":
            state.value = short(event.value) if event.node.op != "sparse_input" else "sparse rows"
        elif event.kind == "arrival":
            state.came, state.gradient = event.count, None if event.total is None else short(event.total)
        else:
            state.gradient = None if event.value is None else short(event.value)
    return done


def annotate(drawing: Drawing, table: Table, step: int | None) -> None:
    """Puts values and gradients into the boxes, and marks what happens at a step, if one is given."""
    done = played(table, step)
    for box, key in zip(drawing.boxes, drawing.keys, strict=True):
        state = done.states.get(key, State())
        box.state = state.lines if step is not None else [line for line in state.lines if line]
        box.mark = "later" if state.value is None else ""
    if step is None or not done.events:
        return
    event = done.events[-1]
    drawing.note = f"step {len(done.events) - 1}: {event}" + (f"; {drawing.note}" if drawing.note else "")
    at = drawing.number.get(key_of(event.node))
    if at is not None:
        drawing.boxes[at].mark = event.phase
    for i in edges_of(event, drawing):
        drawing.marked[i] = event.phase


def edges_of(event: Event, drawing: Drawing) -> list[int]:
    """The arrows of an event: those into a node that gets its value, or the one over which a gradient arrives."""

    def at(node: Node | None) -> int | None:
        return None if node is None else drawing.number.get(key_of(node))

    if event.kind == "value":
        return drawing.into.get(at(event.node), [])
    if event.kind == "arrival":
        return [i for i in drawing.into.get(at(event.consumer), []) if drawing.arrows[i][2] == event.input]
    return []

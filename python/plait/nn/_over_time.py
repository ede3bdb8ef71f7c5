"""A cell over time: as a copy for each step, or as one loop; forwards or backwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core, graph
from .cells import Cell, State


def _step(cell: Cell, x: Any, state: State, factors: Any) -> tuple[Any, State]:
    """One step; `factors`, if given, apply recurrent dropout."""
    return cell.step(x, state) if factors is None else cell.step_dropped(x, state, factors)


def _masked_step(cell: Cell, x: Any, state: State, valid: Any, factors: Any) -> tuple[Any, State]:
    """One step where `valid`; elsewhere the state stays and the output is zero."""
    # Masked before the step: a NaN after a sequence's end would reach the gradients of the weights as 0 times NaN.
    x = graph.where(valid, x, 0.0)
    y, following = _step(cell, x, state, factors)
    kept = tuple(graph.where(valid, new, old) for new, old in zip(following, state, strict=True))
    return graph.where(valid, y, 0.0), kept


def unrolled(
    cell: Cell, xs: list[Any], state: State, limit: Any, place: Callable[[int], str], *, reverse: bool = False, factors: Any = None
) -> tuple[list[Any], State]:
    """A copy of the cell for each step, in the scope given by `place`; outputs in the order of the inputs."""
    outs: list[Any] = [None] * len(xs)
    for t in reversed(range(len(xs))) if reverse else range(len(xs)):
        with graph.scope(place(t)):
            if limit is None:
                outs[t], state = _step(cell, xs[t], state, factors)
            else:
                outs[t], state = _masked_step(cell, xs[t], state, graph.expand_dims(limit > t, 1), factors)
    return outs, state


def scanned(cell: Cell, x: Any, state: State, limit: Any, *, reverse: bool = False, factors: Any = None) -> tuple[Any, State]:
    """One loop node over axis 1; outputs in the order of the inputs."""
    # A loop's state has a fixed shape: a row that broadcasts over the batch is repeated.
    first = x[:, 0, :1]
    first.name = "the first step of inputs"
    rows = np.zeros_like(first)
    begin = tuple(part + rows for part in state)
    for node, name in zip(begin, cell.parts, strict=True):
        node.name = f"state {name} for the batch of inputs"
    if reverse:
        steps = x.shape[1]
        last = _core.apply("axis_size", [x], [2, 1], [], False) - 1 if steps is None else graph.constant(steps - 1, dtype="int64")
        move = -1
    else:
        last, move = graph.constant(0, dtype="int64"), 1

    def step(carried: tuple[State, Any], x_t: Any) -> tuple[tuple[State, Any], Any]:
        old, t = carried
        if limit is None:
            y, following = _step(cell, x_t, old, factors)
        else:
            y, following = _masked_step(cell, x_t, old, graph.expand_dims(limit > t, 1), factors)
        return (following, t + move), y

    (ended, _), outs = graph.scan(step, (begin, last), x, axis=1, reverse=reverse)
    return outs, ended

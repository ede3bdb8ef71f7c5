"""Loops as one node: a step function, traced once, over the rows of sequences."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import _core
from .._core import GraphError, Node, ShapeError
from .shaping import transpose
from .structure import Kept, arranged, children, flatten, unflatten


def scan(
    step: Callable[[Any, Any], tuple[Any, Any]],
    state: Any,
    sequence: Any,
    *,
    axis: int = 0,
    reverse: bool = False,
    checkpoint: bool | int | None = None,
) -> tuple[Any, Any]:
    """A loop over the steps of a sequence, as one node.

    Parameters
    ----------
    step : callable
        ``step(state, x) -> (state, y)``, written over nodes; called once. It returns the state in the structure, shapes and dtypes in which
        it was given, and a result in any structure, or None. It may use any nodes and parameters from outside.
    state : Node or array_like, or list, tuple or dict of them
        The initial state, in structures of any depth; a namedtuple stays one, and the step may return the keys of a dict in any order.
        Python's numbers take the floating dtype of the sequences.
    sequence : Node or array_like, or list, tuple or dict of them
        `step` gets a slice of each along `axis`; all have the same length there.
    axis : int
        The time axis, of the sequences and of the results.
    reverse : bool
        Run from the last step to the first; results keep the positions of their steps.
    checkpoint : None, bool or int, optional
        Memory for gradients. None or False: all residuals of every step are kept. True: for T steps only the states before every √T-th step
        are kept, and segments are recomputed one after the other: memory O(√T) instead of O(T) besides sequences and results, for about one
        more forward run. An int: the number of steps per segment.

    Returns
    -------
    state : Node, or the structure of them
        After the last step; the initial state if there are no steps.
    outputs : Node, or the structure of them
        The results of all steps, stacked along `axis`.

    Raises
    ------
    ShapeError, DTypeError, GraphError
        The sequences differ in length or have no such axis; the step gives a state of another shape, dtype or structure than it got.

    Notes
    -----
    The number of steps may be bound when the graph runs; compiling does not depend on it. Loop-invariant parts are computed once, before
    the loop. Random nodes of the step draw new numbers at every step; gradients use the same numbers. Gradients can be differentiated
    again.

    With checkpoints every √T steps: Chen, Xu, Zhang and Guestrin (2016), Training deep nets with sublinear memory cost.

    Examples
    --------
    >>> x = plait.input("x", (None,), dtype="float64")
    >>> total, partial = plait.scan(lambda s, x: (s + x, s + x), 0.0, x)
    >>> plait.evaluate([total, partial], {x: [1.0, 2.0, 3.0]})
    [array(6.), array([1., 3., 6.])]

    Gradients, also with respect to nodes outside the step:

    >>> decay = plait.parameter(np.array(0.5))
    >>> last, _ = plait.scan(lambda s, x: (decay * s + x, None), 0.0, x)
    >>> plait.evaluate(plait.gradient(last, [decay, x]), {x: [1.0, 2.0, 3.0]})
    [array(3.), array([0.25, 0.5 , 1.  ])]
    """
    segment = _segment_length(checkpoint)
    raw_rows, row_structure = flatten(sequence, _is_leaf)
    _only_nodes(row_structure, "sequence")
    if not raw_rows:
        raise GraphError("scan: the sequence is empty, so there is no number of steps")
    sequences = [_time_first(_core.as_node(x, "scan: sequence"), axis, _name("sequence", row_structure, k)) for k, x in enumerate(raw_rows)]
    raw_states, state_structure = flatten(state, _is_leaf)
    _only_nodes(state_structure, "state")
    number_type = next(
        (str(x.dtype) for x in [*sequences, *(s for s in raw_states if isinstance(s, Node))] if x.dtype.kind == "f"), "float32"
    )
    states = [_as_node(s, number_type, "state") for s in raw_states]

    step_states = [_core.input(_name("state", state_structure, k), s.shape, s.dtype) for k, s in enumerate(states)]
    step_xs = [_core.input(_name("x", row_structure, k), x.shape[1:], x.dtype) for k, x in enumerate(sequences)]
    try:
        pair = step(unflatten(state_structure, step_states), unflatten(row_structure, step_xs))
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise GraphError(f"scan: the step gives a pair (state, result), got {_kind(pair)}; a step without results gives (state, None)")
        raw_next = arranged(pair[0], state_structure, _is_leaf)
        if raw_next is None:
            given = _outline(flatten(pair[0], _is_leaf)[1])
            raise GraphError(
                f"scan: the step got a state of the structure {_outline(state_structure)} and gives one of the structure {given}"
            )
        next_states = [_as_node(n, str(s.dtype), "state after a step") for n, s in zip(raw_next, step_states, strict=True)]
        raw_results, result_structure = flatten(pair[1], _is_leaf)
        if any(part is not None for part in _kept(result_structure)):
            raise TypeError(
                f"scan: results of a step are nodes, arrays or numbers in lists, tuples and dicts, got {_outline(result_structure)}"
            )
        results = [_as_node(y, number_type, "result of a step") for y in raw_results]
    finally:  # nodes of the step that are still referenced (a traceback, a list of the user's) do not count in wait counts
        _core.mark_drafts([*step_states, *step_xs])

    found = _core.scan(states, sequences, step_states, step_xs, next_states, results, reverse, segment)
    stacked = [_time_back(y, axis) for y in found[len(states) :]]
    return unflatten(state_structure, found[: len(states)]), unflatten(result_structure, stacked)


def _segment_length(checkpoint: bool | int | None) -> int | None:
    """None: keep everything. 0: √T, known when the loop runs."""
    if checkpoint is None or checkpoint is False:
        return None
    if checkpoint is True:
        return 0
    length = operator.index(checkpoint)
    if length < 1:
        raise ValueError(f"scan: checkpoint is None, True or a positive number of steps, got {checkpoint!r}")
    return length


def _is_leaf(part: Any) -> bool:
    return isinstance(part, (Node, np.ndarray, np.generic, bool, int, float))


def _as_node(value: Any, number_type: str, what: str) -> Node:
    """Python's numbers and, for states, arrays take the given dtype; nodes are not changed."""
    if isinstance(value, (bool, int, float)) and not isinstance(value, np.generic):
        return _core.constant(value, "", number_type)
    if not isinstance(value, Node) and what == "state after a step":
        return _core.as_node(value, f"scan: {what}").astype(number_type)
    return _core.as_node(value, f"scan: {what}")


def _time_first(node: Node, axis: int, name: str) -> Node:
    rank = len(node.shape)
    if not -rank <= axis < rank:
        raise ShapeError(f"scan: axis {axis} is out of range for {name} of shape {node.shape}")
    at = axis % rank
    return node if at == 0 else transpose(node, (at, *(k for k in range(rank) if k != at)))


def _time_back(node: Node, axis: int) -> Node:
    rank = len(node.shape)
    if not -rank <= axis < rank:
        raise ShapeError(
            f"scan: axis {axis} is out of range for stacked results of shape {node.shape}; give results more dimensions, or use axis=0"
        )
    at = axis % rank
    return node if at == 0 else transpose(node, (*range(1, at + 1), 0, *range(at + 1, rank)))


def _kept(structure: Any) -> Sequence[Any]:
    """The parts of a structure that are not leaves."""
    if isinstance(structure, Kept):
        return [structure.value]
    return [value for part in children(structure) or () for value in _kept(part)]


def _only_nodes(structure: Any, what: str) -> None:
    for value in _kept(structure):
        raise TypeError(f"scan: {what} is a node, an array or a number, or a list, tuple or dict of them, got {type(value).__name__}")


def _outline(structure: Any) -> str:
    """A structure as text: (node, [node, node])."""
    if isinstance(structure, Kept):
        return repr(structure.value)
    if isinstance(structure, dict):
        inner = "{" + ", ".join(f"{key!r}: {_outline(part)}" for key, part in structure.items()) + "}"
        return inner if type(structure) is dict else f"{type(structure).__name__}({inner})"
    if isinstance(structure, list):
        return "[" + ", ".join(map(_outline, structure)) + "]"
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return (
            f"{type(structure).__name__}("
            + ", ".join(f"{key}={_outline(part)}" for key, part in zip(structure._fields, structure, strict=True))
            + ")"
        )
    if isinstance(structure, tuple):
        return "(" + ", ".join(map(_outline, structure)) + ("," if len(structure) == 1 else "") + ")"
    return "node"


def _kind(value: Any) -> str:
    return f"a {type(value).__name__} of {len(value)}" if isinstance(value, (tuple, list)) else type(value).__name__


def _name(stem: str, structure: Any, k: int) -> str:
    """`state` for a single node, `state[1]`, `state['h']`, `state.h` inside of a structure."""
    return stem + (_path(structure, k) or "")


def _path(structure: Any, k: int) -> str | None:
    if isinstance(structure, int):
        return "" if structure == k else None
    items: Any = structure.items() if isinstance(structure, dict) else enumerate(structure) if isinstance(structure, (list, tuple)) else ()
    for key, inner in items:
        below = _path(inner, k)
        if below is not None:
            return f".{structure._fields[key]}{below}" if hasattr(structure, "_fields") else f"[{key!r}]{below}"
    return None

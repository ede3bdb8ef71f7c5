"""Markov blankets from the graph: which summands of a log joint reach a latent, and for which of its elements."""

from __future__ import annotations

from typing import TypeAlias

from .. import _core
from ..graph import Node
from ._batch import _ELEMENTWISE
from .model import Latent

# Where each axis of a latent stands among the axes of a node whose element depends on the latent's element there alone; None where a node's
# elements depend on several; absent where it does not depend at all.
Aligned: TypeAlias = "tuple[int, ...] | None"


def reach(latent: Latent, term: Node) -> tuple[bool, Aligned]:
    """Whether a term depends on a latent, and element by element so (then: the axes)."""
    axes = tuple(range(len(latent.support.shape)))
    known: dict[int, Aligned] = {latent.leaf.id: axes}
    for node in _core.ancestors([term]):
        if node.id in known:
            continue
        inputs = [i for i in node.inputs if i.id in known]
        if inputs:
            known[node.id] = _through(node, known)
    return term.id in known, known.get(term.id)


def _through(node: Node, known: dict[int, Aligned]) -> Aligned:
    """The axes after one op."""
    found: Aligned = None
    for position, i in enumerate(node.inputs):
        if i.id not in known:
            continue
        axes = known[i.id]
        if axes is None:
            return None
        moved = _moved(node, position, i, axes)
        if moved is None or (found is not None and moved != found):
            return None
        if any(i.shape[a] != node.shape[b] for a, b in zip(axes, moved, strict=True)):
            return None  # spread over an axis of size 1
        found = moved
    return found


def _moved(node: Node, position: int, source: Node, axes: tuple[int, ...]) -> Aligned:
    numbers = node.attributes[0]  # in the form of files, see attributes.hpp
    if node.op in _ELEMENTWISE or (node.op in ("broadcast_to", "broadcast_like") and position == 0):
        return tuple(a + len(node.shape) - len(source.shape) for a in axes)
    if node.op in ("sum", "prod", "max", "min"):
        keep, *over = numbers
        if set(over) & set(axes):
            return None
        return axes if keep else tuple(a - sum(o < a for o in over) for a in axes)
    if node.op == "transpose":
        return tuple(numbers.index(a) for a in axes)
    if node.op == "expand_dims":
        (at,) = numbers
        at %= len(node.shape)
        return tuple(a + (a >= at) for a in axes)
    if node.op == "index":
        axis, *_ = numbers
        return None if axis in axes else tuple(a - (a > axis) for a in axes)
    if node.op == "cumsum":
        axis, *_ = numbers
        return None if axis in axes else axes
    if node.op in ("reshape", "squeeze") and source.shape == node.shape:
        return axes
    return None

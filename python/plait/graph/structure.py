"""Structures: nodes or arrays in lists, tuples and dicts, taken apart and put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._core import Node


def flatten(tree: Any, is_leaf: Callable[[Any], bool]) -> tuple[list[Any], Any]:
    """The leaves in order, and the structure with numbers instead of leaves; other values stay in the structure."""
    leaves: list[Any] = []
    return leaves, _numbered(tree, is_leaf, leaves)


# Not a closure in flatten(): a recursive closure is a reference cycle that keeps leaves alive until garbage collection.
def _numbered(part: Any, is_leaf: Callable[[Any], bool], leaves: list[Any]) -> Any:
    if is_leaf(part):
        leaves.append(part)
        return len(leaves) - 1
    inner = children(part)
    return Kept(part) if inner is None else like(part, [_numbered(value, is_leaf, leaves) for value in inner])


def children(part: Any) -> list[Any] | None:
    """The items of a list, tuple or dict; None for anything else."""
    return list(part.values()) if isinstance(part, dict) else list(part) if isinstance(part, (list, tuple)) else None


def like(part: Any, values: list[Any]) -> Any:
    """The same container with other items; namedtuple, OrderedDict and defaultdict keep their types."""
    if isinstance(part, dict):
        made = part.copy()
        made.update(zip(part, values, strict=True))
        return made
    return values if isinstance(part, list) else getattr(part, "_make", tuple)(values)


class Kept:
    """A value in a structure that is not a leaf."""

    def __init__(self, value: Any) -> None:
        self.value = value


def unflatten(structure: Any, leaves: Any) -> Any:
    """The structure with leaves instead of their numbers."""
    if isinstance(structure, int):
        return leaves[structure]
    inner = children(structure)
    return structure.value if inner is None else like(structure, [unflatten(value, leaves) for value in inner])


def arranged(tree: Any, structure: Any, is_leaf: Callable[[Any], bool]) -> list[Any] | None:
    """The leaves of a tree in the order of a structure, whatever the order of keys; None where the tree is built otherwise."""
    if is_leaf(tree):
        return [tree] if isinstance(structure, int) else None
    inner, parts = children(structure), children(tree)
    if inner is None or parts is None or type(tree) is not type(structure) or len(parts) != len(inner):
        return None
    if isinstance(structure, dict):
        if tree.keys() != structure.keys():
            return None
        parts = [tree[key] for key in structure]
    found = [arranged(part, below, is_leaf) for part, below in zip(parts, inner, strict=True)]
    return None if None in found else [leaf for leaves in found for leaf in leaves or ()]


def flatten_nodes(tree: Any, what: str) -> tuple[list[Node], Any]:
    """The nodes of a structure that holds nothing else."""
    nodes, structure = flatten(tree, lambda part: isinstance(part, Node))

    def check(part: Any) -> None:
        if isinstance(part, Kept):
            raise TypeError(f"{what}: expected a plait.Node, or a list, tuple or dict of them, got {type(part.value).__name__}")
        for inner in children(part) or ():
            check(inner)

    check(structure)
    return nodes, structure

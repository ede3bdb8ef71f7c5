"""Structures: nodes or arrays in lists, tuples and dicts, taken apart and put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._core import Node


def flatten(tree: Any, is_leaf: Callable[[Any], bool]) -> tuple[list[Any], Any]:
    """The leaves in order, and the structure with their numbers in their place; what is neither stays in the structure."""
    leaves: list[Any] = []
    return leaves, _numbered(tree, is_leaf, leaves)


# A function of the module: one inside of flatten() that calls itself would be a circle that keeps leaves alive until the garbage collector comes.
def _numbered(part: Any, is_leaf: Callable[[Any], bool], leaves: list[Any]) -> Any:
    if is_leaf(part):
        leaves.append(part)
        return len(leaves) - 1
    if isinstance(part, dict):
        return {key: _numbered(value, is_leaf, leaves) for key, value in part.items()}
    if isinstance(part, (list, tuple)):
        inner = [_numbered(value, is_leaf, leaves) for value in part]
        return inner if isinstance(part, list) else tuple(inner)
    return Kept(part)


class Kept:
    """What stands in a structure but is no leaf."""

    def __init__(self, value: Any) -> None:
        self.value = value


def unflatten(structure: Any, leaves: Any) -> Any:
    """The structure with leaves in the place of their numbers."""
    if isinstance(structure, int):
        return leaves[structure]
    if isinstance(structure, dict):
        return {key: unflatten(value, leaves) for key, value in structure.items()}
    if isinstance(structure, list):
        return [unflatten(value, leaves) for value in structure]
    if isinstance(structure, tuple):
        return tuple(unflatten(value, leaves) for value in structure)
    return structure.value


def flatten_nodes(tree: Any, what: str) -> tuple[list[Node], Any]:
    """The nodes of a structure that holds nothing else."""
    nodes, structure = flatten(tree, lambda part: isinstance(part, Node))

    def check(part: Any) -> None:
        if isinstance(part, Kept):
            raise TypeError(f"{what}: expected a plait.Node, or a list, tuple or dict of them, got {type(part.value).__name__}")
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, (list, tuple)) else ():
            check(inner)

    check(structure)
    return nodes, structure

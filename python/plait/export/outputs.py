"""Names of a program's outputs in a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._core import Node


def named_outputs(nodes: Any) -> Iterator[tuple[str, Node]]:
    """Each output and its name: by the keys of dicts, by the node's own name, by its number."""
    found: list[tuple[str, Node]] = []
    open_: list[tuple[str, Any]] = [("", nodes)]
    while open_:
        place, value = open_.pop()
        if isinstance(value, Node):
            found.append((place, value))
        elif isinstance(value, dict):
            open_ += reversed([(f"{place}.{key}" if place else str(key), inner) for key, inner in value.items()])
        elif isinstance(value, (list, tuple)):
            open_ += reversed([(f"{place}.{k}" if place else "", inner) for k, inner in enumerate(value)])
    for k, (place, node) in enumerate(found):
        yield place or node.name or f"output{k}", node

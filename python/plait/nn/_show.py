"""Layers as text: their structure and numbers of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..graph import Node


def called(part: Any) -> str:
    """The name of a value in a layer."""
    return str(getattr(part, "__name__", None) or repr(part))


def sizes(shape: Sequence[int | None]) -> str:
    """A shape as text, such as 3 × 4."""
    return " × ".join(map(str, shape)) or "scalar"


def nested(name: str, own: Sequence[str], inner: Sequence[tuple[str, str]]) -> str:
    """``Name(own, …)``, with inner layers on separate lines."""
    if not inner:
        return f"{name}({', '.join(own)})"
    lines = [*own, *(f"{place}: {text}" for place, text in inner)]
    return f"{name}(\n" + "".join("  " + line.replace("\n", "\n  ") + "\n" for line in lines) + ")"


def table(title: str, placed: Sequence[tuple[Node, str]]) -> str:
    """One line for each parameter, and their sum."""
    rows = [(node.name or place, sizes(node.shape), str(node.dtype), int(node.value.size)) for node, place in placed]
    total = sum(row[3] for row in rows)
    size = sum(node.value.nbytes for node, _ in placed)
    shown = [(*row[:3], f"{row[3]:,}") for row in rows]
    head = ("parameter", "shape", "dtype", "numbers")
    widths = [max(len(row[k]) for row in [head, *shown, ("", "", "", f"{total:,}")]) for k in range(4)]

    def line(row: Sequence[str]) -> str:
        left = "  ".join(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=False))
        return f"{left}  {row[3].rjust(widths[3])}"

    rule = "-" * (sum(widths) + 6)
    return "\n".join([title, rule, line(head), rule, *map(line, shown), rule, line((f"{size / 1024:,.1f} KiB", "", "", f"{total:,}"))])

"""Operands as nodes."""

from __future__ import annotations

from .. import _core
from .._core import Node
from ._types import Operand


def as_float(x: Operand, what: str) -> Node:
    """A node with a floating dtype: integers and booleans become float64, as NumPy's functions make them."""
    node = _core.as_node(x, what)
    return node if node.dtype.kind == "f" else node.astype("float64")

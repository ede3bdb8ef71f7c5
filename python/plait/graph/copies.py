"""Copies of nodes: parameters and constants are copied and pickled by value; expressions, which hold a whole graph, are refused."""

from __future__ import annotations

import copyreg
from typing import Any

import numpy as np

from .. import _core
from .._core import Node
from ._types import Array


def _parameter(value: Array, name: str) -> Node:
    return _core.parameter(value, name, None)


def _constant(value: Array, name: str) -> Node:
    return _core.constant(value, name, None)


def reduced(node: Node) -> tuple[Any, ...]:
    """The ``__reduce__`` of a node, for `copy`, `copy.deepcopy` and pickles. A node shared by several objects stays shared."""
    if node.op == "parameter":
        return _parameter, (np.array(node.value), node.name)
    if node.op == "constant":
        return _constant, (np.array(node.value), node.name)
    raise TypeError(
        f"a node that is no parameter and no constant is neither copied nor pickled: {node!r}; it never changes, so it can be shared. "
        f"A plait.Program can be saved"
    )


def install() -> None:
    """Tell `copy` and `pickle`."""
    copyreg.pickle(Node, reduced)

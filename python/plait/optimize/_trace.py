"""Tracing of functions that were written for arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from .._core import Node
from ..graph import concatenate, input
from ..graph._types import Array
from ._limits import Constraint
from ._programs import graph_problem


def traced(
    fun: Callable[..., Any], args: tuple[Any, ...], rows: list[Constraint], x0: Array
) -> tuple[_core.optimize.GraphProblem, list[int]] | None:
    """The problem as graphs, and the number of rows of each constraint; None where some function can't be traced.

    The graph must give the function's own values at x0.
    """
    x = input("x", x0.shape, "float64")
    functions = [c for c in rows if c.fun is not None]
    try:
        objective = _node(fun(x, *args))
        nodes = [_node(c.fun(x, *c.args)) for c in functions if c.fun is not None]
        if objective is None or objective.size != 1 or any(node is None or node.size is None for node in nodes):
            return None
        problem = graph_problem(objective, [x], [node for node in nodes if node is not None])
        f, c = problem.values(x0)
    except Exception:  # not traceable; an error of the function itself is raised by the call with arrays
        return None
    if not _same(f, fun(x0.copy(), *args)):
        return None
    sizes, at = [], 0
    for constraint, node in zip(functions, nodes, strict=True):
        assert node is not None
        assert constraint.fun is not None
        size = int(node.size)
        if not _same(c[at : at + size], constraint.fun(x0.copy(), *constraint.args)):
            return None
        sizes.append(size)
        at += size
    return problem, sizes


def _node(result: Any) -> Node | None:
    """One node: a list of scalars, nested or not, is concatenated; numbers among them are constants. None if nothing of it is a node."""
    if isinstance(result, Node):
        return result if result.dtype.kind == "f" else None
    if not isinstance(result, (list, tuple)):
        if isinstance(result, np.ndarray) and result.dtype == object:
            return _node(result.ravel().tolist())
        return None
    parts: list[Node] = []
    any_node = False
    todo = list(result)
    while todo:
        part = todo.pop(0)
        if isinstance(part, (list, tuple)):
            todo[:0] = part
            continue
        any_node = any_node or isinstance(part, Node)
        parts.append(_core.as_node(part, "constraint").astype("float64").ravel())
    return concatenate(parts) if any_node else None


def _same(found: Any, given: Any) -> bool:
    try:
        there = np.asarray(given, np.float64).reshape(-1)
    except (TypeError, ValueError):
        return False
    here = np.asarray(found, np.float64).reshape(-1)
    return there.shape == here.shape and np.allclose(here, there, rtol=1e-7, atol=1e-12, equal_nan=True)

"""Nodes as a problem of the core: programs of values, derivatives and Hessian-vector products."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _core
from .._core import DTypeError, Node, ShapeError
from ..graph import concatenate, gradient, input, stack, stop_gradient
from ..graph import sum as sum_of
from ..graph.binary import cast


def graph_problem(
    objective: Node, variables: Sequence[Node], constraints: Sequence[Node] = (), parameters: Sequence[Node] = ()
) -> _core.optimize.GraphProblem:
    """A problem of the core over nodes; its limits are still to be set.

    Parameters
    ----------
    objective : Node
        A scalar.
    variables : sequence of Node
        Float inputs (or parameters) of known shape. The solver's x holds them one after the other, raveled.
    constraints : sequence of Node
        Of any known shape; the rows of c are their elements in order.
    parameters : sequence of Node
        Inputs whose values are set before a solve.
    """
    for variable in variables:
        if variable.dtype.kind != "f":
            raise DTypeError(f"variables: expected float nodes, {variable!r} is {variable.dtype}")
    if objective.size != 1:
        raise ShapeError(f"objective: expected one number, got shape {objective.shape}")
    f = _double(objective).reshape(())
    parts = [_double(c).ravel() for c in constraints]
    rows = parts[0] if len(parts) == 1 else concatenate(parts) if parts else None
    m = 0 if rows is None else rows.shape[0]
    if m is None:
        raise ShapeError("constraints: their shapes must be known")
    gradients = [_double(g).ravel() for g in gradient(f, list(variables))]
    values = [f] if rows is None else [f, rows]
    derivatives = [*values, *gradients]
    if rows is not None:
        by_row = [gradient(rows[k], list(variables)) for k in range(m)]
        derivatives += [stack([_double(row[v]).ravel() for row in by_row]) for v in range(len(variables))]
    # <grad L, v> has the gradient (Hessian of L) v.
    multipliers = None if rows is None else input("multipliers", (m,), "float64")
    lagrangian = f if rows is None or multipliers is None else f - sum_of(stop_gradient(multipliers) * rows)
    directions = [input(f"direction_{k}", v.shape, v.dtype) for k, v in enumerate(variables)]
    along = [sum_of(g * d) for g, d in zip(gradient(lagrangian, list(variables)), directions, strict=True)]
    total = along[0]
    for part in along[1:]:
        total = total + part
    try:
        curvature = [_double(h).ravel() for h in gradient(total, list(variables))]
    except _core.GraphError:  # an operation without a second derivative
        curvature = None
    return _core.optimize.GraphProblem(list(variables), list(parameters), values, derivatives, curvature, directions, multipliers, m)


def pullback_of(
    objective: Node, variable: Node, constraints: Sequence[Node], parameters: Sequence[Node]
) -> tuple[list[Node], Node, Node, Node]:
    """Gradients for the parameters of <direction, grad L> + <weights, c>; then direction, multipliers and weights, which are inputs."""
    parts = [_double(c).ravel() for c in constraints]
    rows = concatenate(parts) if parts else None
    m = 0 if rows is None else rows.shape[0]
    direction = input("direction", variable.shape, "float64")
    multipliers, weights = input("multipliers", (m,), "float64"), input("weights", (m,), "float64")
    f = _double(objective).reshape(())
    lagrangian = f if rows is None else f - sum_of(stop_gradient(multipliers) * rows)
    total = sum_of(gradient(lagrangian, variable) * direction)
    if rows is not None:
        total = total + sum_of(weights * rows)
    return gradient(total, list(parameters)), direction, multipliers, weights


def _double(node: Node) -> Node:
    return node if str(node.dtype) == "float64" else cast(node, "float64")

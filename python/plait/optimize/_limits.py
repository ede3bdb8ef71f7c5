"""Bounds and constraints in all of SciPy's forms, recognised by their attributes: SciPy is not imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph._types import Array


@dataclass
class Constraint:
    """lower <= fun(x) <= upper, or lower <= matrix x <= upper."""

    lower: Any
    upper: Any
    name: Any
    fun: Callable[..., Any] | None = None
    jac: Any = None
    args: tuple[Any, ...] = ()
    matrix: Array | None = None


def as_bounds(bounds: Any, n: int) -> tuple[Array, Array]:
    """Lower and upper bounds, (n,) each, without NaN; ±inf for no bound."""
    if bounds is None:
        return np.full(n, -np.inf), np.full(n, np.inf)
    if hasattr(bounds, "lb") and hasattr(bounds, "ub"):
        pair = bounds.lb, bounds.ub
    else:
        rows = list(bounds)
        if len(rows) != n:
            raise ValueError(f"bounds: expected {n} pairs (low, high), one for each variable, got {len(rows)}")
        for i, row in enumerate(rows):
            if not isinstance(row, (Sequence, np.ndarray)) or len(row) != 2:
                raise ValueError(f"bounds: variable {i}: expected a pair (low, high), got {row!r}")
        pair = [-np.inf if r[0] is None else r[0] for r in rows], [np.inf if r[1] is None else r[1] for r in rows]
    found = []
    for name, side in zip(("lower", "upper"), pair, strict=True):
        try:
            found.append(np.array(np.broadcast_to(np.asarray(side, np.float64).reshape(-1) if np.ndim(side) else side, n), np.float64))
        except (TypeError, ValueError):
            raise ValueError(f"bounds: {name}: expected {n} numbers, got {side!r}") from None
    low, high = found
    if np.isnan(low).any() or np.isnan(high).any():
        raise ValueError(f"bounds: variable {int(np.argmax(np.isnan(low) | np.isnan(high)))} has a NaN bound")
    wrong = (low > high) | (low == np.inf) | (high == -np.inf)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise ValueError(f"bounds: variable {i}: the lower bound {low[i]} is above the upper bound {high[i]}, or no number lies between")
    return low, high


def as_constraints(constraints: Any, n: int) -> list[Constraint]:
    """One or several of: dict(type="eq" or "ineq", fun=, jac=, args=), LinearConstraint, NonlinearConstraint."""
    if constraints is None:
        return []
    if isinstance(constraints, dict) or hasattr(constraints, "lb"):
        constraints = [constraints]
    found = []
    for k, c in enumerate(constraints):
        if isinstance(c, dict):
            found.append(_from_dict(c, k))
        elif hasattr(c, "A") and hasattr(c, "lb"):
            found.append(_linear(c, k, n))
        elif hasattr(c, "fun") and hasattr(c, "lb"):
            jac = getattr(c, "jac", None)
            found.append(Constraint(c.lb, c.ub, k, c.fun, jac if callable(jac) else None))
        else:
            raise TypeError(
                f"constraints: number {k}: expected a dict, a LinearConstraint or a NonlinearConstraint, got {type(c).__name__}"
            )
    return found


def _from_dict(c: dict[str, Any], k: int) -> Constraint:
    try:
        kind = c["type"].lower()
    except KeyError:
        raise KeyError(f"Constraint {k} has no type defined.") from None
    except AttributeError:
        raise TypeError(f"constraints: number {k}: 'type' is a string, got {c['type']!r}") from None
    if kind not in ("eq", "ineq"):
        raise ValueError(f"constraints: number {k}: expected type 'eq' or 'ineq', got {c['type']!r}")
    if "fun" not in c:
        raise ValueError(f"Constraint {k} has no function defined.")
    if not callable(c["fun"]):
        raise TypeError(f"constraints: number {k}: 'fun' must be callable, got {type(c['fun']).__name__}")
    args = c.get("args", ())
    if not isinstance(args, (tuple, list)):
        args = (args,)
    jac = c.get("jac")
    return Constraint(0.0, 0.0 if kind == "eq" else np.inf, c.get("name", k), c["fun"], jac if callable(jac) else None, tuple(args))


def _linear(c: Any, k: int, n: int) -> Constraint:
    matrix = c.A.toarray() if hasattr(c.A, "toarray") else c.A
    matrix = np.atleast_2d(np.asarray(matrix, np.float64))
    if matrix.shape[1] != n:
        raise ValueError(f"constraints: number {k}: A has {matrix.shape[1]} columns for {n} variables")
    if not np.isfinite(matrix).all():
        raise ValueError(f"constraints: number {k}: A holds a number that is not finite")
    return Constraint(*sides(c.lb, c.ub, len(matrix), f"constraints: number {k}"), k, matrix=matrix)


def sides(lower: Any, upper: Any, m: int, what: str) -> tuple[Array, Array]:
    """Limits of m rows."""
    try:
        low = np.array(np.broadcast_to(np.asarray(lower, np.float64), (m,)))
        high = np.array(np.broadcast_to(np.asarray(upper, np.float64), (m,)))
    except ValueError:
        raise ValueError(f"{what}: limits {lower!r} and {upper!r} do not fit {m} values") from None
    if np.isnan(low).any() or np.isnan(high).any() or (low > high).any() or (low == np.inf).any() or (high == -np.inf).any():
        raise ValueError(f"{what}: expected a lower limit at or below the upper one, got {lower!r} and {upper!r}")
    return low, high

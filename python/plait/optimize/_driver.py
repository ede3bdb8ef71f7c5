"""Runs a solver of the core: options, callbacks, statuses, and multipliers in the user's order."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import _core
from ..graph._types import Array
from ._conflict import irreducible
from ._result import STATUS, OptimizeResult

SLSQP_OPTIONS = {"maxiter": 1000, "ftol": 1e-10, "gtol": 1e-8, "ctol": 1e-8}
LBFGS_OPTIONS = {"maxiter": 15000, "maxfun": 15000, "maxcor": 10, "ftol": 1e-10, "gtol": 1e-8}
MOST = 2**31 - 1  # the core counts iterations in an int
ACCEPTED = {"disp", "iprint", "eps", "finite_diff_rel_step", "maxls", "workers"}  # SciPy's; some have no meaning here


@dataclass
class Limits:
    """Bounds and limits of a problem: nonlinear rows, then linear ones, with their names and their order as given."""

    low: Array
    high: Array
    row_lower: Array
    row_upper: Array
    linear: Array
    linear_lower: Array
    linear_upper: Array
    order: Array = field(default_factory=lambda: np.empty(0, np.intp))  # user's row -> the core's
    names: list[Any] = field(default_factory=list)  # by the core's row
    bound_names: list[tuple[Any, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.in_order = bool(np.array_equal(self.order, np.arange(self.order.size)))

    def set_on(self, problem: _core.optimize.Problem) -> None:
        """Sets them on the core's problem."""
        problem.set_limits(self.low, self.high, self.row_lower, self.row_upper, self.linear.ravel(), self.linear_lower, self.linear_upper)


def read_options(options: dict[str, Any] | None, tol: float | None, method: str) -> dict[str, Any]:
    """Options by name with their defaults; a warning names unknown ones, as in SciPy."""
    known: dict[str, Any] = dict(SLSQP_OPTIONS if method == "SLSQP" else LBFGS_OPTIONS)
    if tol is None and options is None:
        return known
    if tol is not None:
        known.update({name: tol for name in ("ftol", "gtol", "ctol") if name in known})
    if options is not None and not isinstance(options, Mapping):
        raise TypeError(f"options: expected a dict, got {type(options).__name__}")
    unknown = []
    for name, value in (options or {}).items():
        if name in known:
            known[name] = value
        elif name not in ACCEPTED:
            unknown.append(name)
    if unknown:
        warnings.warn(f"Unknown solver options: {', '.join(sorted(unknown))}", RuntimeWarning, stacklevel=3)
    for name, value in known.items():
        if not isinstance(value, (int, float, np.integer, np.floating)) or not value >= 0:
            raise ValueError(f"options: {name}: expected a number of at least 0, got {value!r}")
        if name.startswith("max"):
            known[name] = int(min(value, MOST))
    for name in ("eps", "finite_diff_rel_step"):
        step = (options or {}).get(name)
        if step is not None and not np.all(np.isfinite(step) & (np.asarray(step) > 0)):
            raise ValueError(f"options: {name}: expected a number above 0, got {step!r}")
    return known


class Stopper:
    """Adapts the user's callback, which gets copies and stops by StopIteration or by returning True."""

    def __init__(self, callback: Callable[..., Any]) -> None:
        if not callable(callback):
            raise TypeError(f"callback: expected a callable, got {type(callback).__name__}")
        self.callback = callback
        try:
            self.by_result = set(inspect.signature(callback).parameters) == {"intermediate_result"}
        except (TypeError, ValueError):
            self.by_result = False

    def __call__(self, x: Array, f: float, iteration: int) -> bool:
        try:
            stop = self.callback(intermediate_result=OptimizeResult(x=x, fun=f, nit=iteration)) if self.by_result else self.callback(x)
            return isinstance(stop, (bool, np.bool_)) and bool(stop)
        except StopIteration:
            return True


def run_slsqp(
    problem: _core.optimize.Problem,
    x0: Array,
    limits: Limits,
    options: dict[str, Any],
    callback: Callable[..., Any] | None = None,
    check: bool = False,
    hessian: Array | None = None,
) -> OptimizeResult:
    """Solves by SLSQP; names and order of the result are the user's."""
    r = _core.optimize.slsqp(
        problem,
        x0,
        int(options["maxiter"]),
        options["ftol"],
        options["gtol"],
        options["ctol"],
        check,
        True,
        hessian,
        None if callback is None else Stopper(callback),
    )
    status = r.status
    message = STATUS[status]
    conflict: list[Any] = []
    if status == 4:
        conflict, message = explain_conflict(problem, r, limits)
    elif status == 13:
        where = "the objective" if r.wrong_row < 0 else f"constraint {limits.names[r.wrong_row]!r}"
        message = f"jac of {where} differs from a difference of its values by {r.wrong_by:.2g} (relative)."
    elif status == 8 and r.negative_curvature:
        message = "The first-order conditions hold, but the objective has negative curvature along a feasible direction: not a minimum."
    result = OptimizeResult(r.fields())
    result["message"] = message
    if conflict:
        result["conflict"] = conflict
    if not limits.in_order:
        result["multipliers"], result["active"] = result["multipliers"][limits.order], result["active"][limits.order]
    return result


def explain_conflict(problem: _core.optimize.Problem, r: Any, limits: Limits) -> tuple[list[Any], str]:
    """An irreducible infeasible subset of the constraints linearised at the last point, and the message."""
    matrix = limits.linear.reshape(-1, r.x.size)
    lower, upper = limits.linear_lower, limits.linear_upper
    local = problem.m > 0
    if local:
        jacobian = problem.derivatives(r.x)[1]
        at = r.rows[: problem.m] - jacobian @ r.x
        matrix = np.vstack([jacobian, matrix])
        lower = np.concatenate([limits.row_lower - at, lower])
        upper = np.concatenate([limits.row_upper - at, upper])
    if not np.isfinite(matrix).all():
        return [], STATUS[4]
    # Negligible derivatives count as 0: a step long enough to help would leave the range of the linearisation.
    sizes = np.abs(matrix).max(axis=1, initial=0)
    matrix = np.where((sizes <= 1e-6 * np.maximum(1.0, np.abs(r.rows)))[:, None], 0.0, matrix)
    conflict = irreducible(matrix, lower, upper, limits.low, limits.high, limits.names, limits.bound_names)
    if not conflict:
        violated = np.maximum(
            np.concatenate([limits.row_lower, limits.linear_lower]) - r.rows,
            r.rows - np.concatenate([limits.row_upper, limits.linear_upper]),
        )
        conflict = [limits.names[k] for k in np.flatnonzero(violated > 0)]
    which = ", ".join(map(str, conflict))
    return conflict, f"The constraints exclude each other{' near the last point' if local else ''}: {which}."


def run_lbfgs(
    problem: _core.optimize.Problem,
    x0: Array,
    limits: Limits,
    options: dict[str, Any],
    callback: Callable[..., Any] | None = None,
    check: bool = False,
) -> OptimizeResult:
    """Solves by L-BFGS-B, with bounds only."""
    r = _core.optimize.lbfgs(
        problem,
        x0,
        int(options["maxcor"]),
        int(options["maxiter"]),
        int(options["maxfun"]),
        options["ftol"],
        options["gtol"],
        0.0,
        check,
        True,
        None if callback is None else Stopper(callback),
    )
    at_bound = ((r.x <= limits.low) & (r.gradient > 0)) | ((r.x >= limits.high) & (r.gradient < 0)) | (limits.low == limits.high)
    return OptimizeResult(
        x=r.x,
        fun=r.f,
        jac=r.gradient,
        success=r.status == 0,
        status=r.status,
        message=STATUS[r.status]
        if r.status != 13
        else f"jac of the objective differs from a difference of its values by {r.wrong_by:.2g} (relative).",
        nit=r.iterations,
        nfev=r.evaluations,
        njev=r.evaluations,
        multipliers=np.empty(0),
        bound_multipliers=np.where(at_bound, r.gradient, 0.0),
        active=np.empty(0, bool),
        kkt=r.projected_gradient,
        constraint_violation=0.0,
        best_feasible=(r.x, r.f),
        path=np.column_stack([r.path, np.zeros(len(r.path))]),
        conflict=[],
    )

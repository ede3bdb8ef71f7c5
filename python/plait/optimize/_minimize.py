"""minimize, with SciPy's signature."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from .._masks import refuse_masked
from ..graph._types import Array
from ._driver import Limits, read_options, run_lbfgs, run_slsqp
from ._functions import Functions
from ._limits import Constraint, as_bounds, as_constraints, sides
from ._result import OptimizeResult
from ._steps import Steps, improve, needs_central
from ._trace import traced

LARGE = 300  # variables: from here on L-BFGS-B is the default without constraints
MOST_STEPS = 4  # most rounds of improving the steps of finite differences
LEAST_GAIN = 1e-6  # relative to the objective: least decrease that counts as a gain of improved steps
MOST_CENTRAL = 50  # most iterations with central differences
MOST_WRONG = 1e-3  # relative to the objective: largest error of a derivative at a solution, times its variable's range
DIFFERENCES = ("2-point", "3-point", "cs")


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: str | None = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: dict[str, Any] | None = None,
) -> OptimizeResult:
    """Minimise a function of several variables, within bounds and under constraints.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns a number. Where `jac` is None and the function can be traced, it runs as a compiled graph with exact
        gradients and no Python in the loop; otherwise it is called with arrays.
    x0 : array_like, shape (n,)
        The starting point, clipped to the bounds.
    args : tuple
        Further arguments of `fun` and `jac`.
    method : {None, "SLSQP", "L-BFGS-B"}
        None: L-BFGS-B for many variables without constraints, else SLSQP.
    jac : callable, True, "2-point", "3-point" or None
        The gradient; True: `fun` returns (value, gradient). It is compared with finite differences at the start and at the end.
    hess, hessp : object
        Not used.
    bounds : sequence of (low, high), or an object with ``lb`` and ``ub``
        None and ±inf (and numbers beyond ±1e20) stand for no bound. Functions are evaluated within the bounds only.
    constraints : dict, LinearConstraint, NonlinearConstraint, or a sequence of them
        SciPy's forms: ``{"type": "eq" | "ineq", "fun": f, "jac": j, "args": a}``, with ``f(x) = 0`` or ``f(x) >= 0``. A function may
        return a list of scalars.
    tol : float, optional
        Sets ``ftol``, ``gtol`` and ``ctol``.
    callback : callable, optional
        Called after each iteration with a copy of x, or with ``intermediate_result``; StopIteration or True stops.
    options : dict, optional
        ``maxiter``, ``ftol`` (1e-10), ``gtol`` (1e-8), ``ctol`` (1e-8), all relative; ``eps``, the step of finite differences.

    Returns
    -------
    OptimizeResult
        `success` is True only where feasibility, the first-order conditions and curvature were checked. An infeasible or unbounded problem
        and the iteration limit give a status, no exception. With finite differences, `jac` and `bound_multipliers` of a fixed variable are
        NaN: nothing is evaluated outside the bounds.

    Raises
    ------
    ValueError
        Shapes do not match, a lower bound is above the upper one, x0 is not finite, or the method is unknown. Exceptions of the functions
        propagate.

    Notes
    -----
    Kraft (1988), A software package for sequential quadratic programming; the quadratic programs by the dual method of Goldfarb and Idnani
    (1983). O(n³) an iteration; L-BFGS-B O(n). Traced problems of up to 50 variables use the exact Hessian of the Lagrangian for the
    quadratic program wherever it is positive definite, at n products with it an iteration (``nhev`` counts them).

    Each call traces and compiles its functions; for a problem that is solved repeatedly, :class:`Problem` keeps the compiled programs.

    Examples
    --------
    >>> r = plait.optimize.minimize(lambda x: x[0] ** 2 + x[1] ** 2, [3.0, 1.0], constraints={"type": "ineq", "fun": lambda x: x[0] + x[1] - 2})
    >>> r.success, r.x.round(6), r.multipliers.round(6)
    (True, array([1., 1.]), array([2.]))
    """
    if not isinstance(args, tuple):
        args = (args,)
    start = _start(x0)
    low, high = as_bounds(bounds, start.size)
    rows = as_constraints(constraints, start.size)
    chosen = _method(method, rows, start.size)
    if hess is not None or hessp is not None:
        warnings.warn("minimize: hess and hessp are not used", RuntimeWarning, stacklevel=2)
    if not callable(fun):
        raise TypeError(f"minimize: fun must be callable, got {type(fun).__name__}")
    if isinstance(jac, str) and jac not in DIFFERENCES:
        raise ValueError(f"minimize: jac: expected a callable, True or one of {', '.join(DIFFERENCES)}, got {jac!r}")
    settings = read_options(options, tol, chosen)
    start = np.clip(start, low, high)

    functions = None
    made = None
    if jac in (None, False) and all(c.jac is None for c in rows):
        made = traced(fun, args, rows, start)
    problem: _core.optimize.Problem
    if made is not None:
        problem, sizes = made
    else:
        step = (options or {}).get("finite_diff_rel_step", (options or {}).get("eps"))
        functions = Functions(fun, None if jac is False else jac, args, rows, low, high, Steps(start, low, high, step))
        problem, sizes = functions.build(start)
    limits = _limits(rows, sizes, low, high)
    limits.set_on(problem)
    given = functions is not None and bool(functions.given)
    result = _run(chosen, problem, start, limits, settings, callback, given)
    for _ in range(MOST_STEPS):
        if functions is None or not problem.by_differences or result.status not in (0, 8, 9) or not improve(functions, result.x, start):
            break
        before = result
        problem.set_sizes(np.where(functions.steps.learnt, functions.steps.size, 0.0))
        result = _run(chosen, problem, before.x, limits, settings, callback, given)
        _continue(result, before)
        size = max(abs(before.fun), abs(float(functions.objective.value(start)[0]) - before.fun))
        if before.success and result.fun >= before.fun - LEAST_GAIN * size:
            # No gain: keep the earlier result if the derivatives it was accepted by agree with those of the new steps.
            derivative = functions.objective.derivative(before.x)[0]
            reach = np.maximum(np.abs(before.x), np.abs(before.x - start))
            if result.success or np.all(np.abs(derivative - before.jac) * reach <= MOST_WRONG * size):
                result = before
            break
    if functions is not None and problem.by_differences and result.status in (0, 8, 9) and needs_central(functions, result, start):
        before = result
        size = max(abs(before.fun), abs(float(functions.objective.value(start)[0]) - before.fun))
        result = _run(
            chosen,
            problem,
            before.x,
            limits,
            settings | {"maxiter": min(4 * MOST_CENTRAL if before.success else MOST_CENTRAL, settings["maxiter"])},
            callback,
            given,
        )
        _continue(result, before)
        if not result.success and result.status != 12 and not (before.success and before.fun - result.fun > LEAST_GAIN * size):
            result = before
    if functions is not None:
        result["nfev"] = functions.objective.calls
        result["njev"] = functions.objective.derivative_calls
        if functions.objective not in functions.given:
            fixed = low == high  # no difference can be taken
            result.jac[fixed] = result.bound_multipliers[fixed] = np.nan
    return result


def _continue(result: OptimizeResult, before: OptimizeResult) -> None:
    """Adds the iterations and the path of the run that this one continues."""
    result["nit"] += before.nit
    result["path"] = np.concatenate([before.path, result.path[1:]])


def _run(
    method: str,
    problem: _core.optimize.Problem,
    start: Array,
    limits: Limits,
    settings: dict[str, Any],
    callback: Callable[..., Any] | None,
    check: bool,
) -> OptimizeResult:
    if method == "SLSQP":
        return run_slsqp(problem, start, limits, settings, callback, check)
    return run_lbfgs(problem, start, limits, settings, callback, check)


def _start(x0: Any) -> Array:
    refuse_masked(x0, "minimize: x0")
    try:
        start = np.atleast_1d(np.array(x0, np.float64))
    except (TypeError, ValueError):
        raise ValueError(f"minimize: x0: expected numbers, got {x0!r}") from None
    if start.ndim != 1 or start.size == 0:
        raise ValueError(f"minimize: 'x0' must only have one dimension, and hold numbers; got shape {start.shape}")
    if not np.isfinite(start).all():
        raise ValueError(f"minimize: x0: element {int(np.argmin(np.isfinite(start)))} is not finite")
    return start


def _method(method: Any, rows: list[Constraint], n: int) -> str:
    if method is None:
        return "L-BFGS-B" if not rows and n >= LARGE else "SLSQP"
    name = method.upper() if isinstance(method, str) else method
    if name not in ("SLSQP", "L-BFGS-B"):
        raise ValueError(f"minimize: method: expected 'SLSQP' or 'L-BFGS-B', got {method!r}")
    if name == "L-BFGS-B" and rows:
        raise ValueError("minimize: method 'L-BFGS-B' takes bounds, but no constraints")
    return str(name)


def _limits(rows: list[Constraint], sizes: list[int], low: Array, high: Array) -> Limits:
    """Limits in the core's order, nonlinear rows before linear ones, with the permutation from the user's order."""
    nonlinear: list[tuple[Array, Array]] = []
    linear: list[Constraint] = []
    names: list[Any] = []
    linear_names: list[Any] = []
    places: list[tuple[bool, int, int]] = []  # of each constraint: linear?, first row, rows
    next_nonlinear = next_linear = 0
    size = iter(sizes)
    for c in rows:
        m = len(c.lower) if c.matrix is not None else next(size)
        labels = [c.name if m == 1 else (c.name, k) for k in range(m)]
        if c.matrix is not None:
            linear.append(c)
            linear_names += labels
            places.append((True, next_linear, m))
            next_linear += m
        else:
            nonlinear.append(sides(c.lower, c.upper, m, f"constraint {c.name}"))
            names += labels
            places.append((False, next_nonlinear, m))
            next_nonlinear += m
    order = [np.arange(m) + first + (next_nonlinear if is_linear else 0) for is_linear, first, m in places]
    none = np.empty(0)
    return Limits(
        low,
        high,
        np.concatenate([a for a, _ in nonlinear]) if nonlinear else none,
        np.concatenate([b for _, b in nonlinear]) if nonlinear else none,
        np.vstack([c.matrix for c in linear if c.matrix is not None]) if linear else np.empty((0, low.size)),
        np.concatenate([c.lower for c in linear]) if linear else none,
        np.concatenate([c.upper for c in linear]) if linear else none,
        np.concatenate(order).astype(np.intp) if order else np.empty(0, np.intp),
        names + linear_names,
        [(f"x[{i}] >= {low[i]:g}", f"x[{i}] <= {high[i]:g}") for i in range(low.size)],
    )

"""The result of a solver, and its status codes."""

from __future__ import annotations

from typing import Any

STATUS = {
    0: "Solved: feasible, and the first- and second-order conditions hold.",
    4: "The constraints exclude each other.",
    8: "No step lowers the objective, but the optimality conditions do not hold.",
    9: "Iteration limit reached.",
    10: "The objective is unbounded below.",
    11: "The objective or a constraint is not finite at the start, or all around a point.",
    12: "Stopped by the callback.",
    13: "A given derivative is not that of its function.",
}


class OptimizeResult(dict[str, Any]):
    """The result of a solver: a dict with attribute access, as in SciPy.

    Attributes
    ----------
    x : ndarray, or dict of Node to ndarray
        The solution; the last point where there is none.
    success : bool
        True only where feasibility, the first-order residual and curvature were checked.
    status : int
        0 solved, 4 infeasible, 8 no descent, 9 iteration limit, 10 unbounded, 11 not finite, 12 stopped by the callback, 13 wrong ``jac``.
    message : str
        The same in words.
    fun, jac : float, ndarray
        Objective and gradient at x.
    nit, nfev, njev, nhev : int
        Iterations, evaluations of the objective and of derivatives, products of the exact Hessian with a vector (SLSQP).
    multipliers, bound_multipliers : ndarray
        Of the Lagrangian f - Σ λ c: ≥ 0 at a lower limit, ≤ 0 at an upper one; flat, in the order in which constraints were given.
    active : ndarray of bool
        Which constraints hold with equality; like `multipliers`.
    kkt : float
        Scaled residual of the first-order conditions.
    constraint_violation : float
        Largest violation of a constraint.
    path : ndarray, shape (k, 2)
        Objective and largest violation at the start and after each iteration that moved; the last row is that of x. Not printed.
    best_feasible : tuple or None
        (x, fun) of the best feasible point found.
    conflict : list
        When infeasible: an irreducible infeasible subset of the constraints, by name.

    Examples
    --------
    >>> r = plait.optimize.minimize(lambda x: (x[0] - 1) ** 2, [0.0])
    >>> r.success, r["status"]
    (True, 0)
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __repr__(self) -> str:
        shown = [name for name in self if not name.startswith("_") and name != "path"]
        width = max(map(len, shown), default=0)
        return "\n".join(f"{name:>{width}}: {value!r}" for name, value in self.items() if name in shown)

"""An irreducible infeasible subset of limits: candidates from the solver's infeasibility certificate, reduced by a deletion filter.

Chinneck (2008), Feasibility and Infeasibility in Optimization, ch. 6: a limit is dropped if the rest is still infeasible without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ._errors import InfeasibleError
from ._limits import Limits, lift, lower_name, upper_name
from ._qp import Quadratic, Solution

if TYPE_CHECKING:
    from ._model import Model

MOST_SHOWN = 12


def conflict_of(model: Model, found: Solution, least_return: float | None) -> InfeasibleError:
    """The error that names an irreducible infeasible subset of the limits."""
    limits = model.limits
    target = None if least_return is None else "target_return"
    suspects = _suspects(model, found)
    order = [name for name in limits.names() if name in suspects]
    if not model.explains:
        return InfeasibleError("no portfolio keeps all limits", order if target is None else [*order, target])
    if not _excludes(model, limits.only(set(order)), least_return):
        order = limits.names()  # the certificate is not exact enough
    kept = list(order)
    if not _bounds_alone(limits, kept):
        kept = irreducible(order, lambda names: _excludes(model, limits.only(names), least_return))
    feasible_without = target is not None and not _excludes(model, limits.only(set(limits.names())), None)
    if feasible_without and least_return is not None:
        most = model.constant + float(model.slope @ model.most_return())  # type: ignore[operator]
        return InfeasibleError(
            f"target_return: {least_return:g} is out of reach: the limits allow returns up to {most:.6g}", [*kept, "target_return"]
        )
    conflict = [*kept, target] if target and not _excludes(model, limits.only(set(kept)), None) else kept
    return error(limits, conflict, least_return)


def irreducible(names: list[str], excludes: Callable[[set[str]], bool]) -> list[str]:
    """Deletion filter: drops every limit without which the rest is still infeasible, bounds first."""
    kept = list(names)
    for name in sorted(names, key=lambda name: not name.startswith(("lower bound", "upper bound"))):
        rest = [other for other in kept if other != name]
        if excludes(set(rest)):
            kept = rest
    return kept


def risk_out_of_reach(model: Model, risk: float, least: float, greatest: float) -> InfeasibleError:
    """The error for a target below the minimum risk within the limits."""
    limits = model.limits
    found = model.solution(model.quadratic, model.start_gradient)
    suspects = _suspects(model, found)

    def excludes(names: set[str]) -> bool:
        other = type(model)(limits.only(names), None, model.covariance)
        made = other.quadratic.solve(other.start_gradient, other.lift.lower, other.lift.upper, other.row_lower, other.row_upper)
        return made.status == "solved" and other.variance(other.lift.weights(made.x)) > risk**2

    names = [name for name in limits.names() if name in suspects]
    conflict = [*(irreducible(names, excludes) if model.explains else names), "target_risk"]
    text = f"target_risk: {risk:g} is out of reach: the limits allow risks from {least:.6g}; above {greatest:.6g} nothing is gained"
    return InfeasibleError(text, conflict)


def error(limits: Limits, conflict: list[str], least_return: float | None = None) -> InfeasibleError:
    """The error for a set of limits."""
    told = [f"return ≥ {least_return:g}" if name == "target_return" else limits.told(name) for name in conflict[:MOST_SHOWN]]
    more = f" and {len(conflict) - MOST_SHOWN} more" if len(conflict) > MOST_SHOWN else ""
    return InfeasibleError(f"no portfolio keeps all limits; these exclude each other: {', '.join(told)}{more}", conflict)


def _suspects(model: Model, found: Solution) -> set[str]:
    """Limits with a multiplier in the infeasibility certificate."""
    at = model.lift
    names = set()
    for j in np.flatnonzero(found.bounds).tolist():
        asset = model.limits.assets[int(at.asset[j])]
        names |= {lower_name(asset), upper_name(asset)}
    names |= {at.row_names[j] for j in np.flatnonzero(found.rows).tolist() if j < len(at.row_names)}
    return names


def _bounds_alone(limits: Limits, kept: list[str]) -> bool:
    """Whether the budget cannot be reached with all upper bounds (or all lower ones): then each of these is needed."""
    if "budget" not in kept or limits.budget is None:
        return False
    for sums, name in ((limits.upper, upper_name), (limits.lower, lower_name)):
        wanted = ["budget", *(name(asset) for asset in limits.assets)]
        total = float(sums.sum())
        short = total < limits.budget if name is upper_name else total > limits.budget
        if np.isfinite(total) and short and set(wanted) <= set(kept):
            kept[:] = wanted
            return True
    return False


def _excludes(model: Model, limits: Limits, least_return: float | None) -> bool:
    """Whether these limits are infeasible."""
    at = lift(limits)
    rows, low, high = at.rows, at.row_lower, at.row_upper
    if least_return is not None and model.mean is not None:
        slope = at.linear(model.mean) - limits.cost * at.traded
        constant = float(model.mean @ at.start) - limits.cost * at.traded_start
        rows, low, high = np.vstack([rows, slope]), np.append(low, least_return - constant), np.append(high, np.inf)
    found = Quadratic(np.eye(len(at.lower)), rows).solve(np.zeros(len(at.lower)), at.lower, at.upper, low, high)
    return found.status == "infeasible"

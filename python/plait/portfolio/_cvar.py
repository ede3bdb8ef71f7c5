"""Conditional value at risk (CVaR), the mean loss of the worst returns: minimised, or limited at maximum return, by cutting planes.

CVaR is the maximum of finitely many linear functions of the weights, one for each choice of the worst rows (Rockafellar and Uryasev
2000). Cuts are generated on demand: each round adds the one that is active at the current weights (Künzi-Bay and Mayer 2006), until the
lower bound and the best value meet. The number of variables is that of the assets, independent of the number of rows.
"""

from __future__ import annotations

import numpy as np

from ._conflict import irreducible
from ._errors import InfeasibleError
from ._labels import Array
from ._limits import INF
from ._model import Model
from ._qp import Quadratic

PRECISION = 1e-10
MOST_ROUNDS = 5000


def tail(returns: Array, weights: Array, level: float) -> tuple[float, Array]:
    """CVaR of weights, and its gradient: the mean of the worst (1 - level) of the rows, the last counted in part."""
    losses = -(returns @ weights)
    count = (1 - level) * len(losses)
    whole = min(int(np.floor(count + 1e-9)), len(losses))
    order = np.argpartition(-losses, min(whole, len(losses) - 1))
    share = np.zeros(len(losses))
    share[order[:whole]] = 1.0
    if whole < len(losses) and count - whole > 1e-9:
        share[order[whole]] = count - whole
    share /= share.sum()
    return float(share @ losses), -(returns.T @ share)


class Cuts:
    """Cuts, linear lower bounds of the CVaR, and the programs over them."""

    def __init__(self, model: Model, returns: Array, level: float) -> None:
        self.model, self.returns, self.level = model, returns, level
        self.gradients: list[Array] = []
        self.constants: list[float] = []

    def add(self, weights: Array) -> float:
        """Adds the cut at these weights; the CVaR there."""
        value, gradient = tail(self.returns, weights, self.level)
        at = self.model.lift
        self.gradients.append(at.linear(gradient))
        self.constants.append(float(gradient @ at.start) if not at.identity else 0.0)
        return value

    def drop_slack(self, multipliers: Array, keep: int) -> None:
        """Drops old cuts with multiplier 0."""
        if len(self.gradients) > keep:
            kept = [k for k, y in enumerate(multipliers.tolist()) if y > 0 or k >= len(multipliers) - keep // 4]
            self.gradients, self.constants = [self.gradients[k] for k in kept], [self.constants[k] for k in kept]

    def least(self, centre: Array | None = None, proximal: float = 0.0) -> tuple[Array, float, Array]:
        """The minimiser x of the cuts' maximum, that maximum, and the cuts' multipliers; with a proximal term around a centre if given."""
        model = self.model
        n, k = len(model.lift.lower), len(self.gradients)
        rows = np.zeros((len(model.rows) + k, n + 1))
        rows[: len(model.rows), :n] = model.rows
        rows[len(model.rows) :, :n] = -np.array(self.gradients)
        rows[len(model.rows) :, n] = 1.0
        low = np.concatenate([model.row_lower, self.constants])
        high = np.concatenate([model.row_upper, np.full(k, INF)])
        hessian = np.zeros((n + 1, n + 1))
        q = np.append(np.zeros(n), 1.0)
        if centre is not None:
            hessian[:n, :n] = proximal * np.eye(n)
            q[:n] = -proximal * centre
        found = Quadratic(hessian, rows).solve(q, np.append(model.lift.lower, -INF), np.append(model.lift.upper, INF), low, high)
        if found.status != "solved":
            raise model.failure(found, None)
        return found.x[:n], float(found.x[n]), found.rows[len(model.rows) :]

    def most_return(self, limit: float) -> Array | None:
        """The x of maximum return with every cut at most the limit; None where infeasible."""
        model = self.model
        rows = np.vstack([model.rows, np.array(self.gradients)])
        low = np.concatenate([model.row_lower, np.full(len(self.gradients), -INF)])
        high = np.concatenate([model.row_upper, limit - np.array(self.constants)])
        assert model.slope is not None
        found = Quadratic(np.zeros_like(model.hessian), rows).solve(-model.slope, model.lift.lower, model.lift.upper, low, high)
        if found.status == "infeasible":
            return None
        if found.status != "solved":
            raise model.failure(found, None)
        return found.x


def least_cvar(model: Model, returns: Array, level: float) -> tuple[float, Array]:
    """The minimum CVaR and its weights."""
    scale = float(np.abs(returns).max(initial=0.0)) or 1.0
    cuts = Cuts(model, returns / scale, level)  # scaled: independent of the unit of returns
    x = model.least_risk()
    best_value = cuts.add(model.lift.weights(x))
    best = x
    proximal = 1.0
    bound = -INF
    for round_ in range(MOST_ROUNDS):
        if round_ % 4 == 0:  # every fourth round gives a lower bound; the proximal rounds between converge faster
            y, bound, _ = cuts.least()
        else:
            y, _, _ = cuts.least(best, proximal)
        value = cuts.add(model.lift.weights(y))
        if value < best_value:
            best, best_value = y, value
            proximal /= 2
        elif round_ % 4:
            proximal *= 1.5
        if best_value - bound <= PRECISION * max(abs(best_value), 1e-3):
            break
    return best_value * scale, model.lift.weights(best)


def most_return_within(model: Model, returns: Array, level: float, limit: float) -> Array:
    """Weights of maximum return with CVaR at most a limit."""
    scale = float(np.abs(returns).max(initial=0.0)) or 1.0
    cuts = Cuts(model, returns / scale, level)
    slack = PRECISION * max(abs(limit / scale), 1e-3)
    x: Array | None = model.most_return()
    for _ in range(MOST_ROUNDS):
        assert x is not None
        weights = model.lift.weights(x)
        if cuts.add(weights) <= limit / scale + slack:
            return weights
        x = cuts.most_return(limit / scale)
        if x is None:
            least, weights = least_cvar(model, returns, level)
            if least <= limit + slack * scale:
                return weights
            raise InfeasibleError(
                f"target_cvar: {limit:g} is out of reach: the limits allow values from {least:.6g}",
                [*_needed(model, returns, level, limit), "target_cvar"],
            )
    raise ArithmeticError("target_cvar: the cutting planes did not converge")


def _needed(model: Model, returns: Array, level: float, limit: float) -> list[str]:
    """An irreducible subset of the limits that makes the target infeasible."""
    if not model.explains:
        return model.limits.names()

    def excludes(names: set[str]) -> bool:
        try:
            return least_cvar(Model(model.limits.only(names), None, model.covariance, model.l2), returns, level)[0] > limit
        except (ValueError, ArithmeticError):  # without bounds the value is unbounded below
            return False

    return irreducible(model.limits.names(), excludes)

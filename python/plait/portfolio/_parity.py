"""Risk parity: every asset contributes its share of the risk.

Spinu (2013), An algorithm for computing risk parity weights: the minimiser of ½ x'Σx - Σ b ln x over x > 0 has contributions x_i (Σx)_i = b_i,
and so have its multiples. Where limits exclude these weights, the same function is minimised within the limits, with the logarithms'
factor at which the weights without limits sum to the budget (Richard and Roncalli 2019, Constrained risk budgeting portfolios).
"""

from __future__ import annotations

import numpy as np

from ._labels import Array
from ._limits import INF
from ._model import Model
from ._qp import Quadratic


def parity(covariance: Array, shares: Array, names: list[object]) -> Array:
    """The x with risk contributions equal to the shares, by damped Newton steps on a self-concordant function."""
    deviations = np.sqrt(np.diagonal(covariance))
    if (deviations == 0).any():
        k = int(np.flatnonzero(deviations == 0)[0])
        raise ValueError(f"risk_parity: asset {names[k]!r} has no risk, so that it cannot contribute any")
    # Scaled by the deviations, the problem is scale-free.
    correlation = covariance / np.outer(deviations, deviations)
    total = float(correlation.sum())
    x = np.full(len(shares), 1 / np.sqrt(total) if total > 1e-6 else 1.0)
    for _ in range(500):
        gradient = correlation @ x - shares / x
        step = np.linalg.solve(correlation + np.diag(shares / x**2), -gradient)
        decrement = float(np.sqrt(max(0.0, -float(gradient @ step)) / float(shares.min())))
        x = x + (step if decrement < 0.3 else step / (1 + decrement))
        if decrement < 1e-15 or float(np.abs(step / x).max()) < 1e-15:
            break
    if not np.isfinite(x).all() or x.max() > 1e8:
        raise ValueError("risk_parity: some long-only portfolio has no risk at all, so that contributions have no meaning")
    result: Array = x / deviations
    return result


def parity_within(model: Model, weights: Array, shares: Array) -> Array:
    """Weights within the limits that minimise ½ w'Σw - factor Σ b ln w; `weights` are those without limits."""
    limits = model.limits
    counted = shares > 0
    factor = float(weights @ model.covariance @ weights)
    margin = 1e-9 * float(weights[counted].min())
    inner = model.bounded(np.where(counted, np.maximum(limits.lower, margin), limits.lower), limits.upper)
    at = inner.lift
    w = at.weights(inner.closest(weights))
    # The start is moved inwards from the nearest weights: close to 0 the quadratic model of the logarithm is poor.
    middle = inner.bounded(np.where(counted, np.maximum(inner.limits.lower, 0.05 * weights), inner.limits.lower), limits.upper)
    found = middle.nearest.solve(
        middle.lift.linear(middle.lift.start - weights), middle.lift.lower, middle.lift.upper, middle.row_lower, middle.row_upper
    )
    if found.status == "solved":
        w = middle.lift.weights(found.x)

    def value(v: Array) -> float:
        return (
            INF if (v[counted] <= 0).any() else 0.5 * float(v @ model.covariance @ v) - factor * float(shares[counted] @ np.log(v[counted]))
        )

    best = value(w)
    for _ in range(200):
        curvature = np.zeros(len(w))
        gradient = model.covariance @ w
        curvature[counted] = factor * shares[counted] / w[counted] ** 2
        gradient[counted] -= factor * shares[counted] / w[counted]
        hessian = model.covariance + np.diag(curvature)
        program = Quadratic(at.matrix(hessian), inner.rows)
        made = inner.solution(program, at.linear(gradient - hessian @ (w - at.start)) if not at.identity else gradient - hessian @ w)
        step = at.weights(made.x) - w
        predicted = float(gradient @ step)
        if predicted >= -1e-15 * factor:
            break
        size = 1.0
        while size > 1e-10 and value(w + size * step) > best + 1e-4 * size * predicted:
            size /= 2
        if size <= 1e-10:
            break
        w = w + size * step
        best = value(w)
    return w

"""Maximum return per risk, and maximum return for a risk: points of the efficient frontier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._conflict import risk_out_of_reach
from ._labels import Array
from ._limits import INF
from ._model import Model
from ._segments import Path, Segment

MOST_VERTICES = 100_000
STARTS = 64


@dataclass(frozen=True)
class Best:
    """Weights, their ratio, and whether it is proven to be maximal."""

    weights: Array
    ratio: float
    proven: bool = True


def most_ratio(model: Model, risk_free: float) -> Best:
    """Maximum (return - risk_free) / deviation, with return by `model.mean`."""
    assert model.mean is not None
    mean, limits = model.mean, model.limits
    if model.long_only and limits.budget is not None:
        return _long_only(model, mean - risk_free / limits.budget, limits.budget, risk_free)
    path = Path(model)
    end = path.end()
    if path.gain(end) - risk_free <= 0:
        return _no_excess(model, risk_free)
    t = 1e-9 * path.scale
    first = path.at(t)
    variance = path.variance(first.x)
    floor = 1e-15 * float(np.abs(np.diagonal(model.penalised)).max(initial=0.0))
    if variance <= floor * float(np.square(model.lift.weights(first.x)).sum()) and path.gain(first.x) > risk_free:
        # No risk, or rounding of a market-neutral portfolio near 0: the ratio is constant on such a ray, so its far end is taken.
        piece = path.segment(first, t)
        x = piece.a + piece.b * piece.high if piece.high < INF else end
        return _made(model, x, risk_free)

    def value(x: Array, t: float) -> float:
        return path.variance(x) - t * (path.gain(x) - risk_free)

    def solve_in(piece: Segment, x: Array, t: float) -> float:
        # On a piece variance = v + e t² and return = r + e t, so that variance = t · return at t = v / r.
        e = float(path.slope @ piece.b)
        v, r = path.variance(x) - e * t * t, path.gain(x) - risk_free - e * t
        return v / r if r > 0 else INF

    return _made(model, path.crossing(value, solve_in), risk_free)


def _made(model: Model, x: Array, risk_free: float, proven: bool = True) -> Best:
    weights = model.lift.weights(x)
    return Best(weights, ratio_of(model, weights, risk_free), proven)


def ratio_of(model: Model, weights: Array, risk_free: float) -> float:
    """(return - risk_free) / deviation, including `l2` in the deviation."""
    gained = model.expected_return(weights)
    assert gained is not None
    variance = model.variance(weights)
    excess = gained - risk_free
    if variance > 0:
        return float(excess / np.sqrt(variance))
    return 0.0 if excess == 0 else float(np.copysign(INF, excess))


def _long_only(model: Model, excess: Array, budget: float, risk_free: float) -> Best:
    """Without other limits than w ≥ 0: the y of least ½ y'Σy - excess @ y with y ≥ 0 lies on the tangent's ray, and is scaled to the budget."""
    size = float(excess.max())
    if size <= 0:
        return _no_excess(model, risk_free)
    variance = model.largest_variance
    q = -excess * ((variance if variance > 0 else 1.0) / size)
    lower, upper, none = model.signs
    found = model.cone.solve(q, lower, upper, none, none)
    total = float(found.x.sum()) if found.status == "solved" else 0.0
    if found.status == "unbounded":  # a riskless portfolio with positive excess: the ray of unboundedness
        ray = np.maximum(np.asarray(found.made.ray, np.float64), 0.0)
        if ray.sum() > 0:
            weights = ray * (budget / ray.sum())
            return Best(weights, ratio_of(model, weights, risk_free))
    if not total > 0:  # a riskless asset with positive excess
        free = np.where(np.diagonal(model.penalised) == 0, excess, -INF)
        weights = np.zeros(len(excess))
        weights[int(free.argmax())] = budget
        if not free.max() > 0:
            raise ArithmeticError(f"the quadratic program could not be solved: {found.status}")
        return Best(weights, ratio_of(model, weights, risk_free))
    weights = np.maximum(found.x, 0.0) * (budget / total)
    return Best(weights, ratio_of(model, weights, risk_free))


def _no_excess(model: Model, risk_free: float) -> Best:
    """No portfolio earns more than `risk_free`: the ratio is then quasi-convex, so its maximum is at a vertex.

    With -excess ≥ 0 linear and the deviation convex, {excess / deviation < -s} = {s · deviation < -excess} is convex for every s ≥ 0: on a
    segment the maximum is at an end.
    """
    limits = model.limits
    if limits.simple and limits.budget is not None and np.isfinite(limits.lower).all() and np.isfinite(limits.upper).all():
        vertices = _vertices(limits.lower, limits.upper, limits.budget)
        if vertices is not None:
            best = max(vertices, key=lambda w: ratio_of(model, w, risk_free))
            return Best(best, ratio_of(model, best, risk_free))
    rng = np.random.default_rng(0)
    n = len(model.lift.lower)
    found: Best | None = None
    directions = [*np.eye(n)[: 4 * STARTS], *rng.normal(size=(STARTS, n))]
    for direction in directions:
        x = model.solve(model.linear, -direction)
        made = _climb(model, x, risk_free)
        if found is None or made.ratio > found.ratio:
            found = made
    assert found is not None
    return found


def _climb(model: Model, x: Array, risk_free: float) -> Best:
    """Local search over vertices while the ratio grows: each step maximises its linearisation."""
    best = _made(model, x, risk_free, proven=False)
    for _ in range(100):
        weights = best.weights
        variance = model.variance(weights)
        gained = model.expected_return(weights)
        if variance <= 0 or gained is None or model.slope is None:
            break
        gradient = model.slope - (gained - risk_free) / variance * model.lift.linear(model.penalised @ weights)
        made = _made(model, model.solve(model.linear, -gradient), risk_free, proven=False)
        if not made.ratio > best.ratio + 1e-14 * abs(best.ratio):
            break
        best = made
    return best


def _vertices(lower: Array, upper: Array, budget: float) -> list[Array] | None:
    """Vertices of {lower ≤ w ≤ upper, Σw = budget}: all weights but one at a bound. None where there are too many."""
    room = upper - lower
    left = budget - float(lower.sum())
    if left < -1e-12 or left > float(room.sum()) + 1e-12:
        return None
    movable = np.flatnonzero(room > 0).tolist()
    found = []
    # Enumerates sets of assets at their upper bounds, each once in increasing order; the remainder must fit into one more asset.
    stack: list[tuple[list[int], float]] = [([], left)]
    visited = 0
    while stack:
        full, rest = stack.pop()
        visited += 1
        if len(full) == len(movable) and abs(rest) <= 1e-12:
            found.append(upper.copy())
        for k in movable:
            if k in full:
                continue
            if rest <= room[k] + 1e-12:
                w = lower.copy()
                w[full] = upper[full]
                w[k] = min(upper[k], lower[k] + max(rest, 0.0))
                found.append(w)
            if (not full or k > full[-1]) and room[k] <= rest + 1e-12:
                stack.append(([*full, k], rest - float(room[k])))
        if max(visited, len(found)) > MOST_VERTICES:
            return None
    return found


def most_return_at(model: Model, risk: float) -> Array:
    """Weights of maximum return with a deviation of at most `risk`; with `l2`, the last such point of its frontier."""
    path = Path(model)
    covariance = model.covariance

    def true_variance(x: Array) -> float:
        weights = model.lift.weights(x)
        return float(weights @ covariance @ weights)

    end = path.end()
    limit = risk * risk
    if true_variance(end) <= limit:
        return model.lift.weights(end)
    least = model.lift.weights(model.least_risk())
    lowest = float(least @ covariance @ least)
    if lowest > limit * (1 + 1e-12):
        raise risk_out_of_reach(model, risk, float(np.sqrt(lowest)), float(np.sqrt(true_variance(end))))

    def value(x: Array, t: float) -> float:  # noqa: ARG001
        return limit - true_variance(x)

    def solve_in(piece: Segment, x: Array, t: float) -> float:  # noqa: ARG001
        a = model.lift.weights(piece.a)
        b = model.lift.weights(piece.a + piece.b) - a
        return _positive_root(float(b @ covariance @ b), 2 * float(a @ covariance @ b), float(a @ covariance @ a) - limit)

    return model.lift.weights(path.crossing(value, solve_in))


def _positive_root(a: float, b: float, c: float) -> float:
    """The larger root of a t² + b t + c, infinite where there is none."""
    if a <= 0:
        return INF if b <= 0 else -c / b
    inside = b * b - 4 * a * c
    if inside < 0:
        return INF
    root = float(np.sqrt(inside))
    return (-b + root) / (2 * a) if b <= 0 else 2 * -c / (b + root)

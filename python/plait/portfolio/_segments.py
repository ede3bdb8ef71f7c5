"""The exact efficient frontier: segments on which the weights are linear in the price of return (Markowitz's critical line algorithm).

x(t) minimises ½ variance - t · return. While the active limits stay the same, x(t) = a + b t. A segment is computed from the solver's
active set at one t, together with the range of t in which it stays optimal. The solver determines the active set anew for each segment,
so degeneracy (equal means, duplicate assets) needs no treatment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ._labels import Array
from ._model import Model
from ._qp import Solution

INF = float("inf")
BEYOND = 1e-9  # relative step past a corner to the next segment; shorter segments are skipped


@dataclass(frozen=True)
class Segment:
    """X = a + b t for low ≤ t ≤ high."""

    a: Array
    b: Array
    low: float
    high: float


class Path:
    """The efficient portfolios of a model, parametrised by the price of return."""

    def __init__(self, model: Model) -> None:
        assert model.slope is not None
        assert model.constant is not None
        self.model, self.slope, self.constant = model, model.slope, model.constant
        variance = float(np.abs(np.diagonal(model.hessian)).max(initial=0.0))
        spread = float(np.ptp(model.slope)) if len(model.slope) > 1 else abs(float(model.slope[0]))
        self.scale = (variance if variance > 0 else 1.0) / (spread if spread > 0 else 1.0)
        self._last: Solution | None = None

    def at(self, t: float) -> Solution:
        """The efficient portfolio at a price of return."""
        model = self.model
        q = model.start_gradient - t * self.slope
        self._last = model.solution(model.quadratic, q, warm=self._last)
        return self._last

    def gain(self, x: Array) -> float:
        """Expected return of x."""
        return self.constant + float(self.slope @ x)

    def variance(self, x: Array) -> float:
        """Variance of the weights of x, including `l2`."""
        return self.model.variance(self.model.lift.weights(x))

    def segment(self, found: Solution, t: float) -> Segment:
        """The segment around t, from the limits that are active there."""
        model, at = self.model, self.model.lift
        h, rows = model.hessian, model.rows[: len(at.rows)]
        bounds, active = found.bounds_active, found.rows_active[: len(at.rows)] != 0
        free = bounds == 0
        f, m = int(free.sum()), int(active.sum())
        fixed: Array = np.where(free, 0.0, found.x)
        kkt = np.zeros((f + m, f + m))
        kkt[:f, :f] = h[np.ix_(free, free)]
        part = rows[np.ix_(active, free)]
        kkt[f:, :f], kkt[:f, f:] = part, part.T
        side = np.where(found.rows_active[: len(at.rows)] > 0, at.row_upper, at.row_lower)[active]
        right = np.zeros((f + m, 2))
        right[:f, 0] = -(model.start_gradient + h @ fixed)[free]
        right[:f, 1] = self.slope[free]
        right[f:, 0] = side - rows[active] @ fixed
        solved = _solve(kkt, right, f)
        a, b = fixed, np.zeros(len(fixed))
        a[free], b[free] = solved[:f, 0], solved[:f, 1]
        b[np.abs(b) < 1e-12 / self.scale] = 0.0  # rounding of weights that are constant
        # Optimality conditions: free variables and inactive rows within their limits, multipliers of the right sign. Each as
        # constant + slope t, with the rounding error of a slope that is 0.
        noise = 1e-12 * np.abs(b)
        steps = [(a[free] - at.lower[free], b[free], noise[free]), (at.upper[free] - a[free], -b[free], noise[free])]
        other = ~active
        value, change, noise = rows[other] @ a, rows[other] @ b, 1e-12 * (np.abs(rows[other]) @ np.abs(b))
        steps += [(value - at.row_lower[other], change, noise), (at.row_upper[other] - value, -change, noise)]
        y = -solved[f:]
        signs = np.where(found.rows_active[: len(at.rows)] > 0, -1.0, 1.0)[active]
        loose = (at.row_lower < at.row_upper)[active]
        steps.append((signs[loose] * y[loose, 0], signs[loose] * y[loose, 1], 1e-12 * np.abs(y[loose, 1])))
        gradient = model.start_gradient + h @ a - rows[active].T @ y[:, 0]
        tilt = h @ b - self.slope - rows[active].T @ y[:, 1]
        noise = 1e-12 * (np.abs(h) @ np.abs(b) + np.abs(self.slope) + np.abs(rows[active]).T @ np.abs(y[:, 1]))
        held = (~free) & (at.lower < at.upper)
        sign = np.where(bounds[held] > 0, -1.0, 1.0)
        steps.append((sign * gradient[held], sign * tilt[held], noise[held]))
        low, high = 0.0, INF
        for constant, slope, least in steps:
            rising, falling = slope > least, slope < -least
            # A violation at t itself is a rounding error.
            low = max(low, float(np.minimum(-constant[rising] / slope[rising], t).max(initial=0.0)))
            high = min(high, float(np.maximum(-constant[falling] / slope[falling], t).min(initial=INF)))
        return Segment(a, b, low, high)

    def walk(self) -> Iterator[Segment]:
        """All segments from minimum variance to maximum return."""
        t, low, beyond = 1e-10 * self.scale, 0.0, BEYOND
        while True:
            segment = self.segment(self.at(t), t)
            high = segment.high
            # At a corner the solver may return the previous segment: then the next step is longer.
            beyond = 8 * beyond if high <= t * (1 + 1e-12) else BEYOND
            if high > t * (1 + 1e-12):
                yield Segment(segment.a, segment.b, low, high)
                low = high
            if high == INF:
                return
            t = max(high, t) * (1 + beyond)

    def end(self) -> Array:
        """Maximum return, with minimum risk among ties."""
        t = 1e6 * self.scale
        for _ in range(12):
            found = self.at(t)
            if self.segment(found, t).high == INF:
                return found.x
            t *= 100
        return found.x

    def crossing(self, value: Callable[[Array, float], float], solve_in: Callable[[Segment, Array, float], float]) -> Array:
        """The x at which `value(x, t)`, positive at first, becomes 0: `solve_in` gives its root if the segment were unbounded.

        Newton's method over the segments; bisection where a step leaves the bracket.
        """
        low, high, t, beyond = 0.0, INF, self.scale, BEYOND
        before: Array = self.at(t).x
        for _ in range(300):
            found = self.at(t)
            x, positive = found.x, value(found.x, t) > 0
            low, high = (t, high) if positive else (low, t)
            before = x if positive else before
            segment = self.segment(found, t)
            guess = solve_in(segment, x, t)
            if guess < INF and segment.low * (1 - 1e-12) <= guess <= segment.high * (1 + 1e-12):
                return segment.a + segment.b * guess
            end = segment.high if positive else segment.low
            beyond = 8 * beyond if abs(end - t) <= 1e-12 * t else BEYOND
            if not low < guess < high:
                guess = end * (1 + beyond) if positive else end * (1 - beyond)
            if not low < guess < high:
                guess = float(np.sqrt(max(low, high * 1e-12) * high)) if high < INF else t * 16
            if high < INF and high - low <= 1e-15 * high:
                break
            t = guess
        return before


def _solve(kkt: Array, right: Array, variables: int) -> Array:
    """Solves the KKT system; the minimum-norm solution where it is singular (duplicate assets)."""
    if not len(kkt):
        return np.zeros(right.shape)
    # Scaling: first the objective relative to the rows, which leaves x unchanged, then rows and columns.
    variance = float(np.abs(np.diagonal(kkt)[:variables]).max(initial=0.0))
    size = np.ones(len(kkt))
    if variance > 0:
        size[:variables], size[variables:] = np.sqrt(variance), 1 / np.sqrt(variance)
    scaled = kkt / np.outer(size, size)
    for _ in range(4):  # the square root of the largest element converges fast (Ruiz 2001)
        largest = np.abs(scaled).max(axis=1)
        step = np.sqrt(np.where(largest > 0, largest, 1.0))
        scaled, size = scaled / np.outer(step, step), size * step
    right = right / size[:, None]
    try:
        solved = np.asarray(np.linalg.solve(scaled, right), dtype=np.float64)
        scale = np.abs(scaled) @ np.abs(solved) + np.abs(right)
        exact = bool((np.abs(scaled @ solved - right) <= 1e-9 * scale).all())
        if np.isfinite(solved).all() and exact and bool((np.abs(solved).max(axis=0) <= 1e12 * np.abs(right).max(axis=0)).all()):
            return np.asarray(solved / size[:, None], dtype=np.float64)
    except np.linalg.LinAlgError:
        pass
    return np.asarray(np.linalg.lstsq(scaled, right, rcond=1e-12)[0] / size[:, None], dtype=np.float64)

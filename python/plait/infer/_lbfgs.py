"""L-BFGS for smooth functions that may have values that are not finite."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from ._values import Array

Pairs: TypeAlias = "deque[tuple[Array, Array, float]]"


@dataclass
class Minimum:
    """Where a minimisation ended."""

    x: Array
    value: float
    slope: Array
    steps: int
    converged: bool
    nonfinite: int = 0
    interrupted: bool = False
    history: list[float] = field(default_factory=list)


def minimize(
    function: Callable[[Array], tuple[float, Array]],
    x: Array,
    tolerance: float = 1e-3,
    max_steps: int = 500,
    memory: int = 20,
    longest: float = 4.0,
    callback: Callable[[int, float], None] | None = None,
    runaway: Callable[[Array], bool] | None = None,
    pairs: Pairs | None = None,
) -> Minimum:
    """The minimum of `function`, which returns a value and a gradient, starting at `x`.

    Converged where the gradient's largest element is at most `tolerance`, or where further descent is below rounding. Steps are at most
    `longest` in the largest element. Trial points with values that are not finite are stepped around and counted; `runaway` says where to
    give up. `pairs` are steps and changes of the gradient: those of a similar function are a good start, and new ones are appended. After
    Nocedal and Wright (2006), algorithms 7.4 and 7.5, with a line search by bisection for the weak Wolfe conditions.
    """
    x = np.array(x, np.float64)
    value, slope = function(x)
    found = Minimum(x, value, slope, 0, False, history=[value])
    if not (np.isfinite(value) and np.isfinite(slope).all()):
        found.nonfinite = 1
        return found
    pairs = deque(maxlen=memory) if pairs is None else pairs
    stalled = 0
    try:
        while found.steps < max_steps:
            if np.abs(slope).max(initial=0.0) <= tolerance:
                found.converged = True
                break
            direction = -_two_loops(slope, pairs)
            descent = float(direction @ slope)
            if not descent < 0:
                pairs.clear()
                direction, descent = -slope, -float(slope @ slope)
            size = np.abs(direction).max()
            if size > longest:
                direction, descent = direction * (longest / size), descent * (longest / size)
            first = 1.0 if pairs else min(1.0, 1.0 / max(size, 1e-300))
            step = _search(function, x, value, direction, descent, first, found)
            if step is None:
                if not pairs:
                    break
                pairs.clear()  # once more along the gradient
                stalled += 1
                if stalled > 2:
                    break
                continue
            new_x, new_value, new_slope = step
            s, y = new_x - x, new_slope - slope
            curvature = float(s @ y)
            if curvature > 1e-10 * float(s @ s) ** 0.5 * float(y @ y) ** 0.5:
                pairs.append((s, y, curvature))
            small = value - new_value <= 1e-11 * (1.0 + abs(value))
            stalled = stalled + 1 if small else 0
            x, value, slope = new_x, new_value, new_slope
            found.steps += 1
            found.history.append(value)
            if callback is not None:
                callback(found.steps, value)
            if stalled >= 3 or (runaway is not None and runaway(x)):
                break
    except KeyboardInterrupt:
        found.interrupted = True
    found.x, found.value, found.slope = x, value, slope
    if not found.converged and not found.interrupted and stalled >= 2:
        # The rounding limit: the predicted decrease |g|² / 2 in these coordinates is below the rounding error of the value.
        found.converged = 0.5 * float(slope @ slope) <= 1e-3
    return found


def approach(
    function: Callable[[Array], tuple[float, Array]], x: Array, steps: int = 300, first: float = 0.1, last: float = 0.005
) -> Array:
    """A better point by steps of bounded length, for where curvature is of no help: Adam (Kingma and Ba, 2015) with a falling rate."""
    best, lowest = x, np.inf
    mean, square = np.zeros_like(x), np.zeros_like(x)
    for t in range(steps):
        value, slope = function(x)
        if not (np.isfinite(value) and np.isfinite(slope).all()):
            x, mean = best + 0.5 * (x - best), np.zeros_like(x)
            continue
        if value < lowest:
            best, lowest = x, value
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        rate = last + 0.5 * (first - last) * (1 + np.cos(np.pi * t / steps))
        x = x - rate * (mean / (1 - 0.9 ** (t + 1))) / (np.sqrt(square / (1 - 0.99 ** (t + 1))) + 1e-300)
    return best


def _two_loops(slope: Array, pairs: Pairs) -> Array:
    q = slope.copy()
    weights = []
    for s, y, curvature in reversed(pairs):
        a = float(s @ q) / curvature
        q -= a * y
        weights.append(a)
    if pairs:
        s, y, curvature = pairs[-1]
        q *= curvature / float(y @ y)
    for (s, y, curvature), a in zip(pairs, reversed(weights), strict=True):
        q += s * (a - float(y @ q) / curvature)
    return q


def _search(
    function: Callable[[Array], tuple[float, Array]],
    x: Array,
    value: float,
    direction: Array,
    descent: float,
    step: float,
    found: Minimum,
) -> tuple[Array, float, Array] | None:
    """A point that satisfies the weak Wolfe conditions along a direction, else the lowest one found; None if none is lower."""
    low, high = 0.0, np.inf
    best = None
    for _ in range(40):
        new = x + step * direction
        new_value, new_slope = function(new)
        if not (np.isfinite(new_value) and np.isfinite(new_slope).all()):
            found.nonfinite += 1
            high = step
        elif new_value > value + 1e-4 * step * descent:
            high = step
        else:
            if best is None or new_value < best[1]:
                best = new, new_value, new_slope
            if float(new_slope @ direction) >= 0.9 * descent:
                return new, new_value, new_slope
            low = step
        if high == np.inf:
            step *= 2.0
            if step > 64:
                break
        else:
            step = 0.5 * (low + high) if low > 0 or high > 1e-3 else 0.1 * high
        if high - low < 1e-14 * max(high, 1.0) and high < np.inf:
            break
    return best

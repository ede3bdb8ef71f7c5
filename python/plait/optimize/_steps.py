"""Steps of finite differences: scaled to each variable's magnitude, and checked at the solution."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..graph._types import Array

if TYPE_CHECKING:
    from ._functions import Function, Functions
    from ._result import OptimizeResult

EPSILON = float(np.finfo(np.float64).eps)
SMALL = 1e-3  # a variable whose start is smaller has its start as magnitude
FINER = 1e-4  # factor on a step that was too long
COARSER = 1e3  # factor on a step along which nothing changes
SHORTER = 1e2  # a step at the start that is longer by this factor says nothing about one at x
BEND = 1e-8  # relative to a function: accepted deviation from linearity within a step
COARSE = 1e-4  # relative to the objective: negligible decrease of a Newton step
IN_VALLEY = 1e-4
MOST_SECOND = 6  # most variables for which second derivatives are taken by finite differences
UNSEEN = 8  # units in the last place that may be rounding


class Steps:
    """Step lengths: √ε (central: ∛ε) times the larger of |x| and the variable's magnitude; a given step is taken as it is."""

    def __init__(self, x0: Array, low: Array, high: Array, given: Any) -> None:
        self.given = given
        size = np.abs(x0)
        with np.errstate(invalid="ignore"):
            width = high - low
        at_end = (x0 == low) | (x0 == high)
        size = np.where(np.isfinite(width) & (width > 0) & ((width < size) | at_end), np.maximum(width, 1e-8 * size), size)
        ends = np.maximum(np.where(np.isfinite(low), np.abs(low), 0), np.where(np.isfinite(high), np.abs(high), 0))
        size = np.where(size == 0, ends, size)
        self.size = np.where((size > 0) & (size < SMALL), size, 1.0)
        self.learnt = np.zeros(x0.size, bool)  # magnitudes found by differences
        self.longest = np.zeros(x0.size, bool)  # lengthened, since nothing changed

    def at(self, x: Array, central: bool) -> Array:
        """The steps at x."""
        if self.given is not None:
            return np.broadcast_to(np.abs(np.asarray(self.given, np.float64)), x.shape)
        size = np.where(self.learnt, self.size, np.maximum(self.size, np.abs(x)))
        return np.asarray(np.maximum((EPSILON ** (1 / 3) if central else EPSILON**0.5) * size, 64 * EPSILON * np.abs(x)))

    def lengthen(self, values: Sequence[Callable[[Array], Array]], x0: Array) -> None:
        """Lengthens the steps of small starts along which no function changes, up to the ordinary step: such a start stands for 0."""
        if self.given is not None:
            return
        for i in np.flatnonzero(self.size < SMALL):
            while self.size[i] < SMALL:
                moved = x0.copy()
                moved[i] += self.at(x0, False)[i] * (1 if moved[i] <= 0 else -1)
                changes = ((v(moved), v(x0)) for v in values)
                if any(np.any(np.abs(a - b) > 100 * EPSILON * np.abs(b)) for a, b in changes):
                    break
                self.size[i] *= COARSER
            if self.size[i] >= SMALL:
                self.size[i] = 1.0


def improve(functions: Functions, x: Array, start: Array) -> bool:
    """Corrects steps that are too long or too short at `x`; whether any was.

    Too long: the functions are not linear within the step. Too short: no function changes.
    """
    steps = functions.steps
    if steps.given is not None:
        return False
    by_differences = [f for f in (functions.objective, *functions.rows) if not (callable(f.jac) or f.jac is True)]
    low, high = functions.objective.low, functions.objective.high
    h = steps.at(x, False)
    h = np.where(x + h <= high, h, np.where(x - h >= low, -h, 0.0))
    scales = [np.maximum(np.abs(f.value(x)), np.abs(f.value(start))) for f in by_differences]
    values = [f.value(x) for f in by_differences]
    slopes = [f.derivative(x) for f in by_differences]
    # The scale of a constraint is that of its terms, since its value is 0 where it is active.
    reach = np.maximum(np.abs(x), np.abs(start))
    scales = [
        scale if f is functions.objective else np.maximum(scale, np.abs(slope) @ reach)
        for f, scale, slope in zip(by_differences, scales, slopes, strict=True)
    ]

    digits = [np.abs(value) if f is functions.objective else scale for f, value, scale in zip(by_differences, values, scales, strict=True)]

    def curved(d: Array) -> bool:
        for f, scale, value, slope in zip(by_differences, scales, values, slopes, strict=True):
            moved = f.value(x + d)
            if not np.isfinite(moved).all():
                continue
            if np.any(np.abs(moved - value - slope @ d) > BEND * np.maximum(scale, np.abs(slope * d).sum(axis=1)) + 1e3 * EPSILON * scale):
                return True
        return False

    changed = False
    for i in np.flatnonzero(steps.longest):  # a step lengthened on a plateau becomes ordinary once it has been left
        moved = x.copy()
        ordinary = EPSILON**0.5 * max(1.0, abs(x[i]))
        moved[i] += ordinary if x[i] + ordinary <= high[i] else -ordinary
        if moved[i] >= low[i] and _visible([f.value(moved) for f in by_differences], values, digits):
            steps.size[i] = 1.0
            steps.longest[i] = False
            changed = True
    if changed:
        return True
    if curved(0.4 * h):
        for i in np.flatnonzero(h):
            alone = np.zeros_like(x)
            alone[i] = 0.4 * h[i]
            shorter = abs(h[i]) / EPSILON**0.5 * FINER
            if curved(alone) and shorter > 1e4 * EPSILON * abs(x[i]) and shorter > 1e-30:
                steps.size[i] = shorter
                steps.learnt[i] = changed = True
        if changed:
            return True
    if len(by_differences) != 1 + len(functions.rows):
        return changed

    def unseen(slopes: list[Array]) -> list[int]:
        return [
            int(i)
            for i in np.flatnonzero(h)
            if all(np.all(np.abs(s[:, i] * h[i]) <= UNSEEN * EPSILON * d) for s, d in zip(slopes, digits, strict=True))
        ]

    blind = unseen(slopes)
    if blind and not np.array_equal(x, start):
        # A variable that was visible at the start with a step of this length has derivative 0 here; a longer step there proves nothing.
        at_start = set(unseen([f.derivative(start) for f in by_differences]))
        shorter = steps.at(x, False) * SHORTER < steps.at(start, False)
        blind = [i for i in blind if i in at_start or shorter[i]]
    for k in blind:
        for power in (3, 6, 9, 12, 15):
            far = x.copy()
            far[k] = min(max(x[k] + h[k] * 10.0**power, low[k]), high[k])
            found = _quietly(by_differences, far)
            if found is None:  # a function fails there
                break
            if _visible(found, values, digits):
                steps.size[k] = abs(h[k]) / EPSILON**0.5 * 10.0**power
                steps.learnt[k] = steps.longest[k] = changed = True
                break
    return changed


def needs_central(functions: Functions, result: OptimizeResult, start: Array) -> bool:
    """Whether to continue from a result with central differences, to which the functions are then switched.

    After a failure always; after a success in few variables where a Newton step predicts a decrease that is not negligible.
    """
    by_differences = [f for f in (functions.objective, *functions.rows) if f.jac is None]
    if functions.steps.given is not None or functions.objective.jac is not None:
        return False
    x, objective = result.x, functions.objective
    if result.success and (functions.rows or x.size > MOST_SECOND):
        return False
    for f in by_differences:
        f.jac = "3-point"
    if not result.success:
        return True
    gradient = objective.derivative(x)[0]
    enough = COARSE * abs(result.fun) + COARSE**2 * IN_VALLEY * abs(float(objective.value(start)[0]) - result.fun)
    if np.abs(gradient) @ np.maximum(np.abs(x), np.abs(x - start)) <= enough:
        return False
    free = np.flatnonzero((x > objective.low) & (x < objective.high))
    if free.size == 0:
        return False
    hessian = np.empty((free.size, free.size))
    for row, i in enumerate(free):
        moved = x.copy()
        step = EPSILON**0.25 * max(1.0, abs(x[i]))
        moved[i] += step if x[i] + step <= objective.high[i] else -step
        hessian[row] = (objective.derivative(moved)[0][free] - gradient[free]) / (moved[i] - x[i])
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    along = vectors.T @ gradient[free]
    least = EPSILON**0.4 * np.abs(values).max(initial=0)  # smallest curvature that differences resolve
    return bool(least > 0 and np.any(along**2 / (2 * np.maximum(values, least)) > enough))


def _quietly(functions: list[Function], x: Array) -> list[Array] | None:
    """Values at a point far from the iterates, without warnings; None where a function raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return [f.value(x) for f in functions]
        except Exception:
            return None


def _visible(found: list[Array], values: list[Array], scales: list[Array]) -> bool:
    """Whether a function changed by more than rounding, relative to its scale."""
    return any(np.any(np.isfinite(a) & (np.abs(a - b) > 1e6 * EPSILON * scale)) for a, b, scale in zip(found, values, scales, strict=True))

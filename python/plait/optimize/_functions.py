"""Plain functions as a problem of the core: checked results, and finite differences that stay within the bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from ..graph._types import Array
from ._limits import Constraint
from ._steps import Steps


class Function:
    """A function of x, its derivative given or by finite differences; caches its last value and counts calls."""

    def __init__(
        self, fun: Callable[..., Any], jac: Any, args: tuple[Any, ...], what: str, scalar: bool, low: Array, high: Array, steps: Steps
    ) -> None:
        self.fun, self.jac, self.args, self.what, self.scalar = fun, jac, args, what, scalar
        self.low, self.high, self.steps = low, high, steps
        self.size = 1 if scalar else -1
        self.calls = self.derivative_calls = 0
        self.last_x: Array | None = None
        self.last: tuple[Array, Array | None] | None = None

    def value(self, x: Array) -> Array:
        """The function's values, flat."""
        if self.last is not None and self.last_x is not None and np.array_equal(x, self.last_x):
            return self.last[0]
        self.calls += 1
        result = self.fun(x.copy(), *self.args)
        derivative = None
        if self.jac is True:
            try:
                result, derivative = result
            except (TypeError, ValueError):
                raise ValueError(f"{self.what}: with jac=True it returns (value, gradient), got {type(result).__name__}") from None
            derivative = self._shaped(derivative, x)
        values = self._flat(result)
        self.last_x, self.last = x.copy(), (values, derivative)
        return values

    def derivative(self, x: Array) -> Array:
        """(size, n)."""
        self.derivative_calls += 1
        if callable(self.jac):
            if self.size < 0:
                self.value(x)
            return self._shaped(self.jac(x.copy(), *self.args), x)
        at = self.value(x)
        if self.jac is True and self.last is not None and self.last[1] is not None:
            return self.last[1]
        return self._differences(x, at)

    def _flat(self, result: Any) -> Array:
        if isinstance(result, _core.Node):
            raise TypeError(f"{self.what}: expected numbers, got a node")
        try:
            if result is None:  # NumPy would make it NaN
                raise TypeError
            values = np.asarray(result, np.float64).reshape(-1)
        except (TypeError, ValueError):
            wanted = "one number" if self.scalar else "numbers"
            raise ValueError(f"{self.what}: expected {wanted}, got {type(result).__name__} {result!r}") from None
        if self.scalar and values.size != 1:
            raise ValueError(f"{self.what}: the function must give one number, got shape {np.shape(result)}")
        if self.size < 0:
            self.size = values.size
        elif values.size != self.size:
            raise ValueError(f"{self.what}: gave {values.size} values after {self.size} at the start")
        return values

    def _shaped(self, derivative: Any, x: Array) -> Array:
        if hasattr(derivative, "toarray"):
            derivative = derivative.toarray()
        try:
            found = np.asarray(derivative, np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"{self.what}: jac: expected numbers, got {type(derivative).__name__}") from None
        size = max(self.size, 1) if self.scalar else self.size
        if found.size != size * x.size or (found.ndim == 2 and found.shape not in ((size, x.size), (1, x.size), (x.size, 1))):
            raise ValueError(f"{self.what}: jac: expected shape {(x.size,) if size == 1 else (size, x.size)}, got {found.shape}")
        return found.reshape(size, x.size)

    def _differences(self, x: Array, at: Array) -> Array:
        central = self.jac == "3-point"
        rows = np.zeros((at.size, x.size))
        last = self.last_x, self.last
        for i, h in enumerate(self.steps.at(x, central)):
            rows[:, i] = self._difference(x, at, i, h, central)
        self.last_x, self.last = last
        return rows

    def _difference(self, x: Array, at: Array, i: int, h: float, central: bool) -> Array:
        room_up, room_down = self.high[i] - x[i], x[i] - self.low[i]
        if central and room_up >= h and room_down >= h:
            ends = x[i] - h, x[i] + h
        elif room_up >= h or (room_up >= room_down and room_up > 0):
            ends = x[i], min(x[i] + h, self.high[i])
        elif room_down > 0:
            ends = x[i], max(x[i] - h, self.low[i])
        else:  # fixed
            return np.zeros(at.size)
        if ends[0] == ends[1]:
            return np.zeros(at.size)
        return np.asarray((self._moved(x, i, ends[1]) - (at if ends[0] == x[i] else self._moved(x, i, ends[0]))) / (ends[1] - ends[0]))

    def _moved(self, x: Array, i: int, to: float) -> Array:
        moved = x.copy()
        moved[i] = to
        return self.value(moved)


class Functions:
    """An objective and constraints as a CallableProblem, whose limits are still to be set."""

    def __init__(
        self, fun: Callable[..., Any], jac: Any, args: tuple[Any, ...], rows: list[Constraint], low: Array, high: Array, steps: Steps
    ) -> None:
        self.steps = steps
        self.objective = Function(fun, jac, args, "fun", True, low, high, steps)
        wanted = jac if isinstance(jac, str) else None
        self.rows = [
            Function(c.fun, c.jac or wanted, c.args, f"constraint {c.name}", False, low, high, steps) for c in rows if c.fun is not None
        ]
        self.given = [f for f in (self.objective, *self.rows) if callable(f.jac) or f.jac is True]

    def build(self, x0: Array) -> tuple[_core.optimize.CallableProblem, list[int]]:
        """The problem, and the number of rows of each constraint, found by a call at x0."""
        sizes = [f.value(x0).size for f in self.rows]
        self.steps.lengthen([f.value for f in (self.objective, *self.rows) if not (callable(f.jac) or f.jac is True)], x0)
        exact = len(self.given) == 1 + len(self.rows)
        problem = _core.optimize.CallableProblem(x0.size, sum(sizes), self._values, self._derivatives, None, not exact)
        return problem, sizes

    def _values(self, x: Array) -> tuple[float, Array]:
        return float(self.objective.value(x)[0]), self._joined([f.value(x) for f in self.rows], 0)

    def _derivatives(self, x: Array) -> tuple[Array, Array]:
        return self.objective.derivative(x)[0], self._joined([f.derivative(x) for f in self.rows], x.size)

    @staticmethod
    def _joined(parts: list[Array], n: int) -> Array:
        return np.concatenate(parts) if parts else np.empty((0, n) if n else 0)

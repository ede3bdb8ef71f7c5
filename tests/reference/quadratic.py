"""Convex quadratic programs by the dual active set method of Goldfarb and Idnani (1983), each step written out with dense algebra.

A singular H is made regular by proximal points: what is added to it is taken off again from step to step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

INF = float("inf")


@dataclass
class Solution:
    """A solved quadratic program, or the proof that there is none: signed multipliers, positive at lower limits, negative at upper ones."""

    status: str  # "solved", "infeasible", "unbounded"
    x: Array
    bounds: Array
    rows: Array


class Quadratic:
    """Programs that share H and the rows."""

    def __init__(self, hessian: Array, rows: Array) -> None:
        self.hessian, self.rows = hessian, rows
        scale = float(np.abs(np.diagonal(hessian)).max(initial=0.0))
        self.scale = scale if scale > 0 else 1.0
        h = hessian / self.scale
        self.shift = 0.0
        if len(h) and np.linalg.eigvalsh(h)[0] < 1e-11:
            self.shift = 1e-5
        self.inverse = np.linalg.inv(h + self.shift * np.eye(len(h)))

    def solve(self, q: Array, lower: Array, upper: Array, row_lower: Array, row_upper: Array) -> Solution:
        q = q / self.scale
        x = np.zeros(len(q))
        for _ in range(10000 if self.shift else 1):
            before = x
            found = self._strict(q - self.shift * x, lower, upper, row_lower, row_upper)
            x = found.x
            if found.status != "solved" or not self.shift or np.abs(x - before).max() <= 1e-13 * (1 + np.abs(x).max()):
                break
            if np.abs(x).max() > 1e9:
                found.status = "unbounded"
                break
        found.bounds, found.rows = found.bounds * self.scale, found.rows * self.scale
        return found

    def _strict(self, q: Array, lower: Array, upper: Array, row_lower: Array, row_upper: Array) -> Solution:
        n, m = len(q), len(self.rows)
        normals = np.vstack([np.eye(n), self.rows])
        low, high = np.concatenate([lower, row_lower]), np.concatenate([upper, row_upper])
        norm = np.maximum(np.sqrt((normals**2).sum(axis=1)), 1e-300)
        working: list[int] = []
        signs: list[float] = []
        u: list[float] = []
        x = -self.inverse @ q
        equal = low == high
        waiting = np.flatnonzero(equal).tolist()
        while True:
            value = normals @ x
            if waiting:
                i = waiting.pop(0)
                sign = 1.0 if value[i] <= low[i] else -1.0
                if abs(value[i] - low[i]) <= 1e-14 * norm[i]:
                    sign = 1.0
            else:
                room = np.minimum(value - low, high - value) / norm
                room[equal] = INF
                room[working] = INF
                i = int(room.argmin())
                if room[i] >= -1e-12 * (1 + np.abs(x).max()):
                    break
                sign = 1.0 if value[i] - low[i] < high[i] - value[i] else -1.0
            plus = sign * normals[i]
            target = sign * (low[i] if sign > 0 else high[i])
            u_plus = 0.0
            while True:
                active = np.array([s * normals[j] for s, j in zip(signs, working, strict=True)]).reshape(-1, n)
                hn = self.inverse @ plus
                if len(working):
                    hw = self.inverse @ active.T
                    r = np.linalg.lstsq(active @ hw, active @ hn, rcond=1e-14)[0]
                    z = hn - hw @ r
                else:
                    r, z = np.zeros(0), hn
                slope = float(z @ plus)
                t1, leave = INF, -1
                for k, j in enumerate(working):
                    if not equal[j] and r[k] > 1e-13 and u[k] / r[k] < t1:
                        t1, leave = u[k] / r[k], k
                t2 = (target - float(plus @ x)) / slope if slope > 1e-10 * float(plus @ hn) else INF
                if t2 == INF and equal[i] and abs(target - float(plus @ x)) <= 1e-11 * norm[i] * (1 + np.abs(x).max()):
                    break  # a dependent equality that holds
                t = min(t1, t2)
                if t == INF:
                    multipliers = np.zeros(n + m)
                    multipliers[i] = sign
                    for k, j in enumerate(working):
                        multipliers[j] = -signs[k] * r[k] if abs(r[k]) > 1e-9 else 0.0
                    return Solution("infeasible", x, multipliers[:n], multipliers[n:])
                u = [v - t * s for v, s in zip(u, r.tolist(), strict=True)]
                u_plus += t
                if t2 < INF:
                    x = x + t * z
                if t == t2:
                    working.append(i)
                    signs.append(sign)
                    u.append(u_plus)
                    break
                for stack in (working, signs, u):
                    stack.pop(leave)
        multipliers = np.zeros(n + m)
        for k, j in enumerate(working):
            multipliers[j] = signs[k] * u[k]
        return Solution("solved", x, multipliers[:n], multipliers[n:])

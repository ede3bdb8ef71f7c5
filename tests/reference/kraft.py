"""Strictly convex quadratic programs as Kraft's SLSQP solves them: LSQ → LSEI → LSI → LDP → NNLS.

Lawson and Hanson (1974), Solving Least Squares Problems, chapters 20 and 23; plain dense algebra, nothing kept from call to call.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def nnls(a: Array, b: Array) -> Array:
    """The u >= 0 with the least |a u - b| (algorithm NNLS, chapter 23.3)."""
    m = a.shape[1]
    u = np.zeros(m)
    held = np.ones(m, bool)  # at 0
    size = float(np.abs(a).max(initial=0.0)) * float(np.abs(b).max(initial=0.0))
    refused: set[int] = set()
    for _ in range(30 * m + 30):
        slope = a.T @ (b - a @ u)
        slope[~held] = -np.inf
        slope[list(refused)] = -np.inf
        if not m or slope.max() <= 1e-13 * size:
            return u
        j = int(slope.argmax())
        held[j] = False
        while True:
            best = np.zeros(m)
            best[~held] = np.linalg.lstsq(a[:, ~held], b, rcond=1e-13)[0]
            if best[j] <= 0 and u[j] == 0:  # only rounding said that it would grow
                held[j] = True
                refused.add(j)
                break
            low = ~held & (best <= 0)
            if not low.any():
                u = best
                refused.clear()
                break
            ratio = np.min(u[low] / (u[low] - best[low]))
            u = u + ratio * (best - u)
            held |= ~held & (u <= 1e-15 * np.abs(u).max())
            u[held] = 0
    raise RuntimeError("nnls: no end")


def ldp(g: Array, h: Array) -> tuple[Array, Array] | None:
    """The shortest z with g z >= h, and the multipliers of its rows; None where there is none (algorithm LDP, chapter 23.4)."""
    if not len(h):
        return np.zeros(g.shape[1]), np.zeros(0)
    # Rows of unit length, and limits of size 1, so that a residual of 0 is told from a small one.
    length = np.sqrt((g**2).sum(axis=1))
    if np.any((length == 0) & (h > 0)):
        return None
    length[length == 0] = 1.0
    g, h = g / length[:, None], h / length
    size = max(float(np.abs(h).max()), 1e-300)
    a = np.vstack([g.T, h / size])
    b = np.zeros(len(a))
    b[-1] = 1.0
    u = nnls(a, b)
    r = b - a @ u  # its last element is the square of its length
    if r[-1] <= 1e-10:
        return None
    return -r[:-1] / r[-1] * size, u / r[-1] * size / length


def lsi(e: Array, f: Array, g: Array, h: Array) -> tuple[Array, Array] | None:
    """min |e x - f| subject to g x >= h, e of full column rank: a QR factorisation makes it the shortest z (chapter 23.5)."""
    q, r = np.linalg.qr(e)
    f1 = q.T @ f
    g_r = np.linalg.solve(r.T, g.T).T
    found = ldp(g_r, h - g_r @ f1)
    if found is None:
        return None
    z, multipliers = found
    return np.linalg.solve(r, z + f1), multipliers


def lsei(e: Array, f: Array, c: Array, d: Array, g: Array, h: Array) -> tuple[Array, Array, Array] | None:
    """The same with c x = d: an orthogonal basis of c's rows takes the equalities out (chapter 20). c has full row rank."""
    k = len(d)
    n = e.shape[1]
    if not k:
        found = lsi(e, f, g, h)
        return None if found is None else (found[0], np.zeros(0), found[1])
    basis, r = np.linalg.qr(c.T, mode="complete")
    rows, rest = basis[:, :k], basis[:, k:]
    fixed = rows @ np.linalg.solve(r[:k].T, d)
    if k == n:
        x, multipliers = fixed, np.zeros(len(h))
        if np.any(g @ x < h - 1e-9 * (1 + np.abs(h))):
            return None
    else:
        found = lsi(e @ rest, f - e @ fixed, g @ rest, h - g @ fixed)
        if found is None:
            return None
        x, multipliers = fixed + rest @ found[0], found[1]
    gradient = e.T @ (e @ x - f) - g.T @ multipliers
    return x, np.linalg.solve(r[:k], rows.T @ gradient), multipliers


def lsq(
    hessian: Array, gradient: Array, rows: Array, lower: Array, upper: Array, row_lower: Array, row_upper: Array
) -> tuple[Array, Array, Array] | None:
    """min ½ x'Hx + g'x within limits as least squares: x, signed multipliers of bounds and rows; None where the limits exclude each other."""
    n = len(gradient)
    factor: Array = np.asarray(np.linalg.cholesky(hessian), np.float64)
    e: Array = np.ascontiguousarray(factor.T)
    f: Array = -np.asarray(np.linalg.solve(factor, gradient), np.float64)
    normals = np.vstack([np.eye(n), rows])
    low, high = np.concatenate([lower, row_lower]), np.concatenate([upper, row_upper])
    equal = low == high
    from_below = np.flatnonzero(~equal & np.isfinite(low))
    from_above = np.flatnonzero(~equal & np.isfinite(high))
    g = np.vstack([normals[from_below], -normals[from_above]])
    found = lsei(e, f, normals[equal], low[equal], g, np.concatenate([low[from_below], -high[from_above]]))
    if found is None:
        return None
    x, equalities, inequalities = found
    multipliers = np.zeros(len(normals))
    multipliers[equal] = equalities
    np.add.at(multipliers, from_below, inequalities[: len(from_below)])
    np.add.at(multipliers, from_above, -inequalities[len(from_below) :])
    return x, multipliers[:n], multipliers[n:]

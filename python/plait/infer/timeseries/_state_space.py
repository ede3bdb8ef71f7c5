"""Linear Gaussian state space models: the Kalman filter as one loop of the graph, with an exact diffuse start.

x' = T x + η, η ~ N(0, Q); y = Z x + ε, ε ~ N(0, H). States at the start are P0 around zero, plus D δ with a flat δ. The filter carries the
response to δ beside the mean (de Jong, 1991, The diffuse Kalman filter), so that nothing is approximated by a large variance.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import _core, graph

__all__ = ["Affine", "StateSpace", "add", "diffuse_estimate", "kalman_filter", "log_likelihood", "multiply", "stationary_covariance"]

# Doublings of the Lyapunov sum: enough for roots at 1 ± 1e-8, and a few matrix products each.
DOUBLINGS = 30

# Up to so many states a filter is written entry by entry: with 4 a step is about 150 operations on numbers.
FEW = 4


class Affine:
    """A matrix C + Σ p_k U_k with constant C and U_k: of which entries are zero is known while a graph is built.

    Parameters
    ----------
    constant : ndarray
        C.
    terms : list of (Node or number, ndarray)
        Each p_k with its U_k.
    """

    def __init__(self, constant: Any, terms: Sequence[tuple[Any, Any]] = ()) -> None:
        self.constant, self.terms = np.asarray(constant, dtype=np.float64), list(terms)

    def entries(self) -> list[list[Any]]:
        """Rows of numbers and nodes; a zero is the number 0.0."""
        rows: list[list[Any]] = [[float(v) for v in row] for row in self.constant]
        for value, unit in self.terms:
            for i, j in np.argwhere(unit):
                rows[i][j] = add(rows[i][j], multiply(value, float(unit[i, j])))
        return rows

    def matrix(self) -> Any:
        """As one node."""
        total: Any = graph.constant(self.constant)
        for value, unit in self.terms:
            total = total + value * unit
        return total


def add(x: Any, y: Any) -> Any:
    """The sum x + y without a node for a known zero."""
    return y if _is(x, 0.0) else x if _is(y, 0.0) else x + y


def multiply(x: Any, y: Any) -> Any:
    """The product x y without a node for a known zero or one."""
    if _is(x, 0.0) or _is(y, 0.0):
        return 0.0
    return y if _is(x, 1.0) else x if _is(y, 1.0) else x * y


def _is(x: Any, number: float) -> bool:
    return isinstance(x, float) and x == number


def _dot(x: Sequence[Any], y: Sequence[Any]) -> Any:
    total: Any = 0.0
    for a, b in zip(x, y, strict=True):
        total = add(total, multiply(a, b))
    return total


@dataclasses.dataclass
class StateSpace:
    """The parts of a model; Q = R diag(s) Rᵀ."""

    T: Affine  # (m, m)
    R: Affine  # (m, g)
    s: Sequence[Any]  # g variances
    Z: Any  # array (m,) or, where it changes, (n, m)
    H: Any  # number
    D: np.ndarray[Any, Any]  # (m, k), k the number of diffuse directions
    origin: np.ndarray[Any, Any]  # (m,), the mean of the states at the start for δ = 0; near δ's estimate, so that little cancels
    stationary: int = 0  # so many of the last states start in their stationary distribution, the others at zero

    def Q(self) -> Any:
        """Covariance of the states' noise, a node."""
        R = self.R.matrix()
        scaled = R * graph.stack([_core.as_node(v, "timeseries").astype("float64") for v in self.s])
        return scaled @ R.T

    def P0(self) -> Any:
        """Covariance of the states at the start (δ apart), a node."""
        m, r = len(self.D), self.stationary
        if not r:
            return graph.constant(np.zeros((m, m)))
        lift = np.eye(m)[:, m - r :]
        T, Q = self.T.matrix(), self.Q()
        return lift @ stationary_covariance(lift.T @ T @ lift, lift.T @ Q @ lift) @ lift.T


def stationary_covariance(T: Any, Q: Any) -> Any:
    """P = T P Tᵀ + Q for a stable T, by doubling: P ← P + A P Aᵀ, A ← A²."""
    P, A = Q, T
    for _ in range(DOUBLINGS):
        P = P + A @ P @ A.T
        A = A @ A
    return P


def kalman_filter(model: StateSpace, y: Any, observed: np.ndarray[Any, Any]) -> tuple[Any, Any, Any, Any]:
    """Innovations and their variances, and the state predicted after the last observation.

    Parameters
    ----------
    model : StateSpace
        With m states and k diffuse directions.
    y : Node or array, shape (n,)
        Observations; any finite number where they are missing.
    observed : array of bool, shape (n,)
        Which are not missing.

    Returns
    -------
    v : Node, shape (n, 1 + k)
        Innovations for δ = 0, and by how much each unit of δ changes them.
    F : Node, shape (n,)
        Their variances.
    a : Node, shape (m, 1 + k)
        The next state, likewise.
    P : Node, shape (m, m)
        Its covariance.

    Notes
    -----
    Up to FEW states everything is written entry by entry: zeros cost nothing, and of many draws at once each entry is a vector. With more
    states the step is products of matrices.
    """
    run = _filter_entries if len(model.D) <= FEW else _filter_matrices
    return run(model, _core.as_node(y, "timeseries"), observed)


def _filter_entries(model: StateSpace, y: Any, observed: np.ndarray[Any, Any]) -> tuple[Any, Any, Any, Any]:
    m, k = model.D.shape
    T, R, s = model.T.entries(), model.R.entries(), list(model.s)
    upper = [(i, j) for i in range(m) for j in range(i, m)]
    Q = {(i, j): _dot([multiply(r, v) for r, v in zip(R[i], s, strict=True)], R[j]) for i, j in upper}
    start = model.P0()
    varying = np.ndim(model.Z) == 2
    complete = bool(observed.all())
    rows: dict[str, Any] = {"y": y}
    if varying:
        rows["Z"] = {str(j): np.ascontiguousarray(model.Z[:, j]) for j in range(m)}
    if not complete:
        rows["w"] = observed.astype(np.float64)
    fixed = None if varying else [float(z) for z in model.Z]

    def step(state: tuple[Any, Any], row: dict[str, Any]) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        a, packed = state
        P = dict(zip(upper, packed, strict=True))
        full = [[P[min(i, j), max(i, j)] for j in range(m)] for i in range(m)]
        Z = [row["Z"][str(j)] for j in range(m)] if fixed is None else fixed
        PZ = [_dot(full[i], Z) for i in range(m)]
        F = add(_dot(Z, PZ), model.H)
        v = [(row["y"] if c == 0 else 0.0) - _dot(Z, [a[i][c] for i in range(m)]) for c in range(1 + k)]
        K = [_dot(T[i], PZ) / F for i in range(m)]
        if not complete:
            K = [gain * row["w"] for gain in K]
        moved = [[_dot(T[i], [a[j][c] for j in range(m)]) + K[i] * v[c] for c in range(1 + k)] for i in range(m)]
        TP = [[_dot(T[i], [full[r][j] for r in range(m)]) for j in range(m)] for i in range(m)]
        KF = [gain * F for gain in K]
        spread = [add(_dot(TP[i], T[j]), Q[i, j]) - KF[i] * K[j] for i, j in upper]
        return (moved, spread), (v, F)

    first = [[graph.constant(np.float64(d)) for d in (model.origin[i], *model.D[i])] for i in range(m)]
    (a, packed), (v, F) = graph.scan(step, (first, [start[i, j] for i, j in upper]), rows)
    P = dict(zip(upper, packed, strict=True))
    covariance = graph.stack([graph.stack([P[min(i, j), max(i, j)] for j in range(m)]) for i in range(m)])
    return graph.stack(v, 1), F, graph.stack([graph.stack(row) for row in a]), covariance


def _filter_matrices(model: StateSpace, y: Any, observed: np.ndarray[Any, Any]) -> tuple[Any, Any, Any, Any]:
    n = len(observed)
    m, k = model.D.shape
    T, Q = model.T.matrix(), model.Q()
    varying = np.ndim(model.Z) == 2
    complete = bool(observed.all())
    rows: dict[str, Any] = {"y": graph.reshape(y, (n, 1, 1))}
    if varying:
        rows["Z"] = np.reshape(model.Z, (n, 1, m))
    if not complete:
        rows["w"] = observed.astype(np.float64).reshape(n, 1, 1)
    fixed: Any = None if varying else graph.constant(np.reshape(model.Z, (1, m)))
    lift = np.eye(1, 1 + k)

    def step(state: tuple[Any, Any], row: dict[str, Any]) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        a, P = state
        Z = row["Z"] if varying else fixed
        PZ = P @ Z.T
        F = Z @ PZ + model.H
        v = row["y"] * lift - Z @ a
        K = T @ PZ / F
        if not complete:
            K = K * row["w"]
        a = T @ a + K @ v
        P = T @ P @ T.T + Q - K @ (K.T * F)
        return (a, 0.5 * (P + P.T)), (v, F)

    start = graph.constant(np.concatenate([model.origin[:, None], model.D], axis=1))
    (a, P), (v, F) = graph.scan(step, (start, model.P0()), rows)
    return graph.reshape(v, (n, 1 + k)), graph.reshape(F, (n,)), a, P


def log_likelihood(model: StateSpace, y: Any, observed: np.ndarray[Any, Any]) -> Any:
    """The exact log likelihood, all constants included; with k diffuse directions, of what remains of n observations when k have fixed them."""
    v, F, _, _ = kalman_filter(model, y, observed)
    k = model.D.shape[1]
    n = int(observed.sum())
    w = observed.astype(np.float64)
    weight = w / F
    quadratic = graph.sum(v[:, 0] * v[:, 0] * weight)
    total = (n - k) * np.log(2 * np.pi) + graph.sum(w * graph.log(F))
    if k:
        response = v[:, 1:]
        S = response.T @ (response * graph.expand_dims(weight, 1))
        s = response.T @ (v[:, 0] * weight)
        root = graph.cholesky(S)
        z = graph.solve_triangular(root, graph.expand_dims(s, 1))
        quadratic = quadratic - graph.sum(z * z)
        total = total + 2 * graph.sum(graph.log(graph.sum(root * np.eye(k), axis=1)))
    return -0.5 * (total + quadratic)


def diffuse_estimate(v: Any, F: Any, observed: Any) -> tuple[Any, Any]:
    """δ and its covariance from innovations (arrays): generalised least squares, shapes (…, k) and (…, k, k)."""
    response = v[..., 1:]
    weight = (observed / F)[..., None]
    S = np.swapaxes(response, -1, -2) @ (response * weight)
    s = np.swapaxes(response, -1, -2) @ (v[..., :1] * weight)
    covariance = np.linalg.pinv(S, hermitian=True)
    # v(δ) = v₀ + response · δ, since the response of an innovation to δ is minus that of the prediction
    return -(covariance @ s)[..., 0], covariance

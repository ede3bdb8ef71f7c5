"""Linear Gaussian state space models: the Kalman filter as one loop of the graph, with an exact diffuse start.

x' = T x + η, η ~ N(0, Q); y = Z x + ε, ε ~ N(0, H). States at the start are P0 around zero, plus D δ with a flat δ. The filter carries the
response to δ beside the mean (de Jong, 1991, The diffuse Kalman filter), so that nothing is approximated by a large variance.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ... import _core, graph

__all__ = ["StateSpace", "diffuse_estimate", "kalman_filter", "log_likelihood", "stationary_covariance"]

# Doublings of the Lyapunov sum: enough for roots at 1 ± 1e-8, and a few matrix products each.
DOUBLINGS = 30


@dataclasses.dataclass
class StateSpace:
    """The matrices of a model; each an array or a node."""

    T: Any  # (m, m)
    Q: Any  # (m, m)
    Z: Any  # (m,) or, where it changes, (n, m)
    H: Any  # number
    P0: Any  # (m, m)
    D: np.ndarray[Any, Any]  # (m, k), k the number of diffuse directions


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
    """
    n = len(observed)
    m, k = model.D.shape
    T, Q = _core.as_node(model.T, "timeseries"), _core.as_node(model.Q, "timeseries")
    varying = np.ndim(model.Z) == 2
    complete = bool(observed.all())
    rows: dict[str, Any] = {"y": graph.reshape(_core.as_node(y, "timeseries"), (n, 1, 1))}
    if varying:
        rows["Z"] = graph.reshape(_core.as_node(model.Z, "timeseries"), (n, 1, m))
    if not complete:
        rows["w"] = observed.astype(np.float64).reshape(n, 1, 1)
    fixed_Z: Any = None if varying else graph.reshape(_core.as_node(model.Z, "timeseries"), (1, m))
    lift = np.zeros((1, 1 + k))
    lift[0, 0] = 1.0

    def step(state: tuple[Any, Any], row: dict[str, Any]) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        a, P = state
        Z = row["Z"] if varying else fixed_Z
        PZ = P @ Z.T
        F = Z @ PZ + model.H
        v = row["y"] * lift - Z @ a
        K = T @ PZ / F
        if not complete:
            K = K * row["w"]
        a = T @ a + K @ v
        P = T @ P @ T.T + Q - K @ (K.T * F)
        return (a, 0.5 * (P + P.T)), (v, F)

    start = np.concatenate([np.zeros((m, 1)), model.D], axis=1)
    (a, P), (v, F) = graph.scan(step, (_core.as_node(start, "timeseries"), _core.as_node(model.P0, "timeseries")), rows)
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

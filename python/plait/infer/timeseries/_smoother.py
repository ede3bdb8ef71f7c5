"""States given the whole series: the fixed-interval smoother with an exact diffuse start."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._state_space import diffuse_estimate

__all__ = ["smooth"]


def smooth(T: Any, Q: Any, Z: Any, H: float, P0: Any, start: Any, y: Any, observed: Any) -> tuple[Any, Any]:
    """Means and covariances of all states given all observations.

    The filter runs with the response to the diffuse δ beside the mean; the backward pass (de Jong, 1989, Smoothing and interpolation with the
    state-space model) is linear in the innovations, so that it carries that response too, and δ's estimate is put in at the end.

    Parameters
    ----------
    T, Q, P0 : ndarray, shape (m, m)
        Transition, covariance of its noise, and of the first state (δ apart).
    Z : ndarray, shape (n, m)
        What is observed of the state.
    H : float
        Variance of the observations' noise.
    start : ndarray, shape (m, 1 + k)
        The first state's mean, and its response to δ.
    y : ndarray, shape (n,)
        Observations; any finite number where they are missing.
    observed : ndarray of bool, shape (n,)
        Which are not missing.

    Returns
    -------
    mean : ndarray, shape (n, m)
        Of the states.
    covariance : ndarray, shape (n, m, m)
        Likewise.
    """
    n, m = Z.shape
    lift = np.eye(1, start.shape[1])[0]
    a, P = start, P0
    means, spreads, innovations, variances, gains = [], [], np.empty((n, start.shape[1])), np.empty(n), []
    for t in range(n):
        means.append(a)
        spreads.append(P)
        PZ = P @ Z[t]
        variances[t] = F = Z[t] @ PZ + H
        innovations[t] = v = y[t] * lift - Z[t] @ a
        K = T @ PZ / F if observed[t] else np.zeros(m)
        gains.append(K)
        a = T @ a + np.outer(K, v)
        P = T @ P @ T.T + Q - F * np.outer(K, K)
        P = 0.5 * (P + P.T)
    delta, uncertainty = diffuse_estimate(innovations, variances, observed)
    mean, covariance = np.empty((n, m)), np.empty((n, m, m))
    r, N = np.zeros((m, start.shape[1])), np.zeros((m, m))
    for t in reversed(range(n)):
        L = T - np.outer(gains[t], Z[t])
        r, N = L.T @ r, L.T @ N @ L
        if observed[t]:
            r = r + np.outer(Z[t], innovations[t]) / variances[t]
            N = N + np.outer(Z[t], Z[t]) / variances[t]
        states = means[t] + spreads[t] @ r
        mean[t] = states[:, 0] + states[:, 1:] @ delta
        covariance[t] = spreads[t] - spreads[t] @ N @ spreads[t] + states[:, 1:] @ uncertainty @ states[:, 1:].T
    return mean, covariance

"""Likelihoods of time series in their plainest form: one dense covariance matrix, one loop over variances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def arma_autocovariance(ar: Sequence[float], ma: Sequence[float], sigma2: float, n: int, terms: int = 20_000) -> Any:
    """Autocovariances of lags 0 … n - 1 from the response to a shock, summed until it has died away."""
    psi = np.zeros(terms + n)
    theta = np.array([1.0, *ma])
    for t in range(terms):
        psi[t] = (theta[t] if t < len(theta) else 0.0) + sum(a * psi[t - 1 - k] for k, a in enumerate(ar) if t - 1 - k >= 0)
        if t > len(theta) + 50 and np.all(np.abs(psi[t - len(ar) : t + 1]) < 1e-17):
            break
    return np.array([sigma2 * float(psi[:terms] @ psi[k : terms + k]) for k in range(n)])


def normal_log_density(y: Any, covariance: Any) -> float:
    """Of a zero-mean normal vector."""
    root = np.linalg.cholesky(covariance)
    z = np.linalg.solve(root, y)
    return float(-0.5 * (len(y) * np.log(2 * np.pi) + z @ z) - np.log(np.diag(root)).sum())


def arma_log_likelihood(y: Any, ar: Sequence[float], ma: Sequence[float], sigma2: float) -> float:
    """Of a stationary series; NaN values are left out."""
    gamma = arma_autocovariance(ar, ma, sigma2, len(y))
    covariance = gamma[np.abs(np.subtract.outer(np.arange(len(y)), np.arange(len(y))))]
    there = ~np.isnan(y)
    return normal_log_density(np.asarray(y)[there], covariance[np.ix_(there, there)])


def diffuse_log_likelihood(y: Any, T: Any, Q: Any, Z: Any, H: float) -> float:
    """Of a state space model whose whole start is flat: y = A δ + u, δ integrated out (Harville, 1974)."""
    n, m = len(y), len(T)
    Z = np.broadcast_to(Z, (n, m))
    powers = [np.eye(m)]
    for _ in range(n):
        powers.append(T @ powers[-1])
    A = np.stack([Z[t] @ powers[t] for t in range(n)])
    covariance = H * np.eye(n)
    for s in range(n):
        for t in range(n):
            covariance[s, t] += sum(Z[s] @ powers[s - 1 - j] @ Q @ powers[t - 1 - j].T @ Z[t] for j in range(min(s, t)))
    there = ~np.isnan(y)
    y, A, covariance = np.asarray(y)[there], A[there], covariance[np.ix_(there, there)]
    inverse = np.linalg.inv(covariance)
    S = A.T @ inverse @ A
    delta = np.linalg.solve(S, A.T @ inverse @ y)
    rest = y - A @ delta
    logdet = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(S)[1]
    return float(-0.5 * ((len(y) - m) * np.log(2 * np.pi) + logdet + rest @ inverse @ rest))


def garch_variances(residuals: Any, omega: float, alpha: Sequence[float], beta: Sequence[float], backcast: float) -> Any:
    """The recursion, one step after the other."""
    made: list[float] = []
    for t in range(len(residuals)):
        value = omega
        for k, a in enumerate(alpha, start=1):
            value += a * (residuals[t - k] ** 2 if t >= k else backcast)
        for k, b in enumerate(beta, start=1):
            value += b * (made[t - k] if t >= k else backcast)
        made.append(value)
    return np.array(made)

"""Pareto smoothed importance sampling: how far importance weights can be trusted, and smoothed weights."""

from __future__ import annotations

import numpy as np

from ._values import Array


def psis(log_weights: Array) -> tuple[Array, float]:
    """Smoothed log weights, which sum to one, and k-hat.

    Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto smoothed importance sampling. The tail's generalised Pareto distribution is
    fitted after Zhang and Stephens (2009). k-hat is infinite where fewer than five weights are finite, and minus infinity where the largest
    are equal to within 0.1 %. Weights equal to the tail's smallest, of discrete values, are of the tail.
    """
    logs = np.array(log_weights, np.float64)
    logs[np.isnan(logs)] = -np.inf
    logs -= logs.max(initial=-np.inf)
    n = len(logs)
    tail = int(np.ceil(min(0.2 * n, 3.0 * np.sqrt(n))))
    k = np.inf
    if tail >= 5 and np.isfinite(logs).sum() > tail:
        order = np.argsort(logs, kind="stable")
        tail = n - int(np.searchsorted(logs[order], logs[order[-tail]]))
        at = order[-tail:]
        cut = logs[order[-tail - 1]] if tail < n else -np.inf
        excess = np.exp(logs[at]) - np.exp(cut)
        if logs[at[-1]] - logs[at[0]] < 1e-3:
            k = -np.inf
        elif (excess > 0).all():
            k, scale = _fit(excess)
            shares = (np.arange(tail) + 0.5) / tail
            smooth = -scale * np.log1p(-shares) if abs(k) < 1e-12 else scale / k * np.expm1(-k * np.log1p(-shares))
            logs[at] = np.minimum(np.log(smooth + np.exp(cut)), 0.0)
    total = np.log(np.exp(logs).sum())
    return logs - total, float(k)


def _fit(x: Array) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto distribution, x ascending and positive."""
    n = len(x)
    m = 30 + int(np.sqrt(n))
    quarter = x[max(int(n / 4 + 0.5) - 1, 0)]
    theta = 1.0 / x[-1] + (1.0 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))) / (3.0 * quarter)
    k = np.log1p(-theta[:, None] * x).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = n * (np.log(-theta / k) - k - 1.0)
    likelihood[~np.isfinite(likelihood)] = -np.inf
    weights = np.exp(likelihood - likelihood.max())
    best = float((theta * weights).sum() / weights.sum())
    shape = float(np.log1p(-best * x).mean())
    scale = -shape / best
    return (n * shape + 5.0) / (n + 10.0), scale  # a weak prior around 1/2, as in the paper

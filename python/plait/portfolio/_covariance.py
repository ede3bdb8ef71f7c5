"""Covariance matrices: checks of symmetry and eigenvalues, repair, and shrinkage towards a target."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np

from ._labels import Array, Labels

Repair: TypeAlias = Literal["clip", "nearest"] | None
SHRINKAGES = ("ledoit_wolf", "constant_correlation", "single_factor", "oas")
ROUNDING = 1e-10  # negative eigenvalues up to this share of the largest entry count as rounding errors


def checked(covariance: Array, assets: Labels, repair: Repair) -> Array:
    """The symmetrised matrix; refused where it is not positive semi-definite, unless `repair` is given."""
    if repair not in (None, "clip", "nearest"):
        raise ValueError(f"repair: expected None, 'clip' or 'nearest', got {repair!r}")
    if not np.isfinite(covariance).all():
        i, j = (int(k) for k in np.argwhere(~np.isfinite(covariance))[0])
        raise ValueError(f"covariance: {covariance[i, j]} between {assets[i]!r} and {assets[j]!r}, expected finite numbers")
    largest = float(np.abs(covariance).max())
    difference = np.abs(covariance - covariance.T)
    if difference.max() > 1e-8 * largest:
        i, j = (int(k) for k in np.unravel_index(int(difference.argmax()), difference.shape))
        raise ValueError(
            f"covariance: not symmetric: {covariance[i, j]:.6g} for ({assets[i]!r}, {assets[j]!r}), {covariance[j, i]:.6g} the other way round"
        )
    matrix: Array = np.ascontiguousarray((covariance + covariance.T) / 2)
    variances = np.diagonal(matrix)
    if variances.min() < 0 and repair != "clip":
        k = int(variances.argmin())
        raise ValueError(f"covariance: asset {assets[k]!r} has the negative variance {variances[k]:.6g}")
    if _passes(matrix, largest):
        return matrix
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if repair is None:
        raise ValueError(
            f"covariance: not positive semi-definite: its smallest eigenvalue is {smallest:.6g}; "
            "repair='clip' sets negative eigenvalues to 0, repair='nearest' finds the nearest with the same variances"
        )
    return clipped(matrix) if repair == "clip" else nearest(matrix)


def _passes(matrix: Array, largest: float) -> bool:
    """Whether no eigenvalue is below -ROUNDING times the largest entry: a Cholesky factorisation of the shifted matrix succeeds."""
    if largest == 0:
        return True
    try:
        np.linalg.cholesky(matrix / largest + ROUNDING * np.eye(len(matrix)))
    except np.linalg.LinAlgError:
        return False
    return True


def clipped(matrix: Array) -> Array:
    """The nearest positive semi-definite matrix in the Frobenius norm: negative eigenvalues become 0."""
    values, vectors = np.linalg.eigh(matrix)
    fixed = (vectors * np.maximum(values, 0)) @ vectors.T
    return np.ascontiguousarray((fixed + fixed.T) / 2)


def nearest(matrix: Array, steps: int = 1000) -> Array:
    """The same variances with the nearest correlation matrix (Higham 2002: alternating projections with Dykstra's correction)."""
    deviations = np.sqrt(np.diagonal(matrix))
    scale = np.where(deviations > 0, deviations, 1.0)
    y = matrix / np.outer(scale, scale)
    np.fill_diagonal(y, np.where(deviations > 0, 1.0, 0.0))
    diagonal = np.diagonal(y).copy()
    correction = np.zeros_like(y)
    for _ in range(steps):
        r = y - correction
        x = clipped(r)
        correction = x - r
        previous, y = y, x.copy()
        np.fill_diagonal(y, diagonal)
        if np.abs(y - previous).max() < 1e-12:
            break
    # The last projection, onto unit diagonals, may leave a slightly negative eigenvalue: clip once more and rescale to a unit diagonal.
    x = clipped(y)
    ends = np.sqrt(np.where(np.diagonal(x) > 0, np.diagonal(x), 1.0))
    x = x / np.outer(ends, ends)
    fixed = x * np.outer(scale, scale)
    np.fill_diagonal(fixed, np.diagonal(matrix))
    return np.ascontiguousarray((fixed + fixed.T) / 2)


def shrunk(returns: Array, sample: Array, shrinkage: Any) -> Array:
    """The sample covariance (over n - 1), shrunk; the intensity is estimated from `returns`, the complete rows.

    Ledoit and Wolf's estimators use the covariance over n, as in their papers.
    """
    if shrinkage is None:
        return sample
    if isinstance(shrinkage, (int, float)) and not isinstance(shrinkage, bool):
        if not 0 <= shrinkage <= 1:
            raise ValueError(f"shrinkage: expected a number from 0 to 1, got {shrinkage}")
        mixed: Array = (1 - shrinkage) * sample + shrinkage * np.trace(sample) / len(sample) * np.eye(len(sample))
        return mixed
    if shrinkage not in SHRINKAGES:
        raise ValueError(f"shrinkage: expected None, a number from 0 to 1 or one of {', '.join(SHRINKAGES)}, got {shrinkage!r}")
    rows = len(returns)
    if rows < 2:
        raise ValueError(f"shrinkage: {rows} complete rows of returns, two at least are needed; or use shrinkage=None or a number")
    over_n = sample * ((rows - 1) / rows)
    target, intensity = TARGETS[shrinkage](returns - returns.mean(axis=0))
    if target is None:
        target = np.trace(over_n) / len(over_n) * np.eye(len(over_n))
    result: Array = intensity * target + (1 - intensity) * over_n
    return result


def _ledoit_wolf(x: Array) -> tuple[Array | None, float]:
    """Towards a multiple of the identity (Ledoit and Wolf 2004, A well-conditioned estimator)."""
    t, n = x.shape
    s = x.T @ x / t
    mean = np.trace(s) / n
    distance = float(((s - mean * np.eye(n)) ** 2).sum())
    noise = (float(((x**2).sum(axis=1) ** 2).mean()) - float((s**2).sum())) / t
    return None, 0.0 if distance <= 0 else min(1.0, max(0.0, noise / distance))


def _oas(x: Array) -> tuple[Array | None, float]:
    """Towards a multiple of the identity (Chen, Wiesel, Eldar and Hero 2010, eq. 23, as it is widely used)."""
    t, n = x.shape
    s = x.T @ x / t
    alpha, mean = float((s**2).mean()), np.trace(s) / n
    bottom = (t + 1.0) * (alpha - mean**2 / n)
    return None, 1.0 if bottom == 0 else min(1.0, (alpha + mean**2) / bottom)


def _intensity(pi: float, rho: float, gamma: float, t: int) -> float:
    return 0.0 if gamma <= 0 else min(1.0, max(0.0, (pi - rho) / gamma / t))


def _constant_correlation(x: Array) -> tuple[Array | None, float]:
    """Towards equal correlations (Ledoit and Wolf 2004, Honey, I shrunk the sample covariance matrix, appendix)."""
    t, n = x.shape
    s = x.T @ x / t
    deviations = np.sqrt(np.diagonal(s))
    safe = np.where(deviations > 0, deviations, 1.0)
    correlation = s / np.outer(safe, safe)
    mean = 0.0 if n < 2 else (correlation.sum() - np.trace(correlation)) / (n * (n - 1))
    target = mean * np.outer(deviations, deviations)
    np.fill_diagonal(target, np.diagonal(s))
    squares = x**2
    pi_matrix = squares.T @ squares / t - s**2
    # theta[i, j]: asymptotic covariance of s_ii with s_ij.
    theta = (x**3).T @ x / t - np.diagonal(s)[:, None] * s
    ratio = np.outer(1 / safe, deviations)
    off = mean * (ratio * theta)
    np.fill_diagonal(off, 0.0)
    return target, _intensity(float(pi_matrix.sum()), float(np.trace(pi_matrix) + off.sum()), float(((s - target) ** 2).sum()), t)


def _single_factor(x: Array) -> tuple[Array | None, float]:
    """Towards Sharpe's one-factor model with the equally weighted market (Ledoit and Wolf 2003, Improved estimation)."""
    t, _ = x.shape
    market = x.mean(axis=1)
    s = x.T @ x / t
    with_market, variance = x.T @ market / t, float(market @ market / t)
    if variance == 0:
        return np.diag(np.diagonal(s)), 0.0
    target = np.outer(with_market, with_market) / variance
    np.fill_diagonal(target, np.diagonal(s))
    squares = x**2
    pi_matrix = squares.T @ squares / t - s**2
    z = x * market[:, None]
    v1 = squares.T @ z / t - with_market[:, None] * s
    v3 = z.T @ z / t - variance * s
    first = (v1 * with_market[None, :]) / variance
    third = np.outer(with_market, with_market) * v3 / variance**2
    rho = float(np.trace(pi_matrix)) + 2 * float(first.sum() - np.trace(first)) - float(third.sum() - np.trace(third))
    return target, _intensity(float(pi_matrix.sum()), rho, float(((s - target) ** 2).sum()), t)


TARGETS = {"ledoit_wolf": _ledoit_wolf, "oas": _oas, "constant_correlation": _constant_correlation, "single_factor": _single_factor}

"""Quantiles and moments of binned values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .axis import Axis, Floats


def _cells_of(shares: Floats, sums: Floats) -> tuple[NDArray[np.int64], Floats]:
    """For each probability the first cell whose cumulative sum reaches it, and the fraction of that cell."""
    if (sums < 0).any():
        raise ValueError("quantile: a bin's weights sum up to less than 0, so that there is no order")
    reached = np.cumsum(sums)
    if not reached[-1] > 0:
        raise ValueError("quantile: the histogram is empty")
    wanted = shares * reached[-1]
    filled = np.flatnonzero(sums > 0)
    k = np.minimum(np.searchsorted(reached[filled], wanted, side="left"), len(filled) - 1)
    cells = filled[k]
    before = np.concatenate([[0.0], reached])[cells]
    return cells.astype(np.int64), np.clip((wanted - before) / sums[cells], 0.0, 1.0)


def quantile(axis: Axis, shares: Floats, sums: Floats) -> Floats:
    """The inverse of the distribution function, linear within bins on the axis's scale; flow is -inf and inf."""
    cells, part = _cells_of(shares, sums)
    low, high = _borders(axis, cells)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        log = axis.scale == "log"
        inside = np.exp((1 - part) * np.log(low) + part * np.log(high)) if log else (1 - part) * low + part * high
    # Exactly the border at the ends of a bin; within an infinite bin its infinite end.
    inside = np.clip(np.where(np.isnan(inside), low, inside), low, high)
    inside = np.where(part <= 0, low, np.where(part >= 1, high, inside))
    inside = np.where(cells == 0, -np.inf, np.where(cells == len(sums) - 1, np.inf, inside))
    infinite = (cells > 0) & (cells < len(sums) - 1) & (np.isinf(low) | np.isinf(high)) & (part > 0) & (part < 1)
    return np.asarray(np.where(infinite, np.where(np.isinf(low), low, high), inside))


def quantile_bounds(axis: Axis, shares: Floats, sums: Floats) -> tuple[Floats, Floats]:
    """Borders of the bins in which quantiles lie."""
    return _borders(axis, _cells_of(shares, sums)[0])


def _borders(axis: Axis, cells: NDArray[np.int64]) -> tuple[Floats, Floats]:
    borders = np.concatenate([[-np.inf], axis.edges, [np.inf]])
    return borders[cells], borders[cells + 1]


def moments(axis: Axis, sums: Floats, name: str) -> tuple[float, float]:
    """Mean and standard deviation of the bins' centres, weighted by their contents."""
    filled = sums != 0
    if not sums.sum() > 0:
        raise ValueError(f"{name}: the histogram is empty, or what its weights sum up to is not positive")
    centers, weights = axis.centers[filled], sums[filled] / sums.sum()
    if not np.isfinite(centers).all():
        raise ValueError(f"{name}: the bin {axis.bin(int(np.flatnonzero(filled)[~np.isfinite(centers)][0]))} has no centre")
    scale = max(float(np.abs(centers).max()), 5e-324)  # squares stay among the doubles
    if scale < 1e-150 or scale > 1e150:
        centers = centers / scale
    else:
        scale = 1.0
    mean = float(weights @ centers)
    variance = float(weights @ (centers - mean) ** 2)
    if name == "std" and variance < 0 and variance < -1e-12 * float(np.abs(weights) @ (centers - mean) ** 2):
        raise ValueError("std: some weights are negative, so much so that the variance is below 0")
    return mean * scale, float(np.sqrt(max(0.0, variance))) * scale


def density(axes: tuple[Axis, ...], sums: Floats) -> Floats:
    """Such that the sum over all bins of density by volume is 1."""
    total = sums.sum()
    if not total > 0:
        raise ValueError("density: the histogram is empty, or what its weights sum up to is not positive")
    result: Floats = sums / total
    for k, axis in enumerate(axes):
        result = result / axis.widths.reshape([-1 if j == k else 1 for j in range(len(axes))])
    return result


def counts(sums: Floats, squares: Floats | None) -> Floats:
    """The effective number of entries: that many of equal weight have the same relative uncertainty."""
    if squares is None:
        return sums
    with np.errstate(all="ignore"):
        direct = sums * sums / squares
        scaled = (sums / np.sqrt(squares)) ** 2  # where a square leaves the range of doubles
    plain = (np.abs(sums) > 1e-150) & (np.abs(sums) < 1e150)
    return np.asarray(np.where(squares > 0, np.where(plain, direct, scaled), 0.0))


def running(values: Any) -> Floats:
    """Sums of all up to each, along every axis."""
    result = np.asarray(values, dtype=np.float64)
    for k in range(result.ndim):
        result = np.cumsum(result, axis=k)
    return result

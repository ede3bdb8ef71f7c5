"""Averages of series: DTW barycenter averaging, and the minimum of soft-DTW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from . import _inputs
from ._arguments import whole
from ._base import PairAligner, finite
from .dtw import DTW
from .soft import SoftDTW
from .transforms import _resample

Array = NDArray[np.float64]
CANDIDATES = 40  # number of series among which the medoid, found from all pairs, is the start


def barycenter(
    series: Any,
    aligner: PairAligner | None = None,
    *,
    weights: Any = None,
    start: Any = None,
    length: int | None = None,
    iterations: int = 50,
    tolerance: float = 1e-6,
) -> Array:
    """The average of series under time warping.

    Parameters
    ----------
    series : array of shape (n, length) or (n, length, d), or list of arrays
        The series. Where the aligner's ``nan_policy`` is ``"omit"``, elements that hold NaN are left out: series of different lengths
        may be one array padded with NaN.
    aligner : PairAligner, optional
        DTW unless given. With `SoftDTW` the weighted sum of its scores is minimised; with any other aligner elements that a path puts together
        are averaged.
    weights : array_like of float, shape (n,), optional
        The weight of each series; not negative, not all zero.
    start : array_like, optional
        The initial average; the series that is nearest to the others (of the first 40) unless given.
    length : int, optional
        The length of the result, to which the start is stretched.
    iterations : int
        The greatest number of iterations.
    tolerance : float
        The iteration ends when the weighted sum of scores has improved by less than this share.

    Returns
    -------
    ndarray of float64, shape (length,) or (length, d)
        The average.

    Raises
    ------
    ValueError
        There is no series, weights do not fit, or the aligner looks for large scores.

    Notes
    -----
    An iteration aligns every series once. For DTW with squared distances each lowers the sum, which ends in a local minimum.

    F. Petitjean, A. Ketterlin, P. Gançarski, "A global averaging method for dynamic time warping, with applications to clustering", Pattern
    Recognition 44, 2011; for soft-DTW M. Cuturi and M. Blondel, ICML 2017.

    Examples
    --------
    >>> from plait.align import barycenter
    >>> barycenter([[0, 0, 1, 2, 1, 0], [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 1, 0]]).tolist()
    [0.0, 0.0, 1.0, 2.0, 1.0, 0.0]
    """
    chosen = DTW() if aligner is None else aligner
    if not isinstance(chosen, PairAligner):
        raise TypeError(f"aligner: expected an aligner such as DTW(), got {chosen!r:.60}")
    iterations, tolerance = whole(iterations, "iterations"), finite(tolerance, "tolerance")
    values = _inputs.collection(series, "series")
    if not values:
        raise ValueError("series: there is none to average")
    if chosen._method().worst < 0:
        raise ValueError(f"aligner: expected one that looks for small scores, got {chosen!r}")
    # With "propagate" the result would be NaN: only "omit" is useful here.
    policy = "omit" if getattr(chosen, "nan_policy", "raise") == "omit" else "raise"
    arrays = [np.asarray(_inputs.series(value, lambda k: f"series[{k}]", k, policy)) for k, value in enumerate(values)]
    if policy == "omit" and any(len(a) == 0 for a in arrays):
        raise ValueError(f"series[{next(k for k, a in enumerate(arrays) if len(a) == 0)}]: nothing is left of it without NaN")
    share = _shares(weights, len(arrays))
    middle = np.asarray(_inputs.series(start, lambda _: "start", 0, policy)).copy() if start is not None else _medoid(chosen, arrays, share)
    if any(a.shape[1:] != middle.shape[1:] for a in arrays):
        raise _core.ShapeError(f"series: elements of shapes {sorted({a.shape[1:] for a in [middle, *arrays]})}; all must have one")
    if length is not None:
        middle = _resample(middle, whole(length, "length"))
    if isinstance(chosen, SoftDTW):
        return _descend(chosen, arrays, share, middle, iterations, tolerance)
    return _average(chosen, arrays, share, middle, iterations, tolerance)


def _shares(weights: Any, count: int) -> Array:
    if weights is None:
        return np.full(count, 1 / count)
    share = np.asarray(weights, np.float64)
    if share.shape != (count,):
        raise _core.ShapeError(f"weights: expected shape ({count},), got {share.shape}")
    if not np.isfinite(share).all() or (share < 0).any() or share.sum() == 0:
        raise ValueError("weights: expected finite numbers that are not negative, and not all zero")
    normed: Array = share / share.sum()
    return normed


def _medoid(aligner: PairAligner, arrays: Sequence[Array], share: Array) -> Array:
    candidates = list(arrays[:CANDIDATES])
    scores = aligner.pairwise(candidates)
    return candidates[int((scores @ share[: len(candidates)]).argmin())].copy()


def _average(aligner: PairAligner, arrays: Sequence[Array], share: Array, middle: Array, iterations: int, tolerance: float) -> Array:
    best, before = middle, np.inf
    for _ in range(iterations):
        total, weight, cost = np.zeros_like(middle), np.zeros(len(middle)), 0.0
        for series, w in zip(arrays, share, strict=True):
            found = aligner.align(middle, series)
            cost += w * found.score
            pairs = found.path[(found.path >= 0).all(axis=1)]
            np.add.at(total, pairs[:, 0], w * series[pairs[:, 1]])
            np.add.at(weight, pairs[:, 0], w)
        if cost < before:
            best = middle
        if not cost < before * (1 - tolerance):
            break
        before = cost
        reached = weight > 0  # elements aligned only with gaps keep their values
        middle = middle.copy()
        middle[reached] = total[reached] / weight[reached].reshape(-1, *[1] * (middle.ndim - 1))
    return best


def _descend(aligner: SoftDTW, arrays: Sequence[Array], share: Array, middle: Array, iterations: int, tolerance: float) -> Array:
    """Gradient descent with Barzilai and Borwein's step length, halved until the sum decreases."""

    def at(point: Array) -> tuple[float, Array]:
        value, slope = 0.0, np.zeros_like(point)
        for series, w in zip(arrays, share, strict=True):
            score, gradient = aligner.value_and_gradient(point, series)
            value += w * score
            slope += w * gradient
        return value, slope

    value, slope = at(middle)
    length = 0.5 / len(arrays[0])
    for _ in range(iterations):
        square = float((slope * slope).sum())
        if square == 0:
            break
        while True:
            point = middle - length * slope
            new, new_slope = at(point)
            if new <= value - 1e-4 * length * square or length * square <= 1e-15 * max(1.0, abs(value)):
                break
            length /= 2
        moved, turned = point - middle, new_slope - slope
        gained = value - new
        if gained <= 0:
            break
        middle, value, slope = point, new, new_slope
        if gained < tolerance * max(abs(value), 1e-300):
            break
        bend = float((moved * turned).sum())
        length = float((moved * moved).sum()) / bend if bend > 0 else 2 * length
    return middle

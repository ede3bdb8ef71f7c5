"""The width of a warping window with the fewest errors of a nearest-neighbour classifier: leave-one-out over many widths."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._estimator import ClassifierEstimator
from . import _arguments, _bands, _inputs
from ._series_estimator import all_series
from .dtw import DTW, check_window
from .neighbours import without_itself


class BestWindow(NamedTuple):
    """The result of `best_window`.

    Parameters
    ----------
    window : int or float
        The narrowest of the most accurate windows.
    accuracy : float
        The share of series that it classifies correctly.
    windows : list
        All windows that were tried.
    accuracies : ndarray of float64
        The share of series that each classifies correctly.
    """

    window: int | float
    accuracy: float
    windows: list[int | float]
    accuracies: NDArray[np.float64]


class _Labels(ClassifierEstimator):
    """A classifier, used for its check of labels."""


_Labels.__name__ = "best_window"  # which messages name


def best_window(X: Any, y: Any, windows: Any = None, aligner: DTW | None = None, *, threads: int | None = None) -> BestWindow:
    """The warping window with the greatest leave-one-out accuracy of the nearest neighbour.

    Parameters
    ----------
    X : array of shape (n, length) or (n, length, d), or list of series
        At least two series.
    y : array_like, shape (n,)
        Their labels.
    windows : sequence of int or float, optional
        Widths in cells (int) or as fractions of the longer length (float); 0, 0.01, … 1 unless given.
    aligner : DTW, optional
        Everything but the window; its own window is not used. For series of different lengths `DTW(band="slanted")`, unless all windows are
        as wide as the lengths differ.
    threads : int, optional
        The greatest number of threads; the result does not depend on it.

    Returns
    -------
    BestWindow
        ``.window``, ``.accuracy``, ``.windows`` and ``.accuracies``; of windows that are equally accurate the narrowest is taken.

    Raises
    ------
    TypeError
        If the aligner is not `DTW`, whose scores can only grow when its window shrinks.
    ValueError
        If there are fewer than two series, a window is none, or no path fits into it.

    Notes
    -----
    One pass from the widest window to the narrowest. A series is looked up again only where the path to its nearest one leaves the window:
    until then that path stays as good, and others only get worse (C. W. Tan et al., "Efficient search of the best warping window for dynamic
    time warping", SDM 2018).

    Examples
    --------
    >>> from plait.align import best_window
    >>> X = [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 1], [0, 0, 1, 1, 1]]
    >>> best_window(X, ["peak", "peak", "step", "step"], windows=[0, 1, 2]).window
    1
    """
    series = all_series(X, "best_window")
    if len(series) < 2:
        raise ValueError("best_window: expected at least 2 series, got 1")
    if aligner is not None and not isinstance(aligner, DTW):
        raise TypeError(f"best_window: aligner: expected DTW(…), got {aligner!r:.60}")
    base = DTW() if aligner is None else aligner
    if base.open_begin or base.open_end or base.slope is not None:
        raise ValueError(f"best_window: aligner: expected one whose path is bounded by a window from corner to corner alone, got {base!r}")
    tried = [k / 100 for k in range(101)] if windows is None else list(windows)
    if not tried:
        raise ValueError("best_window: windows: there is none to try")
    labels = _Labels()._labels(y, len(series))
    threads = _arguments.thread_count(threads)
    series = [np.asarray(s) for s in _inputs.all_series(series, lambda k: f"X[{k}]", base.nan_policy)]
    lengths = sorted(len(s) for s in series)
    # From the widest on, in cells for a pair of the longest; windows of cells and of fractions may be mixed. Of one kind those that have as many
    # cells for the longest may differ for others: the greater number is nowhere narrower.
    widths = [_bands.cells(_checked(window), lengths[-1], lengths[-1]) for window in tried]
    order = sorted(range(len(tried)), key=lambda k: (-widths[k], -_checked(tried[k])))
    nested = len({isinstance(_checked(window), float) for window in tried}) == 1 or lengths[0] == lengths[-1]
    accuracies = np.empty(len(tried))
    nearest = np.zeros(len(series), np.int64)
    margin = np.full((len(series), 2), -1, np.int64)  # the window that the path to the nearest needs, and the longer length
    for k in order:
        narrowed = DTW(**{**base.get_params(), "window": _checked(tried[k])})
        narrow = [_bands.cells(_checked(tried[k]), int(longer), int(longer)) < need for need, longer in margin.tolist()]
        again = np.flatnonzero(np.array(narrow) | (margin[:, 1] < 0) | (not nested))
        if len(again):
            queries = [series[q] for q in again]
            n = len(queries)
            found, scores = narrowed._nearest(
                queries,
                series,
                2,
                threads,
                lambda i, again=again, n=n: f"X[{again[i] if i < n else i - n}]",  # type: ignore[misc]
            )
            nearest[again] = without_itself(found, scores, again)[0][:, 0]
            for q in again:
                x, other = series[q], series[nearest[q]]
                path = narrowed.align(x, other).path
                margin[q] = (_bands.needed(path, len(x), len(other), base.band) if len(path) else 0), max(len(x), len(other))
        accuracies[k] = np.mean(labels[nearest] == labels)
    best = max(reversed(order), key=lambda k: accuracies[k])  # of equals the narrowest
    return BestWindow(tried[best], float(accuracies[best]), tried, accuracies)


def _checked(window: Any) -> int | float:
    width = check_window(window)
    if width is None:
        raise ValueError("best_window: windows: expected whole numbers of cells or fractions, got None; 1.0 is no bound")
    return width

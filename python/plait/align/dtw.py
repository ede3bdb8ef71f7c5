"""Dynamic time warping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from . import _inputs
from ._base import PairAligner

METRICS = {name: getattr(_core.Metric, name) for name in ("squared", "absolute", "euclidean", "cosine")}


class DTW(PairAligner):
    """Dynamic time warping: the least sum of distances over a path that goes through both series, neither backwards.

    Parameters
    ----------
    metric : str
        Distance of two elements: ``"squared"``, ``"euclidean"``, ``"absolute"`` or ``"cosine"``.
    window : int or float, optional
        Sakoe-Chiba band: ``|i - j| <= window`` cells, or a fraction of the longer length, rounded up.
    root : bool
        The square root of the sum is the score.
    open_begin, open_end : bool
        The path may begin or end anywhere in `y`: `x` is looked for within `y`.
    nan_policy : str
        ``"raise"``, ``"propagate"`` or ``"omit"`` (elements that hold NaN are left out).

    Examples
    --------
    >>> from plait.align import DTW
    >>> DTW().score([0, 1, 2], [0, 1, 1, 2])
    0.0
    """

    def __init__(
        self,
        metric: str = "squared",
        window: int | float | None = None,
        root: bool = False,
        open_begin: bool = False,
        open_end: bool = False,
        nan_policy: str = "raise",
    ):
        self.metric = metric
        self.window = window
        self.root = root
        self.open_begin = open_begin
        self.open_end = open_end
        self.nan_policy = nan_policy

    def _build(self) -> _core.Method:
        _inputs.check_nan_policy(self.nan_policy)
        if self.metric not in METRICS:
            raise ValueError(f"metric: expected one of {', '.join(METRICS)}, got {self.metric!r}")
        return _core.make_dtw(METRICS[self.metric], check_window(self.window), bool(self.root), bool(self.open_begin), bool(self.open_end))

    def _prepare(self, values: Sequence[Any], name: _inputs.Name) -> list[_inputs.Prepared]:
        return [_inputs.series(value, name, k, self.nan_policy) for k, value in enumerate(values)]


def check_window(window: int | float | None) -> int | float | None:
    """A window in cells or as a fraction of the longer length."""
    if window is None:
        return None
    if isinstance(window, (float, np.floating)) and 0 <= window <= 1:
        return float(window)
    if isinstance(window, (int, np.integer)) and not isinstance(window, bool) and window >= 0:
        return int(window)
    raise ValueError(f"window: expected None, a whole number of cells (int) or a fraction from 0 to 1 (float), got {window!r}")


def dtw(x: Any, y: Any, **options: Any) -> float:
    """The score of dynamic time warping.

    Parameters
    ----------
    x, y : array_like of float, shape (n,) or (n, d)
        Two series.
    **options
        Parameters of `DTW`.

    Returns
    -------
    float
        ``DTW(**options).score(x, y)``.

    Examples
    --------
    >>> plait.align.dtw([0, 1, 2], [0, 1, 1, 3])
    1.0
    """
    return DTW(**options).score(x, y)

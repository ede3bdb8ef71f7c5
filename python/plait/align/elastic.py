"""Elastic measures with a cost of warping: ERP, EDR, MSM and TWE."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import _core
from . import _inputs
from ._base import PairAligner, finite
from .dtw import check_window, is_slanted


class _Elastic(PairAligner):
    """The base class: series as input, a window, a policy for NaN."""

    window: int | float | None
    nan_policy: str
    band: str

    def _make(self, key: str, parameters: list[float]) -> _core.Method:
        """The core's method."""
        propagate = _inputs.check_nan_policy(self.nan_policy) == "propagate"
        return _core.make_elastic(key, parameters, check_window(self.window), is_slanted(self.band), propagate)

    def _prepare(self, values: Sequence[Any], name: _inputs.Name) -> list[_inputs.Prepared]:
        return _inputs.all_series(values, name, self.nan_policy)


class ERP(_Elastic):
    """Edit distance with real penalty: a metric in which a gap is matched with a constant.

    Parameters
    ----------
    gap : float or array_like, shape (d,)
        The constant; one value for all, or one for each value of an element.
    window : int or float, optional
        ``|i - j| <= window`` cells, or a fraction of the longer length, rounded up.
    nan_policy : str
        ``"raise"``, ``"propagate"`` (the score is NaN and the path empty) or ``"omit"`` (elements that hold NaN are left out).
    band : {"diagonal", "slanted"}
        The centre of `window`: the diagonal from (0, 0), or the one that is stretched to both lengths; see `DTW`.

    Notes
    -----
    The distance of two elements is ``|x - y|`` in the paper; for series of shape (n, d), where the paper has none, the Euclidean distance,
    as is usual. An empty series is matched with gaps alone. Gaps for the first elements cost their distance to the constant, as in the
    paper (in some packages they are free or not allowed). O(n m) time.

    References
    ----------
    L. Chen and R. Ng, On the marriage of Lp-norms and edit distance, 2004.

    Examples
    --------
    >>> from plait.align import ERP
    >>> ERP(gap=0).score([1, 2, 3], [1, 3])
    2.0
    >>> ERP(gap=0).align([1, 2, 3], [1, 3]).path.tolist()
    [[0, -1], [1, 0], [2, 1]]
    """

    def __init__(self, gap: Any = 0.0, window: int | float | None = None, nan_policy: str = "raise", band: str = "diagonal"):
        self.gap = gap
        self.window = window
        self.nan_policy = nan_policy
        self.band = band
        self._method()  # invalid parameters are refused here

    def _build(self) -> _core.Method:
        try:
            gap = np.atleast_1d(np.asarray(self.gap, dtype=np.float64))
        except (TypeError, ValueError):
            raise ValueError(f"gap: expected a number or one for each value of an element, got {self.gap!r}") from None
        if gap.ndim != 1 or gap.size == 0:
            raise _core.ShapeError(f"gap: expected a number or an array of shape (d,), got shape {gap.shape}")
        return self._make("erp", gap.tolist())


class EDR(_Elastic):
    """Edit distance on real sequences: elements that are close count as equal, everything else costs one.

    Parameters
    ----------
    epsilon : float
        Elements match if none of their values differs by more than this.
    window : int or float, optional
        ``|i - j| <= window`` cells, or a fraction of the longer length, rounded up.
    nan_policy : str
        ``"raise"``, ``"propagate"`` (the score is NaN and the path empty) or ``"omit"`` (elements that hold NaN are left out).
    band : {"diagonal", "slanted"}
        The centre of `window`: the diagonal from (0, 0), or the one that is stretched to both lengths; see `DTW`.

    Notes
    -----
    The number of edits, as in the paper, whose trajectories have several values in an element; some packages divide by the longer length.
    The distance to an empty series is the number of elements. The paper standardises series first; that is left to the caller. O(n m) time.

    References
    ----------
    L. Chen, M. T. Özsu and V. Oria, Robust and fast similarity search for moving object trajectories, 2005.

    Examples
    --------
    >>> from plait.align import EDR
    >>> EDR(epsilon=0.25).score([1.0, 2.0, 3.0], [1.1, 3.2])
    1.0
    """

    def __init__(self, epsilon: float, window: int | float | None = None, nan_policy: str = "raise", band: str = "diagonal"):
        self.epsilon = epsilon
        self.window = window
        self.nan_policy = nan_policy
        self.band = band
        self._method()  # invalid parameters are refused here

    def _build(self) -> _core.Method:
        return self._make("edr", [finite(self.epsilon, "epsilon")])

    def _same(self) -> Callable[[Any, Any], bool]:
        return functools.partial(_within, float(self.epsilon))


def _within(epsilon: float, a: Any, b: Any) -> bool:
    """Whether elements count as equal; a function of the module, so that alignments can be pickled."""
    return bool(np.all(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)) <= epsilon))


class MSM(_Elastic):
    """Move-split-merge: a metric; moving a value costs the difference, splitting and merging a constant.

    Parameters
    ----------
    cost : float
        The cost of a split or merge, besides that of the move.
    window : int or float, optional
        ``|i - j| <= window`` cells, or a fraction of the longer length, rounded up.
    nan_policy : str
        ``"raise"``, ``"propagate"`` (the score is NaN and the path empty) or ``"omit"`` (elements that hold NaN are left out).
    band : {"diagonal", "slanted"}
        The centre of `window`: the diagonal from (0, 0), or the one that is stretched to both lengths; see `DTW`.

    Notes
    -----
    Paths are those of warping: each element meets at least one of the other series. The paper is about single values; for series of shape
    (n, d) it is the dependent form of Shifaz and others: Euclidean distances, and between two elements is the ball over both. O(n m) time.

    References
    ----------
    A. Stefan, V. Athitsos and G. Das, The move-split-merge metric for time series, 2013.
    A. Shifaz, C. Pelletier, F. Petitjean and G. I. Webb, Elastic similarity and distance measures for multivariate time series, 2023.

    Examples
    --------
    >>> from plait.align import MSM
    >>> MSM(cost=0.5).score([1, 2, 3], [1, 1, 2, 3])
    0.5
    """

    _KIND = "warping"

    def __init__(self, cost: float = 1.0, window: int | float | None = None, nan_policy: str = "raise", band: str = "diagonal"):
        self.cost = cost
        self.window = window
        self.nan_policy = nan_policy
        self.band = band
        self._method()  # invalid parameters are refused here

    def _build(self) -> _core.Method:
        return self._make("msm", [finite(self.cost, "cost")])


class TWE(_Elastic):
    """Time warp edit distance: a metric on series whose elements have times, here 1, 2, 3 and so on.

    Parameters
    ----------
    stiffness : float
        The cost of a difference of one in time (nu in the paper).
    penalty : float
        The further cost of deleting an element (lambda in the paper).
    window : int or float, optional
        ``|i - j| <= window`` cells, or a fraction of the longer length, rounded up.
    nan_policy : str
        ``"raise"``, ``"propagate"`` (the score is NaN and the path empty) or ``"omit"`` (elements that hold NaN are left out).
    band : {"diagonal", "slanted"}
        The centre of `window`: the diagonal from (0, 0), or the one that is stretched to both lengths; see `DTW`.

    Notes
    -----
    Each series is preceded by an element of zeros, as in the paper. The distance of two elements is the Euclidean one. O(n m) time.

    References
    ----------
    P.-F. Marteau, Time warp edit distance with stiffness adjustment for time series matching, 2009.

    Examples
    --------
    >>> from plait.align import TWE
    >>> TWE(stiffness=0.5, penalty=1.0).score([1, 2, 3], [1, 2, 3])
    0.0
    """

    def __init__(
        self,
        stiffness: float = 0.001,
        penalty: float = 1.0,
        window: int | float | None = None,
        nan_policy: str = "raise",
        band: str = "diagonal",
    ):
        self.stiffness = stiffness
        self.penalty = penalty
        self.window = window
        self.nan_policy = nan_policy
        self.band = band
        self._method()  # invalid parameters are refused here

    def _build(self) -> _core.Method:
        return self._make("twe", [finite(self.stiffness, "stiffness"), finite(self.penalty, "penalty")])

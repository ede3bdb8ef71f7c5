"""Soft-DTW: the soft minimum over all warping paths, a differentiable loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .._core import Node
from . import _inputs
from ._base import PairAligner, finite
from .dtw import check_window, is_slanted


class SoftDTW(PairAligner):
    """Soft dynamic time warping: ``-gamma * log(sum of exp(-cost / gamma))`` over all warping paths, costs being squared distances.

    Parameters
    ----------
    gamma : float
        The smoothing, above 0: the smaller, the closer to DTW. It has the unit of the cost.
    nan_policy : str
        ``"raise"``, ``"propagate"`` or ``"omit"`` (elements that hold NaN are left out).
    window : int or float, optional
        Only paths with ``|i - j| <= window`` cells, or a fraction of the longer length, rounded up.
    band : {"diagonal", "slanted"}
        The centre of `window`: the diagonal from (0, 0), or the one that is stretched to both lengths; see `DTW`.

    Notes
    -----
    The score may be negative, as that of a series with itself. `align` and `count` refer to the most probable paths, which are those of
    DTW; `expected` to all paths. Time O(n m), or O(n w) within a window; memory O((n + m) ** 1.5) for gradients,
    O(n + m) for scores. Parts of a sum below 1e-307 of it count as zero.

    M. Cuturi and M. Blondel, "Soft-DTW: a differentiable loss function for time-series", ICML 2017.

    Examples
    --------
    >>> from plait.align import SoftDTW
    >>> round(SoftDTW(gamma=0.1).score([0, 1, 2], [0, 1, 1, 2]), 6)
    -2.7e-05
    """

    _KIND = "warping"

    def __init__(self, gamma: float = 1.0, nan_policy: str = "raise", window: int | float | None = None, band: str = "diagonal"):
        self.gamma = gamma
        self.nan_policy = nan_policy
        self.window = window
        self.band = band
        self._method()  # invalid parameters are refused here

    def _options(self) -> tuple[float, int | float | None, bool]:
        """Gamma, window, and whether that is slanted."""
        gamma = finite(self.gamma, "gamma")
        if gamma <= 0:
            raise ValueError(f"gamma: expected a positive number, got {self.gamma!r}; DTW is the limit towards 0")
        return gamma, check_window(self.window), is_slanted(self.band)

    def _build(self) -> _core.Method:
        _inputs.check_nan_policy(self.nan_policy)
        return _core.make_soft_dtw(*self._options())

    def _prepare(self, values: Sequence[Any], name: _inputs.Name) -> list[_inputs.Prepared]:
        return _inputs.all_series(values, name, self.nan_policy)

    def gradient(self, x: Any, y: Any) -> NDArray[np.float64]:
        """The gradient of the score with respect to `x`.

        Parameters
        ----------
        x, y : array_like of float, shape (n,) or (n, d)
            Two series.

        Returns
        -------
        ndarray of float64
            In the shape of `x`, without elements that `nan_policy` leaves out.
        """
        return self.value_and_gradient(x, y)[1]

    def value_and_gradient(self, x: Any, y: Any) -> tuple[float, NDArray[np.float64]]:
        """The score and its gradient with respect to `x`.

        Parameters
        ----------
        x, y : array_like of float, shape (n,) or (n, d)
            Two series.

        Returns
        -------
        score : float
            The value of `score`.
        gradient : ndarray of float64
            In the shape of `x`.
        """
        a, b = self._prepare((x, y), "xy".__getitem__)
        score, gradient, _, _ = _core.soft_dtw_gradients(a, b, *self._options(), True, False)
        return score, gradient

    def expected(self, x: Any, y: Any) -> NDArray[np.float64]:
        """The probability of each cell to be on the path.

        Parameters
        ----------
        x, y : array_like of float, shape (n,) or (n, d)
            Two series.

        Returns
        -------
        ndarray of float64, shape (n, m)
            From 0 to 1: the expected alignment, each path having the probability ``exp((score - cost) / gamma)``.
        """
        a, b = self._prepare((x, y), "xy".__getitem__)
        expected: NDArray[np.float64] = _core.soft_dtw_gradients(a, b, *self._options(), False, True)[3]
        return expected


def soft_dtw(x: Any, y: Any, gamma: float = 1.0, window: int | float | None = None, band: str = "diagonal") -> Node:
    """Soft-DTW as a node of a graph.

    Parameters
    ----------
    x : Node or array_like of float32 or float64, shape (…, n, d) or (n,)
        Series; leading dimensions are a batch.
    y : Node or array_like, shape (…, m, d) or (m,)
        Series of the same leading dimensions, or one series (m, d) for all of `x`.
    gamma : float
        The smoothing, above 0.
    window, band
        The allowed paths; see `SoftDTW`.

    Returns
    -------
    Node
        A score for each pair, of the leading dimensions' shape.

    Raises
    ------
    ShapeError
        Widths or leading dimensions differ, or a series is empty.
    ValueError
        `gamma` is not positive, or no path fits into the window.

    Notes
    -----
    It has first derivatives with respect to `x` and `y`, and no second ones. Inner sums are float64 also for float32. Pairs of a batch are
    computed in parallel.

    Examples
    --------
    >>> from plait.align import soft_dtw
    >>> x = plait.parameter(np.zeros(4), name="x")
    >>> plait.evaluate(plait.gradient(soft_dtw(x, np.ones(4), gamma=0.1), x)).round(3)
    array([-2., -2., -2., -2.])
    """
    a, b = (_core.as_node(value, "soft_dtw") for value in (x, y))
    if a.ndim == b.ndim == 1:
        a, b = _core.expand_dims(a, 1), _core.expand_dims(b, 1)
    return _core.soft_dtw(a, b, finite(gamma, "gamma"), check_window(window), is_slanted(band))

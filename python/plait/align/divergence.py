"""The soft-DTW divergence: zero for equal series."""

from __future__ import annotations

from typing import Any

from .._core import Node
from .soft import SoftDTW, soft_dtw


def soft_dtw_divergence(x: Any, y: Any, gamma: float = 1.0, window: int | float | None = None, band: str = "diagonal") -> Any:
    """The soft-DTW divergence: zero for a series with itself, and not negative except by rounding.

    Parameters
    ----------
    x, y : array_like of float, shape (n,) or (n, d), or Node
        Two series; nodes as `soft_dtw` takes them.
    gamma : float
        The smoothing, above 0.
    window, band
        The allowed paths; see `SoftDTW`.

    Returns
    -------
    float or Node
        ``soft_dtw(x, y) - soft_dtw(x, x) / 2 - soft_dtw(y, y) / 2``; a node where `x` or `y` is one.

    Raises
    ------
    ValueError
        If `gamma` is not positive, no path fits into the window, or a series is empty or holds NaN or infinity.
    ShapeError
        If the elements of both have different numbers of values.

    Notes
    -----
    Three scores. M. Blondel, A. Mensch, J.-P. Vert, "Differentiable divergences between time series", AISTATS 2021.

    Examples
    --------
    >>> from plait.align import soft_dtw_divergence
    >>> soft_dtw_divergence([0, 1, 2], [0, 1, 2], gamma=0.5)
    0.0
    >>> round(soft_dtw_divergence([0, 1, 2], [0, 2, 2], gamma=0.1), 3)
    0.945
    """
    if isinstance(x, Node) or isinstance(y, Node):
        return soft_dtw(x, y, gamma, window, band) - 0.5 * (soft_dtw(x, x, gamma, window, band) + soft_dtw(y, y, gamma, window, band))
    aligner = SoftDTW(gamma, window=window, band=band)
    return aligner.score(x, y) - 0.5 * (aligner.score(x, x) + aligner.score(y, y))

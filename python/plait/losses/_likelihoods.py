"""Losses for quantiles and for the parameters of distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from ..graph import Node, exp, lgamma, log, log1p, maximum, square
from ._elementary import Reduction, _as_large, _pair, _reduced


def quantile(prediction: Any, target: Any, level: Any = 0.5, reduction: Reduction = "mean") -> Node:
    """The pinball loss, which is minimised by a quantile of the target.

    Parameters
    ----------
    prediction : Node or array_like
        Any shape.
    target : Node or array_like
        A shape that broadcasts to it.
    level : float or array_like
        The level of the quantile, above 0 and below 1; several broadcast to the prediction.
    reduction : {"mean", "sum", "none"}
        Over all elements; "none" leaves them.

    Returns
    -------
    Node
        A scalar, or the shape of the prediction.

    References
    ----------
    Koenker and Bassett (1978), Regression quantiles.

    Examples
    --------
    >>> plait.evaluate(plait.losses.quantile([1.0, 1.0], [3.0, 0.0], level=0.9, reduction="none"))
    array([1.8, 0.1])
    """
    x, t = _pair(prediction, target, "quantile")
    levels = _levels(level, "quantile: level")
    if levels.ndim > x.ndim or any(n not in (1, m) for n, m in zip(levels.shape[::-1], x.shape[::-1], strict=False) if m is not None):
        raise _core.ShapeError(f"quantile: level has shape {levels.shape}, which does not broadcast to {x.shape} of {x!r}")
    q = levels.astype(x.dtype.name)
    error = t - x
    return _reduced(_as_large(maximum(q * error, (q - 1.0) * error), x, t), reduction, "quantile")


def gaussian_nll(prediction: Any, target: Any, log_scale: Any = 0.0, reduction: Reduction = "mean") -> Node:
    """The negative log density of a normal distribution.

    Parameters
    ----------
    prediction : Node or array_like
        The mean, of any shape.
    target : Node or array_like
        A shape that broadcasts to it.
    log_scale : Node, float or array_like
        Logarithm of the standard deviation.
    reduction : {"mean", "sum", "none"}
        Over all elements; "none" leaves them.

    Returns
    -------
    Node
        A scalar, or the shape of the prediction.

    Examples
    --------
    >>> round(float(plait.evaluate(plait.losses.gaussian_nll([0.0], [1.0], log_scale=[0.0]))), 4)
    1.4189
    """
    x, t = _pair(prediction, target, "gaussian_nll")
    s = _pair(x, log_scale, "gaussian_nll: log_scale")[1]
    each = 0.5 * square((t - x) * exp(-s)) + s + 0.5 * float(np.log(2 * np.pi))
    return _reduced(_as_large(each, x, t), reduction, "gaussian_nll")


def student_t_nll(prediction: Any, target: Any, df: Any = 4.0, log_scale: Any = 0.0, reduction: Reduction = "mean") -> Node:
    """The negative log density of Student's t distribution, which is robust to outliers.

    Parameters
    ----------
    prediction : Node or array_like
        The location, of any shape.
    target : Node or array_like
        A shape that broadcasts to it.
    df : Node, float or array_like
        Degrees of freedom, above 0.
    log_scale : Node, float or array_like
        Logarithm of the scale.
    reduction : {"mean", "sum", "none"}
        Over all elements; "none" leaves them.

    Returns
    -------
    Node
        A scalar, or the shape of the prediction.

    References
    ----------
    Lange, Little and Taylor (1989), Robust statistical modeling using the t distribution.

    Examples
    --------
    >>> round(float(plait.evaluate(plait.losses.student_t_nll([0.0], [1.0], df=1.0))), 4)  # Cauchy: log(2 pi)
    1.8379
    """
    what = "student_t_nll"
    if not isinstance(df, Node) and not (np.isfinite(df).all() and (np.asarray(df) > 0).all()):
        raise ValueError(f"{what}: df: expected finite numbers above 0, got {df!r:.60}")
    x, t = _pair(prediction, target, what)
    v, s = (_pair(x, part, f"{what}: {name}")[1] for part, name in ((df, "df"), (log_scale, "log_scale")))
    z = (t - x) * exp(-s)
    half = 0.5 * (v + 1.0)
    constant = lgamma(half) - lgamma(0.5 * v) - 0.5 * log(v) - 0.5 * float(np.log(np.pi))
    return _reduced(_as_large(half * log1p(square(z) / v) + s - constant, x, t), reduction, what)


def _levels(level: Any, what: str) -> Any:
    """Levels as an array; refused unless in (0, 1)."""
    try:
        levels = np.asarray(level, "float64")
    except (TypeError, ValueError):
        levels = np.asarray(np.nan)
    if levels.size == 0 or not ((levels > 0) & (levels < 1)).all():
        raise ValueError(f"{what}: expected numbers above 0 and below 1, got {level!r:.60}")
    return levels

"""Elementwise functions in mpmath: values, and derivatives by differences with eighty digits more than a double has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np

mp.mp.dps = 60
TWO = mp.mpf(2)


def _log(x: Any) -> Any:
    return mp.log(x) if x > 0 else mp.ninf if x == 0 else mp.nan


def _powered(x: Any, y: Any) -> Any:
    if y == 0:
        return mp.mpf(1)
    if x == 0:
        return mp.mpf(0) if y > 0 else mp.inf
    if x < 0 and y != mp.floor(y):
        return mp.nan
    return mp.power(x, y)


def _logaddexp(x: Any, y: Any) -> Any:
    return max(x, y) + mp.log1p(mp.exp(-abs(x - y)))


UNARY: dict[str, Callable[[Any], Any]] = {
    "negative": lambda x: -x,
    "abs": abs,
    "square": lambda x: x * x,
    "sqrt": lambda x: mp.sqrt(x) if x >= 0 else mp.nan,
    "reciprocal": lambda x: 1 / x if x != 0 else mp.inf,
    "exp": mp.exp,
    "expm1": mp.expm1,
    "exp2": lambda x: TWO**x,
    "log": _log,
    "log2": lambda x: _log(x) / mp.log(2) if x != 0 else mp.ninf,
    "log10": lambda x: _log(x) / mp.log(10) if x != 0 else mp.ninf,
    "log1p": lambda x: mp.log1p(x) if x > -1 else mp.ninf if x == -1 else mp.nan,
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: _logaddexp(x, mp.mpf(0)),
    "relu": lambda x: max(x, mp.mpf(0)),
    "erf": mp.erf,
    "erfc": lambda x: mp.erfc(min(x, mp.mpf(1e5))) if x > -1e5 else mp.mpf(2),
    "logistic_density": lambda x: mp.exp(-abs(x)) / (1 + mp.exp(-abs(x))) ** 2,
    "gaussian": lambda x: mp.exp(-x * x),
    "normal_density": lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi),
    "normal_cdf": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2 if abs(x) < 1e5 else mp.mpf(1 if x > 0 else 0),
    "expm1mx": lambda x: mp.exp(x) - 1 - x if abs(x) > 1e-3 else mp.nsum(lambda k: x**k / mp.factorial(k), [2, 14]),
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))) if abs(x) < 1e5 else mp.loggamma(x).real,
    "digamma": mp.digamma,
    "trigamma": lambda x: mp.psi(1, x),
    "arctan": mp.atan,
    "deg2rad": lambda x: x * mp.pi / 180,
    "rad2deg": lambda x: x * 180 / mp.pi,
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y if y != 0 else mp.nan,
    "power": _powered,
    "logaddexp": _logaddexp,
    "hypot": mp.hypot,
    "minimum": min,
    "maximum": max,
    "remainder": lambda x, y: x - y * mp.floor(x / y) if y != 0 else mp.nan,
    "fmod": lambda x, y: x - y * mp.sign(x / y) * mp.floor(abs(x / y)) if y != 0 else mp.nan,
    "logaddexp_slope": lambda x, y: mp.exp(min(x - y, 0)) / (1 + mp.exp(-abs(x - y))),
    "logistic_loss": lambda x, t: _logaddexp(x, mp.mpf(0)) - x * t,
    "logistic_loss_slope": lambda x, t: mp.exp(min(x, 0)) / (1 + mp.exp(-abs(x))) - t,
}


def ulps(found: Any, wanted: Any, dtype: Any, least: float = 0.0) -> float:
    """The distance from an mpmath number in units of its last place; infinite where one is NaN or infinite and the other is not.

    Beyond the largest number of the dtype an infinity is right. `least`: below this size errors are measured as if the result had it.
    """
    info = np.finfo(dtype)
    value = float(found)
    if mp.isnan(wanted) or np.isnan(value):
        return 0.0 if mp.isnan(wanted) and np.isnan(value) else float("inf")
    if mp.isinf(wanted):
        return 0.0 if np.isinf(value) and (value > 0) == (wanted > 0) else float("inf")
    beyond = mp.mpf(float(info.max)) * (1 + mp.mpf(float(info.eps)) / 2)
    if np.isinf(value):
        return 0.0 if abs(wanted) >= beyond * (1 - 4 * mp.mpf(float(info.eps))) and (value > 0) == (wanted > 0) else float("inf")
    size = max(abs(wanted), mp.mpf(float(info.tiny)), mp.mpf(least))
    unit = TWO ** (int(mp.floor(mp.log(size, 2))) - info.nmant)
    return float(abs(mp.mpf(value) - wanted) / unit)


def derivative(f: Callable[..., Any], point: tuple[Any, ...], orders: tuple[int, ...]) -> Any:
    """A partial derivative by central differences, exact far beyond a double."""
    at = tuple(mp.mpf(float(p)) for p in point)
    with mp.workdps(120):
        return mp.diff(f, at if len(at) > 1 else at[0], orders if len(at) > 1 else orders[0])

"""Conversion and checks of arrays, weights and numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .._masks import as_array


def numbers(values: Any, name: str) -> NDArray[Any]:
    """An array of float32 or float64 with the same numbers; masked ones are NaN."""
    array = as_array(values)
    if array.dtype.kind == "O":  # nullable columns, Decimal, Fraction
        try:
            array = np.asarray([math.nan if x is None or type(x).__name__ in {"NAType", "NaTType"} else _real(x) for x in array.ravel()])
        except TypeError as error:
            raise _core.DTypeError(f"{name}: expected numbers, got an element of type {error}") from None
        array = array.astype(np.float64).reshape(np.shape(values))
    if array.dtype.kind not in "biuf":
        raise _core.DTypeError(f"{name}: expected real numbers, got an array of {array.dtype}")
    if array.dtype not in (np.float32, np.float64):
        with np.errstate(over="ignore"):  # of long doubles
            array = array.astype(np.float64)
    if isinstance(array, np.ma.MaskedArray):
        array = array.filled(math.nan)
    return array


def _real(x: Any) -> float:
    if isinstance(x, (str, bytes, complex)) or not hasattr(type(x), "__float__"):
        raise TypeError(type(x).__name__)
    try:
        return float(x)
    except OverflowError:  # a whole number, or a fraction, beyond all doubles
        return math.inf if x > 0 else -math.inf


def column(values: Any, name: str) -> NDArray[Any]:
    """The same flat and contiguous."""
    return np.ascontiguousarray(numbers(values, name).ravel())


def finite(value: Any, name: str) -> float:
    """A finite number, or an error that names it."""
    if isinstance(value, (bool, str)) or not hasattr(type(value), "__float__"):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__}")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name}: expected a finite number, got {number}")
    return number


def thread_count(threads: Any) -> int:
    """The largest number of threads; that of `plait.set_num_threads` unless given."""
    if threads is None:
        return _core.get_num_threads()
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)) or threads < 1:
        raise ValueError(f"threads: expected a whole number of at least 1, got {threads!r}")
    return min(int(threads), 4096)


def shares(q: Any, name: str = "q") -> NDArray[np.float64]:
    """Numbers from 0 to 1."""
    array = numbers(q, name).astype(np.float64)
    wrong = ~((array >= 0) & (array <= 1))
    if wrong.any():
        raise ValueError(f"{name}: expected numbers from 0 to 1, got {array[wrong].flat[0]}")
    return array

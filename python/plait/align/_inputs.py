"""Inputs of aligners: series of numbers and sequences of symbols, checked before the kernels run."""

from __future__ import annotations

import warnings
from array import array as TypedArray
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .._masks import as_array, holds_masked
from . import _arguments

Array: TypeAlias = NDArray[Any]
#: Types that the core reads without conversion: a string, bytes, float64 rows, or an array of unsigned symbols.
Prepared: TypeAlias = "str | bytes | Array"
#: The name of the k-th sequence of a call in messages. A function, so that names are made only for messages.
Name: TypeAlias = Callable[[int], str]

#: Iterables that are not sequences: one-pass iterators, unordered collections, mappings.
UNORDERED = (Mapping, set, frozenset, Iterator)
#: A series of one element with this many values was probably meant as (channels, time).
MANY = 16
NAN_POLICIES = ("raise", "propagate", "omit")


def all_series(values: Sequence[Any], name: Name, nan_policy: str = "raise") -> list[Prepared]:
    """Series of one call, each as :func:`series` makes it."""
    if _core.are_series(values):
        return _of_steps(list(values), name)
    quick = [_quick(value) for value in values]
    if _core.are_series(quick):
        return _of_steps(quick, name)
    found = [series(value, name, k, nan_policy) for k, value in enumerate(values)]
    if any(array.size == 0 for array in found):  # [] has no width: it gets that of the others
        wide = next((array.shape[1:] for array in found if array.ndim == 2), ())
        found = [np.empty((0, *wide)) if array.size == 0 and array.ndim == 1 else array for array in found]
    return _of_steps(list(found), name)


def _of_steps(series: list[Any], name: Name) -> list[Prepared]:
    """Both series; a warning where each is one element of many values, which may be aeon's (channels, time) with one channel."""
    if series[0].ndim == 2 and len(series[0]) == 1 and name(0) == "x" and all(len(s) == 1 and s.size >= MANY for s in series):
        warnings.warn(
            f"x: an array of shape {series[0].shape} is a series of one element with {series[0].size} values; one of (channels, time), as aeon has "
            "it, needs x.T",
            UserWarning,
            stacklevel=_arguments.outside(),
        )
    return series


def _quick(value: Any) -> Any:
    """A list of numbers as an array; anything else unchanged, to be checked by `series`."""
    if type(value) is not list or holds_masked(value):
        return value
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, OverflowError):
        return value
    return array.astype(np.float64) if array.dtype.kind in "bi" else array


def series(value: Any, name: Name, k: int, nan_policy: str = "raise") -> Array:
    """A series as contiguous float64 of shape (n,) or (n, d).

    NaN, as which masked elements count, is refused, kept ("propagate": the score is then NaN), or its elements are left out ("omit").
    Infinities are refused.
    """
    if isinstance(value, (list, tuple)) and holds_masked(value):
        value = as_array(value)
    if isinstance(value, np.ma.MaskedArray):  # what is masked is missing
        value = np.ma.filled(value.astype(np.float64), np.nan)
    try:
        plain = np.asarray(value)
        if isinstance(value, np.matrix) and len(plain) == 1:  # a row of a matrix is a matrix again
            plain = plain.reshape(-1)
        # Neither text that looks like numbers, nor dates, nor the real parts of complex numbers; of objects, those that are numbers.
        if plain.dtype.kind not in "biufO" or (plain.dtype.kind == "O" and plain.ndim == 0):
            raise TypeError
        array = np.ascontiguousarray(plain, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        why = f": {error}" if str(error).startswith("float() argument") else ""  # of an array of objects, which of them it is
        raise TypeError(f"{name(k)}: expected a series of numbers of shape (n,) or (n, d), got {_told(value)}{why}") from None
    if plain.ndim not in (1, 2):
        raise _core.ShapeError(f"{name(k)}: expected a series of shape (n,) or (n, d), got shape {plain.shape}")
    if array.ndim == 2 and array.shape[1] == 0:
        raise _core.ShapeError(f"{name(k)}: expected a series of shape (n, d) with d of at least 1, got shape {array.shape}")
    if not np.isfinite(array).all():
        missing = np.isnan(array)
        if np.isinf(array).any():
            raise ValueError(f"{name(k)}: infinite at element {_first(np.isinf(array))}")
        if nan_policy == "raise":
            raise ValueError(f"{name(k)}: NaN at element {_first(missing)}; nan_policy='omit' leaves such elements out")
        if nan_policy == "omit":
            array = np.ascontiguousarray(array[~(missing if array.ndim == 1 else missing.any(axis=1))])
    return array


def collection(values: Any, name: str) -> list[Any]:
    """The sequences of a 2-D or 3-D array, or of any iterable that has an order."""
    if isinstance(values, (str, bytes, bytearray)):
        raise TypeError(f"{name}: expected a collection of sequences, got one {type(values).__name__}")
    if isinstance(values, Mapping):
        raise TypeError(
            f"{name}: expected a list of sequences, got a {type(values).__name__}, of which the keys would be taken; use list(….values())"
        )
    if isinstance(values, (set, frozenset)):
        raise TypeError(f"{name}: expected a list of sequences, got a {type(values).__name__}, which has no order; use sorted(…)")
    # A table is iterated by columns and a buffer has no rows: both are turned into arrays first.
    if not isinstance(values, (np.ndarray, list, tuple)) and (hasattr(values, "__array__") or isinstance(values, (memoryview, TypedArray))):
        values = np.asarray(values)
    if isinstance(values, np.ndarray):
        if not isinstance(values, np.ma.MaskedArray):
            values = np.asarray(values)  # rows of a matrix would be matrices
        if values.ndim == 1 and values.dtype.kind in "US":  # an array of words
            return list(values.tolist())
        if values.ndim == 1 and values.dtype != object:
            raise _core.ShapeError(
                f"{name}: expected a 2-D or 3-D array or a list of sequences, got one sequence of shape {values.shape}. "
                f"Reshape your data: {name}.reshape(1, -1) for a single sequence."
            )
        if values.ndim not in (1, 2, 3):
            raise _core.ShapeError(f"{name}: expected a 2-D or 3-D array or a list of sequences, got shape {values.shape}")
        if values.ndim == 3 and values.shape[2] > values.shape[1]:
            warnings.warn(
                f"{name}: an array of shape {values.shape} is {values.shape[0]} series of {values.shape[1]} elements with {values.shape[2]} "
                "values each; one of (cases, channels, time), as aeon has it, needs X.transpose(0, 2, 1)",
                UserWarning,
                stacklevel=_arguments.outside(),
            )
    try:
        return list(values)
    except TypeError:
        raise TypeError(f"{name}: expected a collection of sequences, got {_told(values)}") from None


def symbols(values: Sequence[Any], name: Name) -> list[Prepared]:
    """Sequences of symbols that agree on what a symbol is: strings and bytes as they are, hashables as numbers that are equal if they are.

    All sequences of one call must come together: numbers are given to symbols in the order in which they are met.
    """
    kinds = set(map(type, values))
    if len(kinds) == 1 and (str in kinds or bytes in kinds):
        return list(values)
    if kinds == {np.ndarray} and all(value.dtype.kind in "iu" and value.ndim == 1 for value in values):
        integers = _integers(values)
        if integers is not None:
            return integers
    if not kinds.isdisjoint((bytearray, memoryview)):
        return symbols([raw(value) for value in values], name)
    numbers: dict[Hashable, int] = {}
    found: list[Prepared] = [_interned(value, name, k, numbers) for k, value in enumerate(values)]
    types = set(map(type, numbers))
    if types <= {int}:  # neither NaN nor text
        return found
    if any(map(_is_nan, numbers)):
        k, at = next((k, at) for k, value in enumerate(values) for at, symbol in enumerate(elements(value, name, k)) if _is_nan(symbol))
        raise ValueError(f"{name(k)}: NaN at element {at} is no symbol")
    _require_one_kind_of_text(values, numbers, name)
    return found


def raw(value: Any) -> Any:
    """Buffers of bytes as bytes, others as the arrays that they are."""
    if isinstance(value, memoryview):
        return bytes(value) if value.format in ("B", "b", "c") and value.ndim == 1 else np.asarray(value)
    return bytes(value) if isinstance(value, bytearray) else value


def _require_one_kind_of_text(values: Sequence[Any], numbers: Iterable[Hashable], name: Name) -> None:
    """TypeError where str and bytes are mixed: they are never equal, so nothing would match."""
    texts = any(isinstance(symbol, str) for symbol in numbers)
    if not texts:
        return
    for k, value in enumerate(values):
        if (is_raw := isinstance(value, bytes)) or (
            not isinstance(value, str) and any(isinstance(symbol, bytes) for symbol in elements(value, name, k))
        ):
            other = next(i for i, v in enumerate(values) if isinstance(v, str) or any(isinstance(s, str) for s in elements(v, name, i)))
            raise TypeError(
                f"{name(k)}: {'bytes' if is_raw else 'symbols of type bytes'}, while {name(other)} has str, of which none is equal; decode the bytes"
            )


def _is_nan(symbol: Hashable) -> bool:
    if isinstance(symbol, (float, np.inexact, np.datetime64, np.timedelta64)):
        return bool(symbol != symbol)
    return type(symbol).__name__ in ("NAType", "NaTType")  # pandas', which is equal to nothing


def as_given(path: Array, kept: Sequence[Prepared], given: Sequence[Any]) -> Array:
    """A path over shortened sequences, with positions in the original ones."""
    x, y = given
    if len(kept[0]) == len(x) and y is not None and len(kept[1]) == len(y):
        return path
    for column, (rest, whole) in enumerate(zip(kept, given, strict=True)):
        if whole is None or len(rest) == len(whole):
            continue
        values = np.ma.filled(np.ma.asarray(whole, np.float64), np.nan)
        places = np.flatnonzero(~np.isnan(values.reshape(len(whole), -1)).any(axis=1))
        path[:, column] = np.where(path[:, column] < 0, -1, places[path[:, column]])
    return path


def _integers(values: Sequence[Array]) -> list[Prepared] | None:
    """Integer arrays as unsigned symbols, as narrow as their range allows; None where it is wider than 32 bits."""
    filled = [value for value in values if value.size]
    low = min((int(value.min()) for value in filled), default=0)
    high = max((int(value.max()) for value in filled), default=0)
    if high - low >= 1 << 32 or high >= 1 << 63:
        return None
    dtype = np.uint8 if high - low < 1 << 8 else np.uint32
    if low >= 0 and high <= np.iinfo(dtype).max:
        return [np.ascontiguousarray(value, dtype) for value in values]
    return [(value.astype(np.int64) - low).astype(dtype) for value in values]


def elements(value: Any, name: Name, k: int) -> Iterable[Any]:
    """The symbols of one sequence that is no plain string, from arrays of any library; an error for anything else."""
    if not isinstance(value, (str, bytes, list, tuple)) and hasattr(value, "__array__"):
        if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
            raise ValueError(f"{name(k)}: masked at element {_first(np.ma.getmaskarray(value))}; a masked element is no symbol")
        array = np.asarray(value)
        if array.ndim != 1:
            what = "" if isinstance(value, np.ndarray) else f"a {type(value).__name__} of "
            raise _core.ShapeError(f"{name(k)}: expected a sequence of symbols of shape (n,), got {what}shape {array.shape}")
        return array if array.dtype.kind == "M" else array.tolist()  # dates of nanoseconds would become integers
    if not isinstance(value, Iterable) or isinstance(value, UNORDERED):
        raise TypeError(f"{name(k)}: expected a sequence of symbols (str, bytes, integers, or a list of hashables), got {_told(value)}")
    return value


def _interned(value: Any, name: Name, k: int, numbers: dict[Hashable, int]) -> Array:
    symbols_of = elements(value, name, k)
    try:
        return np.fromiter((numbers.setdefault(symbol, len(numbers)) for symbol in symbols_of), np.uint32)
    except TypeError as error:
        raise TypeError(f"{name(k)}: a symbol must be hashable: {error}") from None


def is_symbolic(value: Any) -> bool:
    """Whether a sequence is one of symbols: text, or a list (or array of objects) whose first element is neither a number nor a vector."""
    if isinstance(value, (str, bytes)):
        return True
    if not isinstance(value, (list, tuple)) and hasattr(value, "__array__"):
        elements_of = np.asarray(value)
        if elements_of.dtype.kind != "O":
            return elements_of.dtype.kind in "US"
        value = elements_of.tolist()
    first = value
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    return first is not value and not isinstance(first, (bool, int, float, np.generic, np.ndarray, list, tuple))


def is_empty_list(value: Any) -> bool:
    """Whether a value may be a sequence."""
    return isinstance(value, (list, tuple)) and not value


def check_nan_policy(policy: str) -> str:
    if policy not in NAN_POLICIES:
        raise ValueError(f"nan_policy: expected one of {', '.join(map(repr, NAN_POLICIES))}, got {policy!r}")
    return policy


def _first(mask: Array) -> str:
    at = np.argwhere(mask)[0].tolist()
    return str(at[0] if len(at) == 1 else tuple(at))


def _told(value: Any) -> str:
    return f"{type(value).__name__} {np.array2string(value, threshold=6) if isinstance(value, np.ndarray) else repr(value)[:60]}"

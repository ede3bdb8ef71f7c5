"""Sequences of different lengths as one padded array and its lengths; invalid sequences are refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import graph
from .._masks import unmasked

Array = NDArray[Any]
Form = Literal["one", "list", "array"]


def _array(value: Any, what: str) -> Array:
    """An array, refused where the conversion would lose or invent values."""
    if hasattr(value, "toarray"):
        raise TypeError(f"{what} is a sparse matrix, but dense data is required. Use .toarray() to convert it.")
    try:
        return unmasked(value, what)
    except ValueError as error:
        if "masked" in str(error):
            raise
        raise graph.ShapeError(f"{what}: expected an array of numbers, but its parts differ in length or depth") from None


def _numbers(array: Array, what: str) -> Array:
    if array.dtype.kind == "c":
        raise ValueError(f"{what}: Complex data not supported: {array.dtype}")
    if array.dtype.kind == "O":
        try:
            return array.astype("float64")
        except (TypeError, ValueError) as error:
            raise graph.DTypeError(f"{what}: expected numbers, got an array of object: {error}") from None
    if array.dtype.kind not in "buif":
        raise graph.DTypeError(f"{what}: expected numbers, got an array of {array.dtype}")
    return array


def _is_number(item: Any) -> bool:
    return isinstance(item, (int, float, np.generic)) or getattr(item, "shape", None) == ()


def sequence(value: Any, features: int | None, dtype: str, what: str) -> Array:
    """One sequence as an array of shape (time, features); numbers alone are one feature."""
    given = _array(value, what)
    form = "(time, features)" if features is None else f"(time, {features})"
    if given.ndim == 0 and not _is_number(value):
        raise graph.DTypeError(f"{what}: expected numbers in shape {form}, got {type(value).__name__}")
    array = _numbers(given, what)
    if array.ndim == 1 and features in (None, 1):
        array = array[:, None]
    if array.ndim != 2 or features not in (None, array.shape[1]):
        raise graph.ShapeError(f"{what}: expected shape {form}, got {given.shape}")
    if len(array) == 0:
        raise graph.ShapeError(f"{what}: a sequence of zero steps")
    with np.errstate(over="ignore"):
        made = np.ascontiguousarray(array, dtype)
    wrong = np.flatnonzero(~np.isfinite(made).all(axis=1))
    if len(wrong):
        kind = f"a value too large for {dtype}" if np.isfinite(array[wrong[0]]).all() else "NaN or infinity"
        column = f", column {int(np.flatnonzero(~np.isfinite(made[wrong[0]]))[0])}" if made.shape[1] > 1 else ""
        raise ValueError(f"{what}: {kind} at step {int(wrong[0])}{column}")
    return made


def sequences(value: Any, features: int | None, dtype: str, what: str, *, many: bool = False) -> list[Array]:
    """Several sequences: an array of shape (n, time, features), a list of arrays, or one array of shape (time, features).

    With `many`, an array with two axes is n sequences of one feature.
    """
    return taken_apart(value, features, dtype, what, many=many)[0]


def taken_apart(value: Any, features: int | None, dtype: str, what: str, *, many: bool = False) -> tuple[list[Array], Form]:
    """The sequences, and the form in which they were given."""
    items, form = _items(value, what, many)
    if form == "one":
        return [sequence(items, features, dtype, what)], form
    found: list[Array] = []
    for k, item in enumerate(items):
        found.append(sequence(item, found[0].shape[1] if found and features is None else features, dtype, f"{what}[{k}]"))
    if not found:
        raise graph.ShapeError(f"{what}: no sequences")
    return found, form


def _items(value: Any, what: str, many: bool) -> tuple[Any, Form]:
    """The items, one for each sequence; or the value itself, where it is one sequence."""
    if isinstance(value, (list, tuple)):
        return value, "one" if len(value) and not many and all(map(_is_number, value)) else "list"
    array = _array(value, what)
    if array.ndim == 0:
        raise TypeError(f"{what}: expected sequences, an array or a list of arrays, got {type(value).__name__}")
    if array.dtype == object and array.ndim == 1 and not all(map(_is_number, array)):
        return list(array), "list"
    if many and array.ndim == 1:
        raise graph.ShapeError(
            f"{what}: expected sequences, got one array of shape {array.shape}. Reshape your data: X.reshape(1, -1) for one sequence."
        )
    return array, "array" if array.ndim == 3 or (many and array.ndim == 2) else "one"


def padded(parts: Sequence[Array], time: int | None = None) -> tuple[Array, NDArray[np.int64]]:
    """The sequences padded with zeros to (n, time, features), and the lengths."""
    lengths = np.array([len(part) for part in parts], dtype="int64")
    whole = np.zeros((len(parts), int(lengths.max()) if time is None else time, parts[0].shape[1]), parts[0].dtype)
    for row, part in zip(whole, parts, strict=True):
        row[: len(part)] = part
    return whole, lengths


def windows(series: Sequence[Array], width: int, what: str) -> Array:
    """All windows of `width` steps of all series, in order: (n, width, features)."""
    found = [np.lib.stride_tricks.sliding_window_view(part, width, axis=0).swapaxes(1, 2) for part in series if len(part) >= width]
    if not found:
        longest = max(len(part) for part in series)
        raise ValueError(f"{what}: a window with what follows it takes {width} steps, but the longest series has {longest}")
    return np.ascontiguousarray(np.concatenate(found))

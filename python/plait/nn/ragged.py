"""Sequences of different lengths as one array and its lengths; what cannot be one is refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import graph

Array = NDArray[Any]


def sequence(value: Any, features: int | None, dtype: str, what: str) -> Array:
    """One sequence as an array of shape (time, features); numbers alone are one feature."""
    array = np.asarray(value)
    if array.dtype.kind not in "buif":
        raise graph.DTypeError(f"{what}: expected numbers, got an array of {array.dtype}")
    if array.ndim == 1 and features in (None, 1):
        array = array[:, None]
    if array.ndim != 2 or features not in (None, array.shape[1]):
        form = "(time, features)" if features is None else f"(time, {features})"
        raise graph.ShapeError(f"{what}: expected shape {form}, got {np.shape(value)}")
    if len(array) == 0:
        raise graph.ShapeError(f"{what}: a sequence of zero steps")
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, dtype)
    if not np.isfinite(array).all():
        raise ValueError(f"{what}: NaN or infinity at step {int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])}")
    return array


def sequences(value: Any, features: int | None, dtype: str, what: str, *, many: bool = False) -> list[Array]:
    """Several sequences: an array of shape (n, time, features), a list of arrays, or one array of shape (time, features).

    With `many`, an array with two axes is n sequences of one feature.
    """
    if isinstance(value, np.ndarray) and value.dtype != object:
        if value.ndim == 3:
            return [sequence(row, features, dtype, f"{what}[{k}]") for k, row in enumerate(value)]
        if value.ndim == 2 and many:
            return [sequence(row, features, dtype, f"{what}[{k}]") for k, row in enumerate(value)]
        return [sequence(value, features, dtype, what)]
    if isinstance(value, (list, tuple)) and len(value) and not many and all(np.ndim(item) == 0 for item in value):
        return [sequence(value, features, dtype, what)]
    if not isinstance(value, (list, tuple, np.ndarray)):
        return sequences(np.asarray(value), features, dtype, what, many=many)
    found: list[Array] = []
    for k, item in enumerate(value):
        found.append(sequence(item, found[0].shape[1] if found and features is None else features, dtype, f"{what}[{k}]"))
    if not found:
        raise graph.ShapeError(f"{what}: no sequences")
    return found


def padded(parts: Sequence[Array], time: int | None = None) -> tuple[Array, NDArray[np.int64]]:
    """(n, time, features) with zeros behind each end, and the lengths."""
    lengths = np.array([len(part) for part in parts], dtype="int64")
    whole = np.zeros((len(parts), int(lengths.max()) if time is None else time, parts[0].shape[1]), parts[0].dtype)
    for row, part in zip(whole, parts, strict=True):
        row[: len(part)] = part
    return whole, lengths


def windows(series: Sequence[Array], width: int, what: str) -> Array:
    """All stretches of `width` steps of all series, one after the other: (n, width, features)."""
    found = [np.lib.stride_tricks.sliding_window_view(part, width, axis=0).swapaxes(1, 2) for part in series if len(part) >= width]
    if not found:
        longest = max(len(part) for part in series)
        raise ValueError(f"{what}: a window with what follows it takes {width} steps, but the longest series has {longest}")
    return np.ascontiguousarray(np.concatenate(found))

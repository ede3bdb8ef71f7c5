"""Vectors, matrices and tables of assets from data frames, mappings and arrays, aligned by label and checked."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import _core
from .._masks import refuse_masked

Array: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = "list[Hashable]"


class Table(NamedTuple):
    """Rows of observations, a column for each asset; missing values are NaN."""

    values: Array
    assets: Labels
    times: list[Any]


def labels_of(index: Any) -> Labels | None:
    """The labels of an axis of a data frame; None for pandas' default index 0, 1, …."""
    if index is None or callable(index):  # a list has an `index` too
        return None
    labels = list(index)
    return None if all(isinstance(label, (int, np.integer)) and label == k for k, label in enumerate(labels)) else labels


def numbers(value: Any, name: str) -> Array:
    """As an array of float64; text, dates and complex numbers are refused."""
    refuse_masked(value, name)
    try:
        plain = np.asarray(value)
        if plain.dtype.kind not in "biufO":
            raise TypeError
        return np.array(plain, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected numbers, got {_told(value)}") from None


def unique(labels: Labels, name: str) -> Labels:
    """The labels, each of which must occur once."""
    seen: set[Hashable] = set()
    for label in labels:
        if label in seen:
            raise ValueError(f"{name}: asset {label!r} occurs twice")
        seen.add(label)
    return labels


def places(found: Labels, wanted: Labels, name: str) -> list[int]:
    """The position of each wanted label among the found ones; a missing label is refused."""
    at = {label: k for k, label in enumerate(unique(found, name))}
    missing = [label for label in wanted if label not in at]
    if missing:
        raise ValueError(f"{name}: nothing for asset {missing[0]!r}{_and_more(missing)}; it has {_few(found)}")
    return [at[label] for label in wanted]


def vector_labels(value: Any) -> Labels | None:
    """The labels of a vector: keys of a mapping, index of a series."""
    if isinstance(value, Mapping):
        return list(value)
    if hasattr(value, "assets") and hasattr(value, "__array__"):  # weights, a table
        return list(value.assets)
    return labels_of(getattr(value, "index", None)) if hasattr(value, "__array__") else None


def vector(value: Any, name: str, assets: Labels, *, finite: bool = True) -> Array:
    """One number for each asset: a mapping or a series by label, anything else by position."""
    labels = vector_labels(value)
    if isinstance(value, Mapping):
        value = [value[label] for label in value]
    array = numbers(value, name)
    if labels is None:
        if array.shape != (len(assets),):
            raise _core.ShapeError(f"{name}: expected one number for each of the {len(assets)} assets, got shape {array.shape}")
    else:
        if array.shape != (len(labels),):
            raise _core.ShapeError(f"{name}: expected one number for each asset, got shape {array.shape}")
        array = array[places(labels, assets, name)]
    if finite and not np.isfinite(array).all():
        k = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ValueError(f"{name}: asset {assets[k]!r} has {array[k]}, expected a finite number")
    return array


def square(value: Any, name: str) -> tuple[Array, Labels | None]:
    """A square matrix and its labels; rows and columns of a data frame are aligned."""
    array = numbers(value, name)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise _core.ShapeError(f"{name}: expected a square matrix, got shape {array.shape}")
    columns = labels_of(getattr(value, "columns", None))
    if columns is None:
        return array, None
    unique(columns, name)
    rows = labels_of(getattr(value, "index", None))
    if rows is not None and rows != columns:
        array = array[places(rows, columns, f"{name} (its rows)")]
    return array, columns


def table(frame: Any, name: str, assets: Labels | None = None) -> Table:
    """Observations from a data frame, a mapping of asset to values, or an array of shape (times, assets)."""
    index = None
    if isinstance(frame, Mapping):
        labels: Labels | None = list(frame)
        try:
            values = numbers(np.column_stack([numbers(frame[key], f"{name}[{key!r}]") for key in frame]), name)
        except ValueError:
            raise _core.ShapeError(f"{name}: columns of different length: { {key: len(frame[key]) for key in frame} }") from None
    else:
        labels = labels_of(getattr(frame, "columns", None))
        if labels is not None and not hasattr(frame, "index"):  # polars: a column of dates is the index
            times = [c for c in labels if np.asarray(frame[c]).dtype.kind in "MOUS" and not _numeric(frame[c])]
            if times:
                index = list(np.asarray(frame[times[0]]))
                labels = [c for c in labels if c not in times]
                frame = np.column_stack([numbers(frame[c], f"{name}[{c!r}]") for c in labels])
        elif hasattr(frame, "index") and not callable(frame.index):
            index = list(frame.index)
        values = numbers(frame, name)
    if values.ndim == 1:
        values = values[:, None]
        series_name = getattr(frame, "name", None)
        labels = [series_name] if labels is None and isinstance(series_name, str) else labels if labels and len(labels) == 1 else None
    if values.ndim != 2:
        raise _core.ShapeError(f"{name}: expected shape (times, assets), got {values.shape}")
    if values.shape[1] == 0:
        raise _core.ShapeError(f"{name}: no assets: shape {values.shape}")
    if labels is not None:
        unique(labels, name)
    if assets is not None:
        if labels is not None:
            values = values[:, places(labels, assets, name)]
        elif values.shape[1] != len(assets):
            raise _core.ShapeError(f"{name}: expected {len(assets)} columns, one for each asset, got shape {values.shape}")
        labels = assets
    if index is None:
        index = list(range(len(values)))
    return Table(values, labels if labels is not None else list(range(values.shape[1])), index)


def dated(index: Sequence[Any]) -> npt.NDArray[np.datetime64] | None:
    """The index as days; None where it holds no dates."""
    if not len(index) or isinstance(index[0], (int, float, np.integer, np.floating)):
        return None
    try:
        days = np.array([np.datetime64(getattr(moment, "to_datetime64", lambda m=moment: m)(), "D") for moment in index])
    except (TypeError, ValueError):
        return None
    return None if np.isnat(days).any() else days


def _numeric(column: Any) -> bool:
    try:
        np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    return np.asarray(column).dtype.kind != "M"


def _few(labels: Sequence[Hashable]) -> str:
    return ", ".join(map(repr, labels[:8])) + (", …" if len(labels) > 8 else "")


def _and_more(missing: Sequence[Hashable]) -> str:
    return f" and {len(missing) - 1} more" if len(missing) > 1 else ""


def _told(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"

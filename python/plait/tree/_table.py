"""Arrays and data frames as one float64 matrix: categories become their index, missing values NaN.

pandas is never imported: a data frame is recognised by its attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
EXACT = 2**53  # beyond it not every integer is a double


@dataclass
class Column:
    """One feature as `fit` has seen it.

    ``kind`` is "numeric", "ordered" (an ordered category column: its values' positions are the numbers) or "categorical".
    """

    name: str
    kind: str = "numeric"
    values: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.index: dict[Any, int] = {}
        for i, value in enumerate(self.values):
            self.index.setdefault(value, i)

    @property
    def categories(self) -> int:
        """Number of categories; 0 for a column that is split by thresholds."""
        return len(self.values) if self.kind == "categorical" else 0

    def codes(self, values: Any) -> Array:
        """Indices of the values' categories; NaN for a missing or unseen value."""
        index = self.index
        return np.fromiter((index.get(_plain(value), np.nan) if _hashable(value) else np.nan for value in values), np.float64, len(values))


class Encoded:
    """A matrix with its column names."""

    def __init__(self, matrix: Array, columns: Any) -> None:
        self.matrix = matrix
        if columns is not None:
            self.columns = columns

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """The matrix."""
        return self.matrix if dtype is None else self.matrix.astype(dtype, copy=bool(copy))


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _plain(value: Any) -> Any:
    """A NumPy scalar as Python's, so that equal values are one category whatever array they come in."""
    return value.item() if isinstance(value, np.generic) else value


def is_missing(value: Any) -> bool:
    """None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA has no truth value
        return True


def is_frame(X: Any) -> bool:
    """Whether X has the attributes of a pandas data frame."""
    return hasattr(X, "columns") and hasattr(X, "iloc") and hasattr(X, "dtypes")


def as_array(X: Any) -> Array:
    """An array; lists that mix text and numbers become an object array instead of all text."""
    array = np.asarray(X)
    return np.asarray(X, dtype=object) if array.dtype.kind in "US" and not hasattr(X, "dtype") else array


def numbers(values: Any, name: str) -> Array:
    """A numeric column as float64; integers that float64 cannot represent are refused."""
    dtype = getattr(values, "dtype", None)
    kind = getattr(dtype, "kind", "O")
    if kind in "Mm":
        raise TypeError(f"column {name!r} holds {dtype}: dates and times are no feature of a tree; give numbers, such as days since a date")
    if kind == "c":
        raise ValueError(f"column {name!r}: Complex data not supported: {dtype}")
    if hasattr(values, "to_numpy"):
        if kind in "iu" and not values.isna().any():
            array = values.to_numpy(dtype=f"{'int' if kind == 'i' else 'uint'}64")
        elif kind in "iu":
            whole = values.dropna().to_numpy(dtype=f"{'int' if kind == 'i' else 'uint'}64")
            require_exact(whole, name)
            return np.asarray(values.to_numpy(dtype="float64", na_value=np.nan), np.float64)
        else:
            array = values.to_numpy(dtype="float64", na_value=np.nan)
    else:
        array = np.asarray(values)
    require_exact(array, name)
    return np.asarray(array, np.float64)


def require_exact(array: Array, name: str) -> None:
    """Refuses integers that change when they become float64."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8 or len(array) == 0:
        return
    if int(array.max()) <= EXACT and int(array.min()) >= -EXACT:
        return
    as_float = array.astype(np.float64)
    limits = np.iinfo(array.dtype)
    inside = (as_float > float(limits.min)) & (as_float < float(limits.max))
    wrong = ~inside
    wrong[inside] = as_float[inside].astype(array.dtype) != array[inside]
    if wrong.any():
        raise ValueError(inexact(array[wrong][0], name))


def wanted_categorical(categorical: Any, names: Sequence[str], known: bool) -> set[int]:
    """Indices of the columns that `categorical` selects by mask, indices or names."""
    if categorical is None:
        return set()
    single = isinstance(categorical, (str, int, np.integer)) and not isinstance(categorical, bool)
    if not single and not hasattr(categorical, "__iter__"):
        raise TypeError(f"categorical: {categorical!r} was given; indices, names or a mask were expected")
    given = [categorical] if single else list(categorical)
    width = len(names)
    if given and all(isinstance(g, (bool, np.bool_)) for g in given):
        if len(given) != width:
            raise ValueError(f"categorical: a mask of {len(given)} entries was given for {width} columns")
        return {i for i, g in enumerate(given) if g}
    found = set()
    for g in given:
        if isinstance(g, str):
            if not known or g not in names:
                raise ValueError(
                    f"categorical: no column is called {g!r}" + (f"; there are {', '.join(map(str, names[:20]))}" if known else "")
                )
            found.add(list(names).index(g))
        elif isinstance(g, (int, np.integer)):
            if not -width <= g < width:
                raise ValueError(f"categorical: column {g} was given, there are {width}")
            found.add(int(g) % width)
        else:
            raise TypeError(f"categorical: {g!r} was given; indices, names or a mask were expected")
    return found


def distinct(values: Any, name: str) -> list[Any]:
    """The categories that occur, sorted where they can be."""
    try:
        found = {_plain(v) for v in values if not is_missing(v)}
    except TypeError:
        raise TypeError(f"column {name!r}: argument must be a string or a number, got values that cannot be hashed") from None
    try:
        return sorted(found)
    except TypeError:
        return sorted(found, key=lambda v: (type(v).__name__, str(v)))


def frame_column(series: Any, name: str, categorical: bool) -> Column:
    """The kind and the categories of a data frame's column."""
    dtype = series.dtype
    if hasattr(dtype, "categories") and hasattr(dtype, "ordered"):
        if dtype.ordered and not categorical:
            return Column(name, "ordered", [_plain(v) for v in dtype.categories])
        present = {_plain(v) for v in series.dropna().unique()}
        return Column(name, "categorical", [_plain(v) for v in dtype.categories if _plain(v) in present])
    kind = getattr(dtype, "kind", "O")
    if categorical or kind in "ObUST" or str(dtype) in ("string", "str", "boolean"):
        return Column(name, "categorical", distinct(series.tolist(), name))
    return Column(name)


def array_column(values: Array, name: str, categorical: bool) -> Column:
    """The kind and the categories of an array's column."""
    if categorical:
        return Column(name, "categorical", distinct(values.tolist(), name))
    if values.dtype.kind in "OUST" and any(isinstance(v, (str, bytes)) for v in values.tolist()):
        return Column(name, "categorical", distinct(values.tolist(), name))
    return Column(name)


def encode(X: Any, columns: list[Column]) -> Array:
    """The float64 matrix of a table with the given columns."""
    frame = is_frame(X)
    array = None if frame else as_array(X)
    rows = len(X) if array is None else array.shape[0]
    matrix = np.empty((rows, len(columns)), np.float64)
    for i, column in enumerate(columns):
        values = X.iloc[:, i] if frame else array[:, i]  # type: ignore[index]
        if column.kind != "numeric":
            matrix[:, i] = column.codes(values.tolist())
            continue
        try:
            matrix[:, i] = (
                numbers(values, column.name) if getattr(values.dtype, "kind", "O") != "O" else objects(values.tolist(), column.name)
            )
        except ValueError as error:
            if "could not convert" not in str(error):
                raise
            raise ValueError(f"column {column.name!r} held numbers when the tree was fitted: {error}") from None
    return matrix


def objects(values: list[Any], name: str) -> Array:
    """Python objects as float64."""
    out = np.empty(len(values))
    for i, value in enumerate(values):
        if is_missing(value):
            out[i] = np.nan
            continue
        if not isinstance(value, str) and not hasattr(type(value), "__float__"):
            raise TypeError(f"column {name!r}: argument must be a string or a number, got {type(value).__name__}")
        try:
            out[i] = float(value)
        except OverflowError:
            out[i] = np.inf
        if isinstance(value, (int, np.integer)) and abs(int(value)) > EXACT and (np.isinf(out[i]) or int(out[i]) != value):
            raise ValueError(inexact(value, name))
    return out


def inexact(value: Any, name: str) -> str:
    """The message for an integer that float64 cannot represent."""
    return (
        f"column {name!r}: {int(value)} is beyond 2**53, where float64 cannot tell whole numbers apart; "
        "subtract an offset, or name the column in categorical="
    )


def table_columns(X: Any, categorical: Any, names: Array | None) -> list[Column] | None:
    """The kind of each column; None for an array of numbers without categories, which needs no encoding."""
    if is_frame(X):
        labels = [str(c) for c in X.columns]
        chosen = wanted_categorical(categorical, labels, names is not None)
        return [frame_column(X.iloc[:, i], name, i in chosen) for i, name in enumerate(labels)]
    array = as_array(X)
    if array.ndim != 2 or array.dtype.kind == "c":
        return None  # refused by the common check of arrays
    labels = [f"x{i}" for i in range(array.shape[1])]
    chosen = wanted_categorical(categorical, labels, False)
    if not chosen and array.dtype.kind in "buif":
        for i in range(array.shape[1]):
            require_exact(array[:, i], labels[i])
        return None
    return [array_column(array[:, i], name, i in chosen) for i, name in enumerate(labels)]

"""Masked arrays: a conversion would expose masked values, so they are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def holds_masked(value: Any) -> bool:
    """Whether an array, or an array in a list, has masked values."""
    if isinstance(value, np.ndarray):
        return isinstance(value, np.ma.MaskedArray) and bool(np.ma.is_masked(value))
    if isinstance(value, (list, tuple)):
        kinds = {kind for kind in set(map(type, value)) if issubclass(kind, (np.ma.MaskedArray, list, tuple))}
        return bool(kinds) and any(type(item) in kinds and holds_masked(item) for item in value)
    return False


def as_array(value: Any) -> NDArray[Any]:
    """`value` as an array; masks of arrays in a list are kept, and a masked element of a list becomes NaN."""
    if isinstance(value, (list, tuple)) and holds_masked(value):
        return np.ma.array([np.nan if item is np.ma.masked else as_array(item) for item in value])
    return np.asanyarray(value) if isinstance(value, np.ma.MaskedArray) else np.asarray(value)


def refuse_masked(value: Any, what: str) -> None:
    """ValueError: `value` is or holds a masked array with masked values."""
    if holds_masked(value):
        raise ValueError(f"{what}: a masked array with masked values; fill them first (.filled(...))")


def unmasked(value: Any, what: str) -> NDArray[Any]:
    """`value` as an array; ValueError: something in it is masked."""
    refuse_masked(value, what)
    return np.asarray(value)

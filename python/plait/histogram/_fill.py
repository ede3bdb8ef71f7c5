"""Filling: conversion of columns, and pieces for an executor's workers."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ._inputs import column, finite

if TYPE_CHECKING:
    from ._counts import Counts

PIECE = 1 << 20  # entries that are sent at once
IN_FLIGHT = 4  # pieces per worker that is known, so that a long array is not pickled all at once


def is_ready(array: Any) -> bool:
    """Whether the core takes the array without conversion: the fast path for short arrays."""
    return type(array) is np.ndarray and array.ndim == 1 and array.dtype == np.float64 and array.dtype.isnative and array.flags.c_contiguous


def columns(arrays: tuple[Any, ...]) -> list[NDArray[Any]]:
    """Flat arrays of one length, one for each axis; a single number is broadcast."""
    shapes = [np.shape(array) for array in arrays]
    common = max(shapes, key=len)
    if any(shape not in (common, ()) for shape in shapes):
        raise _core.ShapeError(f"fill: expected arrays of one shape, got {', '.join(map(str, shapes))}")
    made = [column(array, "fill" if len(arrays) == 1 else f"fill: array {k}") for k, array in enumerate(arrays)]
    size = int(np.prod(common))
    return [np.full(size, array[0]) if shape == () and common != () else array for array, shape in zip(made, shapes, strict=True)]


def weights_for(weights: Any, shape: tuple[int, ...]) -> tuple[NDArray[np.float64] | None, float]:
    """A weight for each entry, or one for all."""
    if weights is None:
        return None, 1.0
    if np.ndim(weights) == 0:
        return None, finite(weights, "weights")
    if np.shape(weights) != shape:
        raise _core.ShapeError(f"weights: expected one for each entry, shape {shape}, got {np.shape(weights)}")
    return column(weights, "weights").astype(np.float64, copy=False), 1.0


def fill_piece(empty: Counts, arrays: list[NDArray[Any]], weights: NDArray[np.float64] | None, weight: float) -> Counts:
    """The work of an executor's worker; a module function, so that it can be pickled."""
    empty._fill(arrays, weights, weight, 1)
    return empty


def fill_elsewhere(
    histogram: Counts, arrays: list[NDArray[Any]], weights: NDArray[np.float64] | None, weight: float, executor: Any
) -> None:
    """All pieces, a few at a time, added in order after the last one: an error leaves the histogram unchanged."""
    if not hasattr(executor, "submit"):
        raise TypeError(f"executor: expected one of concurrent.futures's protocol, got {type(executor).__name__}")
    empty = histogram._empty()
    total = histogram._empty()
    most = IN_FLIGHT * max(1, getattr(executor, "_max_workers", 0) or 16)
    running: deque[Any] = deque()
    size, begin = len(arrays[0]), 0
    try:
        while begin < size or running:
            while begin < size and len(running) < most:
                part = slice(begin, begin + PIECE)
                piece = [array[part] for array in arrays]
                running.append(executor.submit(fill_piece, empty._empty(), piece, None if weights is None else weights[part], weight))
                begin += PIECE
            counted = running.popleft().result()
            if not isinstance(counted, type(total)):
                raise TypeError(f"executor: a piece gave {type(counted).__name__}, a histogram was expected")
            total._add(counted)
    finally:
        for future in running:
            future.cancel()
    histogram._add(total)

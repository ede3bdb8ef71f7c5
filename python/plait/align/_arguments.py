"""Arguments that several methods of an aligner take, checked here once."""

from __future__ import annotations

import math
import sys
from types import FrameType
from typing import Any

import numpy as np

from .. import _core
from ..graph import get_num_threads


def outside() -> int:
    """The stack level of a warning at the caller's line that called into this package."""
    frame: FrameType | None = sys._getframe(1)
    level = 1
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "plait":
        frame, level = frame.f_back, level + 1
    return level


def thread_count(threads: Any) -> int:
    """The largest number of threads; that of `plait.set_num_threads` unless given."""
    if threads is None:
        return get_num_threads()
    return min(whole(threads, "threads"), 2**31 - 1)


def whole(value: Any, name: str, most: int | None = None, of: str = "") -> int:
    """A whole number from 1 to `most`, or an error that names it and what `most` counts."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1 or (most is not None and value > most):
        if most is None:
            raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")
        if most == 0:
            raise ValueError(f"{name}: expected 1 or more {of}, there are none")
        raise ValueError(f"{name}: expected 1 to {most}, the number of {of}, got {value!r}")
    return int(value)


def limit(cutoff: Any, name: str = "cutoff") -> float:
    """A checked cutoff."""
    if isinstance(cutoff, bool) or not isinstance(cutoff, (int, float, np.number)) or cutoff != cutoff:
        raise ValueError(f"{name}: expected a number, got {cutoff!r}")
    try:
        return float(cutoff)
    except OverflowError:  # an integer beyond all floats
        return math.copysign(math.inf, cutoff > 0 or -1)


def share(cutoff: Any, similarity: str | None) -> float:
    """The same; of similarities, which are from 0 to 1, so that one in percent would find nothing."""
    found = limit(cutoff)
    if similarity is not None and found > 1:
        raise ValueError(f"cutoff: similarities are from 0 to 1, so expected at most 1, got {cutoff!r}")
    return found


def output(out: Any, shape: tuple[int, int], dtype: np.dtype[Any] = np.dtype(np.float64)) -> None:  # noqa: B008 - it never changes
    """ShapeError unless scores can be written to it directly."""
    if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != dtype:
        came = f"{out.dtype} of shape {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
        raise _core.ShapeError(f"pairwise: out must be a {dtype} array of shape {shape}, got {came}")
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise _core.ShapeError(
            f"pairwise: out must be contiguous and writeable, got strides {out.strides}, writeable {out.flags.writeable}"
        )

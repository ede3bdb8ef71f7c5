"""Histograms of large nodes over an executor: workers sum chunks of fixed size, and the sums are added here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core

Array = NDArray[Any]
PIECE = 1 << 16  # cases


def add_up(codes: Array, labels: Array, weights: Array | None, offsets: Array, classes: int) -> Array:
    """The task of a worker: the histogram of one chunk. At module level, so that it can be pickled."""
    return _core.tree.histogram(codes, labels, weights, offsets, classes)


def collector(executor: Any) -> Callable[..., Array]:
    """For `fit`: submits chunks of fixed size and adds the sums in order, so that the result does not depend on the number of workers."""

    def collect(codes: Array, labels: Array, weights: Array | None, offsets: Array, classes: int) -> Array:
        futures = []
        try:
            for begin in range(0, len(labels), PIECE):
                part = slice(begin, begin + PIECE)
                futures.append(
                    executor.submit(add_up, codes[part], labels[part], None if weights is None else weights[part], offsets, classes)
                )
            total = np.zeros((int(offsets[-1]), classes))
            for future in futures:
                sums = future.result()
                if not isinstance(sums, np.ndarray) or sums.shape != total.shape or not np.isfinite(sums).all():
                    got = f"{sums.dtype} of shape {sums.shape}" if isinstance(sums, np.ndarray) else type(sums).__name__
                    raise ValueError(f"executor: a piece gave {got}, finite sums of shape {total.shape} were expected")
                total += sums
        finally:
            for future in futures:
                future.cancel()
        return total

    return collect

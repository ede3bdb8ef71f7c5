"""The result of `align`: a score and a path, printed as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Alignment:
    """Two sequences, laid side by side.

    Parameters
    ----------
    score : float
        As the aligner's `score` gives it.
    path : ndarray of int64, shape (k, 2)
        A row for each column of the alignment: (i, j) where elements are matched, or for a cell of a warping path; (i, -1) and (-1, j)
        for a gap.
    x, y : sequence
        What was aligned.
    """

    def __init__(self, score: float, path: NDArray[np.int64], x: Sequence[Any], y: Sequence[Any]):
        self.score = score
        self.path = path
        self.x = x
        self.y = y

    def __len__(self) -> int:
        """Columns of the alignment."""
        return len(self.path)

    def __repr__(self) -> str:
        """Score and size."""
        return f"Alignment(score={self.score:.6g}, {len(self)} columns)"

"""All pairs where a window may leave some without a path: those are inf, the others are scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _inputs

if TYPE_CHECKING:
    from ._base import PairAligner


def matrix(
    aligner: PairAligner, rows: list[Any], columns: list[Any], cutoff: float | None, out: NDArray[np.float64], threads: int | None
) -> None:
    """Scores of rows against columns, rows of one length together: they reach the same columns."""
    a: Any = aligner
    method = aligner._method()
    series = _inputs.all_series([*rows, *columns], lambda k: f"X[{k}]" if k < len(rows) else f"Y[{k - len(rows)}]", a.nan_policy)
    x, y = series[: len(rows)], series[len(rows) :]
    lengths, which = np.unique([len(s) for s in y], return_inverse=True)
    width = next((s.shape[1] for s in series if s.ndim == 2), 1)  # type: ignore[union-attr]
    out[...] = np.inf
    by_length: dict[int, list[int]] = {}
    for i, row in enumerate(x):
        by_length.setdefault(len(row), []).append(i)
    for n, members in by_length.items():
        reached = np.flatnonzero(np.array(method.reaches(n, lengths.tolist(), width), bool)[which])
        if len(reached):
            part = np.empty((len(members), len(reached)))
            aligner._matrix([x[i] for i in members], [y[j] for j in reached], cutoff, part, threads)
            out[np.ix_(np.array(members), reached)] = part

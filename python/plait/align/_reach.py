"""All pairs where a window may leave some without a path: those are inf, the others are scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _inputs
from ._bands import cells

if TYPE_CHECKING:
    from ._base import PairAligner


def matrix(
    aligner: PairAligner, rows: list[Any], columns: list[Any], cutoff: float | None, out: NDArray[np.float64], threads: int | None
) -> None:
    """Scores of rows against columns, rows of one length together: they reach the same columns."""
    a: Any = aligner
    aligner._method()
    series = _inputs.all_series([*rows, *columns], lambda k: f"X[{k}]" if k < len(rows) else f"Y[{k - len(rows)}]", a.nan_policy)
    x, y = series[: len(rows)], series[len(rows) :]
    widths = np.array([len(s) for s in y])
    out[...] = np.inf
    by_length: dict[int, list[int]] = {}
    for i, row in enumerate(x):
        by_length.setdefault(len(row), []).append(i)
    for n, members in by_length.items():
        allowed = np.array([np.inf if a.window is None or a.band == "slanted" else cells(a.window, n, int(m)) for m in widths])
        # Without an end, y may be longer by any number.
        over = np.maximum(n - widths, 0) if getattr(aligner, "open_end", False) else np.abs(n - widths)
        fits = over <= allowed
        open_ = getattr(aligner, "open_begin", False) or getattr(aligner, "open_end", False)
        if getattr(aligner, "step", None) == "asymmetric" and not open_:
            fits &= widths < 2 * n  # no more than two elements of y for one of x
        reached = np.flatnonzero(fits)
        if len(reached):
            part = np.empty((len(members), len(reached)))
            aligner._matrix([x[i] for i in members], [y[j] for j in reached], cutoff, part, threads)
            out[np.ix_(np.array(members), reached)] = part

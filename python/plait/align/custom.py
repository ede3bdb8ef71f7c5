"""Custom recursions: border values and the rank of a cell as user functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from . import _functions, _inputs, _records
from ._base import PairAligner


class Aligner(PairAligner):
    """An alignment by any recursion: ``D(i, j) = rank(D(i-1, j), D(i-1, j-1), D(i, j-1), x[i-1], y[j-1])``.

    Parameters
    ----------
    init : callable
        ``init(i, j)`` gives the cells of the border, (i, 0) and (0, j).
    rank : callable
        ``rank(insertion, match, deletion, x, y)`` gives a cell from the three before it, of which `insertion` has consumed an element of x,
        `deletion` one of y and `match` both, and from the elements themselves.
    minimize : bool
        Whether a smaller score is better.
    nan_policy : str
        ``"raise"``, ``"propagate"`` or ``"omit"`` (elements that hold NaN are left out).

    Notes
    -----
    Both are plain functions over nodes: written with arithmetic and plait's functions (`plait.minimum`, `plait.where`), `rank` is traced once
    and run over whole anti-diagonals. A function that cannot be traced, since it branches on a value (``if x == y``) or uses other
    functions than plait's, is called for every cell with Python floats, with a ``PerformanceWarning``. A ``scipy.LowLevelCallable``, a
    numba ``cfunc`` or a ctypes function of C's signature ``double (double, double, double, double, double)``, for `init` ``double (int64_t,
    int64_t)``, is called directly. All must be pure: the order of cells is unspecified, and values of `init` are cached.

    Elements are numbers, vectors (then `x` and `y` have shape (d,); d = 1 counts as numbers), or symbols: those of strings and bytes come as
    code points, other hashables as numbers that are equal if they are.

    `align` takes the move whose neighbour alone gives the cell, the other two being replaced by the worst value: match before deletion
    before insertion. A recursion that does not choose, as a soft minimum, has a score but no path. Insertions and deletions are gaps, (i, -1) and
    (-1, j); where `init` lets no path begin but at (0, 0), as in warping, they are the cells (i, j).

    Time O(n m); memory O(n + m) for the score, and as much for the path as `plait.align` allows itself beside O(n + m).

    Examples
    --------
    >>> from plait.align import Aligner
    >>> def init(i, j):
    ...     return plait.where((i == 0) & (j == 0), 0.0, np.inf)
    >>> def rank(insertion, match, deletion, x, y):
    ...     return (x - y) ** 2 + plait.minimum(plait.minimum(match, deletion), insertion)
    >>> Aligner(init, rank).score([0, 1, 2], [0, 1, 1, 2])
    0.0
    """

    def __init__(self, init: Any, rank: Any, minimize: bool = True, nan_policy: str = "raise"):
        self.init = init
        self.rank = rank
        self.minimize = minimize
        self.nan_policy = nan_policy
        self._method()  # invalid parameters are refused here

    def _build(self) -> _core.Method:
        _inputs.check_nan_policy(self.nan_policy)
        minimize = bool(self.minimize)
        return _core.make_custom(
            _functions.border_values(self.init), _functions.rule_of_width(self.rank, minimize), minimize, self.nan_policy == "propagate"
        )

    def _prepare(self, values: Sequence[Any], name: _inputs.Name) -> list[_inputs.Prepared]:
        values = list(map(_records.unwrapped, values))
        if any(isinstance(value, (str, bytes)) for value in values):
            values = list(map(_inputs.raw, values))
        if any(map(_inputs.is_symbolic, values)) and all(_inputs.is_symbolic(value) or _inputs.is_empty_list(value) for value in values):
            return _inputs.symbols(values, name)
        return _inputs.all_series(values, name, self.nan_policy)

    def _path_kind(self, path: NDArray[np.int64]) -> str | None:
        """A path without gaps is one of warping if no path may begin beside (0, 0)."""
        if len(path) == 0 or (path < 0).any():
            return "edits"
        border = _functions.border_values(self.init)
        worst = self._method().worst
        ends = (path[-1] + 2).tolist()
        return (
            "warping"
            if all((border(along_x, 1, end) == worst).all() for along_x, end in zip((True, False), ends, strict=True))
            else "edits"
        )

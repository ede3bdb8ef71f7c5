"""What the tests of warping share: random series, and how two answers are compared."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

#: Few values make ties; all others are told apart.
numbers = st.one_of(st.integers(-3, 3).map(float), st.floats(-8, 8, allow_nan=False, width=32).map(float))


def series(most: int = 14, least: int = 1, width: int | None = None) -> st.SearchStrategy[Any]:
    element = numbers if width is None else st.lists(numbers, min_size=width, max_size=width)
    return st.lists(element, min_size=least, max_size=most).map(
        lambda values: np.array(values, dtype=float).reshape(len(values), *([width] if width else []))
    )


def pairs(most: int = 14, least: int = 1) -> st.SearchStrategy[tuple[Any, Any]]:
    """Two series of one width: numbers, or up to three values in an element."""
    return st.sampled_from([None, 1, 2, 3]).flatmap(lambda width: st.tuples(series(most, least, width), series(most, least, width)))


def agree(aligner: Any, x: Any, y: Any, twin: Any) -> None:
    """Score and path are those of the twin. Paths may differ where rounding decides between equals; then they cost the same."""
    score, path = twin.solve(x, y)
    if math.isinf(score):
        return
    found = aligner.align(x, y)
    assert found.score == aligner.score(x, y)
    assert math.isclose(found.score, score, rel_tol=1e-12, abs_tol=1e-9)
    if np.array_equal(np.asarray(x), np.round(x)) and np.array_equal(np.asarray(y), np.round(y)) and np.ndim(x) == 1:
        assert [tuple(row) for row in found.path.tolist()] == path

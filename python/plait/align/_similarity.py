"""Scores of symbol aligners as similarities from 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._base import PairAligner
from .edit import LCS, Levenshtein

Array = NDArray[np.float64]


def scorer(aligner: PairAligner | None, similarity: str | None) -> PairAligner:
    """The aligner whose scores become similarities, `Levenshtein()` for none; an error if it has no such similarity."""
    if aligner is not None and not isinstance(aligner, PairAligner):
        raise TypeError(f"aligner: expected an aligner such as Levenshtein(), got {aligner!r:.60}")
    if similarity not in (None, "normalized", "ratio"):
        raise ValueError(f"similarity: expected None, 'normalized' or 'ratio', got {similarity!r}")
    if similarity == "ratio" and aligner is not None and not isinstance(aligner, LCS):
        raise ValueError(f"similarity: 'ratio' counts the longest common subsequence; expected LCS() or no aligner, got {aligner!r}")
    chosen: PairAligner = (LCS() if similarity == "ratio" else Levenshtein()) if aligner is None else aligner
    if similarity == "normalized" and not isinstance(chosen, (Levenshtein, LCS)):
        raise ValueError(f"similarity: 'normalized' is of Levenshtein() and LCS(), got {chosen!r}")
    return chosen


def normalised(scores: Array, aligner: PairAligner, similarity: str, rows: list[Any], columns: list[Any]) -> Array:
    """Scores as similarities from 0 to 1; of two empty sequences 1."""
    n, m = (np.array([len(v) for v in values], np.float64) for values in (rows, columns))
    n = n[:, None]
    if similarity == "ratio":
        scores, whole = 2 * scores, n + m
    elif isinstance(aligner, Levenshtein):
        replaced = np.minimum(n, m) * aligner.substitute + np.maximum(n - m, 0) * aligner.delete + np.maximum(m - n, 0) * aligner.insert
        whole = np.minimum(replaced, n * aligner.delete + m * aligner.insert)
        scores = whole - scores
    else:
        whole = np.maximum(n, m)
    return np.asarray(np.where(whole > 0, scores / np.where(whole > 0, whole, 1.0), 1.0))


def cost_within(aligner: PairAligner, similarity: str, cutoff: float | None, rows: list[Any], columns: list[Any]) -> float | None:
    """A cost beyond which no pair reaches the similarity, so that it need not be computed."""
    if (
        cutoff is None
        or similarity != "normalized"
        or not isinstance(aligner, Levenshtein)
        or not 0 < cutoff <= 1
        or not rows
        or not columns
    ):
        return None
    longest = max(max(map(len, rows)), max(map(len, columns)))
    greatest = longest * max(aligner.insert, aligner.delete, aligner.substitute)  # of any two that long
    return (1 - cutoff) * greatest * (1 + 1e-9)

"""Other results of `pairwise` than a float64 matrix: other dtypes, similarities, and sparse matrices of scores within a cutoff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import _arguments

if TYPE_CHECKING:
    from ._base import PairAligner

Array = NDArray[Any]
BLOCK = 1 << 22  # scores in memory at once
CHUNK = 1 << 15  # scores converted at once: they stay in the cache


def checked_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """An integer or floating-point type, or an error that names it."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype: expected an integer or floating-point type, got {dtype!r}") from None
    if found.kind not in "iuf":
        raise TypeError(f"dtype: expected an integer or floating-point type, got {found}")
    return found


def converted(scores: Array, dtype: np.dtype[Any], worst: float, out: Array | None = None) -> Array:
    """Scores as `dtype`, without wrapping; the greatest integer (of similarities the least) marks scores beyond the cutoff."""
    if dtype == np.float64 and out is None:
        return scores
    found = np.empty(scores.shape, dtype) if out is None else out
    given, made = scores.reshape(-1), found.reshape(-1)
    for at in range(0, given.size, CHUNK):
        (_as_floats if dtype.kind == "f" else _as_integers)(given[at : at + CHUNK], made[at : at + CHUNK], worst)
    return found


def _as_floats(scores: Array, out: Array, worst: float) -> None:  # noqa: ARG001 - it is what it was
    with np.errstate(over="ignore"):
        out[:] = scores
    if np.isinf(out).sum() != np.isinf(scores).sum():
        raise OverflowError(f"dtype: a score of {np.abs(scores[np.isfinite(scores)]).max():g} does not fit into {out.dtype}")


def _as_integers(scores: Array, out: Array, worst: float) -> None:
    info = np.iinfo(out.dtype)
    reserved = info.max if worst > 0 else info.min
    beyond = None
    if not (np.isfinite(scores.min()) and np.isfinite(scores.max())):
        beyond = scores == worst
        scores = np.where(beyond, 0.0, scores)
    if not (np.floor(scores) == scores).all() or (beyond is not None and not np.isfinite(scores).all()):
        odd = scores[~(np.isfinite(scores) & (np.floor(scores) == scores))][0]
        raise ValueError(f"dtype: a score of {float(odd)} is no whole number, so that it is no {out.dtype}")
    low, high = int(scores.min()), int(scores.max())
    if low < info.min or high > info.max:
        raise OverflowError(f"dtype: a score of {low if low < info.min else high} does not fit into {out.dtype}")
    out[:] = scores
    if beyond is not None and beyond.any():
        if (scores[~beyond] == reserved).any():
            raise OverflowError(f"dtype: a score of {reserved} is what stands for those beyond the cutoff in {out.dtype}; take a wider one")
        out[beyond] = reserved


def dense(aligner: PairAligner, rows: list[Any], columns: list[Any] | None, cutoff: float | None, out: Array, threads: int) -> None:
    """All scores into an array of any type, a block of rows at a time."""
    others = rows if columns is None else columns
    step = max(1, BLOCK // max(len(others), 1))
    worst = aligner._method().worst
    for begin in range(0, len(rows), step):
        part = rows[begin : begin + step]
        whole = columns is None and len(part) == len(rows)
        block = np.empty((len(part), len(others)))
        aligner._matrix(part, None if whole else others, cutoff, block, threads)
        converted(block, out.dtype, worst, out[begin : begin + step])


def similarities(
    aligner: PairAligner, rows: list[Any], columns: list[Any] | None, similarity: str, cutoff: float | None, threads: int
) -> NDArray[np.float64]:
    """All similarities from 0 to 1; below the cutoff -inf."""
    from ._similarity import normalised, scorer

    chosen = scorer(aligner, similarity)
    others = rows if columns is None else columns
    scores = np.empty((len(rows), len(others)))
    chosen._matrix(rows, columns, None, scores, threads)
    found = normalised(scores, chosen, similarity, rows, others)
    if cutoff is not None:
        found[found < cutoff] = -np.inf
    return found


def sparse(
    aligner: PairAligner,
    rows: list[Any],
    columns: list[Any] | None,
    cutoff: float | None,
    dtype: np.dtype[Any],
    similarity: str | None,
    threads: int,
    unreachable: str,
) -> Any:
    """A SciPy matrix of the scores within the cutoff, zeros among them."""
    if cutoff is None:
        raise ValueError("sparse: expected a cutoff, within which the scores are kept")
    try:
        from scipy.sparse import csr_array
    except ImportError:
        raise ImportError("sparse=True needs scipy, which is not installed") from None
    others = rows if columns is None else columns
    shape = len(rows), len(others)
    found = None if similarity is not None else _indexed(aligner, rows, others, cutoff, threads)
    if found is None:
        found = _from_blocks(aligner, rows, others, cutoff, similarity, threads, unreachable)
    begin, index, scores = found
    data = converted(scores, dtype, np.nan)
    narrow = np.int32 if max(*shape, len(index)) < 2**31 else np.int64
    return csr_array((data, index.astype(narrow), begin.astype(narrow)), shape=shape)


def _indexed(aligner: PairAligner, rows: list[Any], others: list[Any], cutoff: float, threads: int) -> Any:
    from .words import index_for, least_weight

    if set(map(type, rows)) != set(map(type, others)):
        return None
    index = index_for(aligner, len(rows), others, cutoff)
    if index is None:
        return None
    begin, found, scores = index.within_of_each(aligner._method(), rows, -1, cutoff, least_weight(aligner), threads)  # type: ignore[arg-type]
    order = np.lexsort((found, np.repeat(np.arange(len(rows)), np.diff(begin))))
    return begin, found[order], scores[order]


def _from_blocks(
    aligner: PairAligner, rows: list[Any], others: list[Any], cutoff: float, similarity: str | None, threads: int, unreachable: str
) -> tuple[Array, Array, Array]:
    counts, index, kept = [np.zeros(1, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
    step = max(1, BLOCK // max(len(others), 1))
    greatest = similarity is not None or aligner._method().worst < 0
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        if similarity is None:
            block = aligner.pairwise(part, others, cutoff=cutoff, threads=threads, unreachable=unreachable)
        else:
            block = similarities(aligner, part, others, similarity, None, threads)
        near = (block >= cutoff if greatest else block <= cutoff) & np.isfinite(block)
        counts.append(near.sum(axis=1))
        index.append(np.nonzero(near)[1])
        kept.append(block[near])
    return np.concatenate(counts).cumsum(), np.concatenate(index), np.concatenate(kept)


def limit_and_dtype(cutoff: Any, dtype: Any, out: Any, similarity: str | None) -> tuple[float | None, np.dtype[Any]]:
    """Checked cutoff and dtype; the type is that of `out` unless given."""
    most = None if cutoff is None else _arguments.share(cutoff, similarity)
    if dtype is None:
        return most, out.dtype if isinstance(out, np.ndarray) and out.dtype.kind in "iuf" else np.dtype(np.float64)
    return most, checked_dtype(dtype)

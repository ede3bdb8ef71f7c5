"""Search of a query in a stream: the best windows of its length by lower bounds, or the best parts of any length."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _core
from . import _arguments, _inputs
from .alignment import Alignment
from .transforms import _znormalize, znormalize

if TYPE_CHECKING:
    from .dtw import DTW

Array = NDArray[np.float64]
LEAST_BATCH, MOST_BATCH = 32, 8192  # windows that are scored at once


class Place(NamedTuple):
    """A part of a stream that is similar to a query.

    Parameters
    ----------
    start, stop : int
        It is ``stream[start:stop]``.
    score : float
        The score of the query and this part, both normalised with ``normalize=True``.
    aligner, query, part
        The arguments of `align`.
    """

    start: int
    stop: int
    score: float
    aligner: Any
    query: Any
    part: Any

    def __repr__(self) -> str:
        """Position and score."""
        return f"Place(start={self.start}, stop={self.stop}, score={self.score:.6g})"

    def align(self) -> Alignment:
        """The alignment of the query with this part.

        Returns
        -------
        Alignment
            Of the query and the part; positions of y count from `start`.
        """
        found: Alignment = self.aligner.align(self.query, self.part)
        return found


def search(
    aligner: DTW, query: Any, stream: Any, k: int | None, max_score: float | None, overlap: float, normalize: bool, threads: int | None
) -> list[Place]:
    """The implementation of `DTW.search`."""
    k, threads = sys.maxsize if k is None else _arguments.whole(k, "search: k"), _arguments.thread_count(threads)
    most = math.inf if max_score is None else _arguments.limit(max_score, "search: max_score")
    if isinstance(overlap, bool) or not isinstance(overlap, (int, float, np.number)) or not 0 <= overlap <= 1:
        raise ValueError(f"search: overlap: expected a share from 0 to 1, got {overlap!r}")
    if aligner.open_begin != aligner.open_end or aligner.metric == "precomputed":
        raise ValueError(f"search: expected DTW on series, from corner to corner or open at both ends, got {aligner!r}")
    policy, open_ = aligner.nan_policy, bool(aligner.open_begin)
    aligner._method()
    x = _inputs.series(query, lambda _: "query", 0, policy)
    y = _inputs.series(stream, lambda _: "stream", 0, "raise" if policy == "raise" else "propagate")
    if len(x) == 0:
        raise ValueError("query: the series is empty")
    if x.shape[1:] != y.shape[1:]:
        raise _core.ShapeError(f"stream: elements of shape {y.shape[1:]}, those of query {x.shape[1:]}")
    if np.isnan(x).any():  # every score would be
        return []
    if open_:
        if normalize:
            raise ValueError(
                "search: normalize: parts of any length (open_begin, open_end) have no mean before it is known where they begin"
            )
        return _any_length(aligner, x, y, k, most, float(overlap))
    if len(y) < len(x):
        raise ValueError(f"stream: expected at least the {len(x)} elements of the query, got {len(y)}")
    if normalize:
        x = znormalize(x)
    return _Windows(aligner, x, y, normalize, threads).best(k, most, max(1, math.ceil(len(x) * (1 - float(overlap)) - 1e-9)))


class _Windows:
    """Exact scores of as few windows as possible, by lower bounds."""

    def __init__(self, aligner: DTW, query: Array, stream: Array, normalize: bool, threads: int) -> None:
        self.aligner, self.query, self.normalize, self.threads = aligner, query, normalize, threads
        self.windows = np.lib.stride_tricks.sliding_window_view(stream, len(query), axis=0)  # (count, n), or (count, d, n)
        missing = np.concatenate([[0], np.cumsum(np.isnan(stream).reshape(len(stream), -1).any(axis=1))])
        self.holes = missing[len(query) :] > missing[: -len(query)] if missing[-1] else None
        filled = stream if self.holes is None else np.where(np.isnan(stream), 0.0, stream)
        if callable(aligner.metric):
            self.bounds = np.zeros(len(self.windows))
        else:
            self.bounds = _core.window_bounds(aligner._options(), query, filled, normalize, threads)
        self.batch = LEAST_BATCH
        self.known = np.zeros(len(self.bounds), bool)  # score >= bound; where known, the score
        if self.holes is not None:  # windows with NaN have no bound, or, where NaN is not left out, no score
            self.bounds[self.holes] = 0.0 if aligner.nan_policy == "omit" else np.inf

    def best(self, k: int, most: float, apart: int) -> list[Place]:
        """Best first; each starts at least `apart` from those before it."""
        free = (self.bounds <= most) & (self.bounds < np.inf)
        found: list[Place] = []
        while len(found) < k:
            at = self.least(free, most, k > 1)
            if at < 0:
                break
            part = self.taken(np.array([at]))[0]
            found.append(Place(at, at + len(self.query), float(self.bounds[at]), self.aligner, self.query, part))
            free[max(0, at - apart + 1) : at + apart] = False
        return found

    def least(self, free: NDArray[np.bool_], most: float, more: bool) -> int:
        """The first of the free windows with the least score, -1 where all are beyond `most`. more: whether others follow."""
        while True:
            scores = np.where(free & self.known, self.bounds, np.inf)
            at = int(scores.argmin())
            limit = min(most, float(scores[at]))
            open_ = np.flatnonzero(free & ~self.known & (self.bounds <= limit) & (self.bounds < np.inf))
            if len(open_) == 0:
                return at if free[at] and self.known[at] and scores[at] <= most else -1
            if len(open_) > self.batch:
                open_ = open_[np.argpartition(self.bounds[open_], self.batch - 1)[: self.batch]]
            self.score(open_, most if more else limit)
            self.batch = min(2 * self.batch, MOST_BATCH)

    def score(self, places: NDArray[np.int64], limit: float) -> None:
        """Exact scores; for those beyond the limit a bound just above it."""
        parts, cutoff = self.taken(places), None if math.isinf(limit) else limit
        out = np.full((1, len(places)), np.inf)
        if self.holes is None:
            self.aligner._matrix([self.query], parts, cutoff, out, self.threads)
        elif (some := np.array([len(part) > 0 for part in parts])).any():
            filled = [part for part in parts if len(part)]
            out[0, some] = self.aligner.pairwise([self.query], filled, cutoff=cutoff, threads=self.threads, unreachable="inf")[0]
        exact = np.isfinite(out[0])
        self.known[places[exact]] = True
        self.bounds[places] = np.where(exact, out[0], np.nextafter(max(limit, 0.0), np.inf))

    def taken(self, places: NDArray[np.int64]) -> list[Array]:
        """Windows as they are scored, shape (n,) or (n, d); shorter where NaN is left out."""
        parts = self.windows[places]
        parts = np.ascontiguousarray(parts if parts.ndim == 2 else parts.transpose(0, 2, 1))
        whole = np.ones(len(places), bool) if self.holes is None else ~self.holes[places]
        found: list[Array] = list(parts)
        if self.normalize and whole.any():
            for at, part in zip(np.flatnonzero(whole), _znormalize(parts[whole], axis=1), strict=True):
                found[at] = part
        for at in np.flatnonzero(~whole):
            kept = parts[at][~np.isnan(parts[at]).reshape(len(parts[at]), -1).any(axis=1)]
            found[at] = znormalize(kept) if self.normalize and len(kept) else kept
        return found


def _any_length(aligner: DTW, query: Array, stream: Array, k: int, most: float, overlap: float) -> list[Place]:
    """The best part that ends at each element, then the best of these that are apart."""
    missing: NDArray[np.bool_] = np.asarray(np.isnan(stream).reshape(len(stream), -1).any(axis=1))
    if callable(aligner.metric) or aligner.window is not None or aligner.slope is not None:
        raise ValueError("search: for parts of any length (open_begin, open_end) expected a metric by name, and neither window nor slope")
    # NaN is left out of the stream; otherwise no part contains one.
    pieces = [np.flatnonzero(~missing)] if aligner.nan_policy == "omit" else _runs(~missing)
    scores, starts, stops = [], [], []
    for places in pieces:
        if len(places):
            score, start = _core.endings(aligner._options(), query, np.ascontiguousarray(stream[places]))
            scores.append(score)
            starts.append(places[start])
            stops.append(places + 1)
    if not scores:
        return []
    score, start, stop = (np.concatenate(values) for values in (scores, starts, stops))
    free = score <= most
    free &= score < np.inf
    closed = type(aligner)(**{**aligner.get_params(), "open_begin": False, "open_end": False})
    found: list[Place] = []
    while len(found) < k and free.any():
        at = int(np.where(free, score, np.inf).argmin())
        first, last = int(start[at]), int(stop[at])
        found.append(Place(first, last, float(score[at]), closed, query, stream[first:last]))
        common = np.minimum(stop, last) - np.maximum(start, first)
        free &= common <= overlap * np.minimum(stop - start, last - first) + 1e-9
        free[at] = False
    return found


def _runs(there: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Places side by side."""
    places = np.flatnonzero(there)
    return list(np.split(places, np.flatnonzero(np.diff(places) > 1) + 1))

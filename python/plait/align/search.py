"""A query looked for in a stream: the best windows of its length, found behind lower bounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _core
from . import _arguments, _bands, _inputs
from .alignment import Alignment
from .transforms import znormalize

if TYPE_CHECKING:
    from .dtw import DTW

Array = NDArray[np.float64]
CHUNK = 1 << 20  # values of windows that are bounded at once
LEAST_BATCH, MOST_BATCH = 32, 1024  # windows that are scored at once


class Place(NamedTuple):
    """A part of a stream that is like a query.

    Parameters
    ----------
    start, stop : int
        It is ``stream[start:stop]``.
    score : float
        Of the query and this part, both normalised if that was asked for.
    aligner, query, part
        What `align` aligns.
    """

    start: int
    stop: int
    score: float
    aligner: Any
    query: Any
    part: Any

    def __repr__(self) -> str:
        """Where, and how like."""
        return f"Place(start={self.start}, stop={self.stop}, score={self.score:.6g})"

    def align(self) -> Alignment:
        """How the query lies in this part.

        Returns
        -------
        Alignment
            Of the query and the part; positions of y count from `start`.
        """
        found: Alignment = self.aligner.align(self.query, self.part)
        return found


def search(
    aligner: DTW, query: Any, stream: Any, k: int, max_score: float | None, overlap: float, normalize: bool, threads: int | None
) -> list[Place]:
    """What `DTW.search` does."""
    k, threads = _arguments.whole(k, "search: k"), _arguments.thread_count(threads)
    most = math.inf if max_score is None else _arguments.limit(max_score)
    if isinstance(overlap, bool) or not isinstance(overlap, (int, float, np.number)) or not 0 <= overlap <= 1:
        raise ValueError(f"search: overlap: expected a share from 0 to 1, got {overlap!r}")
    if aligner.open_begin or aligner.open_end or aligner.metric == "precomputed":
        raise ValueError(f"search: expected DTW from corner to corner on series, got {aligner!r}")
    aligner._method()
    x, y = (_inputs.series(v, lambda _, name=name: name, 0) for v, name in ((query, "query"), (stream, "stream")))  # type: ignore[misc]
    if len(x) == 0:
        raise ValueError("query: the series is empty")
    if x.shape[1:] != y.shape[1:]:
        raise _core.ShapeError(f"stream: elements of shape {y.shape[1:]}, those of query {x.shape[1:]}")
    if len(y) < len(x):
        raise ValueError(f"stream: expected at least the {len(x)} elements of the query, got {len(y)}")
    if normalize:
        x = znormalize(x)
    windows = np.lib.stride_tricks.sliding_window_view(y, len(x), axis=0)  # (count, n), or (count, d, n)
    bounds = _bounds(aligner, x, windows, normalize)
    return _Search(aligner, x, windows, bounds, normalize, threads).best(k, most, max(1, math.ceil(len(x) * (1 - float(overlap)) - 1e-9)))


class _Search:
    """Exact scores of as few windows as the bounds allow."""

    def __init__(self, aligner: DTW, query: Array, windows: Array, bounds: Array, normalize: bool, threads: int) -> None:
        self.aligner, self.query, self.windows, self.normalize, self.threads = aligner, query, windows, normalize, threads
        self.bounds = bounds  # score >= bound; where `known`, the score
        self.known = np.zeros(len(bounds), bool)

    def best(self, k: int, most: float, apart: int) -> list[Place]:
        """Best first; each starts at least `apart` from those before it."""
        free = self.bounds <= most
        found: list[Place] = []
        while len(found) < k:
            at = self.least(free, most)
            if at < 0:
                break
            part = self.taken(np.array([at]))[0]
            found.append(Place(at, at + len(self.query), float(self.bounds[at]), self.aligner, self.query, part))
            free[max(0, at - apart + 1) : at + apart] = False
        return found

    def least(self, free: NDArray[np.bool_], most: float) -> int:
        """The first of the free windows with the least score, -1 where all are beyond `most`."""
        batch = LEAST_BATCH
        while True:
            scores = np.where(free & self.known, self.bounds, np.inf)
            at = int(scores.argmin())
            limit = min(most, float(scores[at]))
            open_ = np.flatnonzero(free & ~self.known & (self.bounds <= limit))
            if len(open_) == 0:
                return at if free[at] and self.known[at] and scores[at] <= most else -1
            if len(open_) > batch:
                open_ = open_[np.argpartition(self.bounds[open_], batch - 1)[:batch]]
            self.score(open_, limit)
            batch = min(2 * batch, MOST_BATCH)

    def score(self, places: NDArray[np.int64], limit: float) -> None:
        """Exact scores; of what is beyond the limit it is known that it is."""
        out = np.empty((1, len(places)))
        self.aligner._matrix([self.query], list(self.taken(places)), None if math.isinf(limit) else limit, out, self.threads)
        exact = np.isfinite(out[0])
        self.known[places[exact]] = True
        self.bounds[places] = np.where(exact, out[0], np.nextafter(max(limit, 0.0), np.inf))

    def taken(self, places: NDArray[np.int64]) -> Array:
        """Windows as they are scored, shape (count, n) or (count, n, d)."""
        parts = self.windows[places]
        parts = np.ascontiguousarray(parts if parts.ndim == 2 else parts.transpose(0, 2, 1))
        return np.stack([znormalize(part) for part in parts]) if self.normalize else parts


def _bounds(aligner: DTW, query: Array, windows: Array, normalize: bool) -> Array:
    """LB_Keogh of each window: what lies beyond the query's envelope. 0 for metrics that have no such bound."""
    found = np.zeros(len(windows))
    if aligner.metric not in ("squared", "euclidean", "absolute"):
        return found
    n = len(query)
    reach = n if aligner.window is None else min(n, _bands.cells(aligner.window, n, n))
    edges = np.pad(query.reshape(n, -1), ((reach, reach), (0, 0)), mode="edge")  # repeated ends change neither envelope
    around = np.lib.stride_tricks.sliding_window_view(edges, 2 * reach + 1, axis=0)
    low, high = around.min(axis=-1).T, around.max(axis=-1).T  # (d, n)
    step = max(1, CHUNK // query.size)
    for begin in range(0, len(windows), step):
        part = windows[begin : begin + step].reshape(-1, *low.shape)
        if normalize:
            centred = part - part.mean(axis=-1, keepdims=True)
            spread = np.sqrt(np.mean(centred * centred, axis=-1, keepdims=True))
            # Where rounding decides whether it is constant, nothing is claimed.
            doubtful = spread <= 1e-6 * np.abs(part).max(axis=-1, keepdims=True)
            part = np.where(doubtful, np.clip(0.0, low, high), centred / np.where(doubtful, 1.0, spread))
        beyond = np.maximum(np.maximum(part - high, low - part), 0.0)
        if aligner.metric == "absolute":
            sums = beyond.sum(axis=(1, 2))
        elif aligner.metric == "squared":
            sums = np.einsum("wdn,wdn->w", beyond, beyond)
        else:
            sums = np.sqrt(np.einsum("wdn,wdn->wn", beyond, beyond)).sum(axis=1)
        found[begin : begin + step] = sums
    found *= 1 - 1e-9  # both are rounded
    return np.sqrt(found) if aligner.root else found

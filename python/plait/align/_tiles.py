"""A matrix of scores in tiles of rows: each computed by an executor's worker, or followed by progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ._base import PairAligner

LEAST_SECONDS = 0.2  # of a tile: long enough that the cost of sending it is negligible
IN_FLIGHT = 4  # tiles per worker that is known, so that a long list of sequences is not pickled all at once

Scores = NDArray[np.float64]
#: True for a bar (tqdm where it is installed), or a callable that is given the pairs done and their number.
Progress = bool | Callable[[int, int], Any]


def score_tile(
    aligner: PairAligner, rows: list[Any], columns: list[Any], cutoff: float | None, threads: int | None, unreachable: str
) -> Scores:
    """The work of an executor's worker; a module function, so that it can be pickled."""
    scores: Scores = aligner.pairwise(rows, columns, cutoff=cutoff, threads=threads, unreachable=unreachable)
    return scores


class Reporter:
    """Progress: the number of pairs done, shown as requested."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.total, self.done, self.bar = total, 0, None
        self.call = progress if callable(progress) else None
        self.line = False
        if progress is True:
            try:
                from tqdm import tqdm

                self.bar = tqdm(total=total, unit="pair", unit_scale=True, mininterval=0.1)
            except ImportError:
                self.line = True

    def add(self, pairs: int) -> None:
        """Add to the number of pairs done."""
        self.done += pairs
        if self.call is not None:
            self.call(self.done, self.total)
        if self.bar is not None:
            self.bar.update(pairs)
        if self.line:
            sys.stderr.write(f"\r{self.done}/{self.total} pairs" + ("\n" if self.done == self.total else ""))
            sys.stderr.flush()

    def close(self) -> None:
        """End the display, after success or an error."""
        if self.bar is not None:
            self.bar.close()


class Tiled:
    """Rows against columns; of a symmetric matrix the part from the diagonal on."""

    def __init__(
        self,
        aligner: PairAligner,
        rows: list[Any],
        columns: list[Any] | None,
        symmetric: bool,
        cutoff: float | None,
        out: Scores,
        unreachable: str = "raise",
    ):
        self.aligner, self.rows, self.cutoff, self.out, self.unreachable = aligner, rows, cutoff, out, unreachable
        self.half = columns is None and symmetric
        self.columns = rows if columns is None else columns

    def pairs(self, begin: int, end: int) -> int:
        """The scores of a tile that are kept: in half a matrix, row i has those from column i on."""
        rows, columns = end - begin, len(self.columns)
        return rows * (2 * columns - begin - end + 1) // 2 if self.half else rows * columns

    def part(self, begin: int, end: int, threads: int | None) -> tuple[Any, ...]:
        """Arguments of `score_tile`."""
        return self.aligner, self.rows[begin:end], self.columns[begin if self.half else 0 :], self.cutoff, threads, self.unreachable

    def put(self, begin: int, end: int, scores: Scores) -> None:
        """Write a tile's scores into the matrix."""
        if not self.half:
            self.out[begin:end] = scores
            return
        square = scores[:, : end - begin]
        scores[:, : end - begin] = _mirrored(square)
        self.out[begin:end, begin:] = scores
        self.out[begin:, begin:end] = scores.T

    def run(self, executor: Any, progress: Progress | None, threads: int | None) -> None:
        """All tiles; the first ones in this process, to measure the time per pair."""
        n = len(self.rows)
        reporter = Reporter(progress, sum(self.pairs(i, i + 1) for i in range(n)))
        try:
            at, rows, per_pair = 0, 1, 0.0
            while at < n and per_pair * self.pairs(at, min(n, at + rows)) < LEAST_SECONDS / 2:
                end = min(n, at + rows)
                began = time.perf_counter()
                self.put(at, end, score_tile(*self.part(at, end, threads)))
                per_pair = (time.perf_counter() - began) / max(1, self.pairs(at, end))
                reporter.add(self.pairs(at, end))
                at, rows = end, 2 * rows
            tiles = self.cut(at, per_pair)
            if executor is None:
                for begin, end in tiles:
                    self.put(begin, end, score_tile(*self.part(begin, end, threads)))
                    reporter.add(self.pairs(begin, end))
            else:
                self.send(executor, tiles, reporter)
        finally:
            reporter.close()

    def cut(self, at: int, per_pair: float) -> Iterator[tuple[int, int]]:
        """Tiles from row `at` on, each of at least LEAST_SECONDS."""
        n = len(self.rows)
        while at < n:
            end = at + 1
            while end < n and per_pair * self.pairs(at, end) < LEAST_SECONDS:
                end += 1
            yield at, end
            at = end

    def send(self, executor: Any, tiles: Iterator[tuple[int, int]], reporter: Reporter) -> None:
        """To an executor, a few at a time; an error in one cancels the others."""
        most = IN_FLIGHT * max(1, getattr(executor, "_max_workers", 0) or 16)
        running: dict[Any, tuple[int, int]] = {}
        try:
            more = True
            while more or running:
                while more and len(running) < most:
                    tile = next(tiles, None)
                    if tile is None:
                        more = False
                    else:
                        running[executor.submit(score_tile, *self.part(*tile, 1))] = tile
                if not running:
                    break
                for future in _finished(running):
                    begin, end = running.pop(future)
                    self.put(begin, end, np.array(future.result()))
                    reporter.add(self.pairs(begin, end))
        finally:
            for future in running:
                future.cancel()


def _mirrored(square: Scores) -> Scores:
    lower = np.tril_indices(len(square), -1)
    whole = square.copy()
    whole[lower] = square.T[lower]
    return whole


def _finished(running: dict[Any, Any]) -> list[Any]:
    """Futures that are done: those of concurrent.futures are waited for together, of others (dask's) the oldest one."""
    try:
        return list(wait(running, return_when=FIRST_COMPLETED).done)
    except AttributeError:
        first = next(iter(running))
        first.result()
        return [first]

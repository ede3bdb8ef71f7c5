"""The base class of aligners: parameters, a method of the core made from them, and the public methods."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .. import _core
from .._estimator import Estimator
from . import _arguments, _inputs, _reach, _records, _results, _tiles
from .alignment import Alignment

#: Bytes of a traceback beyond which parts of the matrix are recomputed instead of stored.
MEMORY_LIMIT = 1 << 28
#: Largest weight of an edit, a gap or a similarity, such that sums over any sequence in memory are finite.
LARGEST_WEIGHT = 1e290


class PairAligner(Estimator, ABC):
    """A way of aligning two sequences.

    Parameters are attributes, as in scikit-learn: changing one changes what the next call does. An aligner can be pickled and copied.
    """

    _built: _core.Method | None = None
    _KIND: str | None = "edits"

    @abstractmethod
    def _build(self) -> _core.Method:
        """The core's method for the current parameters, which are checked."""

    @abstractmethod
    def _prepare(self, values: Sequence[Any], name: _inputs.Name) -> list[_inputs.Prepared]:
        """The checked sequences of one call in the form of the core; ``name(k)`` is what messages call the k-th."""

    # Attributes with an underscore are derived from the parameters: dropped when one of them changes, and not copied.
    def __setattr__(self, name: str, value: Any) -> None:
        """Set a parameter."""
        for made in [key for key in self.__dict__ if key.startswith("_")]:
            del self.__dict__[made]
        self.__dict__[name] = value

    def __getstate__(self) -> dict[str, Any]:
        """Pickled by parameters only."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    def _check(self, values: list[Any], name: _inputs.Name) -> None:
        """Errors of parameters, and of sequences that are kept for later."""
        self._method()
        self._prepare(values, name)

    def _method(self) -> _core.Method:
        if self._built is None:
            self.__dict__["_built"] = self._build()
        built = self._built
        assert built is not None
        return built

    def score(self, x: Any, y: Any, *, cutoff: float | None = None) -> float:
        """The score of the best alignment.

        Parameters
        ----------
        x, y : sequence
            The sequences.
        cutoff : float, optional
            A score worse than this is returned as the worst score (inf for costs, -inf for similarities), which is faster.

        Returns
        -------
        float
            The least cost, or the greatest similarity.
        """
        method = self._method()
        a, b = self._prepare((x, y), "xy".__getitem__)
        return method.score(a, b) if cutoff is None else method.score(a, b, _arguments.limit(cutoff))

    def align(self, x: Any, y: Any) -> Alignment:
        """The best alignment itself; among equals, that which takes a match before a deletion before an insertion, seen from the end.

        Parameters
        ----------
        x, y : sequence
            The sequences.

        Returns
        -------
        Alignment
            Score and path; the path's numbers are places in `x` and `y` as they were given, also where elements are left out for NaN.
        """
        method = self._method()
        a, b = self._prepare((x, y), "xy".__getitem__)
        score, path = method.path(a, b, MEMORY_LIMIT)
        return self._alignment(score, path, (a, b), (x, y))

    def _alignment(self, score: float, path: NDArray[np.int64], prepared: Sequence[_inputs.Prepared], given: Sequence[Any]) -> Alignment:
        x, y = map(_records.unwrapped, given)
        if isinstance(x, np.matrix) or isinstance(y, np.matrix):
            x, y = (np.asarray(value).reshape(-1) if isinstance(value, np.matrix) and len(value) == 1 else value for value in given)
        names = _records.name(given[0], "x"), _records.name(given[1], "y")
        found = _inputs.as_given(path, prepared, (x, y))
        return Alignment(score, found, x, y, self._path_kind(path), self._same(), self._worth(), names)

    def _path_kind(self, path: NDArray[np.int64]) -> str | None:  # noqa: ARG002 - of some it depends on the path
        """What an alignment's columns are; see `Alignment`."""
        return self._KIND

    def _same(self) -> Callable[[Any, Any], bool] | None:
        """The equality of elements, if it is not ``==``."""
        return None

    def _worth(self) -> Callable[[Any, Any], float] | None:
        """The similarity of two elements, if the aligner has one."""
        return None

    def align_many(self, query: Any, references: Any, *, threads: int | None = None) -> list[Alignment]:
        """The best alignments of one sequence with many.

        Parameters
        ----------
        query : sequence
            The first sequence of each pair.
        references : array or list of sequences
            The second sequence of each pair.
        threads : int, optional
            The greatest number of threads; the alignments do not depend on it.

        Returns
        -------
        list of Alignment
            As `align` gives them, in the order of the references.
        """
        return self._align_many(query, _inputs.collection(references, "references"), _arguments.thread_count(threads))

    def _align_many(self, query: Any, against: list[Any], threads: int) -> list[Alignment]:
        method = self._method()
        x, *ys = self._prepare([query, *against], _query_first)
        found = method.paths(x, method.prepare(ys), MEMORY_LIMIT, threads)
        return [self._alignment(score, path, (x, y), (query, given)) for (score, path), y, given in zip(found, ys, against, strict=True)]

    def count(self, x: Any, y: Any) -> float:
        """How many alignments have the best score.

        Parameters
        ----------
        x, y : sequence
            The sequences.

        Returns
        -------
        float
            A whole number; exact up to 2**53, rounded above.
        """
        return self._method().count(*self._prepare((x, y), "xy".__getitem__))

    def pairwise(
        self,
        X: Any,
        Y: Any = None,
        *,
        threads: int | None = None,
        cutoff: float | None = None,
        out: NDArray[Any] | None = None,
        executor: Any = None,
        progress: _tiles.Progress | None = None,
        unreachable: str = "raise",
        dtype: DTypeLike | None = None,
        sparse: bool = False,
        similarity: str | None = None,
    ) -> Any:
        """The scores of all pairs.

        Parameters
        ----------
        X : array of shape (a, n) or (a, n, d), or list of sequences
            The rows.
        Y : like X, optional
            The columns; X itself if left out.
        threads : int, optional
            The greatest number of threads; the scores do not depend on it.
        cutoff : float, optional
            Scores worse than this are returned as the worst score (inf for costs, -inf for similarities), which is faster.
        out : ndarray, shape (a, b), optional
            The array for the scores; of float64, or of `dtype`.
        executor : concurrent.futures.Executor, optional
            Computes tiles of rows, each of at least 200 ms: a ``ProcessPoolExecutor``, ``dask.distributed``'s ``Client.get_executor()``,
            or anything else with its protocol. Scores do not depend on it. The aligner and the sequences are pickled.
        progress : bool or callable, optional
            True shows a bar (tqdm where it is installed); a callable is given the number of pairs done and that of all.
        unreachable : {"raise", "inf"}
            For a pair whose lengths differ by more than a window allows: an error, or the score inf.
        dtype : dtype, optional
            The type of the scores, integers or floats; float64 unless given. A score that does not fit is an OverflowError, one that
            is no whole number is no integer (ValueError); the greatest integer (of similarities the least) stands for what is beyond the
            cutoff.
        sparse : bool
            Whether to return a ``scipy.sparse.csr_array`` of the scores within the cutoff, in which zeros are stored; memory then depends
            on their number. Of words within a few edits most pairs are not looked at.
        similarity : {"normalized", "ratio"}, optional
            From 0 to 1 as in `match`, where the aligner has it; the cutoff is then the least that counts.

        Returns
        -------
        ndarray of shape (a, b), or scipy.sparse.csr_array
            ``scores[i, j]`` belongs to ``X[i]`` and ``Y[j]``.
        """
        cutoff, kind = _results.limit_and_dtype(cutoff, dtype, out, similarity)
        threads = _arguments.thread_count(threads)
        rows = _inputs.collection(X, "X")
        columns = None if Y is None else _inputs.collection(Y, "Y")
        shape = len(rows), len(rows if columns is None else columns)
        if out is not None:
            _arguments.output(out, shape, kind)
        in_place = out is not None and any(isinstance(read, np.ndarray) and np.may_share_memory(out, read) for read in (X, Y))
        other = sparse or similarity is not None or kind != np.float64
        if sparse and (out is not None or executor is not None or progress):
            raise ValueError("pairwise: sparse=True goes without out, executor and progress")
        if similarity is not None and (executor is not None or progress):
            raise ValueError("pairwise: similarity goes without executor and progress")
        scores = np.empty(shape) if out is None or in_place or other else out
        if executor is not None and not hasattr(executor, "submit"):
            raise TypeError(f"executor: expected one of concurrent.futures's protocol, got {type(executor).__name__}")
        if unreachable not in ("raise", "inf"):
            raise ValueError(f"unreachable: expected 'raise' or 'inf', got {unreachable!r}")
        if sparse:
            return _results.sparse(self, rows, columns, cutoff, kind, similarity, threads, unreachable)
        if similarity is not None:
            scores = _results.similarities(self, rows, columns, similarity, cutoff, threads)
        elif executor is not None or progress:
            tiles = _tiles.Tiled(self, rows, columns, self._method().symmetric, cutoff, scores, unreachable)
            tiles.run(executor, progress, threads)
        elif unreachable == "inf" and self._leaves_some_out():
            _reach.matrix(self, rows, rows if columns is None else columns, cutoff, scores, threads)
        elif other:  # a block at a time: float64 of all pairs need not be held
            whole = np.empty(shape, kind)
            _results.dense(self, rows, columns, cutoff, whole, threads)
            other, scores = False, whole
        else:
            self._matrix(rows, columns, cutoff, scores, threads)
        if other:
            scores = _results.converted(scores, kind, -np.inf if similarity is not None else self._method().worst)
        if out is None:
            return scores
        if scores is not out:  # where sequences were read until now
            out[...] = scores
        return out

    def _matrix(
        self, rows: list[Any], columns: list[Any] | None, cutoff: float | None, out: NDArray[np.float64], threads: int | None
    ) -> None:
        """All scores; no columns: the rows against themselves."""
        method = self._method()
        a = len(rows)
        worst = method.worst if cutoff is None else cutoff
        if columns is None:
            x = y = self._prepare(rows, lambda i: f"X[{i}]")
        else:
            both = self._prepare([*rows, *columns], lambda i: f"X[{i}]" if i < a else f"Y[{i - a}]")
            x, y = both[:a], both[a:]
        method.pairwise(x, method.prepare(y), columns is None, worst, out, _arguments.thread_count(threads))

    def _leaves_some_out(self) -> bool:
        """Whether series of some lengths have no path."""
        bounds = any(getattr(self, name, None) is not None for name in ("window", "slope"))
        return bounds or getattr(self, "step", None) == "asymmetric"

    def nearest(self, query: Any, references: Any, k: int = 1, *, cutoff: float | None = None) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """The best references for a query, exactly.

        Parameters
        ----------
        query : sequence
            The query.
        references : array, list or mapping of sequences
            The sequences that are compared with it; of a mapping the values.
        k : int
            The number of neighbours; at most the number of references.
        cutoff : float, optional
            References with worse scores are excluded, so that there may be fewer than `k`.

        Returns
        -------
        indices : ndarray of int64, shape (k,)
            Best first; among equals the first. Of a mapping their keys, an array of objects.
        scores : ndarray of float64, shape (k,)
            Their scores.
        """
        if cutoff is not None or isinstance(references, Mapping):
            from .matching import nearest_within

            return nearest_within(self, query, references, k, cutoff)
        against = _inputs.collection(references, "references")
        k = _arguments.whole(k, "k", len(against), "references")
        indices, scores = self._nearest([query], against, k, 1, _query_first)
        return indices[0], scores[0]

    def _nearest(
        self, queries: list[Any], against: list[Any], k: int, threads: int | None, name: _inputs.Name
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The k best for each query; ``name(i)`` is what messages call the i-th of queries and references together."""
        return self._nearest_within(queries, against, k, self._method().worst, threads, name)

    def _nearest_within(
        self, queries: list[Any], against: list[Any], k: int, cutoff: float, threads: int | None, name: _inputs.Name
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The same without those that are worse than `cutoff`, in whose place there is -1 and the worst score."""
        method = self._method()
        prepared = self._prepare([*queries, *against], name)
        count = len(queries)
        return method.nearest(prepared[:count], method.prepare(prepared[count:]), k, cutoff, _arguments.thread_count(threads))


def _query_first(k: int) -> str:
    """The name in messages of the k-th of a query and its references."""
    return f"references[{k - 1}]" if k else "query"


def finite(value: float, name: str) -> float:
    """A finite number, or an error that names it."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not math.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, got {value!r}")
    return float(value)


def weight(value: float, name: str) -> float:
    """A finite number of which the sum over any alignment is finite, or an error that names it."""
    if abs(finite(value, name)) > LARGEST_WEIGHT:
        raise ValueError(f"{name}: expected a number of at most {LARGEST_WEIGHT:g}, so that sums are finite, got {value!r}")
    return float(value)

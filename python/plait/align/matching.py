"""Matching of words: the nearest choices for many queries, and removal of near duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._estimator import _is_missing
from . import _arguments, _inputs
from ._base import PairAligner
from ._similarity import cost_within, normalised, scorer
from .edit import Levenshtein, SymbolAligner
from .words import WordIndex, best_of_each, index_for, least_weight

Array = NDArray[np.float64]
BLOCK = 1 << 22  # scores held in memory at once


class Matches:
    """The result of `match`: the best choices for each query.

    Parameters
    ----------
    index : ndarray of int64, shape (n,) or (n, k)
        Positions in the choices, best first; -1 where there is none.
    scores : ndarray of float64
        Of the same shape; NaN where there is none.
    queries, choices : list
        The sequences that were compared.
    labels : list, optional
        The labels of the choices: keys of a mapping, labels of a Series; their positions unless given.
    query_labels : list, optional
        The labels of the queries, likewise.
    """

    def __init__(
        self,
        index: NDArray[np.int64],
        scores: Array,
        queries: list[Any],
        choices: list[Any],
        labels: list[Any] | None = None,
        query_labels: list[Any] | None = None,
    ):
        self.index, self.scores = index, scores
        self._queries, self._choices, self._labels, self._query_labels = queries, choices, labels, query_labels

    def __len__(self) -> int:
        """Queries."""
        return len(self.index)

    def __repr__(self) -> str:
        """Sizes."""
        first = self.index.reshape(len(self), -1)[:, 0] if self.index.size else self.index
        return f"Matches({int((first >= 0).sum())} of {len(self)} queries among {len(self._choices)} choices)"

    @property
    def keys(self) -> NDArray[Any]:
        """The labels of the choices, in the shape of `index`; None where there is none."""
        return self._looked_up(list(range(len(self._choices))) if self._labels is None else self._labels)

    @property
    def choices(self) -> NDArray[Any]:
        """The choices themselves, in the shape of `index`; None where there is none."""
        return self._looked_up(self._choices)

    def _looked_up(self, values: list[Any]) -> NDArray[Any]:
        found = np.empty(self.index.size, object)
        for at, k in enumerate(self.index.ravel().tolist()):
            found[at] = values[k] if k >= 0 else None
        return found.reshape(self.index.shape)

    def to_frame(self) -> Any:
        """A data frame with a row for each query and rank.

        Returns
        -------
        pandas.DataFrame
            Columns ``query``, ``choice``, ``key``, ``index`` and ``score``, and ``rank`` (from 1) where more than one was looked for. The
            row labels are those of the queries in a mapping or a Series, so that the frame can be joined with it.
        """
        try:
            import pandas as pd
        except ImportError:
            raise ImportError("to_frame needs pandas, which is not installed") from None
        k = self.index.shape[1] if self.index.ndim == 2 else 1
        queries = np.empty(len(self._queries), object)
        queries[:] = self._queries
        columns: dict[str, Any] = {"query": np.repeat(queries, k)}
        if self.index.ndim == 2:
            columns["rank"] = np.tile(np.arange(1, k + 1), len(self))
        columns |= {"choice": self.choices.ravel(), "key": self.keys.ravel(), "index": self.index.ravel(), "score": self.scores.ravel()}
        if self._query_labels is None:
            return pd.DataFrame(columns)
        return pd.DataFrame(columns, index=pd.Index([label for label in self._query_labels for _ in range(k)], tupleize_cols=True))


def match(
    queries: Any,
    choices: Any,
    aligner: PairAligner | None = None,
    k: int = 1,
    cutoff: float | None = None,
    missing: str = "skip",
    *,
    similarity: str | None = None,
    case: str = "keep",
    threads: int | None = None,
) -> Matches:
    """The best choices for each query.

    Parameters
    ----------
    queries : list of sequences, mapping or pandas Series
        The sequences to find.
    choices : list of sequences, mapping, pandas Series or WordIndex
        The sequences that are searched; of mappings the values. An index has an aligner and a cutoff of its own.
    aligner : PairAligner, optional
        The distance or similarity; `Levenshtein()` unless given.
    k : int
        The number of results for each query; where there are fewer, the rest are -1.
    cutoff : float, optional
        Worse results are left out: costs above it, similarities below.
    missing : {"skip", "raise"}
        How None and NaN are treated: they match nothing, or are an error.
    similarity : {"normalized", "ratio"}, optional
        Scores are from 0 to 1, 1 for equal sequences. ``"normalized"``: 1 - cost / the greatest cost of sequences that long (of `Levenshtein`), or the
        share of the longer one (of `LCS`). ``"ratio"``: twice the longest common subsequence by the sum of lengths, rapidfuzz's ratio / 100;
        no `aligner` then.
    case : {"keep", "ignore"}
        Whether capitals and small letters of `str` are the same (``str.casefold``).
    threads : int, optional
        The greatest number of threads; the result does not depend on it.

    Returns
    -------
    Matches
        ``.index`` and ``.scores`` of shape (n,), or (n, k) for k > 1; ``.keys``, ``.choices``, ``.to_frame()``. Among equals the first choice.

    Raises
    ------
    ValueError
        If `k` is no whole number of at least 1, `cutoff` no number or no similarity, `missing` or `similarity` none of these, or the aligner has no
        similarity; if something is missing and ``missing="raise"``.

    Notes
    -----
    Exact: all pairs that a bound does not exclude are scored. Equal queries are searched once. For `Levenshtein` with a cutoff of at most
    three edits and many queries, a `WordIndex` of the choices is built.

    Examples
    --------
    >>> from plait.align import match
    >>> found = match(["Jhon", None, "zzzz"], ["Jane", "John"], cutoff=2)
    >>> found.index.tolist(), found.scores.tolist()
    ([1, -1, -1], [2.0, nan, nan])
    >>> match(["Jhon"], {"a": "Jane", "b": "John"}, similarity="ratio").keys.tolist()
    ['b']
    """
    if isinstance(choices, WordIndex):
        if aligner is not None or similarity is not None:
            raise ValueError("match: a WordIndex has its own aligner and no similarity; got another one")
        if case != "keep":
            raise ValueError("match: case: words of a WordIndex are as they are; build it from words with casefold()")
        return choices.match(queries, k, cutoff, missing, threads=threads)
    k = _arguments.whole(k, "match: k")
    most = None if cutoff is None else _arguments.share(cutoff, similarity)
    chosen = scorer(aligner, similarity)
    asked, called = labelled(queries, "queries")
    offered, labels = labelled(choices, "choices")
    rows, columns = (present(values, name, missing) for values, name in ((asked, "queries"), (offered, "choices")))
    positions = np.array(columns, np.int64)
    compared = _folded(asked, case)
    against = _folded([offered[j] for j in columns], case)
    different, members = _different(compared, rows)
    wanted = [compared[i] for i in different]
    chosen._check(
        [*wanted, *against], lambda i: f"queries[{different[i]}]" if i < len(different) else f"choices[{columns[i - len(different)]}]"
    )
    index, scores = np.full((len(asked), k), -1, np.int64), np.full((len(asked), k), np.nan)
    if against and wanted:
        found, best = _best(chosen, wanted, against, min(k, len(against)), most, similarity, _arguments.thread_count(threads))
        here, there = (np.array(v, np.int64) for v in (rows, members))
        index[here, : found.shape[1]] = np.where(found >= 0, positions[found], -1)[there]
        scores[here, : found.shape[1]] = best[there]
    return Matches(index if k > 1 else index[:, 0], scores if k > 1 else scores[:, 0], asked, offered, labels, called)


class Deduplicated(NamedTuple):
    """The result of `deduplicate`.

    Parameters
    ----------
    strings : list
        Those that are kept, in their order.
    kept : ndarray of int64
        Their positions.
    representatives : ndarray of int64, shape (n,)
        For each string the position of its representative; -1 for missing ones.
    """

    strings: list[Any]
    kept: NDArray[np.int64]
    representatives: NDArray[np.int64]


def deduplicate(
    strings: Any,
    cutoff: float,
    aligner: PairAligner | None = None,
    *,
    similarity: str | None = None,
    case: str = "keep",
    threads: int | None = None,
) -> Deduplicated:
    """Remove near duplicates from a list.

    Parameters
    ----------
    strings : list of sequences, mapping or pandas Series
        Of mappings the values; None and NaN are left out.
    cutoff : float
        Sequences whose cost is at most this (whose similarity is at least this) are near duplicates.
    aligner : PairAligner, optional
        The distance or similarity; `Levenshtein()` unless given.
    similarity : {"normalized", "ratio"}, optional
        As of `match`; strings whose similarity is at least the cutoff are then near duplicates.
    case : {"keep", "ignore"}
        Whether capitals and small letters of `str` are the same (``str.casefold``); those that are kept are as they were given.
    threads : int, optional
        The greatest number of threads; the result does not depend on it.

    Returns
    -------
    Deduplicated
        ``.strings``, ``.kept`` and ``.representatives``. A string is kept unless it is a near duplicate of an earlier one that is kept; the
        nearest of these, among equals the first, is its representative, and that of later strings equal to it.

    Raises
    ------
    ValueError
        If `cutoff` is no number, or no similarity where one is asked for.

    Notes
    -----
    O(n · kept) pairs, each of which ends at the cutoff; for many words within three edits a `WordIndex` finds the pairs within the cutoff.

    Examples
    --------
    >>> from plait.align import deduplicate
    >>> deduplicate(["kitten", "kittens", "flour", "sitten"], cutoff=1)
    Deduplicated(strings=['kitten', 'flour'], kept=array([0, 2]), representatives=array([0, 0, 2, 0]))
    """
    most, chosen = _arguments.share(cutoff, similarity), scorer(aligner, similarity)
    threads = _arguments.thread_count(threads)
    given, _ = labelled(strings, "strings")
    values = _folded(given, case)
    places = present(values, "strings", "skip")
    different, members = _different(values, places)
    chosen._check([values[i] for i in different], lambda i: f"strings[{different[i]}]")
    words = [values[i] for i in different]
    index = index_for(chosen, len(words), words, most) if similarity is None else None
    if index is None:
        stands, kept = _by_blocks(chosen, values, different, most, similarity, threads)
    else:
        assert isinstance(chosen, Levenshtein)
        stands, kept = _by_index(index, chosen, words, different, most, threads)
    representatives = np.full(len(values), -1, np.int64)
    representatives[places] = stands[members] if places else -1
    return Deduplicated([given[i] for i in kept], np.array(kept, np.int64), representatives)


def _by_blocks(
    chosen: PairAligner, values: list[Any], different: list[int], most: float, similarity: str | None, threads: int
) -> tuple[NDArray[np.int64], list[int]]:
    """For each different string the position of its representative, and the positions of the kept ones."""
    best = similarity is not None or chosen._method().worst < 0

    def scored(rows: list[Any], columns: list[Any]) -> Array:
        if similarity is None or not rows or not columns:
            return _scored(chosen, rows, columns, most, threads)
        within = cost_within(chosen, similarity, most, rows, columns)
        return normalised(_scored(chosen, rows, columns, within, threads), chosen, similarity, rows, columns)

    kept: list[int] = []
    stands = np.empty(len(different), np.int64)
    step = 64
    for begin in range(0, len(different), step):
        block = [values[i] for i in different[begin : begin + step]]
        scores = scored(block, [values[i] for i in kept])
        among = scored(block, block)
        inside: list[int] = []  # those of the block that are kept
        for b in range(len(block)):
            row = np.concatenate([scores[b], among[b, inside]])
            at = int(row.argmax() if best else row.argmin()) if len(row) else -1
            if at >= 0 and (row[at] >= most if best else row[at] <= most):
                stands[begin + b] = kept[at]
            else:
                inside.append(b)
                kept.append(different[begin + b])
                stands[begin + b] = different[begin + b]
    return stands, kept


def _by_index(
    index: Any, chosen: Levenshtein, words: list[Any], different: list[int], most: float, threads: int
) -> tuple[NDArray[np.int64], list[int]]:
    """The same by an index, which finds the near duplicates of each, best first."""
    stands = np.empty(len(words), np.int64)
    is_kept = np.zeros(len(words), bool)
    step = 1 << 14  # queries whose neighbours are in memory at once
    for begin in range(0, len(words), step):
        ends, found, _ = index.within_of_each(chosen._method(), words[begin : begin + step], -1, most, least_weight(chosen), threads)
        for q in range(len(ends) - 1):
            near = found[ends[q] : ends[q + 1]]
            near = near[is_kept[near]]
            if len(near):
                stands[begin + q] = different[near[0]]
            else:
                is_kept[begin + q] = True
                stands[begin + q] = different[begin + q]
    return stands, [different[i] for i in np.flatnonzero(is_kept)]


def labelled(values: Any, name: str) -> tuple[list[Any], list[Any] | None]:
    """Sequences and their labels: of mappings the keys, of Series the index."""
    if isinstance(values, Mapping):
        return list(values.values()), list(values)
    if type(values).__name__ == "Series" and hasattr(values, "index") and hasattr(values, "tolist"):
        return list(values.tolist()), list(values.index)
    if type(values).__name__ == "DataFrame":
        raise TypeError(f"{name}: expected a list, mapping or Series, got a DataFrame; take one of its columns")
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype == object:
        return list(values.tolist()), None
    return _inputs.collection(values, name), None


def present(values: list[Any], name: str, missing: str) -> list[int]:
    """Positions of what is not missing."""
    if missing not in ("skip", "raise"):
        raise ValueError(f"match: missing: expected 'skip' or 'raise', got {missing!r}")
    gone = {i for i, value in enumerate(values) if value is None or (not isinstance(value, (str, bytes)) and _is_missing_scalar(value))}
    if gone and missing == "raise":
        raise ValueError(f"match: {name}[{min(gone)}] is missing ({values[min(gone)]!r}); missing='skip' matches it with nothing")
    return [i for i in range(len(values)) if i not in gone]


def _folded(values: list[Any], case: str) -> list[Any]:
    if case not in ("keep", "ignore"):
        raise ValueError(f"case: expected 'keep' or 'ignore', got {case!r}")
    return values if case == "keep" else [value.casefold() if isinstance(value, str) else value for value in values]


def _is_missing_scalar(value: Any) -> bool:
    return not hasattr(value, "__len__") and _is_missing(value)


def _different(values: list[Any], places: list[int]) -> tuple[list[int], list[int]]:
    """Positions of the first occurrences of different sequences, and the inverse; only texts are compared."""
    seen: dict[Any, int] = {}
    first: list[int] = []
    members = []
    for i in places:
        value = values[i]
        if type(value) in (str, bytes):
            if value not in seen:
                seen[value] = len(first)
                first.append(i)
            members.append(seen[value])
        else:
            members.append(len(first))
            first.append(i)
    return first, members


def _scored(aligner: PairAligner, rows: list[Any], columns: list[Any], cutoff: float | None, threads: int | None) -> Array:
    out = np.empty((len(rows), len(columns)))
    if out.size:
        aligner._matrix(rows, columns, cutoff, out, threads)
    return out


def _best(
    aligner: PairAligner, rows: list[Any], columns: list[Any], k: int, cutoff: float | None, similarity: str | None, threads: int | None
) -> tuple[NDArray[np.int64], Array]:
    """The k best columns for each row, -1 and NaN beyond the cutoff."""
    greatest = similarity is not None or aligner._method().worst < 0
    count = len(rows)
    indexed = _index(aligner, rows, columns, cutoff if similarity is None else None)
    if indexed is not None:
        assert isinstance(aligner, Levenshtein)
        assert cutoff is not None
        return best_of_each(indexed, aligner, rows, k, cutoff, threads)
    if similarity is None and cutoff is not None and isinstance(aligner, SymbolAligner):
        index, scores = aligner._nearest_within(
            rows, columns, k, cutoff, threads, lambda i: f"queries[{i}]" if i < count else f"choices[{i - count}]"
        )
    elif similarity is None and cutoff is None:
        index, scores = aligner._nearest(rows, columns, k, threads, lambda i: f"queries[{i}]" if i < count else f"choices[{i - count}]")
    else:
        index, scores = np.empty((len(rows), k), np.int64), np.empty((len(rows), k))
        step = max(1, BLOCK // len(columns))
        for begin in range(0, len(rows), step):
            part = rows[begin : begin + step]
            within = cutoff if similarity is None else cost_within(aligner, similarity, cutoff, part, columns)
            block = _scored(aligner, part, columns, within, threads)
            if similarity is not None:
                block = normalised(block, aligner, similarity, part, columns)
            for i, row in enumerate(-block if greatest else block, begin):
                near = _first_of(row, k)
                index[i], scores[i] = near, block[i - begin, near]
    worse = np.isnan(scores) if cutoff is None else ~(scores >= cutoff if greatest else scores <= cutoff)
    index[worse], scores[worse] = -1, np.nan
    return index, scores


def _index(aligner: PairAligner, rows: list[Any], columns: list[Any], cutoff: float | None) -> Any:
    """An index of the columns where it is faster and the rows are of the same kind."""
    return index_for(aligner, len(rows), columns, cutoff) if set(map(type, rows)) == set(map(type, columns)) else None


def _first_of(row: Array, k: int) -> NDArray[np.int64]:
    """The k least, in order; of equals the first."""
    if k == 1:
        return np.array([row.argmin()])
    if k < len(row):
        near = np.flatnonzero(row <= np.partition(row, k - 1)[k - 1])
        return near[np.argsort(row[near], kind="stable")[:k]]
    return np.argsort(row, kind="stable")


def nearest_within(aligner: PairAligner, query: Any, references: Any, k: int, cutoff: float | None) -> tuple[NDArray[Any], Array]:
    """The result of `PairAligner.nearest` with a cutoff, or where references have keys."""
    values, labels = (list(references.values()), list(references)) if isinstance(references, Mapping) else (references, None)
    against = _inputs.collection(values, "references")
    k = _arguments.whole(k, "k", len(against), "references")
    aligner._check([query, *against], lambda i: f"references[{i - 1}]" if i else "query")
    most = None if cutoff is None else _arguments.limit(cutoff)
    index, scores = (found[0] for found in _best(aligner, [query], against, k, most, None, 1))
    reached = index >= 0 if cutoff is not None else np.full(k, True)
    index, scores = index[reached], scores[reached]
    if labels is None:
        return index, scores
    keys = np.empty(len(index), object)
    keys[:] = [labels[i] for i in index]
    return keys, scores

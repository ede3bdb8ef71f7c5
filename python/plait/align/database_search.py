"""Search of queries in a database of sequences: the best local alignments, with bits and E-values."""

from __future__ import annotations

import heapq
import itertools
import math
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _arguments, _databases, _inputs, _records
from .alignment import Alignment
from .hits import Hit, Hits
from .pairwise import SmithWaterman, gaps, resolve
from .statistics import BASES, KarlinAltschul
from .substitution import Substitution

#: True for a bar (tqdm where it is installed), or a callable that is given the amount done and the total (None where that is not known).
Progress: TypeAlias = bool | Callable[[int, "int | None"], Any]
STRANDS = ("both", "plus", "minus")
COMPLEMENT = str.maketrans("ACGTURYSWKMBDHVN", "TGCAAYRSWMKVHDBN")
#: The number of letters of a piece from which its alphabet is determined.
SAMPLE = 1 << 16
#: Memory for the moves of an alignment.
MEMORY_LIMIT = 1 << 28


class _Query(NamedTuple):
    """A query on one strand."""

    at: int  #: its position among the queries
    name: str
    letters: str
    reverse: bool  #: whether it is the reverse complement
    codes: bytes


class _Candidate(NamedTuple):
    """A sequence of the database that may be among the best; ordered from worst to best."""

    score: float
    before: int  #: minus its position in the database: of equal ones the first is better
    reverse: bool
    begin: int  #: of the window that has the score, within the sequence
    size: int
    name: str
    description: str
    codes: bytes


def search(
    aligner: SmithWaterman,
    queries: Any,
    database: Any,
    k: int,
    max_evalue: float | None,
    strand: str | None,
    statistics: KarlinAltschul | str | None,
    threads: int | None,
    progress: Progress,
) -> Hits:
    """The implementation of `SmithWaterman.search`."""
    k, threads = _arguments.whole(k, "search: k"), _arguments.thread_count(threads)
    queries = _inputs.raw(queries)
    most = math.inf if max_evalue is None else _arguments.limit(max_evalue, "search: max_evalue")
    items = _items(queries)
    table = letters_table(aligner, items)
    letters = _databases.Letters(table)
    told = chosen_statistics(aligner, statistics, threads)
    if most < math.inf and told is None:
        raise ValueError("search: max_evalue needs statistics, which are None")
    if strand is None:
        strand = "both" if is_of_nucleotides(table) else "plus"
    if strand not in STRANDS:
        raise ValueError(f"search: strand: expected one of {', '.join(map(repr, STRANDS))}, got {strand!r}")
    if strand != "plus" and not is_of_nucleotides(table):
        raise ValueError(f"search: strand={strand!r} is for nucleotides; the similarity is one of {letters.alphabet[:30]!r}")
    named = all_queries(items, letters, strand, isinstance(queries, (str, bytes, bytearray)))
    aligner = aligner._with(table)
    found, sequences, total = _best(aligner, named, database, letters, k, threads, progress)
    return _aligned(aligner, named, found, letters, told, most, sequences, total, threads)


def letters_table(aligner: SmithWaterman, items: list[tuple[Any, Any]]) -> Substitution:
    """The aligner's similarity as a table of letters; of (match, mismatch) that of the bases, where the queries are of those, or of all letters."""
    similarity = resolve(aligner.similarity)
    if isinstance(similarity, Substitution):
        return similarity
    match, mismatch = similarity
    value = _records.unwrapped(items[0][1]) if items else ""
    text = value.decode("latin-1") if isinstance(value, (bytes, bytearray)) else value
    if isinstance(text, str) and _databases.is_nucleotides(text):
        scores = np.where(np.eye(5, dtype=bool), match, mismatch)
        scores[4, 4] = mismatch  # N may be any base
        return Substitution(BASES + "N", scores)
    return Substitution("ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.where(np.eye(26, dtype=bool), match, mismatch))


def is_of_nucleotides(table: Substitution) -> bool:
    """Whether its letters are bases."""
    return set(BASES) <= set(table.alphabet) and not {"E", "F", "I", "L", "P", "Q"} & set(table.alphabet)


def chosen_statistics(aligner: SmithWaterman, statistics: Any, threads: int) -> KarlinAltschul | None:
    """The parameters for E-values."""
    if statistics is None or isinstance(statistics, KarlinAltschul):
        return statistics
    if statistics == "published":
        return KarlinAltschul.of(aligner)
    if statistics == "simulated":
        return KarlinAltschul.simulate(aligner, threads=threads)
    if statistics != "auto":
        raise ValueError(f"search: statistics: expected 'auto', 'published', 'simulated', KarlinAltschul or None, got {statistics!r:.60}")
    try:
        return KarlinAltschul.of(aligner)
    except ValueError:
        return KarlinAltschul.simulate(aligner, threads=threads)


def _items(queries: Any) -> list[tuple[Any, Any]]:
    """(name, sequence) of one query, several, or a mapping; names that are not given are None."""
    if isinstance(queries, (str, bytes, bytearray)) or _records.unwrapped(queries) is not queries:
        return [(None, queries)]
    labelled = _databases.labelled(queries)
    if labelled is None and not isinstance(queries, Iterable):
        raise TypeError(f"queries: expected a sequence, a list of them or a mapping, got {type(queries).__name__}")
    return [(None, query) for query in queries] if labelled is None else list(labelled)


def all_queries(items: list[tuple[Any, Any]], letters: _databases.Letters, strand: str, alone: bool) -> list[_Query]:
    """Each query, in each of the requested strands."""
    found = []
    for k, (key, value) in enumerate(items):
        told = "query" if alone else f"queries[{k if key is None else key!r}]"
        codes = letters.encode(value, told)
        if not codes:
            raise ValueError(f"{told}: the sequence is empty")
        text = letters.decode(codes)
        name = str(key) if key is not None else _records.name(value, "query" if alone else f"query {k + 1}")
        if strand != "minus":
            found.append(_Query(k, name, text, False, codes))
        if strand != "plus":
            found.append(_Query(k, name, text, True, letters.encode(reverse_complement(text), told)))
    if not found:
        raise ValueError("queries: there are none")
    return found


def reverse_complement(letters: str) -> str:
    """The other strand, in its own direction."""
    return letters.translate(COMPLEMENT)[::-1]


def _best(
    aligner: SmithWaterman, queries: list[_Query], database: Any, letters: _databases.Letters, k: int, threads: int, progress: Progress
) -> tuple[list[list[_Candidate]], int, int]:
    """For each query the candidates, best first; the number of sequences in the database, and that of their letters."""
    method = aligner._method()
    reach = _reach(aligner, max(len(query.codes) for query in queries))
    best: list[list[_Candidate]] = [[] for _ in range(queries[-1].at + 1)]
    sequences = total = 0
    reporter = _Reporter(progress, database)
    try:
        found = _databases.pieces(database, letters)
        if threads > 1 and (isinstance(database, (str, os.PathLike)) or hasattr(database, "read")):
            found = _databases.ahead(found)
        for piece in found:
            _check_kind(piece, letters)
            windows = _databases.Windows.of(piece, reach)
            order = np.argsort(windows.lengths, kind="stable")  # windows that are computed together have similar lengths
            parts = method.prepare_parts(piece.codes, windows.begins[order], windows.lengths[order])
            scores = np.empty((len(queries), len(order)))
            method.pairwise([query.codes for query in queries], parts, False, method.worst, scores, threads)
            for at, strands in itertools.groupby(range(len(queries)), lambda row: queries[row].at):
                rows = list(strands)
                own, reverse = np.empty(len(order)), np.empty(len(order), bool)
                own[order] = scores[rows].max(axis=0)
                reverse[order] = np.array([queries[row].reverse for row in rows])[scores[rows].argmax(axis=0)]  # of equal ones the first
                _keep(best[at], k, own, reverse, piece, windows, sequences)
            sequences += len(piece)
            total += len(piece.codes)
            reporter.at(piece.done)
    finally:
        reporter.close()
    return [sorted(heap, reverse=True) for heap in best], sequences, total


def _reach(aligner: SmithWaterman, query: int) -> int | None:
    """The greatest length in the subject of an alignment with a positive score; None where there is no limit.

    The query's length, and the number of gap positions that the greatest score of the query can pay for.
    """
    table = aligner.similarity
    assert isinstance(table, Substitution)
    cost = -max(gaps(aligner.gap, aligner.gap_open, aligner.gap_extend))
    return None if cost == 0 else query + math.ceil(query * max(0.0, float(table.scores.max())) / cost)


def _keep(
    heap: list[_Candidate],
    k: int,
    by_window: NDArray[np.float64],
    reverse: NDArray[np.bool_],
    piece: _databases.Piece,
    windows: _databases.Windows,
    offset: int,
) -> None:
    """Put candidates that are better than the k-th best so far into the heap, whose first element is the worst."""
    scores = np.maximum.reduceat(by_window, windows.first[:-1])
    at = np.flatnonzero(scores > (heap[0].score if len(heap) >= k else 0.0))
    if len(at) > k:
        at = at[np.argsort(-scores[at], kind="stable")[:k]]
    for i in at.tolist():
        if len(heap) >= k and scores[i] <= heap[0].score:
            continue
        equal = windows.first[i] + np.flatnonzero(by_window[windows.first[i] : windows.first[i + 1]] == scores[i])
        w = int(equal[reverse[equal].argmin()])  # of equal ones the first on the plus strand
        begin = int(windows.begins[w] - piece.begins[i])
        codes = piece.codes[piece.begins[i] : piece.begins[i + 1]].tobytes()
        size = int(windows.lengths[w])
        item = _Candidate(float(scores[i]), -(offset + i), bool(reverse[w]), begin, size, *piece.header(i), codes)
        if len(heap) < k:
            heapq.heappush(heap, item)
        else:
            heapq.heapreplace(heap, item)


def _check_kind(piece: _databases.Piece, letters: _databases.Letters) -> None:
    """ValueError: the database is of amino acids, and the table of nucleotides, or the other way round."""
    if len(piece.codes) < 200:
        return
    some = piece.codes[:: max(1, len(piece.codes) // SAMPLE)]
    counts = np.bincount(some, minlength=len(letters.alphabet)) / len(some)
    if letters.unknown is not None and counts[letters.unknown] > 0.5:
        raise ValueError(f"database: most of its letters are none of {letters.alphabet}, which the similarity knows")
    if {"L", "E"} <= set(letters.alphabet) and sum(counts[letters.alphabet.index(b)] for b in "ACGTN" if b in letters.alphabet) > 0.95:
        raise ValueError("database: its letters are nucleotides, the similarity is one of amino acids; nothing is translated")


def _aligned(
    aligner: SmithWaterman,
    queries: list[_Query],
    found: list[list[_Candidate]],
    letters: _databases.Letters,
    statistics: KarlinAltschul | None,
    most: float,
    sequences: int,
    total: int,
    threads: int,
) -> Hits:
    """The alignments of the hits."""
    method = aligner._method()
    hits: list[list[Hit]] = []
    spaces: list[int] = []
    first = {query.at: query for query in reversed(queries)}
    for at, candidates in enumerate(found):
        query = first[at]
        space = 0 if statistics is None else statistics.search_space(len(query.letters), total, sequences)
        spaces.append(space)
        kept = []
        for item in candidates:
            evalue = math.nan if statistics is None else statistics.evalue(item.score, space)
            if not evalue > most:
                kept.append((item, evalue))
        own = letters.encode(query.letters, query.name)
        parts = [letters.decode(item.codes[item.begin : item.begin + item.size]) for item, _ in kept]
        laid = [reverse_complement(text) if item.reverse else text for text, (item, _) in zip(parts, kept, strict=True)]
        prepared = method.prepare([letters.encode(text, "database") for text in laid])
        paths = method.paths(own, prepared, MEMORY_LIMIT, threads)
        hits.append([])
        for (item, evalue), (score, path) in zip(kept, paths, strict=True):
            whole = letters.decode(item.codes)
            if item.reverse:
                whole = reverse_complement(whole)
            path[:, 1] += np.where(path[:, 1] < 0, 0, len(whole) - item.begin - item.size if item.reverse else item.begin)
            alignment = Alignment(score, path, query.letters, whole, "edits", None, aligner._worth(), (query.name, item.name))
            bits = math.nan if statistics is None else statistics.bits(item.score)
            side = "minus" if item.reverse else "plus"
            hits[-1].append(Hit(query.name, item.name, item.description, item.score, bits, evalue, side, alignment))
    return Hits(hits, sequences, total, statistics, None if statistics is None else spaces)


class _Reporter:
    """Progress: how much of the database has been read."""

    def __init__(self, progress: Progress, database: Any) -> None:
        self.total: int | None = None
        self.unit = "sequence"
        if isinstance(database, (str, os.PathLike)):
            path = Path(database)
            self.total, self.unit = path.stat().st_size if path.is_file() else None, "B"
        elif hasattr(database, "read"):
            self.unit = "B"
        elif hasattr(database, "__len__"):
            self.total = len(database)
        self.call = progress if callable(progress) else None
        self.bar: Any = None
        self.line = False
        if progress is True:
            try:
                from tqdm import tqdm

                self.bar = tqdm(total=self.total, unit=self.unit, unit_scale=True, mininterval=0.1)
            except ImportError:
                self.line = True

    def at(self, done: int) -> None:
        """Update the amount that has been read."""
        if self.call is not None:
            self.call(done, self.total)
        if self.bar is not None:
            self.bar.update(done - self.bar.n)
        if self.line:
            sys.stderr.write(f"\r{done}{'' if self.total is None else f'/{self.total}'} {self.unit}")
            sys.stderr.flush()

    def close(self) -> None:
        """End the display, after success or an error."""
        if self.bar is not None:
            self.bar.close()
        if self.line:
            sys.stderr.write("\n")

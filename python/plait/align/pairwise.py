"""Alignments that maximise similarity: global, local, and with free ends.

Packages differ in how gap penalties are given. Here scores of gaps are added as they are, so they are negative, and the first element of a
gap costs ``gap_open`` alone: a gap of k elements adds ``gap_open + (k - 1) * gap_extend``. The same penalties elsewhere:

=========================  ==================================================  =======================================================
package                    its parameters                                      ours
=========================  ==================================================  =======================================================
parasail                   ``open=11, extend=1``: 11 + (k - 1)·1               ``gap_open=-11, gap_extend=-1``
Biopython PairwiseAligner  ``open_gap_score=-11, extend_gap_score=-1``         ``gap_open=-11, gap_extend=-1``
pyopal                     ``gap_open=11, gap_extend=1``: 11 + (k - 1)·1       ``gap_open=-11, gap_extend=-1``
EMBOSS needle, water       ``-gapopen 10 -gapextend 0.5``: 10 + (k - 1)·0.5    ``gap_open=-10, gap_extend=-0.5``; EMBOSS needle leaves end
                                                                               gaps free: `SemiGlobal`
NCBI BLAST                 ``gapopen 11 gapextend 1``: 11 + k·1                ``gap_open=-12, gap_extend=-1``
edlib                      none: every edit costs 1                            `Levenshtein`
=========================  ==================================================  =======================================================
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from .. import _core
from . import _inputs, _records
from ._base import PairAligner, weight
from .substitution import Substitution

if TYPE_CHECKING:
    from .database_search import Progress
    from .hits import Hits
    from .statistics import KarlinAltschul

Similarity: TypeAlias = "Substitution | str | Mapping[tuple[Any, Any], float] | tuple[float, float]"


class _Pairwise(PairAligner):
    """The base class: a similarity and gap scores."""

    similarity: Similarity
    gap: float
    gap_open: float | None
    gap_extend: float | None
    case: str
    unknown: Any
    _table: Substitution | None = None

    def _make(self, free_start: str = "", free_end: str = "", local: bool = False) -> _core.Method:
        similarity = resolve(self.similarity)
        if isinstance(similarity, Substitution) and (self.case != "keep" or self.unknown is not None):
            similarity = similarity.reading(self.case, self.unknown)
        elif self.case not in ("keep", "ignore"):
            raise ValueError(f"case: expected 'keep' or 'ignore', got {self.case!r}")
        elif self.unknown is not None and not isinstance(similarity, Substitution):
            raise ValueError(f"unknown: a match and a mismatch take any symbol, so that none is unknown; got {self.unknown!r}")
        if isinstance(similarity, Substitution):
            weight(float(abs(similarity.scores).max()), "similarity")
        self.__dict__["_table"] = similarity if isinstance(similarity, Substitution) else None
        opening, extending = gaps(self.gap, self.gap_open, self.gap_extend)
        scores = similarity.scores if isinstance(similarity, Substitution) else similarity
        return _core.make_pairwise(scores, opening, extending, free_start, free_end, local)

    def _prepare(self, values: Sequence[Any], name: _inputs.Name) -> list[_inputs.Prepared]:
        self._method()
        values = list(values) if set(map(type, values)) <= {str, bytes} else list(map(_records.unwrapped, values))
        if self._table is None:
            if self.case == "ignore":
                values = [
                    value.upper() if isinstance(value, (str, bytes)) and len(value.upper()) == len(value) else value for value in values
                ]
            return _inputs.symbols(values, name)
        return self._table.encode_all(values, name)

    def _same(self) -> Callable[[Any, Any], bool] | None:
        return _same_letter if self.case == "ignore" else None

    def _worth(self) -> Callable[[Any, Any], float] | None:
        self._method()
        if self._table is not None:
            return self._table.worth
        match, mismatch = resolve(self.similarity)  # type: ignore[misc]  # no table: two numbers
        return functools.partial(_match_or_not, match, mismatch)


class NeedlemanWunsch(_Pairwise):
    """Global alignment: the greatest sum of similarities and gap scores over both whole sequences.

    Parameters
    ----------
    similarity : Substitution, str, mapping or (float, float)
        The similarity of two symbols: a table, the name of one (``"BLOSUM62"``), scores of pairs ``{(a, b): score}`` (see
        `Substitution.from_dict`), one of Biopython's ``substitution_matrices``, or two numbers for any symbols that are equal and that
        differ.
    gap : float
        The score of each element in a gap; not positive.
    gap_open, gap_extend : float, optional
        Instead of `gap`, both together: a gap of k elements adds ``gap_open + (k - 1) * gap_extend``. Not positive.
    case : {"keep", "ignore"}
        Whether a letter without scores is read as its capital.
    unknown : symbol, optional
        The symbol that replaces symbols without scores (``"X"``); without it they are an error.

    Notes
    -----
    O(n·m) cells (Needleman and Wunsch 1970; Gotoh 1982 for affine gaps). A gap in one sequence may follow one in the other. A symbol that the
    similarity has no scores for is a ValueError with its position, unless `case` or `unknown` say how it is read.

    `align` keeps the moves of all cells, half a byte each (a byte for scores that are not whole). Beyond 256 MB it keeps rows between blocks
    of the matrix instead, and recomputes the blocks that the path crosses; the path is the same. `align_many` aligns one
    sequence with many.

    Whole scores (also such as 0.5, which a power of two makes whole) are computed in small integers, many cells at once (Farrar 2007), others
    in float64.

    Examples
    --------
    >>> from plait.align import NeedlemanWunsch
    >>> NeedlemanWunsch("BLOSUM62", gap_open=-11, gap_extend=-1).score("HEAGAWGHEE", "PAWHEAE")
    2.0
    >>> NeedlemanWunsch((1, -1), gap=-2).align("GATTACA", "GATCA").path.tolist()
    [[0, 0], [1, 1], [2, -1], [3, 2], [4, -1], [5, 3], [6, 4]]
    """

    def __init__(
        self,
        similarity: Similarity,
        gap: float = -5,
        gap_open: float | None = None,
        gap_extend: float | None = None,
        *,
        case: str = "keep",
        unknown: Any = None,
    ):
        self.similarity = similarity
        self.gap = gap
        self.gap_open = gap_open
        self.gap_extend = gap_extend
        self.case = case
        self.unknown = unknown
        self._method()  # invalid parameters are refused here

    def _build(self) -> _core.Method:
        return self._make()


class SmithWaterman(_Pairwise):
    """Local alignment: the two parts that are most similar.

    Parameters
    ----------
    similarity : Substitution, str, mapping or (float, float)
        As of `NeedlemanWunsch`.
    gap : float
        The score of each element in a gap; not positive.
    gap_open, gap_extend : float, optional
        Instead of `gap`, both together: a gap of k elements adds ``gap_open + (k - 1) * gap_extend``. Not positive.
    case : {"keep", "ignore"}
        Whether a letter without scores is read as its capital.
    unknown : symbol, optional
        The symbol that replaces symbols without scores (``"X"``); without it they are an error.

    Notes
    -----
    O(n·m) cells (Smith and Waterman 1981). The path covers the parts alone. Where nothing is positive the score is 0 and the path empty.
    Of several best ends the first in the order of rows is taken, and from there the path goes back to where its score is first 0. `count`
    returns the number of alignments with the best score from all beginnings to all ends, and 1 if that score is 0.

    Examples
    --------
    >>> from plait.align import SmithWaterman
    >>> found = SmithWaterman("BLOSUM62", gap_open=-11, gap_extend=-1).align("HEAGAWGHEE", "PAWHEAE")
    >>> found.score, found.path.tolist()
    (17.0, [[0, 3], [1, 4], [2, 5]])
    """

    def __init__(
        self,
        similarity: Similarity,
        gap: float = -5,
        gap_open: float | None = None,
        gap_extend: float | None = None,
        *,
        case: str = "keep",
        unknown: Any = None,
    ):
        self.similarity = similarity
        self.gap = gap
        self.gap_open = gap_open
        self.gap_extend = gap_extend
        self.case = case
        self.unknown = unknown
        self._method()  # invalid parameters are refused here

    def _build(self) -> _core.Method:
        return self._make(local=True)

    def _with(self, table: Substitution) -> SmithWaterman:
        """The same with another similarity."""
        return SmithWaterman(table, self.gap, self.gap_open, self.gap_extend)

    def search(
        self,
        queries: Any,
        database: Any,
        k: int = 20,
        *,
        max_evalue: float | None = None,
        strand: str | None = None,
        statistics: KarlinAltschul | str | None = "auto",
        threads: int | None = None,
        progress: Progress = False,
    ) -> Hits:
        """The sequences of a database that are most similar to a query, exactly as ssearch finds them (BLAST approximates).

        Parameters
        ----------
        queries : str, bytes, record, or list or mapping of them
            The queries. Records are those of `plait.datasets.fasta` and of Biopython.
        database : path, binary stream, or list or mapping of sequences
            A str is the path of a FASTA file, possibly compressed by gzip. It is read in pieces of 4 MB (or of its longest record), so it
            may be larger than the memory.
        k : int
            The greatest number of hits of each query; among equal scores those that come first in the database.
        max_evalue : float, optional
            Hits with a greater E-value are left out. BLAST's default is 10.
        strand : {"both", "plus", "minus"}, optional
            For nucleotides, the strands of the subjects that are compared; both unless given, and of both the better one counts.
            Proteins have one.
        statistics : {"auto", "published", "simulated"}, KarlinAltschul or None
            The parameters of bits and E-values: those that NCBI publishes for the table and the gaps (`KarlinAltschul.of`), those of
            alignments of random sequences (`KarlinAltschul.simulate`), or "auto": published where there are, else simulated; the result's
            ``statistics.source`` says which. None: there are none, and both are NaN.
        threads : int, optional
            The greatest number of threads; the hits do not depend on it.
        progress : bool or callable
            True shows a bar (tqdm); a callable is given the bytes, or sequences, that are read, and their number (None for a stream).

        Returns
        -------
        Hits
            The hits of each query, in the order of the queries and best first; each with its alignment.

        Raises
        ------
        FormatError
            If the database is no FASTA.
        ValueError
            If there are no statistics for the table and the gaps, or the database is of nucleotides and the table of amino acids.

        Notes
        -----
        One hit is found for each sequence of the database: its best alignment. Letters count as capitals; gaps and white space are left out;
        letters that are not in the table count as X, or N (U as T). The E-value is ``K m' n' exp(-lambda S)`` with the effective lengths m'
        of the query and n' of the database (see `KarlinAltschul.length_adjustment`); nothing is adjusted to a sequence's composition, as
        ssearch's and BLAST's newer programs do.

        Gap scores are given as everywhere in `plait.align`: BLAST's "existence 11, extension 1", its default for proteins, is
        ``gap_open=-12, gap_extend=-1`` here.

        Examples
        --------
        >>> from plait.align import SmithWaterman
        >>> aligner = SmithWaterman((2, -3), gap_open=-7, gap_extend=-2)  # blastn's
        >>> hits = aligner.search("GATTACAGATTACA", {"a": "CCCCCCCC", "b": "TTTGTAATCTGTAATCTT"})
        >>> [(hit.subject, hit.score, hit.strand) for hit in hits]
        [('b', 28.0, 'minus'), ('a', 2.0, 'plus')]
        """
        from .database_search import search

        return search(self, queries, database, k, max_evalue, strand, statistics, threads, progress)


class SemiGlobal(_Pairwise):
    """Semi-global alignment: gaps at chosen ends are free.

    Parameters
    ----------
    similarity : Substitution, str, mapping or (float, float)
        As of `NeedlemanWunsch`.
    gap : float
        The score of each element in a gap; not positive.
    gap_open, gap_extend : float, optional
        Instead of `gap`, both together: a gap of k elements adds ``gap_open + (k - 1) * gap_extend``. Not positive.
    free_start, free_end : str
        The sequences whose first and last elements may be left out: ``"x"``, ``"y"``, ``"xy"`` or ``""``. ``free_start="y", free_end="y"``
        finds x within y; ``"x"`` and ``"y"`` let x's end overlap y's beginning.
    case : {"keep", "ignore"}
        Whether a letter without scores is read as its capital.
    unknown : symbol, optional
        The symbol that replaces symbols without scores (``"X"``); without it they are an error.

    Notes
    -----
    O(n·m) cells. The path has no columns for what was left out; where one sequence's start and the other's end are free, that may be
    everything, so that the score is at least 0. Of several best ends the first in the order of rows is taken.

    Examples
    --------
    >>> from plait.align import SemiGlobal
    >>> SemiGlobal((1, -1), gap=-2, free_start="y", free_end="y").align("GATT", "ACGATTACA").path.tolist()
    [[0, 2], [1, 3], [2, 4], [3, 5]]
    """

    def __init__(
        self,
        similarity: Similarity,
        gap: float = -5,
        gap_open: float | None = None,
        gap_extend: float | None = None,
        free_start: str = "xy",
        free_end: str = "xy",
        *,
        case: str = "keep",
        unknown: Any = None,
    ):
        self.similarity = similarity
        self.gap = gap
        self.gap_open = gap_open
        self.gap_extend = gap_extend
        self.case = case
        self.unknown = unknown
        self.free_start = free_start
        self.free_end = free_end
        self._method()  # invalid parameters are refused here

    def _build(self) -> _core.Method:
        return self._make(_sides(self.free_start, "free_start"), _sides(self.free_end, "free_end"))


def needleman_wunsch(
    a: Any, b: Any, similarity: Similarity, gap: float = -5, gap_open: float | None = None, gap_extend: float | None = None
) -> float:
    """The score of the best global alignment.

    Parameters
    ----------
    a, b : sequence
        The sequences.
    similarity, gap, gap_open, gap_extend
        As of `NeedlemanWunsch`.

    Returns
    -------
    float
        The greatest similarity.

    Examples
    --------
    >>> from plait.align import needleman_wunsch
    >>> needleman_wunsch("GATTACA", "GATCA", (1, -1), gap=-2)
    1.0
    """
    return NeedlemanWunsch(similarity, gap, gap_open, gap_extend).score(a, b)


def smith_waterman(
    a: Any, b: Any, similarity: Similarity, gap: float = -5, gap_open: float | None = None, gap_extend: float | None = None
) -> float:
    """The score of the best local alignment.

    Parameters
    ----------
    a, b : sequence
        The sequences.
    similarity, gap, gap_open, gap_extend
        As of `SmithWaterman`.

    Returns
    -------
    float
        The greatest similarity of two parts; 0 if nothing is similar.

    Examples
    --------
    >>> from plait.align import smith_waterman
    >>> smith_waterman("CCGATTACC", "GGATTAGG", (1, -1), gap=-2)
    5.0
    """
    return SmithWaterman(similarity, gap, gap_open, gap_extend).score(a, b)


def semi_global(
    a: Any,
    b: Any,
    similarity: Similarity,
    gap: float = -5,
    gap_open: float | None = None,
    gap_extend: float | None = None,
    free_start: str = "xy",
    free_end: str = "xy",
) -> float:
    """The score of the best alignment with free ends.

    Parameters
    ----------
    a, b : sequence
        The sequences.
    similarity, gap, gap_open, gap_extend, free_start, free_end
        As of `SemiGlobal`.

    Returns
    -------
    float
        The greatest similarity.

    Examples
    --------
    >>> from plait.align import semi_global
    >>> semi_global("CCCGATT", "GATTGG", (1, -1), gap=-2)
    4.0
    """
    return SemiGlobal(similarity, gap, gap_open, gap_extend, free_start, free_end).score(a, b)


def resolve(similarity: Any) -> Substitution | tuple[float, float]:
    """A similarity in any of its forms as a table, or as (match, mismatch)."""
    if isinstance(similarity, Substitution):
        return similarity
    if isinstance(similarity, str):
        return Substitution.named(similarity)
    if isinstance(similarity, np.ndarray) and similarity.ndim == 2 and hasattr(similarity, "alphabet"):  # Biopython's
        return Substitution(similarity.alphabet, np.asarray(similarity))
    if isinstance(similarity, Mapping):
        return Substitution.from_dict(similarity)
    if isinstance(similarity, (tuple, list)) and len(similarity) == 2:
        return weight(similarity[0], "similarity: match"), weight(similarity[1], "similarity: mismatch")
    raise TypeError(
        f"similarity: expected a Substitution, the name of one, a mapping {{(a, b): score}} or (match, mismatch), got {similarity!r:.60}"
    )


def _same_letter(a: Any, b: Any) -> bool:
    """Whether two symbols are equal but for their case; numbers are bytes of ASCII."""
    a, b = (chr(s) if isinstance(s, int) and 0 <= s < 128 else s for s in (a, b))
    return bool(a == b or (isinstance(a, str) and isinstance(b, str) and a.upper() == b.upper()))


def _match_or_not(match: float, mismatch: float, a: Any, b: Any) -> float:
    return match if a == b else mismatch


def gaps(gap: Any, gap_open: Any, gap_extend: Any) -> tuple[float, float]:
    """(open, extend), checked."""
    if (gap_open is None) != (gap_extend is None):
        given, missing = ("gap_open", "gap_extend") if gap_extend is None else ("gap_extend", "gap_open")
        raise ValueError(
            f"{given} was given without {missing}: affine gaps need both, `gap` alone is for gaps that cost the same everywhere"
        )
    named = {"gap": gap} if gap_open is None else {"gap_open": gap_open, "gap_extend": gap_extend}
    for name, value in named.items():
        if weight(value, name) > 0:
            raise ValueError(f"{name}: scores of gaps are added as given, so expected a number of at most 0, got {value!r}")
    values = [float(value) for value in named.values()]
    return values[0], values[-1]


def _sides(value: Any, name: str) -> str:
    if not isinstance(value, str) or value not in {"", "x", "y", "xy", "yx"}:
        raise ValueError(f"{name}: expected '', 'x', 'y' or 'xy', got {value!r}")
    return value

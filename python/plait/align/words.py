"""An exact index of words for queries within a few edits."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from . import _arguments
from ._base import PairAligner
from .edit import Levenshtein

if TYPE_CHECKING:
    from .matching import Matches

#: By number of edits: least number of queries for which building an index pays.
WORTHWHILE = {0: 20, 1: 60, 2: 300, 3: 1500}
#: Number of choices below which scoring all of them is as fast.
FEW = 500


class WordIndex:
    """An index of words for exact queries within a cutoff, without scoring all words.

    Parameters
    ----------
    choices : list of str or of bytes, mapping or pandas Series
        The words, or the values of a mapping. None and NaN are left out.
    cutoff : float
        The largest score of queries; at most three edits.
    aligner : Levenshtein, optional
        The distance; `Levenshtein()` unless given. Weights must be above 0; transpositions are supported.

    Attributes
    ----------
    cutoff : float
        As given.
    aligner : Levenshtein
        A copy of the given one.
    nbytes : int
        Memory of the index, without the words.

    Raises
    ------
    ValueError
        If `cutoff` is negative or allows more than three edits, or a weight is 0.
    TypeError
        If a word is not text, or some are `str` and some `bytes`.

    Notes
    -----
    Exact. Two words are within k edits only if they are equal after the deletion of at most k symbols of each (Mor and Fraenkel 1982), so
    the index has these deletion variants of every word; for long words those of a prefix that is long enough to distinguish words (about
    `cutoff` + 6 symbols of English words, more for smaller alphabets). Each further edit takes several times the memory. The time of a
    query hardly depends on the number of words. The words must not be changed.

    See Also
    --------
    match : builds an index automatically where it pays.

    Examples
    --------
    >>> from plait.align import WordIndex
    >>> index = WordIndex(["kitchen", "kitten", "mitten", "sitting"], cutoff=2)
    >>> index.nearest("kiten")
    (array([1]), array([1.]))
    >>> [str(word) for word in index.within("kiten").choices]
    ['kitten', 'kitchen', 'mitten']
    """

    def __init__(self, choices: Any, cutoff: float = 2, aligner: Levenshtein | None = None):
        from .matching import labelled, present

        if aligner is not None and not isinstance(aligner, Levenshtein):
            raise TypeError(f"WordIndex: aligner: expected a Levenshtein, got {aligner!r:.60}")
        self.cutoff = _arguments.limit(cutoff)
        self.aligner = Levenshtein() if aligner is None else copy.copy(aligner)
        edits = edits_within(self.aligner, self.cutoff)
        if edits is None:
            raise ValueError(
                f"WordIndex: expected a cutoff of 0 to {_core.WordIndex.most_edits} edits, got {cutoff!r} for {self.aligner!r}"
            )
        self._choices, self._labels = labelled(choices, "choices")
        self._places = np.array(present(self._choices, "choices", "skip"), np.int64)
        words = [_plain(self._choices[i]) for i in self._places.tolist()]
        kinds = set(map(type, words))
        if not kinds <= {str} and not kinds <= {bytes}:
            odd = next(
                i for i in self._places.tolist() if type(self._choices[i]) is not type(words[0]) or type(words[0]) not in (str, bytes)
            )
            raise TypeError(f"WordIndex: choices[{odd}]: expected str for all, or bytes for all, got {type(self._choices[odd]).__name__}")
        self._kind = next(iter(kinds), str)
        self._index = _core.WordIndex(words, edits)
        self._least = least_weight(self.aligner)

    def __len__(self) -> int:
        """Number of choices, missing ones included."""
        return len(self._choices)

    def __repr__(self) -> str:
        """Sizes."""
        return f"WordIndex({len(self)} choices, cutoff={self.cutoff:g}, aligner={self.aligner!r})"

    def __reduce__(self) -> Any:
        """The constructor's arguments: unpickling builds the index again."""
        choices = self._choices if self._labels is None else dict(zip(self._labels, self._choices, strict=True))
        if self._labels is not None and len(choices) != len(self._choices):  # labels of a Series need not differ
            raise TypeError("WordIndex: labels that occur twice cannot be pickled")
        return WordIndex, (choices, self.cutoff, self.aligner)

    @property
    def nbytes(self) -> int:
        """Memory of the index in bytes, without the words."""
        return int(self._index.bytes)

    def _within_cutoff(self, cutoff: float | None) -> float:
        if cutoff is None:
            return self.cutoff
        most = _arguments.limit(cutoff)
        if most > self.cutoff:
            raise ValueError(f"cutoff: the index was built for {self.cutoff:g}, got {cutoff!r}")
        return most

    def _checked(self, query: Any, name: str) -> Any:
        query = _plain(query)
        if type(query) is not self._kind and len(self._places):
            raise TypeError(f"{name}: expected {self._kind.__name__}, as the choices are, got {type(query).__name__}")
        return query

    def nearest(self, query: Any, k: int = 1, *, cutoff: float | None = None) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """The best choices for one word.

        Parameters
        ----------
        query : str or bytes
            The query.
        k : int
            Number of results; fewer where there are fewer within the cutoff.
        cutoff : float, optional
            Largest score; at most that of the index, which is the default.

        Returns
        -------
        indices : ndarray of int64
            Best first, ties in order of the choices; the keys of a mapping or Series, as an array of objects.
        scores : ndarray of float64
            Their scores.
        """
        k = _arguments.whole(k, "k")
        found, scores = self._index.within(
            self.aligner._method(), self._checked(query, "query"), k, self._within_cutoff(cutoff), self._least
        )
        places = self._places[found]
        if self._labels is None:
            return places, scores
        keys = np.empty(len(places), object)
        keys[:] = [self._labels[i] for i in places.tolist()]
        return keys, scores

    def within(self, query: Any, *, cutoff: float | None = None) -> Matches:
        """All choices within the cutoff.

        Parameters
        ----------
        query : str or bytes
            The query.
        cutoff : float, optional
            Largest score; at most that of the index, which is the default.

        Returns
        -------
        Matches
            A row for each, best first, ties in order of the choices: ``.index``, ``.scores``, ``.keys``, ``.choices``, ``.to_frame()``.
        """
        from .matching import Matches

        found, scores = self._index.within(
            self.aligner._method(), self._checked(query, "query"), -1, self._within_cutoff(cutoff), self._least
        )
        return Matches(self._places[found], scores, [query] * len(found), self._choices, self._labels)

    def match(self, queries: Any, k: int = 1, cutoff: float | None = None, missing: str = "skip", *, threads: int | None = None) -> Matches:
        """The best choices for each of many words, as by `plait.align.match`.

        Parameters
        ----------
        queries : list of str or of bytes, mapping or pandas Series
            The query.
        k : int
            Number of results for each; -1 where there are fewer.
        cutoff : float, optional
            Largest score; at most that of the index, which is the default.
        missing : {"skip", "raise"}
            Treatment of None and NaN among the queries.
        threads : int, optional
            Most threads; the result does not depend on it.

        Returns
        -------
        Matches
            ``.index`` and ``.scores`` of shape (n,), or (n, k) for k > 1.
        """
        from .matching import Matches, labelled, present

        k = _arguments.whole(k, "match: k")
        most = self._within_cutoff(cutoff)
        asked, called = labelled(queries, "queries")
        rows = present(asked, "queries", missing)
        index, scores = np.full((len(asked), k), -1, np.int64), np.full((len(asked), k), np.nan)
        wanted = [self._checked(asked[i], f"queries[{i}]") for i in rows]
        found, best = best_of_each(self._index, self.aligner, wanted, k, most, threads)
        index[rows] = np.where(found >= 0, self._places[found] if len(self._places) else -1, -1)
        scores[rows] = best
        return Matches(index if k > 1 else index[:, 0], scores if k > 1 else scores[:, 0], asked, self._choices, self._labels, called)


def _plain(text: Any) -> Any:
    """NumPy's strings and other subclasses converted to str or bytes."""
    if type(text) in (str, bytes):
        return text
    return str(text) if isinstance(text, str) else bytes(text) if isinstance(text, bytes) else text


def least_weight(aligner: Levenshtein) -> float:
    """The least cost of an edit; a transposition costs as much as a substitution."""
    return float(min(aligner.insert, aligner.delete, aligner.substitute))


def edits_within(aligner: Levenshtein, cutoff: float) -> int | None:
    """The largest number of edits within a score of `cutoff`; None if an index does not support so many."""
    least = least_weight(aligner)
    if not 0 <= cutoff < math.inf or least <= 0:
        return None
    edits = math.floor(cutoff / least * (1 + 1e-9)) if cutoff / least < 100 else 100
    return edits if edits <= _core.WordIndex.most_edits else None


def best_of_each(
    index: Any, aligner: Levenshtein, queries: list[Any], k: int, cutoff: float, threads: int | None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Two (n, k) arrays: the k best for each query, -1 and NaN where there are fewer."""
    begin, found, best = index.within_of_each(
        aligner._method(), queries, k, cutoff, least_weight(aligner), _arguments.thread_count(threads)
    )
    numbers, scores = np.full((len(queries), k), -1, np.int64), np.full((len(queries), k), np.nan)
    counts = np.diff(begin)
    rows = np.repeat(np.arange(len(queries)), counts)
    columns = np.arange(len(found)) - np.repeat(begin[:-1], counts)
    numbers[rows, columns], scores[rows, columns] = found, best
    return numbers, scores


def index_for(aligner: PairAligner, queries: int, words: list[Any], cutoff: float | None, most_edits: int | None = None) -> Any:
    """An index of the words if they are supported and it pays for the number of queries; else None. The type of queries is not checked."""
    if cutoff is None or type(aligner) is not Levenshtein or len(words) < FEW:
        return None
    edits = edits_within(aligner, cutoff)
    if edits is None or queries < WORTHWHILE[edits] or (most_edits is not None and edits > most_edits):
        return None
    kinds = set(map(type, words))
    if kinds != {str} and kinds != {bytes}:
        return None
    # Most short words are within a few edits of each other: there scoring all of them is faster.
    if sum(map(len, words)) < (3 * edits + 1) * len(words):
        return None
    return _core.WordIndex(words, edits)

"""Words prepared once for many questions: an exact index of what is within a few edits."""

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

#: Queries from which on it pays to build an index of so many edits for them.
WORTHWHILE = {0: 20, 1: 60, 2: 300, 3: 1500}
#: Choices below which scoring all of them is as quick.
FEW = 500


class WordIndex:
    """Words that can be looked up within a cutoff without a look at the others.

    Parameters
    ----------
    choices : list of str or of bytes, mapping or pandas Series
        The words; of mappings the values. None and NaN are left out.
    cutoff : float
        The greatest score that will be asked for; at most three edits.
    aligner : Levenshtein, optional
        What near means; `Levenshtein()` unless given, of which any weights above 0 and transpositions will do.

    Attributes
    ----------
    cutoff : float
        As given.
    aligner : Levenshtein
        A copy of what was given.
    nbytes : int
        Memory of the index, without the words.

    Raises
    ------
    ValueError
        If `cutoff` is negative or holds more than three edits, or a weight is 0.
    TypeError
        If a word is no plain text, or some are `str` and some `bytes`.

    Notes
    -----
    Exact. Two words are within k edits only if they are the same after at most k symbols of each are left out (Mor and Fraenkel 1982), so the
    index keeps what is left of every word; of long words of their first symbols, as many as tell them apart (about `cutoff` + 6 of English
    words, more where there are fewer letters). Each further cutoff asks for several times the memory. A question takes the same time whatever
    the number of words. The words must not be changed.

    See Also
    --------
    match : which builds an index by itself where it pays.

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
        """Choices, missing ones included."""
        return len(self._choices)

    def __repr__(self) -> str:
        """Sizes."""
        return f"WordIndex({len(self)} choices, cutoff={self.cutoff:g}, aligner={self.aligner!r})"

    def __reduce__(self) -> Any:
        """What it is made from: it is built again where it arrives."""
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
            What is looked for.
        k : int
            How many; fewer where there are fewer within the cutoff.
        cutoff : float, optional
            None whose score is worse; the index's unless given, and no greater.

        Returns
        -------
        indices : ndarray of int64
            Best first; among equals the first. Of a mapping or Series the keys, an array of objects.
        scores : ndarray of float64
            Theirs.
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
            What is looked for.
        cutoff : float, optional
            The index's unless given, and no greater.

        Returns
        -------
        Matches
            A row for each, best first, among equals the first: ``.index``, ``.scores``, ``.keys``, ``.choices``, ``.to_frame()``.
        """
        from .matching import Matches

        found, scores = self._index.within(
            self.aligner._method(), self._checked(query, "query"), -1, self._within_cutoff(cutoff), self._least
        )
        return Matches(self._places[found], scores, [query] * len(found), self._choices, self._labels)

    def match(self, queries: Any, k: int = 1, cutoff: float | None = None, missing: str = "skip", *, threads: int | None = None) -> Matches:
        """The best choices for each of many words, as `plait.align.match` gives them.

        Parameters
        ----------
        queries : list of str or of bytes, mapping or pandas Series
            What is looked for.
        k : int
            How many for each; where there are fewer, -1 stands for the rest.
        cutoff : float, optional
            None whose score is worse; the index's unless given, and no greater.
        missing : {"skip", "raise"}
            What becomes of None and NaN among the queries.
        threads : int, optional
            At most so many; the result does not depend on it.

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
    """NumPy's strings and other kinds of str and bytes as those themselves."""
    if type(text) in (str, bytes):
        return text
    return str(text) if isinstance(text, str) else bytes(text) if isinstance(text, bytes) else text


def least_weight(aligner: Levenshtein) -> float:
    """What an edit costs at least; a transposition costs as much as a substitution."""
    return float(min(aligner.insert, aligner.delete, aligner.substitute))


def edits_within(aligner: Levenshtein, cutoff: float) -> int | None:
    """How many edits a score of `cutoff` can hold; None if an index takes fewer."""
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
    """An index of the words, if it takes them and pays for so many queries; else None. Whether queries are of their kind is not asked."""
    if cutoff is None or type(aligner) is not Levenshtein or len(words) < FEW:
        return None
    edits = edits_within(aligner, cutoff)
    if edits is None or queries < WORTHWHILE[edits] or (most_edits is not None and edits > most_edits):
        return None
    kinds = set(map(type, words))
    if kinds != {str} and kinds != {bytes}:
        return None
    # Of words of few symbols most are within a few edits, and looking for them is slower than scoring all.
    if sum(map(len, words)) < (3 * edits + 1) * len(words):
        return None
    return _core.WordIndex(words, edits)

"""Statistical significance of local alignment scores: bit scores and E-values after Karlin and Altschul."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .. import _rng
from . import _arguments, _published
from .pairwise import SmithWaterman, gaps, resolve
from .substitution import NAMES, Substitution

#: Letters for which a table of nucleotides has one score of a match and one of a mismatch.
BASES = "ACGT"
#: For these, BLAST rounds scores down to even numbers.
EVEN = {"(2, -3)": 2.0, "(2, -5)": 2.0, "(2, -7)": 2.0}


class KarlinAltschul(NamedTuple):
    """Parameters of the extreme value distribution of local alignment scores of random sequences.

    Parameters
    ----------
    lambda_, k, h : float
        The number of alignments with a score of at least S by chance is ``k * space * exp(-lambda_ * S)``; h is the relative entropy of a
        column, in nats.
    alpha, beta : float
        The expected length of a chance alignment with score S is ``alpha * S + beta / lambda_``, for the correction of edge effects.
    existence, extension : float
        The costs of gaps as BLAST counts them: a gap of k elements costs ``existence + k * extension``.
    step : float
        Scores are rounded down to a multiple of it, as in BLAST where a match scores 2.
    source : str
        "published", "simulated" or "given".

    Notes
    -----
    Karlin and Altschul (1990) for ungapped alignments; Altschul et al. (2001), "The estimation of statistical parameters for local alignment
    score distributions", for gapped ones, whose parameters are found by simulation. BLAST's programs print the same numbers as "Gapped Lambda, K, H".

    Examples
    --------
    >>> from plait.align import KarlinAltschul, SmithWaterman
    >>> found = KarlinAltschul.of(SmithWaterman("BLOSUM62", gap_open=-12, gap_extend=-1))  # BLAST's gaps 11, 1
    >>> found.lambda_, found.k, found.h
    (0.267, 0.041, 0.14)
    >>> round(found.bits(100), 1), found.length_adjustment(274, 9_419_815, 44_233)
    (43.1, 94)
    """

    lambda_: float
    k: float
    h: float
    alpha: float
    beta: float
    existence: float
    extension: float
    step: float = 1.0
    source: str = "given"

    @classmethod
    def of(cls, aligner: SmithWaterman) -> KarlinAltschul:
        """The published parameters of an aligner's table and gaps.

        Parameters
        ----------
        aligner : SmithWaterman
            With one of the named tables, or (match, mismatch) of nucleotides.

        Returns
        -------
        KarlinAltschul
            NCBI's.

        Raises
        ------
        ValueError
            If none are published for this table and these gaps; the message lists the published gaps.
        """
        opening, extending = _gaps(aligner)
        name, rows = _rows(aligner)
        for existence, extension, *rest in rows:
            if (-extending, -opening) == (extension, existence + extension):
                lambda_, k, h, alpha, beta = rest
                return cls(lambda_, k, h, alpha, beta, existence, extension, EVEN.get(name, 1.0), "published")
        known = ", ".join(f"{-(row[0] + row[1]):g}/{-row[1]:g}" for row in rows)
        raise ValueError(
            f"no parameters of Karlin and Altschul are published for {name} with gap_open={opening:g}, gap_extend={extending:g}; "
            + (f"there are gap_open/gap_extend {known}" if rows else "there are for BLOSUM, PAM and pairs (match, mismatch) of BLAST")
        )

    @classmethod
    def simulate(cls, aligner: SmithWaterman, rng: _rng.RandomSource = 0, threads: int | None = None) -> KarlinAltschul:
        """Parameters for any table of amino acids or bases and any gaps, from alignments of random sequences.

        Parameters
        ----------
        aligner : SmithWaterman
            Its table and its gaps.
        rng : int, SeedSequence or Generator
            Source of the sequences.
        threads : int, optional
            Most threads; the parameters do not depend on it.

        Returns
        -------
        KarlinAltschul
            ``lambda_`` within about 2 %, ``k`` within about 20 % (the two errors cancel near scores that random sequences have).

        Raises
        ------
        ValueError
            If the table has other letters, or random sequences are similar over their whole length.

        Notes
        -----
        3000 pairs of 1000 letters, amino acids with the frequencies of Robinson and Robinson (1991), bases equally frequent: an extreme
        value distribution by maximum likelihood, and a regression of the lengths of alignments on their scores (Altschul et al. 2001).

        Examples
        --------
        >>> from plait.align import KarlinAltschul, SmithWaterman
        >>> found = KarlinAltschul.simulate(SmithWaterman("BLOSUM50", gap_open=-12, gap_extend=-2))  # ssearch's, which BLAST has not
        >>> round(found.lambda_, 2), found.source
        (0.15, 'simulated')
        """
        from ._simulated import simulated

        opening, extending = _gaps(aligner)
        random = np.random.default_rng(_rng.seed(rng))
        found = simulated(aligner, random, _arguments.thread_count(threads))
        return cls(*found, extending - opening, -extending, 1.0, "simulated")

    def bits(self, score: float) -> float:
        """The bit score: a score in units that do not depend on the table.

        Parameters
        ----------
        score : float
            The raw score.

        Returns
        -------
        float
            ``(lambda_ * score - ln k) / ln 2``.
        """
        return (self.lambda_ * self._rounded(score) - math.log(self.k)) / math.log(2)

    def length_adjustment(self, query: int, letters: int, sequences: int) -> int:
        """The difference between real and effective lengths, since an alignment cannot begin too near to an end.

        Parameters
        ----------
        query : int
            Length of the query.
        letters, sequences : int
            Letters of all sequences of the database, and their number.

        Returns
        -------
        int
            The greatest l that is at most the expected length of a chance alignment in the remaining space:
            ``l <= alpha / lambda_ · ln(k (query - l) (letters - sequences · l)) + beta``. BLAST's "effective HSP length" or "length adjustment".
        """
        m, n, count = int(query), int(letters), int(sequences)

        def fits(length: int) -> bool:
            space = self.k * (m - length) * (n - count * length)
            return space > 0 and space >= max(m, n) and length <= self.alpha / self.lambda_ * math.log(space) + self.beta

        low, high = 0, max(0, min(m, n // max(count, 1)) - 1)
        while low < high:
            middle = (low + high + 1) // 2
            if fits(middle):
                low = middle
            else:
                high = middle - 1
        return low

    def search_space(self, query: int, letters: int, sequences: int) -> int:
        """The product of the effective lengths of a query and a database.

        Parameters
        ----------
        query : int
            Length of the query.
        letters, sequences : int
            Letters of all sequences of the database, and their number.

        Returns
        -------
        int
            ``(query - l) * (letters - sequences * l)`` with l of `length_adjustment`; at least 1.
        """
        length = self.length_adjustment(query, letters, sequences)
        return max(1, int(query) - length) * max(1, int(letters) - int(sequences) * length)

    def evalue(self, score: float, space: float) -> float:
        """The expected number of chance alignments with this score or a better one.

        Parameters
        ----------
        score : float
            The raw score.
        space : float
            The search space, from `search_space`.

        Returns
        -------
        float
            ``k * space * exp(-lambda_ * score)``.
        """
        return self.k * space * float(np.exp(min(-self.lambda_ * self._rounded(score), 700.0)))

    def _rounded(self, score: float) -> float:
        return score if self.step == 1 else math.floor(score / self.step) * self.step


def _gaps(aligner: Any) -> tuple[float, float]:
    """(open, extend) of an aligner that has statistics."""
    if not isinstance(aligner, SmithWaterman):
        raise TypeError(
            f"KarlinAltschul: expected a SmithWaterman, as only scores of local alignments have such statistics, got {aligner!r:.80}"
        )
    return gaps(aligner.gap, aligner.gap_open, aligner.gap_extend)


def _rows(aligner: SmithWaterman) -> tuple[str, tuple[_published.Row, ...]]:
    """The name of an aligner's similarity, and the published parameters."""
    similarity = resolve(aligner.similarity)
    if not isinstance(similarity, Substitution):
        return _pair_name(similarity), _published.NUCLEOTIDES.get(similarity, ())
    for name in NAMES:
        if name in _published.PROTEINS and similarity == Substitution.named(name):
            return name, _published.PROTEINS[name]
    pair = match_and_mismatch(similarity)
    if pair is None:
        return "this table", ()
    return _pair_name(pair), _published.NUCLEOTIDES.get(pair, ())


def _pair_name(pair: tuple[float, float]) -> str:
    return f"({pair[0]:g}, {pair[1]:g})"


def match_and_mismatch(table: Substitution) -> tuple[float, float] | None:
    """(match, mismatch) of a table in which A, C, G and T have one score each for both; else None."""
    if not set(BASES) <= set(table.alphabet) or {"L", "E", "F"} & set(table.alphabet):
        return None
    scores = np.array([[table[a, b] for b in BASES] for a in BASES])
    match, mismatch = scores[0, 0], scores[0, 1]
    return (float(match), float(mismatch)) if (scores == np.where(np.eye(4, dtype=bool), match, mismatch)).all() else None

"""The results of a database search, with the columns of BLAST's and FASTA's programs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, overload

from .alignment import Alignment
from .statistics import KarlinAltschul

#: BLAST's ``-outfmt 6``, FASTA's ``-m 8``.
STANDARD = ("qseqid", "sseqid", "pident", "length", "mismatch", "gapopen", "qstart", "qend", "sstart", "send", "evalue", "bitscore")


class Hit(NamedTuple):
    """A sequence of the database that is similar to the query.

    Parameters
    ----------
    query, subject : str
        Names.
    description : str
        The description of the subject in the database, without its name.
    score, bits, evalue : float
        The score of the alignment, its bit score, and its E-value: the number of such alignments that is expected by chance.
    strand : {"plus", "minus"}
        Whether the query is similar to the subject or to its reverse complement.
    alignment : Alignment
        x is the query, y the subject, or its reverse complement.
    """

    query: str
    subject: str
    description: str
    score: float
    bits: float
    evalue: float
    strand: str
    alignment: Alignment

    @property
    def identity(self) -> float:
        """The share of columns whose letters are equal."""
        return self.alignment.identity

    @property
    def cigar(self) -> str:
        """The alignment with the subject as reference: I is a letter that the query has and the subject has not."""
        return self.alignment.cigar(reference="y")

    @property
    def query_range(self) -> tuple[int, int]:
        """The aligned part of the query, counted from 0: ``query[start:stop]``."""
        return self.alignment.begin[0], self.alignment.end[0]

    @property
    def subject_range(self) -> tuple[int, int]:
        """The aligned part of the subject, counted from 0 in its own direction: ``subject[start:stop]``."""
        begin, end = self.alignment.begin[1], self.alignment.end[1]
        if self.strand == "plus":
            return begin, end
        whole = len(self.alignment.y)
        return whole - end, whole - begin

    def __repr__(self) -> str:
        """The fields, without the alignment."""
        return (
            f"Hit(query={self.query!r}, subject={self.subject!r}, score={self.score:g}, bits={self.bits:.1f}, evalue={self.evalue:.2g}, "
            f"identity={self.identity:.3f}, query_range={self.query_range}, subject_range={self.subject_range}, strand={self.strand!r})"
        )

    def columns(self) -> dict[str, Any]:
        """Its columns by BLAST's names.

        Returns
        -------
        dict
            The columns of ``-outfmt 6``, then ``score, nident, positive, ppos, gaps, qlen, slen, sstrand, stitle, cigar, qseq, sseq``. Positions
            count from 1 and include the last; on the minus strand sstart is the greater one.
        """
        alignment = self.alignment
        names = alignment.operations
        count = len(names)
        equal, gaps = names.count("match"), alignment.gaps
        positive = round(alignment.positives * count)
        begin, end = self.subject_range
        runs = sum(name in ("insert", "delete") for name, _ in itertools.groupby(names))
        qseq, sseq = alignment.aligned
        return {
            "qseqid": self.query,
            "sseqid": self.subject,
            "pident": 100 * equal / max(count, 1),
            "length": count,
            "mismatch": names.count("substitute"),
            "gapopen": runs,
            "qstart": self.query_range[0] + 1,
            "qend": self.query_range[1],
            "sstart": begin + 1 if self.strand == "plus" else end,
            "send": end if self.strand == "plus" else begin + 1,
            "evalue": self.evalue,
            "bitscore": self.bits,
            "score": self.score,
            "nident": equal,
            "positive": positive,
            "ppos": 100 * positive / max(count, 1),
            "gaps": gaps,
            "qlen": len(alignment.x),
            "slen": len(alignment.y),
            "sstrand": self.strand,
            "stitle": f"{self.subject} {self.description}".strip(),
            "cigar": self.cigar,
            "qseq": qseq,
            "sseq": sseq,
        }


#: All names that `Hit.columns` has.
COLUMNS = (*STANDARD, "score", "nident", "positive", "ppos", "gaps", "qlen", "slen", "sstrand", "stitle", "cigar", "qseq", "sseq")


class Hits(Sequence[Hit]):
    """The hits of each query, best first.

    Parameters
    ----------
    hits : list of list of Hit
        The hits of each query.
    sequences, letters : int
        The size of the database.
    statistics : KarlinAltschul, optional
        Where bits and E-values come from.
    search_spaces : list of int, optional
        For each query the product of the effective lengths.

    Examples
    --------
    >>> from plait.align import SmithWaterman
    >>> database = {"one": "MKVLAAGIVGAWTQRR", "two": "PPPPGGGGSSSS"}
    >>> hits = SmithWaterman("BLOSUM62", gap_open=-12, gap_extend=-1).search("KVLAGIVGAWTQ", database, k=1)
    >>> hits[0].subject, hits[0].score, hits[0].cigar
    ('one', 50.0, '3=1D9=')
    """

    def __init__(
        self,
        hits: Sequence[Sequence[Hit]],
        sequences: int,
        letters: int,
        statistics: KarlinAltschul | None = None,
        search_spaces: Sequence[int] | None = None,
    ):
        self._by_query = [list(own) for own in hits]
        self._hits = [hit for own in self._by_query for hit in own]
        self.sequences = sequences
        self.letters = letters
        self.statistics = statistics
        self.search_spaces = None if search_spaces is None else list(search_spaces)

    def __len__(self) -> int:
        """Hits."""
        return len(self._hits)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> Hits: ...
    def __getitem__(self, at: int | slice) -> Hit | Hits:
        """A hit, or several."""
        if isinstance(at, slice):
            return Hits([self._hits[at]], self.sequences, self.letters, self.statistics)
        return self._hits[at]

    def by_query(self) -> list[Hits]:
        """The hits of each query by themselves.

        Returns
        -------
        list of Hits
            In the order of the queries; empty for a query without hits.
        """
        spaces: Sequence[int | None] = self.search_spaces or [None] * len(self._by_query)
        return [
            Hits([own], self.sequences, self.letters, self.statistics, None if space is None else [space])
            for own, space in zip(self._by_query, spaces, strict=True)
        ]

    def __iter__(self) -> Iterator[Hit]:
        """The hits in order."""
        return iter(self._hits)

    def __repr__(self) -> str:
        """The number of hits and the size of the database."""
        return f"<Hits: {len(self)} in {self.sequences} sequences of {self.letters} letters>"

    def __str__(self) -> str:
        """A line for each hit."""
        width = max([7, *(len(hit.subject) for hit in self)])
        lines = [f"{'query':<16} {'subject':<{width}} {'score':>7} {'bits':>7} {'E-value':>9} {'identity':>8}  query      subject"]
        for hit in self:
            found = hit.columns()
            lines.append(
                f"{hit.query[:16]:<16} {hit.subject:<{width}} {hit.score:>7g} {bits_text(hit.bits):>7} {evalue_text(hit.evalue):>9} "
                f"{found['pident']:>7.1f}%  {found['qstart']}-{found['qend']}  {found['sstart']}-{found['send']}"
            )
        return "\n".join(lines)

    def to_frame(self) -> Any:
        """All columns as a table of pandas.

        Returns
        -------
        pandas.DataFrame
            A row for each hit, with the names of `Hit.columns`.
        """
        import pandas as pd

        return pd.DataFrame([hit.columns() for hit in self], columns=list(COLUMNS))

    def to_tsv(self, columns: Sequence[str] = STANDARD) -> str:
        """A line for each hit, cells between tabs, no header: as ``blastp -outfmt 6`` and ``ssearch36 -m 8`` print.

        Parameters
        ----------
        columns : sequence of str
            Some of the names that `Hit.columns` has; those of ``-outfmt 6`` unless given.

        Returns
        -------
        str
            The lines; numbers as BLAST writes them.
        """
        unknown = [name for name in columns if name not in COLUMNS]
        if unknown:
            raise ValueError(f"to_tsv: there is no column {unknown[0]!r}; there are {', '.join(COLUMNS)}")
        lines = []
        for hit in self:
            found = hit.columns()
            lines.append("\t".join(FORMATS.get(name, str)(found[name]) for name in columns))
        return "".join(f"{line}\n" for line in lines)


def evalue_text(value: float) -> str:
    """An E-value as BLAST writes it."""
    if math.isnan(value):
        return "-"
    if value < 1e-180:
        return "0.0"
    if value < 1e-99:
        return f"{value:.0e}"
    if value < 0.0009:
        return f"{value:.2e}"
    if value < 0.1:
        return f"{value:.3f}"
    if value < 1:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def bits_text(value: float) -> str:
    """Bits as BLAST writes them."""
    if math.isnan(value):
        return "-"
    return f"{value:.3e}" if value > 9999 else f"{value:.0f}" if value > 99.9 else f"{value:.1f}"


def _three_digits(value: float) -> str:
    return f"{value:.3f}"


def _two_digits(value: float) -> str:
    return f"{value:.2f}"


def _short(value: float) -> str:
    return f"{value:g}"


def _cell(value: str) -> str:
    return " ".join(value.split())


FORMATS: dict[str, Callable[[Any], str]] = {
    "pident": _three_digits,
    "ppos": _two_digits,
    "evalue": evalue_text,
    "bitscore": bits_text,
    "score": _short,
    "qseqid": _cell,
    "sseqid": _cell,
    "stitle": _cell,
}

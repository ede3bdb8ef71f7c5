"""``plait search``: look for sequences in a database of them (FASTA), with E-values; exact local alignment, as ssearch does."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from .. import align, datasets
from .._core import FormatError
from .._text import is_number
from ..align import _databases, _published
from ..align.hits import COLUMNS, STANDARD, bits_text, evalue_text
from ._align_files import STDIN, from_stream, is_there
from ._common import Failure, Result, add_common, at_least, positive

DNA, PROTEIN = "2/-3", "BLOSUM62"


def add(commands: Any) -> None:
    """Adds the subcommand to the parser."""
    parser = commands.add_parser(
        "search",
        help="look for sequences in a database (FASTA), with E-values",
        description=__doc__.split(": ", 1)[1],
        epilog="A gap of k letters adds gap-open + (k - 1) * gap-extend: blastp's 'existence 11, extension 1' is --gap-open -12 --gap-extend -1. "
        f"Columns: {', '.join(COLUMNS)}.",
    )
    parser.add_argument("query", type=Path, metavar="QUERY", help="FASTA with one or more sequences, .gz too; - is standard input")
    parser.add_argument("database", type=Path, metavar="DB", help="FASTA, .gz too, of any size; - is standard input")
    parser.add_argument("--top", type=at_least(1), default=20, help="hits of each query at most (default 20)")
    parser.add_argument("--evalue", type=positive, default=10.0, help="no hits that are expected more often by chance (default 10)")
    parser.add_argument(
        "--similarity", help=f"table, or MATCH/MISMATCH as in 2/-3 (default: {DNA} where the queries are of nucleotides, else {PROTEIN})"
    )
    parser.add_argument(
        "--gap-open", type=float, help="score of a gap's first letter (default: what BLAST takes for the table; -12 for BLOSUM62)"
    )
    parser.add_argument("--gap-extend", type=float, help="score of each further letter (likewise; -1)")
    parser.add_argument("--strand", choices=["both", "plus", "minus"], help="of nucleotides (default both)")
    parser.add_argument(
        "--statistics",
        choices=["auto", "published", "simulated", "none"],
        default="auto",
        help="where bits and E-values come from: NCBI's parameters of table and gaps, random sequences, or (auto) the first that there is",
    )
    parser.add_argument("--tsv", action="store_true", help="one line for each hit, in the columns of blastp -outfmt 6, without a header")
    parser.add_argument(
        "--columns", type=columns, default=STANDARD, help="for --tsv: names, with commas or spaces between; std stands for -outfmt 6's"
    )
    parser.add_argument("--alignments", action="store_true", help="show the alignments, too")
    parser.add_argument("--threads", type=at_least(1), help="threads to compute with (default: all cores, or PLAIT_NUM_THREADS)")
    parser.add_argument("--quiet", action="store_true", help="show no progress on stderr")
    add_common(parser)
    parser.set_defaults(run=run)


def columns(text: str) -> tuple[str, ...]:
    """A type for argparse: names of columns."""
    names: list[str] = []
    for name in text.replace(",", " ").split():
        names += STANDARD if name == "std" else [name]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"there is no column {unknown[0]!r}; there are {', '.join(COLUMNS)}" if unknown else "none are named"
        )
    return tuple(names)


columns.__name__ = "columns"


def read_queries(path: Path) -> list[datasets.Sequence]:
    """The query sequences."""
    if path != STDIN and not is_there(path):
        raise Failure(f"{path}: {'a folder' if path.is_dir() else 'no such file'}")
    try:
        records = from_stream(path, datasets.fasta) if path == STDIN else datasets.fasta(path)
    except FormatError as error:
        raise Failure(f"{error} (the query)") from None
    if not records:
        raise Failure(f"{path}: holds no sequence")
    empty = next((record for record in records if not record.letters.strip("-.")), None)
    if empty is not None:
        raise Failure(f"{path}: sequence {empty.name!r} is empty")
    return records


def make_aligner(options: argparse.Namespace, records: list[datasets.Sequence]) -> tuple[align.SmithWaterman, dict[str, Any]]:
    """The aligner, and its scoring as the output shows it."""
    nucleotides = [_databases.is_nucleotides(record.letters) for record in records]
    if options.similarity is None and any(nucleotides) and not all(nucleotides):
        odd = records[nucleotides.index(not nucleotides[0])]
        raise Failure(
            f"{records[0].name!r} is of {'nucleotides' if nucleotides[0] else 'amino acids'}, {odd.name!r} is not: --similarity says how to score"
        )
    similarity = options.similarity or (DNA if all(nucleotides) else PROTEIN)
    if (options.gap_open is None) != (options.gap_extend is None):
        raise Failure("--gap-open and --gap-extend go together")
    name = align.Substitution.canonical(similarity)
    usual = _published.USUAL.get(name)
    if options.gap_open is not None:
        opening, extending = options.gap_open, options.gap_extend
    elif usual is not None:
        opening, extending = -(usual[0] + usual[1]), -usual[1]
    else:
        raise Failure(f"--gap-open and --gap-extend are needed with --similarity {similarity}")
    scores: Any = similarity
    if "/" in similarity:
        match, _, mismatch = similarity.partition("/")
        if not (is_number(match) and is_number(mismatch)):
            raise Failure(f"--similarity: {similarity} is neither the name of a table nor MATCH/MISMATCH")
        scores = float(match), float(mismatch)
    aligner = align.SmithWaterman(scores, gap_open=opening, gap_extend=extending)
    return aligner, {"similarity": similarity, "gap_open": opening, "gap_extend": extending}


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Path | BinaryIO]:
    """The database as the argument of `search`."""
    if path != STDIN and not is_there(path):
        raise Failure(f"{path}: {'a folder' if path.is_dir() else 'no such file'}")
    yield sys.stdin.buffer if path == STDIN else path


def run(options: argparse.Namespace) -> Result | str:
    """``plait search``."""
    if options.query == STDIN and options.database == STDIN:
        raise Failure("standard input (-) can be read once only")
    records = read_queries(options.query)
    aligner, scoring = make_aligner(options, records)
    began = time.perf_counter()
    with opened(options.database) as database:
        try:
            hits = aligner.search(
                list(records),
                database,
                options.top,
                max_evalue=None if options.statistics == "none" else options.evalue,
                strand=options.strand,
                statistics=None if options.statistics == "none" else options.statistics,
                threads=options.threads,
                progress=sys.stderr.isatty() and not options.quiet,
            )
        except (ValueError, OSError) as error:
            raise Failure(str(error)) from None
    if hits.sequences == 0:
        raise Failure(f"{options.database}: holds no sequence")
    seconds = time.perf_counter() - began
    if options.json:
        return as_json(hits, scoring, records, seconds)
    return hits.to_tsv(options.columns) if options.tsv else as_text(hits, scoring, records, seconds, options.alignments)


def as_json(hits: align.Hits, scoring: dict[str, Any], records: list[datasets.Sequence], seconds: float) -> Result:
    """The result as JSON."""
    return {
        "command": "search",
        **scoring,
        "sequences": hits.sequences,
        "letters": hits.letters,
        "statistics": None if hits.statistics is None else hits.statistics._asdict(),
        "search_spaces": hits.search_spaces,
        "queries": [record.name for record in records],
        "seconds": seconds,
        "hits": [hit.columns() for hit in hits],
    }


def as_text(hits: align.Hits, scoring: dict[str, Any], records: list[datasets.Sequence], seconds: float, alignments: bool) -> str:
    """The result as text."""
    statistics = hits.statistics
    lines = [
        f"{hits.sequences} sequences of {hits.letters} letters, {seconds:.3g} s; {scoring['similarity']}, "
        f"gap_open {scoring['gap_open']:g}, gap_extend {scoring['gap_extend']:g}"
    ]
    if statistics is not None:
        source = "BLAST's" if statistics.source == "published" else "from random sequences,"
        lines.append(
            f"lambda {statistics.lambda_:.3g}, K {statistics.k:.3g}, H {statistics.h:.3g} ({source} for gaps {statistics.existence:g}, "
            f"{statistics.extension:g})"
        )
    for record, own in zip(records, hits.by_query(), strict=True):
        lines += ["", f"{record.name}: {len(record.letters)} letters, {len(own) or 'no'} hit{'' if len(own) == 1 else 's'}"]
        width = max((len(hit.subject) for hit in own), default=0)
        if own:
            lines.append(f"{'':<{width}}  score    bits   E-value  identity  query      subject    CIGAR")
        for hit in own:
            found = hit.columns()
            cigar = found["cigar"]
            lines.append(
                f"{hit.subject:<{width}} {hit.score:>6g} {bits_text(hit.bits):>7} {evalue_text(hit.evalue):>9} {found['pident']:>8.1f}%  "
                f"{found['qstart']}-{found['qend']:<6} {found['sstart']}-{found['send']:<6} {cigar if len(cigar) <= 40 else cigar[:39] + '…'}"
            )
        for hit in own if alignments else []:
            lines += ["", f">{hit.subject} {hit.description}".rstrip(), *str(hit.alignment).splitlines()]
    return "\n".join(lines) + "\n"

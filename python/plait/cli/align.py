"""``plait align``: align sequences of a FASTA file, or series of a CSV file; shows one alignment, or the scores of all pairs."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import align, datasets, plot, report
from .._core import FormatError
from .._text import is_number, read_text
from ..align.dtw import METRICS, STEPS
from ._align_files import STDIN, from_stream, is_stream, is_there, matrix_file, renamed, separator, window, write_matrix
from ._columns import read_columns
from ._common import Failure, Result, add_common, positive

#: Methods by their names on the command line, and their classes; those of symbols first.
SYMBOLS = {
    "needleman-wunsch": "NeedlemanWunsch",
    "smith-waterman": "SmithWaterman",
    "semi-global": "SemiGlobal",
    "levenshtein": "Levenshtein",
    "lcs": "LCS",
}
SERIES = {"dtw": "DTW", "soft-dtw": "SoftDTW"}
CSV_ENDINGS = {".csv", ".tsv", ".txt"}

#: Options of methods, and their names in the constructor; the scoring methods for symbols have those of `SCORED`.
OPTIONS = {
    "dtw": {
        "metric": "metric",
        "step": "step",
        "per_step": "normalized",
        "root": "root",
        "open_begin": "open_begin",
        "open_end": "open_end",
        "window": "window",
        "band": "band",
    },
    "soft-dtw": {"gamma": "gamma", "window": "window", "band": "band"},
    "levenshtein": {},
    "lcs": {},
}
SCORED = {name: name for name in ("similarity", "gap", "gap_open", "gap_extend")}

#: The letters of nucleic acids, the ambiguity codes, and the least share of the former.
NUCLEOTIDES, AMBIGUOUS, SHARE = set("ACGTUN"), set("RYSWKMBDHV"), 0.9
DNA, PROTEIN = "NUC.4.4", "BLOSUM62"


class Named(NamedTuple):
    """A sequence with its name and its place in a file; or the reason why it cannot be used."""

    name: str
    values: Any
    where: str
    problem: str = ""


class Read(NamedTuple):
    """The sequences of a file, and its interpretation as text."""

    sequences: list[Named]
    told: str


def add(commands: Any) -> None:
    """Adds the subcommand to the parser."""
    parser = commands.add_parser("align", help="align sequences (FASTA) or series (CSV)", description=__doc__.split(": ", 1)[1])
    parser.add_argument(
        "files",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="FASTA, or CSV where it ends in .csv, .tsv or .txt and does not begin with >; - is standard input",
    )
    parser.add_argument("--names", nargs=2, metavar=("X", "Y"), help="which sequences or columns; the first two without it")
    parser.add_argument("--all", action="store_true", help="scores of all pairs, and no alignment")
    parser.add_argument("--method", choices=[*SYMBOLS, *SERIES], help="default: needleman-wunsch for FASTA, dtw for CSV")
    parser.add_argument(
        "--similarity",
        help=f"matrix of scored methods, or MATCH/MISMATCH as in 2/-1 (default: {DNA} where all letters are DNA's, else {PROTEIN})",
    )
    parser.add_argument("--gap", type=float, help="score of a gap's element (default -5)")
    parser.add_argument("--gap-open", type=float, help="score of a gap's first element, with --gap-extend instead of --gap")
    parser.add_argument("--gap-extend", type=float, help="score of each further element")
    parser.add_argument(
        "--metric",
        choices=[name for name in METRICS if name != "precomputed"],
        help="distance of two elements in dtw (default squared; dtw-python's is euclidean)",
    )
    parser.add_argument(
        "--step", choices=list(STEPS), help="how dtw's path goes on, by dtw-python's names (default symmetric1; dtw-python's is symmetric2)"
    )
    parser.add_argument(
        "--per-step", action="store_true", help="divide by the path's weight, dtw-python's normalizedDistance; not with --step symmetric1"
    )
    parser.add_argument("--root", action="store_true", help="the square root of dtw's sum, as tslearn and dtaidistance have it")
    parser.add_argument("--open-begin", action="store_true", help="dtw's path may begin anywhere in the second series")
    parser.add_argument("--open-end", action="store_true", help="dtw's path may end anywhere in the second series")
    parser.add_argument(
        "--window", type=window, help="series: within so many cells of the diagonal, or a fraction of the longer length as in 0.1"
    )
    parser.add_argument(
        "--band", choices=["diagonal", "slanted"], help="what a window lies about; slanted fits any lengths (default diagonal)"
    )
    parser.add_argument("--separator", type=separator, help="between cells of CSV: a character, or tab, space, … (found out without it)")
    parser.add_argument("--decimal", choices=[".", ","], help="the decimal mark of CSV (found out without it)")
    parser.add_argument("--matrix", type=matrix_file, metavar="FILE", help="scores of all pairs into FILE: .tsv, .csv or .npy")
    parser.add_argument("--gamma", type=positive, help="softness of soft-dtw (default 1)")
    parser.add_argument("--normalise", "--normalize", action="store_true", help="series are brought to mean 0 and standard deviation 1")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a page with a picture of the alignment")
    add_common(parser)
    parser.set_defaults(run=run)


def read(path: Path, separator: str | None = None, decimal: str | None = None) -> Read:
    """All sequences of a file."""
    if is_stream(path):

        def from_file(file: Path) -> Read:
            whole = read(file, separator, decimal)
            told = [s._replace(where=renamed(s.where, file, path), problem=renamed(s.problem, file, path)) for s in whole.sequences]
            return Read(told, renamed(whole.told, file, path))

        return from_stream(path, from_file)
    if not is_there(path):
        raise Failure(f"{path}: {'a folder' if path.is_dir() else 'no such file'}")
    endings = [ending for ending in path.suffixes if ending != ".gz"][-1:]
    try:
        text = read_text(path)
        if endings and endings[0].lower() in CSV_ENDINGS and not text.lstrip().startswith(">"):
            found = read_columns(path, text, separator=separator, decimal=decimal)
            # A column of text is not a series, but can be named in --names.
            named = [
                Named(c.name, c.values, f"{path}, column {c.name!r}", c.problem) for c in sorted(found.columns, key=lambda c: c.is_text)
            ]
            return Read(named, f"{path}: {found.told()}")
        records = datasets.fasta(path)
    except FormatError as error:
        raise Failure(f"{error} (taken for {'CSV' if endings and endings[0].lower() in CSV_ENDINGS else 'FASTA'})") from None
    named = [Named(r.name, r.letters, f"{path}, record {k} {r.name!r}") for k, r in enumerate(records, 1)]
    return Read(named, f"{path}: taken for FASTA with {len(named)} record{'' if len(named) == 1 else 's'}")


def is_series(sequence: Named) -> bool:
    """Whether it is more than a column of text."""
    return isinstance(sequence.values, str) or len(sequence.values) > 0


def choose(options: argparse.Namespace) -> list[Named]:
    """The selected sequences."""
    if options.files.count(STDIN) > 1:
        raise Failure("standard input (-) can be read once only")
    files = [read(path, options.separator, options.decimal) for path in options.files]
    every = options.all or options.matrix is not None
    if every and options.out is not None:
        raise Failure("--out shows one pair, --all and --matrix are of all")
    everything = [sequence for file in files for sequence in file.sequences]
    if options.names:
        known: dict[str, list[Named]] = {}
        for sequence in everything:
            known.setdefault(sequence.name, []).append(sequence)
        missing = [name for name in options.names if name not in known]
        if missing:
            raise Failure(f"no sequence is called {missing[0]!r}; there are {', '.join(dict.fromkeys(s.name for s in everything[:20]))}")
        # Of duplicate names the first; where both names are equal, as of one column in two files, the first two.
        x, y = (known[name] for name in options.names)
        chosen = [x[0], y[min(1, len(y) - 1) if y is x else 0]]
    else:
        parts = [[sequence for sequence in file.sequences if is_series(sequence)] for file in files]
        chosen = [sequence for part in parts for sequence in (part if every or len(files) == 1 else part[:1])]
        if len(chosen) < 2:
            raise Failure(f"two sequences are needed, {len(chosen)} found in {'; '.join(file.told for file in files)}")
        chosen = chosen if every else chosen[:2]
    for sequence in chosen:
        if sequence.problem:
            raise Failure(sequence.problem)
    return chosen


def make_aligner(options: argparse.Namespace, sequences: list[Named]) -> tuple[str, Any, list[Named], dict[str, Any]]:
    """The method's name, the aligner, the sequences in its alphabet, and the scoring as the output shows it."""
    of_series = not isinstance(sequences[0].values, str)
    name = options.method or ("dtw" if of_series else "needleman-wunsch")
    if of_series != (name in SERIES):
        raise Failure(f"{name} aligns {'series' if name in SERIES else 'symbols'}, these are {'series' if of_series else 'symbols'}")
    make = getattr(align, (SERIES if of_series else SYMBOLS)[name])
    given = asked(options, name)
    if name in OPTIONS:
        try:
            return name, make(**given), sequences, {}
        except ValueError as error:
            raise Failure(str(error)) from None
    similarity = options.similarity or (DNA if is_dna("".join(sequence.values for sequence in sequences)) else PROTEIN)
    if (options.gap_open is None) != (options.gap_extend is None):
        raise Failure("--gap-open and --gap-extend go together; --gap alone is for gaps that cost the same everywhere")
    if options.gap is not None and options.gap_open is not None:
        raise Failure("--gap and --gap-open exclude each other")
    gap = -5.0 if options.gap is None else options.gap
    gaps = {"gap": gap} if options.gap_open is None else {"gap_open": options.gap_open, "gap_extend": options.gap_extend}
    told = {"similarity": similarity, **gaps}
    if "/" in similarity:
        return name, make(scored_by(similarity, sequences), **gaps), sequences, told
    table = align.Substitution.named(similarity)
    return name, make(table, **gaps), [spelled(sequence, table, similarity) for sequence in sequences], told


def asked(options: argparse.Namespace, method: str) -> dict[str, Any]:
    """The given options of a method, by their names in its constructor; options of other methods are refused."""
    known = OPTIONS.get(method, SCORED)
    every = dict.fromkeys(name for names in (*OPTIONS.values(), SCORED) for name in names)
    given = {name: value for name in every if (value := getattr(options, name)) is not None and value is not False}
    foreign = [flag(name) for name in given if name not in known]
    if foreign:
        raise Failure(f"{method} has no {foreign[0]}; it has {', '.join(map(flag, known)) or 'no options of its own'}")
    return {known[name]: value for name, value in given.items()}


def flag(name: str) -> str:
    """An option as it is typed."""
    return "--" + name.replace("_", "-")


def is_dna(letters: str) -> bool:
    """Whether the letters of sequences, taken together, are nucleotides."""
    counts = Counter(letters.upper())
    certain = sum(counts[letter] for letter in NUCLEOTIDES)
    return set(counts) <= NUCLEOTIDES | AMBIGUOUS and certain >= SHARE * len(letters) > 0


def spelled(sequence: Named, table: align.Substitution, similarity: str) -> Named:
    """A sequence in a table's alphabet: lower case (which marks repeats) as upper case, RNA's U as T where there is no U."""
    known = set(table.alphabet)
    change: dict[str, str] = {}
    for letter in sorted(set(sequence.values) - known, key=sequence.values.index):  # the error names the first
        capital = letter.upper()
        if capital == "U" and "U" not in known and "T" in known:
            capital = "T"
        if capital not in known:
            at = sequence.values.index(letter)
            raise Failure(
                f"{sequence.where}, letter {at + 1}: {similarity} does not know {letter!r}; it knows {''.join(map(str, table.alphabet))}"
            )
        change[letter] = capital
    return sequence._replace(values=sequence.values.translate(str.maketrans(change))) if change else sequence


def scored_by(similarity: str, sequences: list[Named]) -> Any:
    """MATCH/MISMATCH as a table over the letters that occur."""
    match, _, mismatch = similarity.partition("/")
    if not (is_number(match) and is_number(mismatch)):
        raise Failure(f"--similarity: {similarity} is neither the name of a matrix nor MATCH/MISMATCH")
    letters = sorted(set().union(*(sequence.values for sequence in sequences)))
    return {(a, b): float(match) if a == b else float(mismatch) for a in letters for b in letters} or (float(match), float(mismatch))


def normalised(values: Any) -> Any:
    """A series with mean 0 and standard deviation 1; a constant one becomes 0."""
    spread = values.std()
    return (values - values.mean()) / (spread if spread > 0 else 1.0)


def run(options: argparse.Namespace) -> Result:
    """``plait align``."""
    sequences = choose(options)
    of_series = not isinstance(sequences[0].values, str)
    if any(isinstance(sequence.values, str) == of_series for sequence in sequences):
        raise Failure("series and symbols cannot be aligned with each other")
    if of_series and options.normalise:
        sequences = [sequence._replace(values=normalised(sequence.values)) for sequence in sequences]
    method, aligner, sequences, scoring = make_aligner(options, sequences)
    names, values = [sequence.name for sequence in sequences], [sequence.values for sequence in sequences]
    began = time.perf_counter()
    if options.all or options.matrix is not None:
        scores = aligner.pairwise(values)
        seconds = time.perf_counter() - began
        if options.matrix is not None:
            written = write_matrix(options.matrix, names, scores)
            return {"command": "align", "method": method, **scoring, "names": names, "seconds": seconds, "matrix": written}
        shown = "\n" + "\n".join(
            " ".join([f"{name[:16]:<16}", *(f"{score:9.5g}" for score in row)]) for name, row in zip(names, scores, strict=True)
        )
        return {
            "command": "align",
            "method": method,
            **scoring,
            "names": names,
            "seconds": seconds,
            "scores": scores.tolist() if options.json else shown,
        }
    found = aligner.align(*values)
    found.names = names[0], names[1]
    seconds = time.perf_counter() - began
    result: dict[str, Any] = {
        "command": "align",
        "method": method,
        **scoring,
        "x": names[0],
        "y": names[1],
        "score": found.score,
        "columns": len(found),
    }
    if not of_series:
        facts = found.to_dict()
        result |= {name: facts[name] for name in ("begin", "end", "identity", "positives", "gaps", "cigar")}
    if options.json:
        result["path"] = found.path.tolist()
    result |= {"seconds": seconds, "alignment": "\n" + str(found)}
    if options.out is not None:
        page = report.Report(f"{names[0]} and {names[1]}", f"Aligned by {method}, score {found.score:.6g}.")
        page.add(report.figure("Alignment", lambda ax: plot.alignment(found, ax), size=(8.0, 3.6)), report.preformatted("Text", str(found)))
        result["report"] = page.save(options.out)
    return result


def demo_sections(seed: int) -> tuple[list[report.Section], dict[str, Any]]:
    """The sections of ``plait demo``, and their numbers: an alignment of two gestures, and nearest-neighbour classification."""
    data = datasets.gestures(rng=seed)
    shakes = [series for series, label in zip(data.test_series, data.test_labels, strict=True) if label == "shake"]
    x, y = min(shakes, key=len), max(shakes, key=len)
    found = align.DTW().align(x, y)
    began = time.perf_counter()
    predicted = align.TimeSeriesKNN().fit(data.train_series, data.train_labels).predict(data.test_series)
    seconds = time.perf_counter() - began
    classes, right = np.unique(data.test_labels), float(np.mean(predicted == data.test_labels))
    rows = [[str(true), *(int(np.sum((data.test_labels == true) & (predicted == other))) for other in classes)] for true in classes]
    sections = [
        report.figure(
            "Alignment",
            lambda ax: plot.alignment(found, ax),
            f"Two gestures of one kind, {len(x)} and {len(y)} values long, aligned by dynamic time warping: {len(found)} links.",
            size=(8.0, 3.2),
        ),
        report.table(
            "Nearest gestures",
            ["true \\ predicted", *map(str, classes)],
            rows,
            f"Each of {len(predicted)} gestures gets the label of the nearest of {len(data.train_series)} others: "
            f"{100 * right:.0f} % right.",
        ),
    ]
    return sections, {"gesture_accuracy": right, "gesture_seconds": seconds}

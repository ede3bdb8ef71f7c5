"""``plait align``: align sequences of a FASTA file, or series of a CSV file; one pair is shown, of many the scores."""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import align, datasets, plot, report
from ._common import Failure, Result, add_common, at_least, positive

#: Methods by the names that they have here, and the classes behind them; those of symbols first.
SYMBOLS = {
    "needleman-wunsch": "NeedlemanWunsch",
    "smith-waterman": "SmithWaterman",
    "semi-global": "SemiGlobal",
    "levenshtein": "Levenshtein",
    "lcs": "LCS",
}
SERIES = {"dtw": "DTW", "soft-dtw": "SoftDTW"}
CSV_ENDINGS = {".csv", ".tsv", ".txt"}


class Named(NamedTuple):
    """A sequence and what it is called."""

    name: str
    values: Any


def add(commands: Any) -> None:
    """Puts the subcommand into the parser."""
    parser = commands.add_parser("align", help="align sequences (FASTA) or series (CSV)", description=__doc__.split(": ", 1)[1])
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="FASTA, or CSV where it ends in .csv, .tsv or .txt")
    parser.add_argument("--names", nargs=2, metavar=("X", "Y"), help="which sequences or columns; the first two without it")
    parser.add_argument("--all", action="store_true", help="scores of all pairs, and no alignment")
    parser.add_argument("--method", choices=[*SYMBOLS, *SERIES], help="default: needleman-wunsch for FASTA, dtw for CSV")
    parser.add_argument(
        "--similarity", default="BLOSUM62", help="matrix of scored methods, or MATCH/MISMATCH as in 2/-1 (default BLOSUM62)"
    )
    parser.add_argument("--gap", type=float, default=-5.0, help="score of a gap's element (default -5)")
    parser.add_argument("--window", type=at_least(0), help="DTW within so many cells of the diagonal")
    parser.add_argument("--gamma", type=positive, default=1.0, help="softness of soft-dtw (default 1)")
    parser.add_argument("--normalise", action="store_true", help="series are brought to mean 0 and standard deviation 1")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a page with a picture of the alignment")
    add_common(parser)
    parser.set_defaults(run=run)


def read_columns(path: Path) -> list[Named]:
    """The columns of a CSV file that hold numbers only; a series ends where its column does."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Failure(f"{path}: no CSV file: {error}") from None
    if not text.strip():
        raise Failure(f"{path}: empty")
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096], delimiters=",;\t ")
    except csv.Error:  # one column
        dialect = csv.excel
    rows = [row for row in csv.reader(text.splitlines(), dialect) if row]
    header = rows[0] if not all(map(is_number, rows[0])) else [f"column {k + 1}" for k in range(len(rows[0]))]
    body = rows[1:] if header is rows[0] else rows
    found = []
    for k, name in enumerate(header):
        cells = [row[k].strip() if k < len(row) else "" for row in body]
        while cells and not cells[-1]:
            cells.pop()
        cells = [cell or "nan" for cell in cells]  # the aligner says where
        if cells and all(map(is_number, cells)):
            found.append(Named(name.strip(), np.array(cells, dtype=np.float64)))
    return found


def is_number(text: str) -> bool:
    """Whether it reads as one."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def read(path: Path) -> list[Named]:
    """All sequences of a file."""
    if not path.is_file():
        raise Failure(f"{path}: no such file")
    if path.suffix.lower() in CSV_ENDINGS:
        return read_columns(path)
    return [Named(record.name, record.letters) for record in datasets.fasta(path)]


def choose(options: argparse.Namespace) -> list[Named]:
    """The sequences that were asked for."""
    files = [read(path) for path in options.files]
    everything = [sequence for file in files for sequence in file]
    if options.names:
        known = {sequence.name: sequence for sequence in reversed(everything)}
        missing = [name for name in options.names if name not in known]
        if missing:
            raise Failure(f"no sequence is called {missing[0]!r}; there are {', '.join(list(known)[:20])}")
        return [known[name] for name in options.names]
    if not options.all and len(files) > 1:
        everything = [file[0] for file in files if file]
    if len(everything) < 2:
        raise Failure(f"two sequences are needed, {len(everything)} found in {', '.join(map(str, options.files))}")
    return everything if options.all else everything[:2]


def make_aligner(options: argparse.Namespace, of_series: bool) -> tuple[str, Any]:
    """The method's name and the aligner."""
    name = options.method or ("dtw" if of_series else "needleman-wunsch")
    if of_series != (name in SERIES):
        raise Failure(f"{name} aligns {'series' if name in SERIES else 'symbols'}, these are {'series' if of_series else 'symbols'}")
    make = getattr(align, (SERIES if of_series else SYMBOLS)[name])
    if name == "dtw":
        return name, make(window=options.window)
    if name == "soft-dtw":
        return name, make(gamma=options.gamma)
    return name, make() if name in ("levenshtein", "lcs") else make(options.similarity, gap=options.gap)


def scored_by(similarity: str, sequences: list[Named]) -> Any:
    """A matrix's name as it is; "2/-1" as a table over the letters that occur."""
    match, slash, mismatch = similarity.partition("/")
    if not slash:
        return similarity
    if not (is_number(match) and is_number(mismatch)):
        raise Failure(f"--similarity: {similarity} is neither the name of a matrix nor MATCH/MISMATCH")
    letters = sorted(set().union(*(sequence.values for sequence in sequences)))
    return {(a, b): float(match) if a == b else float(mismatch) for a in letters for b in letters}


def normalised(values: Any) -> Any:
    """With mean 0 and standard deviation 1; what does not vary is 0."""
    spread = values.std()
    return (values - values.mean()) / (spread if spread > 0 else 1.0)


def run(options: argparse.Namespace) -> Result:
    """``plait align``."""
    sequences = choose(options)
    of_series = not isinstance(sequences[0].values, str)
    if any(isinstance(sequence.values, str) == of_series for sequence in sequences):
        raise Failure("series and symbols cannot be aligned with each other")
    if of_series and options.normalise:
        sequences = [Named(name, normalised(values)) for name, values in sequences]
    options.similarity = scored_by(options.similarity, sequences)
    method, aligner = make_aligner(options, of_series)
    names, values = [sequence.name for sequence in sequences], [sequence.values for sequence in sequences]
    began = time.perf_counter()
    if options.all:
        scores = aligner.pairwise(values)
        seconds = time.perf_counter() - began
        shown = "\n" + "\n".join(
            " ".join([f"{name[:16]:<16}", *(f"{score:9.5g}" for score in row)]) for name, row in zip(names, scores, strict=True)
        )
        return {
            "command": "align",
            "method": method,
            "names": names,
            "seconds": seconds,
            "scores": scores.tolist() if options.json else shown,
        }
    found = aligner.align(*values)
    seconds = time.perf_counter() - began
    result: dict[str, Any] = {
        "command": "align",
        "method": method,
        "x": names[0],
        "y": names[1],
        "score": found.score,
        "columns": len(found),
    }
    if not of_series:
        result |= {"identity": found.identity, "cigar": found.cigar}
    if options.json:
        result["path"] = found.path.tolist()
    result |= {"seconds": seconds, "alignment": "\n" + str(found)}
    if options.out is not None:
        page = report.Report(f"{names[0]} and {names[1]}", f"Aligned by {method}, score {found.score:.6g}.")
        page.add(report.figure("Alignment", lambda ax: plot.alignment(found, ax), size=(8.0, 3.6)), report.preformatted("Text", str(found)))
        result["report"] = page.save(options.out)
    return result


def demo_sections(seed: int) -> tuple[list[report.Section], dict[str, Any]]:
    """What ``plait demo`` shows of it, and the numbers: two gestures in one picture, and how well the nearest one tells their kind."""
    data = datasets.gestures(rng=seed)
    shakes = [series for series, label in zip(data.test_series, data.test_labels, strict=True) if label == "shake"]
    x, y = min(shakes, key=len), max(shakes, key=len)
    found = align.DTW().align(x, y)
    began = time.perf_counter()
    answers = align.TimeSeriesKNN().fit(data.train_series, data.train_labels).predict(data.test_series)
    seconds = time.perf_counter() - began
    classes, right = np.unique(data.test_labels), float(np.mean(answers == data.test_labels))
    rows = [[str(true), *(int(np.sum((data.test_labels == true) & (answers == said))) for said in classes)] for true in classes]
    sections = [
        report.figure(
            "Alignment",
            lambda ax: plot.alignment(found, ax),
            f"Two gestures of one kind, {len(x)} and {len(y)} values long, put together by dynamic time warping: {len(found)} links.",
            size=(8.0, 3.2),
        ),
        report.table(
            "Nearest gestures",
            ["true \\ said", *map(str, classes)],
            rows,
            f"Each of {len(answers)} gestures takes the name of the nearest of {len(data.train_series)} others: {100 * right:.0f} % are right.",
        ),
    ]
    return sections, {"gesture_accuracy": right, "gesture_seconds": seconds}

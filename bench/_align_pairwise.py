"""Needleman–Wunsch and Smith–Waterman beside parasail, pyopal and Biopython: BLOSUM62, a gap of k costs 11 + (k - 1)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from _align import Work, present

LETTERS = "ARNDCQEGHILKMFPSTWYV"
GAPS = {"gap_open": -11, "gap_extend": -1}


def protein(rng: random.Random, length: int) -> str:
    return "".join(rng.choice(LETTERS) for _ in range(length))


def couple(n: int) -> tuple[str, str]:
    rng = random.Random(n)
    return protein(rng, n), protein(rng, n)


def database(count: int = 1000) -> tuple[str, list[str]]:
    """A query of 300 and proteins of 50 to 600."""
    rng = random.Random(7)
    return protein(rng, 300), [protein(rng, rng.randint(50, 600)) for _ in range(count)]


def parasail_score(function: str, x: str, y: str) -> Callable[[Any], Callable[[], int]]:
    def make(parasail: Any) -> Callable[[], int]:
        align, table = getattr(parasail, function), parasail.blosum62
        return lambda: align(x, y, 11, 1, table).score

    return make


def parasail_cigar(function: str, x: str, y: str) -> Callable[[Any], Callable[[], int]]:
    def make(parasail: Any) -> Callable[[], int]:
        align, table = getattr(parasail, function), parasail.blosum62

        def run() -> int:
            found = align(x, y, 11, 1, table)
            _ = found.cigar.decode
            return int(found.score)

        return run

    return make


def biopython_score(mode: str, x: str, y: str) -> Callable[[Any], Callable[[], float]]:
    def make(align: Any) -> Callable[[], float]:
        aligner = align.PairwiseAligner(mode=mode, open_gap_score=-11, extend_gap_score=-1)
        aligner.substitution_matrix = align.substitution_matrices.load("BLOSUM62")
        return lambda: aligner.score(x, y)

    return make


def score(kind: str, peer: str, mode: str, n: int) -> Callable[[], Mapping[str, Callable[[], Any]]]:
    x, y = couple(n)

    def ours(plait: Any) -> Callable[[], float]:
        aligner = getattr(plait, kind)("BLOSUM62", **GAPS)
        return lambda: aligner.score(x, y)

    found = {
        "plait.align": ours,
        "parasail": parasail_score(f"{peer}_striped_sat", x, y),
        "parasail:scan": parasail_score(f"{peer}_scan_sat", x, y),
    }
    if n <= 1000 and mode:
        found["Bio.Align"] = biopython_score(mode, x, y)
    return lambda: present(found)


def traced(kind: str, peer: str, n: int) -> Callable[[], Mapping[str, Callable[[], Any]]]:
    x, y = couple(n)

    def ours(plait: Any) -> Callable[[], float]:
        aligner = getattr(plait, kind)("BLOSUM62", **GAPS)
        return lambda: aligner.align(x, y).score

    return lambda: present(
        {
            "plait.align": ours,
            "parasail": parasail_score(f"{peer}_trace_striped_16", x, y),  # moves alone
            "parasail:cigar": parasail_cigar(f"{peer}_trace_scan_16", x, y),
        }
    )


def many(kind: str, algorithm: str, paths: bool) -> Callable[[], Mapping[str, Callable[[], Any]]]:
    query, references = database()

    def ours(plait: Any) -> Callable[[], float]:
        aligner = getattr(plait, kind)("BLOSUM62", **GAPS)
        if paths:
            return lambda: sum(found.score for found in aligner.align_many(query, references, threads=1))
        return lambda: float(aligner.pairwise([query], references, threads=1).sum())

    def theirs(pyopal: Any) -> Callable[[], float]:
        aligner, targets = pyopal.Aligner("BLOSUM62", gap_open=11, gap_extend=1), pyopal.Database(references)
        mode = "full" if paths else "score"
        return lambda: float(sum(found.score for found in aligner.align(query, targets, algorithm=algorithm, mode=mode)))

    return lambda: present({"plait.align": ours, "pyopal": theirs})


def found(count: int) -> Callable[[], Mapping[str, Callable[[], Any]]]:
    """The best 20 of a database in memory, with statistics and alignments; beside pyopal's scores alone."""
    query, references = database(count)

    def ours(plait: Any) -> Callable[[], float]:
        aligner = plait.SmithWaterman("BLOSUM62", **GAPS)
        return lambda: float(aligner.search(query, references, 20, threads=1)[0].score)

    def theirs(pyopal: Any) -> Callable[[], float]:
        aligner, targets = pyopal.Aligner("BLOSUM62", gap_open=11, gap_extend=1), pyopal.Database(references)
        return lambda: float(max(hit.score for hit in aligner.align(query, targets, algorithm="sw", mode="score")))

    return lambda: present({"plait.align": ours, "pyopal": theirs})


def alone(kind: str, similarity: Any, what: str) -> Callable[[], Mapping[str, Callable[[], Any]]]:
    """Scores that are no whole multiples of anything."""
    x, y = couple(1000)

    def ours(plait: Any) -> Callable[[], float]:
        aligner = getattr(plait, kind)(similarity, gap_open=-10 / 3, gap_extend=-1 / 7)
        return lambda: float(getattr(aligner, what)(x, y))

    return lambda: present({"plait.align": ours})


CELLS = 300.0 * sum(map(len, database()[1]))

WORKS = [
    *(Work(f"one NW pair, n = {n}, score", 1.2, n * n, score("NeedlemanWunsch", "nw", "global", n)) for n in (300, 3000)),
    *(Work(f"one SW pair, n = {n}, score", 1.2, n * n, score("SmithWaterman", "sw", "local", n)) for n in (300, 3000)),
    *(Work(f"one semi-global pair, n = {n}, score", 1.2, n * n, score("SemiGlobal", "sg", "", n)) for n in (300, 3000)),
    *(Work(f"one NW pair, n = {n}, path", 1.2, n * n, traced("NeedlemanWunsch", "nw", n)) for n in (300, 3000)),
    Work("one SW pair, n = 3000, path", 1.2, 9e6, traced("SmithWaterman", "sw", 3000)),
    Work("NW, 1 against 1000, score", 1.5, CELLS, many("NeedlemanWunsch", "nw", paths=False)),
    Work("SW, 1 against 1000, score", 1.5, CELLS, many("SmithWaterman", "sw", paths=False)),
    Work("NW, 1 against 1000, paths", 3.0, CELLS, many("NeedlemanWunsch", "nw", paths=True)),
    Work("SW search, 1 in 20000, best 20", 3.0, 20 * CELLS, found(20_000)),
    Work("SW, 1 against 1000, paths", None, CELLS, many("SmithWaterman", "sw", paths=True)),
    *(
        Work(f"{kind}, {name}, n = 1000, {what}", None, 1e6, alone(kind, similarity, what), goal_gcups=2.0 if what == "score" else 1.0)
        for kind in ("NeedlemanWunsch", "SmithWaterman")
        for name, similarity in (("thirds", (1 / 3, -0.7)), ("BLOSUM62", "BLOSUM62"))
        for what in ("score", "count")
    ),
]

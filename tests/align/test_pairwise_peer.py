"""Needleman–Wunsch, Smith–Waterman and semi-global alignment beside parasail and Biopython."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plait.align import NeedlemanWunsch, SemiGlobal, SmithWaterman, Substitution

pytestmark = pytest.mark.peer

PROTEIN = "ARNDCQEGHILKMFPSTWYV"
ROUNDS = 5000


def texts(seed: int, rounds: int, letters: str, longest: int) -> list[tuple[str, str]]:
    """Pairs, half of them relatives."""
    rng = random.Random(seed)
    pairs = []
    for k in range(rounds):
        x = [rng.choice(letters) for _ in range(rng.randint(1, longest))]
        y = [rng.choice(letters) for _ in range(rng.randint(1, longest))]
        if k % 2 == 0:
            y = [c if rng.random() < 0.8 else rng.choice(letters) for c in x if rng.random() < 0.9] or ["A"]
        pairs.append(("".join(x), "".join(y)))
    return pairs


def gap_scores(seed: int, rounds: int) -> list[tuple[int, int]]:
    rng = random.Random(seed)
    pairs = []
    for _ in range(rounds):
        extend = rng.randint(0, 4)
        pairs.append((extend + rng.choice([0, 1, 3, 10]), extend))
    return pairs


# parasail's striped forms are wrong where opening a gap costs no more than extending it; its scan and plain ones are right.
PARASAIL = [
    (NeedlemanWunsch, {}, "nw", "nw_scan_32"),
    (SmithWaterman, {}, "sw", "sw_scan_32"),
    (SemiGlobal, {}, "sg", "sg_scan_32"),
    (SemiGlobal, {"free_start": "x", "free_end": "x"}, "sg_qx", "sg_qx_scan_32"),
    (SemiGlobal, {"free_start": "y", "free_end": "y"}, "sg_dx", "sg_dx_scan_32"),
    (SemiGlobal, {"free_start": "x", "free_end": "y"}, "sg_qb_de", "sg_qb_de_scan_32"),
    (SemiGlobal, {"free_start": "y", "free_end": "x"}, "sg_qe_db", "sg_qe_db_scan_32"),
]


@pytest.mark.parametrize(("kind", "ends", "plain", "scan"), PARASAIL)
def test_scores_are_those_of_parasail(kind: Any, ends: dict[str, str], plain: str, scan: str) -> None:
    parasail = pytest.importorskip("parasail")
    pairs = texts(1, ROUNDS, PROTEIN, 60)
    for k, ((x, y), (opening, extending)) in enumerate(zip(pairs, gap_scores(2, ROUNDS), strict=True)):
        aligner = kind("BLOSUM62", gap_open=-opening, gap_extend=-extending, **ends)
        theirs = getattr(parasail, scan if k % 2 else plain)(x, y, opening, extending, parasail.blosum62)
        assert aligner.score(x, y) == at_least_nothing(aligner, theirs.score), (x, y, opening, extending)


def at_least_nothing(aligner: Any, score: float) -> float:
    """Where one sequence's start and the other's end are free, all of both may be left out; parasail wants a column at least."""
    start, end = (aligner.free_start, aligner.free_end) if isinstance(aligner, SemiGlobal) else ("", "")
    return max(score, 0) if ("x" in start and "y" in end) or ("y" in start and "x" in end) else score


@pytest.mark.parametrize("mode", ["global", "local"])
@pytest.mark.parametrize("unit", [1.0, 0.5, 0.3])
def test_scores_are_those_of_biopython(mode: str, unit: float) -> None:
    align = pytest.importorskip("Bio.Align")
    theirs = align.PairwiseAligner(mode=mode)
    theirs.substitution_matrix = align.substitution_matrices.load("BLOSUM62") * unit
    table = Substitution("ARNDCQEGHILKMFPSTWYVBZX*", Substitution.named("BLOSUM62").scores * unit)
    kind = NeedlemanWunsch if mode == "global" else SmithWaterman
    for (x, y), (opening, extending) in zip(texts(3, ROUNDS, PROTEIN, 30), gap_scores(4, ROUNDS), strict=True):
        theirs.open_gap_score, theirs.extend_gap_score = -opening * unit, -extending * unit
        aligner = kind(table, gap_open=-opening * unit, gap_extend=-extending * unit)
        assert aligner.score(x, y) == pytest.approx(theirs.score(x, y), abs=1e-9), (x, y, opening, extending)


def test_counts_are_those_of_biopython() -> None:
    align = pytest.importorskip("Bio.Align")
    theirs = align.PairwiseAligner(mode="global")
    theirs.match_score, theirs.mismatch_score = 2, -1
    for (x, y), (opening, extending) in zip(texts(5, 1000, "ACGT", 12), gap_scores(6, 1000), strict=True):
        theirs.open_gap_score, theirs.extend_gap_score = -opening, -extending
        aligner = NeedlemanWunsch((2, -1), gap_open=-opening, gap_extend=-extending)
        assert aligner.count(x, y) == len(theirs.align(x, y)), (x, y, opening, extending)


@pytest.mark.parametrize("name", ["BLOSUM45", "BLOSUM50", "BLOSUM62", "BLOSUM80", "BLOSUM90", "PAM30", "PAM70", "PAM250", "NUC.4.4"])
def test_tables_are_those_of_biopython(name: str) -> None:
    align = pytest.importorskip("Bio.Align")
    theirs, ours = align.substitution_matrices.load(name), Substitution.named(name)
    assert "".join(ours.alphabet) == theirs.alphabet
    assert all(theirs[a, b] == ours[a, b] for a in ours.alphabet for b in ours.alphabet)


def read_fasta(path: Path) -> list[str]:
    return ["".join(record.split("\n")[1:]).replace(" ", "").upper() for record in path.read_text().split(">")[1:]]


@pytest.mark.parametrize(
    ("name", "table", "opening", "extending", "most"),
    [
        ("globins45.fa", "BLOSUM62", 11, 1, 45),
        ("NC_000932.faa", "BLOSUM62", 11, 1, 40),
        ("NC_000932.faa", "PAM250", 14, 2, 20),
        ("ls_orchid.fasta", "NUC.4.4", 10, 1, 30),
    ],
)
def test_real_sequences(data_file: Callable[[str], Path], name: str, table: str, opening: int, extending: int, most: int) -> None:
    parasail = pytest.importorskip("parasail")
    sequences = read_fasta(data_file(f"seq/{name}"))[:most]
    theirs = {"BLOSUM62": parasail.blosum62, "PAM250": parasail.pam250, "NUC.4.4": parasail.nuc44}[table]
    for kind, function, traced in [
        (NeedlemanWunsch, parasail.nw_scan_32, parasail.nw_trace_scan_32),
        (SmithWaterman, parasail.sw_scan_32, parasail.sw_trace_scan_32),
        (SemiGlobal, parasail.sg_scan_32, parasail.sg_trace_scan_32),
    ]:
        aligner = kind(table, gap_open=-opening, gap_extend=-extending)
        scores = aligner.pairwise(sequences)
        for i, x in enumerate(sequences):
            expected = [at_least_nothing(aligner, function(x, y, opening, extending, theirs).score) for y in sequences]
            assert scores[i].tolist() == expected
        for y, found in zip(sequences, aligner.align_many(sequences[0], sequences), strict=True):
            assert found.score == at_least_nothing(aligner, traced(sequences[0], y, opening, extending, theirs).score)
            assert worth(aligner, sequences[0], y, found.path.tolist(), opening, extending) == found.score


def worth(aligner: Any, x: str, y: str, path: list[list[int]], opening: int, extending: int) -> float:
    """What a path's columns add up to."""
    table = Substitution.named(aligner.similarity)
    total, before = 0.0, ""
    for i, j in path:
        state = "y" if i < 0 else "x" if j < 0 else ""
        total += table[x[i], y[j]] if state == "" else -extending if state == before else -opening
        before = state
    return total

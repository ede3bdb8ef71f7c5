"""Properties of an alignment: coordinates, gaps, identity, rows, formats; names and similar pairs where it is printed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plait
from plait import datasets
from plait.align import DTW, Aligner, Alignment, Levenshtein, NeedlemanWunsch, SemiGlobal, SmithWaterman, Substitution

WORDS = st.text("ACGT", max_size=9)
ALIGNERS = [
    Levenshtein(),
    NeedlemanWunsch("DNA", gap=-3),
    SmithWaterman("DNA", gap=-3),
    SemiGlobal((2, -1), gap=-2, free_start="y", free_end="y"),
]


@pytest.mark.parametrize("aligner", ALIGNERS, ids=repr)
@given(x=WORDS, y=WORDS)
def test_facts_follow_from_the_rows(aligner: Any, x: str, y: str) -> None:
    found = aligner.align(x, y)
    above, below = found.aligned
    assert len(above) == len(below) == len(found)
    assert above.replace("-", "") == x[found.begin[0] : found.end[0]]
    assert below.replace("-", "") == y[found.begin[1] : found.end[1]]
    assert found.gaps == above.count("-") + below.count("-")
    same = sum(a == b for a, b in zip(above, below, strict=True))
    assert found.identity == (same / len(found) if len(found) else 0.0)
    assert found.positives == found.identity  # of DNA's table, equal letters alone are positive
    letters = "".join({"-": "I"}.get(a, "D" if b == "-" else "=" if a == b else "X") for a, b in zip(above, below, strict=True))
    told = "".join(int(n) * c for n, c in re.findall(r"(\d+)(\D)", found.cigar()))
    assert told == letters
    swapped = "".join(int(n) * c for n, c in re.findall(r"(\d+)(\D)", found.cigar(reference="y")))
    assert swapped == letters.translate(str.maketrans("ID", "DI"))
    said = json.loads(json.dumps(found.to_dict()))
    assert (said["aligned"], said["cigar"], said["begin"]) == ([above, below], found.cigar(), list(found.begin))


@given(x=st.text("ARNDWY", max_size=8), y=st.text("ARNDWY", max_size=8))
def test_positives_are_of_the_table(x: str, y: str) -> None:
    table = Substitution.named("BLOSUM62")
    found = NeedlemanWunsch(table, gap=-4).align(x, y)
    positive = sum(a != "-" and b != "-" and table[a, b] > 0 for a, b in zip(*found.aligned, strict=True))
    assert found.positives == (positive / len(found) if len(found) else 0.0)
    assert NeedlemanWunsch(table, gap=-4).align(x.encode(), y.encode()).positives == found.positives


def test_a_protein_pair_is_printed_with_names_and_similar_pairs(tmp_path: Path) -> None:
    (tmp_path / "two.fasta").write_text(">first protein\nHEAGAWGHEE\n>b\nPAWHEAE\n")
    x, y = plait.datasets.fasta(tmp_path / "two.fasta")
    aligner = SmithWaterman("BLOSUM62", gap=-3)
    found = aligner.align(x, y)
    assert found.names == (x.name, "b")
    assert aligner.score(x, y) == found.score == aligner.score(x.letters, y.letters)
    assert aligner.pairwise([x, y]).tolist() == aligner.pairwise([x.letters, y.letters]).tolist()
    assert aligner.nearest(x, [y, x])[0].tolist() == [1]
    assert Levenshtein().align_many(x, [y])[0].names == (x.name, "b")
    lines = str(NeedlemanWunsch("BLOSUM62", gap=-9).align("WDE", "WEQ")).splitlines()
    assert lines[2:] == ["x  1 WDE 3", "     |::", "y  1 WEQ 3"]
    named = str(Alignment(0.0, np.array([[0, 0]]), "A", "A", names=("a", "read 1"))).splitlines()
    assert named[2:] == ["a       1 A 1", "          |", "read 1  1 A 1"]
    local = aligner.align("CCCCWWW", "WWWC")
    assert (local.begin, local.end) == ((4, 0), (7, 3))


def test_fasta_has_sixty_letters_a_line(tmp_path: Path) -> None:
    x, y = "ACGT" * 20, "ACGT" * 18
    text = NeedlemanWunsch("DNA").align(x, y).to_fasta()
    assert max(map(len, text.splitlines())) == 60
    (tmp_path / "a.fasta").write_text(text.replace("-", "N"))
    rows = plait.datasets.fasta(tmp_path / "a.fasta")
    assert [(r.name, len(r.letters)) for r in rows] == [("x", 80), ("y", 80)]
    with pytest.raises(ValueError, match="to_fasta: expected an alignment of text, this is one of list and list"):
        Levenshtein().align([1, 2], [1]).to_fasta()


def test_what_is_no_text_has_lists_as_rows() -> None:
    found = Levenshtein().align(["a", 1], ["a"])
    assert found.aligned == (["a", 1], ["a", None])
    warped = DTW().align(np.array([0.0, 1.0]), np.array([0.0, 1.0, 1.0]))
    said = json.loads(json.dumps(warped.to_dict()))
    assert said["aligned"] == [[0, 1, 1], [0, 1, 1]]
    assert (said["cigar"], said["gaps"], said["begin"], said["end"]) == (None, 0, [0, 0], [2, 3])
    nothing = Levenshtein().align("", "")
    assert (nothing.begin, nothing.end, nothing.gaps, nothing.positives, nothing.aligned) == ((0, 0), (0, 0), 0, 0.0, ("", ""))
    with pytest.raises(ValueError, match="cigar: reference: expected 'x' or 'y', got 'read'"):
        nothing.cigar("read")


@pytest.mark.peer
def test_biopythons_matrices_and_sequences_are_taken() -> None:
    matrices = pytest.importorskip("Bio.Align.substitution_matrices")
    seq, record = pytest.importorskip("Bio.Seq"), pytest.importorskip("Bio.SeqRecord")
    for name in ("BLOSUM62", "PAM250"):
        ours, theirs = (NeedlemanWunsch(table, gap_open=-11, gap_extend=-1) for table in (name, matrices.load(name)))
        x, y = "HEAGAWGHEE", "PAWHEAE"
        assert ours.align(x, y).to_dict() == theirs.align(x, y).to_dict()
        found = theirs.align(record.SeqRecord(seq.Seq(x), id="one"), seq.Seq(y))
        assert (found.score, found.names) == (ours.score(x, y), ("one", "y"))
    with pytest.raises(ValueError, match="the similarity does not know 'J'"):
        NeedlemanWunsch(matrices.load("BLOSUM62")).score("J", "A")


def test_records_go_into_an_aligner_of_ones_own() -> None:
    def init(i: Any, j: Any) -> Any:
        return i + j

    def rank(insertion: Any, match: Any, deletion: Any, x: Any, y: Any) -> Any:
        return plait.minimum(plait.minimum(insertion + 1, deletion + 1), match + plait.where(x == y, 0, 1))

    a, b = (datasets.Sequence(name, "", letters) for name, letters in (("one", "GATTACA"), ("two", "GATCA")))
    assert Aligner(init, rank).score(a, b) == Levenshtein().score(a, b) == 2
    assert Aligner(init, rank).align(a, b).names == ("one", "two")


def test_letters_of_either_case_are_identical_where_case_is_ignored() -> None:
    for similarity in ("DNA", (5, -4)):
        for x, y in (("gattaca", "GATtACA"), (b"gattaca", b"GATtACA")):
            found = NeedlemanWunsch(similarity, gap=-3, case="ignore").align(x, y)
            assert (found.score, found.identity, found.cigar()) == (35, 1, "7=")
            assert found.aligned == ("gattaca", "GATtACA")
    assert NeedlemanWunsch((5, -4), gap=-3).align("gat", "GAT").identity == 0

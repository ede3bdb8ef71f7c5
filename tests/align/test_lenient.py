"""Letters that a table does not have: `unknown` and `case` of aligners that score pairs."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plait.align import NeedlemanWunsch, SemiGlobal, SmithWaterman, Substitution

GAPS: dict[str, Any] = {"gap_open": -10, "gap_extend": -0.5}
TABLE = Substitution.named("BLOSUM62")
letters = st.text("ARNDarndxXUu*é日", max_size=9)


def plainly(text: str, case: bool) -> str:
    """What is compared."""
    known = [c if c in TABLE.alphabet else c.upper() if not case and c.upper() in TABLE.alphabet else "X" for c in text]
    return "".join(known)


@given(x=letters, y=letters, case=st.booleans(), kind=st.sampled_from([NeedlemanWunsch, SmithWaterman, SemiGlobal]))
def test_letters_count_as_what_they_are_taken_for(x: str, y: str, case: bool, kind: Any) -> None:
    right = kind("BLOSUM62", **GAPS).align(plainly(x, case), plainly(y, case))
    aligner = kind("BLOSUM62", **GAPS, unknown="X", case=case)
    for given_x, given_y in ((x, y), (list(x), y)):
        found = aligner.align(given_x, given_y)
        assert found.score == right.score
        assert found.path.tolist() == right.path.tolist()
    assert aligner.pairwise([x, y], [y])[0, 0] == right.score
    assert pickle.loads(pickle.dumps(aligner)).score(x, y) == right.score


def test_selenocysteine_is_taken_for_x() -> None:
    found = NeedlemanWunsch("BLOSUM62", **GAPS, unknown="X").align("HWLEKNFSKRUKKTRLAG", "HWLEKNFSKRUKKTRLAG")
    assert found.score == 92  # the letters' own, and -1 for X beside X
    assert found.identity == 1
    with pytest.raises(ValueError, match="does not know 'U', element 10"):
        NeedlemanWunsch("BLOSUM62", **GAPS).score("HWLEKNFSKRU", "HWLEK")


def test_small_letters_match_capitals() -> None:
    for similarity in ("DNA", (5, -4)):
        found = NeedlemanWunsch(similarity, gap=-3, case=False).align("gattaca", "GATtACA")
        assert (found.score, found.identity, found.cigar()) == (35, 1, "7=")
        assert found.aligned == ("gattaca", "GATtACA")
        assert NeedlemanWunsch(similarity, gap=-3, case=False).score(b"gat", b"GAT") == 15
    assert NeedlemanWunsch((5, -4), gap=-3).align("gat", "GAT").identity == 0
    assert NeedlemanWunsch("DNA", gap=-3, unknown="N", case=False).score("gatu", "GATX") == 14  # N beside N is worth -1
    assert repr(NeedlemanWunsch("DNA", gap=-3, unknown="N")) == "NeedlemanWunsch(similarity='DNA', gap=-3, unknown='N')"
    assert SmithWaterman("DNA").set_params(case=False).score("gat", "GAT") == 15


def test_what_cannot_be_is_named() -> None:
    with pytest.raises(ValueError, match=r"unknown: expected one of the similarity's symbols A T G C .*, got '\?'"):
        NeedlemanWunsch("DNA", unknown="?")
    with pytest.raises(ValueError, match="knows every symbol"):
        NeedlemanWunsch((1, -1), unknown="X")
    with pytest.raises(TypeError, match="case: expected True or False, got 'no'"):
        NeedlemanWunsch("DNA", case="no")  # type: ignore[arg-type]

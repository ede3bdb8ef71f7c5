"""Sequences with small letters, and with symbols that a table does not have."""

from __future__ import annotations

import copy
import pickle

import pytest

from plait.align import NeedlemanWunsch, SemiGlobal, SmithWaterman, Substitution

BLOSUM62 = Substitution.named("BLOSUM62")


@pytest.mark.parametrize("cls", [NeedlemanWunsch, SmithWaterman, SemiGlobal])
def test_case_and_unknown_symbols(cls: type[NeedlemanWunsch]) -> None:
    plain = cls("BLOSUM62", -8)
    aligner = cls("BLOSUM62", -8, case="ignore", unknown="X")
    expected = plain.score("HEAGXAW", "HEAGXW")
    for x in ("heag?aw", "HEagUaW", b"HEAG.AW", list("heagJaW"), "HEAG漢AW"):
        if isinstance(x, (str, bytes)):
            assert aligner.score(x, x) == aligner.score("HEAGXAW", "HEAGXAW")
        assert aligner.score(x, "heagXW") == expected
    found = aligner.align("heag?", "HEAGU")
    assert found.score == aligner.score("HEAGX", "HEAGX")
    assert str(found)
    for other in (copy.deepcopy(aligner), pickle.loads(pickle.dumps(aligner))):
        assert other.get_params() == aligner.get_params()
        assert other.score("heag?aw", "heagXW") == expected


def test_case_alone_and_unknown_alone() -> None:
    with pytest.raises(ValueError, match=r"does not know '\?'"):
        NeedlemanWunsch("BLOSUM62", case="ignore").score("hea?", "HEA")
    assert NeedlemanWunsch("BLOSUM62", unknown="*").score("h", "h") == BLOSUM62["*", "*"]
    small = Substitution("ab", [[1, 0], [0, 2]]).reading("ignore")
    assert small.worth("B", "b") == 2
    # What the alphabet has in both forms stays apart.
    both = Substitution("aA", [[1, -1], [-1, 3]])
    assert NeedlemanWunsch(both, case="ignore").score("aA", "aA") == 4
    assert NeedlemanWunsch((1, -1), gap=-2, case="ignore").score("acgt", "ACGT") == 4
    assert NeedlemanWunsch((1, -1), gap=-2).score("acgt", "ACGT") == -4


def test_what_cannot_be_read() -> None:
    with pytest.raises(ValueError, match="case: expected 'keep' or 'ignore', got 'upper'"):
        NeedlemanWunsch("BLOSUM62", case="upper")
    with pytest.raises(ValueError, match="case: expected"):
        NeedlemanWunsch((1, -1), case=None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown: 'U' is not in the alphabet"):
        SmithWaterman("BLOSUM62", unknown="U")
    with pytest.raises(ValueError, match="none is unknown"):
        SemiGlobal((1, -1), unknown="X")
    assert BLOSUM62.reading() == BLOSUM62
    assert BLOSUM62.reading("ignore") != BLOSUM62

"""Alignments as people read them."""

from __future__ import annotations

import numpy as np
import pytest

import plait
from plait.align import DTW, Aligner, Alignment


def edits() -> Aligner:
    return Aligner(lambda i, j: i + j, lambda a, b, c, x, y: plait.minimum(plait.where(x == y, b, b + 1), plait.minimum(a, c) + 1))


def test_three_lines() -> None:
    found = edits().align("kitten", "sitting")
    assert str(found) == "score 3, 7 columns, identity 57.1 %\n\nx  1 kitten- 6\n     .|||.|\ny  1 sitting 7"
    assert found.operations == ["substitute", "match", "match", "match", "substitute", "match", "insert"]
    assert found.cigar() == "1X3=1X1=1I"
    assert found.identity == pytest.approx(4 / 7)


def test_lines_are_wrapped_with_positions() -> None:
    text = str(edits().align("a" * 70 + "b", "a" * 70))
    assert [line.split()[1::2] for line in text.splitlines() if line.startswith(("x", "y"))] == [
        ["1", "60"],
        ["1", "60"],
        ["61", "71"],
        ["61", "70"],
    ]
    assert max(len(line) for line in text.splitlines()) <= 80


def test_words_and_bytes() -> None:
    assert "the cat" in str(edits().align(["the", "cat"], ["the", "dog"]))
    assert "a\\x00" in str(edits().align(b"a\x00", b"a\x00")).replace("   ", "").replace(" ", "")


def test_a_part_begins_where_it_begins() -> None:
    part = Alignment(4.0, np.array([[2, 1], [3, 2]]), "xxab", "yab")
    assert str(part).splitlines()[2:] == ["x  3 ab 4", "     ||", "y  2 ab 3"]


def test_transpositions_have_a_name() -> None:
    swapped = Alignment(1.0, np.array([[0, 1], [1, 0], [2, 2]]), "abc", "bac")
    assert swapped.operations == ["transpose", "transpose", "match"]
    with pytest.raises(ValueError, match="cigar: 'transpose' has no letter"):
        _ = swapped.cigar()


def test_warping_is_shown_by_its_segments() -> None:
    found = DTW().align([0.0, 1, 2], [0.0, 0, 1, 2])
    assert found.operations == ["match", "repeat x", "match", "match"]
    assert str(found).splitlines() == [
        "score 0, 4 columns, 3 against 4 elements",
        "  match     x [0]    y [0]",
        "  repeat x  x [0]    y [1]",
        "  match     x [1…2]  y [2…3]",
    ]
    with pytest.raises(ValueError, match="warping path has no letter"):
        _ = found.cigar()


def test_nothing_is_fine() -> None:
    nothing = edits().align("", "")
    assert (len(nothing), nothing.cigar(), nothing.identity, nothing.operations) == (0, "", 0.0, [])
    assert str(nothing) == "score 0, 0 columns, identity 0.0 %"


@pytest.mark.parametrize("kind", [None, "links", "matrix"])
def test_pictures_are_drawn(kind: str | None) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    rng = np.random.default_rng(0)
    assert DTW().align(rng.normal(size=20), rng.normal(size=25)).plot(kind=kind) is not None
    assert DTW().align(rng.normal(size=(20, 2)), rng.normal(size=(25, 2))).plot(kind=kind) is not None
    if kind != "links":
        assert edits().align("kitten", "sitting").plot(kind=kind) is not None
    else:
        with pytest.raises(ValueError, match="links are drawn between series of numbers"):
            edits().align("kitten", "sitting").plot(kind=kind)

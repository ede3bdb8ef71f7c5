"""The operations of an alignment are those that the aligner's score charges for."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import plait
from plait.align import DTW, EDR, ERP, LCS, MSM, TWE, Aligner, Alignment, Levenshtein, NeedlemanWunsch, SoftDTW


def cost(aligner: Levenshtein, found: Alignment) -> float:
    count = {name: found.operations.count(name) for name in ("insert", "delete", "substitute", "transpose")}
    assert count["transpose"] % 2 == 0
    return (
        aligner.insert * count["insert"]
        + aligner.delete * count["delete"]
        + aligner.substitute * (count["substitute"] + count["transpose"] / 2)
    )


@pytest.mark.parametrize("weights", [(1, 1, 1), (2, 3, 2.5), (1, 1, 1.5)])
@pytest.mark.parametrize("transposition", [None, "osa", "damerau"])
def test_edits_add_up_to_the_score(transposition: str | None, weights: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(5)
    aligner = Levenshtein(*weights, transposition=transposition)
    pairs = 11_200  # of each of nine kinds: 10^5 in all
    letters = "".join(rng.choice(list("abc"), 16 * pairs))
    lengths = rng.integers(0, 9, (pairs, 2)).tolist()
    for k, (m, n) in enumerate(lengths):
        x, y = letters[16 * k : 16 * k + m], letters[16 * k + 8 : 16 * k + 8 + n]
        found = aligner.align(x, y)
        assert abs(cost(aligner, found) - found.score) < 1e-9, (x, y)
        assert found.score == aligner.score(x, y), (x, y)
        assert transposition is not None or "transpose" not in found.operations


@pytest.mark.parametrize("transposition", ["osa", "damerau"])
def test_two_that_change_places_are_a_transposition(transposition: str) -> None:
    aligner = Levenshtein(transposition=transposition)
    for x, y in (("ab", "ba"), ([1, 2], [2, 1]), (np.array([1, 2]), np.array([2, 1])), (b"ab", b"ba"), (["a", None], [None, "a"])):
        found = aligner.align(x, y)
        assert found.operations == ["transpose", "transpose"]
        assert found.score == 1
        with pytest.raises(ValueError, match="cigar: 'transpose' has no letter"):
            _ = found.cigar()
    assert "xx" in str(aligner.align("ab", "ba"))
    assert aligner.align_many("ab", ["ba", "ab"])[0].operations == ["transpose", "transpose"]
    assert pickle.loads(pickle.dumps(aligner.align("ab", "ba"))).operations == ["transpose", "transpose"]
    assert aligner.align("abab", "baba").operations.count("transpose") in (0, 4)


def test_changing_the_parameter_changes_the_names() -> None:
    aligner = Levenshtein()
    assert aligner.align("ab", "ba").operations != ["transpose"] * 2
    aligner.transposition = "osa"
    assert aligner.align("ab", "ba").operations == ["transpose"] * 2
    aligner.transposition = None
    assert "transpose" not in aligner.align("ab", "ba").operations


def test_in_damerau_others_stand_between() -> None:
    found = Levenshtein(transposition="damerau").align("ca", "abc")
    assert found.score == 2
    assert sorted(found.operations) == ["insert", "transpose", "transpose"]


def warping() -> Aligner:
    return Aligner(
        lambda i, j: plait.where((i == 0) & (j == 0), 0.0, np.inf),
        lambda a, b, c, x, y: (x - y) ** 2 + plait.minimum(plait.minimum(b, c), a),
    )


@pytest.mark.parametrize("aligner", [DTW(), DTW("absolute"), DTW(lambda a, b: abs(a - b)), SoftDTW(0.1), MSM(), warping()], ids=repr)
@pytest.mark.parametrize("y", [[1.0, 3, 2], [1.0, 3]])
def test_a_warping_is_never_a_substitution(aligner: Any, y: list[float]) -> None:
    found = aligner.align([1.0, 2, 5], y)
    assert found.is_warping
    assert set(found.operations) <= {"match", "repeat x", "repeat y"}
    with pytest.raises(ValueError, match="warping path"):
        _ = found.cigar()


@pytest.mark.parametrize("aligner", [ERP(), EDR(0.25), TWE(), LCS(), Levenshtein(), NeedlemanWunsch((1, -1))], ids=repr)
def test_edits_are_never_a_warping(aligner: Any) -> None:
    series = isinstance(aligner, (ERP, EDR, TWE))
    found = aligner.align([1.0, 2, 5] if series else [1, 2, 5], [1.0, 2] if series else [1, 2])
    assert not found.is_warping
    assert found.operations.count("delete") == 1


def test_edr_matches_what_is_close() -> None:
    found = EDR(0.25).align([1.0, 2.0, 3.0], [1.1, 3.2])
    assert sum(name != "match" for name in found.operations) == found.score == 1
    pairs = EDR(0.25).align([[1.0, 2.0]], [[1.2, 1.9]])
    assert pairs.operations == ["match"]
    assert pairs.identity == 1


def test_bytes_beside_characters_are_characters() -> None:
    found = NeedlemanWunsch("BLOSUM62").align("HEAG", b"HEAW")
    assert found.operations == ["match"] * 3 + ["substitute"]
    assert "HEAW" in str(found)


def test_the_kind_is_checked() -> None:
    with pytest.raises(ValueError, match="kind: expected one of 'edits', 'transpositions', 'warping' or None, got 'warp'"):
        Alignment(0.0, np.zeros((0, 2), np.int64), "", "", "warp")
    one = np.array([[0, 0]])
    assert Alignment(1.0, one, [1.0], [2.0], "warping").operations == ["match"]
    assert Alignment(1.0, one, [1.0], [2.0], "edits").operations == ["substitute"]

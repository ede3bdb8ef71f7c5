"""Cutoffs: scores beyond a cutoff are inf, all others are the same as without one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import edit as plain
from reference import levels

from plait.align import LCS, Levenshtein


@st.composite
def family(draw: st.DrawFn) -> list[str]:
    """A string, some strings within a few edits (transpositions included), and one that is not."""
    letters = draw(st.sampled_from(["ab", "ACGT", "abcdefghijklmnopqrstuvwxyz ", "aéß漢字😀𝔘", "a\u0161\u0261"]))
    base = draw(st.text(letters, min_size=60, max_size=110))
    rng = draw(st.randoms(use_true_random=False))
    members = [base, draw(st.text(letters, min_size=50, max_size=130))]
    for edits in draw(st.lists(st.integers(0, 12), max_size=4)):
        symbols = list(base)
        for _ in range(edits):
            at = rng.randrange(len(symbols))
            if rng.random() < 0.3:
                symbols[at : at + 2] = symbols[at : at + 2][::-1]
            else:
                symbols[at : at + rng.randrange(2)] = rng.choices(letters, k=rng.randrange(2))
        members.append("".join(symbols))
    return [*members, base[7:], base[:3], base[5:25] + base[:5], ""]


@given(family(), st.integers(0, 24), st.sampled_from([None, "osa"]))
def test_long_strings_within_a_cutoff(strings: list[str], cutoff: int, transposition: str | None) -> None:
    aligner = Levenshtein(transposition=transposition)
    # Against one that is not so slow: its forms are held to the plain matrix elsewhere.
    whole = np.array([[aligner.score(x, y) for y in strings] for x in strings])
    expected = np.where(whole <= cutoff, whole, np.inf)
    assert np.array_equal(aligner.pairwise(strings, strings, cutoff=cutoff), expected)
    assert np.array_equal(aligner.pairwise(strings, cutoff=cutoff), expected)
    assert np.array_equal([[aligner.score(x, y, cutoff=cutoff) for y in strings] for x in strings], expected)


@given(family(), st.sampled_from([None, "osa"]))
def test_long_strings_are_the_plain_rows(strings: list[str], transposition: str | None) -> None:
    x, y = strings[0], strings[-4]
    expected = plain.rows(x, y, transposition)
    for cutoff in (expected - 1, expected, expected + 1, 2 * expected + 9):
        if cutoff >= 0:
            found = Levenshtein(transposition=transposition).pairwise([x], [y, x, y], cutoff=cutoff)[0]
            assert found.tolist() == [expected if expected <= cutoff else math.inf, 0, expected if expected <= cutoff else math.inf]


@pytest.mark.parametrize("unit", [0.1, 1 / 3, 0.7, 3, 1e-300])
def test_a_cutoff_that_is_met_exactly(unit: float) -> None:
    aligner = Levenshtein(unit, unit, unit)
    x = "a" * 100
    for edits in range(1, 40):
        y = "b" * edits + x[edits:]
        score = aligner.score(x, y)
        assert aligner.score(x, y, cutoff=score) == score
        assert aligner.pairwise([x], [y], cutoff=score) == score
        assert aligner.score(x, y, cutoff=np.nextafter(score, 0)) == math.inf


def test_of_similarities_it_is_a_lower_bound() -> None:
    assert LCS().pairwise(["abc", "xbz"], ["abd"], cutoff=2).tolist() == [[2], [-math.inf]]


SCRIPT = """
import hashlib, random
import numpy as np
from plait.align import Levenshtein

random.seed(5)
base = ["".join(random.choices("ACGT", k=n)) for n in (70, 70, 90, 200, 500) for _ in range(20)]
strings = base + [s[3:40] + random.choice("ACGT") + s[40:] for s in base] + [s[:8] + s[9:] for s in base]
digest = hashlib.sha256()
for transposition in (None, "osa"):
    for cutoff in (0, 1, 4, 12, 30):
        for threads in (1, 3):
            digest.update(Levenshtein(transposition=transposition).pairwise(strings, cutoff=cutoff, threads=threads).tobytes())
print(digest.hexdigest())
"""


def test_every_instruction_set_gives_the_same_within_a_cutoff() -> None:
    assert len(set(levels.outputs(SCRIPT))) == 1


def plainly_nearest(aligner: Levenshtein, query: str, references: list[str], k: int, cutoff: float) -> list[tuple[int, float]]:
    scores = [(aligner.score(query, y), i) for i, y in enumerate(references)]
    return [(i, score) for score, i in sorted(scores) if score <= cutoff][:k]


@given(
    family(), st.lists(st.text("abcé漢", max_size=70), max_size=80), st.integers(0, 24), st.integers(1, 4), st.sampled_from([None, "osa"])
)
def test_the_nearest_of_a_list_within_a_cutoff(long: list[str], short: list[str], cutoff: int, k: int, transposition: str | None) -> None:
    for aligner in (Levenshtein(transposition=transposition), Levenshtein(0.3, 0.3, 0.3, transposition)):
        for references in (long, [*short, *long]):
            k = min(k, len(references))
            for query in [*long[:3], *short[:3], ""]:
                most = cutoff * aligner.insert
                indices, scores = aligner.nearest(query, references, k, cutoff=most)
                assert list(zip(indices.tolist(), scores.tolist(), strict=True)) == plainly_nearest(aligner, query, references, k, most)
                indices, scores = aligner.nearest(query, tuple(references), k=k)
                assert list(zip(indices.tolist(), scores.tolist(), strict=True)) == plainly_nearest(aligner, query, references, k, math.inf)


def test_what_is_not_plain_text_is_compared_as_ever() -> None:
    aligner = Levenshtein()
    assert aligner.score(b"ab", b"b") == aligner.score(["a", "b"], ["b"]) == aligner.score("ab", ["b"]) == 1
    assert aligner.score(x="ab", y="b") == aligner.score("ab", y="b") == 1
    assert aligner.score("ab", "b", cutoff=0) == math.inf
    assert aligner.score("ab", "b", cutoff=None) == aligner.score("ab", "b", cutoff=np.float64(1)) == 1
    assert aligner.nearest("ab", ["b", ["a", "b"]])[0].tolist() == [1]
    assert aligner.nearest("ab", np.array(["b", "ab"]))[0].tolist() == [1]
    assert aligner.nearest(query="ab", references=["b", "ab"], k=2)[0].tolist() == [1, 0]
    assert aligner.nearest("ab", {"x": "b", "y": "ab"})[0].tolist() == ["y"]
    assert aligner.nearest("ab", ["b", "ab"], cutoff=-1)[0].tolist() == []
    with pytest.raises(TypeError, match="bytes"):
        aligner.nearest("ab", ["b", "abc", b"ab"])
    with pytest.raises(TypeError, match="bytes"):
        aligner.nearest("ab", ["ab", b"ab"], 2)
    with pytest.raises(TypeError):
        aligner.score("ab")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        aligner.score("ab", "b", most=2)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="cutoff: expected a number"):
        aligner.score("ab", "b", cutoff=math.nan)
    for k in (0, 3, -1, True, 1.5, 10**30):
        with pytest.raises(ValueError, match="k: expected"):
            aligner.nearest("ab", ["b", "ab"], k)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="there are none"):
        aligner.nearest("ab", [])


@pytest.mark.parametrize("equal", ["ab", "ab" * 1000, "é漢", b"ab"])
def test_what_follows_enough_equal_ones_is_not_looked_at(equal: str | bytes) -> None:
    aligner = Levenshtein()
    for others in (0, 5, 70):
        references: list[object] = [*[equal[::-1]] * others, equal, equal, None, equal]
        for k in (1, 2):
            indices, scores = aligner.nearest(equal, references, k)
            assert indices.tolist() == list(range(others, others + k))
            assert scores.tolist() == [0] * k
        with pytest.raises(TypeError, match=rf"references\[{others + 2}\]"):
            aligner.nearest(equal, references, 3)
        with pytest.raises(TypeError, match=r"references\[0\]"):
            aligner.nearest(equal, references[::-1][1:])


def test_a_parameter_that_changes_changes_what_comes_next() -> None:
    aligner = Levenshtein()
    assert aligner.score("ab", "ba") == 2
    aligner.transposition = "osa"
    assert aligner.score("ab", "ba") == 1
    aligner.substitute = 0.5
    assert aligner.score("ab", "ba") == 0.5
    aligner.insert = -1
    with pytest.raises(ValueError, match="insert"):
        aligner.score("ab", "ba")
    with pytest.raises(ValueError, match="insert"):
        aligner.nearest("ab", ["ba"])


def test_a_list_that_takes_long_is_searched_without_the_interpreter_s_lock() -> None:
    rng = np.random.default_rng(0)
    references = ["".join(rng.choice(list("ACGT"), 3000)) for _ in range(20)]
    query = references[7][:1500] + references[7][1600:]
    assert Levenshtein().nearest(query, references)[0].tolist() == [7]


@pytest.mark.parametrize("length", [5, 40, 150, 2500])
def test_an_equal_text_is_found_wherever_it_stands(length: int) -> None:
    """In a small first block, in a full one, and where a list that takes long is searched without the interpreter's lock."""
    rng = np.random.default_rng(length)
    aligner = Levenshtein()
    others = ["".join(rng.choice(list("abc"), length)) + "d" for _ in range(90)]
    for query in ("".join(rng.choice(list("abc"), length)), "".join(rng.choice(list("ab漢"), length))):
        near = query[:-1] + "x"
        for place in (0, 7, 8, 23, 30, 89):
            references: list[object] = [*others[:place], query, *others[place:], query, None]
            assert [a.tolist() for a in aligner.nearest(query, references)] == [[place], [0]]
            assert [a.tolist() for a in aligner.nearest(query, references, 2)] == [[place, 91], [0, 0]]
            assert aligner.nearest(near, references[:-1], cutoff=2)[0].tolist() == [place]
            with pytest.raises(TypeError, match=r"references\[92\]"):
                aligner.nearest(near, references)
            if place > 0:  # what is nearly equal and comes first is not as good
                assert aligner.nearest(query, [near, *references])[0].tolist() == [place + 1]

"""Needleman–Wunsch, Smith–Waterman and semi-global alignment against three plain matrices, and against every alignment there is."""

from __future__ import annotations

import itertools
import math
import pickle
import signal
import threading
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.pairwise import Plain

from plait.align import NeedlemanWunsch, SemiGlobal, SmithWaterman, Substitution, needleman_wunsch, semi_global, smith_waterman

words = st.text("ABCD", max_size=24)
gap_scores = st.integers(-12, 0)
free = st.sampled_from(["", "x", "y", "xy"])


@st.composite
def schemes(draw: st.DrawFn, unit: float = 1.0, least: int = -6, most: int = 6) -> tuple[Any, Plain]:
    """An aligner and its plain twin."""
    scores = np.array(draw(st.lists(st.integers(least, most), min_size=16, max_size=16)), dtype=float).reshape(4, 4) * unit
    gap_open, gap_extend = (draw(gap_scores) * unit for _ in "oe")
    arguments: dict[str, Any] = {"gap_open": gap_open, "gap_extend": gap_extend}
    if draw(st.booleans()):
        arguments, gap_extend = {"gap": gap_open}, gap_open
    table = Substitution("ABCD", scores)
    plain: dict[str, Any] = {"score": lambda a, b: table[a, b], "gap_open": gap_open, "gap_extend": gap_extend}
    kind = draw(st.sampled_from([NeedlemanWunsch, SmithWaterman, SemiGlobal]))
    if kind is NeedlemanWunsch:
        return NeedlemanWunsch(table, **arguments), Plain(**plain)
    if kind is SmithWaterman:
        return SmithWaterman(table, **arguments), Plain(**plain, local=True)
    start, end = draw(free), draw(free)
    return SemiGlobal(table, **arguments, free_start=start, free_end=end), Plain(**plain, free_start=start, free_end=end)


def assert_same(aligner: Any, plain: Plain, x: Any, y: Any) -> None:
    score, path = plain.align(x, y)
    found = aligner.align(x, y)
    assert found.score == score
    assert aligner.score(x, y) == score
    assert [tuple(pair) for pair in found.path.tolist()] == path


@given(schemes(), words, words)
def test_score_and_path_are_those_of_the_matrices(scheme: tuple[Any, Plain], x: str, y: str) -> None:
    assert_same(*scheme, x, y)


@given(schemes(unit=0.25), words, words)
def test_fractions_that_a_power_of_two_makes_whole(scheme: tuple[Any, Plain], x: str, y: str) -> None:
    assert_same(*scheme, x, y)


@given(schemes(unit=0.1), words, words)
def test_other_fractions(scheme: tuple[Any, Plain], x: str, y: str) -> None:
    aligner, plain = scheme
    score, _ = plain.align(x, y)
    found = aligner.align(x, y)
    assert found.score == aligner.score(x, y)
    assert found.score == pytest.approx(score, abs=1e-9)
    assert plain.score_of(x, y, found.path.tolist()) == pytest.approx(score, abs=1e-9)


@given(schemes(), st.text("AB", max_size=4), st.text("AB", max_size=3))
def test_count_and_score_are_those_of_all_alignments(scheme: tuple[Any, Plain], x: str, y: str) -> None:
    aligner, plain = scheme
    scores = [score for score, _ in plain.every(x, y)]
    best = max(scores)
    assert aligner.score(x, y) == best
    assert aligner.count(x, y) == (1 if plain.local and best == 0 else scores.count(best))


@pytest.mark.parametrize(("gap_open", "gap_extend"), [(-2, -2), (-3, -1), (-1, -3)])
def test_an_alignment_is_counted_once(gap_open: float, gap_extend: float) -> None:
    # One of four elements stands alone: four alignments of the same score, whatever the gaps cost.
    assert NeedlemanWunsch((1, -9), gap_open=gap_open, gap_extend=gap_extend).count("AB", "AB") == 1
    assert NeedlemanWunsch((1, -9), gap=gap_open).count("AAAA", "AAA") == 4


@given(st.text("AB", min_size=0, max_size=300), st.text("AB", max_size=300))
def test_long_repeats(x: str, y: str) -> None:
    plain = Plain(lambda a, b: 2.0 if a == b else -1.0, -3.0, -1.0, local=True)
    if len(x) * len(y) > 3000:
        return
    assert_same(SmithWaterman((2, -1), gap_open=-3, gap_extend=-1), plain, x, y)


@pytest.mark.parametrize("empty", [("", ""), ("", "ABC"), ("ABC", "")])
def test_empty(empty: tuple[str, str]) -> None:
    x, y = empty
    for aligner in (NeedlemanWunsch((1, -1), gap_open=-4, gap_extend=-1), SmithWaterman((1, -1)), SemiGlobal((1, -1))):
        found = aligner.align(x, y)
        gap = -4.0 - (max(len(x), len(y)) - 1) if x + y and isinstance(aligner, NeedlemanWunsch) else 0.0
        assert found.score == aligner.score(x, y) == gap
        assert len(found) == (max(len(x), len(y)) if isinstance(aligner, NeedlemanWunsch) else 0)
        assert aligner.count(x, y) >= 1
    assert SemiGlobal((1, -1), free_start="x", free_end="x").score("", "AB") == -10.0


def test_nothing_similar_is_the_empty_alignment() -> None:
    aligner = SmithWaterman((1, -1))
    found = aligner.align("AAAA", "BB")
    assert (found.score, found.path.shape, aligner.count("AAAA", "BB")) == (0.0, (0, 2), 1.0)


def test_sequences_of_every_kind_agree() -> None:
    x, y = "ACBA", "ABBCA"
    plain = SmithWaterman((2, -1), gap=-1).align(x, y)
    numbers = [[ord(c) for c in s] for s in (x, y)]
    for a, b in [(x.encode(), y.encode()), (list(x), list(y)), (np.array(numbers[0]), np.array(numbers[1])), (tuple(x), list(y))]:
        found = SmithWaterman((2, -1), gap=-1).align(a, b)
        assert (found.score, found.path.tolist()) == (plain.score, plain.path.tolist())
        if not isinstance(a, np.ndarray):
            table = Substitution("ABC", 3 * np.eye(3) - 1)
            found = SmithWaterman(table, gap=-1).align(a, b)
            assert (found.score, found.path.tolist()) == (plain.score, plain.path.tolist())
    numbered = Substitution([ord(c) for c in "ABC"], 3 * np.eye(3) - 1)
    for a, b in [(x.encode(), y.encode()), (np.array(numbers[0]), numbers[1])]:
        assert SmithWaterman(numbered, gap=-1).score(a, b) == plain.score


def test_characters_beyond_latin_1_and_large_alphabets() -> None:
    table = Substitution("αβγ", 3 * np.eye(3) - 1)
    assert NeedlemanWunsch(table).score("αβγ", "αβγ") == 6
    large = Substitution(range(1000), 3 * np.eye(1000) - 1)
    x = list(range(0, 1000, 3))
    assert NeedlemanWunsch(large).score(x, x) == 2 * len(x)
    assert NeedlemanWunsch((2, -1)).score("αβγ", "αβ") == -1
    with pytest.raises(ValueError, match="y: the similarity does not know 'δ', element 2"):
        NeedlemanWunsch(table).score("αβγ", "αβδ")


def test_shortcuts() -> None:
    assert needleman_wunsch("AB", "AB", (1, -1)) == NeedlemanWunsch((1, -1)).score("AB", "AB") == 2
    assert smith_waterman("AB", "CB", (1, -1), gap_open=-2, gap_extend=-1) == 1
    assert semi_global("AAB", "ABB", (1, -1), free_start="x", free_end="y") == 2


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: NeedlemanWunsch("BLOSUM61"), ValueError, "no table is named 'BLOSUM61'; there are BLOSUM45"),
        (lambda: NeedlemanWunsch("BLOSUM62", gap=5), ValueError, "gap: scores of gaps are added as given"),
        (lambda: NeedlemanWunsch("BLOSUM62", gap_open=-5), ValueError, "gap_open was given without gap_extend"),
        (lambda: NeedlemanWunsch("BLOSUM62", gap=math.nan), ValueError, "gap: expected a finite number"),
        (lambda: NeedlemanWunsch((1, math.inf)), ValueError, "mismatch: expected a finite number"),
        (lambda: NeedlemanWunsch(5), TypeError, "similarity: expected a Substitution"),
        (lambda: NeedlemanWunsch({("A", "A"): 1, ("B", "B"): 1}), ValueError, r"neither \('A', 'B'\) nor \('B', 'A'\) has a score"),
        (lambda: SemiGlobal("BLOSUM62", free_start="z"), ValueError, "free_start: expected"),
    ],
)
def test_parameters_are_checked(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make().score("A", "A")


def test_an_unknown_symbol_is_named_with_its_place() -> None:
    with pytest.raises(ValueError, match="y: the similarity does not know 'J', element 2"):
        NeedlemanWunsch("BLOSUM62").score("ARN", "ARJ")
    with pytest.raises(ValueError, match="x: the similarity does not know 'a', element 0"):
        NeedlemanWunsch("BLOSUM62").score("arn", "ARN")
    with pytest.raises(ValueError, match=r"Y\[1\]: the similarity does not know b'J', element 0"):
        NeedlemanWunsch("BLOSUM62").pairwise([b"ARN"], [b"ARN", b"J"])


@given(schemes(), st.lists(words, min_size=1, max_size=70), st.lists(words, min_size=1, max_size=3), st.integers(1, 3))
def test_many_are_the_single_ones(scheme: tuple[Any, Plain], columns: list[str], rows: list[str], threads: int) -> None:
    aligner, _ = scheme
    expected = np.array([[aligner.score(x, y) for y in columns] for x in rows])
    assert np.array_equal(aligner.pairwise(rows, columns, threads=threads), expected)
    for found, y in zip(aligner.align_many(rows[0], columns, threads=threads), columns, strict=True):
        alone = aligner.align(rows[0], y)
        assert (found.score, found.path.tolist(), found.x, found.y) == (alone.score, alone.path.tolist(), rows[0], y)
    indices, scores = aligner.nearest(rows[0], columns, k=min(3, len(columns)))
    order = np.argsort(-expected[0], kind="stable")[: len(indices)]
    assert indices.tolist() == order.tolist()
    assert scores.tolist() == expected[0][order].tolist()


def test_all_pairs_of_one_list() -> None:
    texts = ["".join(t) for t in itertools.product("AB", repeat=3)]
    for aligner in (NeedlemanWunsch((1, -1)), SemiGlobal((1, -1), free_start="x", free_end="")):
        scores = aligner.pairwise(texts)
        assert scores.tolist() == [[aligner.score(a, b) for b in texts] for a in texts]


@pytest.mark.parametrize("gap", [-5, -5.3])
@pytest.mark.parametrize("method", ["score", "align", "count", "pairwise", "align_many"])
def test_can_be_interrupted(gap: float, method: str) -> None:
    aligner = NeedlemanWunsch((2, -1), gap=gap)
    x = "ACGT" * 20_000
    arguments: tuple[Any, ...] = {"pairwise": ([x], [x[:9000]] * 5000), "align_many": (x, [x] * 10)}.get(method, (x, x))
    timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        getattr(aligner, method)(*arguments)
    timer.join()
    assert time.monotonic() - began < 5  # not the minutes that it would take; 0.1 s on an idle machine


def test_a_changed_parameter_counts_and_copies_are_equal() -> None:
    aligner = NeedlemanWunsch({("A", "A"): 2.0}, gap=-1)
    assert aligner.score("AA", "A") == 1
    assert pickle.loads(pickle.dumps(aligner)).score("AA", "A") == 1
    aligner.gap = -2
    assert aligner.score("AA", "A") == 0
    aligner.similarity = (5, -1)
    assert aligner.score("AB", "A") == 3


@pytest.mark.parametrize(("match", "lengths"), [(5, range(44, 57)), (127, range(510, 522))])
@pytest.mark.parametrize("gap_open", [-3, -127, -129, -300, -40_000])
def test_local_scores_at_the_ends_of_a_range(match: int, lengths: range, gap_open: int) -> None:
    """Lanes hold 255 and 65535 values; what does not fit is found, also beside what does."""
    aligner = SmithWaterman(Substitution("AB", [[match, -5], [-5, 1]]), gap_open=gap_open, gap_extend=-1)
    query = "A" * 600
    references = ["A" * n for n in lengths for _ in range(12)] + ["A" * 30 + "B" * 5 + "A" * 30, "B"] * 20
    scores = aligner.pairwise([query], references)[0]
    assert scores.tolist() == [aligner.score(query, reference) for reference in references]
    assert scores[0] == match * lengths[0]

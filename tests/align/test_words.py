"""An index of words finds what scoring all of them finds; matrices of other types, and sparse ones."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plait
from plait.align import DTW, LCS, Levenshtein, WordIndex, deduplicate, match, words

texts = st.text(st.sampled_from("abcé漢😀"), max_size=30)
collections = st.lists(texts, max_size=30)
aligners = st.sampled_from(
    [
        (Levenshtein(), 1.0),
        (Levenshtein(transposition="osa"), 1.0),
        (Levenshtein(transposition="damerau"), 1.0),
        (Levenshtein(0.5, 0.7, 0.9, "damerau"), 0.5),
        (Levenshtein(3, 2, 4, "osa"), 2.0),
        (Levenshtein(0.1, 0.1, 0.1), 0.1),
    ]
)


@pytest.fixture(autouse=True)
def always_indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forces an index, which small collections would not get by default."""
    monkeypatch.setattr(words, "FEW", 0)
    monkeypatch.setattr(words, "WORTHWHILE", dict.fromkeys(range(4), 0))


@given(collections, collections, st.integers(0, 3), aligners)
def test_an_index_finds_what_scoring_all_finds(
    choices: list[str], queries: list[str], edits: int, given_aligner: tuple[Levenshtein, float]
) -> None:
    aligner, least = given_aligner
    cutoff = edits * least
    index = WordIndex(choices, cutoff, aligner)
    for query in [*queries, *choices[:3]]:
        scores = np.array([aligner.score(query, choice) for choice in choices])
        order = [k for k in np.argsort(scores, kind="stable") if scores[k] <= cutoff]
        found = index.within(query)
        assert found.index.tolist() == order
        assert found.scores.tolist() == scores[order].tolist()
        for k in (1, 3):
            places, best = index.nearest(query, k)
            assert places.tolist() == order[:k]
            assert best.tolist() == scores[order[:k]].tolist()
        assert index.nearest(query, 2, cutoff=0)[0].tolist() == [k for k in order if scores[k] == 0][:2]


@given(st.lists(st.text("ab", max_size=60), max_size=20), st.integers(0, 3), st.randoms(use_true_random=False))
def test_long_words_are_found_by_their_beginnings(choices: list[str], edits: int, rng: Any) -> None:
    index = WordIndex(choices, edits)
    for word in choices[:5]:
        symbols = list(word)
        for _ in range(edits):
            at = rng.randrange(len(symbols) + 1)
            symbols[at : at + rng.randrange(2)] = rng.choices("ab", k=rng.randrange(2))
        query = "".join(symbols)
        expected = [k for k, choice in enumerate(choices) if Levenshtein().score(query, choice) <= edits]
        assert sorted(index.within(query).index.tolist()) == expected


@given(collections, collections, st.integers(0, 3), st.integers(1, 3), st.booleans())
def test_match_gives_the_same_with_and_without_an_index(
    queries: list[str], choices: list[str], cutoff: int, k: int, threaded: bool
) -> None:
    threads = 3 if threaded else 1
    indexed = match(queries, choices, k=k, cutoff=cutoff, threads=threads)
    explicit = match(queries, WordIndex(choices, cutoff), k=k, threads=threads)
    # bytes of one letter more than an index takes: LCS and weights of 0 have none
    scores = np.array([[Levenshtein().score(q, c) for c in choices] for q in queries]).reshape(len(queries), len(choices))
    for i in range(len(queries)):
        order = [int(j) for j in np.argsort(scores[i], kind="stable") if scores[i, j] <= cutoff][:k]
        expected = order + [-1] * (k - len(order))
        for found in (indexed, explicit):
            assert found.index.reshape(len(queries), k)[i].tolist() == expected
            values = found.scores.reshape(len(queries), k)[i]
            assert values[: len(order)].tolist() == scores[i, order].tolist()
            assert np.isnan(values[len(order) :]).all()


@given(collections, st.integers(0, 3))
def test_deduplicate_gives_the_same_with_and_without_an_index(strings: list[str], cutoff: int) -> None:
    indexed = deduplicate(strings, cutoff)
    kept: list[int] = []
    stands = []
    for i, text in enumerate(strings):
        if text in strings[:i]:  # as what is equal to it
            stands.append(stands[strings.index(text)])
            continue
        near = [(Levenshtein().score(text, strings[j]), j) for j in kept]
        best = min(near, default=(math.inf, -1))
        if best[0] <= cutoff:
            stands.append(best[1])
        else:
            kept.append(i)
            stands.append(i)
    assert indexed.kept.tolist() == kept
    assert indexed.representatives.tolist() == stands


def test_what_an_index_does_not_take() -> None:
    with pytest.raises(ValueError, match="cutoff of 0 to 3 edits, got 4"):
        WordIndex(["a"], 4)
    with pytest.raises(ValueError, match="cutoff of 0 to 3 edits"):
        WordIndex(["a"], 2, Levenshtein(0, 1, 1))
    with pytest.raises(ValueError, match="cutoff: expected a number"):
        WordIndex(["a"], math.nan)
    with pytest.raises(ValueError, match="cutoff of 0 to 3"):
        WordIndex(["a"], -1)
    with pytest.raises(TypeError, match=r"choices\[1\]: expected str for all"):
        WordIndex(["a", b"a"])
    with pytest.raises(TypeError, match=r"choices\[0\]: expected str for all"):
        WordIndex([["a"]])
    with pytest.raises(TypeError, match="aligner: expected a Levenshtein"):
        WordIndex(["a"], aligner=LCS())  # type: ignore[arg-type]
    index = WordIndex(["a", "b"], 1)
    with pytest.raises(ValueError, match="built for 1, got 2"):
        index.nearest("a", cutoff=2)
    with pytest.raises(TypeError, match="query: expected str, as the choices are, got bytes"):
        index.nearest(b"a")
    with pytest.raises(TypeError, match=r"queries\[1\]: expected str"):
        index.match(["a", 3])
    with pytest.raises(ValueError, match="has its own aligner"):
        match(["a"], index, Levenshtein())


def test_an_index_among_missing_values_keys_and_copies() -> None:
    index = WordIndex({"first": "kitten", "second": None, "third": "mitten"}, 2)
    assert len(index) == 3
    assert index.nearest("kiten")[0].tolist() == ["first"]
    found = index.match(["miten", None, "zzzzzz"])
    assert found.index.tolist() == [2, -1, -1]
    assert found.keys.tolist() == ["third", None, None]
    for other in (copy.copy(index), pickle.loads(pickle.dumps(index))):
        assert other.nearest("kiten")[0].tolist() == ["first"]
    assert index.nbytes > 0
    assert WordIndex([], 2).nearest("a")[0].tolist() == []
    assert WordIndex(list(np.array(["a", "abc"])), 1).nearest(np.str_("ab"))[0].tolist() == [0]
    assert Levenshtein().nearest("ab", ["abc"], cutoff=10**400)[0].tolist() == [0]
    assert WordIndex([None], 2).match(["a"]).index.tolist() == [-1]
    aligner = Levenshtein()
    kept = WordIndex(["ab"], 1, aligner)
    aligner.insert = 5
    assert kept.nearest("abc")[1].tolist() == [1]


def test_scores_as_integers() -> None:
    X = ["kitten", "sitting", "", "mitten"]
    expected = Levenshtein().pairwise(X)
    for dtype in (np.uint8, np.int8, "uint16", np.int32, np.int64, np.float16, np.float32, float):
        found = Levenshtein().pairwise(X, dtype=dtype)
        assert found.dtype == dtype
        assert np.array_equal(found, expected)
    cut = Levenshtein().pairwise(X, dtype=np.uint8, cutoff=3)
    assert np.array_equal(cut, np.where(expected <= 3, expected, 255))
    assert LCS().pairwise(["ab"], ["ab", "cd"], dtype=np.int8, cutoff=1).tolist() == [[2, -128]]
    out = np.empty((4, 4), np.uint8)
    assert Levenshtein().pairwise(X, dtype=np.uint8, out=out) is out
    assert np.array_equal(out, expected)
    assert np.array_equal(Levenshtein().pairwise(X, X, dtype=np.uint8, progress=lambda *_: None), expected)


def test_integers_that_scores_do_not_fit() -> None:
    with pytest.raises(OverflowError, match="a score of 300 does not fit into uint8"):
        Levenshtein().pairwise(["a" * 300], [""], dtype=np.uint8)
    assert Levenshtein().pairwise(["a" * 255], [""], dtype=np.uint8).tolist() == [[255]]
    with pytest.raises(OverflowError, match="stands for those beyond the cutoff"):
        Levenshtein().pairwise(["a" * 255, "a" * 300], [""], dtype=np.uint8, cutoff=260)
    with pytest.raises(ValueError, match=r"0\.5 is no whole number"):
        Levenshtein(0.5, 0.5, 0.5).pairwise(["a"], ["b"], dtype=int)
    with pytest.raises(OverflowError, match="does not fit into float16"):
        Levenshtein(1e5, 1, 1).pairwise([""], ["b"], dtype=np.float16)
    for dtype in (complex, str, "nonsense", object):
        with pytest.raises(TypeError, match="dtype: expected an integer or floating-point type"):
            Levenshtein().pairwise(["a"], dtype=dtype)
    with pytest.raises(plait.ShapeError, match="out must be a uint8 array"):
        Levenshtein().pairwise(["a"], dtype=np.uint8, out=np.empty((1, 1)))
    assert DTW().pairwise([[0, 1], [0, 3]], dtype=np.int32).tolist() == [[0, 4], [4, 0]]


@given(collections, collections, st.integers(0, 3), aligners)
def test_sparse_matrices_hold_what_is_within_the_cutoff(
    X: list[str], Y: list[str], edits: int, given_aligner: tuple[Levenshtein, float]
) -> None:
    pytest.importorskip("scipy")
    aligner, least = given_aligner
    dense = aligner.pairwise(X, Y, cutoff=edits * least)
    found = aligner.pairwise(X, Y, cutoff=edits * least, sparse=True)
    assert found.shape == dense.shape
    assert found.has_sorted_indices
    rows = np.repeat(np.arange(len(X)), np.diff(found.indptr))
    rebuilt = np.full(dense.shape, np.inf)
    rebuilt[rows, found.indices] = found.data
    assert np.array_equal(rebuilt, dense)


def test_sparse_without_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("scipy")
    monkeypatch.setattr(words, "FEW", 10**9)
    X = ["kitten", "sitting", "mitten", "x" * 90, "x" * 88]
    found = Levenshtein().pairwise(X, cutoff=2, sparse=True, dtype=np.uint8)
    assert found.dtype == np.uint8
    assert found.nnz == 5 + 2 + 2
    assert found[0, 2] == 1
    assert found.diagonal().tolist() == [0] * 5
    assert LCS().pairwise(X[:3], cutoff=5, sparse=True).nnz == 5
    near = Levenshtein().pairwise(X[:3], cutoff=0.8, sparse=True, similarity="normalized")
    assert near[0, 2] == pytest.approx(5 / 6)
    assert near.nnz == 5
    with pytest.raises(ValueError, match="sparse: expected a cutoff"):
        Levenshtein().pairwise(X, sparse=True)
    with pytest.raises(ValueError, match="goes without out"):
        Levenshtein().pairwise(X, cutoff=1, sparse=True, out=np.empty((5, 5)))


def test_similarities_of_all_pairs() -> None:
    X, Y = ["ab", "", "abc"], ["ab", "xyz", ""]
    assert Levenshtein().pairwise(X, Y, similarity="normalized").tolist() == [[1, 0, 0], [0, 0, 1], [pytest.approx(2 / 3), 0, 0]]
    assert LCS().pairwise(X, Y, similarity="ratio").tolist() == [[1, 0, 0], [0, 0, 1], [0.8, 0, 0]]
    assert LCS().pairwise(X, Y, similarity="ratio", cutoff=0.9).tolist() == [
        [1, -math.inf, -math.inf],
        [-math.inf, -math.inf, 1],
        [-math.inf] * 3,
    ]
    with pytest.raises(ValueError, match="'ratio' counts the longest common subsequence"):
        Levenshtein().pairwise(X, Y, similarity="ratio")
    with pytest.raises(ValueError, match="'normalized' is of Levenshtein"):
        DTW().pairwise([[1.0]], similarity="normalized")


@pytest.mark.peer
def test_similarities_are_rapidfuzz_s() -> None:
    fuzz = pytest.importorskip("rapidfuzz.fuzz")
    distance = pytest.importorskip("rapidfuzz.distance")
    rng = np.random.default_rng(0)
    X = ["".join(rng.choice(list("abcde"), rng.integers(0, 14))) for _ in range(40)]
    ratio = LCS().pairwise(X, similarity="ratio")
    near = Levenshtein().pairwise(X, similarity="normalized")
    for i, x in enumerate(X):
        for j, y in enumerate(X):
            assert ratio[i, j] == pytest.approx(fuzz.ratio(x, y) / 100)
            assert near[i, j] == pytest.approx(distance.Levenshtein.normalized_similarity(x, y))


def test_capitals_that_do_not_matter() -> None:
    found = match(["JOHN", None, "straße"], ["Jane", "john", "STRASSE"], cutoff=0, case="ignore")
    assert found.index.tolist() == [1, -1, 2]
    assert found.choices.tolist() == ["john", None, "STRASSE"]
    assert match(["JOHN"], ["john"], cutoff=0).index.tolist() == [-1]
    kept = deduplicate(["Kitten", "kitten", "KITTENS", None, "flour"], 1, case="ignore")
    assert kept.strings == ["Kitten", "flour"]
    assert kept.representatives.tolist() == [0, 0, 0, -1, 4]
    near = deduplicate(["kitten", "mitten", "flour"], 0.8, similarity="normalized")
    assert near.strings == ["kitten", "flour"]
    assert deduplicate(["kitten", "mitten", "flour"], 0.9, similarity="ratio").kept.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="case: expected 'keep' or 'ignore'"):
        match(["a"], ["a"], case="lower")
    with pytest.raises(ValueError, match="build it from words with casefold"):
        match(["a"], WordIndex(["a"], 1), case="ignore")


@given(collections, collections, st.floats(0, 1), aligners)
def test_normalised_similarities_within_a_cutoff(
    queries: list[str], choices: list[str], cutoff: float, given_aligner: tuple[Levenshtein, float]
) -> None:
    aligner = given_aligner[0]
    found = match(queries, choices, aligner, k=2, cutoff=cutoff, similarity="normalized").index.reshape(len(queries), 2)
    scores = aligner.pairwise(queries, choices, similarity="normalized")
    for i, row in enumerate(scores):
        order = [int(j) for j in np.argsort(-row, kind="stable") if row[j] >= cutoff][:2]
        assert found[i].tolist() == order + [-1] * (2 - len(order))


def search_for_ever(references: list[str]) -> None:
    while True:
        Levenshtein().nearest("q" * 60, references, k=5)


def test_a_list_that_a_signal_s_handler_changes() -> None:
    import signal

    references = ["".join(chr(97 + (k * j) % 26) for j in range(60)) for k in range(20_000)]

    def clear(*_: object) -> None:
        references.clear()

    before = signal.signal(signal.SIGALRM, clear)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        with pytest.raises((RuntimeError, ValueError)):
            search_for_ever(references)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

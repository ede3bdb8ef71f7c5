"""Edit distances against the plainest matrices."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import edit as plain

from plait.align import LCS, Levenshtein, levenshtein

few = st.text("ab", max_size=12)
some = st.text("abcdef", max_size=90)
mixed = st.text(st.sampled_from("aéß漢字😀𝔘"), max_size=20)
texts = st.one_of(few, some, mixed)
#: Small whole numbers, halves, sums that round, and weights too far apart for small integers.
weights = st.sampled_from(
    [
        (1, 1, 1),
        (2, 2, 2),
        (0.5, 0.5, 0.5),
        (1, 1, 2),
        (1, 2, 3),
        (0, 0, 0),
        (0, 1, 1),
        (3, 1, 0),
        (0.1, 0.3, 0.2),
        (1000, 1, 7),
        (2.5, 1, 5),
    ]
)


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)


def cost(x: Any, y: Any, path: Any, w: tuple[float, float, float]) -> float:
    return sum(w[0] if i < 0 else w[1] if j < 0 else 0 if x[i] == y[j] else w[2] for i, j in path)


@given(texts, texts, weights)
def test_levenshtein_is_the_plain_matrix(x: str, y: str, w: tuple[float, float, float]) -> None:
    aligner = Levenshtein(*w)
    expected = plain.distances(x, y, w)[-1][-1]
    alignment = aligner.align(x, y)
    assert close(aligner.score(x, y), expected)
    assert aligner.score(x, y) == alignment.score
    assert close(cost(x, y, alignment.path, w), expected)
    if all(float(4 * value).is_integer() for value in w):  # sums that do not round have ties that all agree upon
        assert [tuple(pair) for pair in alignment.path.tolist()] == plain.path(x, y, w)


@given(few, few, weights)
def test_how_many_alignments_are_best(x: str, y: str, w: tuple[float, float, float]) -> None:
    if all(float(4 * value).is_integer() for value in w):
        assert Levenshtein(*w).count(x, y) == plain.count(x, y, w)


@given(st.one_of(st.tuples(few, few), st.tuples(some, some), st.tuples(mixed, mixed)), weights)
def test_neighbours_that_changed_places(pair: tuple[str, str], w: tuple[float, float, float]) -> None:
    x, y = pair
    x, y = x[:30], y[:30]
    aligner = Levenshtein(*w, transposition="osa")
    alignment = aligner.align(x, y)
    expected = plain.distances(x, y, w, "osa")[-1][-1]
    assert close(alignment.score, expected)
    assert close(aligner.score(x, y), expected)
    if all(float(4 * value).is_integer() for value in w):
        assert [tuple(step) for step in alignment.path.tolist()] == plain.path(x, y, w, "osa")


@given(st.text("abc", max_size=9), st.text("abc", max_size=9), weights)
def test_unrestricted_transpositions(x: str, y: str, w: tuple[float, float, float]) -> None:
    if 2 * w[2] < w[0] + w[1]:
        with pytest.raises(ValueError, match="2 \\* substitute"):
            Levenshtein(*w, transposition="damerau")
        return
    aligner = Levenshtein(*w, transposition="damerau")
    expected = plain.distances(x, y, w, "damerau")[-1][-1]
    alignment = aligner.align(x, y)
    assert close(aligner.score(x, y), expected)
    assert close(alignment.score, expected)
    assert [i for i, _ in alignment.path if i >= 0] == list(range(len(x)))
    assert [j for _, j in alignment.path if j >= 0] == list(range(len(y)))
    assert aligner.count(x, y) >= 1


@given(texts, texts)
def test_the_longest_common_subsequence(x: str, y: str) -> None:
    expected = plain.longest_common(x, y)[-1][-1]
    alignment = LCS().align(x, y)
    assert LCS().score(x, y) == alignment.score == expected
    matched = [(i, j) for i, j in alignment.path if i >= 0 and j >= 0]
    assert len(matched) == expected
    assert all(x[i] == y[j] for i, j in matched)
    assert [tuple(step) for step in alignment.path.tolist()] == plain.path(x, y, (1, 1, 3))


def test_decimal_weights_do_not_round() -> None:
    assert Levenshtein(0.1, 0.1, 0.3).score("aaa", "") == 0.3
    assert Levenshtein(0.1, 0.2, 0.29).score("aaa", "b") == 0.69
    assert Levenshtein(1e-3, 2e10, 1).score("a" * 7, "") == 14e10
    assert Levenshtein(1 / 3, 1 / 3, 0.5).score("ab", "") == 2 / 3


def test_kinds_of_sequences_agree() -> None:
    x, y = "intention", "execution"
    kinds: list[Any] = [
        str,
        str.encode,
        list,
        lambda s: np.frombuffer(s.encode(), np.uint8),
        lambda s: np.array([ord(c) for c in s]),
        lambda s: np.array([ord(c) - 110 for c in s], np.int16),
        lambda s: np.array([ord(c) << 40 for c in s], np.int64),
        lambda s: [ord(c) for c in s],
        lambda s: [("symbol", c) for c in s],
        lambda s: tuple(map(ord, s)),
    ]
    for kind in kinds:
        assert Levenshtein().score(kind(x), kind(y)) == 5
        assert LCS().score(kind(x), kind(y)) == 5
        alignment = Levenshtein().align(kind(x), kind(y))
        assert alignment.score == 5
        np.testing.assert_array_equal(alignment.path, Levenshtein().align(x, y).path)
    assert Levenshtein().score([1, 2, 3], np.array([1, 3])) == 1
    assert Levenshtein().score(b"ab", [97, 98]) == 0
    assert Levenshtein().score("ab", ["a", "b"]) == 0


@pytest.mark.parametrize(
    "aligner", [Levenshtein(), Levenshtein(2, 3, 4), Levenshtein(transposition="osa"), Levenshtein(transposition="damerau")]
)
def test_empty_sequences(aligner: Levenshtein) -> None:
    for empty in ("", b"", [], np.array([], int)):
        assert aligner.score(empty, empty) == 0
        assert aligner.align(empty, empty).path.shape == (0, 2)
        assert aligner.count(empty, empty) == 1
    assert aligner.score("", "abc") == 3 * aligner.insert
    assert aligner.score("abc", "") == 3 * aligner.delete
    assert aligner.align("", "ab").path.tolist() == [[-1, 0], [-1, 1]]
    assert aligner.align("ab", "").path.tolist() == [[0, -1], [1, -1]]
    assert LCS().score("", "abc") == 0


def test_what_is_refused() -> None:
    for wrong in (-1, math.nan, math.inf, "1", None):
        with pytest.raises(ValueError, match="delete"):
            Levenshtein(delete=wrong).score("a", "b")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="transposition"):
        Levenshtein(transposition="swap").score("a", "b")
    with pytest.raises(TypeError, match="x: expected a sequence of symbols"):
        Levenshtein().score(3, "b")
    with pytest.raises(TypeError, match="y: a symbol must be hashable"):
        Levenshtein().score("a", [[1]])
    with pytest.raises(TypeError, match="X: expected a collection"):
        Levenshtein().pairwise("abc")


def test_symmetry_is_that_of_the_weights() -> None:
    words = ["kitten", "sitting", "", "mitten", "knitting"]
    for aligner in (Levenshtein(), Levenshtein(1, 3, 2), Levenshtein(transposition="osa"), LCS()):
        expected = [[aligner.score(a, b) for b in words] for a in words]
        assert aligner.pairwise(words).tolist() == expected
        assert aligner.pairwise(words, list(words)).tolist() == expected
    assert Levenshtein(1, 3, 2).score("a", "abc") != Levenshtein(1, 3, 2).score("abc", "a")


def test_parameters_may_change_and_travel() -> None:
    aligner = Levenshtein()
    assert aligner.score("ab", "ba") == 2
    aligner.transposition = "osa"
    assert aligner.score("ab", "ba") == 1
    aligner.set_params(substitute=0.25)
    assert aligner.score("ab", "ba") == 0.25
    for other in (copy.deepcopy(aligner), pickle.loads(pickle.dumps(aligner))):
        assert other.get_params() == aligner.get_params()
        assert other.score("ab", "ba") == 0.25
    assert levenshtein("ab", "ba", transposition="osa") == levenshtein("ab", "ba", 1, 1, 0.5) == 1


@given(st.lists(texts, max_size=40), st.lists(texts, max_size=40), st.integers(0, 12), st.sampled_from([None, "osa", "damerau"]))
def test_many_at_once_are_the_same_as_one(X: list[str], Y: list[str], cutoff: int, transposition: str | None) -> None:
    for aligner in (Levenshtein(transposition=transposition), Levenshtein(2, 2, 3, transposition), LCS()):
        expected = np.array([[aligner.score(x, y) for y in Y] for x in X]).reshape(len(X), len(Y))
        assert np.array_equal(aligner.pairwise(X, Y), expected)
        worst, beyond = (-math.inf, expected < cutoff) if isinstance(aligner, LCS) else (math.inf, expected > cutoff)
        assert np.array_equal(aligner.pairwise(X, Y, cutoff=cutoff), np.where(beyond, worst, expected))
        for x, row in zip(X, expected, strict=True):
            if len(Y):
                indices, scores = aligner.nearest(x, Y, k=min(3, len(Y)))
                order = np.argsort(-row if isinstance(aligner, LCS) else row, kind="stable")[: len(indices)]
                assert indices.tolist() == order.tolist()
                assert scores.tolist() == row[order].tolist()


@pytest.mark.parametrize("length", [63, 64, 65, 127, 128, 129, 255, 511, 512, 513, 700, 1025, 2100])
@pytest.mark.parametrize("edits", [0, 3, 40, None])
def test_long_sequences_at_the_edges_of_words(length: int, edits: int | None) -> None:
    rng = np.random.default_rng(length)
    x = rng.integers(0, 4, length)
    if edits is None:
        y = rng.integers(0, 4, length + 9)
    else:
        y = x.copy()
        y[rng.integers(0, length, edits)] = 7
        y = np.delete(y, rng.integers(0, length, edits))
    table = np.arange(len(y) + 1)
    ordered = np.arange(len(y) + 1)
    for i, symbol in enumerate(x):
        from_above = np.minimum(table[1:] + 1, table[:-1] + (y != symbol))
        table = np.minimum.accumulate(np.concatenate([[i + 1], from_above]) - ordered) + ordered
    expected = float(table[-1])
    for kind in (np.asarray, lambda s: "".join(map(chr, s + 97)), lambda s: "".join(map(chr, s + 0x4E00)), lambda s: s * 70000):
        a, b = kind(x), kind(y)
        assert Levenshtein().score(a, b) == expected
        assert Levenshtein().score(b, a) == expected
        alignment = Levenshtein().align(a, b)
        assert alignment.score == expected
    assert cost(x, y, alignment.path, (1, 1, 1)) == expected
    assert Levenshtein(0.1, 0.1, 0.1).align(x, y).path.tolist() == alignment.path.tolist()
    assert Levenshtein(3, 3, 3).score(x, y) == 3 * expected
    lcs = LCS().align(x, y)
    assert LCS().score(x, y) == lcs.score == (len(x) + len(y) - Levenshtein(1, 1, 2).score(x, y)) / 2
    osa = Levenshtein(transposition="osa")
    assert osa.score(x, y) == osa.align(x, y).score == Levenshtein(0.125, 0.125, 0.125, "osa").score(x, y) * 8


def test_the_nearest_of_long_sequences() -> None:
    rng = np.random.default_rng(5)
    references = [rng.integers(0, 3 + k % 5, 300 + 7 * (k % 11)) for k in range(60)]
    for query in (references[7], np.delete(references[31], [5, 100, 200]), rng.integers(0, 4, 320)):
        for aligner in (Levenshtein(), Levenshtein(transposition="osa"), Levenshtein(2, 3, 2), LCS()):
            scores = aligner.pairwise([query], references)[0]
            order = np.argsort(-scores if isinstance(aligner, LCS) else scores, kind="stable")[:4]
            indices, found = aligner.nearest(query, references, k=4)
            assert indices.tolist() == order.tolist()
            assert found.tolist() == scores[order].tolist()

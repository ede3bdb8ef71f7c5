"""Words looked up among others, held beside sorting all scores."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plait.align import DTW, LCS, Levenshtein, NeedlemanWunsch, deduplicate, match, matching

WORDS = st.lists(st.none() | st.text("ab", max_size=4), max_size=7)


def plain(query: Any, choices: Any, k: int, cutoff: float | None, score: Any, greatest: bool) -> list[tuple[int, float]]:
    sign = -1 if greatest else 1
    found = sorted((sign * score(query, c), j) for j, c in enumerate(choices) if c is not None) if query is not None else []
    return [(j, sign * s) for s, j in found if cutoff is None or s <= sign * cutoff][:k]


def ratio(a: str, b: str) -> float:
    return 2 * LCS().score(a, b) / (len(a) + len(b)) if a or b else 1.0


def normalized(a: str, b: str) -> float:
    return 1 - Levenshtein().score(a, b) / max(len(a), len(b)) if a or b else 1.0


@pytest.mark.parametrize(
    ("arguments", "score", "greatest"),
    [
        ({}, Levenshtein().score, False),
        ({"aligner": NeedlemanWunsch((1, -1), gap=-2)}, NeedlemanWunsch((1, -1), gap=-2).score, True),
        ({"similarity": "ratio"}, ratio, True),
        ({"similarity": "normalized"}, normalized, True),
    ],
    ids=["costs", "scores", "ratio", "normalized"],
)
@given(queries=WORDS, choices=WORDS, k=st.integers(1, 3), cutoff=st.none() | st.sampled_from([0, 0.5, 1, 2, -1]))
def test_the_best_are_those_of_all_scores(
    arguments: Any, score: Any, greatest: bool, queries: Any, choices: Any, k: int, cutoff: Any
) -> None:
    if "similarity" in arguments and cutoff is not None:
        cutoff = min(cutoff, 1)
    found = match(queries, choices, k=k, cutoff=cutoff, **arguments)
    assert found.index.shape == found.scores.shape == ((len(queries), k) if k > 1 else (len(queries),))
    for query, places, scores in zip(queries, found.index.reshape(-1, k), found.scores.reshape(-1, k), strict=True):
        right = plain(query, choices, k, cutoff, score, greatest)
        assert places.tolist() == [j for j, _ in right] + [-1] * (k - len(right))
        assert scores[: len(right)] == pytest.approx([s for _, s in right])
        assert np.isnan(scores[len(right) :]).all()


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abc"), size=rng.integers(1, 6))) for _ in range(60)]
    once = match(words[:30], words[30:], k=2, cutoff=2)
    monkeypatch.setattr(matching, "BLOCK", 70)
    again = match(words[:30], words[30:], k=2, cutoff=2)
    assert np.array_equal(once.index, again.index)
    assert np.array_equal(once.scores, again.scores, equal_nan=True)


def test_keys_are_those_of_the_choices() -> None:
    pd = pytest.importorskip("pandas")
    names = {"x": "Jane", "y": "John", "z": None}
    right = ["y", None, None]
    queries = ["Jhon", None, math.nan]
    assert match(queries, names).keys.tolist() == right
    assert match(pd.Series(queries), pd.Series(names)).keys.tolist() == right
    found = match({"q": "Jhon"}, pd.Series(names), k=2)
    assert found.keys.tolist() == [["y", "x"]]
    frame = found.to_frame()
    assert frame.to_dict("list") == {
        "query": ["Jhon", "Jhon"],
        "rank": [1, 2],
        "choice": ["John", "Jane"],
        "key": ["y", "x"],
        "index": [1, 0],
        "score": [2.0, 3.0],
    }
    assert list(match(["a"], ["b"], cutoff=0).to_frame().columns) == ["query", "choice", "key", "index", "score"]
    assert repr(match(queries, names)) == "Matches(1 of 3 queries among 3 choices)"
    assert match([None], ["a", pd.NA], cutoff=3).index.tolist() == [-1]


def test_series_of_numbers_are_matched_too() -> None:
    assert match([np.array([0.0, 1.0])], [[5, 5], [0, 1, 1]], aligner=DTW()).index.tolist() == [1]


@given(WORDS, st.integers(0, 2), st.booleans())
def test_what_is_kept_stands_for_the_rest(words: Any, cutoff: int, repeated: bool) -> None:
    words = words * 12 if repeated else words  # more than a block
    found = deduplicate(words, cutoff)
    kept: list[int] = []
    seen: dict[str, int] = {}  # what is equal has one representative
    for i, word in enumerate(words):
        if word is None:
            assert found.representatives[i] == -1
            continue
        if word in seen:
            assert found.representatives[i] == seen[word]
            continue
        best = min(((Levenshtein().score(word, words[j]), j) for j in kept), default=(math.inf, -1))
        if best[0] > cutoff:
            kept.append(i)
        seen[word] = i if best[0] > cutoff else best[1]
        assert found.representatives[i] == seen[word]
    assert found.kept.tolist() == kept
    assert found.strings == [words[i] for i in kept]


@given(st.text("abc", max_size=4), st.lists(st.text("abc", max_size=4), min_size=1, max_size=6), st.integers(0, 3), st.data())
def test_nearest_within_a_cutoff(query: str, choices: list[str], cutoff: int, data: Any) -> None:
    k = data.draw(st.integers(1, len(choices)))
    for aligner, sign in ((Levenshtein(), 1), (LCS(), -1)):
        indices, scores = aligner.nearest(query, choices, k, cutoff=cutoff)
        right = plain(query, choices, k, cutoff, aligner.score, sign < 0)
        assert list(zip(indices.tolist(), scores.tolist(), strict=True)) == right
        keys, same = aligner.nearest(query, {f"key {i}": c for i, c in enumerate(choices)}, k, cutoff=cutoff)
        assert keys.tolist() == [f"key {i}" for i in indices]
        assert same.tolist() == scores.tolist()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: match("abc", ["a"]), TypeError, "queries: expected a collection"),
        (lambda: match(["abc"], {"a"}), TypeError, "choices: expected a list"),
        (lambda: match(["abc"], ["a"], k=0), ValueError, "match: k: expected"),
        (lambda: match(["abc"], ["a"], similarity="ratio", cutoff=70), ValueError, "cutoff: similarities are from 0 to 1, so .* got 70"),
        (lambda: deduplicate(["abc"], 90, similarity="ratio"), ValueError, "cutoff: similarities are from 0 to 1, so .* got 90"),
        (lambda: Levenshtein().pairwise(["a"], similarity="normalized", cutoff=1.5), ValueError, "cutoff: similarities .* got 1.5"),
        (lambda: match(["abc"], ["a"], cutoff="1"), ValueError, "cutoff: expected a number"),  # type: ignore[arg-type]
        (lambda: match(["abc", None], ["a"], missing="raise"), ValueError, r"match: queries\[1\] is missing \(None\)"),
        (lambda: match(["abc"], ["a"], missing="drop"), ValueError, "match: missing: expected"),
        (lambda: match(["abc"], ["a"], similarity="best"), ValueError, "similarity: expected None, 'normalized' or 'ratio'"),
        (lambda: match([[1.0]], [[2.0]], DTW(), similarity="normalized"), ValueError, "'normalized' is of Levenshtein"),
        (lambda: match(["a"], ["a"], Levenshtein(), similarity="ratio"), ValueError, "or no aligner"),
        (lambda: match(["a"], ["a"], "levenshtein"), TypeError, "aligner: expected an aligner"),  # type: ignore[arg-type]
        (lambda: match(["a", None, 5.0], ["b"]), TypeError, r"queries\[2\]: expected a sequence"),
        (lambda: match(["a"], [None, b"b", "a"]), TypeError, r"choices\[1\].*decode the bytes"),
        (lambda: deduplicate(["a"], math.nan), ValueError, "cutoff: expected a number"),
        (lambda: Levenshtein().nearest("a", ["a"], 2, cutoff=1), ValueError, "k: expected 1 to 1"),
        (lambda: Levenshtein().nearest("a", {}, 1), ValueError, "k: expected 1 or more references"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


@pytest.mark.peer
def test_rapidfuzz_finds_the_same() -> None:
    fuzz = pytest.importorskip("rapidfuzz.fuzz")
    process = pytest.importorskip("rapidfuzz.process")
    distance = pytest.importorskip("rapidfuzz.distance")
    rng = np.random.default_rng(1)
    words = ["".join(rng.choice(list("abcde"), size=rng.integers(1, 12))) for _ in range(80)]
    queries, choices = words[:30], words[30:]
    assert match(queries, choices, similarity="ratio").scores == pytest.approx(
        process.cdist(queries, choices, scorer=fuzz.ratio, dtype=np.float64).max(axis=1) / 100
    )
    normalised = distance.Levenshtein.normalized_similarity
    for weights in ((1, 1, 1), (1, 2, 3), (3, 1, 1)):
        right = [max(normalised(q, c, weights=weights) for c in choices) for q in queries]
        assert match(queries, choices, Levenshtein(*weights), similarity="normalized").scores == pytest.approx(right)

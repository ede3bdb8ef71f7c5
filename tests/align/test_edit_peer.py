"""Edit distances beside rapidfuzz and edlib, on thousands of random pairs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from plait.align import LCS, Levenshtein

pytestmark = pytest.mark.peer

ALPHABETS = ["ab", "ACGT", "abcdefghijklmnopqrstuvwxyz", "aäöüßéñ", "aж漢字かな", "ab😀𝔘𝒳漢é"]


def pairs(count: int, longest: int, seed: int) -> Iterator[tuple[str, str]]:
    """Random pairs, every third one an edited copy; every second time of the shorter lengths."""
    rng = random.Random(seed)
    for k in range(count):
        letters = rng.choice(ALPHABETS)
        most = longest if k % 20 == 0 else 20 if k % 2 else 80
        x = rng.choices(letters, k=rng.randrange(most + 1))
        y = rng.choices(letters, k=rng.randrange(most + 1))
        if k % 3 == 0:
            y = list(x)
            for _ in range(rng.randrange(1 + len(x) // 8)):
                at = rng.randrange(len(y) + 1)
                y[at : at + rng.randrange(3)] = rng.choices(letters, k=rng.randrange(3))
        yield "".join(x), "".join(y)


def test_levenshtein_is_rapidfuzz() -> None:
    peer = pytest.importorskip("rapidfuzz.distance").Levenshtein
    for x, y in pairs(12_000, 1500, 1):
        assert Levenshtein().score(x, y) == peer.distance(x, y), (x, y)


@pytest.mark.parametrize("weights", [(1, 1, 2), (1, 2, 3), (3, 2, 4), (5, 5, 7), (2, 2, 2), (100, 50, 120)])
def test_weights_are_rapidfuzz(weights: tuple[int, int, int]) -> None:
    peer = pytest.importorskip("rapidfuzz.distance").Levenshtein
    aligner = Levenshtein(*weights)
    for x, y in pairs(2_000, 700, sum(weights)):
        assert aligner.score(x, y) == peer.distance(x, y, weights=weights), (x, y)


@pytest.mark.parametrize(("transposition", "name"), [("osa", "OSA"), ("damerau", "DamerauLevenshtein")])
def test_transpositions_are_rapidfuzz(transposition: str, name: str) -> None:
    peer = getattr(pytest.importorskip("rapidfuzz.distance"), name)
    aligner = Levenshtein(transposition=transposition)
    for x, y in pairs(11_000, 600, 3):
        assert aligner.score(x, y) == peer.distance(x, y), (x, y)


def test_common_subsequences_are_rapidfuzz() -> None:
    peer = pytest.importorskip("rapidfuzz.distance").LCSseq
    for x, y in pairs(11_000, 1200, 4):
        assert LCS().score(x, y) == peer.similarity(x, y), (x, y)


def test_scores_and_paths_are_edlib() -> None:
    peer = pytest.importorskip("edlib")
    for x, y in pairs(10_500, 1500, 5):
        if len(set(x + y)) > 256:
            continue
        alignment = Levenshtein().align(x, y)
        found = peer.align(x, y)["editDistance"] if x and y else len(x) + len(y)
        assert alignment.score == found, (x, y)
        assert sum(i < 0 or j < 0 or x[i] != y[j] for i, j in alignment.path) == found


def test_words_are_rapidfuzz(data_file: Callable[[str], Path]) -> None:
    distance = pytest.importorskip("rapidfuzz.distance")
    process = pytest.importorskip("rapidfuzz.process")
    words = random.Random(6).sample(data_file("words/american-english").read_text(encoding="utf-8").split(), 900)
    X, Y = words[:300], words[300:]
    for aligner, scorer in (
        (Levenshtein(), distance.Levenshtein.distance),
        (Levenshtein(transposition="osa"), distance.OSA.distance),
        (LCS(), distance.LCSseq.similarity),
    ):
        assert np.array_equal(aligner.pairwise(X, Y), process.cdist(X, Y, scorer=scorer))
        assert np.array_equal(aligner.pairwise(X), process.cdist(X, X, scorer=scorer))

"""Weights of any kind along anti-diagonals: the same bits as row after row, and the same numbers of paths as the plain matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import edit as plain
from reference import levels

from plait.align import LCS, Levenshtein

texts = st.text("abc", min_size=12, max_size=18)
weights = st.sampled_from(
    [
        (1, 1, 1),
        (1 / 3, 0.7, 0.71),
        (1 / 3, 2 / 3, 0.5),
        (np.pi, np.e, 2.99),
        (2, 3, 4),
        (0.1, 0.2, 0.3),
        (3000, 2000, 2600),
        (1e6, 2e6, 1.75e6),
        (0, 1, 1),
        (0.5, 0.5, 0.5),
    ]
)
transpositions = st.sampled_from([None, "osa", "damerau"])


@given(texts, texts, weights, transpositions)
def test_tiles_are_the_plain_matrix(x: str, y: str, w: tuple[float, float, float], transposition: str | None) -> None:
    found = Levenshtein(*w, transposition=transposition).score(x, y)
    assert found == pytest.approx(plain.distances(x, y, w, transposition)[-1][-1], rel=1e-12, abs=1e-12)


@given(st.integers(0, 2**32 - 1), weights, transpositions)
def test_tiles_are_the_rows_to_the_bit(seed: int, w: tuple[float, float, float], transposition: str | None) -> None:
    rng = np.random.default_rng(seed)
    n, m = rng.integers(12, 80, 2)
    x, y = rng.integers(0, rng.integers(1, 9), n), rng.integers(0, rng.integers(1, 9), m)
    aligner = Levenshtein(*w, transposition=transposition)
    assert aligner.score(x, y) == aligner.align(x, y).score  # a path is found row after row


@pytest.mark.parametrize("shape", [(511, 30), (512, 40), (513, 700), (514, 12), (1100, 1030), (30, 1500)])
@pytest.mark.parametrize("transposition", [None, "osa", "damerau"])
def test_from_tile_to_tile(shape: tuple[int, int], transposition: str | None) -> None:
    rng = np.random.default_rng(3)
    x, y = (rng.integers(0, 4, n) for n in shape)
    for w in ((1, 1, 1), (1 / 3, 0.7, 0.71), (0.37, 0.5, 0.61), (30, 20, 26), (700, 800, 900)):
        aligner = Levenshtein(*w, transposition=transposition)
        assert aligner.score(x, y) == aligner.align(x, y).score
    # The last tile may be one row: the results before it are as without it.
    aligner = Levenshtein(1, 1, 1, transposition)
    assert aligner.count(x, y) >= 1


@given(texts, texts, st.sampled_from([(1, 1, 1), (2, 3, 4), (1, 1, 2), (0.5, 0.5, 0.5)]), transpositions)
def test_how_many_ways_are_best(x: str, y: str, w: tuple[float, float, float], transposition: str | None) -> None:
    expected = plain.count(x, y, w) if transposition is None else plain.count_with_transpositions(x, y, w, transposition)
    assert Levenshtein(*w, transposition=transposition).count(x, y) == expected


@given(texts, texts, st.sampled_from([(0.1, 0.2, 0.3), (1 / 3, 2 / 3, 0.5), (0.07, 0.14, 0.7)]), transpositions)
def test_ties_of_fractions_are_ties(x: str, y: str, w: tuple[float, float, float], transposition: str | None) -> None:
    """Whatever their sums are rounded to: 0.1 + 0.2 is as much as 0.3, three thirds are two halves."""
    whole = {0.1: (1, 2, 3), 1 / 3: (2, 4, 3), 0.07: (1, 2, 10)}[w[0]]
    expected = plain.count(x, y, whole) if transposition is None else plain.count_with_transpositions(x, y, whole, transposition)
    assert Levenshtein(*w, transposition=transposition).count(x, y) == expected


@given(texts, texts)
def test_how_many_common_subsequences_are_longest(x: str, y: str) -> None:
    assert LCS().count(x, y) == plain.count(x, y, (1, 1, 3))


def test_counts_across_tiles() -> None:
    # All paths of one exchange: x has it at each place.
    for n in (13, 511, 512, 513, 1030):
        assert Levenshtein().count("a" * n, "a" * (n + 1)) == n + 1
        assert Levenshtein(transposition="osa").count("a" * n + "bc", "a" * n + "cb") == 1
        assert Levenshtein(transposition="damerau").count("a" * n + "bc", "a" * n + "cb") == 1


SCRIPT = """
import hashlib
import numpy as np
from plait.align import Levenshtein

rng = np.random.default_rng(1)
digest = hashlib.sha256()
for shape in ((12, 12), (40, 33), (515, 600)):
    x, y = (rng.integers(0, 5, n) for n in shape)
    for transposition in (None, "osa", "damerau"):
        for w in ((1, 1, 1), (1 / 3, 0.7, 0.71), (300, 200, 260), (1e5, 1e5, 1e5)):
            aligner = Levenshtein(*w, transposition=transposition)
            digest.update(repr((aligner.score(x, y), aligner.count(x, y))).encode())
print(digest.hexdigest())
"""


def test_every_instruction_set_gives_the_same_bits() -> None:
    assert len(set(levels.outputs(SCRIPT))) == 1

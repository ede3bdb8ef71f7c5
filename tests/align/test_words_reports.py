"""What users of rapidfuzz, thefuzz, jellyfish and symspell have reported, tried here. A name tells the project and the number."""

from __future__ import annotations

import numpy as np
import pytest

from plait.align import LCS, Levenshtein, WordIndex, deduplicate, levenshtein, match


def test_rapidfuzz_291_and_349_missing_values_of_any_kind() -> None:
    pd = pytest.importorskip("pandas")
    choices = ["abc", None, float("nan"), pd.NA, "abd"]
    assert match(["abd", pd.NA, float("nan"), None], choices).index.tolist() == [4, -1, -1, -1]
    assert WordIndex(choices, 1).match(["abe", pd.NA]).index.tolist() == [0, -1]
    assert deduplicate(choices, 1).representatives.tolist() == [0, -1, -1, -1, 0]


def test_rapidfuzz_81_and_fuzzywuzzy_181_series_with_labels_of_their_own() -> None:
    pd = pytest.importorskip("pandas")
    series = pd.Series(["test color brightness", "test lemon", "test lavender"], index=[67478, 67479, 67480])
    assert match(["test lemons", "test"], series, k=2).keys.tolist() == [[67479, 67480], [67479, 67480]]
    assert WordIndex(series, 1).match(["test lemons"]).keys.tolist() == [67479]
    assert Levenshtein().nearest("abd", pd.Series(["abc", "def", "ghi"]))[0].tolist() == [0]
    assert match(["abd"], pd.Series(["abc", "def"], dtype="string")).index.tolist() == [0]
    frame = match(pd.Series(["test lemon", None]), series, cutoff=1).to_frame()
    assert frame["key"].tolist() == [67479, None]


def test_rapidfuzz_302_a_matrix_that_does_not_fit_in_memory() -> None:
    pytest.importorskip("scipy")
    rng = np.random.default_rng(0)
    names = ["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 12)) for _ in range(30_000)]
    names[29_999] = names[5][:4] + "#" + names[5][5:]
    near = Levenshtein().pairwise(names, cutoff=2, sparse=True, dtype=np.uint8)  # dense: 7.2 GB
    assert near.shape == (30_000, 30_000)
    assert near[5, 29_999] == near[29_999, 5] == 1
    assert 30_002 <= near.nnz < 31_000


def test_rapidfuzz_259_a_cutoff_over_long_sequences() -> None:
    base = "GGTCCGTAGGTGAACCTGCGGAAGGATCATTACCACACCTAAAAACTTTCCACGTGAACCGTATCAACCCATTTAGTTGGGGGCTTGCTCGGGTGGCTGGCTGTCGATGTCAAAGTTGACGGCTG"
    others = ["TTT" + base[3:], "TTT" + base[3:40] + "A" + base[40:], base[:-1], base + "A" * 11]
    expected = [[levenshtein(base, y) for y in others]]
    for cutoff in range(13):
        found = Levenshtein().pairwise([base], others, cutoff=cutoff)
        assert np.array_equal(found, np.where(np.array(expected) <= cutoff, expected, np.inf))


def test_rapidfuzz_277_nothing_against_something() -> None:
    assert Levenshtein().pairwise([], ["a", "b"]).shape == (0, 2)
    assert Levenshtein().pairwise(["a"], [], cutoff=2, dtype=np.uint8).shape == (1, 0)
    assert match([], ["a"]).index.tolist() == []
    assert match(["a"], []).index.tolist() == [-1]
    assert deduplicate([], 1).strings == []
    assert Levenshtein().pairwise([], ["a"], cutoff=1, sparse=True).shape == (0, 1)
    assert Levenshtein().pairwise(["a"], [], cutoff=1, sparse=True).shape == (1, 0)


def test_rapidfuzz_132_one_and_all_pairs_agree() -> None:
    X, Y = ["LIFE", "STORY"], ["MYSTERY", "LIVE"]
    for similarity in ("normalized", "ratio"):
        aligner = LCS() if similarity == "ratio" else Levenshtein()
        matrix = aligner.pairwise(X, Y, similarity=similarity)
        found = match(X, Y, aligner, k=2, similarity=similarity)
        assert np.array_equal(np.take_along_axis(matrix, found.index, 1), found.scores)


ANY_LETTERS = [
    ("хлеб", "пиво", 4),  # jellyfish 55
    ("tets", "test", 1),
    ("NICHOLASŸ", "NICHOLAS", 1),  # 84
    ("ÀUĎREY", "GERTRUDE", 7),
    ("a", "Č", 1),  # 80
    ("mylifeoutdoors", "нахлыст", 14),  # 52
    ("нахлыст", "mylifeoutdoors", 14),
    ("💩", "💫", 1),  # denoland/std 6013: code points, not halves of them
    ("💩", "x", 1),
    ("ca", "abc", 2),
]


@pytest.mark.parametrize(("a", "b", "expected"), ANY_LETTERS)
def test_jellyfish_55_80_84_52_any_letters(a: str, b: str, expected: int) -> None:
    assert levenshtein(a, b, transposition="damerau") == expected
    assert levenshtein(a * 9, b * 9, transposition="damerau") <= 9 * expected


@pytest.mark.peer
@pytest.mark.parametrize(("a", "b", "expected"), ANY_LETTERS)
def test_jellyfish_55_80_84_52_as_rapidfuzz_has_it(a: str, b: str, expected: int) -> None:
    distance = pytest.importorskip("rapidfuzz.distance").DamerauLevenshtein.distance
    assert distance(a, b) == expected
    assert levenshtein(a * 9, b * 9, transposition="damerau") == distance(a * 9, b * 9)


def test_jellyfish_36_bytes_as_well_as_text() -> None:
    assert levenshtein("Pop Country", "Country Pop", transposition="damerau") == 8
    assert levenshtein(b"Pop Country", b"Country Pop", transposition="damerau") == 8


def test_fuzzywuzzy_307_and_276_duplicates_in_any_script_and_what_they_are_of() -> None:
    names = ["BRITT JEFFREY S", "BRITT JEFFREY S.", "WIEDEMAN SCOTT", "WIEDERMANN SCOTT", "斯科特·维德曼", "杰弗里·S·布里特"]
    found = deduplicate(names, 2)
    assert found.strings == ["BRITT JEFFREY S", "WIEDEMAN SCOTT", "斯科特·维德曼", "杰弗里·S·布里特"]
    assert found.representatives.tolist() == [0, 0, 2, 2, 4, 5]


def test_symspell_ports_that_miss_words() -> None:
    assert WordIndex(["damen"], 1).nearest("dämen")[1].tolist() == [1]  # SymSpellCppPy 12
    assert WordIndex(["he", "they", "the"], 2).nearest("the")[0].tolist() == [2]  # JavaSymSpell 3: itself at distance 0
    long = WordIndex(["standard operating procedure"], 1)
    assert long.nearest("standard operating procedures")[1].tolist() == [1]  # pysymspell 6
    assert long.nearest("tandard operating procedure")[1].tolist() == [1]
    accents = WordIndex(["medefin", "medellín"], 3).within("medeľtin")  # SymSpell 94: accented letters are letters of their own
    assert accents.choices.tolist() == ["medefin", "medellín"]
    assert accents.scores.tolist() == [2, 3]
    assert WordIndex(["", "a", "b"], 2).within("").index.tolist() == [0, 1, 2]


def test_levenshtein_35_and_fuzzywuzzy_128_which_ratio() -> None:
    assert LCS().pairwise(["twostring"], ["threestring"], similarity="ratio")[0, 0] == pytest.approx(0.7)
    assert Levenshtein().pairwise(["twostring"], ["threestring"], similarity="normalized")[0, 0] == pytest.approx(1 - 4 / 11)
    assert LCS().pairwise(["ababab"], ["aaaaab"], similarity="ratio")[0, 0] == pytest.approx(2 / 3)


def test_rwcvp_32_names_that_occur_often_are_looked_up_once() -> None:
    found = match(["Jhon", "Jane", "Jhon", "Jhon"] * 500, ["John", "Jane"])
    assert found.index.tolist() == [0, 1, 0, 0] * 500

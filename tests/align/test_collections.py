"""Containers of all kinds at every entry point of an aligner: read as meant, or refused."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from plait import ShapeError
from plait.align import DTW, EDR, ERP, LCS, MSM, TWE, Levenshtein, NeedlemanWunsch, SoftDTW, TimeSeriesKNN, barycenter

pd = pytest.importorskip("pandas")

ENTRIES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "nearest": lambda aligner, one, many: aligner.nearest(one, many),
    "align_many": lambda aligner, one, many: aligner.align_many(one, many),
    "pairwise X": lambda aligner, _, many: aligner.pairwise(many),
    "pairwise Y": lambda aligner, one, many: aligner.pairwise([one], many),
    "fit": lambda aligner, _, many: TimeSeriesKNN(aligner).fit(many, [0, 1]),
    "predict": lambda aligner, one, many: TimeSeriesKNN(aligner).fit([one, one], [0, 1]).predict(many),
}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("aligner", [Levenshtein(), LCS(), NeedlemanWunsch((1, -1))], ids=repr)
@pytest.mark.parametrize(
    "container", [{"k1": "abd", "k2": "xyz"}, {"abd", "xyz"}, frozenset(["abd", "xyz"])], ids=lambda c: type(c).__name__
)
def test_what_has_keys_or_no_order_is_no_list(entry: str, aligner: Any, container: Any) -> None:
    if entry == "nearest" and isinstance(container, dict):
        assert aligner.nearest("abc", container)[0].tolist() == ["k1"]  # the only one that can say which it is
        return
    with pytest.raises(TypeError, match=f"expected a list of sequences, got a {type(container).__name__}"):
        ENTRIES[entry](aligner, "abc", container)


def test_series_in_a_mapping_are_refused_too() -> None:
    for call in (DTW().pairwise, barycenter):
        with pytest.raises(TypeError, match="got a dict, of which the keys would be taken"):
            call({"a": [1.0], "b": [2.0]})


def test_what_has_an_order_is_a_list() -> None:
    words = {"k1": "abd", "k2": "xyz"}
    for many in (words.values(), words.keys() and list(words.values()), iter(words.values()), np.array(["abd", "xyz"]), pd.Series(words)):
        assert Levenshtein().nearest("abc", many)[0].tolist() == [0]


def test_buffers_are_the_arrays_that_they_are() -> None:
    X = np.random.default_rng(0).normal(size=(6, 5, 2))
    for whole in (X, X[:, :, 0], np.asfortranarray(X[:, :, 1]), X[::2, ::-1]):
        right, found = (DTW().pairwise(values) for values in (whole, memoryview(whole)))
        assert (found == right).all()
        assert DTW().nearest(whole[1], memoryview(whole))[0].tolist() == [1]
        assert TimeSeriesKNN().fit(memoryview(whole), range(len(whole))).predict(memoryview(whole)).tolist() == list(range(len(whole)))
    words = np.array([[1, 2, 3], [1, 2, 4]])
    assert Levenshtein().pairwise(memoryview(words)).tolist() == [[0, 1], [1, 0]]
    for one in (memoryview(X[0, :, 0]), array("d", [1.0, 2.0]), memoryview(b"ab")):
        with pytest.raises(ShapeError, match="got one sequence of shape"):
            DTW().pairwise(one)


@pytest.mark.parametrize("rows", [[[0, 1, 2, 3], [0, 0, 1, 2]], [[0.5, 1, 2], [0, 0, 1]]])
@pytest.mark.parametrize("aligner", [DTW(), SoftDTW(), ERP(), EDR(0.1), MSM(), TWE()], ids=repr)
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_rows_of_a_matrix_are_series(rows: list[list[float]], aligner: Any) -> None:
    matrix, right = np.matrix(rows), aligner.pairwise(np.array(rows))
    assert np.array_equal(aligner.pairwise(matrix), right)
    assert np.array_equal(aligner.pairwise(matrix, matrix), right)
    assert np.array_equal(aligner.pairwise(list(matrix)), right)
    assert aligner.score(matrix[0], matrix[1]) == right[0, 1]
    assert aligner.align(matrix[0], matrix[1]).operations == aligner.align(rows[0], rows[1]).operations
    assert aligner.nearest(matrix[1], matrix)[0].tolist() == [1]
    assert TimeSeriesKNN(aligner).fit(matrix, ["a", "b"]).predict(matrix).tolist() == ["a", "b"]
    assert np.array_equal(aligner.pairwise(pd.DataFrame(rows)), right)


@pytest.mark.parametrize(
    "aligner", [Levenshtein(), Levenshtein(2, 1, 1), LCS(), NeedlemanWunsch((1, -1)), NeedlemanWunsch({(1, 1): 1})], ids=repr
)
def test_two_tables_are_no_sequences(aligner: Any) -> None:
    a, b = pd.DataFrame({"x": [1, 1]}), pd.DataFrame({"x": [1, 1]})
    for call in (aligner.score, aligner.align, aligner.count, lambda x, y: aligner.pairwise([x, y])):
        with pytest.raises(ShapeError, match=r"expected a sequence of symbols of shape \(n,\), got a DataFrame of shape \(2, 1\)"):
            call(a, b)
    if not isinstance(aligner, NeedlemanWunsch) or isinstance(aligner.similarity, dict):
        assert aligner.score(a["x"], b["x"]) == aligner.score([1, 1], [1, 1])


@pytest.mark.parametrize("aligner", [Levenshtein(), LCS(), NeedlemanWunsch((1, -1)), Levenshtein(transposition="osa")], ids=repr)
@pytest.mark.parametrize(
    ("x", "y"),
    [("ab", b"ab"), (b"ab", "ab"), (["a", "b"], b"ab"), (["ab"], [b"ab"]), (bytearray(b"ab"), "ab"), (np.array(["a"]), np.array([b"a"]))],
)
def test_characters_are_equal_to_no_bytes(aligner: Any, x: Any, y: Any) -> None:
    for call in (aligner.score, aligner.align, aligner.count, lambda a, b: aligner.pairwise([a, b]), lambda a, b: aligner.nearest(a, [b])):
        with pytest.raises(TypeError, match="of which none is equal; decode the bytes"):
            call(x, y)


def test_bytes_are_numbers_beside_numbers() -> None:
    assert Levenshtein().score(b"ab", [97, 98]) == 0
    assert Levenshtein().score(b"ab", bytearray(b"ab")) == 0
    assert Levenshtein().score("ab", ["a", "b"]) == 0


def test_what_is_missing_is_no_symbol() -> None:
    masked = np.ma.array([1, 2, 3], mask=[False, True, False])
    for aligner in (Levenshtein(), LCS(), NeedlemanWunsch((1, -1)), NeedlemanWunsch({(1, 2): 1, (1, 1): 1, (2, 2): 1})):
        with pytest.raises(ValueError, match="y: masked at element 1"):
            aligner.score([1, 2], masked)
    assert Levenshtein().score([1, 2, 3], np.ma.array([1, 2, 3])) == 0
    for nothing in (float("nan"), np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT")):
        with pytest.raises(ValueError, match="y: NaN at element 1 is no symbol"):
            Levenshtein().score([1, 2], [1, nothing])
    with pytest.raises(ValueError, match="y: NaN at element 1 is no symbol"):
        Levenshtein().score([1, 2], pd.Series([1.0, np.nan]))


@pytest.mark.parametrize("empty", [[], np.empty(0), np.empty((0, 2)), ()], ids=repr)
def test_an_empty_series_has_elements_of_any_width(empty: Any) -> None:
    assert EDR(0.1).score([[0, 0]], empty) == EDR(0.1).score(empty, [[0, 0]]) == 1
    assert ERP(gap=[0, 0]).score([[3, 4]], empty) == ERP().score(np.array([[3.0, 4.0]]), empty) == 5
    assert EDR(0.1).pairwise([[[0, 0]], empty]).tolist() == [[0, 1], [1, 0]]
    assert EDR(0.1).align([[0, 0]], empty).path.tolist() == [[0, -1]]
    for aligner in (DTW(), SoftDTW(), MSM(), TWE()):
        with pytest.raises(ValueError, match="y is empty; a warping path needs an element of each"):
            aligner.score([[0, 0]], empty)


def test_a_barycenter_leaves_out_what_its_aligner_leaves_out() -> None:
    ragged: list[Any] = [[0.0, 0, 1, 2, 1, 0], [0.0, 1, 2, 1], [0.0, 1, 2, 2, 1]]
    padded = np.full((3, 6), np.nan)
    for row, values in zip(padded, ragged, strict=True):
        row[: len(values)] = values
    right = barycenter(ragged)
    assert np.array_equal(barycenter(padded, DTW(nan_policy="omit")), right)
    assert np.array_equal(barycenter(np.ma.masked_invalid(padded), DTW(nan_policy="omit")), right)
    assert np.array_equal(barycenter(padded[..., None], DTW(nan_policy="omit")), right[:, None])
    assert np.array_equal(barycenter(padded, DTW(nan_policy="omit"), start=padded[0]), barycenter(ragged, start=ragged[0]))
    assert np.allclose(barycenter(padded, SoftDTW(nan_policy="omit")), barycenter(ragged, SoftDTW()))
    for aligner in (None, DTW(), DTW(nan_policy="propagate")):
        with pytest.raises(ValueError, match=r"series\[1\]: NaN at element 4"):
            barycenter(padded, aligner)
    with pytest.raises(ValueError, match=r"series\[0\]: nothing is left of it without NaN"):
        barycenter(np.full((1, 3), np.nan), DTW(nan_policy="omit"))


def test_a_band_needs_a_place_to_begin() -> None:
    for window in (50, 0, 0.1, 1.0):
        with pytest.raises(ValueError, match="window: with open_begin=True the path may begin anywhere"):
            DTW(open_begin=True, open_end=True, window=window)
    aligner = DTW(open_begin=True)
    aligner.window = 3
    with pytest.raises(ValueError, match="window: with open_begin=True"):
        aligner.score([1, 2], [1, 2])
    assert DTW(open_end=True, window=1).score([1, 2], [1, 2, 9, 9]) == 0


def test_the_default_aligner_has_parameters() -> None:
    model = TimeSeriesKNN().set_params(aligner__window=3, k=2)
    assert (model.aligner.window, model.k) == (3, 2)  # type: ignore[union-attr]
    assert TimeSeriesKNN(DTW("absolute")).set_params(aligner__window=1).aligner.metric == "absolute"  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="Invalid parameter 'windows'"):
        TimeSeriesKNN().set_params(aligner__windows=3)
    with pytest.raises(ValueError, match=r"Invalid parameter 'n_neighbors__a'.*has no parameters to set"):
        TimeSeriesKNN().set_params(k__a=3)

"""Arguments of every aligner: conventions, invalid sequences, and numbers out of range."""

from __future__ import annotations

import copy
import math
import pickle
import threading
from typing import Any

import numpy as np
import pytest

import plait
from plait.align import (
    DTW,
    EDR,
    ERP,
    LCS,
    MSM,
    TWE,
    Aligner,
    Alignment,
    Levenshtein,
    NeedlemanWunsch,
    SemiGlobal,
    SmithWaterman,
    SoftDTW,
    TimeSeriesKNN,
    barycenter,
)


def warping_init(i: Any, j: Any) -> float:
    return 0.0 if i == 0 and j == 0 else math.inf


def warping(insertion: float, match: float, deletion: float, x: float, y: float) -> float:
    return min(match, deletion, insertion) + (x - y) ** 2


def apart(a: Any, b: Any) -> Any:
    return abs(a - b)


SERIES = [DTW(), DTW(metric=apart), SoftDTW(), ERP(), EDR(0.5), MSM(), TWE(), Aligner(warping_init, warping)]
SYMBOLS = [Levenshtein(), LCS(), NeedlemanWunsch((1, -1)), SmithWaterman("BLOSUM62"), SemiGlobal((1, -1))]
pytestmark = pytest.mark.filterwarnings("ignore::plait.PerformanceWarning")


def name_of(aligner: Any) -> str:
    return repr(aligner)[:30]


@pytest.mark.parametrize("aligner", SERIES + SYMBOLS, ids=name_of)
def test_aligners_can_be_copied_and_set(aligner: Any) -> None:
    for other in (copy.deepcopy(aligner), pickle.loads(pickle.dumps(aligner)), type(aligner)(**aligner.get_params(deep=False))):
        assert repr(other) == repr(aligner)
        assert other.get_params() == aligner.set_params(**aligner.get_params()).get_params()
    x, y = ([1.0, 2.0], [1.0]) if aligner in SERIES else ("AC", "A")
    assert copy.deepcopy(aligner).score(x, y) == aligner.score(x, y)


@pytest.mark.parametrize("make", [NeedlemanWunsch, SmithWaterman, SemiGlobal])
def test_pairwise_parameters_are_checked_when_given(make: Any) -> None:
    with pytest.raises(ValueError, match="gap"):
        make((1, -1), gap=3)
    with pytest.raises(ValueError, match="no table is named"):
        make("BLOSUM0")


@pytest.mark.parametrize("aligner", SERIES, ids=name_of)
@pytest.mark.parametrize(
    "value",
    [
        None,
        {1: 2},
        {1, 2},
        "12",
        ["1", "2"],
        (i for i in (1.0, 2.0)),
        [[1, 2], [1]],
        [2**2000],
        np.array([1j, 2]),
        np.array(["2020-01-01"], "M8[D]"),
        np.array([1], "m8[s]"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_series_is_refused(aligner: Any, value: Any) -> None:
    for use in (aligner.score, aligner.align, aligner.count):
        with pytest.raises(TypeError, match="x: expected a series of numbers"):
            use(value, [1.0, 2.0])
    with pytest.raises(TypeError, match=r"X\[1\]: expected a series of numbers"):
        aligner.pairwise([[1.0], value])


@pytest.mark.parametrize("aligner", SYMBOLS, ids=name_of)
def test_what_is_no_sequence_of_symbols_is_refused(aligner: Any) -> None:
    for value in (None, 3, {"A": 1}, {"A"}, iter("AC")):
        with pytest.raises(TypeError, match="x: expected a sequence of symbols"):
            aligner.align(value, "AC")
    with pytest.raises(ValueError, match=r"nan|NaN at element 1 is no symbol"):
        aligner.score(["A", math.nan], ["A", math.nan])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Levenshtein(insert=1e308), "insert: expected a number of at most 1e"),
        (lambda: NeedlemanWunsch((1e308, -1)), "similarity: match: expected a number of at most 1e"),
        (lambda: SmithWaterman({("A", "A"): 1e308}), "similarity: expected a number of at most 1e"),
        (lambda: SemiGlobal((1, -1), gap=-1e308), "gap: expected a number of at most 1e"),
        (lambda: Levenshtein(transposition=["osa"]), "transposition: expected"),  # type: ignore[arg-type]
        (lambda: DTW(metric=["squared"]), "metric: expected"),  # type: ignore[arg-type]
        (lambda: barycenter([[1.0]], iterations=0), "iterations: expected a whole number"),
        (lambda: barycenter([[1.0]], length=1.5), "length: expected a whole number"),  # type: ignore[arg-type]
        (lambda: barycenter([[1.0]], tolerance=math.nan), "tolerance: expected a finite number"),
    ],
)
def test_parameters_that_cannot_be_are_named(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_averages_need_an_aligner() -> None:
    with pytest.raises(TypeError, match="aligner: expected an aligner"):
        barycenter([[1.0]], 3)  # type: ignore[arg-type]


def test_masked_elements_are_missing() -> None:
    x = np.ma.array([1.0, 50.0, 2.0], mask=[False, True, False])
    with pytest.raises(ValueError, match="x: NaN at element 1"):
        DTW().score(x, [1.0, 2.0])
    assert DTW(nan_policy="omit").score(x, [1.0, 2.0]) == 0


@pytest.mark.parametrize("aligner", [DTW(nan_policy="omit"), DTW(metric=apart, nan_policy="omit"), ERP(nan_policy="omit")], ids=name_of)
def test_paths_are_in_places_of_what_was_given(aligner: Any) -> None:
    x = [math.nan, 1.0, math.nan, 2.0]
    assert aligner.align(x, [1.0, 2.0]).path.tolist() == [[1, 0], [3, 1]]
    assert ERP(nan_policy="omit").align([[v, 0.0] for v in x], [[1.0, 0.0], [2.0, math.nan]]).path.tolist() == [[1, -1], [3, 0]]
    assert aligner.align_many(x, [[1.0, math.nan, 2.0]])[0].path.tolist() == [[1, 0], [3, 2]]


class Labelled:
    """As a data frame's column or a data frame: positions are labels, and going through it gives names of columns."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.values, dtype)

    def __getitem__(self, label: Any) -> Any:
        raise KeyError(label)

    def __iter__(self) -> Any:
        return iter("abc")

    def __len__(self) -> int:
        return len(self.values)


def test_tables_are_read_by_rows_and_positions() -> None:
    table = np.arange(12.0).reshape(4, 3) ** 2
    assert np.array_equal(DTW().pairwise(Labelled(table)), DTW().pairwise(table))
    assert TimeSeriesKNN().fit(Labelled(table), [0, 1, 2, 3]).predict(Labelled(table)).tolist() == [0, 1, 2, 3]
    found = DTW().align(Labelled(table[0]), table[1])
    assert str(found) == str(Alignment(found.score, found.path, table[0], table[1]))


@pytest.mark.parametrize("aligner", [DTW(), DTW(metric=apart), Levenshtein(), NeedlemanWunsch((1, -1))], ids=name_of)
def test_arguments_out_of_range_are_named(aligner: Any) -> None:
    X = [[1, 2], [2, 2], [3, 1]]
    for k in (0, 4, 1.5, None, True):
        with pytest.raises(ValueError, match="k: expected 1 to 3, the number of references"):
            aligner.nearest(X[0], X, k=k)
    with pytest.raises(ValueError, match="there are none"):
        aligner.nearest(X[0], [])
    for threads in (0, -1, 1.5, "2"):
        with pytest.raises(ValueError, match="threads: expected a whole number"):
            aligner.pairwise(X, threads=threads)
        with pytest.raises(ValueError, match="threads: expected a whole number"):
            aligner.align_many(X[0], X, threads=threads)
    for cutoff in (math.nan, "1", True):
        with pytest.raises(ValueError, match="cutoff: expected a number"):
            aligner.score(X[0], X[1], cutoff=cutoff)
        with pytest.raises(ValueError, match="cutoff: expected a number"):
            aligner.pairwise(X, cutoff=cutoff)
    with pytest.raises(TypeError, match="executor"):
        aligner.pairwise(X, executor=3)
    assert [found.score for found in aligner.align_many(X[0], X)] == aligner.pairwise(X)[0].tolist()


@pytest.mark.parametrize("aligner", [DTW(), DTW(metric=apart)], ids=name_of)
def test_scores_go_to_contiguous_memory_and_not_over_their_series(aligner: Any) -> None:
    X = np.random.default_rng(0).normal(size=(5, 5))
    want = aligner.pairwise(X)
    frozen = np.empty((5, 5))
    frozen.flags.writeable = False
    for out in (np.empty((5, 5), order="F"), np.empty((5, 10))[:, ::2], frozen):
        for progress in (None, print):
            with pytest.raises(plait.ShapeError, match="out must be contiguous and writeable"):
                aligner.pairwise(X, out=out, progress=progress)
    assert aligner.pairwise(X, out=X) is X
    assert np.array_equal(X, want)


def test_neighbours_check_their_aligner_in_fit() -> None:
    X = np.zeros((3, 4))
    with pytest.raises(ValueError, match="window"):
        TimeSeriesKNN(DTW()).set_params(aligner__window=-1).fit(X, [0, 1, 2])
    with pytest.raises(ValueError, match="precomputed"):
        TimeSeriesKNN(DTW("precomputed")).fit(X, [0, 1, 2])
    for wrong in (3, DTW):
        with pytest.raises(TypeError, match="aligner: expected an aligner"):
            TimeSeriesKNN(wrong).fit(X, [0, 1, 2])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="n_neighbors: expected 1 to 2"):
        TimeSeriesKNN().fit(X, [0, 1, 2]).kneighbors(n_neighbors=1.5)  # type: ignore[arg-type]


def test_rank_may_align_by_itself() -> None:
    """The scratch memory of a thread is not in use while a function of the user's runs."""
    rng = np.random.default_rng(0)
    long, text = rng.normal(size=(2, 200)), ("ACGT" * 60, "GATTACA" * 30)
    calls = 0

    def rank(insertion: float, match: float, deletion: float, x: float, y: float) -> float:
        nonlocal calls
        calls += 1
        if calls % 7 == 0:
            DTW().align(*long), SoftDTW().gradient(*long), Levenshtein(1, 2, 2.5).align(*text)
        return min(match, deletion, insertion) + (x - y) ** 2

    x, y = rng.integers(0, 4, 20).astype(float), rng.integers(0, 4, 23).astype(float)
    found, want = Aligner(warping_init, rank).align(x, y), Aligner(warping_init, warping).align(x, y)
    assert (found.score, found.path.tolist()) == (want.score, want.path.tolist())


@pytest.mark.parametrize("aligner", SERIES + SYMBOLS, ids=name_of)
def test_threads_may_share_an_aligner(aligner: Any) -> None:
    rng = np.random.default_rng(1)
    X: list[Any] = [rng.normal(size=n) for n in (5, 9, 40)]
    if aligner in SYMBOLS:
        X = ["".join(rng.choice(list("ACGT"), n)) for n in (5, 9, 40)]
    want = aligner.pairwise(X).tolist()
    wrong: list[Any] = []

    def work() -> None:
        try:
            for _ in range(5):
                if [[aligner.align(x, y).score for y in X] for x in X] != want or aligner.pairwise(X).tolist() != want:
                    wrong.append("scores")
                aligner.set_params(**aligner.get_params())
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_buffers_of_bytes_are_bytes_and_others_are_arrays() -> None:
    numbers = np.array([1, 2, 3])
    table = plait.align.Substitution([1, 2, 3, "a", "b"], np.eye(5))
    for aligner in (plait.align.Levenshtein(), plait.align.NeedlemanWunsch((1, -1)), plait.align.NeedlemanWunsch(table)):
        for value in (b"abba", numbers):
            mine = aligner.score(value, value)
            for other in (memoryview(value), bytearray(value)) if isinstance(value, bytes) else (memoryview(value),):
                assert aligner.score(other, value) == aligner.score(value, other) == aligner.score(other, other) == mine
                assert len(aligner.align(other, other)) == len(value)
    with pytest.raises(TypeError, match="x: bytes, while y has str"):
        plait.align.Levenshtein().score(memoryview(b"abc"), "abc")

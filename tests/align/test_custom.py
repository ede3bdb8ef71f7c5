"""Custom recursions, traced, compiled and called, against the plainest matrix."""

# ruff: noqa: ARG001, ARG005 - init and rank have arguments that not all of them need
from __future__ import annotations

import ctypes
import math
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.alignment import matrix, walk

import plait
from plait.align import DTW, Aligner

C_RANK = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_double] * 5)
C_INIT = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64, ctypes.c_int64)
numbers = st.lists(st.integers(-3, 3).map(float), max_size=9)


def warping_init(i: Any, j: Any) -> Any:
    return plait.where((i == 0) & (j == 0), 0.0, np.inf)


def warping(insertion: Any, match: Any, deletion: Any, x: Any, y: Any) -> Any:
    return plait.minimum(plait.minimum(match, deletion), insertion) + (x - y) ** 2


def edits(insertion: Any, match: Any, deletion: Any, x: Any, y: Any) -> Any:
    return plait.minimum(plait.where(x == y, match, match + 1), plait.minimum(deletion + 1, insertion + 1))


def common(insertion: Any, match: Any, deletion: Any, x: Any, y: Any) -> Any:
    return plait.where(x == y, match + 1, plait.maximum(insertion, deletion))


def similarity(insertion: Any, match: Any, deletion: Any, x: Any, y: Any) -> Any:
    return plait.maximum(match + 2 - plait.abs(x - y), plait.maximum(deletion - 1.5, insertion - 1))


PLAIN: dict[str, tuple[Callable[..., float], Callable[..., float], bool]] = {
    "warping": (
        lambda i, j: 0.0 if i == j == 0 else math.inf,
        lambda ins, m, d, x, y: min(m, d, ins) + (x - y) ** 2,
        True,
    ),
    "edits": (lambda i, j: float(i + j), lambda ins, m, d, x, y: min(m + (x != y), d + 1, ins + 1), True),
    "common": (lambda i, j: 0.0, lambda ins, m, d, x, y: m + 1 if x == y else max(ins, d), False),
    "similarity": (lambda i, j: -1.0 * i - 1.5 * j, lambda ins, m, d, x, y: max(m + 2 - abs(x - y), d - 1.5, ins - 1), False),
}
TRACED = {
    "warping": (warping_init, warping),
    "edits": (lambda i, j: i + j, edits),
    "common": (lambda i, j: 0.0, common),
    "similarity": (lambda i, j: -1.0 * i - 1.5 * j, similarity),
}


def aligner(name: str, way: str) -> Aligner:
    init, rank, minimize = PLAIN[name]
    if way == "traced":
        return Aligner(*TRACED[name], minimize=minimize)
    if way == "compiled":
        return Aligner(C_INIT(init), C_RANK(rank), minimize=minimize)
    return Aligner(init, rank, minimize=minimize)


@pytest.mark.parametrize("way", ["traced", "compiled", "called"])
@pytest.mark.parametrize("name", sorted(PLAIN))
@given(x=numbers, y=numbers)
@pytest.mark.filterwarnings("ignore::plait.PerformanceWarning")
def test_score_path_and_count_are_those_of_the_matrix(name: str, way: str, x: list[float], y: list[float]) -> None:
    init, rank, minimize = PLAIN[name]
    worst = math.inf if minimize else -math.inf
    table = matrix(x, y, init, rank)
    chosen = aligner(name, way)
    alignment = chosen.align(np.array(x), np.array(y))
    assert chosen.score(np.array(x), np.array(y)) == alignment.score == table[-1][-1]

    def step(i: int, j: int, move: str) -> float:
        if i == 0 or j == 0:
            return table[i][j]
        cells = {"insertion": table[i - 1][j], "match": table[i - 1][j - 1], "deletion": table[i][j - 1]}
        return rank(*(cells[m] if m == move else worst for m in ("insertion", "match", "deletion")), x[i - 1], y[j - 1])

    reached = table[-1][-1] != worst
    steps = walk(table, (len(x), len(y)), step, same=lambda a, b: a == b) if reached else []
    gaps = name != "warping"
    expected = [(-1 if gaps and move == "deletion" else i - 1, -1 if gaps and move == "insertion" else j - 1) for i, j, move in steps]
    assert alignment.path.tolist() == [list(pair) for pair in expected]
    paths = [[0.0] * (len(y) + 1) for _ in range(len(x) + 1)]
    for i in range(len(x) + 1):
        for j in range(len(y) + 1):
            before = {"insertion": (i - 1, j), "match": (i - 1, j - 1), "deletion": (i, j - 1)}
            ways = [(a, b) for m, (a, b) in before.items() if a >= 0 and b >= 0 and step(i, j, m) == table[i][j]]
            if table[i][j] != worst:
                paths[i][j] = 1.0 if i == j == 0 else sum(paths[a][b] for a, b in ways)
    assert chosen.count(np.array(x), np.array(y)) == paths[-1][-1]


@pytest.mark.parametrize(("n", "m"), [(1, 700), (300, 411), (700, 2), (4200, 4300)])
def test_long_paths_in_little_memory_are_those_of_dtw(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.integers(0, 4, n).astype(float), rng.integers(0, 4, m).astype(float)
    ours = Aligner(warping_init, warping)
    assert ours.score(x, y) == DTW().score(x, y)
    if n * m > 10**6:
        x, y = x[:800], y[:900]
    whole = DTW().align(x, y).path
    assert (ours.align(x, y).path == whole).all()
    for limit in (1, 10_000, 1 << 30):
        assert (ours._method().path(x, y, limit)[1] == whole).all()


def test_vectors_come_as_vectors() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=(20, 3))

    def rank(insertion: Any, match: Any, deletion: Any, a: Any, b: Any) -> Any:
        return plait.minimum(plait.minimum(match, deletion), insertion) + ((a - b) ** 2).sum()

    def plain(insertion: float, match: float, deletion: float, a: Any, b: Any) -> float:
        return min(match, deletion, insertion) + float(((a - b) ** 2).sum())

    expected = DTW().score(x, y)
    assert Aligner(warping_init, rank).score(x, y) == pytest.approx(expected, rel=1e-14)
    with pytest.warns(plait.PerformanceWarning, match="cannot be traced"):
        assert Aligner(warping_init, plain).score(x, y) == pytest.approx(expected, rel=1e-14)

    def cosine(insertion: Any, match: Any, deletion: Any, a: Any, b: Any) -> Any:
        return plait.minimum(plait.minimum(match, deletion), insertion) + 1 - (a @ b) / plait.sqrt((a @ a) * (b @ b))

    assert Aligner(warping_init, cosine).score(x, y) == pytest.approx(DTW(metric="cosine").score(x, y), rel=1e-12)


def test_symbols_are_numbers_that_are_equal_if_they_are() -> None:
    levenshtein = aligner("edits", "traced")
    assert levenshtein.score("kitten", "sitting") == 3
    assert levenshtein.score(b"kitten", b"sitting") == 3
    assert levenshtein.score(list("kitten"), list("sitting")) == 3
    assert levenshtein.score([("a", 1), None], [None]) == 1
    assert levenshtein.score("", "abc") == 3
    assert levenshtein.score([], list("abc")) == 3
    assert levenshtein.pairwise(["ab", "b"], ["", "abc"]).tolist() == [[2, 1], [1, 2]]
    assert levenshtein.nearest("abc", ["xyz", "abd", "abc"], k=2)[0].tolist() == [2, 1]


def test_an_array_of_objects_is_what_a_list_of_them_is() -> None:
    warped, edited = Aligner(warping_init, warping), Aligner(lambda i, j: i + j, edits)
    x, y = [1.5, 2.0, 7.0], [1.5, 3.0]
    assert warped.score(np.array(x, object), np.array(y, object)) == warped.score(x, y) == DTW().score(x, y) > 0
    assert edited.score(np.array(["a", "b"], object), ["a", "c"]) == edited.score([("a", 1), "b"], [("a", 1), "c"]) == 1
    with pytest.raises(ValueError, match="x: NaN at element 1"):
        warped.score(np.array([1.5, None], object), y)
    for text in (bytearray(b"abc"), memoryview(b"abc")):
        assert edited.score(text, b"abd") == edited.score(b"abd", text) == 1


def test_what_cannot_be_traced_is_called_with_a_warning() -> None:
    _, rank, _ = PLAIN["common"]
    with pytest.warns(plait.PerformanceWarning, match="rank cannot be traced"):
        assert Aligner(lambda i, j: 0.0, rank, minimize=False).score("abcd", "acxd") == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        aligner("warping", "traced").score([1, 2], [2, 3])


def test_errors_of_the_functions_come_through() -> None:
    def zero(i: int, j: int) -> float:
        return 0.0

    class Mine(Exception):
        pass

    def fails(*cells: Any) -> float:
        raise Mine("own words")

    with pytest.warns(plait.PerformanceWarning), pytest.raises(Mine, match="own words"):
        Aligner(zero, fails).score([1, 2], [3, 4])
    with pytest.warns(plait.PerformanceWarning), pytest.raises(Mine, match="own words"):
        Aligner(zero, fails).pairwise([[1, 2]] * 5, threads=2)
    with pytest.raises(Mine, match="own words"):
        Aligner(fails, warping).score([1, 2], [3, 4])
    with pytest.raises(plait.ShapeError, match="rank: expected a number, got shape"):
        Aligner(zero, lambda a, b, c, x, y: x).score([[1, 2]], [[3, 4]])
    with pytest.raises(plait.ShapeError, match="init: expected a number"):
        Aligner(lambda i, j: [1, 2], warping).score([1, 2], [3, 4])
    with pytest.raises(ValueError, match=r"rank: the cell \(1, 1\) is NaN"):
        Aligner(zero, lambda a, b, c, x, y: plait.log(x - 10)).score([1, 2], [3, 4])
    with pytest.raises(ValueError, match=r"init: the cell \(1, 0\) is NaN"):
        Aligner(lambda i, j: math.nan if i == 1 else 0.0, warping).score([1, 2], [3, 4])
    with pytest.warns(plait.PerformanceWarning), pytest.raises(TypeError, match="rank: expected a number"):
        Aligner(zero, lambda *cells: None).score([1, 2], [3, 4])
    with pytest.raises(plait.GraphError, match=r"rank: .*float32"):
        Aligner(zero, lambda a, b, c, x, y: plait.cast(x, "float32")).score([1, 2], [3, 4])
    with pytest.raises(TypeError, match="rank: expected a function, got int"):
        Aligner(zero, 3).score([1], [1])
    with pytest.raises(plait.ShapeError, match="x has 2 values an element, y has 1"):
        Aligner(zero, warping).score([[1, 2]], [3])


def test_a_soft_recursion_has_a_score_but_no_path() -> None:
    soft = Aligner(warping_init, lambda a, b, c, x, y: (x - y) ** 2 - plait.log(plait.exp(-a) + plait.exp(-b) + plait.exp(-c)))
    assert math.isfinite(soft.score([0, 1, 2], [0, 1, 3]))
    with pytest.raises(ValueError, match="neither by its match nor"):
        soft.align([0, 1, 2], [0, 1, 3])


def test_a_rank_may_align_itself() -> None:
    def rank(insertion: float, match: float, deletion: float, x: float, y: float) -> float:
        if x != y:
            match += DTW().score([x, y], [y, y, x])
        return min(match, deletion + 1, insertion + 1)

    inner = Aligner(lambda i, j: float(i + j), rank)
    with pytest.warns(plait.PerformanceWarning):
        result = inner.pairwise([[1, 2, 3], [1, 3, 3], [2, 2, 2]], threads=2)
    assert (np.diag(result) == 0).all()


def test_signatures_of_compiled_functions_are_checked() -> None:
    def zero(i: int, j: int) -> float:
        return 0.0

    wrong = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(lambda x: x)
    with pytest.raises(TypeError, match="rank: expected a function double"):
        Aligner(zero, wrong).score([1], [1])
    with pytest.raises(TypeError, match="does not say what it takes"):
        Aligner(zero, ctypes.CDLL(None).sqrt).score([1], [1])
    with pytest.raises(plait.ShapeError, match="a compiled function takes elements that are one number"):
        aligner("warping", "compiled").score([[1, 2]], [[1, 2]])


def test_low_level_callables_are_taken_as_they_are() -> None:
    scipy = pytest.importorskip("scipy")
    init, rank, _ = PLAIN["warping"]
    x, y = [0.0, 1, 2, 3], [0.0, 2, 2, 4]
    low = scipy.LowLevelCallable(C_RANK(rank)), scipy.LowLevelCallable(C_INIT(init))
    assert Aligner(low[1], low[0]).score(x, y) == DTW().score(x, y)
    with pytest.raises(TypeError, match="expected a LowLevelCallable"):
        Aligner(init, low[1]).score(x, y)


@pytest.mark.peer
def test_numba_functions_are_taken_as_they_are() -> None:
    numba = pytest.importorskip("numba")
    rank = numba.cfunc("double(double, double, double, double, double)")(lambda a, b, c, x, y: min(b, c, a) + (x - y) ** 2)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=50), rng.normal(size=60)
    assert Aligner(warping_init, rank).score(x, y) == pytest.approx(DTW().score(x, y), rel=1e-12)


def test_aligners_of_named_functions_travel() -> None:
    again = pickle.loads(pickle.dumps(Aligner(warping_init, warping)))
    assert again.score([0, 1, 2], [0, 1, 1, 2]) == 0
    again.rank = edits
    assert again.score([0, 1], [0, 1]) == 0

"""Custom recursions, soft-DTW beside tslearn, and many series at once."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from _align import DATA, Work, present
from _align_series import KINDS
from _align_series import pair as series

Contestants = dict[str, Callable[[], Any]]


def walks(n: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(n)
    return rng.normal(size=n).cumsum(), rng.normal(size=n).cumsum()


def scoring(aligner: Any, x: Any, y: Any) -> Callable[[], Any]:
    return lambda: aligner.score(x, y)


def traced_warping(align: Any) -> Any:
    import plait

    def init(i: Any, j: Any) -> Any:
        return plait.where((i == 0) & (j == 0), 0.0, np.inf)

    def rank(insertion: Any, match: Any, deletion: Any, x: Any, y: Any) -> Any:
        return (x - y) ** 2 + plait.minimum(plait.minimum(match, deletion), insertion)

    return align.Aligner(init, rank)


def compiled_warping(align: Any) -> Any:
    """A rank compiled by numba, taken by its address."""
    import numba

    rank = numba.cfunc("double(double, double, double, double, double)")(lambda a, b, c, x, y: (x - y) ** 2 + min(min(b, c), a))
    init = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64, ctypes.c_int64)(lambda i, j: 0.0 if i == j == 0 else np.inf)
    return align.Aligner(init, rank)


def in_numba(x: Any, y: Any) -> Callable[[], Any]:
    """The usual way to write a custom recursion: two rows in numba."""
    import numba

    @numba.njit
    def dtw(x: Any, y: Any) -> float:
        above = np.full(len(y) + 1, np.inf)
        above[0] = 0.0
        row = np.empty(len(y) + 1)
        for i in range(len(x)):
            row[0] = np.inf
            for j in range(len(y)):
                row[j + 1] = (x[i] - y[j]) ** 2 + min(min(above[j], row[j]), above[j + 1])
            above, row = row, above
        return float(above[-1])

    return lambda: dtw(x, y)


def custom(n: int) -> Callable[[], Contestants]:
    def contestants() -> Contestants:
        x, y = walks(n)
        return present(
            {
                "plait.align": lambda align: scoring(traced_warping(align), x, y),
                "plait.align:function pointer": lambda align: scoring(compiled_warping(align), x, y),
                "plait.align:DTW": lambda align: scoring(align.DTW(), x, y),
                "numba": lambda _: in_numba(x, y),
            }
        )

    return contestants


def path(n: int) -> Callable[[], Contestants]:
    def contestants() -> Contestants:
        x, y = walks(n)

        def ours(align: Any) -> Callable[[], Any]:
            aligner = traced_warping(align)
            return lambda: aligner.align(x, y).score

        return present({"plait.align": ours})

    return contestants


def soft(kind: str, n: int, scale: float = 1.0) -> Callable[[], Contestants]:
    """Value and gradient; both begin with the series, so tslearn's matrix of distances counts. scale: of the median distance, in gammas."""

    def contestants() -> Contestants:
        x, y = series(kind, n)
        unit = np.sqrt(scale / np.median((x[:, None] - y) ** 2))
        x, y = x * unit, y * unit

        def theirs(metrics: Any) -> Any:
            distances = metrics.SquaredEuclidean(x, y)
            soft = metrics.SoftDTW(distances, gamma=1.0)
            score = soft.compute()
            return score, distances.jacobian_product(soft.grad()).ravel()

        def ours(align: Any) -> Callable[[], Any]:
            soft = align.SoftDTW(1.0)
            return lambda: soft.value_and_gradient(x, y)

        return present(
            {
                "plait.align": ours,
                "tslearn.metrics": lambda metrics: lambda: theirs(metrics),
            }
        )

    return contestants


def same_slope(a: Any, b: Any) -> bool:
    return bool(abs(a[0] - b[0]) <= 1e-6 * abs(a[0]) and np.allclose(a[1], b[1], rtol=1e-5, atol=1e-5))


def neighbours() -> Contestants:
    """1-NN on GunPoint: 150 series against 50, of 150 values each."""
    if not (DATA / "ucr" / "GunPoint_TRAIN.ts").exists():
        print(f"  ! no GunPoint in {DATA / 'ucr'}")
        return {}
    os.environ.setdefault("PLAIT_DATA", str(DATA))
    from plait import datasets

    data = datasets.ucr("GunPoint")
    train, test = np.stack(data.train_series), np.stack(data.test_series)

    def theirs(neighbors: Any) -> Callable[[], Any]:
        model = neighbors.KNeighborsTimeSeriesClassifier(n_neighbors=1, metric="dtw", n_jobs=1).fit(train, data.train_labels)
        return lambda: np.mean(model.predict(test) == data.test_labels)

    def ours(align: Any) -> Callable[[], Any]:
        model = align.TimeSeriesKNN(threads=1).fit(train, data.train_labels)
        return lambda: np.mean(model.predict(test) == data.test_labels)

    return present({"plait.align": ours, "tslearn.neighbors": theirs})


WORKS = [
    *(
        Work(f"a traced rank (DTW by hand), n = {n}, score", None, n * n, custom(n), goal_gcups=goal)
        for n, goal in ((100, None), (1000, 1.0), (10_000, 1.0))
    ),
    Work("a traced rank, n = 1000, path", None, 1e6, path(1000)),
    *(
        Work(f"soft-DTW, n = {n}, value and gradient [{kind}, {scale:g} gammas]", 30.0, n * n, soft(kind, n, scale), same_slope)
        for n in (100, 1000)
        for kind in KINDS
        for scale in (0.01, 1.0, 100.0)
    ),
    Work("1-NN on GunPoint", None, 150 * 50 * 150 * 150, neighbours),
]

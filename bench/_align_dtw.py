"""DTW and the other elastic measures beside aeon, dtaidistance and tslearn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from _align import DATA, Work, present
from _align_series import KINDS, labelled, many
from _align_series import pair as series

Contestants = Callable[[], Mapping[str, Callable[[], Any]]]


def ours(name: str, x: Any, y: Any, **parameters: Any) -> Callable[[Any], Callable[[], float]]:
    return lambda plait: partial(getattr(plait, name)(**parameters).score, x, y)


def pair(kind: str, n: int) -> Contestants:
    def contestants() -> Mapping[str, Callable[[], Any]]:
        x, y = series(kind, n)
        return present(
            {
                "plait.align": ours("DTW", x, y),
                "aeon.distances": lambda aeon: lambda: aeon.dtw_distance(x, y),
                "dtaidistance.dtw": lambda dtw: lambda: dtw.distance_fast(x, y, inner_dist="squared euclidean") ** 2,
                "tslearn.metrics": lambda tslearn: lambda: tslearn.dtw(x, y) ** 2,
            }
        )

    return contestants


def banded(kind: str, n: int) -> Contestants:
    def contestants() -> Mapping[str, Callable[[], Any]]:
        x, y = series(kind, n)
        return present(
            {
                "plait.align": ours("DTW", x, y, window=0.1),
                "aeon.distances": lambda aeon: lambda: aeon.dtw_distance(x, y, window=0.1),
                "dtaidistance.dtw": lambda dtw: lambda: dtw.distance_fast(x, y, window=n // 10 + 1, inner_dist="squared euclidean") ** 2,
            }
        )

    return contestants


def path(kind: str, n: int) -> Contestants:
    """What must agree is what the path costs: ties may be broken in other ways."""

    def contestants() -> Mapping[str, Callable[[], Any]]:
        x, y = series(kind, n)

        def cost(cells: Any) -> float:
            i, j = np.asarray(cells).T
            return float(((x[i] - y[j]) ** 2).sum())

        return present(
            {
                "plait.align": lambda plait: partial(lambda align: cost(align(x, y).path), plait.DTW().align),
                "dtaidistance.dtw": lambda dtw: lambda: cost(dtw.warping_path_fast(x, y, inner_dist="squared euclidean")),
            }
            | ({"aeon.distances": lambda aeon: lambda: cost(aeon.dtw_alignment_path(x, y)[0])} if n <= 1000 else {})
        )

    return contestants


def all_pairs(kind: str, d: int | None) -> Contestants:
    def contestants() -> Mapping[str, Callable[[], Any]]:
        X = many(kind, 200, 128, d or 1)
        channels = np.ascontiguousarray(X.transpose(0, 2, 1))
        X = X if d else X[:, :, 0]
        peers: dict[str, Callable[[Any], Callable[[], Any]]] = {
            "plait.align": lambda plait: partial(lambda pairwise: pairwise(X, threads=1).sum(), plait.DTW().pairwise),
            "aeon.distances": lambda aeon: lambda: aeon.dtw_pairwise_distance(channels).sum(),
        }
        if d is None:
            peers["dtaidistance.dtw"] = lambda dtw: (
                lambda: (dtw.distance_matrix_fast(X, inner_dist="squared euclidean", parallel=False) ** 2).sum()
            )
        else:
            peers["dtaidistance.dtw_ndim"] = lambda dtw: (
                lambda: (dtw.distance_matrix_fast(X, inner_dist="squared euclidean", parallel=False) ** 2).sum()
            )
        return present(peers)

    return contestants


def nearest(kind: str) -> Mapping[str, Callable[[], Any]]:
    """Neighbours of all test series; each contestant as a classifier would use it, the references made ready within the time."""
    if kind == "real":
        train, _ = labelled(DATA / "ucr" / "GunPoint_TRAIN.ts")
        test, _ = labelled(DATA / "ucr" / "GunPoint_TEST.ts")
    else:
        train, test = list(many(kind, 50, 150, seed=1)[:, :, 0]), list(many(kind, 150, 150, seed=2)[:, :, 0])
    window = -(-len(train[0]) // 10)

    def neighbours(plait: Any) -> Callable[[], Any]:
        dtw = plait.DTW(window=0.1)

        def run() -> float:
            method = dtw._method()
            queries, references = dtw._prepare(test, str), dtw._prepare(train, str)
            indices, _ = method.nearest(queries, method.prepare(references), 1, method.worst, 1)
            return float((indices[:, 0] * np.arange(len(test))).sum())

        return run

    def dtaidistance(dtw: Any) -> Callable[[], Any]:
        def run() -> float:
            total = 0
            for at, query in enumerate(test):
                best, index = np.inf, -1
                for k, reference in enumerate(train):
                    score = dtw.distance_fast(
                        query, reference, window=window + 1, max_dist=best, use_pruning=True, inner_dist="squared euclidean"
                    )
                    if score < best:
                        best, index = score, k
                total += at * index
            return float(total)

        return run

    def aeon(module: Any) -> Callable[[], Any]:
        x, y = np.array(test), np.array(train)
        return lambda: float((module.dtw_pairwise_distance(x, y, window=0.1).argmin(1) * np.arange(len(test))).sum())

    return present({"plait.align": neighbours, "dtaidistance.dtw": dtaidistance, "aeon.distances": aeon})


def elastic(name: str, plait_options: dict[str, Any], aeon_options: dict[str, Any], kind: str, n: int) -> Contestants:
    """ERP and EDR have other borders at aeon (and EDR is divided by the longer length): timed, but not compared."""

    def contestants() -> Mapping[str, Callable[[], Any]]:
        x, y = series(kind, n)
        return present(
            {
                "plait.align": ours(name.upper(), x, y, **plait_options),
                "aeon.distances": lambda aeon: partial(getattr(aeon, f"{name}_distance"), x, y, **aeon_options),
            }
        )

    return contestants


def anything(_a: Any, _b: Any) -> bool:
    return True


def named(name: str, kind: str) -> str:
    return f"{name} [{kind}]"


WORKS = [
    work
    for kind in KINDS
    for work in [
        *(
            Work(named(f"one DTW pair, n = {n}, score", kind), goal, n * n, pair(kind, n))
            for n, goal in ((100, 8.0), (1000, 10.0), (10_000, 10.0))
        ),
        Work(named("one DTW pair, n = 10000, window 10 %, score", kind), 8.0, 1e8 * 0.19, banded(kind, 10_000)),
        *(Work(named(f"one DTW pair, n = {n}, path", kind), goal, n * n, path(kind, n)) for n, goal in ((1000, 4.0), (10_000, 6.0))),
        Work(named("all pairs of 200 x 128 DTW, one value", kind), 20.0, 200 * 199 / 2 * 128 * 128, all_pairs(kind, None)),
        Work(named("all pairs of 200 x 128 DTW, three values", kind), 10.0, 200 * 199 / 2 * 128 * 128, all_pairs(kind, 3)),
        Work(named("1-NN DTW, 150 series of 150 against 50, window 10 %", kind), 25.0, 150 * 50 * 150 * 150, partial(nearest, kind)),
        Work(named("one ERP pair, n = 1000, score", kind), None, 1e6, elastic("erp", {"gap": 0.0}, {"g": 0.0}, kind, 1000), anything),
        Work(
            named("one EDR pair, n = 1000, score", kind),
            None,
            1e6,
            elastic("edr", {"epsilon": 0.5}, {"epsilon": 0.5}, kind, 1000),
            anything,
        ),
        Work(named("one MSM pair, n = 1000, score", kind), None, 1e6, elastic("msm", {"cost": 1.0}, {"c": 1.0}, kind, 1000)),
        Work(
            named("one TWE pair, n = 1000, score", kind),
            None,
            1e6,
            elastic("twe", {"stiffness": 0.001, "penalty": 1.0}, {"nu": 0.001, "lmbda": 1.0}, kind, 1000),
        ),
    ]
]

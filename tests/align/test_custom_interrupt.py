"""Ctrl-C stops what takes long, soon."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import plait
from plait.align import DTW, Aligner, Levenshtein, SoftDTW

X = np.random.default_rng(0).normal(size=60_000)


def warping_init(i: Any, j: Any) -> Any:
    return plait.where((i == 0) & (j == 0), 0.0, np.inf)


def warping(insertion: Any, match: Any, deletion: Any, x: Any, y: Any) -> Any:
    return plait.minimum(plait.minimum(match, deletion), insertion) + (x - y) ** 2


class Stopped(Exception):
    pass


@pytest.fixture
def alarm() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise Stopped

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


WORK: dict[str, Callable[[], Any]] = {
    "traced score": lambda: Aligner(warping_init, warping).score(X, X),
    "traced path": lambda: Aligner(warping_init, warping).align(X, X),
    "traced count": lambda: Aligner(warping_init, warping).count(X, X),
    "python": lambda: Aligner(warping_init, lambda a, b, c, x, y: min(a, b, c) + abs(x - y)).score(X[:9000], X[:9000]),
    "soft score": lambda: SoftDTW().score(X, X),
    "soft gradient": lambda: SoftDTW().gradient(X, X),
    "pairs": lambda: SoftDTW().pairwise(X.reshape(600, 100)),
    "short pairs": lambda: DTW(window=1).pairwise(X.reshape(20_000, 3)),
    "damerau path": lambda: Levenshtein(transposition="damerau").align("AB" * 200_000, "BA" * 200_000),
}


@pytest.mark.parametrize("name", sorted(WORK))
@pytest.mark.usefixtures("alarm")
@pytest.mark.filterwarnings("ignore::plait.PerformanceWarning")
def test_it_stops(name: str) -> None:
    began = time.monotonic()
    with pytest.raises(Stopped):
        WORK[name]()
    late = time.monotonic() - began - 0.3
    print(f"{name}: {late:.3f} s after the signal")
    assert late < 1  # 0.1 on a machine that does nothing else
    assert plait.align.dtw([1.0], [1.0]) == 0

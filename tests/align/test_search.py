"""Queries in streams, held beside the scores of all windows."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plait import ShapeError
from plait.align import DTW, search, znormalize


def plain(aligner: Any, query: Any, stream: Any, k: int, most: float, overlap: float, normalize: bool) -> list[tuple[int, float]]:
    n = len(query)
    scale = znormalize if normalize else np.asarray
    scores = [(aligner.score(scale(query), scale(stream[i : i + n])), i) for i in range(len(stream) - n + 1)]
    found: list[tuple[int, float]] = []
    for score, i in sorted(scores):
        if score <= most and len(found) < k and all((n - abs(i - j)) <= overlap * n + 1e-9 for j, _ in found):
            if any(i == j for j, _ in found):
                continue
            found.append((i, score))
    return found


ALIGNERS = [
    DTW(),
    DTW(window=1),
    DTW("absolute", window=0.3),
    DTW("euclidean", window=0),
    DTW("cosine"),
    DTW(window=2, root=True),
    DTW(slope=2.0),
    DTW(window=1, band="slanted"),
    DTW(window=1, step="symmetric2", normalized=True),
    DTW(step="asymmetric"),
    DTW(lambda a, b: np.abs(a - b).sum() if a.ndim else abs(a - b), window=1),
]


@pytest.mark.parametrize("aligner", ALIGNERS, ids=repr)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 6),
    more=st.integers(0, 40),
    width=st.sampled_from([(), (2,)]),
    k=st.sampled_from([1, 2, 4, None]),
    most=st.sampled_from([None, 0.0, 3.0]),
    overlap=st.sampled_from([0, 0.5, 0.9, 1]),
    normalize=st.booleans(),
)
def test_the_places_are_those_of_all_scores(
    aligner: Any, seed: int, n: int, more: int, width: Any, k: int | None, most: Any, overlap: float, normalize: bool
) -> None:
    rng = np.random.default_rng(seed)
    query, stream = rng.integers(0, 5, size=(n, *width)), rng.integers(0, 5, size=(n + more, *width))
    found = aligner.search(query, stream, k, most, overlap, normalize)
    right = plain(aligner, query, stream, k or 100, np.inf if most is None else most, overlap, normalize)
    assert [(p.start, p.score) for p in found] == right
    for place in found:
        assert place.stop == place.start + n
        assert place.align().score == place.score


def test_chunks_and_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    query, stream = np.cumsum(rng.normal(size=20)), np.cumsum(rng.normal(size=500))
    for normalize in (False, True):
        once = [(p.start, p.score) for p in DTW(window=2).search(query, stream, normalize=normalize)]
        with monkeypatch.context() as patch:
            patch.setattr(search, "LEAST_BATCH", 1)
            patch.setattr(search, "MOST_BATCH", 3)
            assert [(p.start, p.score) for p in DTW(window=2).search(query, stream, normalize=normalize, threads=1)] == once


def test_what_was_put_in_is_found_at_any_scale() -> None:
    rng = np.random.default_rng(5)
    stream = np.cumsum(rng.normal(size=20000))
    query = np.sin(np.linspace(0, 9, 100))
    for at, scale in ((3000, 0.1), (9000, 40.0), (15000, 1e6)):
        stream[at : at + 100] = stream[at] + scale * query
    began = time.perf_counter()
    found = DTW(window=0.05).search(query, stream, k=3, normalize=True)
    assert sorted(p.start for p in found) == [3000, 9000, 15000]
    assert max(p.score for p in found) < 1e-6
    assert time.perf_counter() - began < 30


def test_flat_parts_are_no_nan() -> None:
    found = DTW().search([1.0, 2.0, 3.0], np.full(10, 0.1), k=2, normalize=True)
    assert [p.score for p in found] == pytest.approx([3.0, 3.0])
    assert DTW().search([7.0, 7.0], [0.0, 1.0, 5.0, 5.0], k=1, normalize=True)[0].start == 2


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: DTW().search([1, 2], [1]), ValueError, "stream: expected at least the 2 elements of the query, got 1"),
        (lambda: DTW().search([], [1]), ValueError, "query: the series is empty"),
        (lambda: DTW().search([1], [1, np.nan]), ValueError, "stream: NaN at element 1"),
        (lambda: DTW().search([[1, 2]], [1, 2]), ShapeError, r"stream: elements of shape \(\), those of query \(2,\)"),
        (lambda: DTW().search([1], [1], k=0), ValueError, "search: k: expected"),
        (lambda: DTW().search([1], [1], overlap=1.5), ValueError, "search: overlap: expected a share"),
        (lambda: DTW().search([1], [1], max_score="low"), ValueError, "max_score: expected a number"),  # type: ignore[arg-type]
        (lambda: DTW(open_end=True).search([1], [1]), ValueError, "search: expected DTW .* open at both ends"),
        (
            lambda: DTW(open_begin=True, open_end=True).search([1], [1], normalize=True),
            ValueError,
            "search: normalize: parts of any length",
        ),
        (lambda: DTW(lambda a, b: a - b, open_begin=True, open_end=True).search([1], [1]), ValueError, "expected a metric by name"),
        (lambda: DTW("precomputed").search([1], [1]), ValueError, "search: expected DTW on series"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("policy", ["omit", "propagate"])
@given(seed=st.integers(0, 10**6), normalize=st.booleans(), width=st.sampled_from([(), (2,)]))
def test_holes(policy: str, seed: int, normalize: bool, width: Any) -> None:
    rng = np.random.default_rng(seed)
    query, stream = rng.normal(size=(5, *width)), rng.normal(size=(40, *width)).cumsum(0)
    stream[rng.random(40) < 0.15] = np.nan
    aligner = DTW(window=2, nan_policy=policy)
    scores = []
    for i in range(36):
        part = stream[i : i + 5]
        kept = part[~np.isnan(part.reshape(5, -1)).any(axis=1)]
        if (policy == "propagate" and len(kept) < 5) or len(kept) < 3:
            continue
        scores.append((aligner.score(*(znormalize(s) if normalize else s for s in (query, kept))), i))
    found = aligner.search(query, stream, k=100, overlap=1, normalize=normalize)
    assert sorted((p.score, p.start) for p in found) == sorted(scores)
    assert DTW(nan_policy="propagate").search([np.nan], stream[:, 0] if width else stream) == []


def parts_of_any_length(aligner: Any, query: Any, stream: Any, k: int, overlap: float) -> list[tuple[int, int, float]]:
    """The best part that ends at each element by plain loops over all parts; then the best that are apart."""
    best = []
    for stop in range(1, len(stream) + 1):
        scores = []
        for start in range(stop):
            try:
                scores.append((aligner.score(query, stream[start:stop]), start))
            except ValueError:  # asymmetric steps that do not reach
                continue
        if scores:
            least = min(scores)[0]
            best.append((least, stop, [start for score, start in scores if score == least]))
    found: list[tuple[int, int, float]] = []
    for score, stop, starts in sorted(best):
        start = starts[-1] if len(starts) == 1 else None
        assert start is not None
        if len(found) < k and all(min(stop, b) - max(start, a) <= overlap * min(stop - start, b - a) + 1e-9 for a, b, _ in found):
            found.append((start, stop, score))
    return found


@pytest.mark.parametrize(
    "options", [{}, {"metric": "absolute"}, {"step": "symmetric2"}, {"step": "asymmetric"}, {"root": True}, {"metric": "cosine"}]
)
@pytest.mark.parametrize("seed", range(4))
def test_parts_of_any_length(options: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    width = (3,) if options.get("metric") == "cosine" else [(), (2,)][seed % 2]
    query, stream = rng.normal(size=(1 + seed * 2, *width)), rng.normal(size=(30, *width))
    right = parts_of_any_length(DTW(**options), query, stream, 4, 0.25)
    found = DTW(open_begin=True, open_end=True, **options).search(query, stream, k=4, overlap=0.25)
    assert [(p.start, p.stop) for p in found] == [place[:2] for place in right]
    assert [p.score for p in found] == pytest.approx([place[2] for place in right], rel=1e-12)
    for place in found:
        assert place.align().score == pytest.approx(place.score, rel=1e-12)
    stream[[5, 17]] = np.nan
    for policy in ("omit", "propagate"):
        holes = DTW(open_begin=True, open_end=True, nan_policy=policy, **options).search(query, stream, k=3)
        assert holes
        for place in holes:
            assert policy == "omit" or not np.isnan(stream[place.start : place.stop]).any()
            assert place.align().score == pytest.approx(place.score, rel=1e-12)

"""Sketches: exact while all values are kept, within their error afterwards, and the same for the same seed and order."""

from __future__ import annotations

import copy
import pickle
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.histogram import inverse_distribution

from plait import Histogram, QuantileSketch, _core
from plait.histogram import quantile_borders


def sketch_of(values: Any, k: int = 200, rng: Any = 0) -> QuantileSketch:
    made = QuantileSketch(k, rng)
    made.update(values)
    return made


def streams() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    n = 50_000
    return {
        "normal": rng.normal(size=n),
        "sorted": np.arange(n),
        "falling": np.arange(n)[::-1],
        "heavy-tailed": rng.standard_cauchy(n),
        "few values": rng.integers(0, 5, n),
        "constant": np.ones(n),
        "zigzag": np.where(np.arange(n) % 2, np.arange(n), -np.arange(n)),
        "infinite": np.where(rng.random(n) < 0.1, np.inf, rng.normal(size=n)),
    }


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=190), st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_few_values_are_all_kept(values: list[float], q: list[float]) -> None:
    s = sketch_of(values)
    assert [s.quantile(share) for share in q] == [inverse_distribution(values, share) for share in q]
    assert s.quantile(q).tolist() == [s.quantile(share) for share in q]
    assert [s.rank(x) for x in values] == [sum(y <= x for y in values) / len(values) for x in values]
    assert (s.count, s.minimum, s.maximum, len(s)) == (len(values), min(values), max(values), len(values))


@pytest.mark.parametrize("kind", streams())
@pytest.mark.parametrize("parts", [1, 13])
def test_ranks_are_within_the_error(kind: str, parts: int) -> None:
    """Of 40 sketches 99 % are: fewer than five beyond it at any one place, none beyond twice of it."""
    values = np.asarray(streams()[kind], dtype=np.float64)
    ordered = np.sort(values)
    places = np.unique(ordered[np.linspace(0, len(values) - 1, 21).astype(int)])
    true = np.searchsorted(ordered, places, side="right") / len(values)
    off = []
    for seed in range(40):
        s = reduce(lambda a, b: a + b, [sketch_of(part, 100, seed) for part in np.array_split(values, parts)])
        assert (s.count, s.minimum, s.maximum) == (len(values), values.min(), values.max())
        off.append(np.abs(s.rank(places) - true))
    assert (np.sum(np.array(off) > s.error, axis=0) < 5).all()
    assert np.max(off) < 2 * s.error


@given(st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=3000), st.integers(8, 60), st.integers(0, 9))
def test_any_values_any_size(values: list[float], k: int, seed: int) -> None:
    s = sketch_of(values, k, seed)
    q = np.linspace(0, 1, 11)
    found = s.quantile(q)
    assert set(found) <= set(values)
    assert (found[1:] >= found[:-1]).all()
    assert (s.rank(found) >= q - 1e-12).all()
    assert (found[0], found[-1], s.rank(max(values))) == (min(values), max(values), 1)
    assert len(s) <= 3 * k + 100 * max(8, k // 3)


def test_precision_grows_with_k() -> None:
    x = np.random.default_rng(3).permutation(100_000.0 + np.arange(100_000))
    worst = {}
    for k in (20, 200, 2000):
        off = [abs(sketch_of(x, k, seed).rank(x[:50]) - (x[:50] - 99_999) / 100_000).max() for seed in range(5)]
        assert max(off) < 1.5 * QuantileSketch(k).error
        worst[k] = np.mean(off)
    assert worst[20] > 3 * worst[200] > 9 * worst[2000]


def test_one_by_one_is_all_at_once() -> None:
    x = np.random.default_rng(4).normal(size=3000)
    x[::10] = np.nan
    at_once, one_by_one, in_pieces = sketch_of(x, 50, 7), QuantileSketch(50, 7), QuantileSketch(50, 7)
    for value in x:
        one_by_one.insert(value)
    for piece in np.array_split(x, 17):
        in_pieces.update(piece)
    assert at_once == one_by_one == in_pieces
    assert (at_once.invalid, at_once.count) == (300, 2700)
    assert at_once != sketch_of(x, 50, 8)
    assert at_once != sketch_of(x[::-1], 50, 7)
    assert sketch_of(x.astype(np.float32), 50, 7) == sketch_of(x.astype(np.float32).astype(np.float64), 50, 7)
    assert QuantileSketch(50, np.random.SeedSequence(7)) != at_once


def test_merging() -> None:
    x = np.random.default_rng(5).normal(size=10_000)
    a, b = sketch_of(x[:3000], 100, 1), sketch_of(x[3000:], 300, 2)
    before = copy.copy(a), copy.copy(b)
    both = a + b
    assert (a, b) == before
    assert (both.count, both.k, both.error) == (10_000, 100, a.error)
    assert (b + a).error == a.error > b.error
    a += b
    assert a == both
    assert sum([before[0], b]) == both
    assert (both + QuantileSketch(100)).quantile(0.3) == both.quantile(0.3)
    a += a
    assert a.count == 20_000
    assert abs(a.rank(0) - np.mean(x <= 0)) < 2 * a.error
    with pytest.raises(TypeError):
        a + 1  # type: ignore[operator]


def test_copies_pickles_and_files_go_on_alike(tmp_path: Path) -> None:
    x = np.random.default_rng(6).normal(size=5000)
    s = sketch_of(x[:3000], 30, 3)
    s.save(tmp_path / "sketch")
    for made in (copy.copy(s), copy.deepcopy(s), pickle.loads(pickle.dumps(s)), QuantileSketch.load(tmp_path / "sketch")):
        assert made == s
        made.update(x[3000:])
        assert made == sketch_of(x, 30, 3)
        assert made != s
    with pytest.raises(TypeError, match="unhashable"):
        hash(s)


def test_nothing_to_say() -> None:
    s = QuantileSketch()
    s.update([np.nan, np.nan])
    assert (s.count, s.invalid, len(s)) == (0, 2, 0)
    for ask in (lambda: s.quantile(0.5), lambda: s.rank(0), lambda: s.minimum, lambda: s.maximum, lambda: s.borders(3)):
        with pytest.raises(ValueError, match="the sketch is empty"):
            ask()
    s.insert(1)
    for ask, message in [
        (lambda: s.quantile(-0.1), "q: expected numbers from 0 to 1"),
        (lambda: s.quantile(np.nan), "q: expected numbers from 0 to 1"),
        (lambda: s.rank(np.nan), "rank: x is NaN"),
        (lambda: s.borders(0), "bins"),
        (lambda: s.borders(3), "borders: expected two different values or more"),
    ]:
        with pytest.raises(ValueError, match=message):
            ask()
    with pytest.raises(TypeError, match="insert: x: expected a number, got str"):
        s.insert("a")  # type: ignore[arg-type]
    with pytest.raises(_core.DTypeError, match="update: expected real numbers"):
        s.update(["a"])
    with pytest.raises(TypeError, match="__init__"):
        QuantileSketch.__new__(QuantileSketch).insert(1)
    assert "1 values, from 1 to 1, invalid 2" in repr(s)


def test_borders_for_a_histogram() -> None:
    x = np.random.default_rng(7).lognormal(size=20_000)
    h = Histogram(sketch_of(x, 1000).borders(10)).fill(x)
    assert h.underflow == h.overflow == 0
    assert (np.abs(h.values() - 2000) < 20_000 * 2 * QuantileSketch(1000).error).all()
    assert sketch_of([1, 1, 1, 2]).borders(10).tolist() == [1, 2]


# ---- borders of all values ----


@given(st.lists(st.floats() | st.integers(0, 5), max_size=60), st.integers(1, 12))
def test_borders_lie_between_values(values: list[float], bins: int) -> None:
    found = quantile_borders(np.array(values, dtype=np.float64), bins)
    kept = np.unique(np.array([v for v in values if v == v], dtype=np.float64))
    assert len(found) == min(bins, max(len(kept), 1)) - 1
    assert (np.diff(np.searchsorted(kept, found, side="right"), prepend=0) >= 1).all()  # a value, at least, between two borders
    if len(found):
        assert found.max() < kept[-1]
    if len(kept) <= bins and np.isfinite(kept).all():
        middles = kept[:-1] / 2 + kept[1:] / 2
        assert np.array_equal(found, np.where((middles >= kept[:-1]) & (middles < kept[1:]), middles, kept[:-1]))


def test_borders_share_the_values_out() -> None:
    x = np.random.default_rng(8).normal(size=10_001)
    counts = np.bincount(np.searchsorted(quantile_borders(x, 16), x), minlength=16)
    assert counts.min() >= 624
    heavy = np.concatenate([np.zeros(10_000), x])
    counts = np.bincount(np.searchsorted(quantile_borders(heavy, 11), heavy), minlength=11)
    assert counts.max() >= 10_000
    assert np.sort(counts)[:-1].min() > 500

"""Oversized claims of small files, numbers beyond float64, and undefined moments."""

from __future__ import annotations

import json
from concurrent.futures import Future
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from plait import FormatError, Histogram
from plait.histogram import loc, overflow, rebin, underflow

LARGEST = float(np.finfo(float).max)


@pytest.mark.parametrize("index", [False, True])
@pytest.mark.parametrize("bins", [[2**31 - 3], [10**30], [3000, 3000, 3000], [1 << 40, 1]])
def test_few_bytes_do_not_claim_all_memory(bins: list[int], index: bool) -> None:
    axis = {"type": "regular", "lower": 0.0, "upper": 1.0, "underflow": False, "overflow": False, "circular": False}
    storage: dict[str, Any] = {"type": "double", "values": [1.0]}
    if index:
        storage["index"] = [[0]] * len(bins)
    text = json.dumps({"uhi_schema": 1, "axes": [{**axis, "bins": n} for n in bins], "storage": storage})
    assert len(text) < 600
    with pytest.raises(FormatError, match=r"uhi: the axes have \d+ bins, the storage holds 1 values"):
        Histogram.from_json(text)


def test_whole_numbers_beyond_the_doubles_lie_outside() -> None:
    h = Histogram([0, 1]).fill(np.array([10**400, -(10**400), Fraction(1, 2), Fraction(10**400)], dtype=object))
    assert h.values(flow=True).tolist() == [1, 1, 2]


@pytest.mark.parametrize("scale", [1e-310, 1e-170, 1.0, 1e170, LARGEST / 2])
def test_moments_of_numbers_near_the_ends_of_the_doubles(scale: float) -> None:
    h = Histogram(np.array([-2.0, 0.0, 2.0]) * scale).fill(np.array([-1, 1, 1, 1]) * scale)
    assert h.mean() == pytest.approx(0.5 * scale, rel=1e-9)
    assert h.std() == pytest.approx(0.75**0.5 * scale, rel=1e-9)


def test_a_variance_below_zero_is_no_deviation_of_zero() -> None:
    h = Histogram([0, 1, 2]).fill([0.5, 1.5], weights=[2, -1])
    assert h.mean() == -0.5
    with pytest.raises(ValueError, match="std: some weights are negative"):
        h.std()
    assert Histogram([0, 1, 2]).fill([0.5] * 3, weights=[0.1, 0.7, -0.3]).std() == 0


def test_places_are_shown_as_they_are_written() -> None:
    assert [repr(p) for p in (loc(2.5), loc(1) + 3, loc(1) - 1, underflow, overflow - 1, rebin(2), rebin(groups=[1, 2]))] == [
        "loc(2.5)", "loc(1) + 3", "loc(1) - 1", "underflow", "overflow - 1", "rebin(2)", "rebin(groups=[1, 2])",
    ]  # fmt: skip
    with pytest.raises(IndexError, match=r"from loc\(1\) \+ 100"):
        Histogram([0, 1, 2])[loc(1) + 100]


def test_what_a_worker_gives_is_looked_at() -> None:
    class Wrong:
        def submit(self, *_: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(None)
            return future

    h = Histogram([0, 1])
    with pytest.raises(TypeError, match="executor: a piece gave NoneType"):
        h.fill([0.5], executor=Wrong())
    assert h.sum() == 0

"""Adaptive intervals: against plain loops, and their coverage on series that change."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plait
from plait import nn
from plait.nn._adaptive import BEYOND, OUTCOMES, STEP, adapted

Array = np.ndarray[Any, Any]


def plain(needed: Array, coverage: float) -> Array:
    """One origin, one step ahead, one output after the other."""
    n, horizon, outputs = needed.shape
    said = np.ones_like(needed)
    for k in range(horizon):
        for j in range(outputs):
            failing = 1.0 - coverage
            for t in range(n):
                known = [needed[s, k, j] for s in range(max(0, t - OUTCOMES - k), t - k) if not np.isnan(needed[s, k, j])]
                last = t - k - 1
                if last >= 0 and not np.isnan(needed[last, k, j]):
                    # what was said one step ago stands for what was said of the outcome that has just come
                    failing += STEP * ((1.0 - coverage) - float(needed[last, k, j] > said[last, k, j]))
                if not known:
                    continue
                rank = int(np.ceil((len(known) + 1) * (1.0 - failing)))
                factor = 0.0 if rank <= 0 else sorted(known)[rank - 1] if rank <= len(known) else BEYOND * max(known)
                said[t, k, j] = max(factor, 1.0) if len(known) * (1.0 - coverage) < 1.0 else factor
    return said


@settings(max_examples=25)
@given(n=st.integers(1, 150), horizon=st.integers(1, 4), outputs=st.integers(1, 2), coverage=st.sampled_from([0.5, 0.9]), seed=st.integers(0, 99))
def test_factors_are_those_of_plain_loops(n: int, horizon: int, outputs: int, coverage: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    needed = rng.exponential(size=(n, horizon, outputs)) * np.exp(rng.normal(size=outputs).cumsum())
    for k in range(horizon):
        needed[max(n - k - 1, 0) :, k] = np.nan  # not known yet at the last origin
    np.testing.assert_array_equal(adapted(needed, coverage), plain(needed, coverage))


def test_any_sequence_is_held_as_often_as_asked_over_a_long_time() -> None:
    rng = np.random.default_rng(0)
    walks = np.exp(np.cumsum(rng.normal(0, 0.02, (1500, 3, 2)), axis=0))
    jumps = np.where(np.arange(1500)[:, None, None] % 500 < 150, 5.0, 1.0) * rng.exponential(size=(1500, 3, 2))
    for needed in (walks, jumps, rng.exponential(size=(1500, 3, 2))):
        for coverage in (0.8, 0.9):
            assert abs(np.mean(needed <= adapted(needed, coverage)) - coverage) < 0.03


def changing(kind: str) -> Array:
    t, rng = np.arange(1100), np.random.default_rng(5)
    if kind == "louder":
        return 10 * np.sin(2 * np.pi * t / 12) + np.where(t < 700, 1.0, 2.5) * rng.normal(size=len(t))
    if kind == "calmer":
        return 10 * np.sin(2 * np.pi * t / 12) + np.where(t < 700, 2.5, 1.0) * rng.normal(size=len(t))
    return np.cumsum(rng.normal(size=len(t)))


@pytest.mark.parametrize("kind", ["louder", "calmer", "walk"])
def test_coverage_on_series_that_change(kind: str) -> None:
    series = changing(kind)
    model = nn.SequenceRegressor(hidden=6, horizon=4, window=16, distribution="normal", epochs=4, early_stopping=True, rng=0)
    model.set_params(instance_norm=kind != "walk").fit(series[:600])  # with it, a walk's intervals hold by themselves
    fixed, following = model.backtest(series, start=600), model.backtest(series, start=600, adapt=True)
    assert abs(fixed.coverage - 0.9) > 0.06  # that they have something to mend
    assert abs(following.coverage - 0.9) < 0.03
    np.testing.assert_array_equal(following.forecast, fixed.forecast)


def test_coverage_on_sunspots(data_file: Callable[[str], Path]) -> None:
    with data_file("series/monthly-sunspots.csv").open() as file:
        series = np.array([float(row[-1]) for row in list(csv.reader(file))[1:]])
    model = nn.SequenceRegressor(hidden=8, horizon=24, window=48, distribution="normal", epochs=3, early_stopping=True, rng=0)
    model.set_params(instance_norm=False).fit(series[:2200])
    assert model.backtest(series, start=2200).coverage < 0.84
    assert abs(model.backtest(series, start=2200, adapt=True).coverage - 0.9) < 0.03


def test_what_is_said_of_the_future_is_what_backtest_measures() -> None:
    """At an origin within a series: the same interval from `interval` on what was known then."""
    rng = np.random.default_rng(0)
    drivers = rng.normal(size=(400, 2))
    y = np.concatenate([np.zeros(3), drivers[:-3, 0]]) + rng.normal(size=400) * np.linspace(0.1, 2.0, 400)
    model = nn.SequenceRegressor(hidden=6, horizon=3, window=8, future=1, distribution="normal", epochs=3, rng=0)
    known = rng.normal(size=(403, 1))
    model.fit(drivers[:200], y[:200], future=known[:200])
    test = model.backtest(drivers, y, future=known[:400], start=200, adapt=True)
    for t in (205, 350):
        at = int(np.flatnonzero(test.origins == t)[0])
        low, high = model.interval(drivers[: t + 1], future=known[: t + 4], adapt=200, y=y[: t + 1])
        np.testing.assert_allclose(low, test.lower[at, :, 0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(high, test.upper[at, :, 0], rtol=1e-5, atol=1e-6)
    several = model.backtest(drivers, y, future=known[:400], start=200, adapt=True, stride=5)
    np.testing.assert_array_equal(several.lower, test.lower[::5])
    both = model.quantiles([drivers, drivers[:300]], (0.1, 0.5, 0.9), future=[known, known[:303]], adapt=200, y=[y, y[:300]])
    assert both.shape == (3, 2, 3)
    assert (np.diff(both, axis=0) > 0).all()
    without = model.interval(drivers, future=known, adapt=10_000, y=y)  # no outcome from there on
    np.testing.assert_allclose(without, model.interval(drivers, future=known), rtol=1e-5)
    for call, text in (
        (lambda: model.interval(drivers, future=known, adapt=200), "needs y="),
        (lambda: model.interval(drivers, future=known, adapt=-1, y=y), "got -1"),
        (lambda: model.backtest(drivers, y, future=known[:400], adapt=200), "start= says"),
        (lambda: nn.SequenceRegressor(1, distribution="normal").interval(drivers[:, 0], adapt=True), "horizon="),
        (lambda: nn.SequenceRegressor(1, horizon=2).backtest(drivers[:, 0], adapt=True), "distribution=None"),
    ):
        with pytest.raises(ValueError, match=text):
            call()
    assert isinstance(test, plait.nn.Backtest)

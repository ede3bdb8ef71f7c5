"""Instance normalisation: against plain loops, at unseen levels, and where it does not apply."""

from __future__ import annotations

import csv
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plait
from plait import nn
from plait.nn._distributions import distribution_of
from plait.nn._instance_norm import step_sizes, window_units

Array = np.ndarray[Any, Any]


def small(**options: Any) -> nn.SequenceRegressor:
    return nn.SequenceRegressor(**{"hidden": 8, "horizon": 4, "window": 12, "epochs": 3, "dtype": "float64", "rng": 0, **options})


def plain(window: Array, step: Array) -> tuple[Array, Array]:
    """One column after the other."""
    level, scale = np.zeros(len(step)), np.ones(len(step))
    for j, size in enumerate(step):
        if size > 0:
            mean = sum(window[:, j]) / len(window)
            level[j] = window[-1, j]
            scale[j] = np.sqrt(sum((value - mean) ** 2 for value in window[:, j]) / len(window) + size**2)
    return level, scale


@settings(max_examples=25)
@given(n=st.integers(1, 4), time=st.integers(1, 9), columns=st.integers(1, 3), seed=st.integers(0, 99))
def test_units_are_those_of_plain_loops(n: int, time: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    windows, lengths = 10 * rng.normal(size=(n, time, columns)), rng.integers(1, time + 1, n)
    step = np.where(rng.random(columns) < 0.3, 0.0, rng.exponential(size=columns))
    x, m = plait.constant(windows), plait.constant(lengths)
    for found, counts in (
        (plait.evaluate(list(window_units(x, plait.constant(step)))), np.full(n, time)),
        (plait.evaluate(list(window_units(x, plait.constant(step), m))), lengths),
    ):
        expected = [plain(window[:count], step) for window, count in zip(windows, counts, strict=True)]
        np.testing.assert_allclose(found[0][:, 0], [level for level, _ in expected], rtol=1e-12)
        np.testing.assert_allclose(found[1][:, 0], [scale for _, scale in expected], rtol=1e-12)


def test_a_usual_step_is_that_of_all_series() -> None:
    a, b = np.array([[0.0, 5.0], [3.0, 5.0]]), np.array([[1.0, 5.0], [1.0, 5.0], [5.0, 5.0]])
    np.testing.assert_allclose(step_sizes([a, b, a[:1]], 2), [np.sqrt(25 / 3), 1.0])
    np.testing.assert_allclose(step_sizes([a[:1]], 1), [1.0])


@pytest.mark.parametrize("name", [None, "normal", "student_t", "quantiles"])
def test_a_distribution_moves_with_its_values(name: str | None) -> None:
    kind, rng = distribution_of(name, (0.1, 0.5, 0.9)), np.random.default_rng(0)
    said, level, scale = rng.normal(size=(3, 4, 2 * kind.parts)), rng.normal(size=(3, 1, 2)), rng.exponential(size=(3, 1, 2))
    (moved,) = plait.evaluate([kind.moved(plait.constant(said), plait.constant(level), plait.constant(scale))])
    np.testing.assert_allclose(kind.point(moved), level + scale * kind.point(said), rtol=1e-12)
    draws = [kind.draw(part, np.random.default_rng(1)) for part in (said, moved)]
    np.testing.assert_allclose(draws[1], level + scale * draws[0], rtol=1e-12)
    for q in (0.1, 0.4, 0.9) if kind.spread else ():
        np.testing.assert_allclose(kind.quantile(moved, q), level + scale * kind.quantile(said, q), rtol=1e-9)


@pytest.mark.parametrize("options", [{}, {"distribution": "normal"}, {"distribution": "student_t"}, {"distribution": "quantiles"}, {"cell": "gru"}])
def test_forecasts_move_with_the_level(options: dict[str, Any]) -> None:
    """With two series and a known future feature: forecasts are equivariant to the level of the series."""
    rng = np.random.default_rng(0)
    series, known = np.cumsum(rng.normal(size=(60, 2)), axis=0), rng.normal(size=(72, 1))
    model = small(future=1, **options).fit(series[:40], future=known[:40])
    away = np.array([1000.0, -300.0])
    np.testing.assert_allclose(model.predict(series + away, known) - away, model.predict(series, known), atol=1e-8)
    other, here = (model.sample(x, None, 12, future=known) for x in (series + away, series))
    np.testing.assert_allclose(other - away, here, atol=1e-8)
    if options.get("distribution"):
        for other, here in zip(model.interval(series + away, future=known), model.interval(series, future=known), strict=True):
            np.testing.assert_allclose(other - away, here, atol=1e-8)
        model.calibrate(series[30:], future=known[30:60])
        np.testing.assert_allclose(
            model.backtest(series + away, future=known[:60]).upper - away, model.backtest(series, future=known[:60]).upper, atol=1e-8
        )
    x = model.score(series + away, future=known[:60])
    np.testing.assert_allclose(x, model.score(series, future=known[:60]), atol=1e-9)


def leaving(kind: str) -> tuple[Array, int]:
    """A series whose level leaves the range that training has seen, and its season."""
    t, rng = np.arange(900), np.random.default_rng(3)
    noise = rng.normal(size=len(t))
    season = 5 * np.sin(2 * np.pi * t / 12)
    return {
        "walk": (np.cumsum(noise), 1),
        "walk with drift": (np.cumsum(0.5 + noise), 1),
        "trend and season": (0.05 * t + season + noise, 12),
        "falling": (300 - 0.05 * t + season + noise, 12),
        "growth": (np.exp(0.003 * t) * (10 + 0.6 * season + 0.5 * noise), 12),
        "jump": (np.where(t < 650, 0, 20) + season + noise, 12),
    }[kind]


@pytest.mark.parametrize("kind", ["walk", "walk with drift", "trend and season", "falling", "growth", "jump"])
def test_series_that_leave_what_training_has_seen(kind: str) -> None:
    series, season = leaving(kind)
    options = {"horizon": 12, "window": 36, "epochs": 30, "dtype": "float32"}
    start = 690 if kind == "jump" else 500  # the jump itself is in no window
    test = small(**options).fit(series[:500]).backtest(series, start=start)
    best = 1.12 if kind == "walk" else 1.0  # nothing beats the last value of a walk
    assert max(test.mase(season), test.mase(1)) < best
    without = small(**options, instance_norm=False).fit(series[:500]).backtest(series, start=start)
    assert without.mae > 1.3 * test.mae


def test_air_passengers(data_file: Callable[[str], Path]) -> None:
    with data_file("series/airline-passengers.csv").open() as file:
        series = np.array([float(row[-1]) for row in list(csv.reader(file))[1:]])
    for seed in range(2):
        test = nn.SequenceRegressor(horizon=12, rng=seed).fit(series[:96]).backtest(series, start=96)
        assert test.mase(12) < 1.0


def test_intervals_of_a_walk_hold_by_themselves() -> None:
    series = np.cumsum(np.random.default_rng(5).normal(size=1100))
    model = small(distribution="normal", early_stopping=True, window=16, dtype="float32").fit(series[:600])
    assert abs(model.backtest(series, start=600).coverage - 0.9) < 0.05


@pytest.mark.parametrize("distribution", ["normal", "student_t", "quantiles"])
def test_intervals_hold_at_levels_that_training_has_not_seen(distribution: str) -> None:
    series, _ = leaving("trend and season")
    model = small(distribution=distribution, early_stopping=8, validation_fraction=0.2, epochs=25, dtype="float32").fit(series[:500])
    assert 0.7 < model.backtest(series, start=500, coverage=0.8).coverage < 0.9


def test_nothing_is_measured_where_windows_say_nothing_of_the_targets() -> None:
    """Targets apart from inputs, values as they are, an activation: exactly as without it."""
    rng = np.random.default_rng(0)
    drivers, y = rng.normal(size=(60, 2)) + 7, rng.normal(size=60)
    for options, data in (({}, (drivers, y)), ({"standardize": False}, (drivers,)), ({"activation": "tanh"}, (drivers,))):
        both = [small(instance_norm=use, **options).fit(*data) for use in (True, False)]
        np.testing.assert_allclose(both[0].predict(drivers), both[1].predict(drivers), rtol=1e-9, atol=1e-12)
    again = small().fit(drivers)
    again.fit(drivers[:, :2], np.stack([y, y], axis=1))  # what was measured for other targets does not stay
    np.testing.assert_allclose(
        again.predict(drivers), small(instance_norm=False).fit(drivers, np.stack([y, y], axis=1)).predict(drivers), rtol=1e-9, atol=1e-12
    )


def test_columns_that_are_not_forecast_go_in_as_they_are() -> None:
    rng = np.random.default_rng(0)
    state = np.repeat(rng.integers(0, 2, 60), 12).astype(float)  # on or off over whole windows
    sales = 3.0 * state * np.tile([1.0, -1.0], 360) + rng.normal(0, 0.2, 720)
    both = np.stack([sales, state], axis=1)
    model = small(outputs=1, epochs=20).fit(both[:600])
    assert model.predict(both).shape == (4, 1)
    moved = both + np.array([50.0, 0.0])
    np.testing.assert_allclose(model.predict(moved) - 50.0, model.predict(both), atol=1e-8)
    assert np.abs(model.predict(both + np.array([0.0, 5.0])) - model.predict(both)).max() > 1e-3
    with pytest.raises(plait.ShapeError, match="2 inputs and 1 outputs"):
        model.sample(both, None, 9)


def test_it_travels(tmp_path: Path) -> None:
    series = np.cumsum(np.random.default_rng(0).normal(size=80))
    model = small(features=1, outputs=1, distribution="normal").fit(series)
    expected = model.interval(series + 100)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).interval(series + 100), expected)
    model.save(tmp_path / "m")
    again = small(features=1, outputs=1, distribution="normal", rng=4).load(tmp_path / "m")
    np.testing.assert_array_equal(again.interval(series + 100), expected)
    with pytest.raises(plait.FormatError, match="parameters"):
        small(features=1, outputs=1, distribution="normal", instance_norm=False).load(tmp_path / "m")
    assert model.get_params()["instance_norm"] is True
    without = model.set_params(instance_norm=False).fit(series)
    assert "units.step" not in [place for _, place in without._saved()]
    parts = small()
    for _ in range(10):
        parts.partial_fit(series)
    assert parts.loss[-1] < parts.loss[0]
    np.testing.assert_allclose(parts.predict(series + 1000) - 1000, parts.predict(series), atol=1e-8)


def test_called_on_nodes_it_says_what_predict_says() -> None:
    series = np.cumsum(np.random.default_rng(0).normal(size=(40, 2)), axis=0)
    model = small(bidirectional=True).fit(series)
    shift, scale = series.mean(axis=0), series.std(axis=0)
    x = ((series - shift) / scale)[None, -12:]
    said = plait.evaluate([model(plait.constant(x))[0], model([plait.constant(x[:, k]) for k in range(12)])[0]])
    padded = np.concatenate([x, np.full((1, 3, 2), 9.0)], axis=1)
    said += plait.evaluate([model(plait.constant(padded), lengths=plait.constant(np.array([12])))[0]])
    for values in said:
        np.testing.assert_allclose(values[0] * scale + shift, model.predict(series), rtol=1e-9)


def test_a_series_that_stands_still() -> None:
    for series in (np.full(60, 7.0), np.where(np.arange(60) < 30, 7.0, 8.0)):
        for distribution in (None, "normal", "student_t", "quantiles"):
            model = small(distribution=distribution, epochs=20).fit(series)
            np.testing.assert_allclose(model.predict(series), series[-1], atol=0.4)
            np.testing.assert_allclose(model.predict(np.full(20, 99.0)), 99.0, atol=1.5)

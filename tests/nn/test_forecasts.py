"""Forecasts of many steps: what is trained on, what comes back, intervals, and what is known ahead."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import nn
from plait.nn._distributions import distribution_of, t_quantile

Array = np.ndarray[Any, Any]


def season(n: int, begin: int = 0) -> Array:
    return 20.0 + 5.0 * np.sin(2 * np.pi * (np.arange(n) + begin) / 12)


def small(**options: Any) -> nn.SequenceRegressor:
    return nn.SequenceRegressor(**{"hidden": 8, "horizon": 4, "window": 12, "epochs": 30, "rng": 0, **options})


def test_the_loss_is_that_of_all_windows() -> None:
    """By hand: every window, and what stands behind it, in standardised units."""
    series = np.random.default_rng(0).normal(3.0, 2.0, (30, 2))
    for options in ({}, {"distribution": "mae"}, {"distribution": plait.losses.Huber(0.5)}):
        model = small(dtype="float64", **options)
        model.fit(series, epochs=1, optimizer=plait.optim.SGD(1e-30))
        scaled = (series - series.mean(axis=0)) / series.std(axis=0)
        errors = []
        for t in range(11, 26):
            said = (model.predict(series[: t + 1]) - series.mean(axis=0)) / series.std(axis=0)
            errors.append(said - scaled[t + 1 : t + 5])
        each = np.abs(errors)
        expected = {0: each**2, 1: each, 2: np.where(each < 0.5, each**2 / 2, 0.5 * (each - 0.25))}[
            0 if not options else 1 if options["distribution"] == "mae" else 2
        ]
        np.testing.assert_allclose(model.loss[0], expected.mean(), rtol=1e-9)


def test_a_season_is_learnt_and_gone_on_with() -> None:
    series = season(240)
    model = small(epochs=60).fit(series)
    truth = season(24, 240)[:, None]
    np.testing.assert_allclose(model.predict(series), truth[:4], atol=0.5)
    made = model.generate(series, 24)  # six blocks, each from the one before
    np.testing.assert_allclose(made, truth, atol=1.0)
    np.testing.assert_array_equal(made[:4], model.predict(series))
    by_hand = np.concatenate([series[:, None], made[:4]])
    np.testing.assert_allclose(model.predict(by_hand), made[4:8], rtol=1e-5)
    test = model.backtest(season(300), start=240)
    assert test.mase(1) < 0.2
    assert model.score(season(300)) > 0.95


@pytest.mark.parametrize("distribution", ["normal", "student_t", "quantiles"])
def test_intervals_hold_what_they_say(distribution: str) -> None:
    rng = np.random.default_rng(1)
    series = season(700) + rng.normal(size=700)
    model = small(distribution=distribution, epochs=25, optimizer="adam", early_stopping=8, instance_norm=False)
    model.set_params(optimizer__rate=5e-3).fit(series[:500])
    test = model.backtest(series, start=500, coverage=0.8)
    assert 0.68 < test.coverage < 0.9
    low, high = model.interval(series, 0.8)
    assert low.shape == high.shape == (4, 1)
    assert (low < model.predict(series)).all()
    assert (model.predict(series) < high).all()
    narrow = model.interval(series, 0.5)
    assert ((narrow[0] > low) & (narrow[1] < high)).all()
    paths = model.sample(series, 400, rng=0)
    assert paths.shape == (400, 4, 1)
    np.testing.assert_allclose(np.quantile(paths, 0.9, axis=0), high, atol=0.6)
    assert model.sample(series, 3, steps=10).shape == (3, 10, 1)
    middle = model.quantiles(series, [0.25, 0.5, 0.75])
    assert middle.shape == (3, 4, 1)
    assert (np.diff(middle, axis=0) > 0).all()


def test_what_is_known_ahead_is_used() -> None:
    rng = np.random.default_rng(0)
    promotion = (rng.random(600) < 0.3).astype(float)
    series = 10.0 + 4.0 * promotion + rng.normal(0, 0.3, 600)
    blind = small(epochs=15).fit(series[:500])
    model = small(epochs=15, future=1).fit(series[:500], future=promotion[:500])
    before, after = blind.backtest(series, start=500), model.backtest(series, future=promotion, start=500)
    assert after.mae < 0.4 * before.mae
    ahead = model.predict(series[:500], future=promotion[:504])
    np.testing.assert_allclose(ahead[:, 0], series[500:504], atol=2.0)
    assert model.generate(series[:500], 12, future=promotion[:512]).shape == (12, 1)
    assert model.sample(series[:500], None, 10, future=promotion[:512]).shape == (10, 1)
    parts = small(future=1)
    for begin in (0, 100, 200):
        parts.partial_fit(series[begin : begin + 120], future=promotion[begin : begin + 120])
    assert parts.loss[-1] < parts.loss[0]
    assert 0.5 < model.score(series, future=promotion) < 1
    likely = small(epochs=15, future=1, distribution="normal").fit(series[:400], future=promotion[:400])
    likely.calibrate(series[400:500], future=promotion[400:500])
    assert 0.75 < likely.backtest(series, future=promotion, start=500).coverage <= 1
    for call, text in (
        (lambda: model.sample(series[:500], None, 10, future=promotion[:510]), "512 in all"),
        (lambda: model.predict(series[:500]), "give them as future="),
        (lambda: model.predict(series[:500], future=promotion[:500]), "504 in all"),
        (lambda: blind.predict(series, future=promotion), "future=0"),
        (lambda: small(future=1, horizon=None).fit(series), "known future features need horizon="),
    ):
        with pytest.raises(ValueError, match=text):
            call()


def test_targets_apart_from_inputs() -> None:
    rng = np.random.default_rng(0)
    drivers = rng.normal(size=(400, 2))
    y = np.zeros(400)
    y[3:] = 100.0 + 10.0 * drivers[:-3, 0]  # known three steps before
    model = small(horizon=3, epochs=40).fit(drivers, y)
    assert model.predict(drivers).shape == (3,)  # as y was
    assert model.score(drivers, y) > 0.9
    assert small(horizon=3, epochs=1).fit(drivers, y[:, None]).predict(drivers).shape == (3, 1)
    with pytest.raises(ValueError, match=r"2 inputs and 1 outputs|targets of their own"):
        model.generate(drivers, 9)
    both = small(epochs=2).fit([drivers, drivers[:90]], [y, y[:90]])
    assert [len(part) for part in both.predict([drivers, drivers[:50]])] == [4, 4]
    steps = small(horizon=None, window=None, epochs=3).fit(drivers, y)
    assert steps.predict(drivers).shape == (400,)


def test_one_network_travels(tmp_path: Path) -> None:
    series = season(100)
    model = small(features=1, outputs=1, distribution="normal", epochs=3).fit(series)
    expected = model.interval(series)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.interval(series), expected)
    model.save(tmp_path / "m")
    other = small(features=1, outputs=1, distribution="normal", rng=5).load(tmp_path / "m")
    np.testing.assert_array_equal(other.interval(series), expected)  # how values were standardised came along
    went_on = other.fit(series, epochs=1, optimizer=plait.optim.SGD(1e-30))
    np.testing.assert_allclose(went_on.predict(series), model.predict(series), rtol=1e-5)


def test_fits_begin_anew_unless_told() -> None:
    series = season(80)
    model = small(epochs=2)
    first = model.fit(series).predict(series)
    np.testing.assert_array_equal(model.fit(series).predict(series), first)
    np.testing.assert_array_equal(small(epochs=2, features=1, outputs=1).fit(series).predict(series), first)
    warm = small(epochs=2, warm_start=True).fit(series)
    loss = warm.loss[-1]
    assert warm.fit(series).loss[0] < loss
    with pytest.raises(ValueError, match="warm_start"):
        warm.set_params(hidden=3).fit(series)
    assert model.set_params(hidden=3).fit(series).recurrent.hidden == 3
    parts = small(epochs=2)
    for _ in range(20):
        parts.partial_fit(series)
    assert parts.loss[-1] < 0.5 * parts.loss[0]


def test_early_stopping_keeps_the_best() -> None:
    rng = np.random.default_rng(0)
    series = season(200) + rng.normal(0, 3, 200)
    model = small(hidden=32, epochs=60, early_stopping=3).fit(series)
    assert model.n_iter_ < 60
    assert model.best_epoch_ == 1 + int(np.argmin(model.validation))
    held = small(epochs=8, early_stopping=2).fit(series[:150], validation=series[130:])
    assert len(held.validation) == held.n_iter_
    for options in ({"horizon": None}, {"horizon": None, "window": None}):
        assert len(small(epochs=3, early_stopping=2, **options).fit(series).validation) >= 2
    several = small(horizon=None, window=None, epochs=2, early_stopping=True).fit([series[:60], series[60:99], series[99:]])
    assert len(several.validation) == 2
    with pytest.raises(ValueError, match="give validation="):
        small(early_stopping=True).fit(series[:16])


def test_weights_say_which_steps_count() -> None:
    series = np.concatenate([np.zeros(60), np.ones(60)])
    weights = np.concatenate([np.ones(60), np.zeros(60)])
    model = small(epochs=30, standardize=False).fit(series, sample_weight=weights)
    assert abs(model.predict(series[60:]).mean()) < 0.5


def test_quantiles_of_students_t() -> None:
    stats = pytest.importorskip("scipy.stats")
    df = np.array([2.0001, 2.5, 4.0, 9.0, 300.0])
    for level in (0.01, 0.1, 0.5, 0.8, 0.975):
        np.testing.assert_allclose(t_quantile(level, df), stats.t.ppf(level, df), rtol=2e-3, atol=1e-12)


@pytest.mark.parametrize(
    ("options", "call", "text"),
    [
        ({"distribution": "gamma"}, lambda m, x: m.fit(x), "distribution: expected 'normal'"),
        ({"distribution": "quantiles", "levels": [0.5, 0.1]}, lambda m, x: m.fit(x), "increasing order"),
        ({"distribution": "quantiles", "levels": [0.3, 0.7]}, lambda m, x: m.fit(x).interval(x), "not within the levels"),
        ({}, lambda m, x: m.fit(x).interval(x), "needs a distribution"),
        ({}, lambda m, x: m.fit(x[:10]), "takes 16 steps, but the longest series has 10"),
        ({"horizon": 0}, lambda m, x: m.fit(x), "horizon"),
        ({}, lambda m, x: m.predict(x), "not fitted"),
        ({}, lambda m, x: m.fit(np.where(np.arange(60) == 7, np.nan, x)), "NaN or infinity at step 7"),
        ({}, lambda m, x: m.fit(x, x[1:]), "60 steps and targets have 59"),
        ({}, lambda m, x: m.fit(x).predict(np.ones((20, 3))), "expecting 1 features"),
        ({"distribution": "normal", "activation": "tanh"}, lambda m, x: m.fit(x), "goes with points"),
        ({}, lambda m, x: m.fit(x, x, validation=(x, x, x, x)), "expected a tuple"),
    ],
)
def test_wrong_input_is_refused_by_name(options: dict[str, Any], call: Callable[[Any, Array], Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call(small(epochs=1, **options), season(60))


def test_nothing_is_drawn_from_points_but_themselves() -> None:
    point = distribution_of(None, ())
    assert not point.spread
    assert (point.draw(np.ones(3), np.random.default_rng(0)) == 1).all()


def test_sunspots_are_forecast_better_than_by_repetition(data_file: Callable[[str], Path]) -> None:
    series = np.loadtxt(data_file("series/monthly-sunspots.csv"), delimiter=",", skiprows=1, usecols=1)
    cut = len(series) - 600
    model = nn.SequenceRegressor(1, hidden=16, outputs=1, horizon=24, window=48, distribution="normal", epochs=8, batch_size=64, rng=0)
    test = model.fit(series[:cut]).backtest(series, start=cut, stride=6)
    assert max(test.mase(1), test.mase(12), test.mase(132)) < 0.95
    assert test.coverage > 0.6

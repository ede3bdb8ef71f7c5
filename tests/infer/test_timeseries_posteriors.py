"""Posteriors of time series: against what weak priors must give, priors by name, and forecasts that hold the parameters' uncertainty."""

from __future__ import annotations

import numpy as np
import pytest

from plait.infer import HalfNormal, Normal
from plait.infer.timeseries import AR, GARCH, LocalLevel


def series(n=300, seed=0):
    rng = np.random.default_rng(seed)
    y = np.zeros(n)
    for t in range(1, n):
        y[t] = 0.6 * y[t - 1] + rng.normal()
    return y + 2


def test_weak_priors_give_what_the_likelihood_says():
    y = series()
    point, whole = AR(1).fit(y, method="mle"), AR(1).fit(y)
    assert whole.converged
    assert np.isfinite(whole.posterior.khat)
    assert len(point.params) == 3
    for name in point.params:
        assert whole.params[name] == pytest.approx(point.params[name], abs=0.3 * point.stderr[name])
        assert whole.stderr[name] == pytest.approx(point.stderr[name], rel=0.2)
        low, high = whole.posterior.interval(name, 0.9)
        assert low < whole.params[name] < high
    assert set(whole.posterior.sample(7, rng=1)) == set(point.params)


def test_priors_by_name_pull():
    y = series(60)
    free = AR(1).fit(y, method="map")
    for method in ("map", "bbvi"):
        held = AR(1).fit(y, method=method, priors={"ar.L1": Normal(-0.5, 0.02), "sigma2": HalfNormal(5.0)})
        assert held.params["ar.L1"] < -0.4 < free.params["ar.L1"]
    with pytest.raises(ValueError, match="priors names 'phi'"):
        AR(1).fit(y, priors={"phi": Normal(0, 1)})


def test_the_mode_with_a_flat_enough_prior_is_the_maximum_of_the_likelihood():
    y = series()
    point = AR(1).fit(y, method="mle")
    mode = AR(1).fit(y, method="map", priors={"const": Normal(0, 1e4), "ar.L1": Normal(0, 1e4), "sigma2": HalfNormal(1e4)})
    assert mode.params == pytest.approx(point.params, rel=1e-4)


def test_forecasts_hold_the_uncertainty_of_the_parameters():
    y = series(25)
    point, whole = (AR(1).fit(y, method=m).predict(30, level=0.95) for m in ("mle", "bbvi"))
    assert np.all(np.diff([whole.upper[-1] - whole.lower[-1], point.upper[-1] - point.lower[-1]]) < 0)
    again = AR(1).fit(y).predict(30, level=0.95)
    np.testing.assert_array_equal(again.upper, whole.upper)


@pytest.mark.parametrize("model", [LocalLevel(), GARCH()], ids=repr)
def test_other_models_have_posteriors_too(model):
    fitted = model.fit(series(150))
    assert all(np.isfinite(list(fitted.params.values())))
    forecast = fitted.predict(3)
    assert np.all(forecast.lower < forecast.upper)
    assert all(name in fitted.summary() for name in ("k-hat", *fitted.params))

"""Fits and forecasts of time series: what users type, dates and regressors, limits that hold, bad input, and peers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import plait
from plait.infer.timeseries import AR, ARIMA, ARMA, EGARCH, GARCH, DynamicRegression, LocalLevel, LocalTrend

ALL = [
    AR(2),
    AR(2, conditional=True),
    ARMA(1, 1),
    ARIMA(1, 1, 1),
    ARIMA(0, 1, 1, seasonal=(0, 1, 1, 4)),
    LocalLevel(),
    LocalTrend(),
    GARCH(),
    EGARCH(),
]


def walk(n=120, seed=0):
    return np.random.default_rng(seed).normal(size=n).cumsum() + 5


def volatile(n=800, seed=0):
    rng = np.random.default_rng(seed)
    y, s2, e = np.empty(n), 1.0, 0.0
    for t in range(n):
        s2 = 0.1 + 0.2 * e * e + 0.7 * s2
        e = np.sqrt(s2) * rng.normal()
        y[t] = 0.05 + e
    return y


@pytest.mark.parametrize("model", ALL, ids=repr)
def test_everything_that_a_result_offers(model):
    y = volatile(300) if isinstance(model, (GARCH, EGARCH)) else walk()
    fitted = model.fit(y, method="mle")
    assert fitted.converged
    assert set(fitted.params) == set(fitted.stderr)
    assert fitted.n_params == len(fitted.params)
    assert fitted.nobs == len(y)
    assert fitted.aic == pytest.approx(-2 * fitted.loglik + 2 * fitted.n_params)
    assert fitted.bic == pytest.approx(-2 * fitted.loglik + fitted.n_params * np.log(len(y)))
    forecast = fitted.predict(4, level=0.8)
    assert np.asarray(forecast).shape == (4,)
    assert np.all(forecast.lower < forecast.mean)
    assert np.all(forecast.mean < forecast.upper)
    np.testing.assert_array_equal(forecast.index, np.arange(len(y), len(y) + 4))
    assert fitted.predict(4, intervals=False).lower is None
    rolled = fitted.predict_in_sample(5)
    assert np.all(np.isfinite(rolled.mean))
    assert len(rolled) == 5
    for start in ("continue", "fresh"):
        first, second = (fitted.simulate(30, rng=3, start=start) for _ in range(2))
        np.testing.assert_array_equal(first, second)
        assert np.all(np.isfinite(first))
    assert fitted.params
    for name in fitted.params:
        assert name in fitted.summary()


@pytest.mark.parametrize("model", ALL, ids=repr)
def test_scale_and_shift_of_the_series_do_not_matter(model):
    y = volatile(300) if isinstance(model, (GARCH, EGARCH)) else walk()
    one, small = model.fit(y, method="mle"), model.fit(1e-6 * y, method="mle")
    assert small.loglik == pytest.approx(one.loglik - _count(model, y) * np.log(1e-6), rel=1e-6)
    np.testing.assert_allclose(small.predict(3, rng=1).mean, 1e-6 * one.predict(3, rng=1).mean, rtol=2e-2, atol=1e-8)


def _count(model, y):
    """How many observations the density is of."""
    lost = {"LocalLevel()": 1, "LocalTrend()": 2}.get(repr(model), 0)
    if isinstance(model, ARIMA):
        lost = len(model._difference()) - 1
    if isinstance(model, AR) and model.conditional:
        lost = model.p
    return len(y) - lost


def test_one_step_forecasts_in_sample_are_those_of_a_fit_to_less(monkeypatch):
    """Rolling with fixed parameters: the filter's prediction is the forecast from the past alone."""
    y = walk()
    for model in (ARMA(1, 1), ARIMA(1, 1, 1), LocalLevel(), LocalTrend(), AR(2, conditional=True), GARCH()):
        fitted = model.fit(y, method="mle")
        rolled = fitted.predict_in_sample(1)
        short = model.fit(y[:-1], method="mle")
        short._point = dict(fitted._point)
        if isinstance(model, GARCH):
            # the start of the variances is a mean over the whole series
            start = fitted.model._backcast(fitted._series)
            monkeypatch.setattr(model, "_backcast", lambda _series, start=start: start)
        ahead = short.predict(1)
        assert rolled.mean[0] == pytest.approx(ahead.mean[0], rel=1e-9)
        if not isinstance(model, GARCH):
            assert rolled.upper[0] == pytest.approx(ahead.upper[0], rel=1e-9)


def test_refitting_while_rolling():
    y = walk(60)
    rolled = LocalLevel().fit(y, method="mle").predict_in_sample(3, refit=True)
    last = LocalLevel().fit(y[:-1], method="mle").predict(1)
    assert rolled.mean[-1] == pytest.approx(last.mean[0])
    np.testing.assert_array_equal(rolled.index, [57, 58, 59])


@pytest.mark.parametrize("model", [ARMA(1, 1), ARIMA(1, 1, 0), LocalTrend(), AR(1, conditional=True)], ids=repr)
def test_limits_hold_what_they_say_for_simulated_futures(model):
    fitted = model.fit(walk(), method="mle")
    forecast = fitted.predict(6, level=0.8)
    count = 800
    paths = np.stack([fitted.simulate(6, rng=k) for k in range(count)])
    inside = np.mean((paths > forecast.lower) & (paths < forecast.upper), axis=0)
    np.testing.assert_allclose(inside, 0.8, atol=4 * np.sqrt(0.8 * 0.2 / count))
    np.testing.assert_allclose(paths.mean(0), forecast.mean, atol=4 * paths.std(0).max() / np.sqrt(count))


def test_limits_of_volatility_models_are_quantiles_not_multiples_of_a_deviation():
    fitted = GARCH().fit(volatile(), method="mle")
    forecast = fitted.predict(20, level=0.99, rng=1)
    paths = np.concatenate([fitted.simulate(20, rng=k)[None] for k in range(1000)])
    assert np.mean((paths[:, -1] > forecast.lower[-1]) & (paths[:, -1] < forecast.upper[-1])) == pytest.approx(0.99, abs=0.0126)
    assert forecast.upper[-1] - forecast.mean[-1] > 1.02 * 2.5758 * np.sqrt(forecast.variance[-1])  # heavier tails than normal
    assert forecast.lower.shape == forecast.upper.shape == forecast.mean.shape == forecast.variance.shape == (20,)


def test_dates_are_carried_on():
    pd = pytest.importorskip("pandas")
    y = pd.Series(walk(40), index=pd.date_range("2020-01-01", periods=40, freq="MS"))
    forecast = LocalLevel().fit(y, method="mle").predict(3)
    assert list(forecast.index.strftime("%Y-%m-%d")) == ["2023-05-01", "2023-06-01", "2023-07-01"]
    assert list(forecast.to_frame().index) == list(forecast.index)
    assert set(forecast.to_frame()) == {"mean", "lower", "upper", "variance"}
    periods = pd.Series(walk(40), index=pd.period_range("2020-01", periods=40, freq="M"))
    assert list(map(str, LocalLevel().fit(periods, method="mle").predict(2).index)) == ["2023-05", "2023-06"]
    no_freq = pd.Series(walk(40), index=pd.DatetimeIndex(y.index.to_numpy()))
    assert list(LocalLevel().fit(no_freq, method="mle").predict(1).index) == [pd.Timestamp("2023-05-01")]


def test_dates_left_out_are_missing_values():
    pd = pytest.importorskip("pandas")
    y = pd.Series(walk(60), index=pd.date_range("2020-01-01", periods=60, freq="D"))
    holes = y.copy()
    holes.iloc[[10, 11, 30]] = np.nan
    a, b = LocalLevel().fit(holes, method="mle"), LocalLevel().fit(y.drop(y.index[[10, 11, 30]]), method="mle")
    assert a.params == pytest.approx(b.params)
    assert a.nobs == b.nobs == 57
    with pytest.raises(ValueError, match=r"y\[10\] is missing"):
        GARCH().fit(y.drop(y.index[[10, 11, 30]]), method="mle")


def test_unsorted_and_repeated_dates_are_refused():
    pd = pytest.importorskip("pandas")
    days = pd.date_range("2020-01-01", periods=30, freq="D")
    with pytest.raises(ValueError, match="not sorted"):
        LocalLevel().fit(pd.Series(walk(30), index=days[::-1]), method="mle")
    with pytest.raises(ValueError, match="more than once"):
        LocalLevel().fit(pd.Series(walk(30), index=[days[0], *days[:-1]]), method="mle")


def test_regressors_are_found_by_name():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(100, 2)), columns=["price", "rain"])
    y = 3 + 2 * X["price"] - X["rain"] + rng.normal(size=100) * 0.1
    fitted = ARMA(1, 0).fit(y, X, method="mle")
    assert fitted.params["price"] == pytest.approx(2, abs=0.1)
    future = pd.DataFrame({"rain": [0.0, 1.0], "price": [1.0, 0.0]})
    np.testing.assert_allclose(fitted.predict(2, future).mean, [5, 2], atol=0.3)
    with pytest.raises(ValueError, match="no column 'rain'"):
        fitted.predict(2, future[["price"]])
    with pytest.raises(ValueError, match="X of 2 future rows"):
        fitted.predict(2)
    with pytest.raises(plait.ShapeError, match="3 rows, 2 are needed"):
        fitted.predict(2, np.zeros((3, 2)))


def test_an_autoregression_with_roots_near_the_unit_circle():
    rng = np.random.default_rng(0)
    y = np.zeros(3000)
    for t in range(2, 3000):
        y[t] = 1.97 * y[t - 1] - 0.9801 * y[t - 2] + rng.normal()
    fitted = AR(2).fit(y[500:], method="mle")
    assert fitted.params["ar.L1"] == pytest.approx(1.97, abs=0.02)
    assert fitted.params["ar.L2"] == pytest.approx(-0.9801, abs=0.02)
    assert np.all(np.isfinite(fitted.predict(50).upper))


@pytest.mark.parametrize("model", ALL, ids=repr)
def test_a_constant_series_is_named(model):
    with pytest.raises(ValueError, match=r"constant|exact|explain"):
        model.fit(np.full(50, 3.0), method="mle")


@pytest.mark.parametrize("model", ALL, ids=repr)
def test_too_short_a_series_is_named(model):
    with pytest.raises(ValueError, match=r"too few|constant|explain|apart"):
        model.fit([1.0, 2.0, 4.0], method="mle")


def test_bad_input_is_named():
    y = walk()
    for bad, message in (
        ([], "empty"),
        (np.zeros((3, 4)), "shape"),
        ([1.0, np.inf, 2.0], r"y\[1\] is infinite"),
        ([np.nan] * 5, "every value"),
    ):
        with pytest.raises(ValueError, match=message):
            ARMA(1, 0).fit(bad, method="mle")
    with pytest.raises(TypeError, match="real numbers"):
        ARMA(1, 0).fit(["a", "b"], method="mle")
    with pytest.raises(ValueError, match="method is one of"):
        ARMA(1, 0).fit(y, method="ols")
    with pytest.raises(ValueError, match="start names 'phi'"):
        ARMA(1, 0).fit(y, method="mle", start={"phi": 0.1})
    with pytest.raises(ValueError, match="not stationary"):
        ARMA(1, 0).fit(y, method="mle", start={"ar.L1": 1.5})
    with pytest.raises(ValueError, match="p is -1"):
        AR(-1)
    with pytest.raises(TypeError, match="number of lags"):
        ARIMA(1.5, 0, 0)
    with pytest.raises(ValueError, match="seasonal"):
        ARIMA(1, 0, 0, seasonal=(1, 0, 0))
    with pytest.raises(ValueError, match="trend"):
        ARMA(1, 0, trend="ct")
    with pytest.raises(ValueError, match="mean"):
        GARCH(mean="linear")
    with pytest.raises(ValueError, match="X is needed"):
        DynamicRegression().fit(y, method="mle")
    fitted = ARMA(1, 0).fit(y, method="mle")
    for h in (0, -3):
        with pytest.raises(ValueError, match="at least 1"):
            fitted.predict(h)
    with pytest.raises(ValueError, match="level is 90"):
        fitted.predict(3, level=90)
    with pytest.raises(ValueError, match="without regressors"):
        fitted.predict(3, X=np.zeros((3, 1)))
    with pytest.raises(ValueError, match="start is"):
        fitted.simulate(3, start="now")


def test_plots():
    pytest.importorskip("matplotlib")
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    for model, y in ((LocalTrend(), walk()), (GARCH(), volatile(200))):
        fitted = model.fit(y, method="mle")
        for ax in (fitted.plot_fit(), fitted.plot_predict(10), fitted.plot_ppc(5)):
            assert ax.lines
            plt.close(ax.figure)


# --- peers


@pytest.mark.peer
@pytest.mark.parametrize(
    ("order", "seasonal", "scale"),
    [((2, 0, 0), None, 1.0), ((1, 0, 1), None, 1.0), ((1, 1, 1), None, 1.0), ((0, 1, 1), (0, 1, 1, 12), 1.0)],
)
def test_maximum_likelihood_of_arima_is_statsmodels(data_file, order, seasonal, scale):
    arima = pytest.importorskip("statsmodels.tsa.arima.model")
    y = scale * np.log(np.loadtxt(data_file("series/airline-passengers.csv"), delimiter=",", skiprows=1, usecols=1))
    ours = ARIMA(*order, seasonal=seasonal).fit(y, method="mle")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = arima.ARIMA(y, order=order, seasonal_order=seasonal or (0, 0, 0, 0)).fit()
    assert ours.loglik >= theirs.llf - 1e-4 * abs(theirs.llf)
    at = dict(zip(theirs.model.param_names, theirs.params, strict=True))
    series, layout = ours.model._prepare(ours._series)
    there = plait.function(lambda v: ours.model._log_likelihood(layout.parameters(v), series))(layout.unconstrained(at))
    assert float(there) == pytest.approx(theirs.llf, abs=2e-3)
    if ours.loglik < theirs.llf + 1e-3:
        np.testing.assert_allclose(ours.predict(6).mean, theirs.get_forecast(6).predicted_mean, rtol=1e-3)


@pytest.mark.peer
@pytest.mark.parametrize(("name", "model"), [("llevel", LocalLevel()), ("lltrend", LocalTrend())])
def test_maximum_likelihood_of_structural_models_is_statsmodels(name, model):
    structural = pytest.importorskip("statsmodels.tsa.statespace.structural")
    y = walk(100)
    ours = model.fit(y, method="mle")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = structural.UnobservedComponents(y, name, use_exact_diffuse=True).fit(disp=False)
    # theirs counts log 2π for the observations that only fix the start, too
    k = {"llevel": 1, "lltrend": 2}[name]
    assert ours.loglik == pytest.approx(theirs.llf + 0.5 * k * np.log(2 * np.pi), abs=1e-3)
    np.testing.assert_allclose(ours.predict(4).mean, theirs.get_forecast(4).predicted_mean, rtol=1e-2)


@pytest.mark.peer
def test_maximum_likelihood_of_garch_is_arch():
    arch = pytest.importorskip("arch")
    y = volatile()
    ours = GARCH().fit(y, method="mle")
    theirs = arch.arch_model(y, rescale=False).fit(disp="off")
    assert ours.loglik == pytest.approx(theirs.loglikelihood, abs=1e-3)
    assert ours.params == pytest.approx(dict(theirs.params), rel=1e-2, abs=1e-3)
    np.testing.assert_allclose(ours.predict(4).variance, theirs.forecast(horizon=4).variance.to_numpy()[0], rtol=1e-2)
    ours = EGARCH().fit(y, method="mle")
    theirs = arch.arch_model(y, vol="EGARCH", p=1, o=1, q=1, rescale=False).fit(disp="off")
    assert ours.loglik >= theirs.loglikelihood - 1e-3


@pytest.mark.peer
def test_conditional_autoregression_is_autoreg():
    ar_model = pytest.importorskip("statsmodels.tsa.ar_model")
    y = walk()
    ours, theirs = AR(3, conditional=True).fit(y, method="mle"), ar_model.AutoReg(y, 3).fit()
    assert ours.loglik == pytest.approx(theirs.llf, rel=1e-9)
    np.testing.assert_allclose(list(ours.params.values())[:4], theirs.params, rtol=1e-5)
    np.testing.assert_allclose(ours.predict(5).mean, theirs.forecast(5), rtol=1e-6)

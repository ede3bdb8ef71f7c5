"""Practical time series: dates with gaps, name clashes, improper priors, searches that do not converge."""

import time

import numpy as np
import pytest

from plait.infer import Normal
from plait.infer.timeseries import AR, ARIMA, ARMA, EGARCH, GARCH, DynamicRegression, LocalLevel, LocalTrend
from plait.infer.timeseries.result import _finite


def walk(n=60, seed=0):
    return np.cumsum(np.random.default_rng(seed).normal(size=n))


def test_rows_of_an_array_belong_to_the_dates_that_are_there():
    pd = pytest.importorskip("pandas")
    y = pd.Series(walk(), pd.date_range("2020-01-01", periods=60, freq="D"))
    X = np.random.default_rng(1).normal(size=(60, 2))
    keep = np.r_[0:20, 23:60]
    framed = ARIMA(1).fit(y.iloc[keep], pd.DataFrame(X, y.index), method="mle")
    plain = ARIMA(1).fit(y.iloc[keep], X[keep], method="mle")
    assert plain.params["x1"] == pytest.approx(framed.params["0"], rel=1e-8)
    assert plain.loglik == pytest.approx(framed.loglik, rel=1e-10)


@pytest.mark.parametrize("freq", ["MS", "QE-NOV", "BME", "W-WED", "B", "YS-JUL", "2D"])
def test_gaps_of_any_frequency_are_missing_values(freq):
    pd = pytest.importorskip("pandas")
    dates = pd.date_range("2020-01-01", periods=60, freq=freq)
    y = pd.Series(walk(), pd.DatetimeIndex(dates.values)).iloc[np.r_[0:20, 22:60]]
    fitted = AR(1).fit(y, method="mle")
    assert fitted.nobs == 58
    assert list(fitted.predict(2).index) == list(pd.date_range(dates[-1], periods=3, freq=freq)[1:])


def test_years_are_carried_on():
    pd = pytest.importorskip("pandas")
    assert list(AR(1).fit(pd.Series(walk(), np.arange(1821, 1881)), method="mle").predict(2).index) == [1881, 1882]
    assert list(AR(1).fit(pd.Series(walk(), np.arange(0, 120, 2)), method="mle").predict(2).index) == [120, 122]


def test_dates_without_a_frequency_are_said_to_be():
    pd = pytest.importorskip("pandas")
    days = np.sort(np.random.default_rng(0).choice(pd.date_range("2000", "2010", freq="D"), 60, replace=False))
    with pytest.warns(UserWarning, match="no frequency"):
        AR(1).fit(pd.Series(walk(), pd.DatetimeIndex(days)), method="mle")
    with pytest.raises(ValueError, match=r"NaT.*position 3"):
        AR(1).fit(pd.Series(walk(5), pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-03", None, "2020-01-05"])), method="mle")


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        (ARIMA(1), ["a", "a"]),
        (ARIMA(1), ["sigma2", "b"]),
        (ARIMA(1), ["ar.L1", "b"]),
        (GARCH(), ["omega", "b"]),
        (AR(1, conditional=True), ["const", "b"]),
        (DynamicRegression(), ["irregular", "b"]),
    ],
)
def test_columns_named_as_parameters_are_named(model, columns):
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame(np.random.default_rng(1).normal(size=(60, 2)), columns=columns)
    with pytest.raises(ValueError, match=f"named '(sigma2.)?{columns[0]}'"):
        model.fit(walk(), X, method="mle")


def test_a_column_that_begins_as_a_lag_does_is_a_column():
    pd = pytest.importorskip("pandas")
    X = np.random.default_rng(1).normal(size=(60, 2))
    y = walk() + X @ [5.0, -5.0]
    odd, plain = (AR(1, conditional=True).fit(y, pd.DataFrame(X, columns=c), method="mle") for c in (["ar.Lx", "b"], ["a", "b"]))
    np.testing.assert_allclose(odd.predict(2, X[:2]).mean, plain.predict(2, X[:2]).mean)
    assert plain.predict(1, [[1.0, 0.0]]).mean[0] - plain.predict(1, [[0.0, 0.0]]).mean[0] == pytest.approx(plain.params["a"])


def test_what_is_no_prior_and_no_start_is_named():
    y = walk()
    for options, error, match in [
        ({"method": "map", "priors": {"ar.L1": 0.5}}, TypeError, "prior of 'ar.L1'"),
        ({"method": "mle", "priors": {"ar.L1": Normal(0, 1)}}, ValueError, "maximum likelihood has none"),
        ({"method": "mle", "start": {"sigma2": "a"}}, TypeError, "start of 'sigma2'"),
    ]:
        with pytest.raises(error, match=match):
            AR(1).fit(y, **options)
    fitted = AR(1).fit(y, method="mle")
    with pytest.raises(TypeError, match=r"h is 2\.5"):
        fitted.predict(2.5)
    with pytest.raises(ValueError, match="level is 'a'"):
        fitted.predict(2, level="a")
    for scale in (1e200, 1e-200):
        with pytest.raises(ValueError, match="other units"):
            AR(1).fit(y * scale, method="mle")


def test_rolling_fits_have_the_same_priors():
    fitted = AR(1).fit(walk(), method="map", priors={"ar.L1": Normal(0.0, 0.001)})
    np.testing.assert_allclose(fitted.predict_in_sample(2, refit=True).mean, walk()[:-2].mean(), atol=0.4)


def test_the_mode_exists_where_the_density_of_the_coefficients_has_no_bound():
    noise = np.random.default_rng(3).normal(size=150)
    for model in (GARCH(), GARCH(mean=AR(1)), ARIMA(0, 0, 2)):
        fitted = model.fit(noise, method="map")  # a ConvergenceWarning is an error here
        assert fitted.converged
        assert 0.5 < fitted.predict(1, intervals=True).upper[0] < 3


def test_a_double_root_near_one_takes_no_longer_than_others():
    rng = np.random.default_rng(0)
    rng.normal(size=1116)
    e, y = rng.normal(size=300), np.zeros(300)
    for t in range(2, 300):
        y[t] = 1.98 * y[t - 1] - 0.9801 * y[t - 2] + e[t]
    begin = time.perf_counter()
    fitted = AR(2).fit(y, method="mle")
    assert time.perf_counter() - begin < 10  # 23 s when the search crept in a bent valley
    assert fitted.converged
    assert fitted.params["ar.L2"] == pytest.approx(-0.98, abs=0.03)


def test_forecasts_of_draws_that_overflow_are_left_out_and_counted():
    found = {"mean": np.array([[1.0], [np.inf], [2.0]]), "variance": np.ones((3, 1))}
    with pytest.warns(RuntimeWarning, match="1 of 3 draws from the posterior"):
        assert _finite(found)["mean"].tolist() == [[1.0], [2.0]]
    with pytest.raises(FloatingPointError):
        _finite({"mean": np.full((2, 1), np.nan), "variance": np.ones((2, 1))})


def trading_days(n=120):
    """Weekdays without a few holidays, as exchanges have them: no frequency that pandas could tell."""
    pd = pytest.importorskip("pandas")
    days = pd.bdate_range("2024-01-02", periods=n)
    return pd.DatetimeIndex(days.delete([9, 62, 100]).values)


@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_days_of_trade_follow_each_other(zone):
    pd = pytest.importorskip("pandas")
    days = trading_days()
    days = days if zone is None else days.tz_localize(zone)
    y = pd.Series(np.random.default_rng(0).normal(size=len(days)), days)
    fitted = GARCH().fit(y, method="mle")  # "y[4] is missing" before: weekends were
    assert fitted.loglik == pytest.approx(GARCH().fit(y.to_numpy(), method="mle").loglik, rel=1e-12)
    assert list(fitted.predict(2).index) == list(pd.date_range(days[-1], periods=3, freq="B")[1:])
    assert list(fitted.predict_in_sample(3).index) == list(days[-3:])
    X = pd.DataFrame({"x": np.arange(float(len(y)))}, days)
    assert GARCH().fit(y, X, method="mle").params["x"] == pytest.approx(GARCH().fit(y, X.to_numpy(), method="mle").params["x1"], rel=1e-8)


def test_holidays_are_missing_and_weekends_are_not():
    pd = pytest.importorskip("pandas")
    days = trading_days()
    fitted = LocalLevel().fit(pd.Series(walk(len(days)), days), method="mle")
    assert fitted.nobs == len(days)
    assert list(fitted.predict(2).index) == list(pd.date_range(days[-1], periods=3, freq="B")[1:])
    full = pd.Series(walk(len(days)), days).asfreq("B")
    assert fitted.loglik == pytest.approx(LocalLevel().fit(full, method="mle").loglik, rel=1e-10)
    with pytest.raises(ValueError, match="missing"):  # a month is no holiday
        GARCH().fit(pd.Series(walk(len(days)), days).drop(days[20:45]), method="mle")


@pytest.mark.parametrize("n", [6, 8, 9])
def test_short_series_reach_their_maximum(n):  # lag 1 was left at 0 with "converged", log likelihood 2 to 6 too low
    y = 10 + np.cumsum(np.random.default_rng(17).normal(size=n))
    fitted = ARMA(1, 0).fit(y, method="mle")
    best = max(ARMA(1, 0).fit(y, method="mle", start={"ar.L1": phi}).loglik for phi in (-0.5, 0.3, 0.8))
    assert fitted.converged
    assert fitted.loglik == pytest.approx(best, abs=1e-6)
    assert AR(1).fit(y, method="map").params["ar.L1"] > 0.1


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_maxima_at_a_kink_are_maxima(scale):
    # the mean equals an observation, where |ε| bends: "the search stopped before it converged" in units of 1, after 8 s
    rng = np.random.default_rng(5)
    rng.normal(size=120)
    y = rng.standard_t(5, size=500) * np.exp(0.5 * np.sin(np.arange(500) / 30))
    fitted = EGARCH().fit(scale * y, method="mle")
    assert fitted.converged
    assert fitted.loglik + 500 * np.log(scale) == pytest.approx(-858.97872, abs=1e-4)
    assert np.min(np.abs(y - fitted.params["mu"] / scale)) < 1e-5


def test_messages_and_parameters_are_named_as_the_user_named_them():
    pd = pytest.importorskip("pandas")
    X = pd.Series(np.random.default_rng(1).normal(size=60), name="temperature")
    assert "temperature" in ARIMA(1).fit(pd.Series(walk()), X, method="mle").params
    with pytest.raises(ValueError, match=r"^AR\.fit: nothing"):
        AR(1).fit(np.full(50, 3.0))
    with pytest.raises(ValueError, match="straight line"):
        LocalTrend().fit(np.arange(50.0))

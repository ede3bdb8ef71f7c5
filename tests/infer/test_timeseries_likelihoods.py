"""Likelihoods of time series against dense covariance matrices and plain loops, and their gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.time_series import arma_log_likelihood, diffuse_log_likelihood, garch_variances

import plait
from plait.infer.timeseries import AR, ARIMA, ARMA, EGARCH, GARCH, DynamicRegression, LocalLevel, LocalTrend
from plait.infer.timeseries._data import read_series
from plait.infer.timeseries._parameters import Layout, LogVariance, Positive, Real, Shares, Stationary


def likelihood(model, y, parameters, X=None):
    series, layout = model._prepare(read_series(y, X, missing=model.allows_missing))
    u = layout.unconstrained(parameters)
    return float(plait.function(lambda v: model._log_likelihood(layout.parameters(v), series))(u)), series, layout, u


@settings(max_examples=15)
@given(st.integers(0, 3), st.integers(0, 2), st.lists(st.floats(-2, 2), min_size=5, max_size=5), st.integers(0, 2**32 - 1), st.booleans())
def test_arma_is_the_dense_normal_density(p, q, u, seed, holes):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=30).cumsum() * 0.3
    if holes:
        y[[0, 7, 8, 29]] = np.nan
    ar = Stationary(tuple(f"ar.L{k + 1}" for k in range(p))).forward([np.tanh(v) for v in u[:p]])
    ma = Stationary(tuple(f"ma.L{k + 1}" for k in range(q)), sign=-1).forward([np.tanh(v) for v in u[3 : 3 + q]])
    given_ = {"const": 0.3, "sigma2": 0.7, **{f"ar.L{k + 1}": v for k, v in enumerate(ar)}, **{f"ma.L{k + 1}": v for k, v in enumerate(ma)}}
    found = likelihood(ARMA(p, q), y, given_)[0]
    assert found == pytest.approx(arma_log_likelihood(y - 0.3, ar, ma, 0.7), rel=1e-8)


def test_differences_and_missing_values_agree_with_each_other():
    """The diffuse likelihood of levels is that of the differences; and a value that is missing at the end changes nothing."""
    rng = np.random.default_rng(1)
    y = rng.normal(size=40).cumsum().cumsum()
    given_ = {"ar.L1": 0.4, "ma.L1": 0.3, "ma.S.L4": -0.5, "sigma2": 0.8}
    model = ARIMA(1, 1, 1, seasonal=(0, 1, 1, 4))
    complete = likelihood(model, y, given_)[0]
    extended = likelihood(model, np.append(y, np.nan), given_)[0]
    assert extended == pytest.approx(complete, rel=1e-9)
    w = np.diff(y)[4:] - np.diff(y)[:-4]
    ma = np.convolve([1, 0.3], [1, 0, 0, 0, -0.5])[1:]
    assert complete == pytest.approx(arma_log_likelihood(w, [0.4], ma, 0.8), rel=1e-8)


@pytest.mark.parametrize("holes", [False, True])
def test_structural_models_are_the_dense_diffuse_density(holes):
    rng = np.random.default_rng(2)
    y = rng.normal(size=25).cumsum()
    if holes:
        y[[0, 5, 24]] = np.nan
    found = likelihood(LocalLevel(), y, {"sigma2.irregular": 0.5, "sigma2.level": 0.2})[0]
    assert found == pytest.approx(diffuse_log_likelihood(y, np.eye(1), 0.2 * np.eye(1), [1.0], 0.5), rel=1e-9)
    T = np.array([[1.0, 1.0], [0.0, 1.0]])
    found = likelihood(LocalTrend(), y, {"sigma2.irregular": 0.5, "sigma2.level": 0.2, "sigma2.trend": 0.1})[0]
    assert found == pytest.approx(diffuse_log_likelihood(y, T, np.diag([0.2, 0.1]), [1.0, 0.0], 0.5), rel=1e-9)
    X = rng.normal(size=(25, 1))
    found = likelihood(DynamicRegression(), y, {"sigma2.irregular": 0.5, "sigma2.intercept": 0.2, "sigma2.x1": 0.1}, X)[0]
    expected = diffuse_log_likelihood(y, np.eye(2), np.diag([0.2, 0.1]), np.column_stack([np.ones(25), X]), 0.5)
    assert found == pytest.approx(expected, rel=1e-9)


def test_garch_is_the_plain_recursion():
    y = np.random.default_rng(3).normal(size=60)
    model = GARCH(2, 2)
    given_ = {"mu": 0.1, "omega": 0.2, "alpha[1]": 0.1, "alpha[2]": 0.2, "beta[1]": 0.3, "beta[2]": 0.2}
    found, series, _, _ = likelihood(model, y, given_)
    e = y - 0.1
    s2 = garch_variances(e, 0.2, [0.1, 0.2], [0.3, 0.2], model._backcast(series))
    assert found == pytest.approx(-0.5 * float(np.sum(np.log(2 * np.pi * s2) + e * e / s2)), rel=1e-12)


MODELS = [
    ARMA(2, 1),
    ARIMA(0, 1, 1, seasonal=(0, 1, 1, 4)),
    AR(2, conditional=True),
    LocalTrend(),
    GARCH(),
    EGARCH(2, 1, 1),
    GARCH(mean=AR(1)),
]


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_slopes_and_curvatures_are_differences(model):
    y = np.random.default_rng(4).normal(size=40).cumsum()
    series, layout = model._prepare(read_series(y))
    u = model._starts(series, layout)[0] + 0.1

    def f(v):
        return model._log_likelihood(layout.parameters(v), series)

    value, slope = plait.function(f), plait.grad(f)
    for k in range(layout.size):
        step = np.zeros(layout.size)
        step[k] = 1e-5
        assert slope(u)[k] == pytest.approx((value(u + step) - value(u - step)) / 2e-5, rel=2e-5, abs=1e-5)
    curvature = plait.hessian(f)(u)
    numeric = np.stack([(slope(u + s) - slope(u - s)) / 2e-5 for s in 1e-5 * np.eye(layout.size)])
    np.testing.assert_allclose(curvature, numeric, rtol=1e-4, atol=1e-4 * np.abs(numeric).max())


BLOCKS = [
    Real(("a",), (2.0,), (3.0,)),
    Positive(("a",), (3.0,)),
    Stationary(tuple("abcde")),
    Stationary(tuple("abcd"), sign=-1),
    Shares(tuple("oab"), 2.0, (1.0, 0.5)),
    LogVariance(tuple("oagbc"), -1.0, 2),
]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda b: type(b).__name__)
def test_maps_return_and_jacobians_are_those_of_the_map(block):
    layout = Layout([block])
    u = np.random.default_rng(5).normal(size=layout.size) * 0.7
    values = {k: float(v) for k, v in layout.parameters(u).items()}
    np.testing.assert_allclose(layout.unconstrained(values), u, atol=1e-10)
    jacobian = plait.jacobian(lambda v: plait.stack(list(layout.parameters(v).values())))(u)
    assert float(layout.log_jacobian(u)) == pytest.approx(np.linalg.slogdet(jacobian)[1], abs=1e-9)


SMALL = [Positive(("a",), (3.0,)), Stationary(tuple("ab")), Shares(tuple("oab"), 2.0, (1.0, 0.5)), LogVariance(tuple("oab"), -1.0, 1)]


@pytest.mark.parametrize("block", SMALL, ids=lambda b: type(b).__name__)
def test_default_priors_are_proper(block):
    """The density integrates to one: an importance sample from a wide normal."""
    layout = Layout([block])
    rng = np.random.default_rng(6)
    u = rng.standard_t(3, size=(400_000, layout.size)) * 2.5
    proposal = (math.lgamma(2) - math.lgamma(1.5) - 0.5 * math.log(3 * math.pi) - math.log(2.5) - 2 * np.log1p((u / 2.5) ** 2 / 3)).sum(1)
    assert np.mean(np.exp(np.asarray(layout.log_prior(u, {})) - proposal)) == pytest.approx(1.0, abs=0.03)


def test_all_roots_are_outside_of_the_unit_circle():
    for seed in range(20):
        u = np.random.default_rng(seed).normal(size=6) * 2
        a = Stationary(tuple("abcdef")).forward(u)
        assert np.all(np.abs(np.roots(np.concatenate([[1.0], -np.array(a)]))) < 1)

"""States of structural models given the whole series, against the joint Gaussian written out."""

import numpy as np
import pytest

from plait.infer.timeseries import AR, DynamicRegression, LocalLevel, LocalTrend
from plait.infer.timeseries._smoother import smooth


def by_generalised_least_squares(T, Q, Z, H, y, observed):
    """Mean and covariance of all states: prior precision of steps plus that of observations, a flat first state."""
    n, m = Z.shape
    A = np.zeros((n * m, n * m))
    b = np.zeros(n * m)
    step = np.linalg.inv(Q)
    for t in range(n):
        at = slice(t * m, (t + 1) * m)
        if observed[t]:
            A[at, at] += np.outer(Z[t], Z[t]) / H
            b[at] += Z[t] * y[t] / H
        if t:
            before = slice((t - 1) * m, t * m)
            A[at, at] += step
            A[before, before] += T.T @ step @ T
            A[at, before] -= step @ T
            A[before, at] -= T.T @ step
    covariance = np.linalg.inv(A)
    return (covariance @ b).reshape(n, m), np.stack([covariance[t * m : (t + 1) * m, t * m : (t + 1) * m] for t in range(n)])


@pytest.mark.parametrize("m", [1, 2, 3])
def test_smoother_is_generalised_least_squares(m):
    rng = np.random.default_rng(m)
    n = 25
    T, Q = np.eye(m) + np.triu(np.ones((m, m)), 1) * (m == 2), np.diag(rng.uniform(0.2, 1.0, m))
    Z = rng.normal(size=(n, m))
    y, observed = rng.normal(size=n), np.ones(n, bool)
    observed[[0, 7, 8, 24]] = False
    start = np.concatenate([rng.normal(size=(m, 1)), np.eye(m)], axis=1)
    mean, covariance = smooth(T, Q, Z, 0.7, np.zeros((m, m)), start, y, observed)
    expected, spread = by_generalised_least_squares(T, Q, Z, 0.7, y, observed)
    np.testing.assert_allclose(mean, expected, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(covariance, spread, rtol=1e-7, atol=1e-8)


@pytest.mark.peer
@pytest.mark.parametrize(("model", "name"), [(LocalLevel(), "llevel"), (LocalTrend(), "lltrend")])
def test_levels_are_those_of_statsmodels(model, name):
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(3)
    y = np.cumsum(rng.normal(size=60)) + rng.normal(size=60)
    y[[10, 30, 31]] = np.nan
    fitted = model.fit(y, method="map")
    peer = api.tsa.UnobservedComponents(y, name, use_exact_diffuse=True).smooth(np.array(list(fitted.params.values())))
    for k, state in enumerate(fitted.states(level=0.95).values()):
        np.testing.assert_allclose(state.mean, peer.smoothed_state[k], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose((state.upper - state.mean) / 1.959964, np.sqrt(peer.smoothed_state_cov[k, k]), rtol=1e-4)


@pytest.mark.parametrize("method", ["mle", "bbvi"])
def test_coefficients_as_they_moved(method):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=150)
    X = pd.DataFrame({"price": rng.normal(size=150)}, days)
    beta = 1 + np.cumsum(0.1 * rng.normal(size=150))
    y = pd.Series(1e6 * (2 + beta * X["price"] + 0.3 * rng.normal(size=150)), days)
    found = DynamicRegression().fit(y, X, method=method).states(level=0.95)
    assert list(found) == ["intercept", "price"]
    price = found["price"]
    assert ((price.lower < 1e6 * beta) & (1e6 * beta < price.upper)).mean() > 0.8
    assert np.sqrt(np.mean((price.mean / 1e6 - beta) ** 2)) < 0.25
    assert list(price.to_frame().index) == list(days)


def test_models_without_states_say_so():
    fitted = AR(1).fit(np.random.default_rng(0).normal(size=50), method="mle")
    with pytest.raises(TypeError, match="no level"):
        fitted.states()

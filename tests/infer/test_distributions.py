"""Every distribution beside SciPy's: densities, moments, entropies, draws, supports; nodes beside arrays; bad parameters by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats as st

import plait
from plait.infer import (
    Bernoulli,
    Beta,
    Binomial,
    Categorical,
    Cauchy,
    Dirichlet,
    Distribution,
    Exponential,
    Gamma,
    HalfCauchy,
    HalfNormal,
    InverseGamma,
    LogNormal,
    MultivariateNormal,
    NegativeBinomial,
    Normal,
    Poisson,
    StudentT,
    Uniform,
)

P = np.array([0.2, 0.5, 0.9])
A = np.array([0.7, 1.0, 3.5])
COV = np.array([[2.0, 0.6], [0.6, 1.0]])

# our distribution, SciPy's, points inside, points outside
CASES: dict[str, tuple[Callable[[], Distribution], Any, Any, Any]] = {
    "Normal": (lambda: Normal(A, 2.0), st.norm(A, 2.0), [0.3, -1.0, 40.0], []),
    "Cauchy": (lambda: Cauchy(A, 2.0), st.cauchy(A, 2.0), [0.3, -1.0, 40.0], []),
    "StudentT": (lambda: StudentT(A + 2, 1.0, 2.0), st.t(A + 2, 1.0, 2.0), [0.3, -1.0, 40.0], []),
    "LogNormal": (lambda: LogNormal(A, 0.5), st.lognorm(0.5, scale=np.exp(A)), [0.3, 1.0, 40.0], [0.0, -1.0, np.inf]),
    "HalfNormal": (lambda: HalfNormal(A), st.halfnorm(scale=A), [0.0, 1.0, 3.0], [-1e-9, -1.0, -np.inf]),
    "HalfCauchy": (lambda: HalfCauchy(A), st.halfcauchy(scale=A), [0.0, 1.0, 3.0], [-1e-9, -1.0, np.inf]),
    "Gamma": (lambda: Gamma(A, 2.0), st.gamma(A, scale=0.5), [0.4, 1.0, 3.0], [-0.1, -1.0, np.inf]),
    "InverseGamma": (lambda: InverseGamma(A + 2, 2.0), st.invgamma(A + 2, scale=2.0), [0.4, 1.0, 3.0], [-0.1, 0.0, np.inf]),
    "Exponential": (lambda: Exponential(A), st.expon(scale=1 / A), [0.0, 1.0, 3.0], [-0.1, -1.0, np.inf]),
    "Beta": (lambda: Beta(A, 2.0), st.beta(A, 2.0), [0.1, 0.5, 0.99], [-0.1, 1.1, 2.0]),
    "Uniform": (lambda: Uniform(-1.0, A), st.uniform(-1.0, A + 1.0), [-1.0, 0.5, 3.5], [-1.1, 1.1, 4.0]),
    "Bernoulli": (lambda: Bernoulli(P), st.bernoulli(P), [0, 1, 1], [-1, 2, 0.5]),
    "Bernoulli logits": (lambda: Bernoulli(logits=np.log(P / (1 - P))), st.bernoulli(P), [0, 1, 1], [-1, 2, 0.5]),
    "Binomial": (lambda: Binomial(7, P), st.binom(7, P), [0, 3, 7], [-1, 8, 0.5]),
    "Binomial logits": (lambda: Binomial(7, logits=np.log(P / (1 - P))), st.binom(7, P), [0, 3, 7], [-1, 8, 0.5]),
    "NegativeBinomial": (lambda: NegativeBinomial(2.5, P), st.nbinom(2.5, 1 - P), [0, 3, 7], [-1, -2, 0.5]),
    "NegativeBinomial logits": (lambda: NegativeBinomial(2.5, logits=np.log(P / (1 - P))), st.nbinom(2.5, 1 - P), [0, 3, 7], [-1, -2, 0.5]),
    "Poisson": (lambda: Poisson(A), st.poisson(A), [0, 3, 7], [-1, np.inf, 0.5]),
}


@pytest.fixture(params=CASES, ids=list(CASES))
def case(request: pytest.FixtureRequest) -> tuple[Distribution, Any, np.ndarray, np.ndarray]:
    make, peer, inside, outside = CASES[request.param]
    return make(), peer, np.array(inside, float), np.array(outside, float)


def log_density(peer: Any, x: np.ndarray) -> np.ndarray:
    return np.asarray(peer.logpmf(x) if hasattr(peer.dist, "pmf") else peer.logpdf(x))


def test_log_density(case: Any) -> None:
    ours, peer, inside, outside = case
    np.testing.assert_allclose(ours.log_prob(inside), log_density(peer, inside), rtol=1e-9, atol=1e-12)
    if outside.size:
        np.testing.assert_array_equal(ours.log_prob(outside), [-np.inf] * 3)
    assert ours.support.contains(inside).all()
    assert not ours.support.contains(outside[outside != 0]).any()
    np.testing.assert_allclose(plait.evaluate(ours._known_density(inside)), ours.log_prob(inside), rtol=1e-12)


def test_moments_and_entropy(case: Any) -> None:
    ours, peer, *_ = case
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(ours.mean, peer.mean(), rtol=1e-9)
        np.testing.assert_allclose(ours.variance, peer.var(), rtol=1e-9)
    assert ours.mean.shape == ours.variance.shape == ours.batch_shape == (3,)
    try:
        entropy = ours.entropy()
    except NotImplementedError:
        assert type(ours).__name__ in {"Poisson", "Binomial", "NegativeBinomial"}
    else:
        np.testing.assert_allclose(entropy, peer.entropy(), rtol=1e-8)


def test_draws_follow_the_distribution(case: Any) -> None:
    ours, peer, *_ = case
    drawn = ours.sample(4000, rng=3)
    assert drawn.shape == (4000, 3)
    np.testing.assert_array_equal(drawn, ours.sample(4000, rng=3))
    for k in range(3):
        at = np.quantile(drawn[:, k], [0.1, 0.3, 0.5, 0.7, 0.9])
        below = np.array([(drawn[:, k] <= a).mean() for a in at])
        exact = peer.cdf(at[:, None])[:, k] if np.ndim(peer.cdf(0.0)) else peer.cdf(at)
        np.testing.assert_allclose(below, exact, atol=4.5 * 0.5 / np.sqrt(4000))


def test_nodes_give_what_arrays_give(case: Any) -> None:
    ours, _, inside, outside = case
    names = {k: plait.parameter(v) for k, v in ours.parameters.items() if k != "total_count" or type(ours).__name__ != "Binomial"}
    kept = {k: v for k, v in ours.parameters.items() if k not in names}
    traced = type(ours)(**names, **kept)
    x = plait.input("x", (3,), "float64")
    for values in (inside, outside) if outside.size else (inside,):
        np.testing.assert_allclose(plait.evaluate(traced.log_prob(x), {x: values}), ours.log_prob(values), rtol=1e-12)
    assert isinstance(traced.mean, plait.Node)
    np.testing.assert_allclose(plait.evaluate(traced.variance), ours.variance)
    with pytest.raises(TypeError, match=r"sample: parameters are nodes"):
        traced.sample(2)
    # Slopes beyond the support are 0, not NaN.
    if outside.size:
        slopes = plait.gradient(plait.where(traced.log_prob(x) > -np.inf, traced.log_prob(x), 0.0).sum(), [x, *names.values()])
        for slope in plait.evaluate(slopes, {x: outside}):
            np.testing.assert_array_equal(slope, np.zeros_like(slope))


def test_dirichlet() -> None:
    a = np.array([[0.5, 2.0, 3.0], [1.0, 1.0, 1.0]])
    x = np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
    ours = Dirichlet(a)
    assert (ours.batch_shape, ours.event_shape) == ((2,), (3,))
    for k in range(2):
        peer = st.dirichlet(a[k])
        np.testing.assert_allclose(ours.log_prob(x)[k], peer.logpdf(x[k]))
        np.testing.assert_allclose(ours.mean[k], peer.mean())
        np.testing.assert_allclose(ours.variance[k], peer.var())
        np.testing.assert_allclose(ours.entropy()[k], peer.entropy())
    np.testing.assert_array_equal(ours.log_prob([[0.5, 0.6, -0.1], [0.2, 0.2, 0.2]]), [-np.inf, -np.inf])
    drawn = ours.sample((2000,), rng=0)
    assert drawn.shape == (2000, 2, 3)
    np.testing.assert_allclose(drawn.sum(-1), 1)
    np.testing.assert_allclose(drawn.mean(0), ours.mean, atol=0.03)
    assert np.isfinite(Dirichlet([1e-4, 1e-4]).sample(200, rng=0)).all()


def test_categorical() -> None:
    p = np.array([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]])
    for ours in (Categorical(p), Categorical(4 * p), Categorical(logits=np.log(np.maximum(p, 1e-300)))):
        np.testing.assert_allclose(ours.log_prob([2, 0]), np.log([0.5, 0.6]))
        np.testing.assert_allclose(ours.log_prob([[0], [1]]), np.log([[0.2, 0.6], [0.3, 0.4]]))
        np.testing.assert_array_equal(ours.log_prob([3, 0.5]), [-np.inf, -np.inf])
        np.testing.assert_allclose(ours.mean, p @ [0, 1, 2], atol=1e-12)
        np.testing.assert_allclose(ours.variance, p @ [0, 1, 4] - (p @ [0, 1, 2]) ** 2, atol=1e-12)
        np.testing.assert_allclose(ours.entropy(), st.entropy(p, axis=1), atol=1e-9)
        drawn = ours.sample(4000, rng=1)
        np.testing.assert_allclose([(drawn == k).mean(0) for k in range(3)], p.T, atol=0.035)


@pytest.mark.parametrize("batched", [False, True])
def test_multivariate_normal(batched: bool) -> None:
    cov = np.stack([COV, 3 * COV]) if batched else COV
    loc = np.array([1.0, -1.0])
    x = np.array([[0.3, 0.4], [2.0, -2.0]])
    for ours in (MultivariateNormal(loc, cov), MultivariateNormal(loc, scale_tril=np.linalg.cholesky(cov))):
        peers = [st.multivariate_normal(loc, c) for c in (cov if batched else [COV, COV])]
        np.testing.assert_allclose(ours.log_prob(x), [p.logpdf(v) for p, v in zip(peers, x, strict=True)])
        np.testing.assert_allclose(ours.entropy(), [p.entropy() for p in peers] if batched else peers[0].entropy())
        np.testing.assert_allclose(ours.variance, np.diagonal(cov, axis1=-2, axis2=-1))
        drawn = ours.sample(20000, rng=2)
        assert drawn.shape == (20000, 2, 2) if batched else drawn.shape == (20000, 2)
        np.testing.assert_allclose(np.cov((drawn[:, 0] if batched else drawn).T), COV, atol=0.1)
    c = plait.input("c", cov.shape, "float64")
    node = MultivariateNormal(loc, c).log_prob(x)
    np.testing.assert_allclose(plait.evaluate(node, {c: cov}), ours.log_prob(x))
    assert plait.check_gradient(lambda m: MultivariateNormal(loc, m @ m.T + np.eye(2)).log_prob(x).sum(), COV) < 1e-6


def test_shapes_broadcast() -> None:
    ours = Normal(np.zeros((4, 1)), np.ones(3))
    assert ours.batch_shape == (4, 3)
    assert ours.sample((2, 5), rng=0).shape == (2, 5, 4, 3)
    assert ours.log_prob(0.0).shape == ours.mean.shape == ours.entropy().shape == (4, 3)
    assert Uniform(0.0, np.ones(3)).entropy().shape == (3,)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Normal(0, 0), r"Normal: scale: expected finite numbers above 0, got 0"),
        (lambda: Normal(np.nan, 1), r"Normal: loc: NaN"),
        (lambda: Normal(0, [1.0, -2.0]), r"scale: expected finite numbers above 0, got -2"),
        (lambda: Gamma(-1.0, 1.0), r"Gamma: concentration"),
        (lambda: Bernoulli(1.5), r"Bernoulli: probs: expected probabilities from 0 to 1, got 1.5"),
        (lambda: Bernoulli(), r"either probs or logits, got neither"),
        (lambda: Bernoulli(0.5, 0.0), r"either probs or logits, got both"),
        (lambda: Uniform(1.0, 0.0), r"expected low < high"),
        (lambda: Dirichlet(1.0), r"at least two weights"),
        (lambda: Binomial(2.5, 0.5), r"total_count: expected whole numbers"),
        (lambda: NegativeBinomial(2.5, 1.0), r"probs: expected probabilities below 1"),
        (lambda: Categorical([0.0, 0.0]), r"weights with a sum above 0"),
        (lambda: MultivariateNormal([0.0, 0.0], [[1.0, 2.0], [2.0, 1.0]]), r"positive definite matrix, smallest eigenvalue -1"),
        (lambda: MultivariateNormal([0.0, 0.0], [[1.0, 0.5], [0.0, 1.0]]), r"symmetric"),
        (lambda: MultivariateNormal([0.0, 0.0], scale_tril=[[1.0, 0.0], [0.0, -1.0]]), r"diagonal above 0"),
        (lambda: MultivariateNormal(np.zeros(3), np.eye(2)), r"loc has 3 numbers a vector"),
        (lambda: MultivariateNormal(np.zeros(2)), r"got neither"),
        (lambda: Normal(0, 1).sample(-1), r"sizes are not negative"),
        (lambda: Normal(0, 1).log_prob(np.nan), r"value: NaN"),
    ],
)
def test_bad_parameters_are_named(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
    with pytest.raises(TypeError, match=r"Normal: loc: expected a node, a number or an array"):
        Normal("a", 1.0)


@pytest.mark.peer
def test_beside_torch() -> None:
    torch = pytest.importorskip("torch")
    import plait.infer as infer

    values = {"positive": [0.4, 1.5], "unit": [0.2, 0.7], "whole": [0.0, 1.0], "real": [-1.0, 2.0]}
    arguments: dict[str, tuple[dict[str, Any], str]] = {
        "Normal": ({"loc": 0.5, "scale": 2.0}, "real"),
        "Cauchy": ({"loc": 0.5, "scale": 2.0}, "real"),
        "StudentT": ({"df": 3.0, "loc": 0.5, "scale": 2.0}, "real"),
        "LogNormal": ({"loc": 0.5, "scale": 2.0}, "positive"),
        "HalfNormal": ({"scale": 2.0}, "positive"),
        "HalfCauchy": ({"scale": 2.0}, "positive"),
        "Gamma": ({"concentration": 1.7, "rate": 2.0}, "positive"),
        "InverseGamma": ({"concentration": 1.7, "rate": 2.0}, "positive"),
        "Exponential": ({"rate": 2.0}, "positive"),
        "Beta": ({"concentration1": 1.7, "concentration0": 0.6}, "unit"),
        "Uniform": ({"low": -2.0, "high": 3.0}, "unit"),
        "Bernoulli": ({"probs": 0.3}, "whole"),
        "Poisson": ({"rate": 2.0}, "whole"),
        "Binomial": ({"total_count": 4.0, "logits": 0.4}, "whole"),
        "NegativeBinomial": ({"total_count": 4.0, "probs": 0.4}, "whole"),
        "Categorical": ({"logits": np.array([0.3, -1.0, 0.0])}, "whole"),
        "Dirichlet": ({"concentration": np.array([0.3, 1.0])}, "unit"),
        "MultivariateNormal": ({"loc": np.array([0.3, 1.0]), "covariance_matrix": COV}, "real"),
    }
    for name, (parameters, kind) in arguments.items():
        x = np.array(values[kind])
        if name == "Dirichlet":
            x = np.array([0.3, 0.7])
        theirs = getattr(torch.distributions, name)(**{k: torch.as_tensor(v, dtype=torch.float64) for k, v in parameters.items()})
        found = getattr(infer, name)(**parameters).log_prob(x)
        np.testing.assert_allclose(found, theirs.log_prob(torch.as_tensor(x)).numpy(), rtol=1e-8, err_msg=name)


@pytest.mark.parametrize("df", [0.1, 1999.0, 2001.0, 1e6, 1e10, 1e15])
def test_students_t_of_many_degrees_of_freedom_is_normal_in_the_end(df):
    stats = pytest.importorskip("scipy.stats")
    x = np.array([-50.0, 0.0, 1.0, 3.0])
    np.testing.assert_allclose(plait.infer.StudentT(df, 1.0, 2.0).log_prob(x), stats.t(df, 1.0, 2.0).logpdf(x), rtol=1e-9)


@pytest.mark.parametrize("x", [1e-300, 1e-160, 0.3, 1e8, 1.9e8, 1e10, 1e155, 1e300])
def test_densities_with_heavy_tails_are_finite_over_the_whole_range(x):
    far = np.log1p(x * x) if x < 1e100 else 2 * np.log(x)
    assert float(Cauchy(0.0, 1.0).log_prob(x)) == pytest.approx(-far - np.log(np.pi), rel=1e-14)
    assert float(Cauchy(0.0, 1.0).log_prob(-x)) == pytest.approx(-far - np.log(np.pi), rel=1e-14)
    assert float(HalfCauchy(1.0).log_prob(x)) == pytest.approx(np.log(2) - far - np.log(np.pi), rel=1e-14, abs=1e-15)
    node = plait.input("x", (), "float64")
    for distribution in (Cauchy(0.0, 1.0), HalfCauchy(1.0), StudentT(1.0, 0.0, 1.0)):
        value = distribution.log_prob(node)
        slope = plait.gradient(value, node)
        found = plait.compile([value, slope, plait.gradient(slope, node)])(x=x)
        assert found[0] == pytest.approx(float(distribution.log_prob(x)), rel=1e-14)
        assert found[1] == pytest.approx(-2 / x if x > 1e8 else -2 * x / (1 + x * x), rel=1e-12)
        assert np.isfinite(found[2])
    value = InverseGamma(2.0, 3.0).log_prob(node)
    slope = plait.gradient(value, node)
    found = plait.compile([value, slope, plait.gradient(slope, node)])(x=x)
    assert found[0] == pytest.approx(2 * np.log(3) - 3 * np.log(x) - 3 / x, rel=1e-13)
    assert not np.isnan(found).any()

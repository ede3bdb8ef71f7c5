"""Every gradient estimator is unbiased, on models with exact gradients; variances come in the order of the papers; blankets are those of the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import scipy.stats as st

import plait
from plait.infer import Bernoulli, Categorical, Gamma, HalfCauchy, Model, Normal, Poisson, gradient_samples
from plait.infer._blanket import reach
from plait.infer.model import trace

SCORES = ("score", "rao_blackwell", "rao_blackwell_control", "score_loo")
ALL = (*SCORES, "reparameterization", "sticking_the_landing")
REPEATS = 100_000


@dataclass(frozen=True)
class Case:
    """A model, where its gradient is taken, and that gradient."""

    model: Callable[[Model], Any]
    at: dict[str, Any]
    exact: dict[str, tuple[Any, ...]]
    estimators: tuple[str, ...] = ALL
    family: str = "mean_field"


Y = np.array([1.0, -2.0, 0.5])
LOCS = np.array([-1.0, 0.0, 2.0])


def local(m: Model) -> None:
    m.observe(Normal(m.latent("x", Normal(0, 2), shape=3), 1.0), Y)


def hidden(m: Model) -> None:
    z = m.latent("z", Bernoulli(0.3), shape=3)
    m.observe(Normal(z, 1.0), Y)


def mixture(m: Model) -> None:
    z = m.latent("z", Categorical([0.2, 0.3, 0.5]), shape=3)
    m.observe(Normal(plait.take(plait.constant(LOCS), z.astype("int64")), 1.0), Y)


def rates(m: Model) -> None:
    m.observe(Poisson(m.latent("r", Gamma(2, 1))), [3.0, 4.0])


def counted(m: Model) -> None:
    m.observe(Normal(m.latent("n", Poisson(3.0)), 1.0), 4.0)


def slope(f: Callable[..., Any], *at: float) -> tuple[float, ...]:
    """Central differences of a function of numbers."""
    h = 1e-5
    return tuple(
        (f(*(v + h * (i == k) for i, v in enumerate(at))) - f(*(v - h * (i == k) for i, v in enumerate(at)))) / (2 * h)
        for k in range(len(at))
    )


def gamma_elbo(log_a: float, log_b: float) -> float:
    a, b = np.exp(log_a), np.exp(log_b)
    q = st.gamma(a, scale=1 / b)
    log_r = scipy_digamma(a) - log_b
    return float((2 - 1 + 7) * log_r - (1 + 2) * a / b + q.entropy())


def scipy_digamma(a: float) -> float:
    import scipy.special

    return float(scipy.special.digamma(a))


def poisson_elbo(log_rate: float) -> float:
    n = np.arange(200)
    q = st.poisson(np.exp(log_rate))
    p = q.pmf(n)
    return float((p * (st.poisson(3).logpmf(n) + st.norm(n, 1).logpdf(4.0) - q.logpmf(n)))[p > 0].sum())


def categorical_slope(probs: np.ndarray) -> np.ndarray:
    joint = np.log([0.2, 0.3, 0.5]) + st.norm(LOCS, 1).logpdf(Y[:, None]) - np.log(probs)
    return np.asarray(probs * (joint - (probs * joint).sum(1, keepdims=True)))


M, S = np.array([0.5, -1.0, 0.0]), np.array([0.5, 1.0, 2.0])
P = np.array([0.2, 0.5, 0.8])
Q = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [1 / 3, 1 / 3, 1 / 3]])
GROWTH = np.exp(0.3 + 0.5 * 0.4**2)

CASES = {
    "local": Case(local, {"x": (M, S)}, {"x": (-M / 4 + (Y - M), 1 - S**2 * 1.25)}),
    "positive": Case(lambda m: m.latent("t", Gamma(2, 1)), {"t": (0.3, 0.4)}, {"t": (2 - GROWTH, 1 - 0.16 * GROWTH)}),
    "hidden": Case(
        hidden,
        {"z": (P,)},
        {"z": (P * (1 - P) * (np.log(0.3 / 0.7) + st.norm(1, 1).logpdf(Y) - st.norm(0, 1).logpdf(Y) - np.log(P / (1 - P))),)},
        SCORES,
    ),
    "mixture": Case(mixture, {"z": (Q,)}, {"z": (categorical_slope(Q),)}, SCORES),
    "rates": Case(rates, {"r": (4.0, 1.5)}, {"r": slope(gamma_elbo, np.log(4.0), np.log(1.5))}, SCORES, "natural"),
    "counted": Case(counted, {"n": (3.5,)}, {"n": slope(poisson_elbo, np.log(3.5))}, SCORES),
    "counted far": Case(counted, {"n": (45.0,)}, {"n": slope(poisson_elbo, np.log(45.0))}, ("score_loo",)),
}


@pytest.mark.parametrize(("name", "estimator"), [(n, e) for n, c in CASES.items() for e in c.estimators])
def test_unbiased(name: str, estimator: str) -> None:
    case = CASES[name]
    found = gradient_samples(case.model, gradient=estimator, at=case.at, samples=3, repeats=REPEATS, family=case.family, rng=5)
    for latent, exact in case.exact.items():
        assert len(found[latent]) == len(exact)
        for sampled, wanted in zip(found[latent], exact, strict=True):
            error = sampled.std(axis=0) / np.sqrt(REPEATS)
            np.testing.assert_array_less(np.abs(sampled.mean(axis=0) - wanted), 4 * error + 1e-9)


def schools(m: Model) -> None:
    y, sigma = [28.0, 8, -3, 7, -1, 1, 18, 12], np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
    z = m.latent("z", Normal(0, 1), shape=8)
    mu, tau = m.latent("mu", Normal(0, 5)), m.latent("tau", HalfCauchy(5))
    m.observe(Normal(mu + tau * z, sigma), y)


def test_variances_come_in_the_order_of_the_papers() -> None:
    at = {"z": (0.1, 0.95), "mu": (4.3, 3.2), "tau": (1.2, 0.8)}
    variance = {e: gradient_samples(schools, gradient=e, at=at, samples=16, repeats=4000)["z"][0].var(axis=0).mean() / 1.0 for e in ALL}
    reference = variance["reparameterization"]
    assert variance["score"] > 20 * variance["rao_blackwell"]
    assert variance["rao_blackwell"] > 2 * reference
    assert 0.3 * reference < variance["score_loo"] < 4 * reference
    assert 0.3 * reference < variance["rao_blackwell_control"] < 4 * reference
    assert variance["sticking_the_landing"] < reference


def test_sticking_the_landing_has_no_variance_at_an_exact_optimum() -> None:
    exact = {"x": (Y / 1.25, np.full(3, 1 / np.sqrt(1.25)))}
    found = gradient_samples(local, gradient="sticking_the_landing", at=exact, samples=4, repeats=100)["x"]
    assert max(np.abs(part).max() for part in found) < 1e-12
    plain = gradient_samples(local, gradient="reparameterization", at=exact, samples=4, repeats=100)["x"]
    assert plain[0].var() > 0.01


def test_blankets_are_those_of_the_graph() -> None:
    def model(m: Model) -> None:
        mu = m.latent("mu", Normal(0, 1))
        a = m.latent("a", Normal(mu, 1), shape=4)
        b = m.latent("b", Normal(0, 1), shape=(4, 3))
        m.observe(Normal(a.reshape((4, 1)) + b, 1.0), np.zeros((4, 3)), name="both")
        m.observe(Normal(plait.expand_dims(a, 1) + b, 1.0), np.zeros((4, 3)), name="aligned")
        m.observe(Normal(b.sum(axis=1), 1.0), np.zeros(4), name="summed")
        m.observe(Normal(plait.cumsum(a), 1.0), np.zeros(4), name="running")

    m = trace(model)
    terms = {t.label: t.node for t in m.terms}
    expected = {
        ("mu", "a"): (True, ()),
        ("a", "a"): (True, (0,)),
        ("b", "a"): (False, None),
        ("b", "both"): (True, (0, 1)),
        ("a", "aligned"): (True, (0,)),
        ("b", "summed"): (True, None),
        ("a", "running"): (True, None),
        ("mu", "running"): (False, None),
    }
    for (latent, term), wanted in expected.items():
        assert reach(m.latents[latent], terms[term]) == wanted, (latent, term)


def test_bad_requests_are_named() -> None:
    with pytest.raises(ValueError, match="nothing for 'x'"):
        gradient_samples(local)
    with pytest.raises(ValueError, match=r"expected \(mean, sd\)"):
        gradient_samples(local, at={"x": 3.0})
    with pytest.raises(ValueError, match="needs gaussian families; 'z'"):
        gradient_samples(hidden, at={"z": 0.5})

"""The stochastic fit: the same answers as fixed draws, whole numbers, mini-batches, families of their own, and when it ends."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats as st

import plait
from plait import _core
from plait.infer import Bernoulli, Beta, Dirichlet, Gamma, Model, Normal, Poisson, bbvi
from plait.infer._psis import psis
from plait.infer._show import Shower
from plait.infer.model import trace
from plait.infer.stochastic import Settings, Stochastic

QUIET: dict[str, Any] = {"progress": False, "rng": 0}
Y = np.array([1.0, -2.0, 0.5, 3.0])


def local(m: Model) -> None:
    mu = m.latent("mu", Normal(0, 3))
    m.observe(Normal(m.latent("x", Normal(mu, 1), shape=4), 1.0), Y)


@pytest.mark.parametrize("gradient", ["rao_blackwell_control", "score_loo", "reparameterization", "sticking_the_landing"])
def test_the_same_answer_as_with_fixed_draws(gradient: str) -> None:
    fixed, found = bbvi(local, **QUIET), bbvi(local, gradient=gradient, **QUIET)
    assert found.converged
    assert found.elbo == pytest.approx(fixed.elbo, abs=0.02)
    np.testing.assert_allclose(found.mean("x"), fixed.mean("x"), atol=0.08)
    np.testing.assert_allclose(found.std("x"), fixed.std("x"), rtol=0.1)
    assert set(found.estimators.values()) == {gradient}


@pytest.mark.parametrize("family", ["full_rank", "low_rank"])
@pytest.mark.parametrize("gradient", ["reparameterization", "sticking_the_landing", "score_loo"])
def test_correlated_families(family: str, gradient: str) -> None:
    fixed = bbvi(local, family=family, **QUIET)
    found = bbvi(local, family=family, gradient=gradient, **QUIET)
    assert found.elbo == pytest.approx(fixed.elbo, abs=0.05)
    assert set(found.estimators.values()) == {gradient}
    with pytest.raises(ValueError, match="needs independent latents"):
        bbvi(local, family=family, gradient="rao_blackwell", **QUIET)
    with pytest.raises(ValueError, match="'k' is a whole number"):
        bbvi(lambda m: m.observe(Normal(m.latent("k", Bernoulli(0.3)), 1.0), 0.7), family=family, **QUIET)


@pytest.mark.parametrize("family", ["full_rank", "low_rank"])
def test_correlated_families_are_fitted_by_unbiased_gradients(family: str) -> None:
    m = trace(local)
    rng = np.random.default_rng(5)
    found = {}
    start = None
    for gradient in ("reparameterization", "sticking_the_landing", "score", "score_loo"):
        fit = Stochastic(m, m, Settings(gradient, family, 4, None, None, 0.01, None), np.random.default_rng(1), Shower(False))
        start = fit.start() + 0.3 * rng.normal(size=len(fit.start())) if start is None else start
        found[gradient] = fit.probe(plait.parameter(start), fit.estimators(), 4, 20_000)
    exact = found["reparameterization"]
    for gradient, rows in found.items():
        errors = np.sqrt((rows.var(0) + exact.var(0)) / len(rows)) + 1e-12
        assert (np.abs(rows.mean(0) - exact.mean(0)) / errors).max() < 5, gradient
    if family == "full_rank":  # at the exact posterior, which the frame is
        fit = Stochastic(m, m, Settings("sticking_the_landing", family, 4, None, None, 0.01, None), rng, Shower(False))
        assert np.abs(fit.probe(plait.parameter(fit.start()), fit.estimators(), 4, 50)).max() < 1e-9


def test_conjugates_in_their_own_family() -> None:
    def rates(m: Model) -> None:
        m.observe(Poisson(m.latent("r", Gamma(2, 1))), [3.0, 4.0])

    evidence = (
        scipy.special.gammaln(9) - 9 * math.log(3) - scipy.special.gammaln([4.0, 5.0]).sum() + 2 * math.log(1) - scipy.special.gammaln(2)
    )
    p = bbvi(rates, family="natural", **QUIET)
    assert p.converged
    assert p.elbo == pytest.approx(evidence, abs=0.01)
    assert p.mean("r") == pytest.approx(3.0, rel=0.03)
    assert p.std("r") == pytest.approx(1.0, rel=0.05)
    assert p.khat < 0.5

    p = bbvi(lambda m: m.observe(Bernoulli(m.latent("p", Beta(2, 3))), [1.0, 1.0, 0.0]), family="natural", **QUIET)
    assert p.elbo == pytest.approx(scipy.special.betaln(4, 4) - scipy.special.betaln(2, 3), abs=0.01)
    assert p.mean("p") == pytest.approx(0.5, abs=0.02)

    counts = np.array([3.0, 5.0, 2.0])

    def votes(m: Model) -> None:
        m.factor((counts * plait.log(m.latent("p", Dirichlet(np.ones(3))))).sum())

    p = bbvi(votes, family="natural", **QUIET)
    assert p.elbo == pytest.approx(scipy.special.gammaln(counts + 1).sum() - scipy.special.gammaln(13) + math.log(2), abs=0.01)
    np.testing.assert_allclose(p.mean("p"), (counts + 1) / 13, atol=0.02)
    low, high = p.interval("p", 0.5)
    assert (low < p.mean("p")).all()
    assert (high > p.mean("p")).all()


def test_whole_numbers() -> None:
    def model(m: Model) -> None:
        z = m.latent("z", Bernoulli(0.3), shape=4)
        m.observe(Normal(2.0 * z, 1.0), Y)

    p = bbvi(model, **QUIET)
    odds = np.log(0.3 / 0.7) + st.norm(2, 1).logpdf(Y) - st.norm(0, 1).logpdf(Y)
    np.testing.assert_allclose(p.mean("z"), 1 / (1 + np.exp(-odds)), atol=0.03)
    assert p.elbo == pytest.approx(
        np.logaddexp(np.log(0.3) + st.norm(2, 1).logpdf(Y), np.log(0.7) + st.norm(0, 1).logpdf(Y)).sum(), abs=0.02
    )
    assert set(np.unique(p.sample(50, rng=0)["z"])) <= {0.0, 1.0}
    assert p.predict(20)["y"].shape == (20, 4)
    with pytest.raises(ValueError, match="needs gaussian families; 'z' has its own"):
        bbvi(model, gradient="reparameterization", **QUIET)


def test_mini_batches() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 3))
    t = (rng.random(1000) < 1 / (1 + np.exp(-x @ [1.0, -2.0, 0.5]))).astype(float)

    def model(m: Model) -> None:
        rows, target = m.data(x, t, name=("x", "t"))
        b = m.latent("b", Normal(0, 3), shape=3)
        m.observe(Bernoulli(logits=rows @ b), target, name="t")

    whole = bbvi(model, **QUIET)
    batched = bbvi(model, batch_size=100, **QUIET)
    np.testing.assert_allclose(batched.mean("b"), whole.mean("b"), atol=0.5 * whole.std("b").max())
    np.testing.assert_allclose(batched.std("b"), whole.std("b"), rtol=0.25)
    assert batched.elbo == pytest.approx(whole.elbo, abs=0.3)
    assert batched.predict(30, data={"x": x[:7]}, rng=0)["t"].shape == (30, 7)


def test_mini_batches_of_data_with_different_numbers_of_rows() -> None:
    rng = np.random.default_rng(1)
    long, short, few = rng.normal(1.0, 1.0, 3000), rng.normal(-1.0, 1.0, 700), rng.normal(0.5, 1.0, 20)

    def model(m: Model) -> None:
        a, b, c = (m.latent(name, Normal(0, 5)) for name in "abc")
        m.observe(Normal(a, 1.0), m.data(long), name="long")
        m.observe(Normal(a + b, 1.0), m.data(short), name="short")
        centre = m.data(few)  # of fewer rows than a batch: seen whole, in a term of rows too
        m.observe(Normal(c, 1.0), centre, name="few")
        m.observe(Normal(a - b + 0.0 * centre.sum(), 1.0), m.data(long + 2.0), name="other")

    whole, batched = bbvi(model, **QUIET), bbvi(model, batch_size=50, **QUIET)
    for name in "abc":
        assert batched.mean(name) == pytest.approx(whole.mean(name), abs=0.5 * whole.std(name))
        assert batched.std(name) == pytest.approx(whole.std(name), rel=0.25)

    def crossed(m: Model) -> None:
        m.observe(Normal(m.latent("a", Normal(0, 1)), plait.exp(m.data(short).sum())), m.data(long))

    with pytest.raises(ValueError, match="different numbers of rows"):
        bbvi(crossed, batch_size=50, **QUIET)


def test_auto_chooses_by_variance() -> None:
    p = bbvi(local, optimizer=plait.optim.Adam(0.02), **QUIET)
    assert set(p.estimators) == {"mu", "x"}
    assert p.estimators["x"] == "sticking_the_landing"


def test_it_says_when_it_ran_out_of_steps() -> None:
    p = bbvi(local, gradient="score", max_steps=100, **QUIET)
    assert not p.converged
    assert p.steps == 100
    assert any("not converged" in w for w in p.warnings)


def test_steps_that_are_not_finite_are_counted() -> None:
    def model(m: Model) -> None:
        x = m.latent("x", Normal(0, 1))
        m.factor(plait.log(x + 2.0))

    p = bbvi(model, gradient="reparameterization", samples=4, max_steps=2000, **QUIET)
    assert p.nonfinite > 0
    assert any("not finite" in w for w in p.warnings)


def test_draws_inside_of_programs_follow_their_distributions() -> None:
    x = plait.input("x", (4000,), "float64")
    drawn = {name: plait.compile(_core.apply(f"random_{name}", [x], [4, 0, 0, 0], [], False), rng=0) for name in ("gamma", "poisson")}
    for a in (0.3, 1.0, 2.0, 7.0, 40.0, 300.0):
        assert st.kstest(drawn["gamma"](x=np.full(4000, a)), st.gamma(a).cdf).pvalue > 1e-4
        counts = drawn["poisson"](x=np.full(4000, a))
        at = np.unique(np.quantile(counts, [0.1, 0.5, 0.9]))
        np.testing.assert_allclose([(counts <= k).mean() for k in at], st.poisson(a).cdf(at), atol=0.035)
    assert np.isnan(drawn["gamma"](x=np.full(4000, -1.0))).all()
    fixed = plait.compile(_core.apply("random_gamma", [plait.constant(np.full(3, 2.0))], [4, 0, 0, 0], [], False), rng=0)
    assert not np.array_equal(fixed(), fixed())


@pytest.mark.parametrize("family", ["mean_field", "natural"])
def test_logits_that_drift_do_not_keep_a_fit_from_its_end(family: str) -> None:
    def mixture(m: Model) -> None:  # probabilities of components near 0 and 1
        mu, z = m.latent("mu", Normal(0, 5)), m.latent("z", Bernoulli(0.5), shape=8)
        m.observe(Normal(mu + 4 * z, 1.0), np.array([0, 0.1, 4.2, 3.9, -0.3, 4.0, 0.2, 4.3]))

    p = bbvi(mixture, family=family, **QUIET)
    assert p.converged
    assert p.elbo == pytest.approx(-15.675, abs=0.02)


@pytest.mark.parametrize("gradient", ["reparameterization", "sticking_the_landing"])
def test_factors_that_share_a_variance_do_not_keep_a_fit_from_its_end(gradient: str) -> None:
    def spread(m: Model) -> None:
        m.observe(Normal(m.latent("mu", Normal(0, 10)), m.latent("s", Gamma(2.0, 1.0))), Y)

    p = bbvi(spread, family="low_rank", gradient=gradient, **QUIET)
    assert p.converged
    assert p.elbo == pytest.approx(bbvi(spread, family="full_rank", **QUIET).elbo, abs=0.05)


def test_equal_weights_of_whole_numbers_are_no_heavy_tail() -> None:
    k = psis(np.log(np.repeat([1.0, 1.2, 1.3], [5000, 2900, 100])))[1]
    assert np.isfinite(k)
    assert psis(np.log(np.repeat([1.0, 1.0 + 1e-5], [7000, 1000])))[1] == -np.inf

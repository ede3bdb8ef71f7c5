"""Reports of users of other packages, tried with plait: each comment names the report."""

from typing import Any

import numpy as np
import pytest

import plait
from plait.infer import (
    Bernoulli,
    Beta,
    Categorical,
    Cauchy,
    Dirichlet,
    HalfCauchy,
    HalfNormal,
    InverseGamma,
    Model,
    MultivariateNormal,
    Normal,
    Poisson,
    Uniform,
    bbvi,
)
from plait.infer.timeseries import AR, ARIMA, EGARCH, GARCH, LocalLevel

QUIET: dict[str, Any] = {"progress": False, "rng": 0}


@pytest.mark.parametrize("pick", [lambda mu, z: plait.take(mu, plait.cast(z, "int64")), lambda mu, z: mu[z]])
def test_mixture_with_assignments(pick: Any) -> None:  # pyro 746: a mixture whose assignments are latents
    data = np.array([0.0, 1, 10, 11, 12])

    def mixture(m: Model) -> None:
        shares, mu = m.latent("shares", Dirichlet(np.ones(3))), m.latent("mu", Normal(0, 10), shape=3)
        z = m.latent("z", Categorical(shares), shape=5)
        m.observe(Normal(pick(mu, z), 1.0), data)

    posterior = bbvi(mixture, restarts=3, **QUIET)
    assert posterior.converged
    drawn = posterior.sample(500, rng=1)["z"]
    assert (drawn[:, 0] == drawn[:, 1]).mean() > 0.9
    assert (drawn[:, 2] == drawn[:, 4]).mean() > 0.9
    assert (drawn[:, 0] != drawn[:, 4]).mean() > 0.9


def test_random_effects_in_two_observed_quantities() -> None:  # pymc 1764: not a number at the first step
    rng = np.random.default_rng(0)
    group, effect = rng.integers(0, 20, 200), rng.normal(0, 1, 20)
    counts = rng.poisson(np.exp(0.5 + 0.5 * effect[group])).astype(float)
    yes = (rng.random(200) < 1 / (1 + np.exp(-effect[group]))).astype(float)

    def model(m: Model) -> None:
        scale, e = m.latent("scale", HalfCauchy(2.5)), m.latent("e", Normal(0, 1), shape=20)
        a, b = m.latent("a", Normal(0, 5)), m.latent("b", Normal(0, 5))
        shared = plait.take(e * scale, group)
        m.observe(Poisson(plait.exp(a + shared)), counts)
        m.observe(Bernoulli(logits=b + shared), yes)

    posterior = bbvi(model, **QUIET)
    assert posterior.converged
    assert posterior.mean("a") == pytest.approx(0.5, abs=0.4)


def test_covariance_from_scales_and_a_correlation() -> None:  # pyro 1755: not a number in a positive parameter, then in its Cholesky factor
    y = np.random.default_rng(1).multivariate_normal([0, 0], [[1, 0.5], [0.5, 2]], 100)

    def model(m: Model) -> None:
        s, r = m.latent("s", HalfCauchy(2.5), shape=2), m.latent("r", Uniform(-1, 1))
        rows = [plait.stack([s[0], 0.0 * s[0]]), plait.stack([r * s[1], plait.sqrt(1 - r * r) * s[1]])]
        m.observe(MultivariateNormal(np.zeros(2), scale_tril=plait.stack(rows)), y)

    posterior = bbvi(model, **QUIET)
    assert posterior.converged
    np.testing.assert_allclose(posterior.mean("s"), y.std(0), rtol=0.05)
    assert posterior.mean("r") == pytest.approx(np.corrcoef(y.T)[0, 1], abs=0.03)


def test_mini_batches_scale_the_fit_and_nothing_else() -> (
    None
):  # pymc 6461, 8300: wrong scales of vectors, scaled log likelihoods afterwards
    y = np.random.default_rng(2).multivariate_normal([1, 2], [[1, 0.5], [0.5, 2]], 100)

    def model(m: Model) -> None:
        m.observe(MultivariateNormal(m.latent("mu", Normal(0, 5), shape=2), np.array([[1, 0.5], [0.5, 2]])), m.data(y))

    whole, batched = bbvi(model, **QUIET), bbvi(model, batch_size=20, **QUIET)
    np.testing.assert_allclose(batched.std("mu"), whole.std("mu"), rtol=0.1)
    at = {"mu": np.array([1.0, 2.0])}
    assert batched.log_joint(at) == pytest.approx(whole.log_joint(at), rel=1e-12)


def test_many_predictors_with_cauchy_priors() -> None:  # brmp 80: no valid start is found
    rng = np.random.default_rng(3)
    x = rng.normal(size=(100, 40))
    y = 2 * x[:, 0] + rng.normal(size=100)

    def model(m: Model) -> None:
        m.observe(Normal(x @ m.latent("b", Cauchy(0, 1), shape=40), m.latent("s", HalfCauchy(1))), y)

    posterior = bbvi(model, **QUIET)
    assert posterior.converged
    assert posterior.mean("b")[0] == pytest.approx(2.0, abs=0.4)


@pytest.mark.parametrize("family", ["mean_field", "full_rank"])
def test_gaussian_process(family: str) -> None:  # pyro 2808: invalid values in a full covariance's mean
    x = np.linspace(0, 1, 15)
    y = np.sin(6 * x) + 0.1 * np.random.default_rng(4).normal(size=15)

    def model(m: Model) -> None:
        reach, size, noise = m.latent("reach", InverseGamma(3.0, 1.0)), m.latent("size", HalfNormal(1)), m.latent("noise", HalfNormal(0.5))
        kernel = size * size * plait.exp(-0.5 * plait.square((x[:, None] - x[None]) / reach)) + noise * noise * np.eye(15)
        m.observe(MultivariateNormal(np.zeros(15), kernel), y)

    posterior = bbvi(model, family=family, **QUIET)
    assert posterior.converged
    assert 0.1 < posterior.mean("reach") < 0.6


def test_zero_inflated_counts() -> None:
    y = np.array([0.0] * 50 + [300.0, 280.0, 310.0, 290.0])

    def model(m: Model) -> None:
        p, rate = m.latent("p", Beta(1.0, 1.0)), m.latent("rate", HalfNormal(1000.0))
        some = plait.log1p(-p) + Poisson(rate).log_prob(y)
        m.factor(plait.where(y == 0, np.logaddexp(plait.log(p), plait.log1p(-p) - rate), some))

    posterior = bbvi(model, **QUIET)
    assert posterior.converged
    assert posterior.mean("p") == pytest.approx(51 / 56, abs=0.01)
    assert posterior.mean("rate") == pytest.approx(295, abs=5)


SHORT = {  # statsmodels 8211 and 2064, pmdarima 101, 573 and 404: no convergence, an SVD that fails, forecasts that are not numbers
    "(0, 1, 5)": ((0, 1, 5), [3066.3, 3260.2, 3573.7, 3423.6, 3598.5, 3802.8, 3353.4, 4026.1, 4684.0, 4099.1, 3883.1, 3801.5, 3104.0, 3574.0,
                              3397.2, 3092.9, 3083.8, 3106.7, 2939.6]),
    "(2, 0, 2)": ((2, 0, 2), [1.0, 3, 3, 4, 3, 2, 1, 1, 3, 2]),
    "(2, 0, 2) of 13": ((2, 0, 2), [53930.25, 16575.5, 15593.1, 6751.15, 5408.95, 3853.0, 5119.9, 6761.55, 20449.1, 20458.05, 24501.8, 33300.4,
                                    34285.9]),
    "(1, 1, 1)": ((1, 1, 1), [115.0, 126, 142, 146, 165, 175, 184, 192, 200, 208, 215, 222, 227, 231, 233, 235, 234, 231, 229, 232, 234, 232,
                              233, 224, 212, 207, 200]),
    "(2, 1, 2)": ((2, 1, 2), [17.143812, 17.204329, 17.310005, 17.370695, 17.412922, 17.416952, 17.460220, 17.548044, 17.575716, 17.594671,
                              17.572424, 17.527962, 17.577181, 17.630161, 17.762602, 17.837435, 17.915522, 17.942329, 17.976513, 18.055845,
                              18.096987, 18.134558, 18.135798, 18.080412, 18.120905, 18.194347, 18.278738, 18.323374, 18.370972, 18.387842]),
}  # fmt: skip


@pytest.mark.parametrize("name", SHORT)
def test_short_series(name: str) -> None:
    order, y = SHORT[name]
    fitted = ARIMA(*order).fit(np.array(y), method="mle")
    forecast = fitted.predict(3)
    assert fitted.converged
    assert np.isfinite(forecast.upper - forecast.lower).all()


def test_forecasts_of_variances_go_to_their_long_run_value() -> None:  # pyflux 56: they went to zero
    y = np.random.default_rng(5).normal(size=300) * np.repeat([1.0, 2.0, 1.0], 100)
    fitted = GARCH().fit(y, method="mle")
    long_run = fitted.params["omega"] / (1 - fitted.params["alpha[1]"] - fitted.params["beta[1]"])
    assert fitted.predict(500).variance[-1] == pytest.approx(long_run, rel=0.05)


def test_units_do_not_matter_to_volatility() -> None:  # arch 213, 632: returns not in percent do not converge; parameters in other units
    y = np.random.default_rng(6).normal(size=500)
    for scale in (1e-4, 1e6):
        for model in (GARCH(mean=AR(2)), EGARCH()):
            plain, other = model.fit(y, method="mle"), model.fit(scale * y, method="mle")
            used = len(y) - getattr(model.mean, "p", 0)
            assert other.loglik == pytest.approx(plain.loglik - used * np.log(scale), abs=0.15)  # the barrier's
            assert other.predict(5).variance[-1] == pytest.approx(scale**2 * plain.predict(5).variance[-1], rel=0.1)


def test_offsets_and_steps() -> None:
    y = np.random.default_rng(7).normal(size=200)
    assert AR(1).fit(1e9 + y, method="mle").params["ar.L1"] == pytest.approx(AR(1).fit(y, method="mle").params["ar.L1"], abs=1e-4)
    assert LocalLevel().fit(np.r_[np.zeros(30), np.ones(30)], method="mle").converged
    assert np.isfinite(ARIMA(2, 10, 1).fit(np.cumsum(y), method="mle").predict(3).mean).all()  # pyflux 60: ten differences

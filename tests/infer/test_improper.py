"""Improper and nearly improper posteriors: flat directions, funnels without a maximum, log joints without curvature, few and constant data."""

from typing import Any

import numpy as np
import pytest

import plait
from plait.infer import Cauchy, HalfCauchy, HalfNormal, Model, Normal, Positive, Real, bbvi

QUIET: dict[str, Any] = {"progress": False, "rng": 0}

FLAT: dict[str, Any] = {
    "nothing": (lambda z: 0.0 * z["a"], {"a": Real()}),
    "a slope": (lambda z: z["a"], {"a": Real()}),
    "an inverse": (lambda z: -plait.log(z["a"]), {"a": Positive()}),
    "a sum": (lambda z: Normal(0, 1).log_prob(z["a"] + z["b"]), {"a": Real(), "b": Real()}),
    "collinear columns": (
        lambda z: Normal(np.outer(np.arange(5.0), [1, 2]) @ z["b"] + z["a"], 1.0).log_prob(np.arange(5.0) ** 2).sum(),
        {"a": Real(), "b": Real(shape=2)},
    ),
    "groups and their mean": (
        lambda z: (
            Normal(z["a"] + z["b"], z["s"]).log_prob(np.array([[1.0, 2.0, 3.0], [2.0, 1.0, 3.5]])).sum() + HalfNormal(1).log_prob(z["s"])
        ),
        {"a": Real(), "b": Real(shape=3), "s": Positive()},
    ),
}


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("family", ["mean_field", "full_rank"])
def test_improper_posteriors_are_never_converged(name: str, family: str) -> None:
    log_joint, latents = FLAT[name]
    posterior = bbvi(log_joint, latents, family=family, **QUIET)
    assert not posterior.converged
    assert posterior.warnings
    posterior.summary()


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_proper_posteriors_with_heavy_tails_or_one_observation_are(scale: float) -> None:
    def one(m: Model) -> None:  # its density has no maximum: it rises toward a scale of 0
        mu, s = m.latent("mu", Normal(0, 10 * scale)), m.latent("s", HalfNormal(scale))
        m.observe(Normal(mu, s), 3.0 * scale)

    posterior = bbvi(one, **QUIET)
    assert posterior.converged
    assert posterior.mean("mu") == pytest.approx(3 * scale, abs=0.3 * scale)
    assert posterior.mean("s") == pytest.approx(0.87 * scale, rel=0.1)
    for prior in (Cauchy(1.0, scale), HalfCauchy(scale)):
        assert bbvi(lambda m, prior=prior: m.latent("x", prior), **QUIET).converged


@pytest.mark.parametrize("scale", [1e-8, 1e-4, 1e4, 1e8])
def test_units_of_columns_do_not_matter(scale: float) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 2))
    y = 37 + x @ [1.0, -2.0] + rng.normal(size=50)

    def regression(unit: float) -> Any:
        def log_joint(z: dict[str, Any]) -> Any:
            return Normal(z["a"] + (x * unit) @ z["b"], z["s"]).log_prob(y).sum()

        return bbvi(log_joint, {"a": Real(), "b": Real(shape=2), "s": Positive()}, family="full_rank", **QUIET)

    plain, other = regression(1.0), regression(scale)
    assert other.converged
    np.testing.assert_allclose(other.mean("b") * scale, plain.mean("b"), rtol=1e-3)
    np.testing.assert_allclose(other.std("b") * scale, plain.std("b"), rtol=1e-3)
    assert other.elbo == pytest.approx(plain.elbo - 2 * np.log(scale), abs=0.01)


@pytest.mark.parametrize("centred", [True, False])
def test_many_groups_of_few(centred: bool) -> None:
    rng = np.random.default_rng(7)
    groups = np.sort(rng.integers(0, 40, 250))
    below = (rng.random(250) < 0.2).astype(float)
    y = rng.normal(1.5, 0.3, 40)[groups] - 0.7 * below + rng.normal(0, 0.75, 250)

    def radon(m: Model) -> None:
        mu, b = m.latent("mu", Normal(0, 10)), m.latent("b", Normal(0, 10))
        t, s = m.latent("t", HalfNormal(1)), m.latent("s", HalfNormal(1))
        a = m.latent("a", Normal(mu, t), shape=40) if centred else mu + t * m.latent("z", Normal(0, 1), shape=40)
        m.observe(Normal(plait.take(a, groups) + b * below, s), y)

    fixed = bbvi(radon, **QUIET)
    assert fixed.converged
    stochastic = bbvi(radon, gradient="sticking_the_landing", **QUIET)
    assert fixed.elbo == pytest.approx(stochastic.elbo, abs=0.1)
    for name in ("b", "s"):
        assert fixed.mean(name) == pytest.approx(stochastic.mean(name), abs=0.2 * stochastic.std(name))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_funnel(seed: int) -> None:
    def funnel(m: Model) -> None:
        m.latent("x", Normal(0, plait.exp(m.latent("v", Normal(0, 3)) / 2)), shape=9)

    posterior = bbvi(funnel, progress=False, rng=seed)
    assert posterior.converged
    assert posterior.elbo == pytest.approx(-1.855, abs=0.05)
    assert posterior.khat > 0.5

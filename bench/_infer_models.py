"""The four models of `bench/infer.py`, for plait, NumPyro and PyMC."""

from __future__ import annotations

from typing import Any

import numpy as np

NAMES = ("schools", "logistic", "garch", "ar5")
EFFECTS = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERRORS = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def data() -> dict[str, Any]:
    """The data."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 20))
    t = (rng.random(1000) < 1 / (1 + np.exp(-x @ rng.normal(size=20)))).astype(float)
    r, h = np.zeros(200), 1.0
    for i in range(200):
        r[i] = np.sqrt(h) * rng.normal()
        h = 0.1 + 0.2 * r[i] ** 2 + 0.7 * h
    y = np.zeros(205)
    for i in range(5, 205):
        y[i] = 0.5 * y[i - 1] - 0.2 * y[i - 2] + 0.1 * y[i - 3] + rng.normal()
    return {"x": x, "t": t, "r": r, "y": y[5:], "lags": np.stack([y[5 - k : 205 - k] for k in range(1, 6)], 1)}


def plait_models() -> dict[str, tuple[Any, Any]]:
    """Model functions and supports."""
    import plait
    from plait.infer import Bernoulli, Gamma, HalfCauchy, Interval, Normal, Positive

    d = data()

    def schools(m: Any) -> None:
        z = m.latent("z", Normal(0, 1), shape=8)
        mu, tau = m.latent("mu", Normal(0, 5)), m.latent("tau", HalfCauchy(5))
        m.observe(Normal(mu + tau * z, ERRORS), EFFECTS)

    def logistic(m: Any) -> None:
        m.observe(Bernoulli(logits=d["x"] @ m.latent("b", Normal(0, 1), shape=20)), d["t"])

    def garch(z: Any) -> Any:
        def step(h: Any, square: Any) -> Any:
            return z["w"] + z["a"] * square + z["b"] * h, h

        _, variances = plait.scan(step, plait.constant(d["r"].var()), d["r"] ** 2)
        return Normal(0, plait.sqrt(variances)).log_prob(d["r"]).sum() + Gamma(1.0, 1.0).log_prob(z["w"])

    def ar5(m: Any) -> None:
        a, b = m.latent("a", Normal(0, 1)), m.latent("b", Normal(0, 1), shape=5)
        m.observe(Normal(a + d["lags"] @ b, m.latent("s", HalfCauchy(2))), d["y"])

    supports = {"w": Positive(), "a": Interval(0, 1), "b": Interval(0, 1)}
    return {"schools": (schools, None), "logistic": (logistic, None), "garch": (garch, supports), "ar5": (ar5, None)}


def numpyro_models() -> dict[str, Any]:
    """The same for NumPyro."""
    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    d = data()

    def schools() -> None:
        z = numpyro.sample("z", dist.Normal(0, 1).expand([8]).to_event(1))
        mu, tau = numpyro.sample("mu", dist.Normal(0, 5)), numpyro.sample("tau", dist.HalfCauchy(5))
        numpyro.sample("y", dist.Normal(mu + tau * z, ERRORS).to_event(1), obs=EFFECTS)

    def logistic() -> None:
        b = numpyro.sample("b", dist.Normal(0, 1).expand([20]).to_event(1))
        numpyro.sample("t", dist.Bernoulli(logits=d["x"] @ b).to_event(1), obs=d["t"])

    def garch() -> None:
        w = numpyro.sample("w", dist.Gamma(1, 1))
        a, b = numpyro.sample("a", dist.Uniform(0, 1)), numpyro.sample("b", dist.Uniform(0, 1))
        _, h = jax.lax.scan(lambda h, s: (w + a * s + b * h, h), jnp.asarray(d["r"].var()), jnp.asarray(d["r"] ** 2))
        numpyro.sample("r", dist.Normal(0, jnp.sqrt(h)).to_event(1), obs=d["r"])

    def ar5() -> None:
        a = numpyro.sample("a", dist.Normal(0, 1))
        b = numpyro.sample("b", dist.Normal(0, 1).expand([5]).to_event(1))
        numpyro.sample("y", dist.Normal(a + d["lags"] @ b, numpyro.sample("s", dist.HalfCauchy(2))).to_event(1), obs=d["y"])

    return {"schools": schools, "logistic": logistic, "garch": garch, "ar5": ar5}


def pymc_models() -> dict[str, Any]:
    """The same for PyMC: each makes a model."""
    import pymc as pm

    d = data()

    def schools() -> Any:
        with pm.Model() as model:
            z = pm.Normal("z", 0, 1, shape=8)
            mu, tau = pm.Normal("mu", 0, 5), pm.HalfCauchy("tau", 5)
            pm.Normal("y", mu + tau * z, ERRORS, observed=EFFECTS)
        return model

    def logistic() -> Any:
        with pm.Model() as model:
            b = pm.Normal("b", 0, 1, shape=20)
            pm.Bernoulli("t", logit_p=pm.math.dot(d["x"], b), observed=d["t"])
        return model

    def garch() -> Any:
        with pm.Model() as model:
            w = pm.Gamma("w", 1, 1)
            a, b = pm.Uniform("a", 0, 1), pm.Uniform("b", 0, 1)
            pm.GARCH11("r", omega=w, alpha_1=a, beta_1=b, initial_vol=d["r"].std(), observed=d["r"])
        return model

    def ar5() -> Any:
        with pm.Model() as model:
            a, b = pm.Normal("a", 0, 1), pm.Normal("b", 0, 1, shape=5)
            pm.Normal("y", a + pm.math.dot(d["lags"], b), pm.HalfCauchy("s", 2), observed=d["y"])
        return model

    return {"schools": schools, "logistic": logistic, "garch": garch, "ar5": ar5}

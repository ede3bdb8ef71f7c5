"""What a posterior's report claims: k-hat of nearly exact fits, ELBOs that rare draws decide on, corrected sds of a series' parameters."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import plait
from plait.infer import HalfNormal, Normal, Positive, Real, bbvi
from plait.infer.timeseries import AR, ARIMA, EGARCH


def white(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


@pytest.mark.parametrize("seed", [0, 1])
def test_khat_of_a_nearly_exact_fit_is_small(seed: int) -> None:
    # Of 8000 draws whose weights differ by 4 %, the 268 largest are no tail: their k-hat is 5.8.
    posterior = ARIMA(0, 0, 0, trend="n").fit(white(200, seed)).posterior
    assert posterior.khat < 0.5
    assert posterior.warnings == []


def test_rare_draws_that_decide_on_the_elbo_are_not_called_converged() -> None:
    def heavy(z):  # normal but for a cliff that one draw in a thousand falls from
        x = z["x"]
        return Normal(0, 1).log_prob(x) - 1e6 * np.maximum(x - 3.0, 0.0) ** 2 * np.exp(np.minimum(x, 30.0))

    posterior = bbvi(heavy, {"x": Positive()}, samples=8, progress=False)
    assert posterior.elbo_error > 1
    assert not posterior.converged
    assert any("standard error" in w for w in posterior.warnings)


@pytest.mark.parametrize("family", ["mean_field", "full_rank"])
def test_corrected_sds_of_a_series_parameters_are_those_of_importance_sampling(family: str) -> None:
    y = white(300, 3)
    for t in range(1, 300):
        y[t] += 0.7 * y[t - 1]
    posterior = AR(1).fit(y, family=family).posterior
    drawn = posterior.resample(10_000, draws=20_000)
    assert len(posterior.names) == 3  # level, coefficient, variance
    for name in posterior.names:
        assert posterior.std(name, correction="linear_response") == pytest.approx(drawn[name].std(), rel=0.05)
    covariance = posterior.covariance("linear_response")
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), [posterior.std(n, correction="linear_response") for n in posterior.names])
    assert posterior.covariance().shape == (3, 3)
    assert "ar.L1" in posterior.summary()
    with pytest.raises(ValueError, match="correction"):
        posterior.std("ar.L1", correction="laplace")
    with pytest.raises(KeyError, match=r"ar\.L1"):
        posterior.std("phi", correction="linear_response")


@pytest.mark.parametrize(("seed", "n"), [(0, 200), (1, 200), (2, 60), (3, 500)])
def test_egarch_of_white_noise_converges_where_its_filter_forgets_its_start(seed: int, n: int) -> None:
    y = white(n, seed)
    for method in ("mle", "map"):
        fitted = EGARCH().fit(y, method=method)  # a ConvergenceWarning would be an error
        assert fitted.converged
        assert fitted.params["alpha[1]"] > -0.35
        forecast = fitted.predict(20)
        assert np.all(forecast.upper - forecast.lower < 20)


def test_simulated_paths_that_overflow_are_called_paths() -> None:
    from plait.infer.timeseries.result import _finite

    rows = {"mean": np.ones((2, 3)), "variance": np.ones((2, 3)), "paths": np.array([[1.0, 2.0, 1e301], [1.0, 2.0, 3.0]])}
    with pytest.warns(RuntimeWarning, match="1 of 2 simulated paths have"):
        assert _finite(rows)["paths"].shape == (1, 3)


ARVIZ = """
import warnings
warnings.simplefilter("ignore")  # ArviZ warns of its own future
import arviz, numpy as np
from plait.infer import Normal, bbvi
from plait.infer.timeseries import AR
def model(m):
    m.observe(Normal(m.latent("mu", Normal(0, 5), shape=3), 1.0), [1.0, 2.0, 3.0])
posterior = bbvi(model, progress=False)
found = posterior.to_arviz(500, rng=1)
draws = np.asarray(found["posterior"]["mu"])
assert draws.shape == (1, 500, 3)
np.testing.assert_array_equal(draws[0], posterior.sample(500, rng=1)["mu"])
np.testing.assert_allclose(arviz.summary(found)["mean"].astype(float), posterior.mean("mu"), atol=0.2)
series = AR(1).fit(np.random.default_rng(0).normal(size=60)).posterior.to_arviz(100)
assert set(series["posterior"].data_vars) == {"const", "ar.L1", "sigma2"}
"""


@pytest.mark.peer
def test_draws_for_arviz() -> None:
    # In a process of its own: ArviZ imports a package named as one of the test folders.
    if importlib.util.find_spec("arviz") is None:
        pytest.skip("ArviZ is not installed")
    path = os.pathsep.join([str(Path(plait.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run([sys.executable, "-c", ARVIZ], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("settings", [{}, {"gradient": "score_loo"}, {"family": "full_rank", "gradient": "reparameterization"}])
def test_progress_is_told_and_threads_do_not_matter(settings: dict[str, str]) -> None:
    def model(m):
        m.observe(Normal(m.latent("mu", Normal(0, 5)), m.latent("s", HalfNormal(2.0))), [1.0, 2.0, 4.0])

    calls: list[tuple[int, float]] = []
    before = plait.get_num_threads()
    found = []
    for threads in (1, 2):
        plait.set_num_threads(threads)
        found.append(bbvi(model, progress=lambda step, elbo: calls.append((step, elbo)), rng=3, **settings))
    plait.set_num_threads(before)
    assert calls
    assert all(step > 0 and np.isfinite(elbo) for step, elbo in calls)
    assert found[0].elbo == found[1].elbo
    assert found[0].khat == found[1].khat


def test_a_log_joint_without_its_latents_and_a_list_of_levels_are_named() -> None:
    def log_joint(z):
        return Normal(0, 1).log_prob(z["x"])

    with pytest.raises(TypeError, match="latents="):
        bbvi(log_joint, progress=False)
    p = bbvi(log_joint, latents={"x": Real()}, progress=False)
    with pytest.raises(ValueError, match="level"):
        p.interval("x", [0.5, 0.9])

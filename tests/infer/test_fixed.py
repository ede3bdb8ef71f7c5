"""Inference with fixed draws: exact answers, what the trade reports, restarts, reports, files."""

from __future__ import annotations

import math
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats as st

import plait
from plait.infer import Beta, Dirichlet, Gamma, HalfCauchy, Interval, Model, Normal, Positive, Posterior, Real, Simplex, bbvi

QUIET: dict[str, Any] = {"progress": False, "rng": 0}


def test_normal_normal_is_exact() -> None:
    y = np.array([1.0, 2.0, 0.5])

    def model(m: Model) -> None:
        m.observe(Normal(m.latent("x", Normal(0, 2)), 0.7), y)

    p = bbvi(model, **QUIET)
    variance = 1 / (1 / 4 + 3 / 0.49)
    evidence = st.multivariate_normal(np.zeros(3), 4 + 0.49 * np.eye(3)).logpdf(y)
    assert p.converged
    assert p.elbo == pytest.approx(evidence, abs=1e-6)
    assert p.elbo_error < 1e-6
    assert p.mean("x") == pytest.approx(variance * y.sum() / 0.49, abs=1e-4)
    assert p.std("x") == pytest.approx(math.sqrt(variance), rel=1e-4)
    assert p.std("x", correction="linear_response") == pytest.approx(math.sqrt(variance), rel=1e-3)
    assert p.khat < 0.5
    low, high = p.interval("x", 0.9)
    np.testing.assert_allclose([low, high], st.norm(p.mean("x"), p.std("x")).ppf([0.05, 0.95]), rtol=1e-6)
    z = {"x": np.array([0.3, 1.0])}
    np.testing.assert_allclose(p.log_joint(z) - p.log_prob(z), evidence, atol=1e-4)
    assert p.log_prob({"x": 0.3}) == pytest.approx(st.norm(p.mean("x"), p.std("x")).logpdf(0.3))


def test_regression_with_known_noise_is_exact_in_full_rank() -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(50), rng.normal(5, 1, (50, 2))])
    y = x @ [37.0, 1.0, -2.0] + rng.normal(0, 0.5, 50)

    def model(m: Model) -> None:
        m.observe(Normal(x @ m.latent("b", Normal(0, 10), shape=3), 0.5), y)

    evidence = st.multivariate_normal(np.zeros(50), 100 * x @ x.T + 0.25 * np.eye(50)).logpdf(y)
    covariance = np.linalg.inv(x.T @ x / 0.25 + np.eye(3) / 100)
    p = bbvi(model, family="full_rank", **QUIET)
    assert p.elbo == pytest.approx(evidence, abs=0.01)
    np.testing.assert_allclose(p.mean("b"), covariance @ x.T @ y / 0.25, atol=1e-3)
    np.testing.assert_allclose(p.std("b"), np.sqrt(np.diag(covariance)), rtol=1e-3)
    mean_field = bbvi(model, **QUIET)
    np.testing.assert_allclose(mean_field.mean("b"), covariance @ x.T @ y / 0.25, atol=1e-3)
    np.testing.assert_allclose(mean_field.std("b"), 1 / np.sqrt(np.diag(np.linalg.inv(covariance))), rtol=1e-3)
    np.testing.assert_allclose(mean_field.covariance("linear_response"), covariance, rtol=1e-5, atol=1e-8)
    assert mean_field.khat > 0.7
    assert "full_rank" in mean_field.summary()
    low = bbvi(model, family="low_rank", **QUIET)
    assert mean_field.elbo < low.elbo <= p.elbo + 1e-6


CONJUGATE: dict[str, tuple[Callable[[Model], Any], float, str, Any]] = {
    "Beta-Bernoulli": (
        lambda m: m.observe(plait.infer.Bernoulli(m.latent("p", Beta(2, 3))), np.repeat([1.0, 0.0], [40, 20])),
        scipy.special.betaln(42, 23) - scipy.special.betaln(2, 3),
        "p",
        st.beta(42, 23),
    ),
    "Gamma-Poisson": (
        lambda m: m.observe(plait.infer.Poisson(m.latent("r", Gamma(2, 1))), np.repeat([3.0, 4.0, 7.0], 20)),
        float(
            2 * math.log(1)
            - scipy.special.gammaln(2)
            + scipy.special.gammaln(2 + 280)
            - (2 + 280) * math.log(61)
            - 20 * scipy.special.gammaln([4, 5, 8]).sum()
        ),
        "r",
        st.gamma(282, scale=1 / 61),
    ),
}


@pytest.mark.parametrize("name", CONJUGATE)
def test_near_gaussian_conjugates(name: str) -> None:
    model, evidence, latent, exact = CONJUGATE[name]
    p = bbvi(model, **QUIET)
    assert evidence - 0.01 < p.elbo <= evidence + 0.001
    assert p.mean(latent) == pytest.approx(exact.mean(), abs=0.02 * exact.std())
    assert p.std(latent) == pytest.approx(exact.std(), rel=0.02)


def test_dirichlet_multinomial() -> None:
    counts = np.array([30.0, 50.0, 20.0])

    def model(m: Model) -> None:
        p = m.latent("p", Dirichlet(np.ones(3)))
        m.factor((counts * plait.log(p)).sum())

    evidence = scipy.special.gammaln(counts + 1).sum() - scipy.special.gammaln(103) + math.log(2)
    p = bbvi(model, family="full_rank", **QUIET)
    assert evidence - 0.01 < p.elbo <= evidence + 0.001
    np.testing.assert_allclose(p.mean("p"), (counts + 1) / 103, atol=1e-3)
    assert p.sample(5, rng=1)["p"].shape == (5, 3)


@pytest.mark.parametrize(("y", "sd"), [(10.0, 0.5), (100.0, 1e-5), (1e6, 1.0), (1e-6, 1e-9)])
def test_scales_need_no_knob(y: float, sd: float) -> None:
    p = bbvi(lambda m: m.observe(Normal(m.latent("x", Normal(0, 1)), sd), y), **QUIET)
    exact = 1 / math.sqrt(1 + sd**-2)
    assert p.converged
    assert abs(p.mean("x") - y / (1 + sd**2)) < 0.05 * exact
    assert p.std("x") == pytest.approx(exact, rel=0.05)


def test_nothing_observed() -> None:
    p = bbvi(lambda m: m.latent("x", Normal(0, 1)), **QUIET)
    assert p.converged
    assert p.elbo == pytest.approx(0, abs=1e-6)
    assert (p.mean("x"), p.std("x")) == (pytest.approx(0, abs=1e-6), pytest.approx(1, abs=1e-6))


def test_an_intercept_of_37() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    y = 37 + x @ [1.0, -0.5] + rng.normal(size=200)

    def joint(z: dict[str, plait.Node]) -> plait.Node:
        return Normal(z["a"] + x @ z["b"], z["s"]).log_prob(y).sum() + HalfCauchy(2).log_prob(z["s"])

    p = bbvi(joint, {"a": Real(), "b": Real(shape=2), "s": Positive()}, **QUIET)
    assert p.mean("a") == pytest.approx(37, abs=0.3)
    np.testing.assert_allclose(p.mean("b"), [1.0, -0.5], atol=0.3)
    with pytest.raises(ValueError, match=r"model function with m\.observe"):
        p.predict()


def schools(m: Model) -> None:
    y, sigma = [28.0, 8, -3, 7, -1, 1, 18, 12], np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
    z = m.latent("z", Normal(0, 1), shape=8)
    mu, tau = m.latent("mu", Normal(0, 5)), m.latent("tau", HalfCauchy(5))
    m.observe(Normal(mu + tau * z, sigma), y)


def test_the_report(tmp_path: Path) -> None:
    p = bbvi(schools, **QUIET)
    assert p.converged
    assert p.elbo == pytest.approx(-31.9 + math.log(2), abs=0.6)
    assert set(p.estimators) == {"z", "mu", "tau"}
    assert len(p.elbo_history) > 3
    text = p.summary()
    assert "z[7]" in text
    assert "k-hat" in text
    assert "trust" not in text
    drawn = p.predict(300, rng=1)
    assert drawn["y"].shape == (300, 8)
    assert abs(drawn["y"].mean() - 6) < 4
    better = p.resample(2000)
    assert better["z"].shape == (2000, 8)
    assert better["tau"].std() > 0
    p.save(tmp_path / "p.plait")
    again = Posterior.load(tmp_path / "p.plait")
    for name in p.names:
        np.testing.assert_array_equal(again.mean(name), p.mean(name))
        np.testing.assert_array_equal(again.sample(3, rng=5)[name], p.sample(3, rng=5)[name])
    assert (again.elbo, again.khat, again.reason, again.warnings) == (p.elbo, p.khat, p.reason, p.warnings)
    with pytest.raises(ValueError, match="without its model"):
        again.resample(3)
    known = Posterior.load(tmp_path / "p.plait", schools)
    assert known.predict(10, rng=1)["y"].shape == (10, 8)
    (tmp_path / "bad").write_bytes((tmp_path / "p.plait").read_bytes()[:-3])
    with pytest.raises(plait.FormatError):
        Posterior.load(tmp_path / "bad")


def test_the_same_seed_gives_the_same_answer() -> None:
    a, b = bbvi(schools, progress=False, rng=3), bbvi(schools, progress=False, rng=3)
    assert a.elbo == b.elbo
    np.testing.assert_array_equal(a.mean("z"), b.mean("z"))


def test_restarts_that_disagree_are_named() -> None:
    def joint(z: dict[str, plait.Node]) -> plait.Node:
        wells = [Normal(-30.0, 1.0).log_prob(z["x"]), Normal(30.0, 1.0).log_prob(z["x"]) - 3.0]
        return plait.logsumexp(plait.stack(wells))

    p = bbvi(joint, {"x": Real()}, restarts=6, **QUIET)
    assert p.elbo == pytest.approx(0, abs=0.01)
    assert len(p.modes) == 6
    assert p.khat < 0.7
    assert ["ended elsewhere, the worst at an ELBO lower by 3:" in w for w in p.warnings] == [True, False]
    assert "1 other mode(s) hold a comparable share" in p.warnings[1]
    assert "trust" not in p.summary()


def test_half_the_line_not_finite_is_stepped_around() -> None:
    def joint(z: dict[str, plait.Node]) -> plait.Node:
        return plait.log(z["x"]) * 3.0 - z["x"]

    p = bbvi(joint, {"x": Real()}, **QUIET)
    assert p.nonfinite > 0
    assert any("not finite" in w for w in p.warnings)


def test_an_improper_posterior_is_never_converged() -> None:
    p = bbvi(lambda z: -((z["a"] - 1) ** 2) + 0.0 * z["b"], {"a": Real(), "b": Real()}, **QUIET)
    assert not p.converged
    assert "improper" in p.reason
    assert "'b'" in p.reason
    assert "NOT converged" in p.summary()


def test_bad_input_is_named() -> None:
    x = Normal(0, 1)
    cases: list[tuple[type[Exception], str, Callable[[], Any]]] = [
        (
            ValueError,
            r"'y'.*2 of 3 values lie outside.*Gamma",
            lambda: bbvi(lambda m: m.observe(Gamma(m.latent("a", Gamma(1, 1)), 1.0), [1.0, -1.0, -2.0])),
        ),
        (ValueError, r"'y': value: NaN at 1 of 2", lambda: bbvi(lambda m: m.observe(Normal(m.latent("a", x), 1.0), [1.0, np.nan]))),
        (plait.ShapeError, r"would count as 6", lambda: bbvi(lambda m: m.observe(Normal(m.latent("a", x, shape=3), 1.0), np.ones((2, 1))))),
        (plait.ShapeError, r"do not fit", lambda: bbvi(lambda m: m.observe(Normal(m.latent("a", x, shape=3), 1.0), np.ones(2)))),
        (plait.ShapeError, r"log joint is a scalar, got shape \(3,\)", lambda: bbvi(lambda z: z["a"], {"a": Real(shape=3)})),
        (ValueError, r"does not depend on latent 'b'", lambda: bbvi(lambda z: -(z["a"] ** 2), {"a": Real(), "b": Real()})),
        (ValueError, r"finite at none.*log_joint", lambda: bbvi(lambda z: z["a"] * np.inf, {"a": Real()})),
        (ValueError, r"one of that name", lambda: bbvi(lambda m: (m.latent("a", x), m.latent("a", x)))),
        (ValueError, r"no latents", lambda: bbvi(lambda _: None)),
        (TypeError, r"expected a distribution", lambda: bbvi(lambda m: m.latent("a", 3))),
        (TypeError, r"model function", lambda: bbvi(3)),  # type: ignore[arg-type]
        (TypeError, r"supports", lambda: bbvi(lambda z: z["a"], {"a": 3})),  # type: ignore[dict-item]
        (ValueError, r"gradient: expected one of", lambda: bbvi(lambda m: m.latent("a", x), gradient="b")),
        (ValueError, r"family: expected one of", lambda: bbvi(lambda m: m.latent("a", x), family="b")),
        (ValueError, r"samples: expected a whole number", lambda: bbvi(lambda m: m.latent("a", x), samples=0)),
        (ValueError, r"tolerance", lambda: bbvi(lambda m: m.latent("a", x), tolerance=0)),
        (plait.ShapeError, r"shape \(3,\) does not hold", lambda: bbvi(lambda m: m.latent("a", Normal(np.zeros(2), 1), shape=3))),
    ]
    for kind, message, call in cases:
        with pytest.raises(kind, match=message):
            call()
    p = bbvi(lambda m: m.latent("a", x), **QUIET)
    with pytest.raises(KeyError, match="no latent 'b'; there are 'a'"):
        p.mean("b")
    with pytest.raises(ValueError, match="probability between 0 and 1"):
        p.interval("a", 2)
    with pytest.raises(ValueError, match="correction"):
        p.std("a", correction="x")


def test_predictions_at_new_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 2))
    t = x @ [2.0, -1.0] + 0.1 * rng.normal(size=100)

    def model(m: Model) -> None:
        rows, target = m.data(x, t, name=("x", "t"))
        b = m.latent("b", Normal(0, 3), shape=2)
        m.observe(Normal(rows @ b, m.latent("s", Gamma(1, 1))), target, name="t")

    p = bbvi(model, **QUIET)
    new = p.predict(200, data={"x": [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]}, rng=0)["t"]
    assert new.shape == (200, 3)
    np.testing.assert_allclose(new.mean(0), [2.0, -1.0, 1.0], atol=0.1)
    with pytest.raises(ValueError, match="no data named 'q'"):
        p.predict(10, data={"q": [[1.0, 0.0]]})


def test_an_event_axis_does_not_count_in_shapes() -> None:
    p = bbvi(lambda m: m.latent("p", Dirichlet(np.ones(3)), shape=5), **QUIET)
    assert p.mean("p").shape == (5, 3)
    assert Simplex(3, shape=5).value_shape == (5, 3)
    assert Interval(0, 1).value_shape == ()


@pytest.mark.parametrize("steps", [1, 3])
def test_fits_that_run_out_of_steps_say_so(steps: int) -> None:
    p = bbvi(schools, max_steps=steps, **QUIET)
    assert not p.converged
    said = re.fullmatch(r"no convergence after (\d+) steps", p.reason)  # those to the mode are among them
    assert said is not None
    assert int(said[1]) >= steps
    assert f"not converged ({p.reason})" in p.warnings


def test_interrupted_fits_give_the_posterior_so_far() -> None:
    def stop(step: int, elbo: float) -> None:  # noqa: ARG001
        raise KeyboardInterrupt

    p = bbvi(schools, rng=0, progress=stop)
    assert not p.converged
    assert p.reason == "interrupted"
    assert np.isfinite(p.mean("z")).all()


def test_a_latent_that_nothing_uses_is_named() -> None:
    def model(m: Model) -> None:
        m.latent("spare", Normal(0, 1))
        m.observe(Normal(m.latent("x", Normal(0, 1)), 1.0), 2.0)

    p = bbvi(model, **QUIET)
    assert p.converged
    assert any("'spare'" in w for w in p.warnings)


@pytest.mark.parametrize("settings", [{}, {"gradient": "reparameterization"}])
def test_ctrl_c_gives_the_posterior_so_far(settings: dict[str, Any]) -> None:
    """The signal comes while C++ works."""
    x = np.random.default_rng(0).normal(size=(8000, 60))
    t = (x[:, 0] > 0).astype(float)

    def model(m: Model) -> None:
        m.observe(plait.infer.Bernoulli(logits=x @ m.latent("b", Normal(0, 1), shape=60)), t)

    timer = threading.Timer(0.4, signal.raise_signal, [signal.SIGINT])
    timer.start()
    try:
        p = bbvi(model, tolerance=1e-9, samples=2000, **settings, **QUIET)
    finally:
        timer.cancel()
    assert not p.converged
    assert p.reason == "interrupted"
    assert np.isfinite(p.mean("b")).all()


def test_a_latent_of_no_elements() -> None:
    def model(m: Model) -> None:
        m.latent("none", Normal(0, 1), shape=0)
        m.observe(Normal(m.latent("x", Normal(0, 1)), 1.0), 2.0)

    p = bbvi(model, **QUIET)
    assert p.mean("none").shape == (0,)
    assert p.mean("x") == pytest.approx(1.0, abs=1e-3)


def test_priors_that_differ_between_elements() -> None:  # "could not broadcast (4,) into (2,)" before
    x = np.random.default_rng(0).normal(size=(50, 2)) * [1e4, 1e-3]
    scales = np.array([0.1, 1e4])
    y = x @ [1e-4, 2e3] + np.random.default_rng(1).normal(size=50)

    def model(m: Model) -> None:
        m.observe(Normal(x @ m.latent("b", Normal(0, scales)), 1.0), y)

    p = bbvi(model, family="full_rank", **QUIET)
    exact = st.multivariate_normal(np.zeros(50), np.eye(50) + (x * scales**2) @ x.T).logpdf(y)
    assert p.converged
    assert p.elbo == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize(("prior", "shape", "full"), [
    (Gamma(np.arange(1.0, 4.0), 2.0), (2, 3), (2, 3)), (Normal(np.zeros((3, 1)), 1.0), (3, 2), (3, 2)), (Dirichlet(np.ones((4, 3))), None, (4, 3)),
    (Beta(2.0, np.ones(3)), None, (3,)), (Beta(np.ones((2, 1)), 3.0), (2, 2), (2, 2)),
])  # fmt: skip
def test_priors_with_a_batch_of_their_own(prior: Any, shape: Any, full: tuple[int, ...]) -> None:
    p = bbvi(lambda m: m.latent("x", prior, shape=shape), **QUIET)
    assert p.mean("x").shape == full
    assert p.elbo == pytest.approx(0.0, abs=0.35)
    np.testing.assert_allclose(p.mean("x"), np.broadcast_to(prior.mean, full), atol=0.1)

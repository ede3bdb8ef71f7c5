"""Posteriors saved, damaged, pickled and copied."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait.infer import Bernoulli, Dirichlet, Model, Normal, Positive, Posterior, Uniform, bbvi
from plait.infer.timeseries import AR, GARCH

QUIET: dict[str, Any] = {"progress": False, "rng": 0}


def mixed(m: Model) -> None:
    mu, z = m.latent("mu", Normal(0, 5)), m.latent("z", Bernoulli(0.5), shape=3)
    m.observe(Normal(mu + 4 * z, 1.0), np.array([0.0, 0.1, 4.2]))


def real(m: Model) -> None:
    a, p, u = m.latent("a", Normal(0, 1)), m.latent("p", Dirichlet([1.0, 1.0])), m.latent("u", Uniform(0, 2))
    m.observe(Normal(a * p + u, 1.0), np.ones(2))


def log_joint(z: dict[str, Any]) -> Any:
    return Normal(0, 1).log_prob(z["x"])


FITS: dict[str, Any] = {
    "mean field": lambda: bbvi(real, **QUIET),
    "full rank": lambda: bbvi(real, family="full_rank", **QUIET),
    "low rank": lambda: bbvi(real, family="low_rank", **QUIET),
    "whole numbers": lambda: bbvi(mixed, max_steps=500, **QUIET),
    "natural": lambda: bbvi(mixed, family="natural", max_steps=500, **QUIET),
    "log joint": lambda: bbvi(log_joint, {"x": Positive()}, **QUIET),
}


def equal(a: Posterior, b: Posterior) -> None:
    assert a.summary() == b.summary()
    for (name, x), y in zip(a.sample(20, rng=1).items(), b.sample(20, rng=1).values(), strict=True):
        np.testing.assert_array_equal(x, y, err_msg=name)


@pytest.mark.parametrize("name", FITS)
def test_files_and_copies_hold_the_same(name: str, tmp_path: Path) -> None:
    posterior = FITS[name]()
    posterior.save(tmp_path / "p")
    equal(Posterior.load(tmp_path / "p"), posterior)
    for made in (pickle.loads(pickle.dumps(posterior)), copy.deepcopy(posterior), copy.copy(posterior)):
        equal(made, posterior)
        assert made.resample(5)[posterior.names[0]].shape[0] == 5  # the model, a function of this module, came with it


def test_what_cannot_be_pickled_stays_behind() -> None:
    posterior = pickle.loads(pickle.dumps(bbvi(lambda m: m.latent("x", Normal(0, 1)), **QUIET)))
    assert posterior.std("x") == pytest.approx(1.0)
    with pytest.raises(ValueError, match="without its model"):
        posterior.resample(5)


@pytest.mark.parametrize("name", ["full rank", "natural"])
def test_damage_is_a_format_error(name: str, tmp_path: Path) -> None:
    path = tmp_path / "p"
    FITS[name]().save(path)
    raw = path.read_bytes()
    rng = np.random.default_rng(0)
    for at in range(0, len(raw), 7):
        path.write_bytes(raw[:at])
        with pytest.raises(plait.FormatError):
            Posterior.load(path)
    for at in rng.integers(len(raw), size=200):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ (1 << int(rng.integers(8)))]) + raw[at + 1 :])
        with pytest.raises(plait.FormatError):
            Posterior.load(path)


def _set(*keys: Any, to: Any) -> Any:
    def change(tree: Any) -> None:
        for key in keys[:-1]:
            tree = tree[key]
        tree[keys[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("q", "mean", to=np.zeros(1)),
        _set("q", "sd", to=np.zeros(3)),
        _set("q", "factor", to=np.zeros((3, 2))),
        _set("q", "factor", to=np.full((3, 3), np.nan)),
        _set("q", "full", to="yes"),
        _set("q", "natural", "b", to={"kind": "Gamma", "parameters": {}}),
        _set("latents", 0, "kind", to="Integers"),
        _set("latents", 0, "kind", to="Nothing"),
        _set("latents", 0, "name", to="p"),
        _set("latents", 1, "n", to=3),
        _set("report", "steps", to="many"),
        _set("elbo_history", to=np.zeros((2, 2))),
        _set("warnings", to=[1]),
    ],
)
def test_trees_that_are_no_posterior_are_format_errors(change: Any, tmp_path: Path) -> None:
    FITS["full rank"]().save(tmp_path / "p")
    tree = plait.load(tmp_path / "p")
    change(tree)
    plait.save(tmp_path / "p", tree)
    with pytest.raises(plait.FormatError):
        Posterior.load(tmp_path / "p")


@pytest.mark.parametrize("model", [AR(1), GARCH()])
def test_fitted_series_are_pickled(model: Any) -> None:
    y = np.random.default_rng(0).normal(size=80)
    for method in ("mle", "bbvi"):
        fitted = model.fit(y, method=method)
        made = pickle.loads(pickle.dumps(fitted))
        assert made.params == fitted.params
        np.testing.assert_array_equal(made.predict(3).upper, fitted.predict(3).upper)

"""The sixteen models of posteriordb's MODELS.md, written as users would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import plait
from plait import infer
from plait.infer import (
    Beta,
    Dirichlet,
    Exponential,
    Gamma,
    HalfCauchy,
    HalfNormal,
    MultivariateNormal,
    Normal,
    Ordered,
    Positive,
    Real,
    Simplex,
)

NAMES = [
    "kidiq-kidscore_momiq",
    "kidiq-kidscore_interaction",
    "kidiq_with_mom_work-kidscore_interaction_c",
    "earnings-earn_height",
    "earnings-log10earn_height",
    "sblrc-blr",
    "nes1996-nes",
    "mesquite-mesquite",
    "mesquite-logmesquite",
    "kilpisjarvi_mod-kilpisjarvi",
    "arK-arK",
    "eight_schools-eight_schools_noncentered",
    "low_dim_gauss_mix-low_dim_gauss_mix",
    "hmm_example-hmm_example",
    "bball_drive_event_0-hmm_drive_0",
    "gp_pois_regr-gp_regr",
]
# Proper half priors: what each ELBO stands above the table of full densities, in units of log 2.
HALVES = {
    "kidiq-kidscore_momiq": 1,
    "kidiq-kidscore_interaction": 1,
    "sblrc-blr": 1,
    "arK-arK": 1,
    "eight_schools-eight_schools_noncentered": 1,
    "low_dim_gauss_mix-low_dim_gauss_mix": 2,
    "gp_pois_regr-gp_regr": 2,
}

Posed = tuple[Callable[..., Any], dict[str, Any] | None, Callable[[dict[str, np.ndarray]], np.ndarray]]


def load(folder: Path, name: str) -> dict[str, Any]:
    """One file."""
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return found


def side_by_side(*names: str) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    """Draws as columns, in the reference's order."""
    return lambda z: np.concatenate([z[n].reshape(len(z[n]), -1) for n in names], axis=1)


def _flat_regression(x: np.ndarray, y: np.ndarray, scale: Any = None) -> Posed:
    """Flat priors: of s flat in s, so that only the Jacobian counts."""
    k = x.shape[1]

    def joint(z: dict[str, plait.Node]) -> plait.Node:
        return Normal(plait.matmul(x, z["b"]), z["s"]).log_prob(y).sum() + (scale.log_prob(z["s"]) if scale else 0.0)

    return joint, {"b": Real(shape=k), "s": Positive()}, side_by_side("b", "s")


def regression_data(name: str, d: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Columns and response."""
    a = {k: np.asarray(v, float) for k, v in d.items()}
    one = np.ones(int(d["N"]))
    if name.startswith("kidiq-kidscore_momiq"):
        return np.stack([one, a["mom_iq"]], 1), a["kid_score"]
    if name == "kidiq-kidscore_interaction":
        return np.stack([one, a["mom_hs"], a["mom_iq"], a["mom_hs"] * a["mom_iq"]], 1), a["kid_score"]
    if name.startswith("kidiq_with"):
        hs, iq = a["mom_hs"] - a["mom_hs"].mean(), a["mom_iq"] - a["mom_iq"].mean()
        return np.stack([one, hs, iq, hs * iq], 1), a["kid_score"]
    if name.startswith("earnings"):
        y = np.log10(a["earn"]) if "log10" in name else a["earn"]
        return np.stack([one, a["height"]], 1), y
    if name == "nes1996-nes":
        ages = [a["age_discrete"] == 2, a["age_discrete"] == 3, a["age_discrete"] == 4]
        rest = [a["educ1"], a["gender"], a["income"]]
        return np.stack([one, a["real_ideo"], a["race_adj"], *ages, *rest], 1).astype(float), a["partyid7"]
    columns = [a[k] for k in ("diam1", "diam2", "canopy_height", "total_height", "density")]
    if "log" in name:
        return np.stack([one, *map(np.log, columns), a["group"]], 1), np.log(a["weight"])
    return np.stack([one, *columns, a["group"]], 1), a["weight"]


def pose(name: str, d: dict[str, Any]) -> Posed:
    """What bbvi is called with, and how to lay draws out as the reference does."""
    if name.startswith(("kidiq", "earnings", "nes", "mesquite")):
        x, y = regression_data(name, d)
        half = HalfCauchy(2.5) if name in ("kidiq-kidscore_momiq", "kidiq-kidscore_interaction") else None
        return _flat_regression(x, y, half)
    return _OTHERS[name]({k: np.asarray(v, float) if isinstance(v, list) else v for k, v in d.items()})


def _blr(d: dict[str, Any]) -> Posed:
    def model(m: infer.Model) -> None:
        b = m.latent("b", Normal(0, 10), shape=d["X"].shape[1])
        s = m.latent("s", HalfNormal(10))
        m.observe(Normal(d["X"] @ b, s), d["y"])

    return model, None, side_by_side("b", "s")


def _kilpisjarvi(d: dict[str, Any]) -> Posed:
    def joint(z: dict[str, plait.Node]) -> plait.Node:
        prior = Normal(d["pmualpha"], d["psalpha"]).log_prob(z["a"]) + Normal(d["pmubeta"], d["psbeta"]).log_prob(z["b"])
        return prior + Normal(z["a"] + z["b"] * d["x"], z["s"]).log_prob(d["y"]).sum()

    return joint, {"a": Real(), "b": Real(), "s": Positive()}, side_by_side("a", "b", "s")


def _ark(d: dict[str, Any]) -> Posed:
    y, k = d["y"], int(d["K"])

    def model(m: infer.Model) -> None:
        alpha = m.latent("alpha", Normal(0, 10))
        beta = m.latent("beta", Normal(0, 10), shape=k)
        s = m.latent("s", HalfCauchy(2.5))
        lags = np.stack([y[k - j : len(y) - j] for j in range(1, k + 1)], 1)
        m.observe(Normal(alpha + lags @ beta, s), y[k:])

    return model, None, side_by_side("alpha", "beta", "s")


def _schools(d: dict[str, Any]) -> Posed:
    def model(m: infer.Model) -> None:
        z = m.latent("z", Normal(0, 1), shape=8)
        mu, tau = m.latent("mu", Normal(0, 5)), m.latent("tau", HalfCauchy(5))
        m.observe(Normal(mu + tau * z, d["sigma"]), d["y"])

    def columns(z: dict[str, np.ndarray]) -> np.ndarray:
        theta = z["mu"][:, None] + z["tau"][:, None] * z["z"]
        return np.concatenate([theta, z["mu"][:, None], z["tau"][:, None]], 1)

    return model, None, columns


def _mixture(d: dict[str, Any]) -> Posed:
    def joint(z: dict[str, plait.Node]) -> plait.Node:
        mu, s, theta = z["mu"], z["s"], z["theta"]
        first = plait.log(theta) + Normal(mu[0], s[0]).log_prob(d["y"])
        second = plait.log1p(-theta) + Normal(mu[1], s[1]).log_prob(d["y"])
        prior = Normal(0, 2).log_prob(mu).sum() + HalfNormal(2).log_prob(s).sum() + Beta(5, 5).log_prob(theta)
        return prior + plait.logsumexp(plait.stack([first, second]), axis=0).sum()

    return joint, {"mu": Ordered(2), "s": Positive(shape=2), "theta": infer.Interval(0, 1)}, side_by_side("mu", "s", "theta")


def _forward(emissions: plait.Node, theta: plait.Node) -> plait.Node:
    """Log likelihood of a chain of two states; emissions (T, 2), without a 1/K at the start."""

    def step(alpha: plait.Node, e: plait.Node) -> tuple[plait.Node, None]:
        return plait.logsumexp(alpha.reshape((2, 1)) + plait.log(theta), axis=0) + e, None

    last, _ = plait.scan(step, emissions[0], emissions[1:])
    return plait.logsumexp(last)


def _hmm(d: dict[str, Any]) -> Posed:
    def joint(z: dict[str, plait.Node]) -> plait.Node:
        prior = Normal(3, 1).log_prob(z["mu"][0]) + Normal(10, 1).log_prob(z["mu"][1])
        return prior + _forward(Normal(z["mu"], 1).log_prob(d["y"].reshape(-1, 1)), z["theta"])

    return joint, {"theta": Simplex(2, shape=2), "mu": Ordered(2, positive=True)}, side_by_side("theta", "mu")


def _drive(d: dict[str, Any]) -> Posed:
    def joint(z: dict[str, plait.Node]) -> plait.Node:
        prior = sum((Normal(c, 1).log_prob(z[n][k]) for n in ("phi", "lam") for k, c in ((0, 0.0), (1, 3.0))), plait.constant(0.0))
        prior = prior + Dirichlet(d["alpha"]).log_prob(z["theta"]).sum()
        u, v = d["u"].reshape(-1, 1), d["v"].reshape(-1, 1)
        return prior + _forward(Exponential(z["phi"]).log_prob(u) + Exponential(z["lam"]).log_prob(v), z["theta"])

    latents = {"theta": Simplex(2, shape=2), "phi": Ordered(2, positive=True), "lam": Ordered(2, positive=True)}
    return joint, latents, side_by_side("theta", "phi", "lam")


def _gp(d: dict[str, Any]) -> Posed:
    distance = -0.5 * (d["x"][:, None] - d["x"]) ** 2

    def model(m: infer.Model) -> None:
        rho, alpha, s = m.latent("rho", Gamma(25, 4)), m.latent("alpha", HalfNormal(2)), m.latent("s", HalfNormal(1))
        covariance = alpha**2 * plait.exp(distance / rho**2) + s * np.eye(len(d["x"]))
        m.observe(MultivariateNormal(np.zeros(len(d["x"])), covariance), d["y"])

    return model, None, side_by_side("rho", "alpha", "s")


_OTHERS: dict[str, Callable[[dict[str, Any]], Posed]] = {
    "sblrc-blr": _blr,
    "kilpisjarvi_mod-kilpisjarvi": _kilpisjarvi,
    "arK-arK": _ark,
    "eight_schools-eight_schools_noncentered": _schools,
    "low_dim_gauss_mix-low_dim_gauss_mix": _mixture,
    "hmm_example-hmm_example": _hmm,
    "bball_drive_event_0-hmm_drive_0": _drive,
    "gp_pois_regr-gp_regr": _gp,
}

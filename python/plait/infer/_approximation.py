"""The approximations q of a posterior, over constrained values."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np

from ._density import Density
from ._families import Gaussian
from ._values import Array
from .distribution import Distribution
from .fixed import matched_draws
from .model import Latent

_MOMENT_DRAWS = 4000
_DIVERGENCE_DRAWS = 1000


class Approximation:
    """A gaussian over the unconstrained numbers of some latents, and a separate distribution for each of the others."""

    def __init__(self, density: Density, gaussian: Gaussian, natural: dict[str, Distribution] | None = None) -> None:
        self.density, self.gaussian, self.natural = density, gaussian, dict(natural or {})
        self._kept: dict[str, Array] | None = None

    @np.errstate(all="ignore")
    def draw(self, n: int, rng: np.random.Generator, matched: bool = False) -> tuple[dict[str, Array], Array]:
        """Values by name, (n, …) each, and the unconstrained numbers of the gaussian's latents."""
        noise = matched_draws(n, self.gaussian.noise, rng) if matched and n % 2 == 0 else rng.standard_normal((n, self.gaussian.noise))
        u = self.gaussian.draw(noise)
        values = self.density.constrained(u) if self.density.dimension else {}
        for name, q in self.natural.items():
            values[name] = q.sample(n, rng)
        return {latent.name: values[latent.name] for latent in self.density.latents}, u

    @np.errstate(all="ignore")
    def log_density(self, values: dict[str, Array], u: Array) -> Array:
        """Log q at drawn values: of unconstrained numbers for the gaussian's latents."""
        total = self.gaussian.log_density(u)
        for name, q in self.natural.items():
            part = np.asarray(q.log_prob(values[name]))
            total = total + part.reshape(len(part), -1).sum(axis=1)
        return total

    def _moments(self) -> dict[str, Array]:
        """Fixed draws, for quantities without a closed form."""
        if self._kept is None:
            self._kept = self.draw(_MOMENT_DRAWS, np.random.default_rng(20_240_229), matched=True)[0]
        return self._kept

    def _free(self, latent: Latent) -> tuple[Array, Array]:
        """Mean and sd of a latent's unconstrained numbers."""
        at = self.density.slices[latent.name]
        shape = latent.support.free_shape
        return self.gaussian.mean[at].reshape(shape), self.gaussian.marginal_sd()[at].reshape(shape)

    @np.errstate(all="ignore")
    def mean(self, latent: Latent) -> Array:
        """The mean of a latent."""
        if latent.name in self.natural:
            return np.asarray(self.natural[latent.name].mean, np.float64)
        m, s = self._free(latent)
        kind = type(latent.support).__name__
        if kind in ("Real", "_RealVector"):
            return m
        exact = np.exp(m + 0.5 * s * s)
        found: Array = exact if kind == "Positive" else self._moments()[latent.name].mean(axis=0)
        return found

    @np.errstate(all="ignore")
    def std(self, latent: Latent) -> Array:
        """The standard deviation of a latent."""
        if latent.name in self.natural:
            return np.asarray(np.sqrt(np.asarray(self.natural[latent.name].variance)))
        m, s = self._free(latent)
        kind = type(latent.support).__name__
        if kind in ("Real", "_RealVector"):
            return s
        exact = np.exp(m + 0.5 * s * s) * np.sqrt(np.expm1(s * s))
        found: Array = exact if kind == "Positive" else self._moments()[latent.name].std(axis=0)
        return found

    @np.errstate(all="ignore")
    def quantile(self, latent: Latent, p: float) -> Array:
        """A quantile of each element."""
        if latent.name in self.natural or (latent.support.event and type(latent.support).__name__ != "_RealVector"):
            return np.asarray(np.quantile(self._moments()[latent.name], p, axis=0))
        m, s = self._free(latent)
        z = NormalDist().inv_cdf(p)
        row = np.repeat(self.gaussian.mean[None], 1, axis=0)
        row[0, self.density.slices[latent.name]] = (m + z * s).ravel()
        return np.asarray(self.density.constrained(row)[latent.name][0])

    def tree(self) -> dict[str, Any]:
        """The state stored in a file."""
        g = self.gaussian
        tree: dict[str, Any] = {"mean": g.mean, "sd": g.sd, "full": g.full, "natural": {}}
        if g.factor is not None:
            tree["factor"] = g.factor
        for name, q in self.natural.items():
            tree["natural"][name] = {"kind": type(q).__name__, "parameters": {k: np.asarray(v) for k, v in q.parameters.items()}}
        return tree


def divergence(a: Approximation, b: Approximation, rng: np.random.Generator) -> float:
    """The Kullback-Leibler divergence KL(a ‖ b): of gaussians exactly, of other distributions from draws, never below 0."""
    g, h = a.gaussian, b.gaussian
    with np.errstate(all="ignore"):
        if g.factor is None and h.factor is None:
            ratio = g.sd / h.sd
            total = 0.5 * float((ratio**2 - 1 + ((g.mean - h.mean) / h.sd) ** 2 - 2 * np.log(ratio)).sum())
        else:
            root = np.linalg.cholesky(h.covariance())
            inner = np.linalg.solve(root, np.linalg.cholesky(g.covariance()))
            off = np.linalg.solve(root, g.mean - h.mean)
            total = 0.5 * float((inner**2).sum() - len(off) + off @ off) - float(np.log(np.abs(np.diag(inner))).sum())
        for name, q in a.natural.items():
            x = q.sample(_DIVERGENCE_DRAWS, rng)
            change = np.minimum(np.asarray(b.natural[name].log_prob(x)) - np.asarray(q.log_prob(x)), 20.0)
            total += float((np.expm1(change) - change).sum()) / _DIVERGENCE_DRAWS
    return total if np.isfinite(total) else np.inf

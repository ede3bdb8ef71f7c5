"""Posteriors: the results of an inference, with diagnostics."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .. import graph
from .._rng import RandomSource
from . import _files
from ._approximation import Approximation
from ._draw import draw, to_arviz
from ._predict import predict
from ._psis import psis
from ._show import summarize
from ._values import Array, generator

GOOD, USABLE = 0.5, 0.7  # k-hat: Vehtari and others (2024)


class Posterior:
    """An approximation of a posterior, with a report of the fit.

    Parameters
    ----------
    approximation : Approximation
        What `bbvi` found.
    model : callable, optional
        Its model.
    **report : object
        Values of the attributes.

    Attributes
    ----------
    elbo, elbo_error : float
        The evidence lower bound, an expectation over draws, and its standard error.
    elbo_history : ndarray
        The ELBO over the fit: exact over fixed draws, noisy otherwise.
    khat : float
        Pareto k-hat of the importance weights. It sees only the mode that the approximation sits in.
    converged : bool
        Whether the fit converged.
    reason : str
        Why it ended.
    steps : int
        Steps of the fit.
    estimators : dict of str to str
        The gradient estimator of each latent.
    nonfinite : int
        Samples at which the log joint was not finite.
    warnings : list of str
        Warnings about the result, and what to try.
    modes : list of dict
        Results of other starts: ``elbo`` and ``mean`` each.
    """

    def __init__(self, approximation: Approximation, model: Any = None, **report: Any) -> None:
        self._q = approximation
        self._density = approximation.density
        self._model = model
        self.elbo: float = float(report.get("elbo", np.nan))
        self.elbo_error: float = float(report.get("elbo_error", np.nan))
        self.elbo_history: Array = np.asarray(report.get("elbo_history", []), np.float64)
        self.khat: float = float(report.get("khat", np.nan))
        self.converged: bool = bool(report.get("converged", False))
        self.reason: str = str(report.get("reason", ""))
        self.steps: int = int(report.get("steps", 0))
        self.estimators: dict[str, str] = dict(report.get("estimators", {}))
        self.nonfinite: int = int(report.get("nonfinite", 0))
        self.warnings: list[str] = list(report.get("warnings", []))
        self.modes: list[dict[str, Any]] = list(report.get("modes", []))
        self.family: str = str(report.get("family", "mean_field"))
        self._response: Any = report.get("response")
        self._corrected: Array | None = report.get("corrected")

    @property
    def names(self) -> list[str]:
        """Names of the latents."""
        return [latent.name for latent in self._density.latents]

    def mean(self, name: str) -> Any:
        """The mean of a latent, of its shape."""
        return _plain(self._q.mean(self._density.find(name)))

    def std(self, name: str, correction: str | None = None) -> Any:
        """The standard deviation of a latent.

        Parameters
        ----------
        name : str
            Which.
        correction : str, optional
            "linear_response": corrects the underestimated variances of a mean field by the response of the optimum to changes of the model
            (Giordano, Broderick and Jordan 2018, Covariances, robustness, and variational Bayes); after a fit with fixed draws.

        Returns
        -------
        float or ndarray
            Of the latent's shape.
        """
        latent = self._density.find(name)
        if correction is None:
            return _plain(self._q.std(latent))
        if correction != "linear_response":
            raise ValueError(f"std: correction: expected None or 'linear_response', got {correction!r}")
        spread = np.sqrt(np.maximum(np.diag(self.covariance(correction)), 0.0))
        at = 0
        for other in self._density.latents:
            size = int(np.prod(other.shape))
            if other is latent:
                return _plain(spread[at : at + size].reshape(latent.shape))
            at += size
        raise AssertionError(name)

    def covariance(self, correction: str | None = None) -> Array:
        """The covariance of all latents' elements, one after the other.

        Parameters
        ----------
        correction : str, optional
            None: of the approximation, from draws. "linear_response": see `std`.

        Returns
        -------
        ndarray
            Square.
        """
        if correction is None:
            draws = self._q._moments()
            flat = np.concatenate([draws[name].reshape(len(draws[name]), -1) for name in self.names], axis=1)
            return np.atleast_2d(np.cov(flat.T))
        if correction != "linear_response":
            raise ValueError(f"covariance: correction: expected None or 'linear_response', got {correction!r}")
        if self._corrected is None:
            self._corrected = self._linear_response(None)
        return self._corrected

    def _linear_response(self, functions: Callable[[dict[str, Any]], Any] | None) -> Array:
        """The corrected covariance of functions of the latents' values, given with a sample axis; None: of all their elements."""
        if self._response is None:
            raise ValueError("linear_response: needs the optimum of a fit with fixed draws (gradient='auto' on a small smooth model)")
        return np.asarray(self._response(functions))

    def interval(self, name: str, level: float = 0.9) -> tuple[Any, Any]:
        """The equal-tailed interval of each element.

        Parameters
        ----------
        name : str
            Which latent.
        level : float
            Probability inside, between 0 and 1.

        Returns
        -------
        tuple of float or ndarray
            Lower and upper ends.
        """
        if np.ndim(level) or not 0 < level < 1:
            raise ValueError(f"interval: level: expected a probability between 0 and 1, got {level!r}")
        latent = self._density.find(name)
        return _plain(self._q.quantile(latent, 0.5 - level / 2)), _plain(self._q.quantile(latent, 0.5 + level / 2))

    def sample(self, n: int = 1000, rng: RandomSource = None) -> dict[str, Array]:
        """Draws from the approximation.

        Parameters
        ----------
        n : int
            How many.
        rng : int, SeedSequence or Generator, optional
            Source of randomness.

        Returns
        -------
        dict of str to ndarray
            (n, …) for each latent.
        """
        return self._q.draw(_count("sample", n), generator(rng))[0]

    def log_prob(self, z: dict[str, Any]) -> Any:
        """Log q at values, a dict of arrays of each latent's shape, or with one more axis of samples in front."""
        values, u, single = self._values(z)
        jacobian = self._density.log_jacobian(u) if self._density.dimension else 0.0
        return _one(self._q.log_density(values, u) - jacobian, single)

    def log_joint(self, z: dict[str, Any]) -> Any:
        """The model's log joint at values, laid out as for `log_prob`."""
        if self._model is None:
            raise ValueError("log_joint: the posterior was loaded without its model")
        values, u, single = self._values(z)
        return _one(self._log_joint(values, u) - (self._density.log_jacobian(u) if self._density.dimension else 0.0), single)

    def _log_joint(self, values: dict[str, Array], u: Array) -> Array:
        """With Jacobians, for rows."""
        return self._density.evaluate(u, values)

    def _values(self, z: dict[str, Any]) -> tuple[dict[str, Array], Array, bool]:
        if set(z) != set(self.names):
            raise ValueError(f"expected values for {', '.join(map(repr, self.names))}, got {', '.join(map(repr, z)) or 'none'}")
        values = {k: np.asarray(z[k], np.float64) for k in self.names}
        single = all(values[latent.name].shape == latent.shape for latent in self._density.latents)
        if single:
            values = {k: v[None] for k, v in values.items()}
        return values, self._density.free(values, 1), single

    def resample(self, n: int = 1000, rng: RandomSource = 0, draws: int = 20_000) -> dict[str, Array]:
        """Draws corrected by Pareto smoothed importance sampling.

        Parameters
        ----------
        n : int
            How many; with repetition where weights are uneven.
        rng : int, SeedSequence or Generator, optional
            Source of randomness.
        draws : int
            From how many draws of the approximation they are chosen.

        Returns
        -------
        dict of str to ndarray
            (n, …) for each latent.
        """
        if self._model is None:
            raise ValueError("resample: the posterior was loaded without its model")
        g = generator(rng)
        values, u = self._q.draw(max(_count("resample", n), draws), g)
        weights = np.exp(psis(self._log_joint(values, u) - self._q.log_density(values, u))[0])
        chosen = g.choice(len(u), size=n, p=weights / weights.sum())
        return {k: v[chosen] for k, v in values.items()}

    def predict(self, n: int = 1000, data: dict[str, Any] | None = None, rng: RandomSource = 0) -> dict[str, Array]:
        """Draws from the posterior predictive distribution.

        Parameters
        ----------
        n : int
            How many draws.
        data : dict of str to array_like, optional
            New rows in place of the arrays of ``m.data(…, name=)``.
        rng : int, SeedSequence or Generator, optional
            Source of randomness.

        Returns
        -------
        dict of str to ndarray
            By the observation's name, (n, …) each.
        """
        if self._model is None or not any(term.distribution is not None for term in self._density.model.terms):
            raise ValueError(
                "predict: needs a model function with m.observe; a log joint or a loaded posterior does not say what is observed"
            )
        g = generator(rng)
        values, _ = self._q.draw(_count("predict", n), g)
        return predict(self._model, self._density, values, n, data, g)

    def summary(self) -> str:
        """A table of latents, and a line with the warnings and what to try."""
        return summarize(self)

    def __repr__(self) -> str:
        """One line."""
        state = "converged" if self.converged else "not converged"
        return f"<plait.infer.Posterior of {', '.join(self.names)}: ELBO {self.elbo:.3f}, k-hat {self.khat:.2f}, {state}>"

    def plot(self, names: list[str] | None = None) -> Any:
        """Marginal densities of latents and the history of the ELBO, on a new matplotlib figure."""
        return draw(self, names)

    def to_arviz(self, n: int = 1000, rng: RandomSource = 0) -> Any:
        """Draws for ArviZ (InferenceData, or a DataTree from version 1 on), one chain of `n` draws."""
        return to_arviz(self.sample(n, rng))

    def __reduce__(self) -> Any:
        """Pickled as it is saved, with the model where that can be pickled (a function of a module, not one made on the spot)."""
        supports = {latent.name: latent.support for latent in self._density.latents}
        of_log_joint = any(latent.prior is None for latent in self._density.latents)
        try:
            model = pickle.dumps(self._model)
        except (pickle.PicklingError, AttributeError, TypeError):
            model = pickle.dumps(None)
        return _unpickle, (_files.to_tree(self), model, supports if of_log_joint else None, self.modes, self._corrected)

    def save(self, path: str | Path) -> None:
        """Write the approximation and its report to a file; the model stays in its code."""
        graph.save(path, _files.to_tree(self))

    @classmethod
    def load(cls, path: str | Path, model: Any = None, latents: Any = None) -> Posterior:
        """Read a posterior.

        Parameters
        ----------
        path : str or Path
            Where.
        model : callable, optional
            The model function or log joint, needed for predictions, `log_joint` and `resample`.
        latents : dict, optional
            Beside a log joint: its supports.

        Returns
        -------
        Posterior
            As it was saved.
        """
        found: Posterior = _files.from_tree(cls, graph.load(path), path, model, latents)
        return found


def _unpickle(tree: Any, model: bytes, latents: Any, modes: Any, corrected: Any) -> Posterior:
    function = pickle.loads(model)
    found: Posterior = _files.from_tree(Posterior, tree, "pickle", function, latents if function is not None else None)
    found.modes, found._corrected = modes, corrected
    return found


def _plain(x: Any) -> Any:
    """A float for an array without axes."""
    array = np.asarray(x)
    return float(array) if array.ndim == 0 else array


def _one(x: Array, single: bool) -> Any:
    return float(x[0]) if single else x


def _count(what: str, n: Any) -> int:
    if int(n) != n or n < 1:
        raise ValueError(f"{what}: n: expected a whole number of at least 1, got {n!r}")
    return int(n)

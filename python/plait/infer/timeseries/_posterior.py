"""The posterior of a time series model by the names of its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import graph
from .._draw import draw, to_arviz
from .._show import summarize
from ._parameters import Layout

DRAWS = 4000


class ParameterPosterior:
    """A posterior over unconstrained coordinates, read as parameters.

    Other attributes (``elbo``, ``khat``, ``warnings``, …) are those of the underlying :class:`plait.infer.Posterior`, `.base`.

    Parameters
    ----------
    base : Posterior
        Over ``u``.
    layout : Layout
        The parameters and their maps.
    mode : array, shape (k,)
        Where u = 0 lies.
    spread : array, shape (k, k)
        Its unit.
    """

    def __init__(self, base: Any, layout: Layout, mode: Any, spread: Any) -> None:
        self.base, self._layout, self._mode, self._spread = base, layout, mode, spread
        self._draws: dict[str, Any] | None = None
        self._corrected: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "base":
            raise AttributeError(name)
        return getattr(self.base, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.base)})

    @property
    def names(self) -> list[str]:
        """Names of the parameters."""
        return list(self._layout.names)

    def _parameters(self, u: Any) -> dict[str, Any]:
        """Parameters for rows of u, arrays or nodes."""
        return self._layout.parameters(self._mode + u @ self._spread.T)

    def sample(self, n: int = 1000, rng: Any = 0) -> dict[str, Any]:
        """Draw parameters.

        Parameters
        ----------
        n : int
            How many.
        rng : int, SeedSequence or Generator
            Random numbers.

        Returns
        -------
        dict
            Name -> array of shape (n,).
        """
        z = np.asarray(self.base.sample(n, rng=rng)["u"]).reshape(n, -1)
        return {k: np.asarray(v) for k, v in self._parameters(z).items()}

    def resample(self, n: int = 1000, rng: Any = 0, draws: int = 20_000) -> dict[str, Any]:
        """Draw parameters corrected by Pareto smoothed importance sampling.

        Parameters
        ----------
        n, rng, draws
            As in :meth:`plait.infer.Posterior.resample`.

        Returns
        -------
        dict
            Name -> array of shape (n,).
        """
        z = np.asarray(self.base.resample(n, rng, draws)["u"]).reshape(n, -1)
        return {k: np.asarray(v) for k, v in self._parameters(z).items()}

    def _known(self, name: str) -> Any:
        if self._draws is None:
            self._draws = self.sample(DRAWS)
        if name not in self._draws:
            raise KeyError(f"no parameter {name!r}; there are {', '.join(self._draws)}")
        return self._draws[name]

    def mean(self, name: str) -> float:
        """The posterior mean of a parameter."""
        return float(np.mean(self._known(name)))

    def std(self, name: str, correction: str | None = None) -> float:
        """The posterior standard deviation of a parameter.

        Parameters
        ----------
        name : str
            Which.
        correction : str, optional
            "linear_response": see :meth:`plait.infer.Posterior.std`.

        Returns
        -------
        float
            In the units of the parameter.
        """
        draws = self._known(name)
        if correction is None:
            return float(np.std(draws))
        at = self.names.index(name)
        return float(np.sqrt(max(self.covariance(correction)[at, at], 0.0)))

    def covariance(self, correction: str | None = None) -> Any:
        """The covariance of the parameters, in the order of `names`.

        Parameters
        ----------
        correction : str, optional
            None: of draws. "linear_response": see :meth:`plait.infer.Posterior.std`.

        Returns
        -------
        ndarray
            Square.
        """
        if correction is None:
            self._known(self.names[0])
            return np.atleast_2d(np.cov(np.stack([self._draws[name] for name in self.names])))  # type: ignore[index]
        if correction != "linear_response":
            raise ValueError(f"covariance: correction is None or 'linear_response', got {correction!r}")
        if self._corrected is None:
            self._corrected = self.base._linear_response(lambda z: graph.stack(list(self._parameters(z["u"]).values()), 1))
        return self._corrected

    def interval(self, name: str, level: float = 0.9) -> tuple[float, float]:
        """The equal-tailed interval that holds a parameter with probability `level`."""
        if not 0 < level < 1:
            raise ValueError(f"interval: level is {level!r}, a probability between 0 and 1 is needed")
        low, high = np.quantile(self._known(name), [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def summary(self) -> str:
        """A table of the parameters, and a line with the warnings."""
        return summarize(self)

    def plot(self, names: list[str] | None = None) -> Any:
        """Marginal densities of the parameters and the course of the ELBO, on a new matplotlib figure."""
        return draw(self, names)

    def to_arviz(self, n: int = 1000, rng: Any = 0) -> Any:
        """Draws of the parameters for ArviZ, one chain of `n` draws."""
        return to_arviz(self.sample(n, rng))

"""The posterior of a time series model by the names of its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._parameters import Layout

DRAWS = 4000


class ParameterPosterior:
    """A posterior over unconstrained coordinates, read as parameters.

    What it does not answer itself (``elbo``, ``khat``, ``warnings``, …) it asks the :class:`plait.infer.Posterior` beneath, which is `.base`.

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

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "base":
            raise AttributeError(name)
        return getattr(self.base, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.base)})

    def sample(self, n: int, rng: Any = 0) -> dict[str, Any]:
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
        return {k: np.asarray(v) for k, v in self._layout.parameters(self._mode + z @ self._spread.T).items()}

    def _known(self, name: str) -> Any:
        if self._draws is None:
            self._draws = self.sample(DRAWS)
        if name not in self._draws:
            raise KeyError(f"no parameter {name!r}; there are {', '.join(self._draws)}")
        return self._draws[name]

    def mean(self, name: str) -> float:
        """The posterior mean of a parameter."""
        return float(np.mean(self._known(name)))

    def std(self, name: str) -> float:
        """The posterior standard deviation of a parameter."""
        return float(np.std(self._known(name)))

    def interval(self, name: str, level: float = 0.9) -> tuple[float, float]:
        """The equal-tailed interval that holds a parameter with probability `level`."""
        low, high = np.quantile(self._known(name), [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

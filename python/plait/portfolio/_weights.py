"""The result of every method: weights by asset, with expected return and risk."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ._labels import Array, Labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._discrete import Allocation


class AssetWeights(Mapping[Hashable, float]):
    """Weights by asset: a mapping in the order of the assets, and an array for NumPy.

    Parameters
    ----------
    assets : list
        Their names.
    values : ndarray, shape (n,)
        Their weights.
    """

    def __init__(self, assets: Labels, values: Array) -> None:
        self.assets, self.values_ = assets, values
        self._at: dict[Hashable, int] | None = None

    def __getitem__(self, asset: Hashable) -> float:
        if self._at is None:
            self._at = {name: k for k, name in enumerate(self.assets)}
        return float(self.values_[self._at[asset]])

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.assets)

    def __len__(self) -> int:
        return len(self.assets)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.values_, dtype=dtype) if copy is not False else np.asarray(self.values_, dtype=dtype)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name!r}: {value:.5g}" for name, value in zip(self.assets, self.values_.tolist(), strict=True)) + "}"


class Weights:
    """A portfolio's weights, its expected return and its risk; ``np.asarray`` gives the weights as an array.

    Made by methods of `Portfolio`.

    Parameters
    ----------
    assets : list
        Names of the assets.
    values : ndarray, shape (n,)
        Their weights.
    expected_return : float or None
        In the units of the portfolio's means, after costs; None where the portfolio has no means.
    risk : float
        Standard deviation in the units of the covariance.
    risk_free : float
        Risk-free return for `sharpe`.
    method : str
        The method that made it.
    proven : bool
        Whether the weights are proven to be optimal; False where a search was cut short or the problem is not convex.
    gap : float
        Relative optimality gap of the search over held assets; 0 where `proven`.
    details : mapping
        Further results of the method: "cvar", "turnover", "multipliers", …
    marginal : ndarray, shape (n,)
        Covariance times weights, for `risk_contributions`.

    Attributes
    ----------
    weights : AssetWeights
        Asset to weight: a mapping, and an array for NumPy.
    """

    def __init__(
        self,
        assets: Labels,
        values: Array,
        expected_return: float | None,
        risk: float,
        *,
        risk_free: float = 0.0,
        method: str = "",
        proven: bool = True,
        gap: float = 0.0,
        details: Mapping[str, Any] | None = None,
        marginal: Array | None = None,
    ) -> None:
        self.assets, self.expected_return, self.risk = assets, expected_return, risk
        self.risk_free, self.method, self.proven, self.gap = risk_free, method, proven, gap
        self.details = {} if details is None else dict(details)
        self.weights = AssetWeights(assets, values)
        self._marginal = marginal

    @property
    def sharpe(self) -> float | None:
        """Expected return over `risk_free`, per unit of risk; None without means, infinite without risk."""
        if self.expected_return is None:
            return None
        return sharpe_ratio(self.expected_return - self.risk_free, self.risk)

    @property
    def risk_contributions(self) -> AssetWeights:
        """Each asset's share of the risk; they sum to 1 (all 0 where there is no risk)."""
        values = self.weights.values_
        marginal = np.zeros(len(values)) if self._marginal is None else self._marginal
        total = float(values @ marginal)
        return AssetWeights(self.assets, values * marginal / total if total > 0 else np.zeros(len(values)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self.weights.__array__(dtype, copy)

    def __getitem__(self, asset: Hashable) -> float:
        return self.weights[asset]

    def __len__(self) -> int:
        return len(self.assets)

    def __iter__(self) -> Iterator[float]:
        return iter(self.weights.values_.tolist())

    def __repr__(self) -> str:
        held = [(name, v) for name, v in zip(self.assets, self.weights.values_.tolist(), strict=True) if abs(v) > 5e-6]
        held.sort(key=lambda pair: -abs(pair[1]))
        shown = ", ".join(f"{name}: {v:.4f}" for name, v in held[:10]) + (", …" if len(held) > 10 else "")
        told = "" if self.expected_return is None else f"expected_return={self.expected_return:.5g}, "
        return f"Weights({shown}; {told}risk={self.risk:.5g})"

    def cleaned(self, cutoff: float = 1e-4, digits: int = 5) -> dict[Hashable, float]:
        """Rounded weights: those below `cutoff` become 0.

        Parameters
        ----------
        cutoff : float
            Weights of smaller magnitude become 0.
        digits : int
            Decimal places.

        Returns
        -------
        dict
            Asset to weight; they need not sum to the budget any more.

        Examples
        --------
        >>> p = plait.portfolio.Portfolio(None, np.diag([1.0, 2.0]), assets=["a", "b"])
        >>> p.min_variance().cleaned(digits=3)
        {'a': 0.667, 'b': 0.333}
        """
        return {
            name: round(v, digits) if abs(v) >= cutoff else 0.0 for name, v in zip(self.assets, self.weights.values_.tolist(), strict=True)
        }

    def discrete(self, prices: Any, value: float) -> Allocation:
        """Whole numbers of shares that come closest to these weights.

        Parameters
        ----------
        prices : mapping, series or array_like, shape (n,)
            Price of a share of each asset, matched by label where there are labels.
        value : float
            The money to invest.

        Returns
        -------
        Allocation
            ``.shares``, ``.cash``, ``.error`` and ``.proven``.

        Raises
        ------
        ValueError
            A price or `value` is not above 0, or a price is missing.

        Notes
        -----
        Minimises Σ|weight · value - shares · price| within the money, by branch and bound; exact for up to 30 assets, beyond
        that the search is limited, and ``.proven`` tells whether it finished. Short positions are sold in whole shares as well; their
        proceeds can be invested.

        Examples
        --------
        >>> p = plait.portfolio.Portfolio(None, np.diag([1.0, 1.0]), assets=["a", "b"])
        >>> a = p.min_variance().discrete({"a": 30.0, "b": 7.0}, 100.0)
        >>> a.shares, a.cash
        ({'a': 1, 'b': 7}, 21.0)
        """
        from ._discrete import allocate

        return allocate(self.assets, self.weights.values_, prices, value)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Bars of the weights.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure without it.

        Returns
        -------
        Axes
            Where it was drawn.
        """
        from ..plot import weights

        return weights(self, ax)


def sharpe_ratio(excess: float, risk: float) -> float:
    """Return per risk; ±infinity without risk, 0 where there is neither."""
    if risk > 0:
        return excess / risk
    return 0.0 if excess == 0 else float(np.copysign(np.inf, excess))

"""Portfolio and its methods; their algorithms are in the files beside this one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from . import _hrp
from ._black_litterman import posterior, read_views
from ._cvar import least_cvar, most_return_within, tail
from ._estimates import covariance_of, estimate, positive_number
from ._labels import Array, table, vector
from ._limits import required_number
from ._mean_variance import MeanVariance
from ._model import Model
from ._parity import parity, parity_within
from ._search import NOTHING
from ._weights import Weights


class Portfolio(MeanVariance):
    """Assets with expected returns, a covariance and limits on their weights.

    Every method keeps every limit, and raises `plait.InfeasibleError` where the limits are infeasible.

    Parameters
    ----------
    expected_returns : array_like, series, mapping or None
        Mean return of each asset; None where only risk matters. Labelled values are matched by label.
    covariance : array_like or data frame, shape (n, n)
        Covariance of the returns, in the same period as the means (a year, a day, …) and the same units (1 or per cent).
    assets : sequence, optional
        Names of the assets; without them the labels of the covariance or of the means, or numbers from 0.
    bounds : pair, sequence of pairs, mapping from asset to pair, or pair of arrays
        Lower and upper bounds of the weights; None is no bound.
    groups : mapping, optional
        ``{"tech": (["AAPL", "MSFT"], 0.0, 0.25)}`` keeps the sum of the weights of some assets between two limits.
    repair : {None, "clip", "nearest"}
        What to do with a covariance that has negative eigenvalues: refuse it, set them to 0, or take the nearest matrix with the same
        variances (Higham 2002).
    budget : float or None
        Sum of the weights; 0 is market-neutral, None leaves it free.
    leverage : float, optional
        Upper limit of the gross exposure Σ|w|.
    previous : array_like, series or mapping, optional
        Current weights, to which `turnover` and `cost` refer.
    turnover : float, optional
        Upper limit of ½ Σ|w - previous|.
    cost : float
        Proportional transaction cost: subtracted from the expected return per unit of Σ|w - previous|.
    l2 : float
        Ridge penalty: l2 · Σw² is added to the variance wherever it is minimised, which spreads weights. The reported risk is without it.
    max_assets : int, optional
        Cardinality limit; solved exactly for up to 50 assets, beyond that ``.gap`` of the result is the optimality gap.
    min_weight : float, optional
        Least absolute weight of a held asset.

    Raises
    ------
    ValueError
        NaN or infinity, labels that are missing or occur twice, a covariance that is not symmetric or has a negative eigenvalue.
    plait.ShapeError
        The shapes do not match.

    Examples
    --------
    >>> p = plait.portfolio.Portfolio([0.10, 0.06], [[0.04, 0.0], [0.0, 0.01]], assets=["stocks", "bonds"])
    >>> p.min_variance()
    Weights(bonds: 0.8000, stocks: 0.2000; expected_return=0.068, risk=0.089443)
    """

    @classmethod
    def from_prices(
        cls,
        frame: Any,
        frequency: float = 252,
        shrinkage: str | float | None = "ledoit_wolf",
        returns: str = "simple",
        mean: str = "arithmetic",
        missing: str = "drop",
        *,
        covariance: str = "sample",
        span: float = 180,
        market: Any = None,
        risk_free: float = 0.0,
        assets: Sequence[Hashable] | None = None,
        **limits: Any,
    ) -> Portfolio:
        """A portfolio with means and covariance estimated from prices.

        Parameters
        ----------
        frame : data frame, mapping or array_like, shape (times, n)
            Prices, a column for each asset, the oldest first.
        frequency : float
            Rows per year: means and covariances are multiplied by it.
        shrinkage : {"ledoit_wolf", "constant_correlation", "single_factor", "oas", None} or float
            How the sample covariance is shrunk; a number from 0 to 1 is a share of the identity times the mean variance.
        returns : {"simple", "log"}
            Returns from row to row.
        mean : {"arithmetic", "compounded", "ema", "capm"}
            Mean times frequency; growth over a year; exponentially weighted by `span`; or from the capital asset pricing model.
        missing : {"drop", "ffill", "pairwise"}
            Rows with a missing price are left out; forward-filled; or each pair of assets uses the rows where both are known.
        covariance : {"sample", "semi", "ema"}
            Covariance over n - 1; of returns below 0; or exponentially weighted by `span`.
        span : float
            Span of the exponential weights: a row weighs (1 - 2 / (span + 1)) times as much as the next.
        market : series or array_like, optional
            Prices of the market for ``mean="capm"``; the equally weighted mean of the assets without it.
        risk_free : float
            Rate for ``mean="capm"``.
        assets : sequence, optional
            Columns to use, in order.
        **limits
            Bounds, groups and the other arguments of `Portfolio`.

        Returns
        -------
        Portfolio
            Its ``returns`` are the returns that were used.

        Raises
        ------
        ValueError
            A price is not above 0, or too few rows are left.

        Notes
        -----
        Shrinkage follows Ledoit and Wolf (2003, 2004, 2004) and Chen et al. (2010).

        Examples
        --------
        >>> prices = {"a": [1.0, 1.1, 1.05, 1.2], "b": [2.0, 2.0, 2.1, 2.05]}
        >>> plait.portfolio.Portfolio.from_prices(prices, frequency=12, shrinkage=None).min_variance()["b"] > 0.6
        True
        """
        found = estimate(
            frame,
            frequency=frequency,
            shrinkage=shrinkage,
            returns=returns,
            mean=mean,
            missing=missing,
            covariance=covariance,
            span=span,
            market=market,
            risk_free=risk_free,
            assets=None if assets is None else list(assets),
        )
        made = cls(found.mean, found.covariance, assets=found.assets, **limits)
        made.returns = found.returns
        return made

    def evaluate(self, weights: Any, risk_free: float = 0.0) -> Weights:
        """Expected return, risk and other statistics of given weights; limits are not checked.

        Parameters
        ----------
        weights : array_like, series or mapping
            One for each asset.
        risk_free : float
            For the Sharpe ratio.

        Returns
        -------
        Weights
            The weights.

        Examples
        --------
        >>> plait.portfolio.Portfolio([0.1, 0.0], np.diag([0.04, 0.0])).evaluate([0.5, 0.5]).sharpe
        0.5
        """
        return self._result(vector(weights, "weights", self.assets), "evaluate", risk_free=risk_free, clip=False)

    def min_cvar(self, returns: Any = None, level: float = 0.95) -> Weights:
        """The weights of minimum conditional value at risk: the mean loss of the worst returns.

        Parameters
        ----------
        returns : data frame, mapping or array_like, shape (times, n), optional
            Returns, a row for each time; those that `from_prices` found without them.
        level : float
            0.95 takes the worst 5 per cent.

        Returns
        -------
        Weights
            The weights; ``details["cvar"]`` is the mean loss, in the units of `returns`.

        Notes
        -----
        Rockafellar and Uryasev (2000), solved by cutting planes to a relative gap of 1e-10.
        """
        rows, share = self._tail(returns, level, "min_cvar")
        made = self._best("min_cvar", lambda model: least_cvar(model, rows, share))
        made.details["cvar"] = tail(rows, np.asarray(made), share)[0]
        return made

    def target_cvar(self, target: float, returns: Any = None, level: float = 0.95) -> Weights:
        """The weights of maximum expected return with a conditional value at risk of at most `target`.

        Parameters
        ----------
        target : float
            Mean loss of the worst returns, in the units of `returns`.
        returns : data frame, mapping or array_like, shape (times, n), optional
            Returns, a row for each time; those that `from_prices` found without them.
        level : float
            0.95 takes the worst 5 per cent.

        Returns
        -------
        Weights
            The weights; ``details["cvar"]`` is the mean loss.

        Raises
        ------
        plait.InfeasibleError
            Every portfolio has more; the message gives the minimum within the limits.
        """
        self._require_means("target_cvar")
        wanted = required_number(target, "target")
        rows, share = self._tail(returns, level, "target_cvar")

        def relaxed(model: Model) -> tuple[float, Array]:
            weights = most_return_within(model, rows, share, wanted)
            return -float(model.expected_return(weights) or 0.0), weights

        made = self._best("target_cvar", relaxed)
        made.details["cvar"] = tail(rows, np.asarray(made), share)[0]
        return made

    def _tail(self, returns: Any, level: Any, method: str) -> tuple[Array, float]:
        share = required_number(level, "level")
        if not 0 < share < 1:
            raise ValueError(f"level: expected a number between 0 and 1, got {level!r}")
        if returns is None:
            if self.returns is None:
                raise ValueError(f"{method}: returns are needed: the portfolio was not made from prices")
            rows = self.returns[~np.isnan(self.returns).any(axis=1)]
        else:
            rows = table(returns, "returns", self.assets).values
        return self._returns(rows, method), share

    def risk_parity(self, shares: Any = None) -> Weights:
        """The weights with which every asset contributes equally to the risk.

        Parameters
        ----------
        shares : array_like, series or mapping, optional
            Share of the risk of each asset, above 0, scaled to sum to 1; equal by default.

        Returns
        -------
        Weights
            The weights, all above 0; see ``.risk_contributions``. Where limits exclude equal contributions, those that minimise
            ½ variance - k Σ share · ln(weight) within the limits, and ``details["equal"]`` is False.

        Raises
        ------
        ValueError
            The budget is not above 0, or an asset has no risk.

        Notes
        -----
        Spinu (2013), by Newton's method; limits as in Richard and Roncalli (2019). With `max_assets` or `min_weight`, the assets of the
        minimum-variance portfolio share the risk.
        """
        part = np.ones(len(self)) if shares is None else vector(shares, "shares", self.assets)
        if not (part > 0).all():
            raise ValueError("shares: expected numbers above 0")
        if self.limits.budget is None or self.limits.budget <= 0:
            raise ValueError(f"risk_parity: expected a budget above 0, got {self.limits.budget}")
        model = self._model
        proven, gap = True, 0.0
        if self._searches:
            least = self.min_variance()
            proven, gap = least.proven, least.gap
            held = np.asarray(least) > NOTHING
            low = np.where(held, np.maximum(model.limits.lower, self.min_weight or 0.0), 0.0)
            model = model.bounded(low, np.where(held, model.limits.upper, 0.0))
        else:
            model.least_risk()  # raises InfeasibleError
        counted = model.limits.upper > 0
        part = np.where(counted, part, 0.0) / part[counted].sum()
        weights = np.zeros(len(self))
        names = [name for name, kept in zip(self.assets, counted.tolist(), strict=True) if kept]
        weights[counted] = parity(self.covariance[np.ix_(counted, counted)], part[counted], list(names))
        weights *= self.limits.budget / weights.sum()
        equal = model.limits.violation(weights) <= 1e-12
        if not equal:
            weights = parity_within(model, weights, part)
        return self._result(weights, "risk_parity", proven=proven, gap=gap, equal=equal)

    def hrp(self, returns: Any = None) -> Weights:
        """Hierarchical risk parity: risk is divided recursively between clusters of correlated assets.

        Parameters
        ----------
        returns : data frame, mapping or array_like, shape (times, n), optional
            Returns whose covariance is used; the portfolio's covariance by default.

        Returns
        -------
        Weights
            The weights. Where they violate a limit, their projection on the feasible set, and ``details["projected"]`` is true.

        Notes
        -----
        López de Prado (2016): single linkage on √((1 - ρ) / 2), leaves in order, repeated halving by inverse cluster variance. O(n²) time.
        """
        covariance = self.covariance
        if returns is not None:
            found = table(returns, "returns", self.assets)
            covariance = covariance_of(self._returns(found.values, "hrp"), "sample", 1.0, self.assets)
        weights = _hrp.weights_of(covariance) * (1.0 if self.limits.budget is None else self.limits.budget)
        fits = self.limits.violation(weights) <= 1e-12 and not self._searches
        if fits:
            return self._result(weights, "hrp", projected=False)

        def relaxed(model: Model) -> tuple[float, Array]:
            near = model.lift.weights(model.closest(weights))
            return float(((near - weights) ** 2).sum()), near

        made = self._best("hrp", relaxed)
        made.details["projected"] = bool(np.abs(np.asarray(made) - weights).max() > 1e-9)
        return made

    def black_litterman(
        self,
        views: Any,
        prior: Any = None,
        market: Any = None,
        risk_aversion: float = 2.5,
        tau: float = 0.05,
        omega: Any = None,
        confidences: Any = None,
    ) -> Portfolio:
        """The portfolio with Black and Litterman's posterior means and covariance, given views on returns.

        Parameters
        ----------
        views : mapping from asset to return, or pair (P, q)
            Expected returns of assets, or of portfolios of them (the rows of P).
        prior : array_like, series or mapping, optional
            Means before the views; the portfolio's own unless `market` implies some.
        market : array_like, series or mapping, optional
            Market weights, which imply the prior means risk_aversion · Σ · market.
        risk_aversion : float
            Risk aversion of the market.
        tau : float
            Uncertainty of the prior means, as a share of the covariance.
        omega : array_like, shape (views,) or (views, views), optional
            Covariance of the views' errors; the diagonal of P (tau Σ) P' without it.
        confidences : array_like or mapping, optional
            Instead of `omega`: how far each view moves the means, from 0 (not at all) to 1 (the view is certain); Idzorek (2007).

        Returns
        -------
        Portfolio
            The same assets and limits with the posterior means, and the covariance Σ + M with M that of the posterior means.
        """
        if market is not None:
            if prior is not None:
                raise ValueError("prior, market: give one of them")
            share = vector(market, "market", self.assets)
            before = positive_number(risk_aversion, "risk_aversion") * (self.covariance @ share)
        elif prior is not None:
            before = vector(prior, "prior", self.assets)
        else:
            before = self._require_means("black_litterman (without prior and market)")
        p, q, names = read_views(views, self.assets)
        mean, covariance = posterior(self.covariance, before, p, q, names, tau, omega, confidences)
        return self._with(mean, covariance)

    def _with(self, mean: Array, covariance: Array) -> Portfolio:
        """The same assets and limits with other means and another covariance."""
        made = Portfolio(mean, covariance, self.assets, l2=self.l2, max_assets=self.max_assets, min_weight=self.min_weight, repair="clip")
        made.limits, made.returns = self.limits, self.returns
        return made

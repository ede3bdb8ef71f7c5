"""Mean-variance methods: points of the efficient frontier, and the frontier itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ._base import PortfolioBase
from ._frontier import Frontier, corners, equal_steps
from ._labels import Array, vector
from ._limits import required_number
from ._model import Model
from ._perspective import Program, ratio_program, variance_program
from ._ratio import most_ratio, most_return_at
from ._weights import Weights, sharpe_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _twice(half: float) -> float:
    return 2 * half


class MeanVariance(PortfolioBase):
    """Mean-variance methods."""

    def min_variance(self) -> Weights:
        """The minimum-variance weights.

        Returns
        -------
        Weights
            The weights.
        """

        def relaxed(model: Model) -> tuple[float, Array]:
            weights = model.lift.weights(model.least_risk())
            return model.variance(weights), weights

        return self._best("min_variance", relaxed, program=lambda model: variance_program(model, model.start_gradient, None, _twice))

    def target_return(self, target: float) -> Weights:
        """The minimum-variance weights with an expected return of at least `target`.

        Parameters
        ----------
        target : float
            Least expected return after costs, in the units of the means.

        Returns
        -------
        Weights
            The weights.

        Raises
        ------
        plait.InfeasibleError
            No portfolio reaches the target; the message gives the maximum return within the limits.
        """
        self._require_means("target_return")
        wanted = required_number(target, "target")

        def relaxed(model: Model) -> tuple[float, Array]:
            weights = model.lift.weights(model.least_risk(wanted))
            return model.variance(weights), weights

        return self._best("target_return", relaxed, program=lambda model: variance_program(model, model.start_gradient, wanted, _twice))

    def target_risk(self, target: float) -> Weights:
        """The weights of maximum expected return with a risk of at most `target`.

        Parameters
        ----------
        target : float
            A standard deviation in the units of the covariance.

        Returns
        -------
        Weights
            The weights.

        Raises
        ------
        plait.InfeasibleError
            Every portfolio has more risk; the message gives the minimum risk within the limits.
        """
        self._require_means("target_risk")
        wanted = required_number(target, "target", 0.0)

        def relaxed(model: Model) -> tuple[float, Array]:
            weights = most_return_at(model, wanted)
            return -float(model.expected_return(weights) or 0.0), weights

        return self._best("target_risk", relaxed)

    def max_sharpe(self, risk_free: float = 0.0) -> Weights:
        """The weights of maximum Sharpe ratio, (expected return - risk_free) / risk.

        Parameters
        ----------
        risk_free : float
            Risk-free return, in the units of the means.

        Returns
        -------
        Weights
            The weights. ``.proven`` is False where no portfolio earns more than `risk_free` and there are limits beyond bounds and budget:
            the result is then the best of many local searches.

        Notes
        -----
        With positive excess return, the tangency portfolio: by a quadratic program, or by a search over the frontier's segments. Otherwise
        the maximum is at a vertex of the feasible set.
        """
        self._require_means("max_sharpe")
        free = required_number(risk_free, "risk_free")
        return self._by_ratio("max_sharpe", free, None)

    def max_diversification(self) -> Weights:
        """The weights of maximum diversification ratio, Σ weight · deviation over the portfolio's deviation.

        Returns
        -------
        Weights
            The weights; ``details["diversification_ratio"]`` is the ratio.

        Notes
        -----
        Choueifaty and Coignard (2008): the maximum Sharpe ratio with standard deviations in place of means.
        """
        deviations = np.sqrt(np.diagonal(self.covariance))
        made = self._by_ratio("max_diversification", 0.0, deviations)
        made.details["diversification_ratio"] = sharpe_ratio(float(deviations @ np.asarray(made)), made.risk)
        return made

    def _by_ratio(self, method: str, risk_free: float, mean: Array | None) -> Weights:
        proven = True

        def relaxed(model: Model) -> tuple[float, Array]:
            nonlocal proven
            best = most_ratio(model, risk_free)
            proven = proven and best.proven
            return -best.ratio, best.weights

        model = self._model if mean is None else Model(replace(self.limits, cost=0.0), mean, self.covariance, self.l2)
        made = self._best(
            method, relaxed, model=model, risk_free=risk_free, program=lambda model: ratio_program(model, risk_free, self.min_weight or 0.0)
        )
        made.proven = made.proven and proven
        return made

    def max_utility(self, risk_aversion: float = 1.0) -> Weights:
        """The weights of maximum utility, expected return - risk_aversion / 2 · variance.

        Parameters
        ----------
        risk_aversion : float
            0 or more.

        Returns
        -------
        Weights
            The weights.
        """
        self._require_means("max_utility")
        price = required_number(risk_aversion, "risk_aversion", 0.0)

        def relaxed(model: Model) -> tuple[float, Array]:
            weights = model.lift.weights(model.utility(price))
            gained = model.expected_return(weights)
            assert gained is not None
            return price / 2 * model.variance(weights) - gained, weights

        def program(model: Model) -> Program | None:
            if price == 0 or model.slope is None:
                return None
            constant = model.constant or 0.0
            return variance_program(model, model.start_gradient - model.slope / price, None, lambda half: price * half - constant)

        return self._best("max_utility", relaxed, program=program)

    def min_tracking_error(self, benchmark: Any) -> Weights:
        """The weights of minimum tracking error to a benchmark.

        Parameters
        ----------
        benchmark : array_like, series or mapping
            Weights of the benchmark.

        Returns
        -------
        Weights
            The weights; ``details["tracking_error"]`` is the standard deviation of the difference in returns.
        """
        against = vector(benchmark, "benchmark", self.assets)

        def relaxed(model: Model) -> tuple[float, Array]:
            weights = model.lift.weights(model.tracking(against))
            return model.variance(weights - against), weights

        def program(model: Model) -> Program | None:
            pull = model.penalised @ against
            return variance_program(model, model.start_gradient - pull, None, lambda half: 2 * half + float(against @ pull))

        made = self._best("min_tracking_error", relaxed, program=program)
        difference = np.asarray(made) - against
        made.details["tracking_error"] = float(np.sqrt(max(0.0, float(difference @ self.covariance @ difference))))
        return made

    def efficient_frontier(self, points: int = 50, lower: bool = False) -> Frontier:
        """Minimum-variance portfolios at equally spaced returns, from the minimum variance to the maximum return.

        Parameters
        ----------
        points : int
            Number of portfolios, at least 2.
        lower : bool
            Whether to begin at the minimum return instead: the lower branch comes before the efficient one.

        Returns
        -------
        Frontier
            ``.weights (points, n)``, ``.expected_return``, ``.risk`` and ``.sharpe``.
        """
        self._require_means("efficient_frontier")
        if isinstance(points, bool) or not isinstance(points, (int, np.integer)) or points < 2:
            raise ValueError(f"points: expected a whole number of at least 2, got {points!r}")
        return equal_steps(self, int(points), bool(lower))

    def turning_points(self) -> Frontier:
        """The exact efficient frontier as its corner portfolios, at which the set of active limits changes.

        Between two neighbours every efficient portfolio is a convex combination of both.

        Returns
        -------
        Frontier
            From the minimum variance to the maximum return.

        Raises
        ------
        ValueError
            `max_assets` or `min_weight` is given: the frontier is then not piecewise linear in the weights.

        Notes
        -----
        Markowitz's critical line algorithm (1956), with all limits; returns are after costs.
        """
        self._require_means("turning_points")
        if self._searches:
            raise ValueError("turning_points: with max_assets or min_weight the frontier is not piecewise linear; use efficient_frontier")
        return corners(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """The efficient frontier with the assets and the portfolios of minimum variance and maximum Sharpe ratio.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure without it.

        Returns
        -------
        Axes
            Where it was drawn.
        """
        from ..plot import portfolio

        return portfolio(self, ax)

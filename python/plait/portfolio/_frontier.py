"""Efficient frontiers: by equal steps of return, and by their turning points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._labels import Array, Labels
from ._limits import INF
from ._segments import Path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._mean_variance import MeanVariance


class Frontier:
    """Portfolios by increasing return, made by methods of `Portfolio`.

    Parameters
    ----------
    assets : list
        Names of the assets.
    weights : ndarray, shape (k, n)
        Weights of each portfolio.
    expected_return : ndarray, shape (k,)
        Expected return of each, after costs.
    risk : ndarray, shape (k,)
        Standard deviation of each.

    Attributes
    ----------
    sharpe : ndarray, shape (k,)
        Ratio of expected return to risk.
    """

    def __init__(self, assets: Labels, weights: Array, expected_return: Array, risk: Array) -> None:
        self.assets, self.weights, self.expected_return, self.risk = assets, weights, expected_return, risk

    @property
    def sharpe(self) -> Array:
        """Return per risk; ±infinity without risk, 0 where there is neither."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.expected_return / self.risk
        result: Array = np.where(self.risk > 0, ratio, np.where(self.expected_return == 0, 0.0, np.copysign(INF, self.expected_return)))
        return result

    def __len__(self) -> int:
        return len(self.weights)

    def __repr__(self) -> str:
        lowest, highest = self.expected_return[[0, -1]]
        return (
            f"Frontier({len(self)} portfolios, returns {lowest:.4g} to {highest:.4g}, risks {self.risk.min():.4g} to {self.risk.max():.4g})"
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """The portfolios as return over risk.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure without it.

        Returns
        -------
        Axes
            Where it was drawn.
        """
        from ..plot import frontier

        return frontier(self, ax)


def frontier_of(portfolio: MeanVariance, weights: Array) -> Frontier:
    """A frontier of rows of weights."""
    limits = portfolio.limits
    weights = np.clip(weights, limits.lower, limits.upper)
    gained = np.array([portfolio._model.expected_return(w) for w in weights], dtype=np.float64)
    risk = np.sqrt(np.maximum(0.0, np.einsum("ki,ki->k", weights @ portfolio.covariance, weights)))
    return Frontier(portfolio.assets, weights, gained, risk)


def equal_steps(portfolio: MeanVariance, points: int, lower: bool) -> Frontier:
    """Minimum-variance portfolios at equally spaced returns."""
    if portfolio._searches:
        return _searched(portfolio, points)
    model = portfolio._model
    path = Path(model)
    first, last = path.at(1e-10 * path.scale).x, path.end()
    bottom, top = path.gain(first), path.gain(last)
    begin = bottom
    if lower:
        assert model.slope is not None
        begin = path.gain(model.solve(model.linear, model.slope))
    steps = np.linspace(begin, top, points)
    rows = []
    warm = None
    for k, wanted in enumerate(steps.tolist()):
        if k == points - 1:
            rows.append(last)
        elif wanted <= bottom and not lower:
            rows.append(first)
        elif wanted >= bottom:
            warm = model.solution(model.quadratic, model.start_gradient, least_return=wanted, warm=warm)
            rows.append(warm.x)
        else:
            warm = model.most_return_solution(wanted, warm)
            rows.append(warm.x)
    return frontier_of(portfolio, np.array([model.lift.weights(x) for x in rows]))


def _searched(portfolio: MeanVariance, points: int) -> Frontier:
    """The same with cardinality limits."""
    least = portfolio.min_variance()
    most = portfolio.max_utility(0.0)
    assert least.expected_return is not None
    assert most.expected_return is not None
    steps = np.linspace(least.expected_return, most.expected_return, points)
    found = [least, *(portfolio.target_return(step) for step in steps[1:-1].tolist())]
    slack = 1e-9 * max(abs(most.expected_return), float(np.ptp(steps)))
    found.append(portfolio.target_return(most.expected_return - slack))
    return frontier_of(portfolio, np.array([np.asarray(w) for w in found]))


def corners(portfolio: MeanVariance) -> Frontier:
    """All turning points (corner portfolios)."""
    model = portfolio._model
    path = Path(model)
    found: list[Array] = []
    for piece in path.walk():
        # A corner ends one segment and begins the next; it is computed from the latter, which is at least as accurate.
        x = piece.a + piece.b * piece.low
        weights = np.clip(model.lift.weights(x), model.limits.lower, model.limits.upper)
        if not found or np.abs(weights - found[-1]).max() > 1e-9 * max(1.0, float(np.abs(weights).max())):
            found.append(weights)
    return frontier_of(portfolio, np.array(found))

"""Beside exact quadratic programs, and beside PyPortfolioOpt where it is exact enough to be a witness."""

from __future__ import annotations

import numpy as np
import pytest
from reference.markets import market, prices

from plait.portfolio import Portfolio

pytestmark = pytest.mark.peer


@pytest.mark.parametrize("unit", [1 / 252, 1.0, 100.0])
@pytest.mark.parametrize("n", [4, 20, 100, 500])
def test_least_variance_and_frontier_of_quadprog(n: int, unit: float) -> None:
    quadprog = pytest.importorskip("quadprog")
    mean, covariance = market(n, n, unit)
    scale = np.trace(covariance) / n  # quadprog's own tolerances are absolute
    normals = np.vstack([np.ones(n), mean / unit, np.eye(n)]).T
    p = Portfolio(mean, covariance)
    found = p.min_variance()
    for target in (None, 0.05, 0.9 * float(mean.max()) / unit) if n < 500 else (None,):
        limits = np.concatenate([[1.0, -10.0 if target is None else target], np.zeros(n)])
        exact = quadprog.solve_qp(covariance / scale, np.zeros(n), normals, limits, 1)[0]
        found = p.min_variance() if target is None else p.target_return(target * unit)
        assert found.risk**2 == pytest.approx(float(exact @ covariance @ exact), rel=1e-8)
        assert np.asarray(found).sum() == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("unit", [1 / 252, 1.0, 100.0])
@pytest.mark.parametrize("n", [4, 20, 100])
def test_singular_covariance_of_clarabel(n: int, unit: float) -> None:
    """Fewer rows than assets: the least variance may be 0, within 1e-16 of which it must be found (in units of a year's variance)."""
    clarabel, sparse = pytest.importorskip("clarabel"), pytest.importorskip("scipy.sparse")
    returns = np.random.default_rng(n).normal(0.0005, 0.01, (max(3, n // 2), n))
    covariance = np.cov(returns.T) * unit**2
    found = Portfolio(None, covariance).min_variance()
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-12
    scale = np.trace(covariance) / n
    cones = [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(n)]
    rows = sparse.csc_matrix(np.vstack([np.ones(n), -np.eye(n)]))
    quadratic = sparse.triu(sparse.csc_matrix(covariance / scale)).tocsc()
    solved = clarabel.DefaultSolver(quadratic, np.zeros(n), rows, np.concatenate([[1.0], np.zeros(n)]), cones, settings).solve()
    x = np.array(solved.x)
    exact = float(x @ covariance @ x)
    assert found.risk**2 <= exact * (1 + 1e-8) + 1e-16 * unit**2 + 1e-10 * scale / n * (exact < 1e-8 * scale)
    assert np.asarray(found).min() >= 0


def test_ratios_and_hierarchies_of_pyportfolioopt() -> None:
    pd = pytest.importorskip("pandas")
    pypfopt = pytest.importorskip("pypfopt")
    frame = pd.DataFrame(prices(6, 3))
    p = Portfolio.from_prices(frame)
    covariance = pypfopt.risk_models.CovarianceShrinkage(frame).ledoit_wolf()
    assert p.covariance == pytest.approx(covariance.to_numpy(), rel=1e-9)
    returns = frame.pct_change().dropna()
    assert dict(p.hrp(returns).weights) == pytest.approx(dict(pypfopt.HRPOpt(returns).optimize()), rel=1e-9)
    views = (np.array([[1.0, 0, 0, 0, 0, 0], [0, 1, -1, 0, 0, 0]]), np.array([0.2, 0.05]))
    peer = pypfopt.BlackLittermanModel(
        covariance, pi=p.expected_returns, P=views[0], Q=views[1], omega="idzorek", view_confidences=[0.3, 0.8]
    )
    found = p.black_litterman(views, confidences=[0.3, 0.8])
    assert found.expected_returns == pytest.approx(peer.bl_returns().to_numpy(), rel=1e-9)
    assert found.covariance == pytest.approx(peer.bl_cov().to_numpy(), rel=1e-9)
    frontier = pypfopt.CLA(p.expected_returns, p.covariance)
    frontier.max_sharpe()
    assert p.max_sharpe().sharpe == pytest.approx(frontier.portfolio_performance(risk_free_rate=0.0)[2], rel=1e-6)

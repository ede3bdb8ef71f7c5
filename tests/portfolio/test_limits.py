"""Limits hold in every method, and infeasible subsets of limits are named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from reference.markets import market

from plait.portfolio import InfeasibleError, Portfolio, Weights

N = 8
RETURNS = np.random.default_rng(5).multivariate_normal(np.full(N, 0.0004), 1e-4 * (0.3 + 0.7 * np.eye(N)), 300)

METHODS: dict[str, Callable[[Portfolio], Weights]] = {
    "min_variance": lambda p: p.min_variance(),
    "max_sharpe": lambda p: p.max_sharpe(),
    "target_return": lambda p: p.target_return(0.03),
    "target_risk": lambda p: p.target_risk(0.4),
    "max_utility": lambda p: p.max_utility(3.0),
    "min_tracking_error": lambda p: p.min_tracking_error(np.full(N, 1 / N)),
    "risk_parity": lambda p: p.risk_parity(),
    "max_diversification": lambda p: p.max_diversification(),
    "hrp": lambda p: p.hrp(),
    "min_cvar": lambda p: p.min_cvar(RETURNS),
    "target_cvar": lambda p: p.target_cvar(0.03, RETURNS),
    "black_litterman": lambda p: p.black_litterman({0: 0.2}).max_sharpe(),
}
LIMITS: dict[str, dict[str, object]] = {
    "bounds": {"bounds": (0.02, 0.3)},
    "groups": {"groups": {"few": ([0, 1, 2], 0.2, 0.3), "odd": ([1, 3, 5, 7], None, 0.4)}},
    "shorts": {"bounds": (-0.2, 0.5), "leverage": 1.3},
    "turnover": {"previous": np.full(N, 1 / N), "turnover": 0.15},
    "all": {
        "bounds": (-0.1, 0.5),
        "leverage": 1.2,
        "previous": np.arange(N) / 28,
        "turnover": 0.3,
        "cost": 0.002,
        "l2": 0.01,
        "groups": {"few": ([0, 1, 2], 0.15, 0.3)},
    },
    "few": {"max_assets": 3},
    "few and large": {"max_assets": 4, "min_weight": 0.2, "bounds": (0, 0.5)},
}


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("method", METHODS)
def test_hold_in_every_method(method: str, limits: str) -> None:
    mean, covariance = market(N, 1)
    p = Portfolio(np.abs(mean) + 0.01, covariance, **LIMITS[limits])  # type: ignore[arg-type]
    found = METHODS[method](p)
    w = np.asarray(found)
    assert np.isfinite(w).all()
    assert p.limits.violation(w) < 1e-9
    held = np.abs(w) > 1e-9
    if p.max_assets is not None:
        assert held.sum() <= p.max_assets
    if p.min_weight is not None:
        assert np.abs(w[held]).min() >= p.min_weight * (1 - 1e-8)
    if method != "black_litterman":  # whose covariance is that of the posterior
        assert found.risk == pytest.approx(np.sqrt(w @ covariance @ w), rel=1e-9)


def test_costs_are_taken_from_the_return() -> None:
    mean, covariance = market(N, 1)
    before = np.full(N, 1 / N)
    p = Portfolio(mean, covariance, previous=before, cost=0.01)
    found = p.max_utility(2.0)
    w = np.asarray(found)
    assert found.expected_return == pytest.approx(mean @ w - 0.01 * np.abs(w - before).sum())
    free = np.asarray(Portfolio(mean, covariance).max_utility(2.0))

    def utility(v: np.ndarray) -> float:
        return float(mean @ v - 0.01 * np.abs(v - before).sum() - v @ covariance @ v)

    rng = np.random.default_rng(0)
    for other in (free, before, *(0.9 * w + 0.1 * rng.dirichlet(np.ones(N)) for _ in range(200))):
        assert utility(other) <= utility(w) + 1e-12
    dear = Portfolio(mean, covariance, previous=before, cost=10.0)
    assert np.asarray(dear.max_utility(2.0)) == pytest.approx(before, abs=1e-9)


def test_turnover_of_nothing_stays_where_it_was() -> None:
    mean, covariance = market(N, 1)
    before = np.arange(N) / 28
    for found in (m(Portfolio(np.abs(mean), covariance, previous=before, turnover=0.0)) for k, m in METHODS.items() if k != "target_cvar"):
        assert np.asarray(found) == pytest.approx(before, abs=1e-8)


def infeasible(action: Callable[[], object]) -> tuple[str, ...]:
    with pytest.raises(InfeasibleError) as caught:
        action()
    return caught.value.conflict


def test_conflicts_are_named_and_irreducible() -> None:
    mean, covariance = market(6, 1)
    names = list("abcdef")

    def make(**limits: object) -> Portfolio:
        return Portfolio(mean, covariance, assets=names, **limits)  # type: ignore[arg-type]

    two = make(groups={"tech": (["a", "b"], 0.6, 1), "food": (["c", "d"], 0.5, 1), "rest": (["e"], 0, 0.1)}, bounds=(0, 1))
    conflict = infeasible(two.min_variance)
    assert {"tech", "food", "budget"} <= set(conflict)
    assert "rest" not in conflict
    assert set(conflict) - {"tech", "food", "budget"} <= {f"lower bound of {name}" for name in "ef"}
    narrow = make(bounds=(0, 0.1))
    assert set(infeasible(narrow.max_sharpe)) == {"budget", *(f"upper bound of {name}" for name in names)}
    pair = make(groups={"most": (["a", "b"], None, 0.2), "least": (["a", "b", "c"], 0.9, None)}, bounds=dict.fromkeys(names, (0, 0.5)))
    assert set(infeasible(pair.risk_parity)) == {"most", "least", "upper bound of c"}
    still = make(previous=[1, 0, 0, 0, 0, 0], turnover=0.1, bounds=(0, 0.5))
    assert set(infeasible(still.hrp)) == {"turnover", "upper bound of a"}
    long = make(bounds=(-1, 1), leverage=0.5)
    assert set(infeasible(long.min_variance)) == {"budget", "leverage"}
    greedy = infeasible(lambda: make().target_return(float(mean.max()) + 0.1))
    assert "target_return" in greedy
    assert "max_assets" in infeasible(make(bounds=(0, 0.3), max_assets=3).min_variance)
    assert "min_weight" in infeasible(make(bounds=(0, 0.3), min_weight=0.4).min_variance)


@pytest.mark.parametrize("seed", range(6))
def test_each_member_of_a_conflict_is_needed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 5
    mean, covariance = market(n, seed)
    groups = {f"g{k}": (rng.choice(n, 2, replace=False).tolist(), low := float(rng.uniform(0, 0.5)), low + 0.05) for k in range(5)}
    p = Portfolio(mean, covariance, groups=groups, bounds=(0, 0.6))
    kept = set(infeasible(p.min_variance))
    from plait.portfolio._conflict import _excludes

    assert kept
    assert _excludes(p._model, p.limits.only(kept), None)
    for name in kept:
        assert not _excludes(p._model, p.limits.only(kept - {name}), None)

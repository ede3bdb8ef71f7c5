"""Conflicts with limits on how many are held: what is named can't be kept, and each part of it is needed; checked by trying every set of signs."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from plait import InfeasibleError
from plait.portfolio import Portfolio
from plait.portfolio._cvar import least_cvar
from plait.portfolio._limits import Limits, lift
from plait.portfolio._model import Model
from plait.portfolio._qp import Quadratic

ASSETS = list("ABCD")


def nothing_keeps(limits: Limits, most: int, least: float) -> bool:
    for signs in itertools.product((-1, 0, 1), repeat=len(limits.assets)):
        if np.count_nonzero(signs) > most:
            continue
        s = np.array(signs)
        # Without a least weight both signs are in one.
        low = np.where(s > 0, least if least > 0 else -np.inf, np.where(s < 0, -np.inf, 0.0))
        high = np.where(s < 0, -least if least > 0 else np.inf, np.where(s > 0, np.inf, 0.0))
        low, high = np.maximum(low, limits.lower), np.minimum(high, limits.upper)
        if (low > high).any():
            continue
        at = lift(replace(limits, lower=low, upper=high))
        size = len(at.lower)
        if Quadratic(np.eye(size), at.rows).solve(np.zeros(size), at.lower, at.upper, at.row_lower, at.row_upper).status == "solved":
            return False
    return True


def irreducible(p: Portfolio, conflict: set[str]) -> bool:
    def excludes(names: set[str]) -> bool:
        most = p.max_assets if p.max_assets is not None and "max_assets" in names else len(ASSETS)
        least = p.min_weight if p.min_weight is not None and "min_weight" in names else 0.0
        return nothing_keeps(p.limits.only(names), most, least)

    return excludes(conflict) and not any(excludes(conflict - {name}) for name in conflict)


CASES = {
    "few": {"max_assets": 2, "groups": {k: ([k], 0.1, 1) for k in "ABC"}},
    "few, and bystanders": {"max_assets": 2, "bounds": (0, 0.4), "groups": {"x": (["A", "B"], 0, 0.9), "y": (["C", "D"], 0, 0.95)}},
    "too little of each": {"min_weight": 0.35, "bounds": (0, 0.3)},
    "too much of each": {"max_assets": 1, "bounds": [(0.1, 1), (0, 1), (0.2, 1), (0, 1)]},
    "turnover": {"max_assets": 3, "bounds": (0, 0.5), "previous": [0.25] * 4, "turnover": 0.1},
    "both": {"max_assets": 2, "min_weight": 0.3, "bounds": (0, 0.45)},
    "shorts": {"max_assets": 2, "bounds": (-0.2, 0.45), "leverage": 2.0},
    "a group below the least weight": {"min_weight": 0.3, "groups": {"x": (["A", "B"], 0.1, 0.25), "y": (["C", "D"], 0, 1)}},
}


@pytest.mark.parametrize("limits", CASES.values(), ids=CASES)
def test_a_conflict_is_one_and_each_part_is_needed(limits: dict) -> None:  # type: ignore[type-arg]
    p = Portfolio([0.1, 0.2, 0.3, 0.4], np.diag([1.0, 2, 3, 4]), ASSETS, **limits)
    with pytest.raises(InfeasibleError) as caught:
        p.min_variance()
    assert irreducible(p, set(caught.value.conflict)), caught.value.conflict


def test_conflicts_of_random_limits() -> None:
    infeasible = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        groups = {}
        for k in range(3):
            low = float(rng.uniform(0, 0.5))
            groups[f"g{k}"] = (rng.choice(ASSETS, 2, replace=False).tolist(), low, low + 0.2)
        p = Portfolio(
            rng.normal(size=4),
            np.diag([1.0, 2, 3, 4]),
            ASSETS,
            bounds=(0, 0.6),
            groups=groups,
            max_assets=2,
            min_weight=float(rng.uniform(0.1, 0.3)),
        )
        try:
            p.min_variance()
        except InfeasibleError as error:
            conflict = set(error.conflict)
            assert conflict, seed
            assert irreducible(p, conflict), (seed, conflict)
            infeasible += 1
    assert infeasible >= 10


@pytest.mark.parametrize(("n", "most", "high"), [(12, 4, 0.2), (20, 6, 0.15), (50, 10, 0.09)])
def test_many_assets_that_can_not_fill_the_budget(n: int, most: int, high: float) -> None:
    """Trying every choice of them would take for ever."""
    p = Portfolio(np.zeros(n), np.eye(n) + 0.1, bounds=(0, high), max_assets=most)
    with pytest.raises(InfeasibleError) as caught:
        p.min_variance()
    assert set(caught.value.conflict) >= {"budget", "max_assets"}
    assert len([name for name in caught.value.conflict if name.startswith("upper bound")]) >= n - most
    assert not any(name.startswith("lower bound") for name in caught.value.conflict)


def test_a_target_beside_few_assets_stays_named() -> None:
    p = Portfolio([0.1, 0.2, 0.3, 0.4], np.diag([1.0, 2, 3, 4]), ASSETS, bounds=[(0.3, 1), (0, 1), (0, 1), (0, 0.3)], max_assets=2)
    with pytest.raises(InfeasibleError) as caught:
        p.target_return(0.26)
    assert {"target_return", "max_assets"} <= set(caught.value.conflict)


def test_targets_beside_max_assets_are_named_with_what_they_need() -> None:
    """What is named can't be kept with the target, and can be without any one of it."""
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(20, 8))
    mean, cov = np.linspace(0.02, 0.12, 8), factor.T @ factor / 20 * 0.04
    with pytest.raises(InfeasibleError) as caught:
        Portfolio(mean, cov, max_assets=2, bounds=(0, 0.6)).target_risk(0.08)
    assert tuple(caught.value.conflict) == ("budget", "max_assets", "target_risk")
    assert Portfolio(mean, cov, bounds=(0, 0.6)).target_risk(0.08).risk <= 0.08 * (1 + 1e-9)
    returns = rng.normal(size=(50, 8)) * 0.01
    p = Portfolio(mean, cov, groups={"g": ([0, 1], 0.0, 0.9)})
    with pytest.raises(InfeasibleError) as caught:
        p.target_cvar(1e-5, returns)
    *conflict, target = caught.value.conflict
    assert target == "target_cvar"
    assert len(conflict) < len(p.limits.names())

    def within_reach(names: set[str]) -> bool:
        try:
            return least_cvar(Model(p.limits.only(names), None, cov), returns, 0.95)[0] <= 1e-5
        except ValueError:  # it falls for ever
            return True

    assert not within_reach(set(conflict))
    for name in conflict:
        assert within_reach(set(conflict) - {name}), name


@pytest.mark.parametrize("method", ["max_utility", "min_tracking_error"])
def test_other_methods_try_all_sets_too(method: str) -> None:
    rng = np.random.default_rng(3)
    factor = rng.normal(size=(12, 6))
    mean, cov = rng.uniform(0, 0.1, 6), factor.T @ factor / 12 * 0.04 + 0.01 * np.eye(6)
    benchmark = rng.dirichlet(np.ones(6))

    def value(p: Portfolio) -> float:
        x = np.asarray(p.max_utility(3.0) if method == "max_utility" else p.min_tracking_error(benchmark))
        d = x - benchmark
        return float(1.5 * x @ cov @ x - mean @ x) if method == "max_utility" else float(d @ cov @ d)

    best = min(
        value(Portfolio(mean, cov, bounds=[(0, 1) if k in kept else (0, 0) for k in range(6)]))
        for kept in itertools.combinations(range(6), 2)
    )
    assert value(Portfolio(mean, cov, max_assets=2)) == pytest.approx(best, rel=1e-9)

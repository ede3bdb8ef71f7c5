"""Branch and bound with the perspective relaxation: equal to trying every set of assets."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

import plait
from plait.portfolio import Portfolio
from plait.portfolio._perspective import shares, split_off


def market(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    loadings = rng.normal(size=(n, 3))
    return rng.uniform(-0.02, 0.15, n), loadings @ loadings.T * 0.01 + np.diag(rng.uniform(0.005, 0.06, n))


@pytest.mark.parametrize(
    "limits", [{}, {"bounds": (0.05, 0.6)}, {"groups": {"g": ([0, 1, 2], 0.2, 0.5)}}, {"l2": 0.02, "bounds": (0, 0.4)}]
)
@pytest.mark.parametrize("seed", range(3))
def test_all_sets_are_tried(seed: int, limits: dict) -> None:
    n, most = 7, 3
    mean, cov = market(seed, n)
    if "bounds" in limits and limits["bounds"][0] > 0:
        limits = {"bounds": [(0.05, 0.6)] + [(0, 0.6)] * (n - 1)}
    searched = Portfolio(mean, cov, max_assets=most, **limits)
    target = 0.6 * float(np.sort(mean)[-3:].mean())
    plain = limits.get("bounds", [(0, 1)] * n)
    pairs = [plain] * n if isinstance(plain, tuple) else plain
    for method in ("min_variance", "max_sharpe", "max_diversification", "target_return"):
        best = np.inf
        for kept in itertools.combinations(range(n), most):
            bounds = [pairs[k] if k in kept else (0.0, 0.0) for k in range(n)]
            if pairs[0][0] > 0 and 0 not in kept:
                continue
            alone = Portfolio(mean, cov, **(limits | {"bounds": bounds}))
            try:
                w = alone.target_return(target) if method == "target_return" else getattr(alone, method)()
            except plait.InfeasibleError:
                continue
            x = np.asarray(w)
            l2 = limits.get("l2", 0.0)
            variance = x @ cov @ x + l2 * x @ x
            gain = {"max_sharpe": mean, "max_diversification": np.sqrt(np.diag(cov))}.get(method)
            best = min(best, variance if gain is None else -float(gain @ x) / np.sqrt(variance))
        w = searched.target_return(target) if method == "target_return" else getattr(searched, method)()
        x = np.asarray(w)
        variance = x @ cov @ x + limits.get("l2", 0.0) * x @ x
        gain = {"max_sharpe": mean, "max_diversification": np.sqrt(np.diag(cov))}.get(method)
        assert w.proven
        assert np.count_nonzero(np.abs(x) > 1e-9) <= most
        value = variance if gain is None else -float(gain @ x) / np.sqrt(variance)
        assert value == pytest.approx(best, rel=1e-8)


def test_the_diagonal_leaves_no_negative_eigenvalue() -> None:
    for seed in range(5):
        cov = market(seed, 12)[1]
        d = split_off(cov)
        assert (d >= 0).all()
        assert d.sum() > 0.05 * np.trace(cov)
        assert np.linalg.eigvalsh(cov - np.diag(d))[0] >= -1e-12 * np.trace(cov)
    assert (split_off(np.ones((3, 3))) == 0).all()


def test_shares_of_what_may_be_held() -> None:
    rng = np.random.default_rng(0)
    for total in (1, 3, 6):
        sizes = rng.exponential(size=8) ** 3
        z = shares(sizes, total)
        assert z.sum() <= total + 1e-5
        assert (z <= 1).all()
        value = (sizes**2 / z).sum()
        for _ in range(50):
            other = np.minimum(rng.dirichlet(np.ones(8)) * total, 1)
            assert (sizes**2 / np.maximum(other, 1e-300)).sum() >= value * (1 - 1e-4)


def test_twenty_assets_of_which_five_are_held() -> None:
    """The most diversified of them took 40 s where a bound did not count how many are held."""
    names = [f"a{k}" for k in range(20)]
    rng = np.random.default_rng(0)
    loadings = rng.normal(size=(20, 4))
    cov = loadings @ loadings.T * 0.01 + np.diag(rng.uniform(0.01, 0.06, 20))
    p = Portfolio(
        rng.uniform(0.02, 0.15, 20), cov, names, groups={"g1": (names[:7], 0.2, 0.5), "g2": (names[7:14], 0.1, 0.6)}, max_assets=5
    )
    began = time.process_time()
    assert p.max_diversification().proven
    assert p.max_sharpe().proven
    assert p.min_variance().proven
    assert time.process_time() - began < 5

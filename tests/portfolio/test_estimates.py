"""Means and covariances from prices: beside their definitions, written out."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from reference.markets import prices

from plait.portfolio import Portfolio

Array = npt.NDArray[np.float64]


def table(n: int = 4, seed: int = 0) -> Array:
    return np.column_stack(list(prices(n, seed, 120).values()))


def test_simple_and_logarithmic_returns_times_frequency() -> None:
    values = table()
    for kind, returns in (("simple", values[1:] / values[:-1] - 1), ("log", np.diff(np.log(values), axis=0))):
        p = Portfolio.from_prices(values, frequency=12, shrinkage=None, returns=kind)
        assert p.expected_returns == pytest.approx(returns.mean(axis=0) * 12)
        assert p.covariance == pytest.approx(np.cov(returns.T) * 12)
        assert p.returns == pytest.approx(returns)


def test_other_means() -> None:
    values = table()
    returns = values[1:] / values[:-1] - 1
    compounded = Portfolio.from_prices(values, frequency=119, mean="compounded").expected_returns
    assert compounded == pytest.approx(values[-1] / values[0] - 1)
    weights = np.array([(1 - 2 / 31) ** (118 - k) for k in range(119)])
    ema = Portfolio.from_prices(values, frequency=12, mean="ema", span=30).expected_returns
    assert ema == pytest.approx(12 * weights @ returns / weights.sum())
    market = returns.mean(axis=1)
    beta = [np.cov(column, market)[0, 1] / market.var(ddof=1) for column in returns.T]
    capm = Portfolio.from_prices(values, mean="capm", risk_free=0.02).expected_returns
    assert capm == pytest.approx(0.02 + np.array(beta) * (market.mean() * 252 - 0.02))
    index = Portfolio.from_prices(values, mean="capm", market=values[:, 0]).expected_returns
    assert index is not None
    assert index[0] == pytest.approx(returns[:, 0].mean() * 252)


def by_loops(returns: Array, kind: str) -> Array:
    """Ledoit and Wolf's estimators, element by element."""
    t, n = returns.shape
    x = returns - returns.mean(axis=0)
    s = sum((np.outer(row, row) for row in x), np.zeros((n, n))) / t
    r = s / np.sqrt(np.outer(np.diagonal(s), np.diagonal(s)))
    if kind == "constant_correlation":
        mean = sum(r[i, j] for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
        target = np.array([[s[i, i] if i == j else mean * np.sqrt(s[i, i] * s[j, j]) for j in range(n)] for i in range(n)])
        pi = {(i, j): float(np.mean((x[:, i] * x[:, j] - s[i, j]) ** 2)) for i in range(n) for j in range(n)}

        def theta(a: int, i: int, j: int) -> float:
            return float(np.mean((x[:, a] ** 2 - s[a, a]) * (x[:, i] * x[:, j] - s[i, j])))

        rho = sum(pi[i, i] for i in range(n))
        for i, j in itertools.permutations(range(n), 2):
            rho += mean / 2 * (np.sqrt(s[j, j] / s[i, i]) * theta(i, i, j) + np.sqrt(s[i, i] / s[j, j]) * theta(j, i, j))
        amount = (sum(pi.values()) - rho) / ((target - s) ** 2).sum() / t
    else:
        target = np.trace(s) / n * np.eye(n)
        noise = sum(((np.outer(row, row) - s) ** 2).sum() for row in x) / t**2
        amount = noise / ((target - s) ** 2).sum()
    amount = min(1.0, max(0.0, amount))
    return amount * target + (1 - amount) * s


@pytest.mark.parametrize("kind", ["ledoit_wolf", "constant_correlation"])
@pytest.mark.parametrize("n", [3, 5])
def test_shrinkage_by_its_definition(kind: str, n: int) -> None:
    values = table(n, n)
    returns = values[1:] / values[:-1] - 1
    p = Portfolio.from_prices(values, frequency=1, shrinkage=kind)
    assert p.covariance == pytest.approx(by_loops(returns, kind), rel=1e-9)


def test_missing_prices() -> None:
    values = table()
    holes = values.copy()
    holes[[5, 17], 1] = np.nan
    holes[:10, 2] = np.nan
    drop = Portfolio.from_prices(holes, shrinkage=None)
    kept = holes[~np.isnan(holes).any(axis=1)]
    assert drop.covariance == pytest.approx(np.cov((kept[1:] / kept[:-1] - 1).T) * 252)
    fill = holes.copy()
    for i in range(1, len(fill)):
        fill[i] = np.where(np.isnan(fill[i]), fill[i - 1], fill[i])
    late = fill[10:]
    assert Portfolio.from_prices(holes, shrinkage=None, missing="ffill").covariance == pytest.approx(
        np.cov((late[1:] / late[:-1] - 1).T) * 252
    )
    pairs = Portfolio.from_prices(holes, shrinkage=None, missing="pairwise")
    returns = holes[1:] / holes[:-1] - 1
    for i, j in itertools.product(range(4), repeat=2):
        both = ~np.isnan(returns[:, [i, j]]).any(axis=1)
        assert pairs.covariance[i, j] == pytest.approx(np.cov(returns[both, i], returns[both, j])[0, 1] * 252)


def test_data_frames_are_read_by_label() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(prices(4, 0, 120), index=pd.date_range("2020-01-01", periods=120))
    p = Portfolio.from_prices(frame, shrinkage=None)
    assert p.assets == ["a", "b", "c", "d"]
    returns = frame.pct_change().dropna()
    mean, covariance = returns.mean() * 252, returns.cov() * 252
    mixed = Portfolio(mean[["c", "a", "d", "b"]], covariance.loc[["d", "a", "b", "c"], ["b", "d", "a", "c"]])
    assert mixed.assets == ["b", "d", "a", "c"]
    assert dict(mixed.max_sharpe().weights) == pytest.approx(dict(p.max_sharpe().weights))
    chosen = Portfolio.from_prices(frame, shrinkage=None, assets=["d", "a"])
    assert chosen.covariance == pytest.approx(p.covariance[np.ix_([3, 0], [3, 0])])
    with pytest.raises(ValueError, match="nothing for asset 'a'"):
        Portfolio(mean.drop("a"), covariance)
    with pytest.raises(ValueError, match="nothing for asset 'd'"):
        Portfolio(mean, covariance, bounds={"a": (0, 1), "b": (0, 1), "c": (0, 1)})
    with pytest.raises(ValueError, match="nothing for asset 'x'"):
        Portfolio(mean, covariance, groups={"g": (["x"], 0, 1)})
    bought = p.min_variance().discrete(frame.iloc[-1][["c", "b", "a", "d"]], 1000.0)
    assert list(bought.shares) == p.assets


def test_real_prices(data_file: Callable[[str], Path]) -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.read_csv(data_file("finance/stock_prices.csv"), index_col=0, parse_dates=True)
    returns = frame.dropna().pct_change().dropna()
    p = Portfolio.from_prices(frame, shrinkage=None)
    assert p.covariance == pytest.approx(returns.cov().to_numpy() * 252)
    assert p.max_sharpe().sharpe == pytest.approx(1.7921, rel=0.02)


def test_a_rounded_covariance_from_a_file(data_file: Callable[[str], Path]) -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.read_csv(data_file("finance/cov_matrix.csv"), index_col=0)
    if np.linalg.eigvalsh(frame.to_numpy())[0] < -1e-10 * frame.to_numpy().max():
        with pytest.raises(ValueError, match="smallest eigenvalue"):
            Portfolio(None, frame)
    p = Portfolio(None, frame, repair="nearest")
    w = np.asarray(p.min_variance())
    assert w.sum() == pytest.approx(1)


@pytest.mark.parametrize("repair", ["clip", "nearest"])
def test_negative_eigenvalues_are_named_and_repaired(repair: str) -> None:
    wrong = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]]) * np.outer([1, 2, 3], [1, 2, 3])
    smallest = np.linalg.eigvalsh(wrong)[0]
    with pytest.raises(ValueError, match=f"smallest eigenvalue is {smallest:.6g}"):
        Portfolio(None, wrong)
    p = Portfolio(None, wrong, repair=repair)  # type: ignore[arg-type]
    assert np.linalg.eigvalsh(p.covariance)[0] > -1e-12
    if repair == "nearest":
        assert np.diagonal(p.covariance) == pytest.approx([1, 4, 9])
    else:
        values, vectors = np.linalg.eigh(wrong)
        assert p.covariance == pytest.approx((vectors * np.maximum(values, 0)) @ vectors.T)
    assert np.isfinite(np.asarray(p.min_variance())).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"frame": [[1.0, -1.0]] * 5}, "prices: -1 for asset 1"),
        ({"frame": [[1.0, np.inf]] * 5}, "prices: inf for asset 1"),
        ({"frame": [[1.0, np.nan]] * 5}, "asset 1 has 0 prices"),
        ({"frame": [[1.0, 2.0]] * 2}, "three at least"),
        ({"frame": np.ones((5, 0))}, "no assets"),
        ({"frame": {"a": [1.0, 2, 3], "b": [1.0, 2]}}, "different length"),
        ({"frame": {"a": ["x", "y", "z"]}}, "expected numbers"),
        ({"frame": [[1.0, 2.0]] * 5, "mean": "median"}, "mean: expected one of"),
        ({"frame": [[1.0, 2.0]] * 5, "shrinkage": 2}, "from 0 to 1"),
        ({"frame": [[1.0, 2.0]] * 5, "shrinkage": "x"}, "shrinkage: expected"),
        ({"frame": [[1.0, 2.0]] * 5, "frequency": 0}, "frequency: expected"),
        ({"frame": [[1.0, 2.0]] * 5, "missing": "zero"}, "missing: expected"),
    ],
)
def test_bad_prices(arguments: dict[str, object], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        Portfolio.from_prices(**arguments)  # type: ignore[arg-type]


def test_prices_that_do_not_move_and_twins() -> None:
    moving = table(2)
    still = np.column_stack([moving, np.full(len(moving), 3.0), moving[:, 0]])
    p = Portfolio.from_prices(still, shrinkage=None)
    assert np.asarray(p.min_variance())[2] == pytest.approx(1)
    assert p.min_variance().risk == pytest.approx(0, abs=1e-8)
    twins = Portfolio.from_prices(still[:, [0, 1, 3]], shrinkage=None)
    alone = Portfolio.from_prices(still[:, [0, 1]], shrinkage=None)
    for method in ("min_variance", "max_sharpe"):
        assert getattr(twins, method)().risk == pytest.approx(getattr(alone, method)().risk, rel=1e-7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"expected_returns": [0.1, np.nan]}, "expected_returns: asset 1 has nan"),
        ({"expected_returns": [0.1]}, "expected one number for each of the 2 assets"),
        ({"covariance": [[1.0, 0.0]]}, "square matrix"),
        ({"covariance": [[1.0, np.inf], [np.inf, 1.0]]}, "finite"),
        ({"covariance": [[1.0, 0.5], [0.1, 1.0]]}, "not symmetric"),
        ({"covariance": [[-1.0, 0.0], [0.0, 1.0]]}, "negative variance"),
        ({"bounds": (1, 0)}, "above the upper bound"),
        ({"bounds": (0, np.nan)}, "are no bounds"),
        ({"bounds": [(0, 1)] * 3}, "bounds: expected"),
        ({"groups": {"g": ([0, 0], 0, 1)}}, "occurs twice"),
        ({"groups": {"g": ([0], 1, 0)}}, "no range"),
        ({"groups": [1]}, "expected a mapping"),
        ({"assets": ["a", "a"]}, "occurs twice"),
        ({"turnover": 0.5}, "previous"),
        ({"cost": -1.0}, "cost: expected"),
        ({"max_assets": 0}, "max_assets: expected"),
        ({"max_assets": 1.5}, "max_assets: expected"),
        ({"min_weight": -0.1}, "min_weight: expected"),
        ({"repair": "x"}, "repair: expected"),
        ({"budget": np.nan}, "budget: expected"),
    ],
)
def test_bad_portfolios(arguments: dict[str, object], message: str) -> None:
    given: dict[str, object] = {"expected_returns": [0.1, 0.2], "covariance": np.eye(2)} | arguments
    with pytest.raises((ValueError, TypeError), match=message):
        Portfolio(**given)  # type: ignore[arg-type]

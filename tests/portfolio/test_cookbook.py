"""Every call in docs/coming/pyportfolioopt.md runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import plait
from plait.portfolio import Portfolio

BOOK = Path(__file__).parents[2] / "docs" / "coming" / "pyportfolioopt.md"
NAMES = ["AAPL", "MSFT", "c", "d"]


class Frame(dict):  # type: ignore[type-arg]
    """As much of a table of returns as the book asks for."""

    def values_of(self) -> np.ndarray:
        return np.array(list(self.values())).T

    def mean(self) -> dict[str, float]:
        return dict(zip(self, self.values_of().mean(axis=0), strict=True))

    def cov(self) -> np.ndarray:
        return np.cov(self.values_of().T)


def world() -> dict[str, object]:
    rng = np.random.default_rng(0)
    returns = rng.normal([0.001, 0.0008, 0.0005, 0.0006], 0.01, (300, 4))
    prices = dict(zip(NAMES, 100 * np.cumprod(1 + returns, axis=0).T, strict=True))
    market = 100 * np.cumprod(1 + returns.mean(axis=1))
    mu, cov = returns.mean(axis=0), np.cov(returns.T)
    p = Portfolio(mu, cov, assets=NAMES)
    w = p.min_variance()
    quarter = np.full(4, 0.25)
    return {
        "Portfolio": Portfolio,
        "from_prices": Portfolio.from_prices,
        "plait": plait,
        "prices": prices,
        "market_prices": market,
        "returns": returns,
        "Y": Frame(zip(NAMES, returns.T, strict=True)),
        "mu": dict(zip(NAMES, mu, strict=True)),
        "S": cov,
        "p": p,
        "w": w,
        "w0": quarter,
        "r": float(mu.mean()),
        "s": w.risk * 1.1,
        "d": 2.0,
        "c": 0.03,
        "t": 0.4,
        "g": 0.01,
        "L": 1.5,
        "K": 2,
        "m": 0.1,
        "x": 0.2,
        "y": 0.9,
        "span": 50,
        "delta": 0.2,
        "benchmark": quarter,
        "pi": mu,
        "views": {"AAPL": 0.002},
        "P": np.array([[1.0, -1.0, 0.0, 0.0]]),
        "Q": np.array([0.0005]),
        "confidences": [0.5],
        "caps": np.array([4.0, 3, 2, 1]),
        "value": 10_000.0,
        "strategy": quarter,
        "np": np,
    }


def calls() -> list[str]:
    """What stands in the second column, each whole call by itself."""
    found = []
    for line in BOOK.read_text(encoding="utf-8").splitlines():
        if line.startswith(("| `", "| back")):
            right = line.rsplit("|", 2)[1]
            for code in re.findall(r"`([^`]+)`", right):
                if "…" not in code and re.match(r"(p|w|from_prices|Portfolio|plait)\b.*\)$|p = ", code):
                    found.append(code)
    return found


def test_the_book_has_its_calls() -> None:
    assert len(calls()) > 40


@pytest.mark.parametrize("code", sorted(set(calls())))
def test_calls_of_the_book_run(code: str) -> None:
    names = world()
    if "prices, value" in code:
        names["prices"] = {k: v[-1] for k, v in names["prices"].items()}  # type: ignore[attr-defined]
    if "confidences=c" in code:
        names["c"] = names["confidences"]
    if "market=w" in code:
        names["w"] = np.asarray(names["w"])
    if ".plot" in code:
        pytest.importorskip("matplotlib").use("Agg")
    if "backtest" in code:  # months want dates
        pandas = pytest.importorskip("pandas")
        names["prices"] = pandas.DataFrame(names["prices"], index=pandas.date_range("2024-01-01", periods=300))
    exec(code, names)

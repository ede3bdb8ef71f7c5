"""``plait portfolio``: weights from a file of prices."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from reference.markets import prices

from plait import cli
from plait.portfolio import Portfolio, backtest

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    columns = prices(4, 1, 60)
    days = np.arange("2020-01-01", "2020-03-01", dtype="datetime64[D]")
    lines = ["date,a,b,c,d", *(",".join([str(day), *(repr(float(c[k])) for c in columns.values())]) for k, day in enumerate(days))]
    path = tmp_path / "prices.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def told(capsys: Capture, *arguments: object) -> dict[str, object]:
    assert cli.main(["portfolio", *map(str, arguments), "--json"]) == 0
    result: dict[str, object] = json.loads(capsys.readouterr().out)
    return result


def test_weights_shares_and_buy_and_hold(table: Path, capsys: Capture) -> None:
    result = told(capsys, table, "--value", 1000)
    p = Portfolio.from_prices(prices(4, 1, 60))
    best = p.max_sharpe()
    assert result["weights"] == pytest.approx(dict(best.weights))
    assert result["sharpe"] == pytest.approx(best.sharpe)
    held = backtest(prices(4, 1, 60), best, rebalance=None, cost=0.0)
    assert result["buy_and_hold_sharpe"] == pytest.approx(held.sharpe)
    last = [column[-1] for column in prices(4, 1, 60).values()]
    assert result["shares"] == best.discrete(last, 1000.0).shares
    chosen = told(capsys, table, "--allocation", 0.5, 0.5, "--assets", "c", "a")
    assert chosen["weights"] == {"c": 0.5, "a": 0.5}


@pytest.mark.parametrize("method", ["min-variance", "risk-parity", "max-diversification", "min-cvar", "hrp", "equal"])
def test_methods(table: Path, capsys: Capture, method: str) -> None:
    weights = told(capsys, table, "--method", method)["weights"]
    assert isinstance(weights, dict)
    assert sum(weights.values()) == pytest.approx(1)


def test_a_page(table: Path, capsys: Capture, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    page = tmp_path / "page.html"
    assert cli.main(["portfolio", str(table), "--out", str(page)]) == 0
    assert "weight of" in capsys.readouterr().out
    assert "Efficient frontier" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("date,a\n2020-01-01,1\n2020-01-02,x\n", "'x' is no number"),
        ("date,a,b\n2020-01-01,1,2\n2020-01-02,-1,2\n2020-01-03,1,2\n2020-01-04,1,2\n", "expected prices above 0"),
        ("date,a,a\n2020-01-01,1,2\n2020-01-02,1,2\n2020-01-03,1,2\n", "occurs twice"),
    ],
)
def test_bad_files(tmp_path: Path, capsys: Capture, text: str, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    assert cli.main(["portfolio", str(path)]) == 1
    assert message in capsys.readouterr().err


def test_out_of_reach(table: Path, capsys: Capture) -> None:
    assert cli.main(["portfolio", str(table), "--target-return", "99"]) == 1
    assert "out of reach" in capsys.readouterr().err

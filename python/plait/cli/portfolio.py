"""``plait portfolio``: optimise a portfolio of the assets in a CSV file of prices, and report its past return."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import portfolio, report
from ._columns import MISSING, _as_number, _Marks, _rows, _separator
from ._common import Failure, Result, add_common, positive

METHODS = ("min-variance", "max-sharpe", "risk-parity", "max-diversification", "min-cvar", "hrp", "equal")


@dataclass(frozen=True)
class Prices:
    """A table of prices with the interface of a data frame; missing prices are NaN."""

    columns: list[str]
    index: list[Any]
    values: np.ndarray[Any, np.dtype[np.float64]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.values, dtype=dtype) if copy is not False else np.asarray(self.values, dtype=dtype)


def add(commands: Any) -> None:
    """Adds the subcommand to the parser."""
    parser = commands.add_parser("portfolio", help="optimise a portfolio from prices (CSV)", description=__doc__.split(": ", 1)[1])
    parser.add_argument("file", type=Path, metavar="PRICES.csv", help="a column for each asset with its name on top; dates in the first")
    parser.add_argument("--method", choices=METHODS, default="max-sharpe", help="default max-sharpe")
    parser.add_argument("--target-return", type=float, metavar="R", help="instead: least risk for at least this return")
    parser.add_argument("--target-risk", type=float, metavar="S", help="instead: most return for at most this risk")
    parser.add_argument("--bounds", type=float, nargs=2, default=(0.0, 1.0), metavar=("LOW", "HIGH"), help="of each weight (default 0 1)")
    parser.add_argument("--max-assets", type=int, metavar="K", help="hold at most so many")
    parser.add_argument("--assets", nargs="+", metavar="NAME", help="only these columns")
    parser.add_argument("--allocation", type=float, nargs="+", metavar="W", help="evaluate these weights instead")
    parser.add_argument("--frequency", type=positive, default=252.0, help="rows per year (default 252)")
    parser.add_argument("--risk-free", type=float, default=0.0, help="annual risk-free rate (default 0)")
    parser.add_argument("--shrinkage", default="ledoit_wolf", help="of the covariance; none for the sample's (default ledoit_wolf)")
    parser.add_argument("--missing", choices=("drop", "ffill", "pairwise"), default="drop", help="what to do with missing prices")
    parser.add_argument("--value", type=positive, metavar="MONEY", help="also how many whole shares this buys at the last prices")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a page with the frontier and the weights")
    add_common(parser)
    parser.set_defaults(run=run)


def read(path: Path) -> Prices:
    """The prices of a file."""
    if not path.is_file():
        raise Failure(f"{path}: no such file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Failure(f"{path}: no CSV file: {error}") from None
    if not text.strip():
        raise Failure(f"{path}: empty")
    separator = _separator(path, text)
    rows = _rows(path, text, separator)
    if len(rows) < 2:
        raise Failure(f"{path}: {len(rows)} row, expected names and then prices")
    header, body = rows[0], rows[1:]
    for row in body:
        if len(row.cells) > len(header.cells) and any(row.cells[len(header.cells) :]):
            raise Failure(f"{path}, row {row.line}: {len(row.cells)} cells under {len(header.cells)} names")
    marks = _Marks(path, body, separator)
    if marks.problem:
        raise Failure(marks.problem)
    with_days = not any(_as_number(row.cells[0]) for row in body) or header.cells[0].lower() in ("", "date", "day", "time", "index")
    first = 1 if with_days else 0
    names = header.cells[first:]
    if not names or not all(names):
        raise Failure(f"{path}: expected a name on top of each column, got {', '.join(map(repr, header.cells))}")
    values = np.full((len(body), len(names)), np.nan)
    for i, row in enumerate(body):
        for k, cell in enumerate(row.cells[first : len(header.cells)]):
            if cell.lower() in MISSING:
                continue
            if not _as_number(cell):
                raise Failure(f"{path}, row {row.line}, column {names[k]!r}: {cell[:40]!r} is no number")
            values[i, k] = marks.read(cell)
    days: list[Any] = list(range(len(body)))
    if with_days:
        days = [row.cells[0] for row in body]
        try:
            order = np.argsort(np.array(days, dtype="datetime64[D]"), kind="stable")
            days, values = [days[k] for k in order.tolist()], values[order]
        except ValueError:  # labels of another kind stay in the order of the file
            pass
    return Prices(names, days, values)


def choose(made: portfolio.Portfolio, options: argparse.Namespace) -> portfolio.Weights:
    """The weights by the selected method."""
    if options.target_return is not None:
        return made.target_return(options.target_return)
    if options.target_risk is not None:
        return made.target_risk(options.target_risk)
    if options.allocation is not None or options.method == "equal":
        weights = options.allocation or [1 / len(made)] * len(made)
        if len(weights) != len(made):
            raise Failure(f"--allocation: {len(weights)} weights for {len(made)} assets: {', '.join(map(str, made.assets))}")
        return made.evaluate(weights, risk_free=options.risk_free)
    if options.method == "max-sharpe":
        return made.max_sharpe(options.risk_free)
    found: portfolio.Weights = getattr(made, options.method.replace("-", "_"))()
    found.risk_free = options.risk_free
    return found


def run(options: argparse.Namespace) -> Result:
    """``plait portfolio``."""
    prices = read(options.file)
    shrinkage: Any = None if options.shrinkage == "none" else options.shrinkage
    made = portfolio.Portfolio.from_prices(
        prices,
        frequency=options.frequency,
        shrinkage=shrinkage,
        missing=options.missing,
        assets=options.assets,
        bounds=tuple(options.bounds),
        max_assets=options.max_assets,
        repair="nearest" if options.missing == "pairwise" else None,
    )
    found = choose(made, options)
    at = [prices.columns.index(str(name)) for name in made.assets]
    values = prices.values[:, at]
    values = values[~np.isnan(values).any(axis=1)]
    result: dict[str, Any] = {
        "command": "portfolio",
        "method": found.method,
        "days": len(prices.values),
        "weights": dict(found.weights),
        "expected_return": found.expected_return,
        "risk": found.risk,
        "sharpe": found.sharpe,
    }
    if len(values) > 1:
        # Buy and hold: no trades after the first.
        course = portfolio.backtest(
            values, np.asarray(found), rebalance=None, cost=0.0, frequency=options.frequency, risk_free=options.risk_free
        )
        result |= {
            "buy_and_hold_return": course.total_return,
            "buy_and_hold_sharpe": course.sharpe,
            "buy_and_hold_drawdown": course.drawdown,
        }
    if options.value is not None:
        bought = found.discrete(values[-1], options.value)
        result |= {"shares": {str(k): v for k, v in bought.shares.items()}, "cash": bought.cash}
    if options.out is not None:
        result["report"] = report.Report(f"Portfolio of {options.file.name}", sections=sections(made, found)).save(options.out)
    if not options.json:  # as text, a line for each asset that is held
        result |= {f"weight of {name}": v for name, v in found.weights.items() if abs(v) > 5e-6}
        result |= {f"shares of {name}": v for name, v in result.get("shares", {}).items() if v}
    return result


def sections(made: portfolio.Portfolio, found: portfolio.Weights) -> list[report.Section]:
    """The sections of a page: frontier and weights."""
    held = sorted(((str(k), v) for k, v in found.weights.items() if abs(v) > 5e-6), key=lambda pair: -abs(pair[1]))
    shares = found.risk_contributions
    gain = "" if found.expected_return is None else f"expected return {100 * found.expected_return:.1f} % a year, "
    ratio = "" if found.sharpe is None else f", Sharpe ratio {found.sharpe:.2f}"
    return [
        report.figure(
            "Efficient frontier",
            lambda ax: made.plot(ax),
            "The least risk for each return; the assets in grey. No point to the left of the curve can be reached.",
        ),
        report.table(
            "Weights",
            ["asset", "weight", "share of the risk"],
            [(name, f"{100 * v:.1f} %", f"{100 * float(shares[name]):.1f} %") for name, v in held],
            f"{found.method.replace('_', ' ')}: {gain}risk {100 * found.risk:.1f} %{ratio}. "
            f"The share of the risk is the asset's contribution, including its covariance with the others.",
        ),
    ]


def demo_section(seed: int) -> tuple[list[report.Section], dict[str, Any]]:
    """The sections of ``plait demo``: eight synthetic assets with two common factors, and the portfolio of maximum Sharpe ratio."""
    rng = np.random.default_rng(seed)
    loads = rng.normal([[1.0, 0.0]], 0.5, (8, 2))
    daily = rng.normal(0, 0.008, (1000, 2)) @ loads.T + rng.normal(rng.uniform(0.0001, 0.0008, 8), rng.uniform(0.004, 0.012, 8), (1000, 8))
    prices = dict(zip("ABCDEFGH", 100 * np.exp(np.cumsum(daily, axis=0)).T, strict=True))
    made = portfolio.Portfolio.from_prices(prices)
    found = made.max_sharpe()
    return sections(made, found), {"portfolio_sharpe": found.sharpe, "portfolio_risk": found.risk}

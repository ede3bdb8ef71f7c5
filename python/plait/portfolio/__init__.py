"""Portfolio optimisation: mean-variance, Sharpe ratio, CVaR, risk parity and more, under limits and costs; and back-tests."""

from __future__ import annotations

from ._backtest import Backtest, backtest
from ._discrete import Allocation
from ._errors import InfeasibleError
from ._frontier import Frontier
from ._portfolio import Portfolio
from ._weights import AssetWeights, Weights

__all__ = ["Allocation", "AssetWeights", "Backtest", "Frontier", "InfeasibleError", "Portfolio", "Weights", "backtest"]

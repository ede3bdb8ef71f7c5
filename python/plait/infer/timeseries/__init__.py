"""Models of one time series: fitted by variational inference, maximum a posteriori or exact maximum likelihood, on compiled graphs."""

from __future__ import annotations

from .arima import ARIMA, ARMA
from .autoregression import AR
from .result import Forecast, Result
from .structural import DynamicRegression, LocalLevel, LocalTrend
from .volatility import EGARCH, GARCH

__all__ = ["AR", "ARIMA", "ARMA", "EGARCH", "GARCH", "DynamicRegression", "Forecast", "LocalLevel", "LocalTrend", "Result"]

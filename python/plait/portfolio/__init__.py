"""Portfolios: money divided over assets, at least risk, for most return per risk, or by other rules, within limits that all hold."""

from __future__ import annotations

from ._errors import InfeasibleError
from ._portfolio import Portfolio
from ._weights import AssetWeights, Weights

__all__ = ["AssetWeights", "InfeasibleError", "Portfolio", "Weights"]

"""Histograms with any sorted borders, and a sketch of quantiles from which borders can come."""

from __future__ import annotations

from .axis import Axis
from .histogram import Histogram
from .sketch import QuantileSketch, quantile_borders
from .tags import loc, overflow, rebin, underflow

__all__ = ["Axis", "Histogram", "QuantileSketch", "loc", "overflow", "quantile_borders", "rebin", "underflow"]

"""Alignment: one recursion, filled in by what a border costs and how a cell follows from its three neighbours."""

from __future__ import annotations

from .alignment import Alignment
from .dtw import DTW, dtw
from .elastic import EDR, ERP, MSM, TWE

__all__ = ["DTW", "EDR", "ERP", "MSM", "TWE", "Alignment", "dtw"]

"""Alignment: one recursion, filled in by what a border costs and how a cell follows from its three neighbours."""

from __future__ import annotations

from .alignment import Alignment
from .barycenter import barycenter
from .custom import Aligner
from .dtw import DTW, dtw
from .neighbours import TimeSeriesKNN
from .soft import SoftDTW, soft_dtw

__all__ = ["DTW", "Aligner", "Alignment", "SoftDTW", "TimeSeriesKNN", "barycenter", "dtw", "soft_dtw"]

"""Alignment: one recursion, filled in by what a border costs and how a cell follows from its three neighbours."""

from __future__ import annotations

from .alignment import Alignment
from .barycenter import barycenter
from .custom import Aligner
from .dtw import DTW, dtw
from .edit import LCS, Levenshtein, levenshtein
from .elastic import EDR, ERP, MSM, TWE
from .neighbours import TimeSeriesKNN
from .soft import SoftDTW, soft_dtw

__all__ = [
    "DTW",
    "EDR",
    "ERP",
    "LCS",
    "MSM",
    "TWE",
    "Aligner",
    "Alignment",
    "Levenshtein",
    "SoftDTW",
    "TimeSeriesKNN",
    "barycenter",
    "dtw",
    "levenshtein",
    "soft_dtw",
]

"""Alignment: one recursion, filled in by what a border costs and how a cell follows from its three neighbours."""

from __future__ import annotations

from .alignment import Alignment
from .barycenter import barycenter
from .custom import Aligner
from .dtw import DTW, dtw
from .edit import LCS, Levenshtein, levenshtein
from .elastic import EDR, ERP, MSM, TWE
from .neighbours import TimeSeriesKNN
from .scored import NeedlemanWunsch, SemiGlobal, SmithWaterman, needleman_wunsch, semi_global, smith_waterman
from .soft import SoftDTW, soft_dtw
from .substitution import Substitution

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
    "NeedlemanWunsch",
    "SemiGlobal",
    "SmithWaterman",
    "SoftDTW",
    "Substitution",
    "TimeSeriesKNN",
    "barycenter",
    "dtw",
    "levenshtein",
    "needleman_wunsch",
    "semi_global",
    "smith_waterman",
    "soft_dtw",
]

"""Alignment: one recursion, filled in by what a border costs and how a cell follows from its three neighbours."""

from __future__ import annotations

from .alignment import Alignment
from .barycenter import barycenter
from .best_window import BestWindow, best_window
from .clusters import TimeSeriesKMeans, TimeSeriesKMedoids
from .custom import Aligner
from .divergence import soft_dtw_divergence
from .dtw import DTW, dtw
from .edit import LCS, Levenshtein, levenshtein
from .elastic import EDR, ERP, MSM, TWE
from .hits import Hit, Hits
from .matching import Deduplicated, Matches, deduplicate, match
from .neighbours import TimeSeriesKNN, TimeSeriesKNNRegressor
from .pairwise import NeedlemanWunsch, SemiGlobal, SmithWaterman, needleman_wunsch, semi_global, smith_waterman
from .search import Place
from .soft import SoftDTW, soft_dtw
from .statistics import KarlinAltschul
from .substitution import Substitution
from .transforms import Differencer, Resampler, ZNormalizer, difference, resample, znormalize
from .words import WordIndex

__all__ = [
    "DTW",
    "EDR",
    "ERP",
    "LCS",
    "MSM",
    "TWE",
    "Aligner",
    "Alignment",
    "BestWindow",
    "Deduplicated",
    "Differencer",
    "Hit",
    "Hits",
    "KarlinAltschul",
    "Levenshtein",
    "Matches",
    "NeedlemanWunsch",
    "Place",
    "Resampler",
    "SemiGlobal",
    "SmithWaterman",
    "SoftDTW",
    "Substitution",
    "TimeSeriesKMeans",
    "TimeSeriesKMedoids",
    "TimeSeriesKNN",
    "TimeSeriesKNNRegressor",
    "WordIndex",
    "ZNormalizer",
    "barycenter",
    "best_window",
    "deduplicate",
    "difference",
    "dtw",
    "levenshtein",
    "match",
    "needleman_wunsch",
    "resample",
    "semi_global",
    "smith_waterman",
    "soft_dtw",
    "soft_dtw_divergence",
    "znormalize",
]

"""Alignment by dynamic programming: every method is one recursion, with its own costs of borders and of steps between neighbouring cells.

DTW in other packages: they agree on the recursion and differ in the distance of two elements, in whether the sum's root is taken, and in
what a step costs. Series are of shape (n, d) here.

============== ========================== ========================================= ==========================================
package        function                   here                                      mind
============== ========================== ========================================= ==========================================
tslearn        ``metrics.dtw``            ``DTW(root=True)``                        its radius of a window is ours for equal lengths
tslearn        ``metrics.soft_dtw``       ``SoftDTW(gamma)``
aeon           ``dtw_distance``           ``DTW()``                                 series are (d, n); its ``window=0.1`` is a
                                                                                    fraction of the shorter length, about the
                                                                                    stretched diagonal: ``band="slanted"``
dtaidistance   ``dtw.distance``           ``DTW(root=True)``                        its ``window=w`` is our ``window=w - 1``
dtaidistance   ``inner_dist="euclidean"`` ``DTW("absolute")``
dtw-python     ``dtw(x, y).distance``     ``DTW("euclidean", step="symmetric2")``   R's dtw as well
dtw-python     ``.normalizedDistance``    the same with ``normalized=True``
dtw-python     ``step_pattern="…"``       ``step="…"``                              "symmetric1", "symmetric2", "asymmetric"
fastdtw        ``dtw`` (``fastdtw``)      ``DTW("absolute")``                       ``fastdtw`` approximates; with ``dist=euclidean``
                                                                                    ``DTW("euclidean")``
librosa        ``sequence.dtw``           ``DTW("euclidean")``                      features are (d, n); the sum is ``D[-1, -1]``
============== ========================== ========================================= ==========================================
"""

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

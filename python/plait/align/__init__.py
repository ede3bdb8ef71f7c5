"""Alignment: one recursion, filled in by what a border costs and how a cell follows from its three neighbours."""

from __future__ import annotations

from .alignment import Alignment
from .dtw import DTW
from .scored import NeedlemanWunsch, SemiGlobal, SmithWaterman, needleman_wunsch, semi_global, smith_waterman
from .substitution import Substitution

__all__ = [
    "DTW",
    "Alignment",
    "NeedlemanWunsch",
    "SemiGlobal",
    "SmithWaterman",
    "Substitution",
    "needleman_wunsch",
    "semi_global",
    "smith_waterman",
]

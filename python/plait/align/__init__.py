"""Alignment: one recursion, filled in by what a border costs and how a cell follows from its three neighbours."""

from __future__ import annotations

from .alignment import Alignment
from .dtw import DTW
from .edit import LCS, Levenshtein, levenshtein

__all__ = ["DTW", "LCS", "Alignment", "Levenshtein", "levenshtein"]

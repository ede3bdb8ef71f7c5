"""Sparse vectors and rows of them: products, nearest rows, and a leaf that feeds them to graphs."""

from __future__ import annotations

from .._core.sparse import SparseVector
from .rows import SparseRows

__all__ = ["SparseRows", "SparseVector"]

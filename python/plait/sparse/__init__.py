"""Sparse vectors and rows of them: products, nearest rows, and a leaf that feeds them to graphs."""

from __future__ import annotations

from .._core.sparse import SparseVector
from .leaf import sparse_input
from .rows import SparseRows

__all__ = ["SparseRows", "SparseVector", "sparse_input"]

"""Linear algebra as nodes: systems of equations, factors and determinants of matrices along the last two axes."""

from __future__ import annotations

from .graph.linalg import cholesky, det, inv, matrix_power, norm, slogdet, solve, triangular_solve

__all__ = ["cholesky", "det", "inv", "matrix_power", "norm", "slogdet", "solve", "triangular_solve"]

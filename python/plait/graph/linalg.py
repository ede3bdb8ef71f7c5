"""Triangular linear algebra: what densities of many correlated numbers are made of."""

from __future__ import annotations

from .. import _core
from .._core import Node
from ._operands import as_float
from ._types import Operand


def cholesky(x: Operand) -> Node:
    """The lower triangular L with L Lᵀ = x.

    Parameters
    ----------
    x : Node or array_like, shape (..., n, n)
        Symmetric and positive definite; the lower triangle is read.

    Returns
    -------
    Node
        Of the same shape; NaN where a matrix is not positive definite.

    Notes
    -----
    O(n³). The gradient is that of Murray (2016), Differentiation of the Cholesky decomposition, and is symmetric.

    Examples
    --------
    >>> plait.evaluate(plait.cholesky([[4.0, 2.0], [2.0, 5.0]]))
    array([[2., 0.],
           [1., 2.]])
    """
    return _core.apply("cholesky", [as_float(x, "cholesky")], [], [], False)


def solve_triangular(matrix: Operand, b: Operand, transposed: bool = False) -> Node:
    """The X with matrix @ X = b, for a lower triangular matrix.

    Parameters
    ----------
    matrix : Node or array_like, shape (..., n, n) or (n, n)
        The lower triangle is read. One matrix serves a stack of `b`.
    b : Node or array_like, shape (..., n, k)
        Right-hand sides.
    transposed : bool
        Solve matrixᵀ @ X = b instead.

    Returns
    -------
    Node
        Of the shape of `b`.

    Examples
    --------
    >>> plait.evaluate(plait.solve_triangular([[2.0, 0.0], [1.0, 2.0]], [[2.0], [5.0]]))
    array([[1.],
           [2.]])
    """
    nodes = _core.common([as_float(matrix, "solve_triangular"), as_float(b, "solve_triangular")], "solve_triangular")
    return _core.apply("triangular_solve", list(nodes), [int(transposed)], [], False)

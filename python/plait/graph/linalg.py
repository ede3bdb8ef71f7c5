"""Linear algebra of matrices along the last two axes; leading axes are batches."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np

from .. import _core
from .._core import Node, ShapeError
from ._operands import as_float
from ._types import Operand
from .binary import where
from .elementwise import exp
from .leaves import constant
from .reductions import norm
from .shaping import squeeze, take

__all__ = ["cholesky", "det", "inv", "matrix_power", "norm", "slogdet", "solve", "triangular_solve"]


_WRITTEN_OUT = 8  # rows up to which the determinant of a singular matrix is expanded: 70 products of minors of four rows


class SlogdetResult(NamedTuple):
    """What `slogdet` gives: ``sign`` and ``logabsdet``."""

    sign: Node
    logabsdet: Node


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
        The lower triangle is read. One matrix may be used for a batch of `b`.
    b : Node or array_like, shape (..., n, k)
        Right-hand sides.
    transposed : bool
        Solve matrixᵀ @ X = b instead.

    Returns
    -------
    Node
        Of the shape of `b`.

    See Also
    --------
    plait.linalg.triangular_solve : For vectors, upper triangles, and stacks that broadcast.

    Examples
    --------
    >>> plait.evaluate(plait.solve_triangular([[2.0, 0.0], [1.0, 2.0]], [[2.0], [5.0]]))
    array([[1.],
           [2.]])
    """
    nodes = _core.common([as_float(matrix, "solve_triangular"), as_float(b, "solve_triangular")], "solve_triangular")
    return _core.apply("triangular_solve", list(nodes), [int(transposed)], [], False)


def triangular_solve(a: Operand, b: Operand, *, lower: bool = True, transposed: bool = False) -> Node:
    """The x with a @ x = b for a triangular matrix, as ``scipy.linalg.solve_triangular`` gives it.

    Parameters
    ----------
    a : Node or array_like, shape (..., n, n)
        Triangular: the other triangle is not read.
    b : Node or array_like, shape (n,) or (..., n, k)
        Right-hand sides; stacks broadcast.
    lower : bool
        Which triangle.
    transposed : bool
        Solve aᵀ @ x = b instead.

    Returns
    -------
    Node
        A vector where `b` is one; inf and NaN where the diagonal has a zero.

    Notes
    -----
    O(n²) for each right-hand side.

    Examples
    --------
    >>> plait.evaluate(plait.linalg.triangular_solve([[2.0, 1.0], [0.0, 4.0]], [4.0, 8.0], lower=False))
    array([1., 2.])
    """
    matrix, sides, vector = _system(a, b, "triangular_solve")
    if not lower:
        matrix = _swapped(matrix)
    x = _core.apply("triangular_solve", [matrix, sides], [int(transposed == lower)], [], False)
    return squeeze(x, -1) if vector else x


def solve(a: Operand, b: Operand) -> Node:
    """The x with a @ x = b.

    Parameters
    ----------
    a : Node or array_like, shape (..., n, n)
        Square matrices.
    b : Node or array_like, shape (n,) or (..., n, k)
        Right-hand sides; stacks broadcast. A vector only where it has one axis, as NumPy 2 says.

    Returns
    -------
    Node
        A vector where `b` is one; NaN where a matrix is singular.

    Notes
    -----
    Gaussian elimination with partial pivoting, O(n³). The gradient solves with the transposed matrix.

    Examples
    --------
    >>> plait.evaluate(plait.linalg.solve([[0.0, 2.0], [1.0, 1.0]], [4.0, 5.0]))
    array([3., 2.])
    """
    matrix, sides, vector = _system(a, b, "solve")
    x = _core.apply("linear_solve", [matrix, sides], [], [], False)
    return squeeze(x, -1) if vector else x


def inv(a: Operand) -> Node:
    """The inverse of square matrices. To solve a system, `solve` is faster and more accurate.

    Parameters
    ----------
    a : Node or array_like, shape (..., n, n)
        Square matrices.

    Returns
    -------
    Node
        Of the same shape; NaN where a matrix is singular.

    Examples
    --------
    >>> plait.evaluate(plait.linalg.inv([[0.0, 2.0], [1.0, 0.0]]))
    array([[0. , 1. ],
           [0.5, 0. ]])
    """
    node = _square(a, "inv")
    return solve(node, np.eye(node.shape[-1] or 0, dtype=node.dtype))


def slogdet(a: Operand) -> SlogdetResult:
    """The sign of a determinant and the logarithm of its size, which do not overflow where the determinant does.

    Parameters
    ----------
    a : Node or array_like, shape (..., n, n)
        Square matrices.

    Returns
    -------
    sign : Node, shape (...)
        1, -1, or 0 of a singular matrix.
    logabsdet : Node, shape (...)
        -inf of a singular matrix. Its gradient is the transposed inverse.

    Examples
    --------
    >>> sign, size = plait.linalg.slogdet([[0.0, 2.0], [1.0, 0.0]])
    >>> plait.evaluate([sign, size])
    [array(-1.), array(0.69314718)]
    """
    both = _core.apply("slogdet", [_square(a, "slogdet")], [], [], False)
    return SlogdetResult(both[..., 0], both[..., 1])


def det(a: Operand) -> Node:
    """The determinant of square matrices.

    Parameters
    ----------
    a : Node or array_like, shape (..., n, n)
        Square matrices.

    Returns
    -------
    Node, shape (...)
        The determinants.

    Notes
    -----
    Up to three rows it is expanded, beyond that it is the exponential of `slogdet`. Of singular matrices up to eight rows every derivative
    is that of the polynomial; of larger ones the value is 0 and the gradient NaN.

    Examples
    --------
    >>> plait.evaluate(plait.linalg.det([[1.0, 2.0], [3.0, 4.0]]))
    array(-2.)
    """
    node = _square(a, "det")
    size = node.shape[-1]
    if size == 1:
        return node[..., 0, 0]
    if size in (2, 3):
        return _written_out(node)
    sign, logarithm = slogdet(node)
    if not size or size > _WRITTEN_OUT:
        return sign * exp(logarithm)
    # Of a singular matrix the gradient is not the determinant times the inverse, 0 · inf, but that of the polynomial.
    # With rounding, a matrix may be found singular by rows or by columns; derivatives eliminate in both ways.
    singular = (sign == 0) | (slogdet(_swapped(node)).sign == 0) | (logarithm < float(np.log(np.finfo(node.dtype).tiny)))
    matrix = singular[..., None, None]
    plain = slogdet(where(matrix, np.eye(size, dtype=node.dtype), node))
    return where(singular, _written_out(where(matrix, node, 0.0)), plain.sign * exp(plain.logabsdet))


def matrix_power(a: Operand, n: int) -> Node:
    """A square matrix times itself, `n` times.

    Parameters
    ----------
    a : Node or array_like, shape (..., n, n)
        Square matrices.
    n : int
        How often; of a negative number the inverse is taken.

    Returns
    -------
    Node
        Of the same shape.

    Examples
    --------
    >>> plait.evaluate(plait.linalg.matrix_power([[1.0, 1.0], [0.0, 1.0]], 5))
    array([[1., 5.],
           [0., 1.]])
    """
    if not isinstance(n, (int, np.integer)):
        raise TypeError(f"matrix_power: n: expected an integer, got {n!r}")
    node = _square(a, "matrix_power")
    if n == 0:
        return _core.broadcast_like(constant(np.eye(node.shape[-1] or 0, dtype=node.dtype)), node)
    power, left, made = inv(node) if n < 0 else node, abs(int(n)), None
    while left:
        if left & 1:
            made = power if made is None else made @ power
        left >>= 1
        if left:
            power = power @ power
    assert made is not None
    return made


def _minor(node: Node, i: int, j: int, k: int, m: int) -> Node:
    """The determinant of rows i, j and columns k, m."""
    return node[..., i, k] * node[..., j, m] - node[..., i, m] * node[..., j, k]


def _written_out(node: Node) -> Node:
    """The determinant as a polynomial by Laplace expansion: minors of the upper rows times the complementary minors of the lower rows."""
    size = node.shape[-1] or 0
    if size == 2:
        return _minor(node, 0, 1, 0, 1)
    if size == 3:
        return (
            node[..., 0, 0] * _minor(node, 1, 2, 1, 2)
            - node[..., 0, 1] * _minor(node, 1, 2, 0, 2)
            + node[..., 0, 2] * _minor(node, 1, 2, 0, 1)
        )
    upper = size // 2
    chosen = list(itertools.combinations(range(size), upper))
    rest = [[k for k in range(size) if k not in columns] for columns in chosen]
    signs = np.array([(-1.0) ** (sum(columns) - upper * (upper - 1) // 2) for columns in chosen], node.dtype)

    def minors(rows: Node, columns: Any) -> Node:
        # (..., rows, minors, columns) with the minors brought before the rows.
        cut = take(rows, np.array(columns), axis=node.ndim - 1)
        order = [*range(node.ndim - 2), node.ndim - 1, node.ndim - 2, node.ndim]
        return _written_out(_core.transpose(cut, order))

    return (minors(node[..., :upper, :], chosen) * minors(node[..., upper:, :], rest) * signs).sum(-1)


def _swapped(node: Node) -> Node:
    return _core.transpose(node, [*range(node.ndim - 2), node.ndim - 1, node.ndim - 2])


def _square(a: Operand, what: str) -> Node:
    node = as_float(a, what)
    if node.ndim < 2 or node.shape[-1] is None or node.shape[-1] != node.shape[-2]:
        raise ShapeError(f"{what}: expected square matrices of known size along the last two axes, got shape {node.shape} [{node.label}]")
    return node


def _system(a: Operand, b: Operand, what: str) -> tuple[Node, Node, bool]:
    """The matrix and right-hand sides in one dtype, with equal batch shapes unless one matrix serves all; and whether `b` is a vector."""
    matrix, sides = _core.common([as_float(a, what), as_float(b, what)], what)
    if matrix.ndim < 2 or matrix.shape[-1] is None or matrix.shape[-1] != matrix.shape[-2]:
        raise ShapeError(
            f"{what}: expected square matrices of known size along the last two axes, got shape {matrix.shape} [{matrix.label}]"
        )
    vector = sides.ndim == 1
    if vector:
        sides = _core.expand_dims(sides, 1)
    if sides.ndim < 2 or sides.shape[-2] not in (None, matrix.shape[-1]):
        raise ShapeError(f"{what}: {sides.label} {b.shape if isinstance(b, Node) else np.shape(b)} is no right-hand side of {matrix.shape}")
    if sides.shape[-2] is None:
        sides = _core.broadcast_to(sides, (*sides.shape[:-2], matrix.shape[-1], sides.shape[-1]))
    stacks, wanted = matrix.shape[:-2], sides.shape[:-2]
    if stacks and stacks != wanted:
        # Broadcasts batches to each other: by views if both shapes are known, else by adding zeros.
        try:
            if None in stacks or None in wanted:
                matrix = where(np.ones((), bool), matrix, sides[..., :1, :1])
                sides = where(np.ones((), bool), sides, matrix[..., :1, :1])
            else:
                together = np.broadcast_shapes(tuple(n or 0 for n in stacks), tuple(n or 0 for n in wanted))
                matrix = _core.broadcast_to(matrix, (*together, *matrix.shape[-2:]))
                sides = _core.broadcast_to(sides, (*together, *sides.shape[-2:]))
        except ValueError:
            raise ShapeError(f"{what}: the stacks of {matrix.shape} and {sides.shape} do not broadcast [{sides.label}]") from None
    return matrix, sides, vector

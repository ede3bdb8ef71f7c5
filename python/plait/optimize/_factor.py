"""The covariance of a factor model, without forming the dense matrix."""

from __future__ import annotations

from typing import Any, overload

import numpy as np

from .._core import Node, ShapeError
from ..graph import sum as sum_of
from ..graph._types import Array


class FactorCovariance:
    """The covariance B F Bᵀ + diag(d) of a factor model, as a product with vectors that never forms the matrix.

    Parameters
    ----------
    loadings : array_like, shape (n, k)
        B: the loadings of the n variables on the k factors.
    factor_covariance : array_like, shape (k, k)
        F: symmetric and positive semi-definite.
    specific : array_like, shape (n,)
        d: the specific (idiosyncratic) variance of each variable, not negative.

    Attributes
    ----------
    loadings, factor_covariance, specific : ndarray
        As given, in double precision.
    shape : tuple of int
        (n, n).

    Raises
    ------
    plait.ShapeError
        The shapes do not match.
    ValueError
        Numbers that are not finite, a negative variance, a factor covariance that is not symmetric or has a negative eigenvalue.

    Notes
    -----
    A product is O(nk) in time and memory where the matrix takes O(n²); ``solve`` is O(nk²) by Woodbury's identity. Works on arrays and on
    nodes, so that it can be part of an objective. ``np.asarray``, and whatever takes an array, such as the covariance of
    `plait.portfolio.Portfolio`, get the dense matrix.

    Examples
    --------
    >>> c = plait.optimize.FactorCovariance([[1.0], [2.0]], [[0.5]], [0.1, 0.2])
    >>> c @ [1.0, 1.0]
    array([1.6, 3.2])
    >>> r = plait.optimize.minimize(lambda x: 0.5 * c.quadratic(x) - x.sum(), [0.0, 0.0], bounds=[(0, None)] * 2)
    >>> (r.x / r.x.sum()).round(4)  # the long-only minimum-variance weights
    array([1., 0.])
    """

    # NumPy leaves products with arrays on the left to __rmatmul__.
    __array_ufunc__ = None

    def __init__(self, loadings: Any, factor_covariance: Any, specific: Any) -> None:
        self.loadings = _numbers(loadings, "loadings", 2)
        self.factor_covariance = _numbers(factor_covariance, "factor_covariance", 2)
        self.specific = _numbers(specific, "specific", 1)
        n, k = self.loadings.shape
        if self.factor_covariance.shape != (k, k):
            raise ShapeError(f"factor_covariance: expected shape ({k}, {k}) for {k} factors, got {self.factor_covariance.shape}")
        if self.specific.shape != (n,):
            raise ShapeError(f"specific: expected shape ({n},) for {n} rows of loadings, got {self.specific.shape}")
        if n == 0:
            raise ShapeError("loadings: no variables")
        if self.specific.min() < 0:
            i = int(self.specific.argmin())
            raise ValueError(f"specific: element {i} is {self.specific[i]:g}, a negative variance")
        self.shape = (n, n)
        f = self.factor_covariance
        size = float(np.abs(f).max(initial=0.0))
        if np.abs(f - f.T).max(initial=0.0) > 1e-8 * size:
            raise ValueError("factor_covariance: not symmetric")
        values, vectors = np.linalg.eigh((f + f.T) / 2)
        if values.min(initial=0.0) < -1e-10 * size:
            raise ValueError(f"factor_covariance: not positive semi-definite: its smallest eigenvalue is {values[0]:.6g}")
        # A of B F Bᵀ = A Aᵀ: rounding can't make a sum of squares negative.
        self._root: Array = np.ascontiguousarray(self.loadings @ (vectors * np.sqrt(np.maximum(values, 0))))

    def __repr__(self) -> str:
        return f"FactorCovariance({self.shape[0]} variables, {self.loadings.shape[1]} factors)"

    @overload
    def __matmul__(self, x: Node) -> Node: ...
    @overload
    def __matmul__(self, x: Any) -> Any: ...
    def __matmul__(self, x: Any) -> Any:
        """The product with a vector (n,) or the columns of a matrix (n, m)."""
        x = self._checked(x, 0)
        specific = self.specific if len(x.shape) == 1 else self.specific[:, None]
        if isinstance(x, Node):
            return _const(self._root) @ (_const(self._root.T) @ x) + _const(specific) * x
        return self._root @ (self._root.T @ x) + specific * x

    def __rmatmul__(self, x: Any) -> Any:
        """The product with a vector (n,) or the rows of a matrix (m, n) on the left."""
        x = self._checked(x, -1)
        if isinstance(x, Node):
            return (x @ _const(self._root)) @ _const(self._root.T) + x * _const(self.specific)
        return (x @ self._root) @ self._root.T + x * self.specific

    def quadratic(self, x: Any) -> Any:
        """The variance xᵀ(B F Bᵀ + diag(d))x of weights x.

        Parameters
        ----------
        x : array_like or Node, shape (n,)
            Weights.

        Returns
        -------
        float or Node
            A sum of squares: never negative.

        Examples
        --------
        >>> c = plait.optimize.FactorCovariance([[1.0], [2.0]], [[0.5]], [0.1, 0.2])
        >>> round(c.quadratic([1.0, 0.0]), 12)
        0.6
        """
        x = self._checked(x, 0)
        if len(x.shape) != 1:
            raise ShapeError(f"quadratic: x: expected shape ({self.shape[0]},), got {tuple(x.shape)}")
        if isinstance(x, Node):
            common = x @ _const(self._root)
            return sum_of(common * common) + sum_of(_const(self.specific) * (x * x))
        common = x @ self._root
        return float(common @ common + self.specific @ (x * x))

    def solve(self, b: Any) -> Array:
        """The x with (B F Bᵀ + diag(d)) x = b, by Woodbury's identity.

        Parameters
        ----------
        b : array_like, shape (n,) or (n, m)
            The right-hand side.

        Returns
        -------
        ndarray
            x, of the shape of b.

        Raises
        ------
        ValueError
            A specific variance is 0.

        Examples
        --------
        >>> c = plait.optimize.FactorCovariance([[1.0], [2.0]], [[0.5]], [0.1, 0.2])
        >>> c.solve(c @ [3.0, 1.0]).round(12)
        array([3., 1.])
        """
        b = self._checked(np.asarray(b, np.float64), 0)
        if self.specific.min() == 0:
            raise ValueError(f"solve: specific: element {int(self.specific.argmin())} is 0; the identity divides by it")
        weighted = self._root / self.specific[:, None]
        plain = (b.T / self.specific).T
        inner = np.eye(weighted.shape[1]) + self._root.T @ weighted
        found: Array = plain - weighted @ np.linalg.solve(inner, self._root.T @ plain)
        return found

    def diagonal(self) -> Array:
        """The variances.

        Returns
        -------
        ndarray, shape (n,)
            The diagonal of the matrix.

        Examples
        --------
        >>> plait.optimize.FactorCovariance([[1.0], [2.0]], [[0.5]], [0.1, 0.2]).diagonal()
        array([0.6, 2.2])
        """
        found: Array = (self._root**2).sum(axis=1) + self.specific
        return found

    def to_dense(self) -> Array:
        """The dense matrix.

        Returns
        -------
        ndarray, shape (n, n)
            Exactly symmetric.

        Examples
        --------
        >>> plait.optimize.FactorCovariance([[1.0], [2.0]], [[0.5]], [0.1, 0.2]).to_dense()
        array([[0.6, 1. ],
               [1. , 2.2]])
        """
        dense = self._root @ self._root.T
        dense = (dense + dense.T) / 2
        dense[np.diag_indices_from(dense)] += self.specific
        return np.ascontiguousarray(dense)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("FactorCovariance: the matrix is not in memory; expected copy=None or True")
        return self.to_dense() if dtype is None else self.to_dense().astype(dtype)

    def _checked(self, x: Any, axis: int) -> Any:
        if not isinstance(x, Node):
            x = np.asarray(x, np.float64)
        if len(x.shape) not in (1, 2) or x.shape[axis] != self.shape[0]:
            raise ShapeError(f"FactorCovariance: expected an operand with {self.shape[0]} variables, got shape {tuple(x.shape)}")
        return x


def _const(value: Array) -> Array:
    return np.ascontiguousarray(value)


def _numbers(value: Any, name: str, axes: int) -> Array:
    try:
        found = np.array(value, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected numbers, got {type(value).__name__}") from None
    if found.ndim != axes:
        raise ShapeError(f"{name}: expected {axes} axes, got shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{name}: element {tuple(int(i) for i in np.argwhere(~np.isfinite(found))[0])} is not finite")
    return found

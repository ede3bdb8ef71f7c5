"""SparseRows: many sparse vectors of one size, their products and their nearest rows."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core import DTypeError, ShapeError
from .._core.sparse import Rows, SparseVector
from ._arguments import is_scalar, is_scipy, sparse_parts, thread_count
from ._files import load_rows, save_rows

Floats = NDArray[Any]


class SparseRows:
    """A sparse matrix in compressed sparse row format: sparse vectors of one size.

    Immutable. Results of arithmetic have sorted rows; exact zeros are not stored.

    Parameters
    ----------
    vectors : iterable of SparseVector
        The rows, in order.
    size : int, optional
        The size of every row. None: that of the vectors, or where none has a size the smallest possible.

    Raises
    ------
    ShapeError
        (a ValueError) If two of the sizes differ, or a position is not below the size.

    Notes
    -----
    Compressed sparse rows, as in ``scipy.sparse.csr_array``; positions are 32-bit where the size allows it. Memory: 12 bytes for a value in
    double precision, and 8 for a row.

    Examples
    --------
    >>> R = plait.SparseRows.from_dense([[1, 0, 2], [0, 3, 0]])
    >>> R.dot(plait.SparseVector([2], [10.0]))
    array([20.,  0.])
    >>> (R @ R.T).to_dense()
    array([[5., 0.],
           [0., 9.]])
    """

    __slots__ = ("_rows",)
    __array_ufunc__ = None  # NumPy's scalars and arrays defer operators to this class
    _rows: Rows

    def __init__(self, vectors: Iterable[SparseVector], size: int | None = None) -> None:
        rows = list(vectors)
        for i, vector in enumerate(rows):
            if not isinstance(vector, SparseVector):
                raise TypeError(f"SparseRows: row {i}: expected a SparseVector, got {type(vector).__name__}")
        for i, vector in enumerate(rows):
            if vector.size is not None and size is not None and vector.size != size:
                raise ShapeError(f"SparseRows: row {i} has size {vector.size}, not {size}")
            size = vector.size if size is None else size
        if size is None:
            size = max((int(vector.positions[-1]) + 1 for vector in rows if vector.nnz), default=0)
        self._rows = Rows.join(rows, size)

    @classmethod
    def _of(cls, rows: Rows) -> SparseRows:
        made = cls.__new__(cls)
        made._rows = rows
        return made

    # ---- from and to ----

    @staticmethod
    def from_csr(offsets: ArrayLike, positions: ArrayLike, values: ArrayLike, size: int) -> SparseRows:
        """From the three arrays of compressed sparse rows.

        Parameters
        ----------
        offsets : array_like of int, shape (rows + 1,)
            Row i has the positions and values from ``offsets[i]`` to ``offsets[i + 1]``.
        positions : array_like of int, shape (nnz,)
            Distinct within a row, in any order.
        values : array_like, shape (nnz,)
            float32 stays, all other numbers become float64.
        size : int
            Size of a row.

        Returns
        -------
        SparseRows
            A copy.

        Examples
        --------
        >>> plait.SparseRows.from_csr([0, 1, 1], [2], [5.0], 4)
        <plait.SparseRows (2, 4) with 1 value, float64>
        """
        return SparseRows._of(Rows(offsets, positions, values, size, False))

    @staticmethod
    def from_scipy(array: Any) -> SparseRows:
        """From a two-dimensional SciPy sparse array or matrix of any format.

        Parameters
        ----------
        array : scipy.sparse array or matrix
            Values of repeated positions are summed.

        Returns
        -------
        SparseRows
            A copy with sorted rows.

        Examples
        --------
        >>> import scipy.sparse
        >>> plait.SparseRows.from_scipy(scipy.sparse.eye_array(3))
        <plait.SparseRows (3, 3) with 3 values, float64>
        """
        return SparseRows._of(Rows(*sparse_parts(array), True))

    @staticmethod
    def from_dense(array: ArrayLike) -> SparseRows:
        """The elements of an array that are not zero.

        Parameters
        ----------
        array : array_like, shape (rows, size)
            NaNs are kept.

        Returns
        -------
        SparseRows
            Of the array's shape.
        """
        return SparseRows._of(Rows.from_dense(array))

    def to_scipy(self) -> Any:
        """A copy as a ``scipy.sparse.csr_array``.

        Returns
        -------
        scipy.sparse.csr_array
            With sorted rows.
        """
        csr_array = importlib.import_module("scipy.sparse").csr_array  # SciPy is optional
        offsets, positions = self.offsets, self.positions
        if positions.dtype == np.int32 and self.nnz < 2**31:
            offsets = offsets.astype(np.int32)
        return csr_array((self.values.copy(), positions.copy(), offsets.copy()), shape=self.shape)

    def to_dense(self) -> Floats:
        """All elements as an array.

        Returns
        -------
        numpy.ndarray, shape (rows, size)
            Of the values' dtype.
        """
        dense: Floats = self._rows.to_dense()
        return dense

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the rows to a file, atomically.

        Parameters
        ----------
        path : path
            A safetensors file with a checksum, as :func:`plait.save` writes it.
        """
        save_rows(path, self.offsets, self.positions, self.values, self.shape[1])

    @staticmethod
    def load(path: str | os.PathLike[str]) -> SparseRows:
        """Read a file of :meth:`save`.

        Parameters
        ----------
        path : path
            The file.

        Returns
        -------
        SparseRows
            The same rows.

        Raises
        ------
        FormatError
            If it is not such a file, or is damaged.
        """
        return SparseRows._of(load_rows(path))

    # ---- what it is ----

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows, and the size of each."""
        return self._rows.rows, self._rows.columns

    @property
    def nnz(self) -> int:
        """Number of stored values, explicit zeros included."""
        return int(self._rows.nnz)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        dtype: np.dtype[Any] = self._rows.dtype
        return dtype

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Row pointers: where each row begins, and where the last one ends, read-only."""
        offsets: NDArray[np.int64] = self._rows.offsets
        return offsets

    @property
    def positions(self) -> NDArray[Any]:
        """The positions of all rows, ascending within each, read-only."""
        positions: NDArray[Any] = self._rows.positions
        return positions

    @property
    def values(self) -> Floats:
        """The value at each position, read-only."""
        values: Floats = self._rows.values
        return values

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[SparseVector]:
        return (self._rows.row(i) for i in range(len(self)))

    @overload
    def __getitem__(self, key: int) -> SparseVector: ...
    @overload
    def __getitem__(self, key: slice | ArrayLike) -> SparseRows: ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, (int, np.integer)) and not isinstance(key, (bool, np.bool_)):
            i = int(key) + (len(self) if key < 0 else 0)
            if not 0 <= i < len(self):
                raise IndexError(f"row {key} of {len(self)}")
            return self._rows.row(i)
        if isinstance(key, slice):
            return SparseRows._of(self._rows.take(np.arange(*key.indices(len(self)))))
        if isinstance(key, tuple):
            raise IndexError(f"rows are indexed by a number, a slice or an array; for one element: R[{key[0]!r}][…]")
        numbers = np.asarray(key)
        if numbers.ndim == 0 and numbers.dtype.kind in "iu":
            return self[int(numbers)]
        if numbers.ndim == 0:
            raise TypeError(f"rows are indexed by a number, a slice or an array, got {type(key).__name__}")
        if numbers.dtype.kind == "b":
            if numbers.shape != (len(self),):
                raise IndexError(f"a mask of shape {numbers.shape} for {len(self)} rows")
            numbers = np.flatnonzero(numbers)
        elif numbers.dtype.kind in "iu":
            numbers = np.where(numbers < 0, numbers + len(self), numbers)
        return SparseRows._of(self._rows.take(numbers))

    def __eq__(self, other: object) -> bool:
        """Whether shape, positions and values are the same."""
        if not isinstance(other, SparseRows):
            return NotImplemented
        mine, theirs = (self.offsets, self.positions, self.values), (other.offsets, other.positions, other.values)
        return self is other or (self.shape == other.shape and all(map(np.array_equal, mine, theirs)))

    def __hash__(self) -> int:
        return hash((self.shape, self.nnz))

    def __repr__(self) -> str:
        return f"<plait.SparseRows {self.shape} with {self.nnz} value{'s' * (self.nnz != 1)}, {self.dtype.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return SparseRows.from_csr, (self.offsets.copy(), self.positions.copy(), self.values.copy(), self.shape[1])

    def __array__(self, *_: Any, **__: Any) -> Floats:
        raise TypeError("plait.SparseRows are not converted to dense arrays implicitly; use .to_dense()")

    # ---- arithmetic ----

    @property
    def T(self) -> SparseRows:
        """The transpose; O(nnz + rows + columns)."""
        return SparseRows._of(self._rows.transposed())

    def __add__(self, other: Any) -> SparseRows:
        return SparseRows._of(self._rows.add(other._rows, 1.0)) if isinstance(other, SparseRows) else NotImplemented

    def __sub__(self, other: Any) -> SparseRows:
        return SparseRows._of(self._rows.add(other._rows, -1.0)) if isinstance(other, SparseRows) else NotImplemented

    def __neg__(self) -> SparseRows:
        return SparseRows._of(self._rows.scaled(-1.0))

    def __mul__(self, factor: Any) -> SparseRows:
        return SparseRows._of(self._rows.scaled(float(factor))) if is_scalar(factor) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> SparseRows:
        if not is_scalar(divisor):
            return NotImplemented
        if divisor == 0:
            raise ZeroDivisionError("sparse rows divided by zero")
        return SparseRows._of(self._rows.divided(float(divisor)))

    def norms(self, order: float = 2) -> NDArray[np.float64]:
        """The norm of each row.

        Parameters
        ----------
        order : {2, 1, inf}
            Root of the sum of squares, sum of magnitudes, or the largest magnitude.

        Returns
        -------
        numpy.ndarray of float64, shape (rows,)
            Computed without intermediate overflow.
        """
        if not is_scalar(order):
            raise TypeError(f"norms: order: expected 1, 2 or infinity, got {order!r}")
        found: NDArray[np.float64] = self._rows.norms(float(order))
        return found

    def normalized(self, order: float = 2) -> SparseRows:
        """The rows divided by their norms; a row of zeros stays as it is.

        Parameters
        ----------
        order : {2, 1, inf}
            As for :meth:`norms`.

        Returns
        -------
        SparseRows
            Of the same shape.
        """
        lengths = self.norms(order)
        if ((lengths > 0) & ((lengths < 1e-290) | (lengths > 1e290))).any():  # the reciprocal of such a length is subnormal or overflows
            lengths = np.where(lengths == 0, 1.0, lengths)
            values = (self.values / np.repeat(lengths, np.diff(self.offsets))).astype(self.dtype)
            return SparseRows.from_csr(self.offsets, self.positions, values, self.shape[1])
        return SparseRows._of(self._rows.rows_scaled((1.0 / np.where(lengths == 0, 1.0, lengths)).tolist()))

    def astype(self, dtype: Any) -> SparseRows:
        """With values of another precision.

        Parameters
        ----------
        dtype : {"float32", "float64"}
            A float64 beyond the range of float32 becomes infinite.

        Returns
        -------
        SparseRows
            The rows themselves where nothing changes.
        """
        wanted = np.dtype(dtype)
        if wanted not in (np.float32, np.float64):
            raise DTypeError(f"astype: expected float32 or float64, got {wanted}")
        return self if wanted == self.dtype else SparseRows._of(self._rows.astype(wanted == np.float64))

    @overload
    def dot(self, other: SparseRows, threads: int | None = None) -> SparseRows: ...
    @overload
    def dot(self, other: SparseVector | ArrayLike, threads: int | None = None) -> Floats: ...
    def dot(self, other: Any, threads: int | None = None) -> Any:
        """The product with a vector, a dense matrix, or other rows; ``R @ other`` is the same.

        Parameters
        ----------
        other : SparseVector, array_like or SparseRows
            Of shape (size,) or (size, m).
        threads : int, optional
            Most threads; the result does not depend on it.

        Returns
        -------
        numpy.ndarray or SparseRows
            Of shape (rows,) or (rows, m): dense, except for the product with SparseRows.

        Notes
        -----
        Rows times rows is Gustavson's algorithm (1978), O(multiplications). A sparse vector is scattered into a dense one first.

        Examples
        --------
        >>> R = plait.SparseRows.from_dense([[1, 0, 2], [0, 3, 0]])
        >>> R.dot(np.ones((3, 2)))
        array([[3., 3.],
               [3., 3.]])
        """
        workers = thread_count(threads, "dot")
        if isinstance(other, SparseVector):
            return self._rows.dots(other, workers)
        if isinstance(other, SparseRows):
            return SparseRows._of(self._rows.times(other._rows, workers))
        return self._rows.times_dense(other, workers)

    def __matmul__(self, other: Any) -> Any:
        if isinstance(other, (SparseVector, SparseRows, np.ndarray, list, tuple)) or is_scipy(other):
            return self.dot(other)
        return NotImplemented

    def __rmatmul__(self, other: Any) -> Any:
        if isinstance(other, SparseVector):
            return self.T.dot(other)
        if isinstance(other, (np.ndarray, list, tuple)):
            return self.T.dot(np.asarray(other).T).T
        return NotImplemented

    def top_k(
        self,
        queries: SparseRows | SparseVector,
        k: int,
        metric: Literal["cosine", "dot"] = "cosine",
        min_score: float | None = None,
        threads: int | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """For each query its k best rows, best first, equal scores by the lower row.

        Parameters
        ----------
        queries : SparseRows or SparseVector
            Of the same size; one vector is one query.
        k : int
            Number of rows for each query.
        metric : {"cosine", "dot"}
            The similarity.
        min_score : float, optional
            Rows with a lower score are left out.
        threads : int, optional
            Most threads; the result does not depend on it.

        Returns
        -------
        indices : numpy.ndarray of int64, shape (len(queries), k)
            Rows; -1 where fewer than k share a position with the query. Stored zeros share nothing.
        scores : numpy.ndarray of float64, shape (len(queries), k)
            NaN there.

        Raises
        ------
        ValueError
            If a value is NaN or infinite, or k is below 1.

        Notes
        -----
        An inverted index: each query visits the lists of its positions only. Lists of positions that at least one row in eight has are kept
        dense, and rows are cut into blocks whose scores stay in cache. Scores are in float32 where rows and queries are.

        Examples
        --------
        >>> R = plait.SparseRows.from_dense([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
        >>> indices, scores = R.top_k(R[:1], 3)
        >>> indices
        array([[ 0,  1, -1]])
        >>> scores.round(3)
        array([[1.   , 0.707,   nan]])
        """
        if isinstance(queries, SparseVector):
            queries = SparseRows([queries], self.shape[1])
        if not isinstance(queries, SparseRows):
            raise TypeError(f"top_k: queries: expected SparseRows or a SparseVector, got {type(queries).__name__}")
        if metric not in ("cosine", "dot"):
            raise ValueError(f"top_k: metric: expected 'cosine' or 'dot', got {metric!r}")
        if isinstance(k, bool) or not hasattr(k, "__index__"):
            raise TypeError(f"top_k: k: expected a whole number, got {k!r}")
        if min_score is not None and not is_scalar(min_score):
            raise TypeError(f"top_k: min_score: expected a number or None, got {min_score!r}")
        best: tuple[NDArray[np.int64], NDArray[np.float64]] = self._rows.top_k(
            queries._rows, k.__index__(), metric == "cosine", min_score, thread_count(threads, "top_k")
        )
        return best

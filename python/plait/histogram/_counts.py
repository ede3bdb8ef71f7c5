"""The counts of a histogram: filling, and the contents of its cells."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core
from .._masks import as_array
from . import _fill, _statistics
from ._inputs import column, numbers, thread_count
from .axis import Axis, Closed, Floats

if TYPE_CHECKING:
    from typing_extensions import Self


class Counts(_core.histogram.Accumulator):
    """Cells between borders and their contents; see `Histogram`."""

    def __init__(self, *edges: Any, closed: Closed = "left") -> None:
        if len(edges) > 1 and isinstance(edges[-1], str):
            *edges, closed = edges  # type: ignore[assignment]
        if closed not in ("left", "right"):
            raise ValueError(f"closed: expected 'left' or 'right', got {closed!r}")
        if not edges:
            raise TypeError("Histogram: expected the borders of one axis or more")
        self._closed: Closed = closed
        self._axes = tuple((axis if isinstance(axis, Axis) else Axis(axis))._closed_on(closed) for axis in edges)
        super().__init__([axis.edges for axis in self._axes], closed == "right")

    @classmethod
    def uniform(cls, n: int, low: float, high: float, *, closed: Closed = "left") -> Self:
        """Bins of equal width.

        Parameters
        ----------
        n : int
            How many.
        low, high : float
            The first and the last border.
        closed : {"left", "right"}
            As of the class.

        Returns
        -------
        Histogram
            An empty one.

        Examples
        --------
        >>> plait.Histogram.uniform(10, 0, 1).find(0.1 * 3)  # just above the border 0.3
        3
        """
        return cls(Axis.uniform(n, low, high), closed=closed)

    @classmethod
    def logarithmic(cls, n: int, low: float, high: float, *, closed: Closed = "left") -> Self:
        """Bins of equal ratio; quantiles follow the logarithm within a bin.

        Parameters
        ----------
        n : int
            How many.
        low, high : float
            The first and the last border, positive.
        closed : {"left", "right"}
            As of the class.

        Returns
        -------
        Histogram
            An empty one.

        Examples
        --------
        >>> h = plait.Histogram.logarithmic(2, 1, 100).fill([2, 20, 30, 40])
        >>> float(h.quantile(0.25)).__round__(6)
        10.0
        """
        return cls(Axis.logarithmic(n, low, high), closed=closed)

    # ---- what it is ----

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes."""
        return self._axes

    @property
    def axis(self) -> Axis:
        """The axis of a histogram that has one."""
        return self._only_axis("axis")

    @property
    def edges(self) -> Floats:
        """Borders of a histogram with one axis."""
        return self._only_axis("edges").edges

    @property
    def closed(self) -> Closed:
        """The side on which bins are closed."""
        return self._closed

    @property
    def kind(self) -> Literal["COUNT"]:
        """What UHI calls a histogram of counts."""
        return "COUNT"

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of bins on each axis."""
        return tuple(len(axis) for axis in self._axes)

    # ---- filling ----

    if TYPE_CHECKING:

        def insert(self, *values: float, weight: float = 1.0) -> None:
            """Count one value."""
    else:
        insert = _core.histogram.Accumulator.insert

    def fill(self, *arrays: Any, weights: Any = None, threads: int | None = None, executor: Any = None) -> Self:
        """Count many values.

        Parameters
        ----------
        *arrays : array_like
            Values, for each axis; arrays of one shape, or a number that goes along with all. One more array than there are axes is `weights`.
        weights : float or array_like, optional
            How much each counts, or all. Finite.
        threads : int, optional
            At most so many; the result does not depend on it.
        executor : concurrent.futures.Executor, optional
            Counts pieces of a million values, whose results are added here: a ``ProcessPoolExecutor``, ``dask.distributed``'s
            ``Client.get_executor()``, or anything else with its protocol. Sums of weights may differ in their last digits from those without
            it, not between executors.

        Returns
        -------
        Histogram
            This one.

        Raises
        ------
        ShapeError
            If arrays or weights differ in shape.
        DTypeError
            If they are not real numbers.
        ValueError
            If a weight is NaN or infinite; nothing is counted then.

        Examples
        --------
        >>> plait.Histogram([0, 1, 2]).fill([0.5, 1.5, 1.6], weights=[1, 2, 3]).values()
        array([1., 5.])
        >>> plait.Histogram([0, 1, 2], [0, 10]).fill([0.5, 1.5], [3, 4]).values()
        array([[1.],
               [1.]])
        """
        if len(arrays) == self.ndim + 1 and weights is None:
            *arrays, weights = arrays  # type: ignore[assignment]
        if len(arrays) != self.ndim:
            raise TypeError(f"fill: expected {self.ndim} array{'s, one for each axis' if self.ndim > 1 else ''}, got {len(arrays)}")
        most = thread_count(threads)
        if weights is None and executor is None and all(map(_fill.is_ready, arrays)) and len({len(array) for array in arrays}) == 1:
            self._fill(list(arrays), None, 1.0, most)
            return self
        arrays = tuple(array if hasattr(array, "dtype") else as_array(array) for array in arrays)
        made = _fill.columns(arrays)
        each, weight = _fill.weights_for(weights, max((np.shape(array) for array in arrays), key=len))
        if executor is not None:
            _fill.fill_elsewhere(self, made, each, weight, executor)
        else:
            self._fill(list(made), each, weight, most)
        return self

    @overload
    def find(self, x: float, /) -> int: ...
    @overload
    def find(self, x: ArrayLike, /) -> NDArray[np.int64]: ...
    @overload
    def find(self, x: ArrayLike, y: ArrayLike, /, *more: ArrayLike) -> tuple[Any, ...]: ...
    def find(self, *x: Any) -> Any:
        """The bins of values.

        Parameters
        ----------
        *x : float or array_like
            One for each axis.

        Returns
        -------
        int or ndarray of int64, or a tuple of them
            From 0; -1 below the first border, the number of bins above the last. A tuple where there are several axes.

        Raises
        ------
        ValueError
            If a value is NaN, which is in no bin.

        Examples
        --------
        >>> h = plait.Histogram([0, 1, 2])
        >>> h.find(2), h.find([-1, 0, 1, 3])
        (1, array([-1,  0,  1,  2]))
        """
        if len(x) != self.ndim:
            raise TypeError(f"find: expected {self.ndim} value{'s, one for each axis' if self.ndim > 1 else ''}, got {len(x)}")
        found = []
        for k, values in enumerate(x):
            array = numbers(values, "find")
            if np.isnan(array).any():
                raise ValueError(
                    f"find: {'x' if array.ndim == 0 else f'element {int(np.isnan(array).argmax())}'} is NaN, which is in no bin"
                )
            bins = self._find(k, column(array, "find"))
            found.append(int(bins[0]) if array.ndim == 0 else bins.reshape(array.shape))
        return found[0] if self.ndim == 1 else tuple(found)

    # ---- what has been counted ----

    def values(self, flow: bool = False) -> Floats:
        """Sums of weights, which are counts where no weights were given.

        Parameters
        ----------
        flow : bool
            With one more bin at each end of each axis, for what lies outside.

        Returns
        -------
        ndarray of float64
            An axis for each axis.

        Examples
        --------
        >>> plait.Histogram([0, 1, 2]).fill([1, 2, 3]).values(flow=True)
        array([0., 0., 2., 1.])
        """
        return self._cells(self._contents()[0], flow)

    def variances(self, flow: bool = False) -> Floats:
        """Sums of squared weights.

        Parameters
        ----------
        flow : bool
            As of `values`.

        Returns
        -------
        ndarray of float64
            The estimated variances of `values`, which they equal where no weights were given.

        Examples
        --------
        >>> plait.Histogram([0, 1]).fill([0, 0], weights=[1, 3]).variances()
        array([10.])
        """
        sums, squares, _ = self._contents()
        return self._cells(sums if squares is None else squares, flow)

    def counts(self, flow: bool = False) -> Floats:
        """Effective numbers of entries: values² / variances, 0 where both are 0.

        Parameters
        ----------
        flow : bool
            As of `values`.

        Returns
        -------
        ndarray of float64
            Plain counts where no weights were given.

        Examples
        --------
        >>> plait.Histogram([0, 1]).fill([0, 0], weights=[1, 3]).counts()
        array([1.6])
        """
        sums, squares, _ = self._contents()
        return self._cells(_statistics.counts(sums, squares), flow)

    @property
    def underflow(self) -> Any:
        """Sum of weights below the first border; for several axes a tuple, one for each."""
        return self._outside(0)

    @property
    def overflow(self) -> Any:
        """Sum of weights above the last border; for several axes a tuple, one for each."""
        return self._outside(-1)

    @property
    def invalid(self) -> int:
        """Number of entries with NaN for a coordinate."""
        return int(self._contents()[2])

    def sum(self, flow: bool = False) -> float:
        """Sum of all weights.

        Parameters
        ----------
        flow : bool
            With those outside of the axes.

        Returns
        -------
        float
            0 for an empty one.

        Examples
        --------
        >>> plait.Histogram([0, 1]).fill([0, 0.5, 2]).sum()
        2.0
        """
        return float(self.values(flow).sum())

    def __add__(self, other: Counts | Literal[0]) -> Self:
        """What both have counted."""
        if not isinstance(other, Counts):  # sum() begins with 0
            return copy.copy(self) if isinstance(other, int) and other == 0 else NotImplemented
        made = copy.copy(self)
        made += other
        return made

    __radd__ = __add__

    def __iadd__(self, other: Counts | Literal[0]) -> Self:
        """Add what another one has counted."""
        if not isinstance(other, Counts):
            return NotImplemented
        for k, (mine, theirs) in enumerate(zip(self._axes, other._axes, strict=False)):
            if mine != theirs:
                raise ValueError(f"add: axis {k} of the histograms differs: {_difference(mine, theirs)}")
        if self.ndim != other.ndim:
            raise ValueError(f"add: the histograms have {self.ndim} and {other.ndim} axes")
        self._add(other)
        return self

    def __eq__(self, other: object) -> bool:
        """Whether axes and contents are the same."""
        if not isinstance(other, Counts):
            return NotImplemented
        same = self._axes == other._axes and self.invalid == other.invalid
        return (
            same and np.array_equal(self.values(True), other.values(True)) and np.array_equal(self.variances(True), other.variances(True))
        )

    __hash__ = None  # type: ignore[assignment]

    # ---- for this module's own files ----

    def _cells(self, cells: Floats, flow: bool) -> Floats:
        """As an array of all axes, with or without flow."""
        shaped = cells.reshape([len(axis) + 2 for axis in self._axes])
        return shaped if flow else np.ascontiguousarray(shaped[(slice(1, -1),) * self.ndim])

    def _nd(self) -> tuple[Floats, Floats | None]:
        """Sums, and sums of squares if weights were given, as arrays of all axes with flow."""
        sums, squares, _ = self._contents()
        return self._cells(sums, True), None if squares is None else self._cells(squares, True)

    def _squares(self) -> Floats | None:
        return self._nd()[1]

    def _outside(self, end: int) -> Any:
        cells = self.values(flow=True)
        found = tuple(float(np.take(cells, end, axis=k).sum()) for k in range(self.ndim))
        return found[0] if self.ndim == 1 else found

    def _only_axis(self, name: str) -> Axis:
        if self.ndim != 1:
            raise ValueError(f"{name}: the histogram has {self.ndim} axes; h.project(k) is that of one")
        return self._axes[0]

    def _empty(self) -> Self:
        """Another one of the same axes."""
        return type(self)(*self._axes, closed=self._closed)

    def _restore(self, sums: Floats, squares: Floats | None, invalid: Any) -> None:
        """Contents of a file; ValueError if no histogram can have them."""
        if isinstance(invalid, bool) or not isinstance(invalid, int) or not 0 <= invalid < 2**63:
            raise ValueError(f"invalid: expected a number of entries, got {invalid!r}")
        expected = tuple(len(axis) + 2 for axis in self._axes)
        for cells in (sums, squares):
            if cells is not None and (cells.shape != expected or not np.isfinite(cells).all()):
                raise ValueError(f"contents: expected finite numbers of shape {expected}")
        if squares is not None and (squares < 0).any():
            raise ValueError("contents: a sum of squares is negative")
        self._set_contents(np.ravel(sums), None if squares is None else np.ravel(squares), invalid)

    def _made(self, axes: list[Axis], sums: Floats, squares: Floats | None) -> Self:
        """One with other axes."""
        made = type(self)(*axes, closed=self._closed)
        made._set_contents(np.ravel(sums), None if squares is None else np.ravel(squares), self.invalid)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickling and copying."""
        return _rebuilt, (type(self), self._axes, self._closed, *self._contents())


def _rebuilt(cls: type[Counts], axes: tuple[Axis, ...], closed: Closed, sums: Floats, squares: Floats | None, invalid: int) -> Counts:
    made = cls(*axes, closed=closed)
    made._set_contents(sums, squares, invalid)
    return made


def _difference(a: Axis, b: Axis) -> str:
    """The text form."""
    if len(a) != len(b):
        return f"{len(a)} and {len(b)} bins"
    if a._closed != b._closed:
        return f"closed on the {a._closed} and on the {b._closed}"
    if a.scale != b.scale:
        return f"a {a.scale} and a {b.scale} scale"
    k = int((a.edges != b.edges).argmax())
    return f"border {k} is {a.edges[k]} and {b.edges[k]}"

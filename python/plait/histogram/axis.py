"""One axis of a histogram: borders, and the scale between them."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._inputs import finite, numbers

Closed = Literal["left", "right"]
Scale = Literal["linear", "log"]
Floats = NDArray[np.float64]


class Traits(NamedTuple):
    """Traits of axes in the UHI protocol, equal for all axes here."""

    circular: bool = False
    discrete: bool = False
    underflow: bool = True
    overflow: bool = True
    continuous: bool = True
    ordered: bool = True
    growth: bool = False
    inclusive: bool = True


class Axis:
    """The bins along one coordinate.

    Parameters
    ----------
    edges : array_like, shape (n + 1,)
        Strictly increasing borders of n bins; the outer ones may be infinite.
    scale : {"linear", "log"}
        How values are taken to be spread within a bin, which quantiles and centres follow. "log" needs positive borders.
    label : str
        What plots write along it.

    Raises
    ------
    ValueError
        If the edges are fewer than two, not increasing, repeated or NaN.

    Notes
    -----
    A sequence of pairs (low, high), as the UHI protocol has it. Immutable, but for the label.

    Examples
    --------
    >>> axis = plait.histogram.Axis.logarithmic(3, 1, 1000)
    >>> axis.edges
    array([   1.,   10.,  100., 1000.])
    >>> axis[1], len(axis)
    ((10.0, 100.0), 3)
    """

    def __init__(self, edges: ArrayLike, *, scale: Scale = "linear", label: str = "") -> None:
        self._edges = checked_edges(edges)
        if scale not in ("linear", "log"):
            raise ValueError(f"scale: expected 'linear' or 'log', got {scale!r}")
        if scale == "log" and not (self._edges[0] > 0 and np.isfinite(self._edges[-1])):
            raise ValueError(f"edges: a log scale needs positive finite ones, got {self._edges[0]} to {self._edges[-1]}")
        self._scale: Scale = scale
        self._closed: Closed = "left"
        self.label = label

    @classmethod
    def uniform(cls, n: int, low: float, high: float, *, label: str = "") -> Axis:
        """Bins of equal width.

        Parameters
        ----------
        n : int
            How many.
        low, high : float
            The first and the last border; those between are ``numpy.linspace``'s.
        label : str
            What plots write along it.

        Returns
        -------
        Axis
            With n + 1 borders.

        Examples
        --------
        >>> plait.histogram.Axis.uniform(2, 0, 1).edges
        array([0. , 0.5, 1. ])
        """
        n, low, high = checked_range(n, low, high)
        with np.errstate(over="ignore", invalid="ignore"):
            edges = np.linspace(low, high, n + 1)
        if not np.isfinite(edges).all():  # high - low is above the largest double
            share = np.arange(n + 1) / n
            edges = low * (1 - share) + high * share
        return cls(made_edges(edges, n, low, high), label=label)

    @classmethod
    def logarithmic(cls, n: int, low: float, high: float, *, label: str = "") -> Axis:
        """Bins of equal ratio.

        Parameters
        ----------
        n : int
            How many.
        low, high : float
            The first and the last border, positive; those between are ``numpy.geomspace``'s.
        label : str
            What plots write along it.

        Returns
        -------
        Axis
            With n + 1 borders and a log scale.

        Examples
        --------
        >>> plait.histogram.Axis.logarithmic(2, 1, 100).centers.round(3)
        array([ 3.162, 31.623])
        """
        n, low, high = checked_range(n, low, high)
        if low <= 0:
            raise ValueError(f"low: a logarithmic axis begins above 0, got {low}")
        return cls(made_edges(np.geomspace(low, high, n + 1), n, low, high), scale="log", label=label)

    @property
    def edges(self) -> Floats:
        """All borders, read-only."""
        return self._edges

    @property
    def scale(self) -> Scale:
        """Of quantiles and centres: "linear" or "log"."""
        return self._scale

    @property
    def centers(self) -> Floats:
        """Middles of the bins, on a log scale the geometric ones."""
        low, high = self._edges[:-1], self._edges[1:]
        return np.sqrt(low) * np.sqrt(high) if self._scale == "log" else low / 2 + high / 2

    @property
    def widths(self) -> Floats:
        """High less low border of each bin."""
        with np.errstate(over="ignore"):
            return np.diff(self._edges)

    @property
    def size(self) -> int:
        """Number of bins, as `len` gives it."""
        return len(self)

    @property
    def extent(self) -> int:
        """Number of bins with those of the flow."""
        return len(self) + 2

    @property
    def traits(self) -> Traits:
        """Neither circular nor discrete; with flow at both ends."""
        return Traits()

    def index(self, x: float) -> int:
        """The bin of a value.

        Parameters
        ----------
        x : float
            A number.

        Returns
        -------
        int
            0 for the first bin, -1 below it, the number of bins above the last.

        Examples
        --------
        >>> plait.histogram.Axis([0, 1, 2]).index(1)
        1
        """
        x = float(x)
        if np.isnan(x):
            raise ValueError("index: x is NaN, which lies in no bin")
        if self._closed == "right":
            return 0 if x == self._edges[0] else int(np.searchsorted(self._edges, x, side="left")) - 1
        return len(self) - 1 if x == self._edges[-1] else int(np.searchsorted(self._edges, x, side="right")) - 1

    def bin(self, i: int) -> tuple[float, float]:
        """A bin as pair of borders, that of -1 being the underflow and that of n the overflow.

        Parameters
        ----------
        i : int
            From -1 to n.

        Returns
        -------
        tuple of float
            Low and high border.

        Examples
        --------
        >>> plait.histogram.Axis([0, 1, 2]).bin(-1)
        (-inf, 0.0)
        """
        i = operator.index(i)
        if not -1 <= i <= len(self):
            raise IndexError(f"bin: expected -1 to {len(self)}, got {i}")
        low = -np.inf if i < 0 else self._edges[i]
        high = np.inf if i == len(self) else self._edges[i + 1]
        return float(low), float(high)

    def __len__(self) -> int:
        """Number of bins."""
        return len(self._edges) - 1

    def __getitem__(self, i: int) -> tuple[float, float]:
        """Low and high border of a bin; negative ones count from the end."""
        i = operator.index(i)
        if not -len(self) <= i < len(self):
            raise IndexError(f"axis: expected a bin below {len(self)}, got {i}")
        return self.bin(i % len(self))

    def __iter__(self) -> Iterator[tuple[float, float]]:
        """All bins."""
        return (self.bin(i) for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Whether bins, scale and closed side are the same; the label does not matter."""
        if not isinstance(other, Axis):
            return NotImplemented
        return self._scale == other._scale and self._closed == other._closed and np.array_equal(self._edges, other._edges)

    def __hash__(self) -> int:
        """Of what does not change."""
        return hash((self._scale, self._closed, self._edges.tobytes()))

    def __repr__(self) -> str:
        """The call that makes it."""
        scale = "" if self._scale == "linear" else f", scale={self._scale!r}"
        label = f", label={self.label!r}" if self.label else ""
        return f"Axis({np.array2string(self._edges, threshold=6, separator=', ')}{scale}{label})"

    def _closed_on(self, closed: Closed) -> Axis:
        """The same of a histogram with bins that are closed on that side."""
        return self._with_edges(self._edges, closed)

    def _with_edges(self, edges: Floats, closed: Closed | None = None) -> Axis:
        made = type(self)(edges, scale=self._scale, label=self.label)
        made._closed = closed or self._closed
        return made


def checked_edges(edges: ArrayLike) -> Floats:
    """Strictly increasing doubles, an own array that cannot be written to."""
    array = numbers(edges, "edges").astype(np.float64)
    if array.ndim != 1 or array.size < 2:
        raise ValueError(f"edges: expected one-dimensional ones, two or more, got shape {array.shape}")
    if np.isnan(array).any():
        raise ValueError(f"edges: element {int(np.isnan(array).argmax())} is NaN")
    array += 0.0  # both zeros are one
    wrong = np.flatnonzero(array[1:] <= array[:-1])
    if wrong.size:
        i = int(wrong[0])
        what = "is repeated" if array[i] == array[i + 1] else f"comes after {array[i]}"
        raise ValueError(f"edges: expected strictly increasing ones, but element {i + 1} ({array[i + 1]}) {what}")
    array.flags.writeable = False
    return array


def checked_range(n: Any, low: Any, high: Any) -> tuple[int, float, float]:
    """How many bins between which ends."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ValueError(f"n: expected a whole number of bins of at least 1, got {n!r}")
    low, high = finite(low, "low"), finite(high, "high")
    if not low < high:
        raise ValueError(f"high: expected a number above low = {low}, got {high}")
    return int(n), low, high


def made_edges(edges: Floats, n: int, low: float, high: float) -> Floats:
    """The same, if doubles are fine enough for so many."""
    if (edges[1:] <= edges[:-1]).any():
        raise ValueError(f"n: there are no {n} bins between {low} and {high} that doubles tell apart")
    return edges

"""Places on an axis for indexing, as UHI and boost-histogram have them; theirs are taken as well.

``h[loc(2.5)]`` is the bin of a value, ``h[loc(0):loc(10)]`` what lies between, ``h[::rebin(2)]`` merges neighbours, ``h[::sum]`` adds an axis
up (the builtin), ``h[underflow]`` and ``h[overflow]`` are what lies outside, and ``len`` is the end of an axis.
"""

from __future__ import annotations

import operator
from typing import Any

__all__ = ["loc", "overflow", "rebin", "underflow"]


class Place:
    """A place on an axis, moved by so many bins."""

    def __init__(self, offset: int = 0) -> None:
        self.offset = operator.index(offset)

    def __add__(self, bins: int) -> Place:
        """So many bins further up."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        made.offset = self.offset + operator.index(bins)
        return made

    def __sub__(self, bins: int) -> Place:
        """So many bins further down."""
        return self + -operator.index(bins)

    def __call__(self, axis: Any) -> int:
        """The bin that it means on an axis."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__.lower()}{self._moved()}"

    def _moved(self) -> str:
        return f" {'+' if self.offset > 0 else '-'} {abs(self.offset)}" if self.offset else ""


class loc(Place):
    """The bin in which a value lies.

    Parameters
    ----------
    value : float
        A number; where an end of a slice lies on a border, the slice ends there.
    offset : int
        So many bins further up.

    Examples
    --------
    >>> h = plait.Histogram([0, 1, 2, 3]).fill([0.5, 1.5, 1.7])
    >>> from plait.histogram import loc
    >>> h[loc(1.2)], h[loc(1.2) - 1], h[loc(1) :].values()
    (2.0, 1.0, array([2., 0.]))
    """

    def __init__(self, value: float, offset: int = 0) -> None:
        super().__init__(offset)
        self.value = value

    def __repr__(self) -> str:
        return f"loc({self.value!r}){self._moved()}"

    def __call__(self, axis: Any) -> int:
        """The bin that it means on an axis."""
        return int(axis.index(self.value)) + self.offset


class Underflow(Place):
    """What lies below the first border.

    Parameters
    ----------
    axis : Axis
        Given when it is used as an index.

    Returns
    -------
    int
        The bin -1.

    Examples
    --------
    >>> from plait.histogram import underflow
    >>> plait.Histogram([0, 1]).fill([-1, -2])[underflow]
    2.0
    """

    def __call__(self, axis: Any) -> int:  # noqa: ARG002
        """-1, moved."""
        return -1 + self.offset


class Overflow(Place):
    """What lies above the last border.

    Parameters
    ----------
    axis : Axis
        Given when it is used as an index.

    Returns
    -------
    int
        The number of bins.

    Examples
    --------
    >>> from plait.histogram import overflow
    >>> plait.Histogram([0, 1]).fill([3, 4])[overflow]
    2.0
    """

    def __call__(self, axis: Any) -> int:
        """The number of bins, moved."""
        return len(axis) + self.offset


underflow = Underflow()
overflow = Overflow()


class rebin:
    """The step of a slice that merges neighbouring bins; what is left over goes to the overflow.

    Parameters
    ----------
    factor : int
        So many become one.
    groups : sequence of int, optional
        Instead: how many become the first, the second, …

    Examples
    --------
    >>> h = plait.Histogram([0, 1, 2, 3]).fill([0.5, 1.5, 1.7, 2.5])
    >>> from plait.histogram import rebin
    >>> h[:: rebin(2)].values(flow=True)
    array([0., 3., 1.])
    """

    def __init__(self, factor: int | None = None, *, groups: Any = None) -> None:
        if (factor is None) == (groups is None):
            raise TypeError("rebin: expected either a factor or groups")
        if factor is not None and (isinstance(factor, bool) or operator.index(factor) < 1):
            raise ValueError(f"rebin: expected a factor of at least 1, got {factor!r}")
        self.factor = None if factor is None else operator.index(factor)
        self.groups = None if groups is None else [operator.index(group) for group in groups]
        if self.groups is not None and min(self.groups, default=0) < 1:
            raise ValueError(f"rebin: expected groups of at least 1, got {groups!r}")

    def __repr__(self) -> str:
        return f"rebin({self.factor})" if self.groups is None else f"rebin(groups={self.groups})"

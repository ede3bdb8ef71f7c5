"""``h[...]``: UHI's indexing of cells and borders."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .axis import Axis, Floats


class Cut(NamedTuple):
    """A slice of one axis."""

    start: int | None  # bins; None begins with the underflow
    stop: int | None  # None ends with the overflow
    groups: list[int] | None  # sizes of the bins to come, None for an axis that is added up


class _Ends:
    """An axis for the ends of slices: a value on a border is that border, whichever side is closed."""

    def __init__(self, axis: Axis) -> None:
        self.axis = axis

    def __len__(self) -> int:
        return len(self.axis)

    def index(self, x: float) -> int:
        """The last border at or below x."""
        if np.isnan(x):
            raise ValueError("index: loc(nan) is no place")
        return int(np.searchsorted(self.axis.edges, x, side="right")) - 1


def expand(key: Any, axes: Sequence[Axis]) -> list[Any]:
    """One index for each axis."""
    everything = [slice(None)] * len(axes)
    if isinstance(key, Mapping):
        for k, index in key.items():
            k = operator.index(k)
            if not -len(axes) <= k < len(axes):
                raise IndexError(f"index: there is no axis {k} among {len(axes)}")
            everything[k] = index
        return everything
    keys = list(key) if isinstance(key, tuple) else [key]
    dots = [k for k, index in enumerate(keys) if index is Ellipsis]
    if len(dots) > 1:
        raise IndexError("index: expected one ellipsis at most")
    if dots:
        keys[dots[0] : dots[0] + 1] = everything[: max(0, len(axes) - len(keys) + 1)]
    if len(keys) != len(axes):
        raise IndexError(f"index: expected one for each of {len(axes)} axes, got {len(keys)}")
    return keys


def parse(index: Any, axis: Axis) -> int | Cut:
    """A bin from -1 to n, or a cut."""
    n = len(axis)
    if isinstance(index, slice):
        start, stop = _end(index.start, axis), _end(index.stop, axis)
        if _adds_up(index.step):
            if (stop if stop is not None else n) < (start if start is not None else 0):
                raise IndexError(f"index: a sum over bins {start} to {stop} has none")
            return Cut(start, stop, None)
        first, last = start or 0, n if stop is None else stop
        if first >= last:
            raise IndexError(f"index: a slice over bins {first} to {last} has none")
        return Cut(start, stop, _groups(index.step, axis, first, last))
    if _adds_up(index):
        return Cut(None, None, None)
    if callable(index):
        i = operator.index(index(axis))
        if not -1 <= i <= n:
            raise IndexError(f"index: expected -1 (underflow) to {n} (overflow), got {i} from {index!r}")
        return i
    if isinstance(index, (bool, np.bool_)) or not hasattr(type(index), "__index__"):
        raise TypeError(f"index: expected a whole number, a slice or a place such as loc(2.5), got {type(index).__name__}")
    i = operator.index(index)
    if not -n <= i < n:
        raise IndexError(f"index: expected a bin below {n}, got {i}")
    return i % n


def _adds_up(index: Any) -> bool:
    return index is builtins.sum or index is np.sum


def _end(index: Any, axis: Axis) -> int | None:
    """An end of a slice within 0 to n."""
    if index is None:
        return None
    n = len(axis)
    if callable(index):
        i = operator.index(index(_Ends(axis)))
    else:
        if isinstance(index, (bool, np.bool_)) or not hasattr(type(index), "__index__"):
            raise TypeError(f"index: expected a whole number or a place such as loc(2.5) as the end of a slice, got {type(index).__name__}")
        i = operator.index(index)
        i += n if i < 0 else 0
    return min(max(i, 0), n)


def _groups(step: Any, axis: Axis, first: int, last: int) -> list[int]:
    """The sizes of merged groups of bins."""
    n = last - first
    if step is None:
        return [1] * n
    factor, groups = getattr(step, "factor", None), getattr(step, "groups", None)
    if factor is not None:
        groups = [operator.index(factor)] * (n // operator.index(factor))
    elif groups is None and hasattr(step, "group_mapping"):
        groups = step.group_mapping(axis._with_edges(axis.edges[first : last + 1]))
    if groups is None:
        raise TypeError(f"index: the step of a slice is rebin(n) or sum, got {step!r}")
    groups = [operator.index(group) for group in groups]
    if not groups or sum(groups) > n or min(groups) < 1:
        raise ValueError(f"rebin: {n} bins cannot be merged by {factor if factor is not None else groups}")
    return groups


def cut_cells(cells: Floats, k: int, index: int | Cut) -> Floats:
    """The cells, flow included, after indexing axis k; an axis indexed by a number or summed is removed."""
    if not isinstance(index, Cut):
        return np.asarray(np.take(cells, index + 1, axis=k))
    if index.groups is None:
        start = 0 if index.start is None else index.start + 1
        stop = cells.shape[k] if index.stop is None else index.stop + 1
        return np.asarray(np.take(cells, range(start, stop), axis=k).sum(axis=k))
    first = (index.start or 0) + 1
    return np.add.reduceat(cells, [0, *(first + _sums(index.groups))], axis=k)


def cut_axis(axis: Axis, index: int | Cut) -> Axis | None:
    """The remaining axis."""
    if not isinstance(index, Cut) or index.groups is None:
        return None
    return axis._with_edges(axis.edges[(index.start or 0) + _sums(index.groups)])


def _sums(groups: list[int]) -> Any:
    return np.concatenate([[0], np.cumsum(groups)])

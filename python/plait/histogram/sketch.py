"""Quantiles of a stream in bounded memory, and borders from quantiles."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core, _files, _rng
from ._inputs import column, numbers, shares

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Self

Floats = NDArray[np.float64]
VERSION = 1


class QuantileSketch(_core.histogram.Sketch):
    """Quantiles of a stream of values, from a few hundred retained ones.

    Parameters
    ----------
    k : int
        From 8 to 65535: about 3·k values are kept, and ranks are off by less than 1.75 / k of all; see `error`.
    rng : int, SeedSequence or Generator
        Decides which values are kept. The same seed and the same order of values give the same sketch.

    Raises
    ------
    ValueError
        If `k` is out of range.

    Notes
    -----
    KLL (Karnin, Lang and Liberty 2016, "Optimal quantile approximation in streams"): levels of sorted values, each of which stands for
    twice as many as one of the level below; a full level hands every other value up. Up to about 3·k values all are kept and results are
    exact. Sketches of parts of the data add up to a sketch of all, with the same error. NaN is counted separately.

    Examples
    --------
    >>> s = plait.QuantileSketch()
    >>> s.update(np.arange(100_001.0))
    >>> abs(s.quantile(0.5) - 50_000) < s.error * 100_001
    True
    >>> s.count, s.minimum, s.maximum
    (100001, 0.0, 100000.0)
    """

    def __init__(self, k: int = 200, rng: _rng.RandomSource = 0) -> None:
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 8 <= k <= 65535:
            raise ValueError(f"k: expected a whole number from 8 to 65535, got {k!r}")
        super().__init__(int(k), _rng.seed(rng))

    if TYPE_CHECKING:

        def insert(self, x: float, /) -> None:
            """Take in one value."""
    else:
        insert = _core.histogram.Sketch.insert

    @property
    def k(self) -> int:
        """The size; the smaller one where sketches of different sizes were added."""
        return int(self._state()[0])

    @property
    def count(self) -> int:
        """Number of values, NaN left out."""
        return int(self._state()[3])

    @property
    def invalid(self) -> int:
        """Number of NaN."""
        return int(self._state()[4])

    @property
    def minimum(self) -> float:
        """The least value, exactly; ValueError if there is none."""
        self._require_values("minimum")
        return float(self._state()[5])

    @property
    def maximum(self) -> float:
        """The greatest value, exactly; ValueError if there is none."""
        self._require_values("maximum")
        return float(self._state()[6])

    @property
    def error(self) -> float:
        """The error of a rank, as a fraction of all values: for any one value in 99 of 100 sketches."""
        return self._error(self.k)

    def update(self, values: ArrayLike) -> None:
        """Take in many values; the same as one after the other.

        Parameters
        ----------
        values : array_like
            Real numbers of any shape.

        Raises
        ------
        DTypeError
            If they are not real numbers.

        Examples
        --------
        >>> s = plait.QuantileSketch()
        >>> s.update([3, 1, np.nan, 2])
        >>> s.quantile([0, 0.5, 1]), s.invalid
        (array([1., 2., 3.]), 1)
        """
        self._update(column(values, "update"))

    def quantile(self, q: ArrayLike) -> Any:
        """The values below which shares of all lie.

        Parameters
        ----------
        q : float or array_like
            Shares from 0 to 1.

        Returns
        -------
        float or ndarray of float64
            Values that have come: the least one up to which so large a share has. 0 gives the minimum and 1 the maximum.

        Raises
        ------
        ValueError
            If nothing has come, or a share is not from 0 to 1.

        Examples
        --------
        >>> s = plait.QuantileSketch()
        >>> s.update(range(10))
        >>> s.quantile(0.25)
        2.0
        """
        wanted = shares(q)
        self._require_values("quantile")
        values, weights = self._sorted()
        reached = np.cumsum(weights)
        # In whole numbers up to 2**53: the least value with rank >= q, so that rank(quantile(q)) >= q.
        at = np.searchsorted(reached / float(reached[-1]), wanted, side="left")
        found = values[np.minimum(at, len(values) - 1)]
        found = np.where(wanted <= 0, self.minimum, np.where(wanted >= 1, self.maximum, found))
        return float(found) if found.ndim == 0 else found

    def rank(self, x: ArrayLike) -> Any:
        """The share of values up to x.

        Parameters
        ----------
        x : float or array_like
            Numbers.

        Returns
        -------
        float or ndarray of float64
            From 0 to 1; within `error` of the true share in 99 of 100 sketches.

        Raises
        ------
        ValueError
            If nothing has come, or x is NaN.

        Examples
        --------
        >>> s = plait.QuantileSketch()
        >>> s.update(range(10))
        >>> s.rank(2)
        0.3
        """
        asked = numbers(x, "rank").astype(np.float64)
        if np.isnan(asked).any():
            raise ValueError("rank: x is NaN, which has no rank")
        self._require_values("rank")
        values, weights = self._sorted()
        reached = np.concatenate([[0], np.cumsum(weights)])
        found = np.asarray(reached[np.searchsorted(values, asked, side="right")] / float(reached[-1]))
        found = np.where(asked < self.minimum, 0.0, np.where(asked >= self.maximum, 1.0, found))
        return float(found) if found.ndim == 0 else found

    def borders(self, bins: int) -> Floats:
        """Borders of bins with about equal counts, for a `Histogram` or a binned tree.

        Parameters
        ----------
        bins : int
            How many at most; fewer where values repeat.

        Returns
        -------
        ndarray of float64
            Strictly increasing, from the minimum to the maximum.

        Raises
        ------
        ValueError
            If fewer than two different values have come.

        Examples
        --------
        >>> s = plait.QuantileSketch()
        >>> s.update(range(101))
        >>> s.borders(4)
        array([  0.,  25.,  50.,  75., 100.])
        """
        if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)) or bins < 1:
            raise ValueError(f"bins: expected a whole number of at least 1, got {bins!r}")
        found: Floats = np.unique(self.quantile(np.linspace(0, 1, int(bins) + 1)))
        if len(found) < 2:
            raise ValueError("borders: expected two different values or more")
        return found

    def __len__(self) -> int:
        """Number of values that are kept."""
        return len(self._sorted()[0])

    def __add__(self, other: QuantileSketch | Literal[0]) -> Self:
        """A sketch of the values of both."""
        if not isinstance(other, QuantileSketch):  # sum() begins with 0
            return copy.copy(self) if isinstance(other, int) and other == 0 else NotImplemented
        made = copy.copy(self)
        made._merge(other)
        return made

    __radd__ = __add__

    def __iadd__(self, other: QuantileSketch | Literal[0]) -> Self:
        """Add the values of another one."""
        if not isinstance(other, QuantileSketch):
            return NotImplemented
        self._merge(other)
        return self

    def __eq__(self, other: object) -> bool:
        """Whether the states are equal."""
        if not isinstance(other, QuantileSketch):
            return NotImplemented
        mine, theirs = self._state(), other._state()
        return mine[:-1] == theirs[:-1] and np.array_equal(mine[-1], theirs[-1])

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Size, and what has come."""
        span = f", from {self.minimum:g} to {self.maximum:g}" if self.count else ""
        return f"QuantileSketch(k={self.k}; {self.count} values{span}, invalid {self.invalid})"

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickling and copying."""
        return _restored, (type(self), self._state())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to a file, which is whole or not there.

        Parameters
        ----------
        path : path
            The file; one that is there is replaced in one step.

        Examples
        --------
        >>> s = plait.QuantileSketch()
        >>> s.update([1, 2, 3])
        >>> s.save("sketch.safetensors")
        >>> plait.QuantileSketch.load("sketch.safetensors") == s
        True
        """
        *rest, least, greatest, sizes, values = self._state()
        content = {"version": VERSION, "kind": "quantile sketch", "state": [hex(part) for part in rest], "sizes": sizes}
        _files.write(Path(path), [np.array([least, greatest]), values], content)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` has written.

        Parameters
        ----------
        path : path
            The file.

        Returns
        -------
        QuantileSketch
            Equal to the one that was saved; further updates give equal results.

        Raises
        ------
        FormatError
            If the file is no such file, or is damaged anywhere.
        """
        path = Path(path)
        tensors, content = _files.read(path)
        if content.get("kind") != "quantile sketch":
            raise _core.FormatError(f"{path}: holds a {content.get('kind')!r}, not a quantile sketch")
        if content.get("version") != VERSION:
            raise _core.FormatError(
                f"{path}: written in version {content.get('version')!r} of the format; this plait reads version {VERSION}"
            )
        try:
            ends, values = tensors
            if ends.shape != (2,) or values.ndim != 1 or {ends.dtype, values.dtype} != {np.dtype(np.float64)}:
                raise ValueError("arrays of another form")
            state = [int(part, 16) for part in content["state"]]
            made: Self = _restored(cls, (*state, float(ends[0]), float(ends[1]), content["sizes"], values))
        except _core.FormatError as error:
            raise _core.FormatError(f"{path}: {error}") from None
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise _core.FormatError(f"{path}: the contents do not fit together ({type(error).__name__}: {error})") from None
        return made

    def _require_values(self, name: str) -> None:
        if not self.count:
            raise ValueError(f"{name}: the sketch is empty")


def _restored(cls: Any, state: tuple[Any, ...]) -> Any:
    made = cls.__new__(cls)
    _core.histogram.Sketch.__init__(made, *state)
    return made


def quantile_borders(values: ArrayLike, bins: int) -> Floats:
    """Borders between values, for bins with about equal counts.

    Parameters
    ----------
    values : array_like
        Real numbers; NaN is left out.
    bins : int
        How many at most.

    Returns
    -------
    ndarray of float64
        At most bins - 1 borders, strictly increasing, each the middle of two neighbouring values: all such middles where there are no more,
        else those nearest to equal counts.

    Raises
    ------
    ValueError
        If there is to be no bin.

    Notes
    -----
    O(n log n). What a binned tree cuts a column at; for more values than fit into memory, `QuantileSketch.borders`.

    Examples
    --------
    >>> plait.histogram.quantile_borders([1, 2, 2, 4, np.nan], 8)
    array([1.5, 3. ])
    """
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)) or bins < 1:
        raise ValueError(f"bins: expected a whole number of at least 1, got {bins!r}")
    return _core.histogram.quantile_borders(column(values, "values"), int(bins))

"""The histogram: bins between sorted borders on one axis or more."""

from __future__ import annotations

import operator
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .. import _core, _files
from . import _indexing, _statistics, _uhi
from ._counts import Counts
from ._inputs import shares
from .axis import Axis, Floats
from .tags import rebin as rebin_tag

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from typing_extensions import Self

VERSION = 1


class Histogram(Counts):
    """Counts, or sums of weights, of values between sorted borders.

    Parameters
    ----------
    *edges : array_like of shape (n + 1,), or Axis
        Strictly increasing borders, for each axis.
    closed : {"left", "right"}
        Bins are [b[i], b[i+1]), the last one with its end as in ``numpy.histogram``; or (b[i], b[i+1]], the first one with its beginning.

    Raises
    ------
    ValueError
        If borders are not increasing, repeated or NaN.

    Notes
    -----
    A value is compared with the borders as the double that it is, exactly, float32 ones too: a value on a border never lands one bin off.
    Values below the first border, above the last one, and NaN are counted apart. Finding a bin takes constant time for uniform, logarithmic
    and most other borders and O(log n) at worst. Results do not depend on the number of threads. Histograms with the same axes add up:
    those of parts of the data, wherever they were counted, give that of all. Follows the UHI protocol; ``hist``, ``mplhep`` and
    ``boost_histogram`` take it as it is.

    Examples
    --------
    >>> h = plait.Histogram([0, 1, 2, 4])
    >>> h.fill([0.5, 1, 1.5, 4, 7, np.nan]).values()
    array([1., 2., 1.])
    >>> h.underflow, h.overflow, h.invalid
    (0.0, 1.0, 1)
    >>> h.quantile(0.5)
    1.75
    """

    def cumulative(self, flow: bool = False) -> Floats:
        """Running sums of `values`.

        Parameters
        ----------
        flow : bool
            With what lies outside.

        Returns
        -------
        ndarray of float64
            The sum of all bins up to each.

        Examples
        --------
        >>> plait.Histogram([0, 1, 2]).fill([0.5, 1, 1.5]).cumulative()
        array([1., 3.])
        """
        return _statistics.running(self.values(flow))

    def density(self) -> Floats:
        """What makes the integral over all bins 1, as ``numpy.histogram(density=True)``; what lies outside does not count.

        Returns
        -------
        ndarray of float64
            Shares by width, area or volume.

        Raises
        ------
        ValueError
            If there is nothing in the bins.

        Examples
        --------
        >>> plait.Histogram([0, 1, 3]).fill([0, 2]).density()
        array([0.5 , 0.25])
        """
        return _statistics.density(self._axes, self.values())

    def quantile(self, q: ArrayLike) -> Any:
        """The values below which shares of all lie.

        Parameters
        ----------
        q : float or array_like
            Shares from 0 to 1 of all, with those outside of the axis.

        Returns
        -------
        float or ndarray of float64
            By interpolation on the axis's scale; -inf or inf where a quantile lies outside. The true quantile is within `quantile_bounds`.

        Raises
        ------
        ValueError
            If the histogram is empty, a bin's weights add up to less than 0, or a share is not from 0 to 1.

        Examples
        --------
        >>> h = plait.Histogram([0, 1, 2]).fill([0.2, 0.4, 1.5, 7])
        >>> h.quantile([0.25, 0.75, 1])
        array([0.5, 2. , inf])
        """
        found = _statistics.quantile(self._only_axis("quantile"), shares(q), self.values(flow=True))
        return float(found) if found.ndim == 0 else found

    def quantile_bounds(self, q: ArrayLike) -> tuple[Any, Any]:
        """Borders of the bins in which quantiles lie.

        Parameters
        ----------
        q : float or array_like
            Shares from 0 to 1 of all, with those outside of the axis.

        Returns
        -------
        low, high : float or ndarray of float64
            Between these a quantile lies for certain.

        Examples
        --------
        >>> plait.Histogram([0, 1, 2]).fill([0.2, 0.4, 1.5, 7]).quantile_bounds(0.6)
        (1.0, 2.0)
        """
        low, high = _statistics.quantile_bounds(self._only_axis("quantile_bounds"), shares(q), self.values(flow=True))
        return (float(low), float(high)) if low.ndim == 0 else (low, high)

    def mean(self) -> Any:
        """The mean, each value taken for the centre of its bin; what lies outside does not count.

        Returns
        -------
        float or ndarray of float64
            One for each axis where there are several.

        Raises
        ------
        ValueError
            If there is nothing in the bins.

        Examples
        --------
        >>> plait.Histogram([0, 1, 2]).fill([0.2, 1.1, 1.2]).mean().__round__(3)
        1.167
        """
        return self._moment("mean")

    def std(self) -> Any:
        """The standard deviation, each value taken for the centre of its bin; what lies outside does not count.

        Returns
        -------
        float or ndarray of float64
            One for each axis where there are several.

        Raises
        ------
        ValueError
            If there is nothing in the bins.

        Examples
        --------
        >>> plait.Histogram([0, 1, 2]).fill([0.2, 1.1]).std()
        0.5
        """
        return self._moment("std")

    # ---- others made from it ----

    def rebin(self, factor: int, *factors: int) -> Self:
        """Neighbouring bins merged; what is left over at the end goes to the overflow.

        Parameters
        ----------
        factor, *factors : int
            So many become one: on all axes, or for each axis.

        Returns
        -------
        Histogram
            A new one.

        Examples
        --------
        >>> plait.Histogram([0, 1, 2, 3]).fill([0.5, 1.5, 2.5]).rebin(2).values(flow=True)
        array([0., 2., 1.])
        """
        each = (factor, *factors) if factors else (factor,) * self.ndim
        if len(each) != self.ndim:
            raise TypeError(f"rebin: expected one factor, or one for each of {self.ndim} axes, got {len(each)}")
        made = self[tuple(slice(None, None, rebin_tag(n)) for n in each)]
        assert isinstance(made, type(self))
        return made

    def project(self, *axes: int) -> Self:
        """Some of the axes, the others added up with what lies outside of them.

        Parameters
        ----------
        *axes : int
            Numbers of those that stay, in the order in which they are wanted.

        Returns
        -------
        Histogram
            A new one.

        Examples
        --------
        >>> plait.Histogram([0, 1, 2], [0, 10]).fill([0.5, 1.5], [3, 40]).project(0).values()
        array([1., 1.])
        """
        numbers_ = [operator.index(k) for k in axes]
        if any(not -self.ndim <= k < self.ndim for k in numbers_) or not axes:
            raise ValueError(f"project: expected numbers of {self.ndim} axes, got {axes}")
        wanted = [k % self.ndim for k in numbers_]
        if len(set(wanted)) < len(wanted):
            raise ValueError(f"project: expected each axis once at most, got {axes}")
        gone = tuple(k for k in range(self.ndim) if k not in wanted)
        order = np.argsort(np.argsort(wanted))  # the axes that stay are in their old order

        def project(cells: Floats) -> Floats:
            return np.transpose(cells.sum(axis=gone), order)

        sums, squares = self._nd()
        return self._made([self._axes[k] for k in wanted], project(sums), None if squares is None else project(squares))

    def __getitem__(self, index: Any) -> Any:
        """Bins and slices as UHI has them: a number where one bin is meant, a histogram otherwise.

        Slices keep as flow what they cut off. ``plait.histogram.tags`` says what may stand in one.
        """
        parsed = [_indexing.parse(part, axis) for part, axis in zip(_indexing.expand(index, self._axes), self._axes, strict=True)]
        axes = [_indexing.cut_axis(axis, part) for axis, part in zip(self._axes, parsed, strict=True)]
        sums, squares = self._nd()
        for k in reversed(range(self.ndim)):  # from the last, so that the numbers of those before stay
            sums = _indexing.cut_cells(sums, k, parsed[k])
            squares = None if squares is None else _indexing.cut_cells(squares, k, parsed[k])
        left = [axis for axis in axes if axis is not None]
        return self._made(left, sums, squares) if left else float(sums)

    # ---- for others ----

    def to_numpy(self, flow: bool = False) -> tuple[Any, ...]:
        """What ``numpy.histogram`` or ``histogramdd`` would give.

        Parameters
        ----------
        flow : bool
            With what lies outside, between infinite borders.

        Returns
        -------
        tuple of ndarray
            Values, then the borders of each axis.

        Examples
        --------
        >>> plait.Histogram([0, 1, 2]).fill([0.5]).to_numpy()
        (array([1., 0.]), array([0., 1., 2.]))
        """
        ends = [np.concatenate([[-np.inf], axis.edges, [np.inf]]) if flow else axis.edges.copy() for axis in self._axes]
        return self.values(flow), *ends

    def plot(self, ax: Axes | None = None, *, density: bool = False, **options: Any) -> Axes:
        """Draw one axis as steps, two as a map; needs matplotlib.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where; a new figure without it.
        density : bool
            `density` instead of `values`.
        **options
            For ``Axes.stairs`` or ``Axes.pcolormesh``.

        Returns
        -------
        matplotlib Axes
            With the picture.

        Examples
        --------
        >>> ax = plait.Histogram([0, 1, 2]).fill([0.5]).plot()
        >>> len(ax.lines) + len(ax.patches) > 0
        True
        """
        from ..plot import histogram

        return histogram(self, ax, density=density, **options)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to a file, which is whole or not there.

        Parameters
        ----------
        path : path
            The file; one that is there is replaced in one step.

        Examples
        --------
        >>> h = plait.Histogram([0, 1, 2]).fill([0.5])
        >>> h.save("counts.safetensors")
        >>> plait.Histogram.load("counts.safetensors") == h
        True
        """
        sums, squares = self._nd()
        content = {
            "version": VERSION,
            "kind": "histogram",
            "closed": self._closed,
            "axes": [{"scale": axis.scale, "label": axis.label} for axis in self._axes],
            "weighted": squares is not None,
            "invalid": self.invalid,
        }
        _files.write(Path(path), [*(axis.edges for axis in self._axes), sums, *([] if squares is None else [squares])], content)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` has written.

        Parameters
        ----------
        path : path
            The file.

        Returns
        -------
        Histogram
            Equal to the one that was saved.

        Raises
        ------
        FormatError
            If the file is no such file, or is damaged anywhere.
        """
        path = Path(path)
        tensors, content = _files.read(path)
        if content.get("kind") != "histogram":
            raise _core.FormatError(f"{path}: holds a {content.get('kind')!r}, not a histogram")
        if content.get("version") != VERSION:
            raise _core.FormatError(
                f"{path}: written in version {content.get('version')!r} of the format; this plait reads version {VERSION}"
            )
        try:
            told = content["axes"]
            axes = [Axis(edges, scale=of["scale"], label=str(of["label"])) for edges, of in zip(tensors[: len(told)], told, strict=True)]
            made = cls(*axes, closed=content["closed"])
            cells = tensors[len(told) :]
            if len(cells) != 1 + bool(content["weighted"]) or any(array.dtype != np.float64 for array in cells):
                raise ValueError(f"{len(cells)} arrays of contents")
            made._restore(cells[0], cells[1] if content["weighted"] else None, content["invalid"])
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise _core.FormatError(f"{path}: the contents do not fit together ({type(error).__name__}: {error})") from None
        return made

    def to_json(self) -> str:
        """The representation of ``uhi.io`` as text, which other packages read.

        Returns
        -------
        str
            JSON.

        Examples
        --------
        >>> text = plait.Histogram([0, 1, 2]).fill([0.5]).to_json()
        >>> plait.Histogram.from_json(text).values()
        array([1., 0.])
        """
        return _uhi.to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` or another package of the UHI family has written.

        Parameters
        ----------
        text : str or bytes
            JSON of one histogram with regular or variable axes and a storage of counts.

        Returns
        -------
        Histogram
            With plait's own axes; flow that the writer did not keep is 0.

        Raises
        ------
        FormatError
            If it is no such text.
        """
        return _uhi.from_json(cls, text)

    @classmethod
    def from_uhi(cls, other: Any) -> Self:
        """Another package's histogram.

        Parameters
        ----------
        other : object or dict
            A histogram that follows the UHI protocol (``boost_histogram``, ``hist``, ``uproot``), or its dictionary.

        Returns
        -------
        Histogram
            With the same bins and contents.

        Raises
        ------
        FormatError, TypeError, ValueError
            If it is none, has an axis without borders, or does not hold counts.
        """
        return _uhi.from_any(cls, other)

    def _to_uhi_(self) -> dict[str, Any]:
        return _uhi.to_dict(self)

    @classmethod
    def _from_uhi_(cls, found: dict[str, Any]) -> Self:
        return _uhi.from_dict(cls, found)

    def _to_boost_histogram_(self) -> Any:
        import boost_histogram

        return boost_histogram.Histogram(self._to_uhi_())

    def _moment(self, name: str) -> Any:
        found = []
        for k, axis in enumerate(self._axes):
            others = tuple(j for j in range(self.ndim) if j != k)
            found.append(_statistics.moments(axis, self.values().sum(axis=others), name)[name == "std"])
        return found[0] if self.ndim == 1 else np.array(found)

    def __repr__(self) -> str:
        """Axes and what has been counted."""
        spans = " × ".join(f"{len(axis)} bins from {axis.edges[0]:g} to {axis.edges[-1]:g}" for axis in self._axes)
        cells = self.values(flow=True)
        inside = float(cells[(slice(1, -1),) * self.ndim].sum())
        flow = f"underflow {self.underflow:g}, overflow {self.overflow:g}" if self.ndim == 1 else f"outside {float(cells.sum()) - inside:g}"
        return f"Histogram({spans}, closed={self._closed!r}; inside {inside:g}, {flow}, invalid {self.invalid})"

"""Plots of histograms, of sketches and of decision trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import axes_or_new, colour, legend, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..histogram import Histogram, QuantileSketch
    from ..tree import C45Classifier


def histogram(found: Histogram, ax: Axes | None = None, *, density: bool = False, **options: Any) -> Axes:
    """A histogram of one axis as steps, one of two axes as a map.

    Parameters
    ----------
    found : Histogram
        With one axis or two.
    ax : Axes, optional
        Where to draw; a new figure without it.
    density : bool
        Its ``density`` instead of its ``values``.
    **options
        For ``Axes.stairs`` or ``Axes.pcolormesh``.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        It has more axes.

    Examples
    --------
    >>> ax = plait.plot.histogram(plait.Histogram([0, 1, 2]).fill([0.5]))
    >>> len(ax.lines) + len(ax.patches) > 0
    True
    """
    if found.ndim > 2:
        raise ValueError(f"plot: expected one axis or two, got {found.ndim}; h.project(0, 1) has two")
    ax = axes_or_new(ax, (5.0, 3.2) if found.ndim == 1 else (4.6, 3.8))
    heights = found.density() if density else found.values()
    # An infinite bin is drawn with the mean width of the others.
    edges = [_finite(axis.edges) for axis in found.axes]
    if found.ndim == 1:
        ax.stairs(heights, edges[0], **{"fill": True, "color": colour(0, ax), **options})
        ax.set_ylabel("density" if density else "count")
        plain(ax)
    else:
        mesh = ax.pcolormesh(*edges, heights.T, **{"cmap": "cividis", **options})
        ax.figure.colorbar(mesh, ax=ax, label="density" if density else "count")
        plain(ax, grid=False)
    for axis, along in zip(found.axes, (ax.xaxis, ax.yaxis), strict=False):
        if axis.scale == "log":
            (ax.set_xscale if along is ax.xaxis else ax.set_yscale)("log")
        if axis.label:
            along.set_label_text(axis.label)
    return ax


def _finite(edges: Any) -> Any:
    inner = edges[np.isfinite(edges)]
    width = float(np.diff(inner).mean()) if len(inner) > 1 else 1.0
    ends = {True: inner[:1] - width, False: inner[-1:] + width} if len(inner) else {True: np.array([-1.0]), False: np.array([1.0])}
    parts = [ends[True] if edges[0] == -np.inf else [], inner, ends[False] if edges[-1] == np.inf else []]
    return np.concatenate([np.asarray(part, dtype=np.float64) for part in parts])


def sketch(found: QuantileSketch, ax: Axes | None = None) -> Axes:
    """The quantile function of a sketch, with a band for its rank error.

    Parameters
    ----------
    found : QuantileSketch
        A sketch that is not empty.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        It is empty.

    Examples
    --------
    >>> seen = plait.QuantileSketch()
    >>> seen.update(np.random.default_rng(0).exponential(size=10000))
    >>> ax = plait.plot.sketch(seen)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('share of values', 'value')
    """
    shares = np.linspace(0, 1, 201)
    middle = found.quantile(shares)
    low, high = (found.quantile(np.clip(shares + by, 0, 1)) for by in (-found.error, found.error))
    ax = axes_or_new(ax, (5.0, 3.2))
    ax.fill_between(shares, low, high, color=colour(0, ax), alpha=0.2, linewidth=0, label="within its error of rank")
    ax.plot(shares, middle, color=colour(0, ax), label="quantile")
    ax.set_xlabel("share of values")
    ax.set_ylabel("value")
    plain(ax)
    legend(ax)
    return ax


def tree(found: C45Classifier, ax: Axes | None = None, *, names: Sequence[str] | None = None, max_depth: int | None = None) -> Axes:
    """A decision tree as boxes, with the tests on the edges.

    Parameters
    ----------
    found : C45Classifier
        A fitted tree.
    ax : Axes, optional
        Where to draw; a new figure without it.
    names : sequence of str, optional
        Names of the features.
    max_depth : int, optional
        Levels to draw.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> X = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> ax = plait.plot.tree(plait.tree.C45Classifier().fit(X, ["low", "low", "high", "high"]))
    >>> len(ax.texts) >= 3
    True
    """
    drawn: Axes = found.plot(ax, names, max_depth)
    return drawn

"""Pictures of histograms; matplotlib is imported when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .histogram import Histogram


def draw(histogram: Histogram, ax: Axes | None, density: bool, options: dict[str, Any]) -> Axes:
    """Steps, or a map of two axes."""
    if histogram.ndim > 2:
        raise ValueError(f"plot: expected one axis or two, got {histogram.ndim}; h.project(0, 1) has two")
    from ..plot import axes_or_new

    ax = axes_or_new(ax, (5.0, 3.2) if histogram.ndim == 1 else (4.6, 3.8))
    heights = histogram.density() if density else histogram.values()
    # An infinite bin cannot be drawn to its end: it is as wide as its neighbour.
    edges = [_finite(axis.edges) for axis in histogram.axes]
    if histogram.ndim == 1:
        ax.stairs(heights, edges[0], **{"fill": True, **options})
        ax.set_ylabel("density" if density else "count")
    else:
        mesh = ax.pcolormesh(*edges, heights.T, **options)
        ax.figure.colorbar(mesh, ax=ax, label="density" if density else "count")
    for axis, along in zip(histogram.axes, (ax.xaxis, ax.yaxis), strict=False):
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

"""Pictures of weights, of frontiers and of back-tests; matplotlib is imported when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._weights import Weights

MOST_BARS = 40


def draw_weights(weights: Weights, ax: Axes | None) -> Axes:
    """Bars of the weights, the largest on top; those of nothing are left out."""
    from ..plot import axes_or_new

    values = np.asarray(weights)
    order = np.argsort(np.abs(values), kind="stable")
    order = order[np.abs(values[order]) > 1e-6][-MOST_BARS:]
    ax = axes_or_new(ax, (5, 0.8 + 0.25 * max(3, len(order))))
    ax.barh([str(weights.assets[k]) for k in order], values[order])
    ax.axvline(0, color="0.5", linewidth=0.8)
    ax.set_xlabel("weight")
    ax.set_title(weights.method.replace("_", " "))
    return ax

"""Plots of results; matplotlib is imported when one is asked for.

Every function draws on ``ax`` and gives it back; without one it makes a figure. They share one style, whose colours are told apart with any colour
blindness, on light ground and on dark (`style`):

==============================  ====================================================================
result                          functions
==============================  ====================================================================
training                        `loss_curve`, `decision_regions`, `latent_map`
images                          `image_grid`, `reconstructions`
alignments, distances           `alignment`, `pairwise`
series and forecasts            `continuation`, `forecast`, `fit`, `quantiles`
posteriors                      `posterior`, `density`, `elbo`
portfolios                      `weights`, `frontier`, `composition`, `portfolio`, `backtest`
counts and trees                `histogram`, `tree`
graphs                          `graph`
pages to explore                `page`
==============================  ====================================================================
"""

from __future__ import annotations

from ._counts import histogram, tree
from ._graph import graph
from ._images import image_grid, reconstructions
from ._money import backtest, composition, frontier, portfolio, weights
from ._page import page
from ._posterior import density, elbo, posterior
from ._sequences import alignment, pairwise
from ._series import continuation, fit, forecast, quantiles
from ._style import style
from ._training import decision_regions, latent_map, loss_curve

__all__ = [
    "alignment",
    "backtest",
    "composition",
    "continuation",
    "decision_regions",
    "density",
    "elbo",
    "fit",
    "forecast",
    "frontier",
    "graph",
    "histogram",
    "image_grid",
    "latent_map",
    "loss_curve",
    "page",
    "pairwise",
    "portfolio",
    "posterior",
    "quantiles",
    "reconstructions",
    "style",
    "tree",
    "weights",
]

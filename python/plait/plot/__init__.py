"""Plots of results; matplotlib is imported on first use.

Every function draws on ``ax`` and returns it; without one it makes a figure. They share one style (`style`), whose colours are
distinguishable with any colour blindness, on light and dark backgrounds:

==============================  ====================================================================
result                          functions
==============================  ====================================================================
training                        `loss_curve`, `decision_regions`, `latent_map`
images                          `image_grid`, `reconstructions`
alignments, distances           `alignment`, `pairwise`
searches                        `places`, `hits`
windows, clusters of series     `best_window`, `clusters`
series and forecasts            `continuation`, `forecast`, `rolling`, `fit`, `quantiles`
minimisations                   `convergence`
posteriors                      `posterior`, `density`, `elbo`
portfolios                      `weights`, `frontier`, `composition`, `portfolio`, `backtest`
counts and trees                `histogram`, `sketch`, `tree`
graphs                          `graph`
pages to explore                `page`
==============================  ====================================================================
"""

from __future__ import annotations

from ._counts import histogram, sketch, tree
from ._graph import graph
from ._images import image_grid, reconstructions
from ._money import backtest, composition, frontier, portfolio, weights
from ._optimize import convergence
from ._page import page
from ._posterior import density, elbo, posterior
from ._search import best_window, clusters, hits, places
from ._sequences import alignment, pairwise
from ._series import continuation, fit, forecast, quantiles, rolling
from ._style import style
from ._training import decision_regions, latent_map, loss_curve

__all__ = [
    "alignment",
    "backtest",
    "best_window",
    "clusters",
    "composition",
    "continuation",
    "convergence",
    "decision_regions",
    "density",
    "elbo",
    "fit",
    "forecast",
    "frontier",
    "graph",
    "histogram",
    "hits",
    "image_grid",
    "latent_map",
    "loss_curve",
    "page",
    "pairwise",
    "places",
    "portfolio",
    "posterior",
    "quantiles",
    "reconstructions",
    "rolling",
    "sketch",
    "style",
    "tree",
    "weights",
]

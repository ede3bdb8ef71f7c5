"""Black and Litterman's posterior means and covariance, with Idzorek's confidences.

Black and Litterman (1992), Global portfolio optimization; Idzorek (2007), A step-by-step guide to the Black-Litterman model, in the
closed form of Walters (2014): the variance of a view's error that moves the mean by the share c of the way to a certain view is
(1 - c) / c times the prior variance of the view's portfolio.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _core
from ._estimates import positive_number
from ._labels import Array, Labels, labels_of, numbers, places, unique, vector


def read_views(views: Any, assets: Labels) -> tuple[Array, Array, Labels]:
    """P (views, assets), q (views,), and the names of the views."""
    n = len(assets)
    if isinstance(views, Mapping):
        if not views:
            raise ValueError("views: none were given")
        names = list(views)
        at = places(assets, names, "views: among the assets")
        p = np.zeros((len(at), n))
        p[np.arange(len(at)), at] = 1.0
        q = numbers(list(views.values()), "views")
        if q.ndim != 1:
            raise ValueError(f"views: expected a number for each asset, got shape {q.shape}")
    else:
        if not isinstance(views, (tuple, list)) or len(views) != 2:
            raise TypeError(f"views: expected a mapping from asset to value or a pair (P, q), got {type(views).__name__}")
        p, q = np.atleast_2d(numbers(views[0], "views: P")), numbers(views[1], "views: q").ravel()
        labels = labels_of(getattr(views[0], "columns", None))
        if labels is not None:
            p = p[:, places(labels, assets, "views: P")]
        if p.shape != (len(q), n):
            raise _core.ShapeError(f"views: expected P of shape ({len(q)}, {n}) for {len(q)} values in q, got {p.shape}")
        names = list(range(len(q)))
        if not p.any(axis=1).all():
            raise ValueError(f"views: row {int(np.flatnonzero(~p.any(axis=1))[0])} of P names no asset")
    if not (np.isfinite(p).all() and np.isfinite(q).all()):
        raise ValueError("views: expected finite numbers")
    return p, q, unique(names, "views")


def posterior(
    covariance: Array,
    prior: Array,
    p: Array,
    q: Array,
    names: Labels,
    tau: Any,
    omega: Any,
    confidences: Any,
) -> tuple[Array, Array]:
    """Posterior means, and Σ + M with M the covariance of the posterior mean."""
    tau = positive_number(tau, "tau")
    spread = tau * covariance
    of_views = p @ spread @ p.T
    if omega is not None and confidences is not None:
        raise ValueError("omega, confidences: give one of them")
    if confidences is not None:
        confidence = vector(confidences, "confidences", names)
        if not ((confidence >= 0) & (confidence <= 1)).all():
            raise ValueError(f"confidences: expected numbers from 0 to 1, got {confidence.tolist()}")
        used = confidence > 0  # a view of confidence 0 has no effect
        p, q, of_views = p[used], q[used], of_views[np.ix_(used, used)]
        error = np.diag((1 - confidence[used]) / confidence[used] * np.diagonal(of_views))
    elif omega is None:
        error = np.diag(np.diagonal(of_views))
    else:
        error = numbers(omega, "omega")
        error = np.diag(error) if error.ndim == 1 else error
        if error.shape != of_views.shape:
            raise _core.ShapeError(f"omega: expected shape {of_views.shape} or ({len(of_views)},), got {np.shape(omega)}")
        if not np.isfinite(error).all() or np.linalg.eigvalsh((error + error.T) / 2).min(initial=0.0) < -1e-12 * np.abs(error).max(
            initial=0.0
        ):
            raise ValueError("omega: expected a covariance matrix, or variances that are not negative")
    if len(q) == 0:
        return prior, covariance + spread
    # Duplicate certain views make this singular; the least-squares solution merges them.
    gain = np.linalg.lstsq(of_views + error, p @ spread, rcond=1e-12)[0].T
    moment = spread - gain @ p @ spread
    total = covariance + (moment + moment.T) / 2
    return prior + gain @ (q - p @ prior), np.ascontiguousarray((total + total.T) / 2)

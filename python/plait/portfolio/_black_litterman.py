"""Black and Litterman's posterior means and covariance, with Idzorek's confidences.

Black and Litterman (1992), Global portfolio optimization; Idzorek (2007), A step-by-step guide to the Black-Litterman model, in the
closed form of Walters (2014): the variance of a view's error that moves the mean by the share c of the way to a certain view is
(1 - c) / c times the variance of what the view is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _core
from ._estimates import positive_number
from ._labels import Array, Labels, labels_of, numbers, places, unique, vector


def read_views(views: Any, assets: Labels) -> tuple[Array, Array, Labels]:
    """What the views are about (views, assets), what they say (views,), and what they are called."""
    n = len(assets)
    if isinstance(views, Mapping):
        if not views:
            raise ValueError("views: none were given")
        names = list(views)
        at = places(assets, names, "views: among the assets")
        about = np.zeros((len(at), n))
        about[np.arange(len(at)), at] = 1.0
        said = numbers(list(views.values()), "views")
        if said.ndim != 1:
            raise ValueError(f"views: expected a number for each asset, got shape {said.shape}")
    else:
        if not isinstance(views, (tuple, list)) or len(views) != 2:
            raise TypeError(f"views: expected a mapping from asset to value or a pair (P, q), got {type(views).__name__}")
        about, said = np.atleast_2d(numbers(views[0], "views: P")), numbers(views[1], "views: q").ravel()
        labels = labels_of(getattr(views[0], "columns", None))
        if labels is not None:
            about = about[:, places(labels, assets, "views: P")]
        if about.shape != (len(said), n):
            raise _core.ShapeError(f"views: expected P of shape ({len(said)}, {n}) for {len(said)} values in q, got {about.shape}")
        names = list(range(len(said)))
        if not about.any(axis=1).all():
            raise ValueError(f"views: row {int(np.flatnonzero(~about.any(axis=1))[0])} of P is about no asset")
    if not (np.isfinite(about).all() and np.isfinite(said).all()):
        raise ValueError("views: expected finite numbers")
    return about, said, unique(names, "views")


def posterior(
    covariance: Array,
    prior: Array,
    about: Array,
    said: Array,
    names: Labels,
    tau: Any,
    omega: Any,
    confidences: Any,
) -> tuple[Array, Array]:
    """Posterior means, and Σ + M with M the covariance of the posterior mean."""
    tau = positive_number(tau, "tau")
    spread = tau * covariance
    of_views = about @ spread @ about.T
    if omega is not None and confidences is not None:
        raise ValueError("omega, confidences: give one of them")
    if confidences is not None:
        trust = vector(confidences, "confidences", names)
        if not ((trust >= 0) & (trust <= 1)).all():
            raise ValueError(f"confidences: expected numbers from 0 to 1, got {trust.tolist()}")
        held = trust > 0  # a view without confidence says nothing
        about, said, of_views = about[held], said[held], of_views[np.ix_(held, held)]
        error = np.diag((1 - trust[held]) / trust[held] * np.diagonal(of_views))
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
    if len(said) == 0:
        return prior, covariance + spread
    # Certain views that say the same twice leave this singular; the least-squares solution takes them as one.
    gain = np.linalg.lstsq(of_views + error, about @ spread, rcond=1e-12)[0].T
    moment = spread - gain @ about @ spread
    total = covariance + (moment + moment.T) / 2
    return prior + gain @ (said - about @ prior), np.ascontiguousarray((total + total.T) / 2)

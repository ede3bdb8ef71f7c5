"""k-nearest-neighbour classification and regression of series, as in scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._estimator import ClassifierEstimator, RegressorEstimator
from . import _arguments
from ._base import PairAligner
from ._series_estimator import SeriesEstimator, checked_aligner
from .dtw import DTW

Array = NDArray[Any]
#: The weight of a neighbour: uniform, the inverse of its distance, or f(distances of shape (n, k)) of the same shape.
Weights: TypeAlias = "str | Callable[[NDArray[np.float64]], Any]"


class _Neighbours(SeriesEstimator):
    """The base class: stored series, and the search among them."""

    _DEFAULTS = {"aligner": DTW}  # noqa: RUF012
    _ALIASES = {"k": "n_neighbors"}  # noqa: RUF012
    _NEEDS_TARGET = True

    aligner: PairAligner | None
    n_neighbors: int
    weights: Weights
    threads: int | None
    series_: list[Any]

    def _keep(self, aligner: PairAligner | None, n_neighbors: int, weights: Weights, threads: int | None, k: int | None) -> None:
        if isinstance(k, int) and isinstance(n_neighbors, int) and n_neighbors not in (1, k):
            raise ValueError(f"{type(self).__name__}: k is another name of n_neighbors, got k={k!r} and n_neighbors={n_neighbors!r}")
        self.aligner = aligner
        self.n_neighbors = n_neighbors if k is None else k
        self.weights = weights
        self.threads = threads

    @property
    def k(self) -> int:
        """Another name of `n_neighbors`."""
        return self.n_neighbors

    @k.setter
    def k(self, value: int) -> None:
        self.n_neighbors = value

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` has been called."""
        return hasattr(self, "series_")

    def _aligner(self) -> PairAligner:
        return checked_aligner(self.aligner, type(self).__name__)

    def _remember(self, X: Any) -> list[Any]:
        """The series of `fit`; errors of theirs and of the parameters belong there."""
        name = type(self).__name__
        series = self._collection(X, fitting=True)
        _arguments.whole(self.n_neighbors, f"{name}: n_neighbors", len(series), f"series (n_samples = {len(series)})")
        if not callable(self.weights) and self.weights not in ("uniform", "distance"):
            raise ValueError(f"{name}: weights: expected 'uniform', 'distance' or a function of distances, got {self.weights!r}")
        aligner = self._aligner()
        aligner._check(series, lambda i: f"X[{i}]")
        if self.weights == "distance" and aligner._method().worst < 0:
            raise ValueError(f"{name}: weights: 'distance' needs an aligner that looks for small scores, got {aligner!r}")
        return series

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """The nearest series of `fit`.

        Parameters
        ----------
        X : array or list of series, optional
            The queries; without it the series of `fit`, none of them its own neighbour.
        n_neighbors : int, optional
            The number of neighbours; the one of the constructor unless given.
        return_distance : bool
            Whether to return the scores as well.

        Returns
        -------
        scores : ndarray of float64, shape (n, n_neighbors)
            Best first; left out if `return_distance` is False.
        indices : ndarray of int64, shape (n, n_neighbors)
            Positions in `fit`.
        """
        self._require_fitted()
        name = type(self).__name__
        own = X is None
        queries = self.series_ if own else self._collection(X)
        k = _arguments.whole(
            self.n_neighbors if n_neighbors is None else n_neighbors,
            f"{name}: n_neighbors",
            len(self.series_) - own,
            "series besides itself" if own else "series",
        )
        n = len(queries)
        indices, scores = self._aligner()._nearest(
            queries, self.series_, k + own, self.threads, lambda i: f"X[{i}]" if i < n else f"series_[{i - n}]"
        )
        if own:
            indices, scores = without_itself(indices, scores, np.arange(n))
        return (scores, indices) if return_distance else indices

    def _weighted(self, X: Any) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The nearest series and their weights."""
        scores, nearest = self.kneighbors(X)
        return nearest, counting(self.weights, scores, type(self).__name__)


class TimeSeriesKNN(_Neighbours, ClassifierEstimator):
    """k-nearest-neighbour classification of series.

    Parameters
    ----------
    aligner : PairAligner, optional
        The distance or similarity; DTW unless given. Aligners of symbols are accepted as well.
    n_neighbors : int
        How many neighbours vote. Where classes have the same number of votes, the one whose nearest neighbour comes first is taken; of
        neighbours at the same distance the one that was first in `fit` comes first.
    weights : {"uniform", "distance"} or callable
        The weight of a vote: uniform, or the inverse of its distance (if there are neighbours at distance 0, only these count); a function
        is given the distances, shape (n, n_neighbors), and returns as many weights.
    threads : int, optional
        The greatest number of threads; predictions do not depend on it.
    k : int, optional
        Another name of `n_neighbors`.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.

    Notes
    -----
    Series are rows of a 2-D array, an array (n, length, d), or a list of arrays of any lengths. Neighbours are exact; where the aligner has
    lower bounds, most series need no exact distance.

    Examples
    --------
    >>> from plait.align import TimeSeriesKNN
    >>> TimeSeriesKNN().fit([[0, 0, 1, 0], [0, 1, 2, 3]], ["bump", "ramp"]).predict([[0, 1, 0, 0], [0, 2, 3]])
    array(['bump', 'ramp'], dtype='<U4')
    """

    def __init__(
        self,
        aligner: PairAligner | None = None,
        n_neighbors: int = 1,
        weights: Weights = "uniform",
        threads: int | None = None,
        k: int | None = None,
    ):
        self._keep(aligner, n_neighbors, weights, threads, k)

    def fit(self, X: Any, y: Any) -> TimeSeriesKNN:
        """Store series and their labels.

        Parameters
        ----------
        X : array of shape (n, length) or (n, length, d), or list of series
            Series.
        y : array_like, shape (n,)
            Their labels.

        Returns
        -------
        TimeSeriesKNN
            Itself.
        """
        series = self._remember(X)
        self._codes = self._labels(y, len(series))
        self.series_ = series
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The share of votes of each class, weighted.

        Parameters
        ----------
        X : array or list of series
            Series.

        Returns
        -------
        ndarray of float64, shape (n, classes)
            Rows sum to 1; columns are as in `classes_`.
        """
        votes = self._votes(X)[0]
        shares: NDArray[np.float64] = votes / votes.sum(axis=1, keepdims=True)
        return shares

    def predict(self, X: Any) -> Array:
        """The label of each series.

        Parameters
        ----------
        X : array or list of series
            Series.

        Returns
        -------
        ndarray, shape (n,)
            The labels, of the type given to `fit`.
        """
        votes, codes = self._votes(X)
        most = votes == votes.max(axis=1, keepdims=True)
        first = np.take_along_axis(most, codes, axis=1).argmax(axis=1)
        labels: Array = self.classes_[codes[np.arange(len(codes)), first]]
        return labels

    def _votes(self, X: Any) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Votes for each class, and the neighbours' classes, nearest first."""
        nearest, weights = self._weighted(X)
        codes = self._codes[nearest]
        votes = np.zeros((len(codes), len(self.classes_)))
        np.add.at(votes, (np.arange(len(codes))[:, None], codes), weights)
        return votes, codes


class TimeSeriesKNNRegressor(_Neighbours, RegressorEstimator):
    """k-nearest-neighbour regression of series: the mean of the neighbours' targets.

    Parameters
    ----------
    aligner : PairAligner, optional
        The distance or similarity; DTW unless given. Aligners of symbols are accepted as well.
    n_neighbors : int
        The number of neighbours in the mean; of those at the same distance the one that was first in `fit` comes first.
    weights : {"uniform", "distance"} or callable
        As of `TimeSeriesKNN`.
    threads : int, optional
        The greatest number of threads; predictions do not depend on it.
    k : int, optional
        Another name of `n_neighbors`.

    Examples
    --------
    >>> from plait.align import TimeSeriesKNNRegressor
    >>> model = TimeSeriesKNNRegressor(n_neighbors=2).fit([[0, 1, 0], [0, 0, 2, 0], [9, 9]], [1.0, 2.0, 7.0])
    >>> model.predict([[0, 1.5, 0]]).tolist()
    [1.5]
    """

    def __init__(
        self,
        aligner: PairAligner | None = None,
        n_neighbors: int = 1,
        weights: Weights = "uniform",
        threads: int | None = None,
        k: int | None = None,
    ):
        self._keep(aligner, n_neighbors, weights, threads, k)

    def fit(self, X: Any, y: Any) -> TimeSeriesKNNRegressor:
        """Store series and their targets.

        Parameters
        ----------
        X : array of shape (n, length) or (n, length, d), or list of series
            Series.
        y : array_like of float, shape (n,) or (n, outputs)
            Their targets.

        Returns
        -------
        TimeSeriesKNNRegressor
            Itself.
        """
        series = self._remember(X)
        self._held = self._targets(y, len(series))
        self.series_ = series
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """The target of each series.

        Parameters
        ----------
        X : array or list of series
            Series.

        Returns
        -------
        ndarray of float64, shape (n,) or (n, outputs)
            Weighted means of the neighbours' targets.
        """
        nearest, weights = self._weighted(X)
        shares = weights / weights.sum(axis=1, keepdims=True)
        found: NDArray[np.float64] = np.einsum("nk,nk...->n...", shares, self._held[nearest])
        return found


def without_itself(
    indices: NDArray[np.int64], scores: NDArray[np.float64], own: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Neighbours of series among themselves, without the series itself; ``own[i]`` is the series of row i.

    Where others at the same distance come before it, the last one is left out in its stead.
    """
    itself = indices == own[:, None]
    itself[~itself.any(axis=1), -1] = True
    shape = len(own), indices.shape[1] - 1
    return indices[~itself].reshape(shape), scores[~itself].reshape(shape)


def counting(weights: Weights, scores: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """The weight of each neighbour."""
    if callable(weights):
        found = np.asarray(weights(scores.copy()), np.float64)
        if found.shape != scores.shape or not np.isfinite(found).all() or (found < 0).any() or not (found.sum(axis=1) > 0).all():
            raise ValueError(
                f"{name}: weights: expected finite numbers of shape {scores.shape} that are not negative, some of each row positive; got "
                f"shape {found.shape}"
            )
        return found
    if weights == "uniform":
        return np.ones_like(scores)
    if (scores < 0).any():
        raise ValueError(f"{name}: weights: 'distance' needs scores that are not negative, got {scores.min()}")
    nearest = scores[:, :1]
    # Relative to the nearest: an inverse of a very small distance would be infinite.
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(nearest == 0, scores == 0, nearest / scores)
    inverse[np.isinf(scores)] = 0.0
    inverse[~np.isfinite(nearest[:, 0])] = 1.0
    return inverse

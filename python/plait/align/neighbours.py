"""Classification by the nearest series, as scikit-learn does it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .._estimator import ClassifierEstimator
from . import _arguments, _inputs
from ._base import PairAligner
from .dtw import DTW

Array = NDArray[Any]


class TimeSeriesKNN(ClassifierEstimator):
    """The label of the nearest series, or of most of the k nearest.

    Parameters
    ----------
    aligner : PairAligner, optional
        What near means; DTW unless given. Costs and similarities both do, and so do aligners of symbols.
    k : int
        How many neighbours vote. Where classes have the same number of votes, the one whose nearest neighbour comes first is taken; of
        neighbours at the same distance the one that was first in `fit` comes first.
    threads : int, optional
        At most so many; answers do not depend on it.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.

    Notes
    -----
    Series are rows of a 2-D array, an array (n, length, d), or a list of arrays of any lengths. Neighbours are exact; where the aligner has
    lower bounds, most series are not looked at closely.

    Examples
    --------
    >>> from plait.align import TimeSeriesKNN
    >>> TimeSeriesKNN().fit([[0, 0, 1, 0], [0, 1, 2, 3]], ["bump", "ramp"]).predict([[0, 1, 0, 0], [0, 2, 3]])
    array(['bump', 'ramp'], dtype='<U4')
    """

    _DEFAULTS = {"aligner": DTW}  # noqa: RUF012

    def __init__(self, aligner: PairAligner | None = None, k: int = 1, threads: int | None = None):
        self.aligner = aligner
        self.k = k
        self.threads = threads

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` has been called."""
        return hasattr(self, "series_")

    def _aligner(self) -> PairAligner:
        if self.aligner is not None and not isinstance(self.aligner, PairAligner):
            raise TypeError(f"TimeSeriesKNN: aligner: expected an aligner such as DTW(), got {self.aligner!r:.60}")
        return DTW() if self.aligner is None else self.aligner

    def fit(self, X: Any, y: Any) -> TimeSeriesKNN:
        """Remember series and their labels.

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
        series = self._series(X)
        _arguments.whole(self.k, "TimeSeriesKNN: k", len(series), "series")
        self._codes = self._labels(y, len(series))
        self._aligner()._check(series, lambda i: f"X[{i}]")  # errors belong to fit
        self.series_ = series
        return self

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """The nearest series of `fit`.

        Parameters
        ----------
        X : array or list of series, optional
            What is looked for; without it the series of `fit`, none of them its own neighbour.
        n_neighbors : int, optional
            How many; `k` unless given.
        return_distance : bool
            Whether scores come, too.

        Returns
        -------
        scores : ndarray of float64, shape (n, n_neighbors)
            Best first; left out if `return_distance` is False.
        indices : ndarray of int64, shape (n, n_neighbors)
            Positions in `fit`.
        """
        self._require_fitted()
        own = X is None
        queries = self.series_ if own else self._series(X)
        k = _arguments.whole(
            self.k if n_neighbors is None else n_neighbors,
            "TimeSeriesKNN: n_neighbors",
            len(self.series_) - own,
            "series besides itself" if own else "series",
        )
        n = len(queries)
        indices, scores = self._aligner()._nearest(
            queries, self.series_, k + own, self.threads, lambda i: f"X[{i}]" if i < n else f"series_[{i - n}]"
        )
        if own:  # take out itself; where others at distance 0 come first, the last one
            itself = indices == np.arange(len(queries))[:, None]
            itself[~itself.any(axis=1), -1] = True
            indices, scores = (a[~itself].reshape(len(queries), k) for a in (indices, scores))
        return (scores, indices) if return_distance else indices

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The share of votes of each class.

        Parameters
        ----------
        X : array or list of series
            Series.

        Returns
        -------
        ndarray of float64, shape (n, classes)
            Rows sum to 1; columns are as in `classes_`.
        """
        return self._votes(X)[0] / self.k

    def predict(self, X: Any) -> Array:
        """The label of each series.

        Parameters
        ----------
        X : array or list of series
            Series.

        Returns
        -------
        ndarray, shape (n,)
            Labels as `fit` got them.
        """
        votes, codes = self._votes(X)
        most = votes == votes.max(axis=1, keepdims=True)
        first = np.take_along_axis(most, codes, axis=1).argmax(axis=1)
        labels: Array = self.classes_[codes[np.arange(len(codes)), first]]
        return labels

    def _votes(self, X: Any) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Votes for each class, and the neighbours' classes, nearest first."""
        nearest = self.kneighbors(X, return_distance=False)
        codes = self._codes[nearest]
        votes = np.zeros((len(codes), len(self.classes_)))
        np.add.at(votes, (np.arange(len(codes))[:, None], codes), 1)
        return votes, codes

    def _series(self, X: Any) -> list[Any]:
        series = _inputs.collection(X, "X")
        if not series:
            raise _core.ShapeError("TimeSeriesKNN: X holds no series")
        return series

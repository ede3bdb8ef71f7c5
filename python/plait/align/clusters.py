"""Clusters of series: k-means about barycenters, and k-medoids."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import _rng
from . import _arguments, _inputs
from ._base import PairAligner
from ._series_estimator import SeriesTransforms, checked_aligner
from .barycenter import barycenter
from .dtw import DTW

Array = NDArray[np.float64]
C = TypeVar("C", bound="_Clusters")


class _Clusters(SeriesTransforms):
    """The base class: centres, and assignment to the nearest one."""

    _DEFAULTS = {"aligner": DTW}  # noqa: RUF012
    _estimator_type = "clusterer"

    aligner: PairAligner | None
    n_clusters: int
    threads: int | None
    labels_: NDArray[np.int64]
    _centres: list[Any]

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` has been called."""
        return hasattr(self, "labels_")

    def _started(self, X: Any) -> tuple[PairAligner, list[Any]]:
        """The aligner and the series of `fit`, checked."""
        name = type(self).__name__
        series = self._collection(X, fitting=True)
        aligner = checked_aligner(self.aligner, name)
        _arguments.whole(self.n_clusters, f"{name}: n_clusters", len(series), "series")
        aligner._check(series, lambda i: f"X[{i}]")
        if aligner._method().worst < 0:
            raise ValueError(f"{name}: aligner: expected one that looks for small scores, got {aligner!r}")
        return aligner, series

    def fit(self: C, X: Any, y: Any = None) -> C:
        """Find the clusters."""
        raise NotImplementedError

    def fit_predict(self, X: Any, y: Any = None) -> NDArray[np.int64]:
        """Find the clusters and return that of each series.

        Parameters
        ----------
        X : array of shape (n, length) or (n, length, d), or list of series
            Series.
        y : ignored
            Accepted for compatibility with scikit-learn.

        Returns
        -------
        ndarray of int64, shape (n,)
            ``labels_``.
        """
        return self.fit(X, y).labels_

    def predict(self, X: Any) -> NDArray[np.int64]:
        """The nearest centre of each series.

        Parameters
        ----------
        X : array or list of series
            Series.

        Returns
        -------
        ndarray of int64, shape (n,)
            Numbers of clusters.
        """
        self._require_fitted()
        aligner, series = checked_aligner(self.aligner, type(self).__name__), self._collection(X)
        n = len(series)
        found = aligner._nearest(series, self._centres, 1, self.threads, lambda i: f"X[{i}]" if i < n else f"centre {i - n}")[0]
        labels: NDArray[np.int64] = found[:, 0]
        return labels

    def transform(self, X: Any) -> Array:
        """The scores of series against the centres.

        Parameters
        ----------
        X : array or list of series
            Series.

        Returns
        -------
        ndarray of float64, shape (n, n_clusters)
            A row for each series.
        """
        self._require_fitted()
        aligner = checked_aligner(self.aligner, type(self).__name__)
        scores: Array = aligner.pairwise(self._collection(X), self._centres, threads=self.threads)
        return scores

    def score(self, X: Any, y: Any = None) -> float:  # noqa: ARG002 - scikit-learn gives it
        """Minus the sum of the scores against the nearest centres: greater is better, as in scikit-learn's searches.

        Parameters
        ----------
        X : array or list of series
            Series.
        y : ignored
            Accepted for compatibility with scikit-learn.

        Returns
        -------
        float
            The greater the better.
        """
        return -float(self.transform(X).min(axis=1).sum())


class TimeSeriesKMeans(_Clusters):
    """Clusters around averages: k-means with DTW barycenter averaging, or with soft-DTW.

    Parameters
    ----------
    aligner : PairAligner, optional
        The distance and the kind of average, as in `barycenter`; DTW unless given, `SoftDTW` for soft averages.
    n_clusters : int
        The number of clusters.
    max_iter : int
        The greatest number of iterations.
    n_init : int
        The number of random starts; the result with the least `inertia_` is kept.
    barycenter_iterations : int
        The greatest number of improvements of an average in each iteration.
    rng : int, SeedSequence or Generator, optional
        The source of random numbers for the first centres.
    threads : int, optional
        The greatest number of threads; clusters do not depend on it.

    Attributes
    ----------
    cluster_centers_ : ndarray or list of ndarray
        The averages; an array where all have one length.
    labels_ : ndarray of int64, shape (n,)
        The cluster of each series; none is empty.
    inertia_ : float
        The sum of scores of the series against their centres.
    n_iter_ : int
        The number of iterations.

    Notes
    -----
    The first centres are series, each drawn with a probability that is proportional to its score against the nearest one so far
    (k-means++; Arthur and Vassilvitskii 2007). An iteration aligns n · n_clusters pairs and averages each cluster, which never makes
    `inertia_` greater. A cluster that would be empty gets the series that is farthest from its centre among those that are not alone.

    Examples
    --------
    >>> from plait.align import TimeSeriesKMeans
    >>> series = [[0, 0, 1, 0], [0, 1, 0], [5, 6, 7], [5, 5, 6, 7]]
    >>> model = TimeSeriesKMeans(n_clusters=2, rng=0).fit(series)
    >>> bool(model.labels_[0] == model.labels_[1] != model.labels_[2] == model.labels_[3])
    True
    """

    def __init__(
        self,
        aligner: PairAligner | None = None,
        n_clusters: int = 8,
        max_iter: int = 50,
        n_init: int = 1,
        barycenter_iterations: int = 10,
        rng: _rng.RandomSource = None,
        threads: int | None = None,
    ):
        self.aligner = aligner
        self.n_clusters = n_clusters
        self.max_iter = max_iter
        self.n_init = n_init
        self.barycenter_iterations = barycenter_iterations
        self.rng = rng
        self.threads = threads

    def fit(self, X: Any, y: Any = None) -> TimeSeriesKMeans:
        """Find the clusters.

        Parameters
        ----------
        X : array of shape (n, length) or (n, length, d), or list of series
            Series.
        y : ignored
            Accepted for compatibility with scikit-learn.

        Returns
        -------
        TimeSeriesKMeans
            Itself.
        """
        del y
        aligner, values = self._started(X)
        for name in ("max_iter", "n_init", "barycenter_iterations"):
            _arguments.whole(getattr(self, name), f"TimeSeriesKMeans: {name}")
        policy = "omit" if getattr(aligner, "nan_policy", "raise") == "omit" else "raise"
        series = [_inputs.series(value, lambda k: f"X[{k}]", k, policy) for k, value in enumerate(values)]
        random = np.random.default_rng(_rng.seed(self.rng))
        best: tuple[float, list[Array], NDArray[np.int64], int] | None = None
        for _ in range(self.n_init):
            found = self._run(aligner, series, random)
            if best is None or found[0] < best[0]:
                best = found
        assert best is not None
        self.inertia_, self._centres, self.labels_, self.n_iter_ = best
        same = len({centre.shape for centre in self._centres}) == 1
        self.cluster_centers_: Any = np.stack(self._centres) if same else self._centres
        return self

    def _run(
        self, aligner: PairAligner, series: list[Array], random: np.random.Generator
    ) -> tuple[float, list[Array], NDArray[np.int64], int]:
        centres = [series[k].copy() for k in _spread_out(aligner, series, self.n_clusters, random, self.threads)]
        labels, rounds = np.full(len(series), -1), 0
        while True:
            scores = aligner.pairwise(series, centres, threads=self.threads)
            new = scores.argmin(axis=1)
            for k, moved in _without_empty(new, scores):
                centres[k] = series[moved].copy()
                scores[moved, k] = aligner.score(series[moved], centres[k])
            unchanged = np.array_equal(new, labels)
            labels = new
            if unchanged or rounds == self.max_iter:
                return float(scores[np.arange(len(series)), labels].sum()), centres, labels, rounds
            rounds += 1
            for k in range(self.n_clusters):
                members = [series[i] for i in np.flatnonzero(labels == k)]
                centres[k] = barycenter(members, aligner, start=centres[k], iterations=self.barycenter_iterations)


class TimeSeriesKMedoids(_Clusters):
    """Clusters around medoids, which are series of the data: k-medoids.

    Parameters
    ----------
    aligner : PairAligner, optional
        The distance; DTW unless given. Any aligner that minimises a cost, of symbols as well.
    n_clusters : int
        The number of clusters.
    max_iter : int
        The greatest number of exchanges of a medoid.
    threads : int, optional
        The greatest number of threads; clusters do not depend on it.

    Attributes
    ----------
    medoid_indices_ : ndarray of int64, shape (n_clusters,)
        Which series of `fit` are the centres.
    cluster_centers_ : list
        These series.
    labels_ : ndarray of int64, shape (n,)
        The cluster of each series; none is empty.
    inertia_ : float
        The sum of scores of the series against their medoids.
    n_iter_ : int
        The number of exchanges.

    Notes
    -----
    All pairs are aligned once. Medoids are added one by one, each lowering the sum most (BUILD), and then exchanged with other series, the
    best exchange first, until none lowers it (SWAP; Kaufman and Rousseeuw 1990): O(k n²) for each, all candidates at once (Schubert and
    Rousseeuw 2019). Nothing is random.

    Examples
    --------
    >>> from plait.align import Levenshtein, TimeSeriesKMedoids
    >>> model = TimeSeriesKMedoids(Levenshtein(), n_clusters=2).fit(["kitten", "sitten", "kittens", "flower", "flour"])
    >>> model.labels_.tolist(), model.cluster_centers_
    ([0, 0, 0, 1, 1], ['kitten', 'flower'])
    """

    def __init__(self, aligner: PairAligner | None = None, n_clusters: int = 8, max_iter: int = 100, threads: int | None = None):
        self.aligner = aligner
        self.n_clusters = n_clusters
        self.max_iter = max_iter
        self.threads = threads

    def fit(self, X: Any, y: Any = None) -> TimeSeriesKMedoids:
        """Find the clusters.

        Parameters
        ----------
        X : array of shape (n, length) or (n, length, d), or list of series
            Series.
        y : ignored
            Accepted for compatibility with scikit-learn.

        Returns
        -------
        TimeSeriesKMedoids
            Itself.
        """
        del y
        aligner, series = self._started(X)
        most = _arguments.whole(self.max_iter, "TimeSeriesKMedoids: max_iter")
        scores = aligner.pairwise(series, threads=self.threads)
        if not np.isfinite(scores).all():
            i, j = np.argwhere(~np.isfinite(scores))[0].tolist()
            raise ValueError(f"TimeSeriesKMedoids: the score of X[{i}] and X[{j}] is {scores[i, j]}")
        medoids, self.n_iter_ = _exchanged(scores, _built(scores, self.n_clusters), most)
        self.medoid_indices_ = np.sort(medoids)
        near = scores[:, self.medoid_indices_]
        self.labels_ = near.argmin(axis=1)
        self.labels_[self.medoid_indices_] = np.arange(self.n_clusters)  # also where two medoids are equal
        self.inertia_ = float(near[np.arange(len(series)), self.labels_].sum())
        self._centres = [series[i] for i in self.medoid_indices_]
        self.cluster_centers_ = list(self._centres)
        return self


def _spread_out(aligner: PairAligner, series: list[Array], count: int, random: np.random.Generator, threads: int | None) -> list[int]:
    """Which series are the first centres: k-means++."""
    chosen = [int(random.integers(len(series)))]
    nearest = np.full(len(series), np.inf)
    while len(chosen) < count:
        nearest = np.minimum(nearest, aligner.pairwise(series, [series[chosen[-1]]], threads=threads)[:, 0])
        shares = nearest - min(0.0, nearest.min())  # soft scores may be negative
        shares[chosen] = 0.0
        if shares.sum() == 0:  # all remaining series are equal to a centre
            shares = np.ones(len(series))
            shares[chosen] = 0.0
        chosen.append(int(random.choice(len(series), p=shares / shares.sum())))
    return chosen


def _without_empty(labels: NDArray[np.int64], scores: Array) -> list[tuple[int, int]]:
    """Give each empty cluster the series that is farthest from its centre; the (cluster, series) that were changed."""
    changed = []
    for k in range(scores.shape[1]):
        counts = np.bincount(labels, minlength=scores.shape[1])
        if counts[k] == 0:
            own = np.where(counts[labels] > 1, scores[np.arange(len(labels)), labels], -np.inf)
            moved = int(own.argmax())
            labels[moved] = k
            changed.append((k, moved))
    return changed


def _built(scores: Array, count: int) -> NDArray[np.int64]:
    """BUILD: the medoid that lowers the sum most, one after the other."""
    chosen = [int(scores.sum(axis=0).argmin())]
    nearest = scores[:, chosen[0]]
    while len(chosen) < count:
        sums = np.minimum(scores, nearest[:, None]).sum(axis=0)
        sums[chosen] = np.inf
        chosen.append(int(sums.argmin()))
        nearest = np.minimum(nearest, scores[:, chosen[-1]])
    return np.array(chosen, np.int64)


def _exchanged(scores: Array, medoids: NDArray[np.int64], most: int) -> tuple[NDArray[np.int64], int]:
    """SWAP: the exchange of a medoid and another series that lowers the sum most, until none does."""
    medoids, rows = medoids.copy(), np.arange(len(scores))
    for done in range(most):
        near = scores[:, medoids]
        own = near.argmin(axis=1)
        first = near[rows, own]
        near[rows, own] = np.inf
        second = near.min(axis=1)
        joined = np.minimum(scores - first[:, None], 0.0)  # the change by a candidate if all medoids stay
        left = np.minimum(scores, second[:, None]) - first[:, None] - joined  # and the further change where a series' medoid is removed
        change = joined.sum(axis=0) + (own == np.arange(len(medoids))[:, None]) @ left
        change[:, medoids] = np.inf
        k, candidate = np.unravel_index(change.argmin(), change.shape)
        if not change[k, candidate] < -1e-12 * max(1e-300, np.abs(first).sum()):
            return medoids, done
        medoids[k] = candidate
    return medoids, most

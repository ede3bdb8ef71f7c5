"""Preprocessing of series: z-normalisation, resampling to one length, and differencing."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import _core
from . import _inputs
from ._arguments import whole
from ._series_estimator import SeriesTransforms

Array = NDArray[np.float64]
T = TypeVar("T", bound="SeriesTransformer")
#: A standard deviation of at most this many units in the last place of the largest value is rounding: the series is constant.
ROUNDING = 8


def znormalize(x: Any) -> Array:
    """A series with mean 0 and standard deviation 1.

    Parameters
    ----------
    x : array_like of float, shape (n,) or (n, d)
        One series; each of its d features is normalised separately.

    Returns
    -------
    ndarray of float64
        Of the same shape; constant features become 0.

    Raises
    ------
    ValueError
        If the series is empty, or holds NaN or infinity.

    Notes
    -----
    The standard deviation is that of the population (divided by n), as in the UCR suite.

    Examples
    --------
    >>> from plait.align import znormalize
    >>> znormalize([1, 3, 1, 3]).tolist()
    [-1.0, 1.0, -1.0, 1.0]
    >>> znormalize([5, 5]).tolist()
    [0.0, 0.0]
    """
    return _znormalize(_one(x, "znormalize"))


def resample(x: Any, n: int) -> Array:
    """A series resampled to a length, by linear interpolation.

    Parameters
    ----------
    x : array_like of float, shape (m,) or (m, d)
        One series.
    n : int
        The length of the result.

    Returns
    -------
    ndarray of float64, shape (n,) or (n, d)
        The first and the last element are kept; of length 1 it is the first.

    Raises
    ------
    ValueError
        If `n` is not a whole number of at least 1, or the series is empty or holds NaN or infinity.

    Examples
    --------
    >>> from plait.align import resample
    >>> resample([0, 2, 4], 5).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    return _resample(_one(x, "resample"), whole(n, "resample: n"))


def difference(x: Any, order: int = 1) -> Array:
    """The differences of neighbouring elements.

    Parameters
    ----------
    x : array_like of float, shape (n,) or (n, d)
        One series.
    order : int
        Number of times that differences are taken.

    Returns
    -------
    ndarray of float64, shape (n - order,) or (n - order, d)
        ``x[1:] - x[:-1]``, `order` times.

    Raises
    ------
    ValueError
        If the series has no more elements than `order`, or holds NaN or infinity.

    Examples
    --------
    >>> from plait.align import difference
    >>> difference([1, 4, 9, 16]).tolist()
    [3.0, 5.0, 7.0]
    """
    return _difference(_one(x, "difference"), whole(order, "difference: order"), "x")


class SeriesTransformer(SeriesTransforms):
    """A scikit-learn transformer that is applied to each series separately."""

    _estimator_type = "transformer"
    _NEEDS_FIT = False

    def fit(self: T, X: Any, y: Any = None) -> T:
        """Check the parameters and the series.

        Parameters
        ----------
        X : array of shape (n, length) or (n, length, d), or list of series
            Series.
        y : ignored
            For compatibility with scikit-learn.

        Returns
        -------
        SeriesTransformer
            Itself.
        """
        del y
        self.n_series_ = len(self._collection(X, fitting=True))
        self.transform(X)
        return self

    def transform(self, X: Any) -> Any:
        """Each series transformed.

        Parameters
        ----------
        X : array of shape (n, length) or (n, length, d), or list of series
            Series.

        Returns
        -------
        ndarray or list of ndarray
            An array where all results have one length, else a list.
        """
        found = [self._one(_checked(value, f"X[{k}]"), f"X[{k}]") for k, value in enumerate(self._collection(X))]
        return np.stack(found) if len({series.shape for series in found}) == 1 else found

    def __sklearn_is_fitted__(self) -> bool:
        """Always True: nothing is learned."""
        return True

    def _one(self, series: Array, name: str) -> Array:
        raise NotImplementedError


class ZNormalizer(SeriesTransformer):
    """`znormalize` as a transformer of scikit-learn.

    Examples
    --------
    >>> from plait.align import ZNormalizer
    >>> ZNormalizer().fit_transform([[1, 3], [9, 5]]).tolist()
    [[-1.0, 1.0], [1.0, -1.0]]
    """

    def __init__(self) -> None:
        """No parameters; defined, since scikit-learn would inspect the signature of `object`."""

    def _one(self, series: Array, name: str) -> Array:
        del name
        return _znormalize(series)


class Resampler(SeriesTransformer):
    """`resample` as a transformer of scikit-learn.

    Parameters
    ----------
    length : int, optional
        Length of the results; that of the longest series in `fit` unless given.

    Attributes
    ----------
    length_ : int
        Length of the results.

    Examples
    --------
    >>> from plait.align import Resampler
    >>> Resampler().fit_transform([[0, 2], [1, 2, 3]]).tolist()
    [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]
    """

    _NEEDS_FIT = True

    def __init__(self, length: int | None = None):
        self.length = length

    def fit(self, X: Any, y: Any = None) -> Resampler:
        """Find the length.

        Parameters
        ----------
        X : array of shape (n, length) or (n, length, d), or list of series
            Series.
        y : ignored
            For compatibility with scikit-learn.

        Returns
        -------
        Resampler
            Itself.
        """
        if self.length is None:
            self.length_ = max(len(_checked(value, f"X[{k}]")) for k, value in enumerate(self._collection(X)))
        else:
            self.length_ = whole(self.length, "Resampler: length")
        return super().fit(X, y)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` has been called."""
        return hasattr(self, "length_")

    def _one(self, series: Array, name: str) -> Array:
        del name
        self._require_fitted()
        return _resample(series, self.length_)


class Differencer(SeriesTransformer):
    """`difference` as a transformer of scikit-learn.

    Parameters
    ----------
    order : int
        Number of times that differences are taken.

    Examples
    --------
    >>> from plait.align import Differencer
    >>> Differencer().fit_transform([[1, 4, 9], [2, 2, 5]]).tolist()
    [[3.0, 5.0], [0.0, 3.0]]
    """

    def __init__(self, order: int = 1):
        self.order = order

    def _one(self, series: Array, name: str) -> Array:
        return _difference(series, whole(self.order, "Differencer: order"), name)


def _one(x: Any, function: str) -> Array:
    if isinstance(x, (list, tuple)) and len({len(part) for part in x if hasattr(part, "__len__")}) > 1:
        raise _core.ShapeError(
            f"{function}: expected one series of shape (n,) or (n, d), got several of different lengths; the transformers take collections"
        )
    if np.ndim(x) == 3:
        raise _core.ShapeError(
            f"{function}: expected one series of shape (n,) or (n, d), got shape {np.shape(x)}; the transformers take collections"
        )
    return _checked(x, "x")


def _checked(x: Any, name: str) -> Array:
    series: Array = _inputs.series(x, lambda _: name, 0, "propagate")
    if len(series) == 0:
        raise ValueError(f"{name}: the series is empty")
    if (missing := np.isnan(series)).any():
        raise ValueError(f"{name}: NaN at element {np.argwhere(missing)[0, 0]}; leave such elements out first, or fill them in")
    return series


def _znormalize(series: Array, axis: int = 0) -> Array:
    largest = np.abs(series).max(axis=axis, keepdims=True)
    values = np.ldexp(series, -np.frexp(largest)[1])  # scaling by a power of two is exact, and squares then neither overflow nor underflow
    values = values - values.mean(axis=axis, keepdims=True)
    spread = np.sqrt(np.mean(values * values, axis=axis, keepdims=True))
    constant = spread <= ROUNDING * np.finfo(np.float64).eps
    result: Array = np.where(constant, 0.0, values / np.where(constant, 1.0, spread))
    return result


def _resample(series: Array, length: int) -> Array:
    at, places = np.linspace(0, 1, length), np.linspace(0, 1, len(series))
    exponent = int(np.frexp(np.abs(series).max())[1])  # scaling: differences of values near the largest float64 overflow
    columns = [np.interp(at, places, column) for column in np.ldexp(series, -exponent).reshape(len(series), -1).T]
    found: Array = np.ldexp(np.stack(columns, axis=1), exponent).reshape(length, *series.shape[1:])
    return found


def _difference(series: Array, order: int, name: str) -> Array:
    if len(series) <= order:
        raise ValueError(f"{name}: a series of {len(series)} elements has no differences of order {order}")
    found: Array = np.diff(series, order, axis=0)
    if not np.isfinite(found).all():
        raise ValueError(f"{name}: differences are beyond the largest float64")
    return found

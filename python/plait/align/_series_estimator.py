"""The base class of scikit-learn estimators of series: collections of series, checked as scikit-learn checks arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from .._estimator import Estimator, _column_names
from . import _inputs
from ._base import PairAligner
from .dtw import DTW


class SeriesEstimator(Estimator):
    """An estimator whose X is a collection of series: a 2-D or 3-D array, or a list of arrays of any lengths."""

    #: Whether y is needed, whether `fit` is, and whether there is a `transform`.
    _NEEDS_TARGET = False
    _NEEDS_FIT = True
    _TRANSFORMS = False
    _estimator_type: str

    def _collection(self, X: Any, *, fitting: bool = False) -> list[Any]:
        """The series; `fit` sets ``n_features_in_`` (if all have one length) and ``feature_names_in_`` as scikit-learn does."""
        found = all_series(X, type(self).__name__)
        names = _column_names(X)
        if fitting:
            for told in ("n_features_in_", "feature_names_in_"):
                self.__dict__.pop(told, None)
            shape = _shape(X)
            if len(shape) > 1:
                self.n_features_in_ = shape[1]
            if names is not None:
                self.feature_names_in_ = names
            return found
        known = getattr(self, "feature_names_in_", None)
        # Series may be of other lengths than those of fit, and then have other columns; the same ones in another order are a mistake.
        if known is not None and names is not None and sorted(names) == sorted(known) and not np.array_equal(names, known):
            raise ValueError(
                f"{type(self).__name__}: X has the columns of fit in another order: Feature names must be in the same order as they were in fit."
            )
        return found

    def __sklearn_tags__(self) -> Any:
        """Tags for scikit-learn's estimator checks."""
        from sklearn.utils import (
            ClassifierTags,
            InputTags,
            RegressorTags,
            Tags,
            TargetTags,
            TransformerTags,
        )

        return Tags(
            estimator_type=self._estimator_type,
            target_tags=TargetTags(required=self._NEEDS_TARGET, multi_output=self._estimator_type == "regressor"),
            classifier_tags=ClassifierTags() if self._estimator_type == "classifier" else None,
            regressor_tags=RegressorTags() if self._estimator_type == "regressor" else None,
            transformer_tags=TransformerTags() if self._TRANSFORMS else None,
            input_tags=InputTags(three_d_array=True),
            requires_fit=self._NEEDS_FIT,
        )


class SeriesTransforms(SeriesEstimator):
    """One with a `transform`."""

    _TRANSFORMS = True

    def fit(self, X: Any, y: Any = None) -> Any:
        """The first step of `fit_transform`."""
        raise NotImplementedError

    def transform(self, X: Any) -> Any:
        """The second step of `fit_transform`."""
        raise NotImplementedError

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """`fit`, and then `transform` of the same series.

        Parameters
        ----------
        X : array of shape (n, length) or (n, length, d), or list of series
            Series.
        y : ignored
            Accepted for compatibility with scikit-learn.

        Returns
        -------
        ndarray or list of ndarray
            The result of `transform`.
        """
        return self.fit(X, y).transform(X)


def checked_aligner(aligner: Any, name: str) -> PairAligner:
    """An aligner, DTW for none; TypeError for anything else."""
    if aligner is not None and not isinstance(aligner, PairAligner):
        raise TypeError(f"{name}: aligner: expected an aligner such as DTW(), got {aligner!r:.60}")
    return DTW() if aligner is None else aligner


def all_series(X: Any, name: str) -> list[Any]:
    """The series of a collection that is not empty; messages are worded as in scikit-learn."""
    if hasattr(X, "toarray"):
        raise TypeError(f"{name}: X is a sparse matrix, but dense data is required. Use X.toarray() to convert it.")
    dtype, shape = getattr(X, "dtype", None), _shape(X)
    if getattr(dtype, "kind", "") == "c":
        raise ValueError(f"{name}: Complex data not supported: X is {dtype}")
    if len(shape) > 1 and 0 in shape:
        what = "sample" if shape[0] == 0 else "feature"
        raise _core.ShapeError(f"{name}: Found array with 0 {what}(s) (shape={shape}) while a minimum of 1 is required.")
    series = _inputs.collection(X, "X")
    if not series:
        raise _core.ShapeError(f"{name}: X holds no series")
    return series


def _shape(X: Any) -> tuple[int, ...]:
    """The shape of an array of any library; () for a list, whose series may differ in length."""
    array = X if isinstance(X, np.ndarray) else np.asarray(X) if hasattr(X, "__array__") else np.empty(())
    return tuple(map(int, array.shape))

"""The base class of classifiers: labels, their weights, and the loss of class numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._estimator import ClassifierEstimator
from .._masks import unmasked
from ..losses import loss_of
from ..losses._holders import elementwise
from ._fitting import Data, NetworkEstimator
from ._weights import sample_weights, split_by_class, with_classes

Array = NDArray[Any]


class NetworkClassifier(ClassifierEstimator, NetworkEstimator):
    """A network whose outputs are logits of classes."""

    loss: Any
    class_weight: Any
    warm_start: bool

    def _goes_on(self) -> bool:
        """Whether `fit` continues from the current weights and classes."""
        return self.warm_start and self.__sklearn_is_fitted__()

    def _codes(self, y: Any, samples: int, *, new: bool, classes: Array | None = None) -> Array:
        """Class numbers; for a new network the classes are those of `y`, or `classes` if given."""
        if new:
            codes = self._labels(y, samples)  # refuses invalid labels
            if classes is None:
                return codes
            self.classes_ = classes
        return self._known(y, samples, "y")

    def _announced(self, classes: Any) -> Array | None:
        """The labels passed to `partial_fit`, checked."""
        name, first = type(self).__name__, not self.__sklearn_is_fitted__()
        if first and classes is None:
            raise ValueError(f"{name}: classes must be passed on the first call to partial_fit.")
        if isinstance(self.class_weight, str):
            raise ValueError(f"{name}: class_weight='balanced' is not known to partial_fit, which sees parts; give a dict of weights")
        if classes is None:
            return None
        labels = np.unique(unmasked(classes, f"{name}: classes"))
        if not first and not np.array_equal(labels, self.classes_):
            raise ValueError(f"{name}: classes={labels} is not the same as on the first call to partial_fit: {self.classes_}")
        return labels

    def _weighted(self, data: Data, sample_weight: Any) -> Data:
        """The data with the products of sample and class weights."""
        name, codes = type(self).__name__, data["y"]
        weights = with_classes(sample_weights(sample_weight, len(codes), name), self.class_weight, codes, self.classes_, name)
        return data if weights is None else {**data, "sample_weight": weights}

    def _split(self, data: Data, generator: np.random.Generator) -> tuple[Array, Array]:
        """A split stratified by class; at least one sample of each class is trained on."""
        samples = len(data["y"])
        return split_by_class(data["y"], len(self.classes_), self._held(samples) / samples, generator, type(self).__name__)

    def _class_losses(self, logits: Any, target: Any) -> Any:
        """A node for the loss of each sample."""
        name = type(self).__name__
        each = elementwise(loss_of(self.loss, f"{name}: loss"), logits, target)
        if getattr(each, "ndim", None) != 1:
            raise ValueError(f"{name}: loss: expected one number for each sample, shape (n,), got {each!r}")
        return each

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class for each sample."""
        raise NotImplementedError

    def predict(self, X: Any) -> Array:
        """The most probable class of each sample.

        Parameters
        ----------
        X : array_like
            Samples, as for `predict_proba`.

        Returns
        -------
        ndarray, shape (n,)
            Labels, as passed to `fit`.
        """
        codes = np.argmax(self.predict_proba(X), axis=1)
        return np.asarray(self.classes_[codes])

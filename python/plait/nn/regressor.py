"""A network as a scikit-learn regressor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import graph, losses
from .._estimator import RegressorEstimator
from ..losses._holders import elementwise
from ._perceptron import Perceptron
from ._weights import sample_weights
from .base import Activation

Array = NDArray[Any]


class MLPRegressor(RegressorEstimator, Perceptron):
    """A multilayer perceptron that predicts numbers, with scikit-learn's conventions.

    Parameters
    ----------
    hidden : sequence of int
        Sizes of the hidden layers.
    epochs : int
        Passes over the samples.
    batch_size : int
        Samples per step.
    loss : str, Loss or callable
        The loss to minimise: "mse", "mae", "huber", "quantile", "student_t", one of them with its settings such as
        ``plait.losses.Huber(delta=0.5)``, or a function of nodes ``loss(prediction, target)`` that returns one number for each value.
    standardize : bool
        Standardise features and targets to mean 0 and variance 1 on the training data; losses are then in those units.
    activation : str or callable
        Activation of the hidden layers.
    optimizer : Optimizer or str, optional
        The update rule or its name; unless given, Adam with a cosine schedule of the rate from 1e-3 to 1e-5 over the whole training.
    dropout : float
        Share of hidden values that are dropped in training.
    early_stopping : bool, int or EarlyStopping
        Stop when the validation loss has not improved for 10 epochs (or the given number), and restore the best weights.
    validation_fraction : float
        Share of the samples held out for early stopping where `fit` is given no validation data.
    warm_start : bool
        `fit` continues from the weights of an earlier `fit` instead of new ones.
    dtype : str
        Dtype of the network: "float32" or "float64".
    rng : int, SeedSequence, Generator or None
        Source of the weights, the order of samples and dropout.
    progress : bool or callable
        As for `plait.train`.

    Attributes
    ----------
    n_features_in_ : int
        Features of a sample.
    model_ : MLP
        The network, from standardised features to standardised targets.
    history_ : History
        The history of the training.
    loss_ : float
        Mean loss over the last epoch.
    n_iter_ : int
        Epochs trained.
    best_epoch_ : int
        With early stopping, the epoch whose weights are kept.

    Notes
    -----
    `partial_fit` continues with the state of the optimizer, which a pickled estimator does not keep.

    Examples
    --------
    >>> X = np.linspace(-3, 3, 200)[:, None]
    >>> net = plait.nn.MLPRegressor(hidden=(32,), batch_size=16, activation="tanh", optimizer=plait.optim.Adam(1e-2))
    >>> net.fit(X, np.sin(X[:, 0])).score(X, np.sin(X[:, 0])) > 0.95
    True
    """

    _shift: Array
    _scale: Array
    _centre: Array
    _spread: Array
    _shape: tuple[int, ...]

    def __init__(
        self,
        hidden: Sequence[int] = (256, 128),
        epochs: int = 100,
        batch_size: int = 64,
        *,
        loss: str | Callable[[Any, Any], Any] = "mse",
        standardize: bool = True,
        activation: Activation = "relu",
        optimizer: Any = None,
        dropout: float = 0.0,
        early_stopping: Any = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        dtype: str = "float32",
        rng: Any = 0,
        progress: Any = False,
    ) -> None:
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.loss = loss
        self.standardize = standardize
        self.activation = activation
        self.optimizer = optimizer
        self.dropout = dropout
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.dtype = dtype
        self.rng = rng
        self.progress = progress

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, validation: tuple[Any, Any] | None = None, callbacks: Any = ()
    ) -> MLPRegressor:
        """Train a new network.

        Parameters
        ----------
        X : array_like, shape (n, features)
            Samples; no NaN, no infinity.
        y : array_like, shape (n,) or (n, outputs)
            Targets.
        sample_weight : array_like, shape (n,), optional
            Weight of each sample in the loss; only their ratios count.
        validation : tuple of X and y, optional
            Validation data, on which the loss is measured after each epoch.
        callbacks : callable or sequence of callables
            As for `plait.train`.

        Returns
        -------
        MLPRegressor
            Itself.

        Raises
        ------
        ValueError
            If X is not two-dimensional or holds NaN, or y has another length or holds NaN.
        """
        data = self._given(X, y, sample_weight, first=not (self.warm_start and self.__sklearn_is_fitted__()))
        held = None
        if validation is not None:
            known = self._rows(validation[0], self.dtype, fitting=False)
            values = self._targets(validation[1], len(known), "validation targets")
            if values.shape[1:] != self._shape:
                raise ValueError(f"MLPRegressor: validation targets have shape {values.shape}, those of y {(len(data['X']), *self._shape)}")
            held = {"X": self._standard(known), "y": self._scaled(values)}
        self._train(data, held, callbacks)
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Train for one more epoch, on these samples; the first call makes the network.

        Parameters
        ----------
        X : array_like, shape (n, features)
            Samples.
        y : array_like, shape (n,) or (n, outputs)
            Targets.
        sample_weight : array_like, shape (n,), optional
            Weight of each sample.

        Returns
        -------
        MLPRegressor
            Itself. With `standardize`, mean and variance are those of the first call's samples.
        """
        first = not self.__sklearn_is_fitted__()
        self._train_on(self._given(X, y, sample_weight, first=first), first=first)
        return self

    def predict(self, X: Any) -> Array:
        """The prediction for each sample.

        Parameters
        ----------
        X : array_like, shape (n, features)
            Samples.

        Returns
        -------
        ndarray, shape (n,) or (n, outputs)
            In float64, in the shape of the targets of `fit`.
        """
        self._require_fitted()
        predicted = self._said(self._standard(self._rows(X, self.dtype, fitting=False)), lambda y: y).astype("float64")
        return (predicted * self._spread + self._centre).reshape(len(predicted), *self._shape)

    def _given(self, X: Any, y: Any, sample_weight: Any, *, first: bool) -> dict[str, Array]:
        """Checked samples, targets and weights; the first ones determine the standardisation."""
        rows = self._rows(X, self.dtype, fitting=first)
        targets = self._targets(y, len(rows), "y")
        weights = sample_weights(sample_weight, len(rows), "MLPRegressor")
        if first:
            self._shape = targets.shape[1:]
            ones = np.ones(rows.shape[1])
            self._shift, self._scale = _moments(rows, weights) if self.standardize else (0 * ones, ones)
            flat = targets.reshape(len(rows), -1)
            self._centre, self._spread = _moments(flat, weights) if self.standardize else (np.zeros(flat.shape[1]), np.ones(flat.shape[1]))
        elif targets.shape[1:] != self._shape:
            raise ValueError(f"MLPRegressor: y has shape {targets.shape}, but one of shape {(len(targets), *self._shape)} was expected")
        data = {"X": self._standard(rows), "y": self._scaled(targets)}
        return data if weights is None else {**data, "sample_weight": weights}

    def _standard(self, rows: Array) -> Array:
        return ((rows - self._shift) / self._scale).astype(self.dtype)

    def _scaled(self, targets: Array) -> Array:
        return ((targets.reshape(len(targets), -1) - self._centre) / self._spread).astype(self.dtype)

    def _outputs(self) -> int:
        return len(self._centre)

    def _target(self) -> Any:
        return graph.input("y", (None, len(self._centre)), dtype=self.dtype)

    def _losses(self, prediction: Any, target: Any) -> Any:
        each = elementwise(losses.loss_of(self.loss, "MLPRegressor: loss"), prediction, target)
        if getattr(each, "ndim", None) != 2:
            raise ValueError(f"MLPRegressor: loss: expected one number for each value, shape (n, outputs), got {each!r}")
        return each.mean(axis=1)


def _moments(values: Array, weights: Array | None) -> tuple[Array, Array]:
    """Mean and standard deviation of columns, in float64; 1 for columns that are constant."""
    mean = np.average(values.astype("float64"), axis=0, weights=weights)
    spread = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
    return mean, np.where(spread > 1e-12 * np.abs(mean), spread, 1.0)

"""A network as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph, losses
from .._estimator import ClassifierEstimator
from ..optim import Adam, Cosine
from ..train import History, predict, train
from ..train.data import at_least_one
from .base import Activation
from .layers import MLP

Array = NDArray[Any]


class MLPClassifier(ClassifierEstimator):
    """A multilayer perceptron that tells classes apart, with scikit-learn's conventions.

    Parameters
    ----------
    hidden : sequence of int
        Sizes of the hidden layers.
    epochs : int
        How often all samples are seen.
    batch_size : int
        Samples per step.
    activation : str or callable
        Of the hidden layers.
    optimizer : Optimizer, optional
        The update rule; unless given, Adam with a rate that falls from 1e-3 to 1e-5 along a cosine over the whole training.
    dropout : float
        Share of hidden values that are dropped in training.
    dtype : str
        In which the network computes: "float32" or "float64".
    rng : int, SeedSequence, Generator or None
        Where weights, the order of samples and dropout come from.
    progress : bool or callable
        As `plait.train` takes it.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    n_features_in_ : int
        Features of a sample.
    model_ : MLP
        The network.
    history_ : History
        The course of the training.
    loss_ : float
        Cross entropy over the last epoch.
    n_iter_ : int
        Epochs trained.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(-2, 1, (50, 2)), rng.normal(2, 1, (50, 2))])
    >>> y = ["low"] * 50 + ["high"] * 50
    >>> clf = plait.nn.MLPClassifier(hidden=(16,), epochs=20, batch_size=10, rng=0).fit(X, y)
    >>> clf.predict([[-3, -3], [3, 3]])
    array(['low', 'high'], dtype='<U4')
    """

    model_: MLP

    def __init__(
        self,
        hidden: Sequence[int] = (256, 128),
        epochs: int = 20,
        batch_size: int = 64,
        *,
        activation: Activation = "relu",
        optimizer: Any = None,
        dropout: float = 0.0,
        dtype: str = "float32",
        rng: Any = 0,
        progress: Any = False,
    ) -> None:
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.activation = activation
        self.optimizer = optimizer
        self.dropout = dropout
        self.dtype = dtype
        self.rng = rng
        self.progress = progress

    def fit(self, X: Any, y: Any, *, validation: tuple[Any, Any] | None = None, callbacks: Any = ()) -> MLPClassifier:
        """Train a new network.

        Parameters
        ----------
        X : array_like, shape (n, features)
            Samples; no NaN, no infinity.
        y : array_like, shape (n,)
            Labels: strings, integers or booleans.
        validation : tuple of X and y, optional
            On which the loss is measured after each epoch.
        callbacks : callable or sequence of callables
            As `plait.train` takes them.

        Returns
        -------
        MLPClassifier
            Itself.

        Raises
        ------
        ValueError
            If X is not two-dimensional or holds NaN, or y does not fit X or holds numbers that are no labels.
        """
        rows = self._rows(X, self.dtype, fitting=True)
        codes = self._labels(y, len(rows))
        for name in ("epochs", "batch_size"):
            at_least_one(f"MLPClassifier: {name}", getattr(self, name))
        generator = np.random.default_rng(self.rng)
        hidden = [self.hidden] if isinstance(self.hidden, (int, np.integer)) else list(self.hidden)
        sizes = [at_least_one("MLPClassifier: hidden", size) for size in hidden]
        options: dict[str, Any] = {"dropout": self.dropout, "dtype": self.dtype, "rng": generator}
        self.model_ = MLP(rows.shape[1], sizes, len(self.classes_), self.activation, **options)
        x, t = graph.input("X", (None, rows.shape[1]), dtype=self.dtype), graph.input("y", (None,), dtype="int64")
        loss = losses.cross_entropy_with_logits(self.model_(x, training=True), t)
        measured = None
        if validation is not None:
            known = self._rows(validation[0], self.dtype, fitting=False)
            measured = (losses.cross_entropy_with_logits(self.model_(x), t), {x: known, t: self._known(validation[1], len(known))})
        self.history_: History = train(
            loss,
            {x: rows, t: codes},
            self.model_.parameters(),
            Adam(Cosine(1e-3, self.epochs * -(-len(rows) // self.batch_size), final=1e-5)) if self.optimizer is None else self.optimizer,
            epochs=self.epochs,
            batch_size=self.batch_size,
            rng=generator,
            progress=self.progress,
            callbacks=callbacks,
            validation=measured,
        )
        self.loss_, self.n_iter_ = self.history_.loss[-1], self.history_.epochs
        return self

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class for each sample.

        Parameters
        ----------
        X : array_like, shape (n, features)
            Samples.

        Returns
        -------
        ndarray, shape (n, classes)
            Columns in the order of ``classes_``.
        """
        self._require_fitted()
        rows = self._rows(X, self.dtype, fitting=False)
        program = self.model_.__dict__.get("_probabilities")
        if program is None:
            x = graph.input("X", (None, rows.shape[1]), dtype=self.dtype)
            program = self.model_.__dict__["_probabilities"] = _core.BatchProgram([graph.softmax(self.model_(x), axis=-1)])
        return predict(program, {"X": rows})[0]

    def predict(self, X: Any) -> Array:
        """The most probable class of each sample.

        Parameters
        ----------
        X : array_like, shape (n, features)
            Samples.

        Returns
        -------
        ndarray, shape (n,)
            Labels as `fit` was given them.
        """
        codes = np.argmax(self.predict_proba(X), axis=1)
        return np.asarray(self.classes_[codes])

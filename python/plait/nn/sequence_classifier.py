"""A recurrent network as a scikit-learn classifier of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph, losses
from .._estimator import ClassifierEstimator
from ..optim import Adam, Cosine
from ..train import History, predict, train
from ..train.data import at_least_one
from . import ragged
from ._carrying import recurrent
from .base import Layer
from .layers import Dense

Array = NDArray[Any]


class _Network(Layer):
    """Recurrent layers, what they say over a whole sequence, and a dense layer on it."""

    def __init__(self, features: int, classes: int, settings: SequenceClassifier, rng: np.random.Generator) -> None:
        name = type(settings).__name__
        self.recurrent = recurrent(
            settings.cell, features, settings.hidden, settings.layers, settings.forget_bias, settings.dtype, rng, name
        )
        self.head = Dense(settings.hidden, classes, dtype=settings.dtype, rng=rng, name="head")
        self.pooling, self.features, self.dtype = settings.pooling, features, settings.dtype
        self.shift, self.scale = np.zeros(features, self.dtype), np.ones(features, self.dtype)

    def __call__(self, x: Any, lengths: Any = None, *, training: bool = False) -> Any:
        """A node for the logits of each sequence."""
        outs, state = self.recurrent((x - self.shift) * self.scale, lengths=lengths, training=training)
        if self.pooling == "mean" and lengths is None:
            return self.head(graph.mean(outs, axis=1))
        if self.pooling == "mean":  # outputs are zero behind a sequence's end
            return self.head(graph.sum(outs, axis=1) / graph.cast(graph.expand_dims(lengths, 1), self.dtype))
        top = state[0] if isinstance(state, tuple) else state
        return self.head(top if self.recurrent.layers == 1 else top[-1])

    def inputs(self, time: int | None) -> tuple[Any, Any]:
        """The nodes that sequences of up to so many steps are fed to."""
        return graph.input("X", (None, time, self.features), dtype=self.dtype), graph.input("lengths", (None,), dtype="int64")

    def probabilities(self, rows: Array, lengths: Array) -> Array:
        """Of each class for each sequence, by one program for any number of steps."""
        program = self.__dict__.get("_program")
        if program is None:
            x, n = self.inputs(None)
            program = self.__dict__["_program"] = _core.BatchProgram([graph.softmax(self(x, n), axis=-1)])
        return predict(program, {"X": rows, "lengths": lengths})[0]


class SequenceClassifier(ClassifierEstimator):
    """A recurrent network that tells sequences apart, with scikit-learn's conventions; they may differ in length.

    Parameters
    ----------
    hidden : int
        Features of the recurrent layers.
    layers : int
        How many of them.
    cell : {"lstm", "gru", "rnn"}
        Their kind.
    epochs : int
        How often all sequences are seen.
    batch_size : int
        Sequences per step.
    pooling : {"mean", "last"}
        What the decision stands on: the mean of a sequence's outputs, or the last one. Long sequences are learnt better from the mean.
    standardize : bool
        Bring each feature to mean 0 and variance 1 first, as measured on the training data.
    optimizer : Optimizer, optional
        The update rule; unless given, Adam with a rate that falls from 1e-2 to 1e-4 along a cosine, and gradients of norm 1 at most.
    forget_bias : float
        Of LSTM cells, at the beginning.
    dtype : str
        In which the network computes: "float32" or "float64".
    rng : int, SeedSequence, Generator or None
        Where weights and the order of sequences come from.
    progress : bool or callable
        As `plait.train` takes it.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    n_features_in_ : int
        Features of a step.
    history_ : History
        The course of the training.
    loss_ : float
        Cross entropy over the last epoch.
    n_iter_ : int
        Epochs trained.

    Notes
    -----
    Sequences are a list of arrays of shape (time, features), or of shape (time,) for one feature; where all have one length, an array of shape
    (n, time, features) or (n, time). Shorter ones are masked: what fills them up has no part in values, loss or gradients.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = [np.sin(f * np.arange(rng.integers(20, 30))) for f in [0.3, 0.9] * 20]
    >>> clf = plait.nn.SequenceClassifier(hidden=8, epochs=20, rng=0).fit(X, ["slow", "fast"] * 20)
    >>> clf.predict([np.sin(0.3 * np.arange(25)), np.sin(0.9 * np.arange(22))])
    array(['slow', 'fast'], dtype='<U4')
    """

    def __init__(
        self,
        hidden: int = 32,
        layers: int = 1,
        cell: str = "lstm",
        epochs: int = 50,
        batch_size: int = 16,
        *,
        pooling: str = "mean",
        standardize: bool = True,
        optimizer: Any = None,
        forget_bias: float = 1.0,
        dtype: str = "float32",
        rng: Any = 0,
        progress: Any = False,
    ) -> None:
        self.hidden = hidden
        self.layers = layers
        self.cell = cell
        self.epochs = epochs
        self.batch_size = batch_size
        self.pooling = pooling
        self.standardize = standardize
        self.optimizer = optimizer
        self.forget_bias = forget_bias
        self.dtype = dtype
        self.rng = rng
        self.progress = progress

    def fit(self, X: Any, y: Any, *, validation: tuple[Any, Any] | None = None, callbacks: Any = ()) -> SequenceClassifier:
        """Train a new network.

        Parameters
        ----------
        X : list of array_like of shape (time, features), or array_like of shape (n, time, features) or (n, time)
            Sequences; no NaN, no infinity.
        y : array_like, shape (n,)
            Labels: strings, integers or booleans.
        validation : tuple of X and y, optional
            On which the loss is measured after each epoch.
        callbacks : callable or sequence of callables
            As `plait.train` takes them.

        Returns
        -------
        SequenceClassifier
            Itself.

        Raises
        ------
        ValueError
            If a sequence has no steps or holds NaN, or y does not fit X or holds numbers that are no labels.
        """
        name = type(self).__name__
        parts = self._sequences(X, fitting=True)
        codes = self._labels(y, len(parts))
        for count in ("hidden", "layers", "epochs", "batch_size"):
            at_least_one(f"{name}: {count}", getattr(self, count))
        if self.pooling not in {"mean", "last"}:
            raise ValueError(f"{name}: pooling: expected 'mean' or 'last', got {self.pooling!r}")
        generator = np.random.default_rng(self.rng)
        self.model_ = model = _Network(self.n_features_in_, len(self.classes_), self, generator)
        if self.standardize:
            steps = np.concatenate(parts, dtype="float64")
            spread = steps.std(axis=0)
            model.shift = steps.mean(axis=0).astype(self.dtype)
            model.scale = (1.0 / np.where(spread > 0, spread, 1.0)).astype(self.dtype)
        known = None if validation is None else self._sequences(validation[0], fitting=False)
        time = max(map(len, parts if known is None else parts + known))
        (x, n), t = model.inputs(time), graph.input("y", (None,), dtype="int64")
        rows, lengths = ragged.padded(parts, time)
        measured = None
        if validation is not None and known is not None:
            held, ends = ragged.padded(known, time)
            measured = (losses.cross_entropy_with_logits(model(x, n), t), {x: held, n: ends, t: self._known(validation[1], len(known))})
        rule = self.optimizer
        if rule is None:
            rule = Adam(Cosine(1e-2, self.epochs * -(-len(rows) // self.batch_size), final=1e-4), clip_norm=1.0)
        self.history_: History = train(
            losses.cross_entropy_with_logits(model(x, n, training=True), t),
            {x: rows, n: lengths, t: codes},
            model.parameters(),
            rule,
            epochs=self.epochs,
            batch_size=self.batch_size,
            rng=generator,
            progress=self.progress,
            callbacks=callbacks,
            validation=measured,
        )
        self.loss_, self.n_iter_ = self.history_.loss[-1], self.history_.epochs
        return self

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks before it runs a check: sequences may have three axes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _sequences(self, X: Any, *, fitting: bool) -> list[Array]:
        """The sequences of X, all with one number of features."""
        name = type(self).__name__
        parts = ragged.sequences(X, None, self.dtype, f"{name}: X", many=True)
        features = parts[0].shape[1]
        if features == 0:
            raise ValueError(f"{name}: Found array with 0 feature(s) while a minimum of 1 is required.")
        if fitting:
            self.n_features_in_ = features
        elif features != self.n_features_in_:
            raise ValueError(f"X has {features} features, but {name} is expecting {self.n_features_in_} features as input.")
        return parts

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class for each sequence.

        Parameters
        ----------
        X : list of array_like of shape (time, features), or array_like of shape (n, time, features) or (n, time)
            Sequences, also longer ones than `fit` has seen.

        Returns
        -------
        ndarray, shape (n, classes)
            Columns in the order of ``classes_``.
        """
        self._require_fitted()
        parts = self._sequences(X, fitting=False)
        return self.model_.probabilities(*ragged.padded(parts))

    def predict(self, X: Any) -> Array:
        """The most probable class of each sequence.

        Parameters
        ----------
        X : list of array_like of shape (time, features), or array_like of shape (n, time, features) or (n, time)
            Sequences.

        Returns
        -------
        ndarray, shape (n,)
            Labels as `fit` was given them.
        """
        codes = np.argmax(self.predict_proba(X), axis=1)
        return np.asarray(self.classes_[codes])

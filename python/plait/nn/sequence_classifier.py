"""A recurrent network as a scikit-learn classifier of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph
from ..train import predict
from ..train.data import at_least_one
from . import ragged
from ._carrying import recurrent, top
from ._classes import NetworkClassifier
from .base import Layer
from .layers import Dense

Array = NDArray[Any]


class _Network(Layer):
    """Recurrent layers, pooling over the sequence, and a dense layer."""

    def __init__(self, features: int, classes: int, settings: SequenceClassifier, rng: np.random.Generator) -> None:
        name = type(settings).__name__
        self.recurrent = recurrent(
            settings.cell,
            features,
            settings.hidden,
            settings.layers,
            settings.forget_bias,
            settings.dtype,
            rng,
            name,
            settings.bidirectional,
        )
        self.head = Dense(self.recurrent.outputs, classes, dtype=settings.dtype, rng=rng, name="head")
        self.pooling, self.features, self.dtype = settings.pooling, features, settings.dtype
        self.shift, self.scale = np.zeros(features, self.dtype), np.ones(features, self.dtype)

    def __call__(self, x: Any, lengths: Any = None, *, training: bool = False) -> Any:
        """A node for the logits of each sequence."""
        outs, state = self.recurrent((x - self.shift) * self.scale, lengths=lengths, training=training)
        if self.pooling == "mean" and lengths is None:
            return self.head(graph.mean(outs, axis=1))
        if self.pooling == "mean":  # outputs are zero after a sequence's end
            return self.head(graph.sum(outs, axis=1) / graph.cast(graph.expand_dims(lengths, 1), self.dtype))
        return self.head(top(self.recurrent, state))

    def inputs(self, time: int | None) -> tuple[Any, Any]:
        """Input nodes for sequences of up to `time` steps."""
        return graph.input("X", (None, time, self.features), dtype=self.dtype), graph.input("lengths", (None,), dtype="int64")

    def probabilities(self, rows: Array, lengths: Array) -> Array:
        """The class probabilities of each sequence, by one program for any number of steps."""
        program = self.__dict__.get("_program")
        if program is None:
            x, n = self.inputs(None)
            program = self.__dict__["_program"] = _core.BatchProgram([graph.softmax(self(x, n), axis=-1)])
        return predict(program, {"X": rows, "lengths": lengths})[0]


class SequenceClassifier(NetworkClassifier):
    """A recurrent network that classifies sequences, with scikit-learn's conventions; they may differ in length.

    Parameters
    ----------
    hidden : int
        Features of the recurrent layers.
    layers : int
        Number of recurrent layers.
    cell : {"lstm", "gru", "rnn"}
        Their kind.
    epochs : int
        Passes over the sequences.
    batch_size : int
        Sequences per step.
    pooling : {"mean", "last"}
        Pooling of a sequence's outputs: their mean, or the last one (of both directions, each at its own end). The mean is better for long
        sequences.
    bidirectional : bool
        Whether to add cells in the backward direction.
    standardize : bool
        Standardise each feature to mean 0 and variance 1 on the training data.
    optimizer : Optimizer or str, optional
        The update rule or its name; unless given, Adam with a cosine schedule of the rate from 1e-2 to 1e-4, and gradients clipped to norm
        1.
    loss : str, Loss or callable
        "cross_entropy", or `plait.losses.CrossEntropy` with its settings, or a function of logits of shape (n, classes) and class numbers of
        shape (n,) that returns a node of shape (n,).
    class_weight : dict or "balanced", optional
        Weight of each label in the loss; "balanced" gives all classes the same total weight. Labels that a dict does not name have weight
        1.
    early_stopping : bool, int or EarlyStopping
        Stop when the validation loss has not improved for 10 epochs (or the given number), and restore the best weights.
    validation_fraction : float
        Share of the sequences held out for early stopping where `fit` is given no validation data; stratified by class.
    warm_start : bool
        `fit` continues from the weights of an earlier `fit` instead of new ones.
    forget_bias : float
        Initial forget bias of LSTM cells.
    dtype : str
        Dtype of the network: "float32" or "float64".
    rng : int, SeedSequence, Generator or None
        Source of the weights and of the order of sequences.
    progress : bool or callable
        As for `plait.train`.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    n_features_in_ : int
        Features of a step.
    history_ : History
        The history of the training.
    loss_ : float
        Cross entropy over the last epoch.
    n_iter_ : int
        Epochs trained.
    best_epoch_ : int
        With early stopping, the epoch whose weights are kept.

    Notes
    -----
    Sequences are a list of arrays of shape (time, features), or of shape (time,) for one feature; where all have one length, an array of shape
    (n, time, features) or (n, time). Padding of shorter ones is masked in values, loss and gradients.

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
        bidirectional: bool = False,
        standardize: bool = True,
        optimizer: Any = None,
        loss: Any = "cross_entropy",
        class_weight: Any = None,
        early_stopping: Any = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
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
        self.bidirectional = bidirectional
        self.standardize = standardize
        self.optimizer = optimizer
        self.loss = loss
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.forget_bias = forget_bias
        self.dtype = dtype
        self.rng = rng
        self.progress = progress

    _RATES = (1e-2, 1e-4)
    _CLIP = 1.0
    model_: _Network

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, validation: tuple[Any, Any] | None = None, callbacks: Any = ()
    ) -> SequenceClassifier:
        """Train a new network.

        Parameters
        ----------
        X : list of array_like of shape (time, features), or array_like of shape (n, time, features) or (n, time)
            Sequences; no NaN, no infinity.
        y : array_like, shape (n,)
            Labels: strings, integers or booleans.
        sample_weight : array_like, shape (n,), optional
            Weight of each sequence in the loss; only their ratios count.
        validation : tuple of X and y, optional
            Validation data, on which the loss is measured after each epoch.
        callbacks : callable or sequence of callables
            As for `plait.train`.

        Returns
        -------
        SequenceClassifier
            Itself.

        Raises
        ------
        ValueError
            If a sequence has no steps or holds NaN, or y has another length or holds numbers that are not labels.
        """
        new = not self._goes_on()
        parts = self._sequences(X, fitting=new)
        codes = self._codes(y, len(parts), new=new)
        generator = np.random.default_rng(self.rng)
        if new:
            self._begin(parts, generator)
        known = None if validation is None else self._sequences(validation[0], fitting=False)
        self._time: int | None = max(map(len, parts if known is None else parts + known))
        data, held = self._data(parts, codes, sample_weight), None
        if validation is not None and known is not None:
            rows, ends = ragged.padded(known, self._time)
            held = {"X": rows, "lengths": ends, "y": self._known(validation[1], len(known))}
        else:
            data, held = self._parted(data, generator)
        measured = None if held is None else (self._loss(training=False, weighted=False), held)
        self._run(self._loss(training=True, weighted="sample_weight" in data), data, measured, callbacks, generator)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> SequenceClassifier:
        """Train for one more epoch, on these sequences; the first call makes the network.

        Parameters
        ----------
        X : list of array_like of shape (time, features), or array_like of shape (n, time, features) or (n, time)
            Sequences.
        y : array_like, shape (n,)
            Labels.
        classes : array_like, optional
            All labels that will occur; for the first call.
        sample_weight : array_like, shape (n,), optional
            Weight of each sequence.

        Returns
        -------
        SequenceClassifier
            Itself. With `standardize`, mean and variance are those of the first call's sequences.
        """
        first, labels = not self.__sklearn_is_fitted__(), self._announced(classes)
        parts = self._sequences(X, fitting=first)
        codes = self._codes(y, len(parts), new=first, classes=labels)
        generator = np.random.default_rng(self.rng) if first else None
        if generator is not None:
            self._begin(parts, generator)
        if first or self.__dict__.get("_time", 0) is not None:
            self._time, self._step = None, None
        self._pass(self._data(parts, codes, sample_weight), generator)
        return self

    def _begin(self, parts: list[Array], generator: np.random.Generator) -> None:
        """Makes a new network and determines the standardisation."""
        name = type(self).__name__
        for count in ("hidden", "layers", "epochs", "batch_size"):
            at_least_one(f"{name}: {count}", getattr(self, count))
        if self.pooling not in {"mean", "last"}:
            raise ValueError(f"{name}: pooling: expected 'mean' or 'last', got {self.pooling!r}")
        self.model_ = model = _Network(self.n_features_in_, len(self.classes_), self, generator)
        if self.standardize:
            steps = np.concatenate(parts, dtype="float64")
            spread = steps.std(axis=0)
            model.shift = steps.mean(axis=0).astype(self.dtype)
            model.scale = (1.0 / np.where(spread > 0, spread, 1.0)).astype(self.dtype)

    def _network(self) -> _Network:
        return self.model_

    def _data(self, parts: list[Array], codes: Array, sample_weight: Any) -> dict[str, Array]:
        rows, lengths = ragged.padded(parts, self._time)
        return self._weighted({"X": rows, "lengths": lengths, "y": codes}, sample_weight)

    def _loss(self, *, training: bool, weighted: bool) -> Any:
        x, n = self.model_.inputs(self._time)
        t = graph.input("y", (None,), dtype="int64")
        each = self._class_losses(self.model_(x, n, training=training), t)
        return (graph.input("sample_weight", (None,), dtype=self.dtype) * each).mean() if weighted else each.mean()

    def __sklearn_tags__(self) -> Any:
        """Tags for scikit-learn's estimator checks: sequences may have three axes."""
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
            Sequences; they may be longer than those of `fit`.

        Returns
        -------
        ndarray, shape (n, classes)
            Columns in the order of ``classes_``.
        """
        self._require_fitted()
        parts = self._sequences(X, fitting=False)
        return self.model_.probabilities(*ragged.padded(parts))

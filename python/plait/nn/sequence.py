"""A recurrent network that predicts sequences, forecasts many steps ahead with intervals, and goes on with them by itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._estimator import RegressorEstimator, _column_names
from ..train import Progress
from ..train.data import at_least_one
from ._carrying import Carrying
from ._forecasting import Forecasting
from .base import Activation

Array = NDArray[Any]


class SequenceRegressor(Forecasting, RegressorEstimator):
    """A recurrent network that predicts sequences: at every step, many steps ahead with intervals, or going on by itself.

    Parameters
    ----------
    features : int, optional
        Features of a step that goes in; as the data have, unless given. Given, there are weights before `fit`.
    hidden : int
        Features of the recurrent layers.
    outputs : int, optional
        Values of a step that come out. Unless given, as many as the targets have; without targets all features, or one where `features` is
        given.
    layers : int
        Recurrent layers.
    cell : {"lstm", "gru", "rnn"}
        Their kind.
    activation : str or callable, optional
        Of the head: "tanh" for values between -1 and 1; unless given, none. With one, nothing is standardised.
    horizon : int, optional
        Forecast so many steps behind the last one at once, the direct way; unless given, the network says one output at every step.
    future : int
        Features that are known ahead (a calendar, prices), with `horizon`: given as ``future=`` beside the series.
    bidirectional : bool
        Whether cells of their own go from the end to the beginning, too: over the steps behind which is forecast, with `horizon`; without,
        over whole sequences, each output then knows all steps, and targets are given.
    distribution : {"normal", "student_t", "quantiles"}, str, Loss, callable or None
        What is learnt of each value. None: its mean, by the squared error; "mae", "huber" or a loss of `plait.losses`: a point by that loss.
    levels : sequence of float
        Of "quantiles", in increasing order.
    window : int, optional
        Train on all stretches of so many steps, each begun with an empty state. Unless given: on whole sequences; with `horizon` three times
        its length, at least 32, or what the series allow.
    epochs : int
        How often all of them are seen.
    batch_size : int
        Sequences or windows per step.
    optimizer : Optimizer or str, optional
        The update rule or its name; unless given, Adam with a rate that falls from 1e-2 to 1e-4 along a cosine, and gradients of norm 1 at
        most.
    standardize : bool
        Bring features and targets to mean 0 and variance 1 first, as measured on the training data; losses are then in those units.
    instance_norm : bool
        Reversible instance normalisation, with `horizon` and `standardize`, where the series are their own targets: what is forecast goes in
        measured from each window's last value and in units of its own spread, and forecasts are brought back, so that they are right at levels
        that training has not seen. Columns that are not forecast, and what is known ahead, go in as they are.
    early_stopping : bool, int or EarlyStopping
        End when the validation loss has not become smaller for 10 epochs, or so many, and keep the best weights.
    validation_fraction : float
        Share that is kept back for early stopping where `fit` is given no validation data: the last windows of each series, the end of a
        single sequence, or some of several.
    warm_start : bool
        A further `fit` goes on from the weights that stand. Else it begins anew; the first one begins with the weights that stand, also with
        those that `load` has brought.
    forget_bias : float
        Of LSTM cells, at the beginning.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence, Generator or None
        Where the weights and the order of windows come from.
    progress : bool or callable
        As `plait.train` takes it.

    Attributes
    ----------
    n_features_in_ : int
        Features of a step, after `fit`.
    history_ : History
        The course of the last training.
    loss_ : float
        Mean loss over its last epoch.
    n_iter_ : int
        Epochs trained.
    best_epoch_ : int
        With early stopping, the epoch whose weights are kept.
    window_ : int or None
        Steps that a forecast with `horizon` looks back over.

    Notes
    -----
    Without `horizon` the network learns the series' level as it learns all else: it forecasts series that stay where training was. With it,
    `instance_norm` asks for no more than that windows look alike from their ends. For noise about a fixed level, windows without it say a
    little more: there ``instance_norm=False`` may be a few per cent better.

    Called on nodes it gives ``(outputs, state)`` as the recurrent layer does, in standardised units. With `distribution` intervals are those
    of the values to come, not of their mean. They are as wide as held-out windows ask for, where `fit` is given validation data or keeps
    some back for early stopping, or by `calibrate`; `backtest` measures how many true values they hold.

    References
    ----------
    Hochreiter and Schmidhuber (1997), Long short-term memory; Salinas et al. (2020), DeepAR, for distributions; Wen et al. (2017), A
    multi-horizon quantile recurrent forecaster; Kim et al. (2022), Reversible instance normalization; Zeng et al. (2023), Are transformers
    effective for time series forecasting?, for measuring from the last value.

    Examples
    --------
    >>> t = 0.3 * np.arange(300)
    >>> model = plait.nn.SequenceRegressor(1, hidden=16, outputs=1, rng=0).fit(np.sin(t), window=20, epochs=30)
    >>> model.predict(np.sin(t)).shape, model.generate(np.sin(t[:20]), steps=50).shape
    ((300, 1), (50, 1))
    >>> model = plait.nn.SequenceRegressor(1, hidden=16, horizon=10, distribution="normal", epochs=20, rng=0).fit(np.sin(t))
    >>> low, high = model.interval(np.sin(t), coverage=0.9)
    >>> model.predict(np.sin(t)).shape, low.shape
    ((10, 1), (10, 1))
    """

    _RATES = (1e-2, 1e-4)
    _CLIP = 1.0

    def __init__(
        self,
        features: int | None = None,
        hidden: int = 32,
        outputs: int | None = None,
        layers: int = 1,
        cell: str = "lstm",
        activation: Activation = None,
        *,
        horizon: int | None = None,
        future: int = 0,
        bidirectional: bool = False,
        distribution: Any = None,
        levels: Sequence[float] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95),
        window: int | None = None,
        epochs: int = 100,
        batch_size: int = 32,
        optimizer: Any = None,
        standardize: bool = True,
        instance_norm: bool = True,
        early_stopping: Any = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        forget_bias: float = 0.0,
        dtype: str = "float32",
        rng: Any = 0,
        progress: Any = False,
    ) -> None:
        self.features = features
        self.hidden = hidden
        self.outputs = outputs
        self.layers = layers
        self.cell = cell
        self.activation = activation
        self.horizon = horizon
        self.future = future
        self.bidirectional = bidirectional
        self.distribution = distribution
        self.levels = levels
        self.window = window
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.standardize = standardize
        self.instance_norm = instance_norm
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.forget_bias = forget_bias
        self.dtype = dtype
        self.rng = rng
        self.progress = progress
        if features is not None:
            self._made(features, 1 if outputs is None else outputs, generator=np.random.default_rng(rng))

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        future: Any = None,
        validation: Any = None,
        window: int | None = None,
        ahead: int = 0,
        tbptt: int | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        optimizer: Any = None,
        rng: Any = None,
        progress: bool | Callable[[Progress], Any] | None = None,
        callbacks: Any = (),
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
    ) -> SequenceRegressor:
        """Train on series whose next values shall be predicted, or on sequences with targets.

        Parameters
        ----------
        X : array_like of shape (time, features) or (n, time, features), or list of arrays of shape (time, features)
            One series or several, of any lengths.
        y : optional
            A target for every step (shaped as the series, with `outputs` features), or one for each sequence's end (shape (n, outputs)).
            Unless given, the target of a step is the series' next value. With `horizon`, the values at the series' times, of which those
            behind a window are forecast; unless given, the first `outputs` features.
        sample_weight : array_like, optional
            One number for each sequence; for a single one, one for each step.
        future : array_like or list of array_like, optional
            Known future features at the series' times, shape (time, future).
        validation : optional
            A series, or several, on which the loss is measured after each epoch; a tuple (X, y) where there are targets, (X, y, future) where
            there are known future features.
        window : int, optional
            As the constructor takes it, for this training.
        ahead : int
            With `window`: behind it, the network goes on for so many steps by its own outputs, and is trained to be right there, too.
        tbptt : int, optional
            Truncated back-propagation through time: each sequence is gone through in stretches of so many steps, the state is carried from
            one to the next, gradients are not. All sequences are one batch; `batch_size` does not matter.
        epochs, batch_size, optimizer, rng, progress : optional
            For this training, in place of what the constructor was given.
        callbacks, checkpoint, resume
            As `plait.train` takes them.

        Returns
        -------
        SequenceRegressor
            Itself; its ``loss``, ``validation``, ``seconds`` and ``plot()`` are those of the training. Losses are averaged over outputs and
            true steps; what fills up shorter sequences does not count.

        Raises
        ------
        ValueError
            If a series is shorter than the window and what follows it, or holds NaN, or shapes do not fit.
        """
        for name, count in (("epochs", epochs), ("batch_size", batch_size)):
            if count is not None:
                at_least_one(f"fit: {name}", count)
        window = self.window if window is None else window
        if ahead and window is None:
            raise ValueError("fit: ahead= needs window=")
        if ahead and y is not None:
            raise ValueError("fit: ahead= goes with series alone, without y, for outputs are fed back")
        if tbptt is not None and (window is not None or self.horizon is not None):
            raise ValueError("fit: tbptt= goes over whole sequences, without window= and horizon=")
        if tbptt is not None:
            self._require_forward("fit: tbptt")
        source = self.rng if rng is None else rng
        generator = np.random.default_rng(source)
        given = self._given(X, y, sample_weight, future, fitting=True)
        columns = _column_names(X)
        if self._settle(given.features, given.outputs, generator=generator):
            self._measure(given)
        self.n_features_in_ = self.inputs
        if columns is not None:
            self.feature_names_in_ = columns
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        held = None if validation is None else self._validation(validation, y is not None, future is not None)
        task, measured = self._tasks(given, held, window, ahead, tbptt, generator)
        carried = task.carried
        if carried:
            batch_size = int(next(iter(carried)).shape[-2])
        self._run(
            task.loss(True),
            task.data,
            measured,
            callbacks,
            source if isinstance(source, (int, np.integer)) else generator,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            carried=(lambda rule: Carrying(rule, carried)) if carried else (lambda rule: rule),
            progress=progress,
            shuffle=not carried,
            checkpoint=checkpoint,
            resume=resume,
        )
        if measured is not None and self.horizon is not None and self.distribution_.spread:
            self._calibrate(measured[1])
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None, *, future: Any = None) -> SequenceRegressor:
        """Train for one epoch more, on these series; a network that is not fitted begins.

        Parameters
        ----------
        X, y, sample_weight, future
            As `fit` takes them.

        Returns
        -------
        SequenceRegressor
            Itself. With `standardize`, the first call's series say how. The state of the update rule lasts as long as windows, or whole
            sequences, have the same length.
        """
        first = not self.__sklearn_is_fitted__()
        given = self._given(X, y, sample_weight, future, fitting=first)
        if first:
            generator = np.random.default_rng(self.rng)
            self._settle(given.features, given.outputs, generator=generator)
            self._measure(given)
            self.n_features_in_ = self.inputs
        if given.ws is None:
            given.ws = [np.ones(len(x), self.dtype) for x in given.xs]
        task, _ = self._tasks(given, None, self.window, 0, None, None)
        shapes = {key: value.shape[1:] for key, value in task.data.items()}
        if shapes != self.__dict__.get("_shapes"):
            self._shapes, self._step = shapes, None
        self._task = task
        self._pass(task.data, generator if first else None)
        del self._task
        return self

    def _loss(self, *, training: bool, weighted: bool) -> Any:  # noqa: ARG002 - the task has its weights
        return self._task.loss(training)

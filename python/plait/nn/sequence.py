"""A recurrent network that predicts sequences, forecasts many steps ahead with intervals, and generates continuations."""

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
    """A recurrent network that predicts sequences: at every step, many steps ahead with intervals, or by generation from its own outputs.

    Parameters
    ----------
    features : int, optional
        Input features of a step; those of the data, unless given. If given, the weights exist before `fit`.
    hidden : int
        Features of the recurrent layers.
    outputs : int, optional
        Output values of a step. Unless given, those of the targets; without targets all features, or one where `features` is given.
    layers : int
        Recurrent layers.
    cell : {"lstm", "gru", "rnn"}
        Their kind.
    activation : str or callable, optional
        Activation of the output: "tanh" for values between -1 and 1; unless given, none. With one, nothing is standardised.
    horizon : int, optional
        Number of steps to forecast at once after the last one (direct forecasting); unless given, the network has an output at every step.
    future : int
        Number of features that are known ahead (a calendar, prices), with `horizon`: passed as ``future=``.
    bidirectional : bool
        Whether to add cells in the backward direction: with `horizon` over the window before the forecast; without, over whole sequences,
        so that each output depends on all steps, and targets must be given.
    distribution : {"normal", "student_t", "quantiles"}, str, Loss, callable or None
        The predictive distribution. None: the mean, by the squared error; "mae", "huber" or a loss of `plait.losses`: a point forecast by
        that loss.
    levels : sequence of float
        Levels of "quantiles", in increasing order.
    window : int, optional
        Train on all windows of this length, each from a zero state. Unless given: on whole sequences; with `horizon` three times its
        length, at least 32, or what the series allow.
    epochs : int
        Passes over the sequences or windows.
    batch_size : int
        Sequences or windows per step.
    optimizer : Optimizer or str, optional
        The update rule or its name; unless given, Adam with a cosine schedule of the rate from 1e-2 to 1e-4, and gradients clipped to norm
        1.
    standardize : bool
        Standardise features and targets to mean 0 and variance 1 on the training data; losses are then in those units.
    instance_norm : bool
        Reversible instance normalisation, with `horizon` and `standardize`, where the series are their own targets: the forecast columns
        are normalised by each window's last value and spread, and forecasts are transformed back, so that they generalise to levels that
        training has not seen. Other columns and known future features are not normalised.
    early_stopping : bool, int or EarlyStopping
        Stop when the validation loss has not improved for 10 epochs (or the given number), and restore the best weights.
    validation_fraction : float
        Share held out for early stopping where `fit` is given no validation data: the last windows of each series, the end of a single
        sequence, or some of several.
    warm_start : bool
        A further `fit` continues from the current weights; otherwise it starts from new ones. The first `fit` starts from existing weights,
        also from those of `load`.
    forget_bias : float
        Initial forget bias of LSTM cells.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence, Generator or None
        Source of the weights and of the order of windows.
    progress : bool or callable
        As for `plait.train`.

    Attributes
    ----------
    n_features_in_ : int
        Features of a step, after `fit`.
    history_ : History
        The history of the last training.
    loss_ : float
        Mean loss over its last epoch.
    n_iter_ : int
        Epochs trained.
    best_epoch_ : int
        With early stopping, the epoch whose weights are kept.
    window_ : int or None
        Length of the window that a forecast with `horizon` uses.

    Notes
    -----
    Without `horizon` the network learns the level of the series: series should stay within the range of the training data. With it,
    `instance_norm` makes forecasts independent of the level of a window. For noise about a fixed level the level is informative: there
    ``instance_norm=False`` may be slightly better.

    Called on nodes it returns ``(outputs, state)`` as the recurrent layer does, in standardised units. With `distribution`, intervals are
    prediction intervals of values, not of their mean. They are calibrated on held-out windows, where `fit` is given validation data or
    holds out some for early stopping, or by `calibrate`; `backtest` measures their coverage.

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
        """Train on series to predict their next values, or on sequences with targets.

        Parameters
        ----------
        X : array_like of shape (time, features) or (n, time, features), or list of arrays of shape (time, features)
            One series or several, of any lengths.
        y : optional
            A target for every step (shaped as the series, with `outputs` features), or one for each sequence's end (shape (n, outputs)).
            Unless given, the target of a step is the series' next value. With `horizon`, the values at the series' times, of which those
            after a window are forecast; unless given, the first `outputs` features.
        sample_weight : array_like, optional
            One number for each sequence; for a single one, one for each step.
        future : array_like or list of array_like, optional
            Known future features at the series' times, shape (time, future).
        validation : optional
            Validation series, on which the loss is measured after each epoch; a tuple (X, y) where there are targets, (X, y, future) where
            there are known future features.
        window : int, optional
            In place of the constructor's, for this training.
        ahead : int
            With `window`: number of steps after it that the network generates from its own outputs, which the loss includes.
        tbptt : int, optional
            Truncated back-propagation through time: each sequence is processed in segments of this length; the state is carried from one to
            the next, gradients are not. All sequences are one batch; `batch_size` is not used.
        epochs, batch_size, optimizer, rng, progress : optional
            In place of the constructor's, for this training.
        callbacks, checkpoint, resume
            As for `plait.train`.

        Returns
        -------
        SequenceRegressor
            Itself; its ``loss``, ``validation``, ``seconds`` and ``plot()`` are those of the training. Losses are averaged over outputs and
            steps, without padding.

        Raises
        ------
        ValueError
            If a series is shorter than the window and its targets, or holds NaN, or shapes do not match.
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
        """Train for one more epoch, on these series; the first call makes the network.

        Parameters
        ----------
        X, y, sample_weight, future
            As for `fit`.

        Returns
        -------
        SequenceRegressor
            Itself. With `standardize`, mean and variance are those of the first call's series. The state of the optimizer is kept as long
            as windows, or whole sequences, have the same length.
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

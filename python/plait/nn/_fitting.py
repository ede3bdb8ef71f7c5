"""The base class of network estimators: training, early stopping, sample weights, partial_fit."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import graph
from .._estimator import Estimator
from ..losses import loss_of
from ..optim import Adam, Cosine
from ..optim.base import optimizer_of
from ..train import EarlyStopping, History, train
from ..train.data import at_least_one
from .base import Layer

Array = NDArray[Any]
Data = dict[str, Array]


class NetworkEstimator(Estimator):
    """A network with `fit` and `partial_fit`; subclasses define the network and the loss of a batch.

    Data are arrays by the names of the loss's inputs; all have one row for each sample.
    """

    epochs: int
    batch_size: int
    optimizer: Any
    early_stopping: Any
    validation_fraction: float
    dtype: str
    rng: Any
    progress: Any
    history_: History

    #: First and last rate of the default optimizer, and its clipping norm of gradients.
    _RATES: tuple[float, float] = (1e-3, 1e-5)
    _CLIP: float | None = None

    # ---- for subclasses ----

    def _network(self) -> Layer:
        """The layer whose parameters are trained."""
        raise NotImplementedError

    def _loss(self, *, training: bool, weighted: bool) -> Any:
        """A node for the mean loss of a batch, of inputs named as the data; weighted, one of them is ``sample_weight``."""
        raise NotImplementedError

    # ---- settings ----

    def _inner(self, name: str, part: Any) -> Any:
        """A rule or loss object instead of its name or None, so that its settings can be set."""
        if name == "optimizer":
            return self._rule() if part is None else optimizer_of(part)
        if name == "early_stopping":
            return self._stopping()
        if name == "loss" and isinstance(part, str):
            return loss_of(part)
        return super()._inner(name, part)

    def _rule(self, epochs: int | None = None) -> Any:
        """The optimizer; unless given, Adam with a cosine schedule over the whole training."""
        if self.optimizer is not None:
            return optimizer_of(self.optimizer)
        begin, end = self._RATES
        epochs = at_least_one(f"{type(self).__name__}: epochs", self.epochs) if epochs is None else epochs
        return Adam(Cosine(begin, epochs=epochs, final=end), clip_norm=self._CLIP)

    def _stopping(self) -> EarlyStopping | None:
        """A new callback for ``early_stopping=``."""
        given = self.early_stopping
        if given is None or given is False:
            return None
        if given is True:
            return EarlyStopping()
        if isinstance(given, (int, np.integer)):
            return EarlyStopping(int(given))
        if not isinstance(given, EarlyStopping):
            raise ValueError(
                f"{type(self).__name__}: early_stopping: expected a boolean, a count of epochs or an EarlyStopping, got {given!r:.60}"
            )
        return copy.copy(given)

    # ---- training ----

    def _run(
        self,
        loss: Any,
        data: Data,
        measured: tuple[Any, Data] | None,
        callbacks: Any,
        generator: Any,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        optimizer: Any = None,
        carried: Callable[[Any], Any] = lambda rule: rule,
        progress: Any = None,
        **options: Any,
    ) -> None:
        """Train the current network for all epochs; `measured` is a node and data for validation."""
        name = type(self).__name__
        epochs = at_least_one(f"{name}: epochs", self.epochs if epochs is None else epochs)
        batch_size = at_least_one(f"{name}: batch_size", self.batch_size if batch_size is None else batch_size)
        calls = [callbacks] if callable(callbacks) else list(callbacks)
        stopping = self._stopping()
        if stopping is not None:
            calls.append(stopping)
        self._step: Any = None
        self.history_ = train(
            loss,
            self._normalized(data),
            self._network().parameters(),
            carried(self._rule(epochs) if optimizer is None else optimizer_of(optimizer)),
            epochs=epochs,
            batch_size=batch_size,
            rng=generator,
            progress=self.progress if progress is None else progress,
            callbacks=calls,
            validation=measured,
            **options,
        )
        if stopping is not None:
            self.best_epoch_ = stopping.best_epoch_
        elif hasattr(self, "best_epoch_"):
            del self.best_epoch_
        self._finish()

    def _normalized(self, data: Data) -> Data:
        """Weights of mean 1, so that only their ratios count."""
        weights = data.get("sample_weight")
        return data if weights is None else {**data, "sample_weight": (weights / weights.mean()).astype(self.dtype)}

    def _finish(self) -> None:
        self.loss_, self.n_iter_ = self.history_.loss[-1], self.history_.epochs

    def _holds_back(self) -> bool:
        """Whether `fit` must hold out samples for early stopping."""
        stopping = self._stopping()
        return stopping is not None and stopping.monitor != "loss"

    def _parted(self, data: Data, generator: np.random.Generator) -> tuple[Data, Data | None]:
        """Training data, and data held out for early stopping if `fit` was given no validation data."""
        if not self._holds_back():
            return data, None
        keep, out = self._split(data, generator)
        return rows_of(data, keep), {key: value[out] for key, value in data.items() if key != "sample_weight"}

    def _split(self, data: Data, generator: np.random.Generator) -> tuple[Array, Array]:
        """A random split into training and validation samples."""
        samples = len(next(iter(data.values())))
        order, out = generator.permutation(samples), self._held(samples)
        return np.sort(order[out:]), np.sort(order[:out])

    def _held(self, samples: int) -> int:
        """Number of held-out samples."""
        name = type(self).__name__
        try:
            share = float(self.validation_fraction)
        except (TypeError, ValueError):
            share = np.nan
        if not 0 < share < 1:
            raise ValueError(f"{name}: validation_fraction: expected a share between 0 and 1, got {self.validation_fraction!r}")
        if samples < 2:
            raise ValueError(f"{name}: early_stopping: {samples} sample cannot be divided; give validation=")
        return min(max(round(share * samples), 1), samples - 1)

    def _pass(self, data: Data, generator: np.random.Generator | None) -> None:
        """One more epoch, with the state of the update rule of earlier calls; a generator starts a new history."""
        size = at_least_one(f"{type(self).__name__}: batch_size", self.batch_size)
        if generator is not None:
            self._order, self.history_, self._step = generator, History(), None
        if self.__dict__.get("_order") is None:
            self._order = np.random.default_rng(self.rng)
        rule = Adam(self._RATES[0], clip_norm=self._CLIP) if self.optimizer is None else optimizer_of(self.optimizer)
        if self.__dict__.get("_step") is None or self.__dict__.get("_stepped_by") != repr(rule):
            self._stepped_by = repr(rule)  # other settings: a new rule with a new state
            loss = self._loss(training=True, weighted=True)
            self._step = graph.compile([loss], updates=rule.updates(loss, self._network().parameters()))
        samples = len(next(iter(data.values())))
        data = self._normalized({"sample_weight": np.ones(samples, self.dtype), **data})
        order = self._order.permutation(samples)
        total = 0.0
        for at in range(0, samples, size):
            part = order[at : at + size]
            total += float(self._step(**rows_of(data, part))[0]) * len(part)
        self.history_.loss.append(total / samples)
        self.history_.step += -(-samples // size)
        self._finish()

    def __sklearn_is_fitted__(self) -> bool:
        """Whether a training has been completed."""
        return hasattr(self, "history_")

    def __getstate__(self) -> dict[str, Any]:
        """Pickled without the compiled step and the state of the update rule."""
        return {name: value for name, value in vars(self).items() if name not in {"_step", "_stepped_by"}}


def rows_of(data: Mapping[str, Array], rows: Array) -> Data:
    return {key: value[rows] for key, value in data.items()}

"""What the classifier and the regressor share: a multilayer perceptron that is fitted as scikit-learn fits."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph
from .._estimator import Estimator
from .._masks import unmasked
from ..optim import Adam, Cosine
from ..optim.base import optimizer_of
from ..train import EarlyStopping, History, predict, train
from ..train.data import at_least_one
from .layers import MLP

Array = NDArray[Any]
P = TypeVar("P", bound="Perceptron")


def sample_weights(given: Any, samples: int, name: str) -> Array | None:
    """Weights of samples in float64; None stays None."""
    if given is None:
        return None
    weights = unmasked(given, f"{name}: sample_weight")
    if weights.dtype.kind not in "buif" and weights.dtype.kind != "O":
        raise ValueError(f"{name}: sample_weight: expected numbers, got an array of {weights.dtype}")
    weights = weights.astype("float64")
    if weights.ndim == 0:
        weights = np.full(samples, float(weights))
    if weights.ndim != 1:
        raise ValueError(f"{name}: Sample weights must be 1D array or scalar, got an array of shape {weights.shape}")
    if len(weights) != samples:
        raise ValueError(f"{name}: sample_weight.shape == {weights.shape}, expected {(samples,)}!")
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise ValueError(f"{name}: sample_weight: expected finite numbers of at least 0, one of them above, got {_first_wrong(weights)}")
    return weights


def _first_wrong(weights: Array) -> str:
    wrong = weights[~(np.isfinite(weights) & (weights >= 0))]
    return f"{wrong[0]:g}" if len(wrong) else "only zeros"


class Perceptron(Estimator):
    """A multilayer perceptron behind `fit`, `partial_fit` and `predict`; subclasses say what targets are and what a loss is."""

    hidden: Any
    epochs: int
    batch_size: int
    activation: Any
    optimizer: Any
    dropout: float
    dtype: str
    rng: Any
    progress: Any
    early_stopping: Any
    validation_fraction: float
    model_: MLP
    history_: History

    # ---- what subclasses say ----

    def _outputs(self) -> int:
        """Values that the network gives for a sample."""
        raise NotImplementedError

    def _target(self) -> Any:
        """The input node of targets."""
        raise NotImplementedError

    def _losses(self, said: Any, target: Any) -> Any:
        """A node for the loss of each sample."""
        raise NotImplementedError

    # ---- training ----

    def _inner(self, name: str, part: Any) -> Any:
        """A rule in place of its name or of None, so that its settings can be set."""
        if name == "optimizer" and isinstance(part, str):
            return optimizer_of(part)
        if name == "optimizer" and part is None:
            return Adam(Cosine(1e-3, epochs=self.epochs, final=1e-5))
        if name == "early_stopping":
            return self._stopping()
        return super()._inner(name, part)

    def _stopping(self) -> EarlyStopping | None:
        """A callback of this fit's own for what ``early_stopping=`` says."""
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

    def _begin(self, features: int, generator: np.random.Generator) -> None:
        """A new network."""
        name = type(self).__name__
        hidden = [self.hidden] if isinstance(self.hidden, (int, np.integer)) else list(self.hidden)
        sizes = [at_least_one(f"{name}: hidden", size) for size in hidden]
        self.model_ = MLP(features, sizes, self._outputs(), self.activation, dropout=self.dropout, dtype=self.dtype, rng=generator)
        self._step: Any = None

    def _nodes(self, weighted: bool, training: bool) -> tuple[Any, list[Any]]:
        """The mean loss of a batch, and the inputs it is computed from."""
        x, t = graph.input("X", (None, self.n_features_in_), dtype=self.dtype), self._target()
        each = self._losses(self.model_(x, training=training), t)
        if not weighted:
            return each.mean(), [x, t]
        w = graph.input("sample_weight", (None,), dtype=self.dtype)
        return (w * each).mean(), [x, t, w]

    def _train(self, rows: Array, targets: Array, weights: Array | None, held: tuple[Array, Array] | None, callbacks: Any) -> None:
        """Train a new network from the first epoch to the last."""
        name = type(self).__name__
        for count in ("epochs", "batch_size"):
            at_least_one(f"{name}: {count}", getattr(self, count))
        calls = [callbacks] if callable(callbacks) else list(callbacks)
        stopping = self._stopping()
        generator = np.random.default_rng(self.rng)
        if stopping is not None:
            calls.append(stopping)
            if held is None and stopping.monitor != "loss":
                keep, out = self._split(len(rows), targets, generator)
                held = rows[out], targets[out]
                rows, targets, weights = rows[keep], targets[keep], None if weights is None else weights[keep]
        self._begin(rows.shape[1], generator)
        loss, inputs = self._nodes(weights is not None, training=True)
        values = [rows, targets] if weights is None else [rows, targets, weights / weights.mean()]
        measured = None
        if held is not None:
            node, places = self._nodes(weighted=False, training=False)
            measured = node, dict(zip(places, held, strict=True))
        rule = self.optimizer if self.optimizer is not None else self._inner("optimizer", None)
        self.history_ = train(
            loss,
            dict(zip(inputs, values, strict=True)),
            self.model_.parameters(),
            rule,
            epochs=self.epochs,
            batch_size=self.batch_size,
            rng=generator,
            progress=self.progress,
            callbacks=calls,
            validation=measured,
        )
        self._generator = generator
        self._finish()
        if stopping is not None:
            self.best_epoch_ = stopping.best_epoch_
        elif hasattr(self, "best_epoch_"):
            del self.best_epoch_

    def _finish(self) -> None:
        self.loss_, self.n_iter_ = self.history_.loss[-1], self.history_.epochs

    def _split(self, samples: int, targets: Array, generator: np.random.Generator) -> tuple[Array, Array]:  # noqa: ARG002 - for classes
        """Samples to train on and samples to measure on, drawn."""
        order = generator.permutation(samples)
        out = self._held(samples)
        return np.sort(order[out:]), np.sort(order[:out])

    def _held(self, samples: int) -> int:
        """How many samples are kept back."""
        name, share = type(self).__name__, float(self.validation_fraction)
        if not 0 < share < 1:
            raise ValueError(f"{name}: validation_fraction: expected a share between 0 and 1, got {self.validation_fraction!r}")
        if samples < 2:
            raise ValueError(f"{name}: early_stopping: {samples} sample cannot be divided; give validation=")
        return min(max(round(share * samples), 1), samples - 1)

    def _pass(self, rows: Array, targets: Array, weights: Array | None, *, first: bool) -> None:
        """One more epoch, with the state of the update rule that earlier passes have left."""
        at_least_one(f"{type(self).__name__}: batch_size", self.batch_size)
        if first:
            self._generator = np.random.default_rng(self.rng)
            self._begin(rows.shape[1], self._generator)
            self.history_ = History()
        if self.__dict__.get("_step") is None:
            rule = Adam(1e-3) if self.optimizer is None else optimizer_of(self.optimizer)
            loss, _ = self._nodes(weighted=True, training=True)
            self._step = graph.compile([loss], updates=rule.updates(loss, self.model_.parameters()))
        share = np.ones(len(rows)) if weights is None else weights / weights.mean()
        order = self._generator.permutation(len(rows))
        total = 0.0
        for at in range(0, len(rows), self.batch_size):
            part = order[at : at + self.batch_size]
            fed = {"X": rows[part], "y": targets[part], "sample_weight": share[part].astype(self.dtype)}
            total += float(self._step(**fed)[0]) * len(part)
        self.history_.loss.append(total / len(rows))
        self.history_.step += -(-len(rows) // self.batch_size)
        self._finish()

    # ---- prediction ----

    def _said(self, rows: Array, build: Callable[[Any], Any]) -> Array:
        """What the network says of rows, by a program that is compiled once."""
        program = self.model_.__dict__.get("_program")
        if program is None:
            x = graph.input("X", (None, rows.shape[1]), dtype=self.dtype)
            program = self.model_.__dict__["_program"] = _core.BatchProgram([build(self.model_(x))])
        return predict(program, {"X": rows})[0]

    def __getstate__(self) -> dict[str, Any]:
        """The compiled step stays behind, and with it the state of the update rule."""
        return {name: value for name, value in vars(self).items() if name != "_step"}

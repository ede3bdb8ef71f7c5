"""The base class of MLPClassifier and MLPRegressor: a multilayer perceptron over rows of features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph
from ..train import predict
from ..train.data import at_least_one
from ._fitting import Data, NetworkEstimator
from .layers import MLP

Array = NDArray[Any]


class Perceptron(NetworkEstimator):
    """A multilayer perceptron with `fit`, `partial_fit` and `predict`; subclasses define targets and loss."""

    hidden: Any
    activation: Any
    dropout: float
    warm_start: bool
    model_: MLP

    # ---- for subclasses ----

    def _outputs(self) -> int:
        """Number of outputs for a sample."""
        raise NotImplementedError

    def _target(self) -> Any:
        """The input node of targets."""
        raise NotImplementedError

    def _losses(self, prediction: Any, target: Any) -> Any:
        """A node for the loss of each sample."""
        raise NotImplementedError

    # ---- training ----

    def _network(self) -> MLP:
        return self.model_

    def _begin(self, generator: np.random.Generator) -> None:
        """A new network, unless training continues with the current one."""
        name = type(self).__name__
        hidden = [self.hidden] if isinstance(self.hidden, (int, np.integer)) else list(self.hidden)
        sizes = [at_least_one(f"{name}: hidden", size) for size in hidden]
        if self.warm_start and self.__sklearn_is_fitted__():
            shapes = [p.shape[0] for p in self.model_.parameters() if p.ndim == 2]
            if shapes != [self.n_features_in_, *sizes]:
                raise ValueError(f"{name}: warm_start: the network that stands has layers of {shapes[1:]} values, hidden asks for {sizes}")
            return
        self.model_ = MLP(
            self.n_features_in_, sizes, self._outputs(), self.activation, dropout=self.dropout, dtype=self.dtype, rng=generator
        )

    def _loss(self, *, training: bool, weighted: bool) -> Any:
        x = graph.input("X", (None, self.n_features_in_), dtype=self.dtype)
        each = self._losses(self.model_(x, training=training), self._target())
        return (graph.input("sample_weight", (None,), dtype=self.dtype) * each).mean() if weighted else each.mean()

    def _train(self, data: Data, held: Data | None, callbacks: Any) -> None:
        """Train from the first epoch to the last."""
        generator = np.random.default_rng(self.rng)
        if held is None:
            data, held = self._parted(data, generator)
        self._begin(generator)
        measured = None if held is None else (self._loss(training=False, weighted=False), held)
        self._run(self._loss(training=True, weighted="sample_weight" in data), data, measured, callbacks, generator)

    def _train_on(self, data: Data, *, first: bool) -> None:
        """One more epoch."""
        generator = np.random.default_rng(self.rng) if first else None
        if generator is not None:
            self._begin(generator)
        self._pass(data, generator)

    # ---- prediction ----

    def _said(self, rows: Array, build: Callable[[Any], Any]) -> Array:
        """The network's outputs for rows, by a program that is compiled once."""
        program = self.model_.__dict__.get("_program")
        if program is None:
            x = graph.input("X", (None, rows.shape[1]), dtype=self.dtype)
            program = self.model_.__dict__["_program"] = _core.BatchProgram([build(self.model_(x))])
        return predict(program, {"X": rows})[0]

"""Early stopping: ends a run when the loss no longer improves, with the weights of the best epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._settings import Settings
from .data import at_least_one
from .history import Progress

if TYPE_CHECKING:
    from ..graph import Node


class EarlyStopping(Settings):
    """A callback that ends a run after some epochs without a better loss, and restores the weights of the best epoch.

    Parameters
    ----------
    patience : int
        Epochs without a better loss after which the run ends.
    min_delta : float
        A loss is better if it is below the best one by more than this.
    monitor : {"validation", "loss"}, optional
        The monitored loss; by default the validation loss if there is validation data.
    restore : bool
        Whether the trained parameters are restored to their values after the best epoch when the run ends, also after its last epoch.

    Attributes
    ----------
    best_ : float
        The best loss.
    best_epoch_ : int
        Its epoch, counted from 1.
    stopped_ : bool
        Whether the run was ended before its last epoch.

    Notes
    -----
    A resumed run starts counting again: the checkpoint has the weights of the last epoch, not those of the best. After an interrupt or a
    ``NotFiniteError`` the parameters stay as they are.

    References
    ----------
    Prechelt (1998), Early stopping - but when?

    Examples
    --------
    >>> from plait.train import EarlyStopping
    >>> x, w = plait.input("x", (None,)), plait.parameter(0.0, name="w")
    >>> stopping = EarlyStopping(patience=2)
    >>> history = plait.train(
    ...     ((w - x) ** 2).mean(), {x: np.ones(4)}, optimizer=plait.optim.SGD(0.5), epochs=50, batch_size=4, callbacks=stopping
    ... )
    >>> history.epochs, stopping.best_epoch_
    (4, 2)
    """

    def __init__(self, patience: int = 10, *, min_delta: float = 0.0, monitor: str | None = None, restore: bool = True) -> None:
        self.patience = at_least_one("EarlyStopping: patience", patience)
        self.min_delta = float(min_delta)
        if not (np.isfinite(self.min_delta) and self.min_delta >= 0):
            raise ValueError(f"EarlyStopping: min_delta: expected a finite number of at least 0, got {min_delta!r}")
        if monitor not in {None, "validation", "loss"}:
            raise ValueError(f"EarlyStopping: monitor: expected 'validation' or 'loss', got {monitor!r}")
        self.monitor = monitor
        self.restore = bool(restore)
        self.begin(())

    def begin(self, parameters: Sequence[Node]) -> None:
        """Reset; `plait.train` calls this with the trained parameters.

        Parameters
        ----------
        parameters : sequence of Node
            The trained parameters.
        """
        self._parameters = list(parameters)
        self._kept: list[Any] = []
        self.best_, self.best_epoch_, self.stopped_ = float("inf"), 0, False
        self._seen = 0

    def __call__(self, progress: Progress) -> bool:
        """Process the loss of an epoch.

        Parameters
        ----------
        progress : Progress
            The progress of the run.

        Returns
        -------
        bool
            Whether to stop.
        """
        loss = (
            progress.validation
            if self.monitor == "validation" or (self.monitor is None and progress.validation is not None)
            else progress.loss
        )
        if loss is None:
            raise ValueError("EarlyStopping: monitor='validation' needs validation= data")
        self._seen += 1
        if loss < self.best_ - self.min_delta or self.best_epoch_ == 0:
            self.best_, self.best_epoch_, self._best_seen = loss, progress.epoch, self._seen
            if self.restore:
                self._kept = [np.array(p.value) for p in self._parameters]
        self.stopped_ = self._seen - self._best_seen >= self.patience and progress.epoch < progress.epochs
        return self.stopped_

    def end(self) -> None:
        """Restore the best weights; `plait.train` calls this at the end of the run."""
        for parameter, value in zip(self._parameters, self._kept, strict=False):
            parameter.value = value
        self._parameters, self._kept = [], []

    def __repr__(self) -> str:
        """The call that makes it."""
        told = [f"patience={self.patience}"]
        told += [f"min_delta={self.min_delta!r}"] if self.min_delta else []
        told += [f"monitor={self.monitor!r}"] if self.monitor else []
        return f"EarlyStopping({', '.join([*told, *([] if self.restore else ['restore=False'])])})"

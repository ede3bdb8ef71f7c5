"""Warm-up of the step size, and reduction on plateaus of the loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import graph
from .schedules import Schedule, _length, _positive


class Warmup(Schedule):
    """Linear warm-up to another schedule.

    Parameters
    ----------
    rate : float or Schedule
        The schedule after the warm-up; it starts at the first step, too.
    steps : float, optional
        Step t has the share (t + 1) / steps of the rate, at most all of it.
    epochs : float, optional
        The length in epochs in place of `steps`, for `plait.train`.

    References
    ----------
    Goyal et al. (2017), Accurate, large minibatch SGD: training ImageNet in 1 hour.

    Examples
    --------
    >>> warmup = plait.optim.Warmup(0.5, steps=4)
    >>> [float(warmup(t)) for t in range(5)]
    [0.125, 0.25, 0.375, 0.5, 0.5]
    """

    def __init__(self, rate: Any, steps: float | None = None, *, epochs: float | None = None) -> None:
        _length("Warmup", steps, epochs)
        if isinstance(rate, Plateau):
            raise TypeError("Warmup: a Plateau follows the losses of epochs, and cannot be grown into")
        self.rate = rate if callable(rate) else _positive("Warmup: rate", rate)
        self.steps = None if steps is None else _positive("Warmup: steps", steps)
        self.epochs = None if epochs is None else _positive("Warmup: epochs", epochs)

    def __call__(self, t: Any) -> Any:
        """The step size at step `t`."""
        rate = self.rate(t) if callable(self.rate) else self.rate
        return rate * np.minimum((t + 1.0) / self._known(self.steps), 1.0)

    def in_steps(self, steps_per_epoch: int) -> Warmup:
        """See `Schedule.in_steps`."""
        rate = self.rate.in_steps(steps_per_epoch) if isinstance(self.rate, Schedule) else self.rate
        if self.epochs is not None:
            return Warmup(rate, self.epochs * steps_per_epoch)
        return self if rate is self.rate else Warmup(rate, self.steps)


class Plateau(Schedule):
    """A step size that is reduced when the loss has not improved for some epochs.

    Parameters
    ----------
    rate : float
        The step size at first.
    factor : float
        Factor of each reduction, in (0, 1).
    patience : int
        Epochs without a better loss that are tolerated; after one more the rate is reduced, and the count restarts.
    threshold : float
        A loss is better if it is below (1 - threshold) · the best one.
    least : float
        Lower bound of the rate.

    Notes
    -----
    For `plait.train`, which passes the losses: the validation loss if there is validation data. The rate is a function of the history
    alone, so a resumed run continues with the same one.

    Examples
    --------
    >>> plateau = plait.optim.Plateau(0.1, factor=0.5, patience=1)
    >>> plateau.after([3.0, 2.0, 2.0, 2.0])
    0.05
    """

    def __init__(self, rate: float, factor: float = 0.1, patience: int = 10, threshold: float = 1e-4, least: float = 0.0) -> None:
        self.rate = _positive("Plateau: rate", rate)
        self.factor = _positive("Plateau: factor", factor)
        if self.factor >= 1:
            raise ValueError(f"Plateau: factor: expected a number in (0, 1), got {factor!r}")
        self.patience = int(patience)
        if self.patience != patience or self.patience < 0:
            raise ValueError(f"Plateau: patience: expected a count of epochs, got {patience!r}")
        self.threshold, self.least = float(threshold), float(least)
        if not 0 <= self.threshold < 1:
            raise ValueError(f"Plateau: threshold: expected a number in [0, 1), got {threshold!r}")
        if not 0 <= self.least <= self.rate:
            raise ValueError(f"Plateau: least: expected a number from 0 to the rate {self.rate}, got {least!r}")

    def after(self, losses: Sequence[float]) -> float:
        """The step size after epochs with these losses.

        Parameters
        ----------
        losses : sequence of float
            One for each epoch.

        Returns
        -------
        float
            The step size of the next epoch.
        """
        rate, best, bad = self.rate, np.inf, 0
        for loss in losses:
            better = loss < best - self.threshold * abs(best) if np.isfinite(best) else loss < best
            best, bad = (loss, 0) if better else (best, bad + 1)
            if bad > self.patience:
                rate, bad = max(rate * self.factor, self.least), 0
        return rate

    def __call__(self, t: Any) -> Any:
        """The step size before any loss is known: for a graph a parameter, which `plait.train` sets after each epoch."""
        if isinstance(t, graph.Node):
            return graph.parameter(np.full((), self.rate, "float64"), name="optimizer.rate")
        return self.rate + 0 * t

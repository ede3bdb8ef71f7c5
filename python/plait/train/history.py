"""The history and the progress of a training run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class NotFiniteError(FloatingPointError):
    """The loss, or a parameter, has become NaN or infinite.

    The parameters are restored to the end of the epoch before, as in a checkpoint file.

    Attributes
    ----------
    epoch, step : int
        Where it happened, both counted from 1; `step` over the whole run.
    loss : float
        The loss of that step.
    history : History
        The epochs before.
    """

    def __init__(self, text: str, epoch: int, step: int, loss: float, history: History) -> None:
        super().__init__(text)
        self.epoch, self.step, self.loss, self.history = epoch, step, loss, history

    def __reduce__(self) -> tuple[Any, ...]:
        """Support for pickling between processes."""
        return type(self), (str(self), self.epoch, self.step, self.loss, self.history)


@dataclass(frozen=True)
class Progress:
    """The progress of a run: the argument of callables for ``progress=`` and ``callbacks=``.

    Parameters
    ----------
    epoch, epochs : int
        The current epoch, counted from 1, and the number of epochs.
    step, steps : int
        Batches done in this epoch, and the number of batches of an epoch.
    loss : float
        Mean loss over the rows of this epoch so far.
    validation : float, optional
        Mean loss over the validation data, at an epoch's end.
    seconds : float
        Time since the start of the run.
    history : History
        The epochs before, and at an epoch's end this one.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    validation: float | None
    seconds: float
    history: History


@dataclass
class History:
    """The history of a training run: one entry per epoch.

    Parameters
    ----------
    loss : list of float
        Mean loss over the rows of the training data, taken while the parameters change.
    validation : list of float
        Mean loss over the validation data after each epoch; empty without such data.
    seconds : list of float
        Duration of each epoch, validation included.
    step : int
        Training steps taken.

    Examples
    --------
    >>> w = plait.parameter(0.0, name="w")
    >>> x = plait.input("x", (None,))
    >>> history = plait.train(((w - x) ** 2).mean(), {x: np.ones(8)}, optimizer=plait.optim.SGD(0.5), epochs=2, batch_size=8)
    >>> history.loss
    [1.0, 0.0]
    """

    loss: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    step: int = 0

    @property
    def epochs(self) -> int:
        """Epochs finished."""
        return len(self.loss)

    def plot(self, ax: Any = None) -> Any:
        """Draw loss and validation over epochs.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; those of a new figure unless given.

        Returns
        -------
        matplotlib.axes.Axes
            The axes drawn on.
        """
        from ..plot import loss_curve

        return loss_curve(self, ax)

"""The history of a training as attributes of the estimator that `fit` returns: ``model.fit(…).loss`` as with `plait.train`."""

from __future__ import annotations

from typing import Any

from ..train import History


class Course:
    """The history of the last training as attributes."""

    history_: History

    @property
    def loss(self) -> list[float]:
        """Mean loss over the rows of the training data, an entry for each epoch of the last training."""
        return self.history_.loss

    @property
    def validation(self) -> list[float]:
        """Mean loss over the validation data after each epoch of the last training."""
        return self.history_.validation

    @property
    def seconds(self) -> list[float]:
        """The seconds of each epoch of the last training."""
        return self.history_.seconds

    def plot(self, ax: Any = None) -> Any:
        """Draw loss and validation over the epochs of the last training.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; those of a new figure unless given.

        Returns
        -------
        matplotlib.axes.Axes
            The axes drawn on.
        """
        return self.history_.plot(ax)

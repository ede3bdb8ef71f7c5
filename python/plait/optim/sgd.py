"""Stochastic gradient descent, with momentum and Nesterov's acceleration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Optimizer, Rate, Step, fraction

if TYPE_CHECKING:
    from ..graph import Node


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with momentum.

    Parameters
    ----------
    rate : float, Schedule or callable
        The step size.
    momentum : float
        Momentum, in [0, 1).
    nesterov : bool
        Whether to use Nesterov's momentum.
    weight_decay : float
        Weight decay: this multiple of each parameter is added to its gradient.
    clip_norm : float, optional
        Gradients are clipped to this global norm.

    Notes
    -----
    v ← momentum · v + g and w ← w - rate · v; with `nesterov`, w ← w - rate · (g + momentum · v).

    References
    ----------
    Sutskever, Martens, Dahl and Hinton (2013), On the importance of initialization and momentum in deep learning.

    Examples
    --------
    >>> w = plait.parameter(np.array([2.0, -4.0]), name="w")
    >>> loss = 0.5 * (w * w).sum()
    >>> step = plait.compile([loss], updates=plait.optim.SGD(0.5).updates(loss))
    >>> losses = step()
    >>> w.value
    array([ 1., -2.])
    """

    @property
    def _meaning(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("momentum", "nesterov") if self.nesterov else ("momentum",)

    def __init__(
        self, rate: Rate = 1e-2, momentum: float = 0.0, nesterov: bool = False, *, weight_decay: float = 0.0, clip_norm: float | None = None
    ) -> None:
        super().__init__(rate, weight_decay, clip_norm)
        self.momentum = fraction("SGD: momentum", momentum)
        self.nesterov = bool(nesterov)
        if self.nesterov and not self.momentum:
            raise ValueError("SGD: nesterov: needs a momentum above 0")

    def _next(self, step: Step, parameter: Node, gradient: Node, rate: Any) -> Node:
        """See the class."""
        direction = gradient
        if self.momentum:
            velocity = step.state(parameter, "velocity")
            moved = self.momentum * velocity + gradient
            step.updates[velocity] = moved
            direction = gradient + self.momentum * moved if self.nesterov else moved
        return parameter - step.scalar(rate, parameter) * direction

"""Optimisers with an adaptive step size for each element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import graph
from .base import Optimizer, Rate, Step, fraction, not_negative

if TYPE_CHECKING:
    from ..graph import Node


class RMSprop(Optimizer):
    """Gradients divided by the root of a moving average of their squares.

    Parameters
    ----------
    rate : float, Schedule or callable
        The step size.
    decay : float
        Decay rate of the moving average, in [0, 1).
    eps : float
        Added to the root of the average.
    momentum : float
        Momentum, in [0, 1).
    centered : bool
        Whether to divide by the standard deviation instead of the root of the mean square.
    weight_decay : float
        Weight decay: this multiple of each parameter is added to its gradient.
    clip_norm : float, optional
        Gradients are clipped to this global norm.

    References
    ----------
    Tieleman and Hinton (2012), lecture 6.5; Graves (2013), Generating sequences with recurrent neural networks, for the centred form.

    Examples
    --------
    >>> plait.optim.RMSprop(1e-3).decay
    0.99
    """

    _meaning = ("decay", "momentum", "centered")

    def __init__(
        self,
        rate: Rate = 1e-2,
        decay: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(rate, weight_decay, clip_norm)
        self.decay = fraction("RMSprop: decay", decay)
        self.eps = not_negative("RMSprop: eps", eps)
        self.momentum = fraction("RMSprop: momentum", momentum)
        self.centered = bool(centered)

    def _next(self, step: Step, parameter: Node, gradient: Node, rate: Any) -> Node:
        """See the class."""
        square = step.moving(parameter, "square", self.decay, gradient * gradient)
        if self.centered:
            mean = step.moving(parameter, "mean", self.decay, gradient)
            square = graph.maximum(square - mean * mean, 0.0)  # rounding may make it negative
        direction = gradient / (graph.sqrt(square) + self.eps)
        if self.momentum:
            velocity = step.state(parameter, "velocity")
            step.updates[velocity] = self.momentum * velocity + direction
            direction = step.updates[velocity]
        return parameter - step.scalar(rate, parameter) * direction


class AdaGrad(Optimizer):
    """Gradients divided by the root of the sum of all their squares so far.

    Parameters
    ----------
    rate : float, Schedule or callable
        The step size.
    eps : float
        Added to the root of the sum.
    initial : float
        Initial value of the sums.
    weight_decay : float
        Weight decay: this multiple of each parameter is added to its gradient.
    clip_norm : float, optional
        Gradients are clipped to this global norm.

    References
    ----------
    Duchi, Hazan and Singer (2011), Adaptive subgradient methods for online learning and stochastic optimization.

    Examples
    --------
    >>> plait.optim.AdaGrad(0.1, clip_norm=5.0).clip_norm
    5.0
    """

    def __init__(
        self, rate: Rate = 1e-2, eps: float = 1e-10, initial: float = 0.0, *, weight_decay: float = 0.0, clip_norm: float | None = None
    ) -> None:
        super().__init__(rate, weight_decay, clip_norm)
        self.eps = not_negative("AdaGrad: eps", eps)
        self.initial = not_negative("AdaGrad: initial", initial)

    def _next(self, step: Step, parameter: Node, gradient: Node, rate: Any) -> Node:
        """See the class."""
        total = step.state(parameter, "square", self.initial)
        step.updates[total] = total + gradient * gradient
        return parameter - step.scalar(rate, parameter) * gradient / (graph.sqrt(step.updates[total]) + self.eps)


class Adam(Optimizer):
    """Moving averages of gradients, divided by the root of those of their squares, both bias-corrected.

    Parameters
    ----------
    rate : float, Schedule or callable
        The step size.
    betas : tuple of float
        Decay rates of the moving averages of gradients and of their squares, each in [0, 1).
    eps : float
        Added to the root.
    weight_decay : float
        Weight decay: this multiple of each parameter is added to its gradient.
    clip_norm : float, optional
        Gradients are clipped to this global norm.

    Notes
    -----
    m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², w ← w - rate · (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + eps), t counted from 1.

    References
    ----------
    Kingma and Ba (2015), Adam: a method for stochastic optimization.

    Examples
    --------
    >>> w = plait.parameter(np.array([3.0, -3.0]), name="w")
    >>> loss = (w * w).sum()
    >>> step = plait.compile([loss], updates=plait.optim.Adam(0.5).updates(loss))
    >>> losses = step()
    >>> w.value.round(6)  # the length of the first step is the rate
    array([ 2.5, -2.5])
    """

    _meaning = ("betas",)

    def __init__(
        self,
        rate: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(rate, weight_decay, clip_norm)
        name = type(self).__name__
        self.betas = (fraction(f"{name}: betas[0]", betas[0]), fraction(f"{name}: betas[1]", betas[1]))
        self.eps = not_negative(f"{name}: eps", eps)

    def _next(self, step: Step, parameter: Node, gradient: Node, rate: Any) -> Node:
        """See the class."""
        first, second = self.betas
        mean = step.moving(parameter, "mean", first, gradient)
        square = step.moving(parameter, "square", second, gradient * gradient)
        size, root = self._corrections(step, rate)
        if self._decoupled and self.weight_decay:
            parameter = parameter * step.scalar(1.0 - rate * self.weight_decay, parameter)
        return parameter - step.scalar(size, parameter) * mean / (graph.sqrt(square) * step.scalar(root, parameter) + self.eps)

    def _corrections(self, step: Step, rate: Any) -> tuple[Node, Node]:
        """The bias corrections: rate / (1 - β₁ᵗ) and 1 / √(1 - β₂ᵗ), each one scalar per step."""
        if step.shared is None:
            t = step.t + 1.0
            step.shared = rate / (1.0 - self.betas[0] ** t), 1.0 / graph.sqrt(1.0 - self.betas[1] ** t)
        return step.shared


class AdamW(Adam):
    """Adam with decoupled weight decay, which is applied to the parameters and not to the gradients.

    Parameters
    ----------
    rate : float, Schedule or callable
        The step size.
    betas : tuple of float
        Decay rates of the moving averages of gradients and of their squares, each in [0, 1).
    eps : float
        Added to the root.
    weight_decay : float
        Parameters shrink by rate · weight_decay in each step.
    clip_norm : float, optional
        Gradients are clipped to this global norm.

    References
    ----------
    Loshchilov and Hutter (2019), Decoupled weight decay regularization.

    Examples
    --------
    >>> plait.optim.AdamW(1e-3).weight_decay
    0.01
    """

    _decoupled = True

    def __init__(
        self,
        rate: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        weight_decay: float = 1e-2,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(rate, betas, eps, weight_decay=weight_decay, clip_norm=clip_norm)

"""What all optimisers share: the step counter, the step size, clipping, and the bookkeeping of state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _core, graph
from .schedules import Constant, Schedule, _positive

if TYPE_CHECKING:
    from ..graph import Node

Rate = float | Schedule | Callable[[Any], Any]


def fraction(name: str, value: float) -> float:
    """`value` as a float; refused unless in [0, 1)."""
    number = float(value)
    if not 0 <= number < 1:
        raise ValueError(f"{name}: expected a number in [0, 1), got {value!r}")
    return number


def not_negative(name: str, value: float) -> float:
    """`value` as a float; refused unless finite and at least 0."""
    number = float(value)
    if not (np.isfinite(number) and number >= 0):
        raise ValueError(f"{name}: expected a finite number of at least 0, got {value!r}")
    return number


class Step:
    """What one optimiser's rule may use while it writes the updates of one loss.

    Scalars that change from step to step are nodes without axes in float64, computed once per step; `scalar` casts one to a parameter's
    dtype, so that all that is left for each element is one fused chain.
    """

    def __init__(self) -> None:
        self.updates: dict[Node, Node] = {}
        self.shared: tuple[Node, Node] | None = None  # scalars that a rule computes once for all parameters
        self._count: Node | None = None

    @property
    def t(self) -> Node:
        """Steps taken before this one."""
        if self._count is None:
            self._count = graph.parameter(np.zeros((), "float64"), name="optimizer.step")
            self.updates[self._count] = self._count + 1.0
        return self._count

    def state(self, of: Node, what: str, start: float = 0.0) -> Node:
        """A new parameter beside `of`, of its shape and dtype, filled with `start`."""
        value = of.value
        return graph.parameter(np.full(value.shape, start, value.dtype), name=f"{of.name or 'parameter'}.{what}")

    def moving(self, of: Node, what: str, keep: float, new: Node) -> Node:
        """The next value of an exponential average: keep · old + (1 - keep) · new."""
        old = self.state(of, what)
        self.updates[old] = keep * old + (1.0 - keep) * new
        return self.updates[old]

    @staticmethod
    def scalar(value: Any, of: Node) -> Node:
        """A number or a node without axes as a factor for `of`."""
        return graph.cast(value, of.dtype)


class Optimizer:
    """An update rule: turns a loss into the expressions that parameters and the rule's own state take as their next values.

    Parameters
    ----------
    rate : float, Schedule or callable
        The step size; a callable is called with the node t of the steps taken before and returns a node.
    weight_decay : float
        How much of each parameter is added to its gradient (half the squared norm as a penalty).
    clip_norm : float, optional
        Gradients are scaled down together where their common norm is larger.

    Notes
    -----
    An optimiser holds settings only. All state (averages, the step counter) is in parameters that `updates` makes anew at each call, and
    which are keys of what it returns, beside the trained ones.
    """

    def __init__(self, rate: Rate, weight_decay: float = 0.0, clip_norm: float | None = None) -> None:
        name = type(self).__name__
        self.rate: Rate = rate if callable(rate) else _positive(f"{name}: rate", rate)
        self.weight_decay = not_negative(f"{name}: weight_decay", weight_decay)
        self.clip_norm = None if clip_norm is None else _positive(f"{name}: clip_norm", clip_norm)

    def updates(self, loss: Node, parameters: Sequence[Node] | None = None) -> dict[Node, Node]:
        """Expressions for the next values of parameters and state, as ``plait.compile(…, updates=…)`` takes them.

        Parameters
        ----------
        loss : Node
            What shall become small; without axes.
        parameters : sequence of Node, optional
            What to train: every parameter with a floating dtype that the loss depends on, unless given.

        Returns
        -------
        dict of Node to Node
            The trained parameters first, in their order, then the state.

        Raises
        ------
        GraphError
            If the loss is no scalar or one of the parameters is none.
        """
        trained = trainable(loss, parameters)
        gradients = list(graph.gradient(loss, trained))
        if self.clip_norm is not None:
            squares = [graph.cast(graph.sum(graph.square(g)), "float64") for g in gradients]
            total = squares[0]
            for square in squares[1:]:
                total = total + square
            factor = graph.minimum(self.clip_norm / (graph.sqrt(total) + 1e-6), 1.0)
            gradients = [g * Step.scalar(factor, g) for g in gradients]
        step = Step()
        rate = self._rate(step)
        updates: dict[Node, Node] = {}
        for parameter, gradient in zip(trained, gradients, strict=True):
            if self.weight_decay and not self._decoupled:
                gradient = gradient + self.weight_decay * parameter
            updates[parameter] = self._next(step, parameter, gradient, rate)
        return updates | step.updates

    # AdamW takes its decay out of the parameter itself.
    _decoupled = False

    def _rate(self, step: Step) -> Any:
        """The step size of this step: a float or a node without axes."""
        if isinstance(self.rate, Constant):
            return self.rate.rate
        return self.rate(step.t) if callable(self.rate) else self.rate

    def _next(self, step: Step, parameter: Node, gradient: Node, rate: Any) -> Node:
        """The next value of one parameter."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """The call that makes it."""
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"

    def __eq__(self, other: object) -> bool:
        """Whether the settings are the same."""
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        """Equal settings, equal hashes."""
        return hash((type(self), *vars(self).values()))


def trainable(loss: Node, parameters: Sequence[Node] | None) -> list[Node]:
    """The parameters to train, each once; every floating one below the loss unless they are given."""
    if loss.shape != ():
        raise graph.GraphError(f"updates: the loss must be a scalar, got shape {loss.shape}; use .mean() or .sum()")
    if parameters is None:
        parameters = [p for p in _core.parameters_of([loss]) if np.dtype(p.dtype).kind == "f"]
        if not parameters:
            raise graph.GraphError("updates: the loss depends on no parameter with a floating dtype")
    found: list[Node] = []
    for parameter in parameters:
        if getattr(parameter, "op", None) != "parameter":
            raise graph.GraphError(f"updates: expected parameters to train, got {parameter!r}")
        if not any(parameter is p for p in found):
            found.append(parameter)
    if not found:
        raise graph.GraphError("updates: no parameters to train")
    return found

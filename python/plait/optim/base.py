"""The base of optimisers: the step counter, the step size, clipping, and state."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .. import _core, graph
from .._settings import Settings
from .schedules import Constant, Schedule, _positive

if TYPE_CHECKING:
    from ..graph import Node

Rate = float | Schedule | Callable[[Any], Any]
Rule = TypeVar("Rule", bound="Optimizer")


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
    """Helpers for a rule while it builds the updates of one loss.

    Scalars that change from step to step are nodes without axes in float64, computed once per step; `scalar` casts one to a parameter's
    dtype, so that the update of an element is one fused chain.
    """

    def __init__(self, counter: Step | None = None) -> None:
        self.updates: dict[Node, Node] = {}
        self._counter = counter  # whose count of steps this one shares
        self.shared: tuple[Node, Node] | None = None  # scalars that a rule computes once for all parameters
        self._count: Node | None = None

    @property
    def t(self) -> Node:
        """Steps taken before this one."""
        if self._counter is not None:
            return self._counter.t
        if self._count is None:
            self._count = graph.parameter(np.zeros((), "float64"), name="optimizer.step")
            self.updates[self._count] = self._count + 1.0
        return self._count

    def state(self, of: Node, what: str, start: float = 0.0) -> Node:
        """A new state parameter of the shape and dtype of `of`, filled with `start`."""
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


class Optimizer(Settings):
    """An update rule: builds expressions for the next values of the parameters and of the rule's state from a loss.

    Parameters
    ----------
    rate : float, Schedule or callable
        The step size; a callable is called with the node t of the steps taken before and returns a node.
    weight_decay : float
        Weight decay: this multiple of each parameter is added to its gradient (an L2 penalty of half the squared norm).
    clip_norm : float, optional
        Gradients are clipped to this global norm.

    Notes
    -----
    An optimiser holds settings only. All state (averages, the step counter) is in new parameters that each call of `updates` makes; they
    are keys of its result, after the trained ones.
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
            The scalar to minimise.
        parameters : sequence of Node, optional
            The parameters to train: every parameter with a floating dtype that the loss depends on, unless given.

        Returns
        -------
        dict of Node to Node
            The trained parameters first, in their order, then the state.

        Raises
        ------
        GraphError
            If the loss is not a scalar, or one of the parameters is not a parameter.
        """
        trained = trainable(loss, parameters)
        gradients = list(graph.gradient(loss, trained))
        if self.clip_norm is not None:
            gradients = clipped(gradients, self.clip_norm)
        step = Step()
        rate = self._rate(step)
        updates: dict[Node, Node] = {}
        for parameter, gradient in zip(trained, gradients, strict=True):
            updates[parameter] = self._change(step, parameter, gradient, rate)
        return updates | step.updates

    def _change(self, step: Step, parameter: Node, gradient: Node, rate: Any) -> Node:
        """The next value of one parameter, with weight decay."""
        if self.weight_decay and not self._decoupled:
            gradient = gradient + self.weight_decay * parameter
        return self._next(step, parameter, gradient, rate)

    def in_steps(self: Rule, steps_per_epoch: int) -> Rule:
        """The rule with lengths of its schedule converted from epochs to steps.

        Parameters
        ----------
        steps_per_epoch : int
            Steps that an epoch has.

        Returns
        -------
        Optimizer
            Itself where nothing is in epochs.
        """
        given: Any = getattr(self, "rate", None)
        rate = given.in_steps(steps_per_epoch) if isinstance(given, Schedule) else given
        if rate is given:
            return self
        rule = copy.copy(self)
        rule.rate = rate
        return rule

    # Settings that the state depends on: a run can be resumed with the same ones only.
    _meaning: tuple[str, ...] = ()
    # True in AdamW: weight decay is applied to the parameter itself.
    _decoupled = False

    def _rate(self, step: Step) -> Any:
        """The step size of this step: a float or a node without axes."""
        if isinstance(self.rate, Constant):
            return self.rate.rate
        rate = self.rate(step.t) if callable(self.rate) else self.rate
        if isinstance(rate, graph.Node) and rate.op == "parameter":
            step.updates[rate] = rate  # part of the state, so that checkpoints hold it
        return rate

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


def clipped(gradients: Sequence[Node], limit: float) -> list[Node]:
    """Gradients clipped to a global norm of at most `limit`.

    Squares are computed in float64, where those of float32 neither overflow nor underflow; float64 gradients are first divided by the
    largest magnitude.
    """
    filled = [graph.cast(g, "float64") for g in gradients if 0 not in g.shape]
    if not filled:
        return list(gradients)
    top: Any = 1.0
    if any(g.dtype == np.float64 for g in gradients):
        for k, g in enumerate(filled):
            largest = graph.max(graph.abs(g))
            top = largest if k == 0 else graph.maximum(top, largest)
        top = graph.maximum(top, 1e-200)
        filled = [g / top for g in filled]
    total = graph.sum(graph.square(filled[0]))
    for g in filled[1:]:
        total = total + graph.sum(graph.square(g))
    least = 1e-6 * min(limit, 1.0)  # keeps the quotient finite; small relative to the limit
    half = graph.sqrt(
        limit / (graph.sqrt(total) + least / top)
    )  # square root of the factor, applied twice: the factor itself may underflow
    if isinstance(top, graph.Node):
        half = half / graph.sqrt(top)
    half = graph.minimum(half, 1.0)
    return [g * Step.scalar(half, g) * Step.scalar(half, g) for g in gradients]


def optimizer_of(given: Any) -> Optimizer:
    """The optimizer for a value of ``optimizer=``: a rule, its name in any case, or None for Adam."""
    from . import adaptive, sgd

    rules: dict[str, Callable[[], Optimizer]] = {
        rule.__name__.lower(): rule for rule in (sgd.SGD, adaptive.RMSprop, adaptive.AdaGrad, adaptive.Adam, adaptive.AdamW)
    }
    if given is None:
        return adaptive.Adam()
    if isinstance(given, str) and given.lower() in rules:
        return rules[given.lower()]()
    if isinstance(given, type) and issubclass(given, Optimizer):
        raise TypeError(f"optimizer: got the class {given.__name__}; an instance was expected, such as plait.optim.{given.__name__}()")
    if not isinstance(given, Optimizer) and not hasattr(given, "updates"):
        known = ", ".join(repr(name) for name in rules)
        raise ValueError(f"optimizer: expected one of {known}, or a rule such as plait.optim.Adam(1e-3), got {given!r:.60}")
    rule: Optimizer = given
    return rule


def trainable(loss: Node, parameters: Sequence[Node] | None) -> list[Node]:
    """The parameters to train, each once; every floating one that the loss depends on unless given."""
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

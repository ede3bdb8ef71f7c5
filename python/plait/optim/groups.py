"""Groups of parameters, each with its own step size, weight decay or rule."""

from __future__ import annotations

import copy
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import graph
from .base import Optimizer, Step, clipped, optimizer_of, trainable

if TYPE_CHECKING:
    from ..graph import Node


class Groups(Optimizer):
    """One update rule for most parameters, and other settings or another rule for some.

    Parameters
    ----------
    rule : Optimizer or str
        For parameters in no group. Its ``clip_norm`` applies to the global norm of all gradients.
    groups : dict, or sequence of pairs
        Pairs of a selection and its settings. Selection: a glob pattern of names (``"encoder.*"``, ``"*.bias"``), a layer, a parameter, or
        a list of parameters; the first match counts. Settings: a dict of settings of `rule` (``{"weight_decay": 0.0}``), or a rule.

    Raises
    ------
    ValueError
        If the rule does not have a setting, or, in `updates`, if a group has none of the parameters.

    Examples
    --------
    >>> model = plait.nn.MLP(3, (4,), 1, rng=0)
    >>> rule = plait.optim.Groups(plait.optim.AdamW(1e-3), {"*.bias": {"weight_decay": 0.0}, "mlp.0.*": {"rate": 1e-4}})
    >>> [rule.of(p).rate for p in model.parameters()]
    [0.0001, 0.001, 0.001, 0.001]
    >>> frozen = plait.optim.Groups("adam", [(model.layers[0], plait.optim.SGD(1e-6))])
    """

    def __init__(self, rule: Any, groups: Mapping[Any, Any] | Sequence[tuple[Any, Any]]) -> None:
        self.rule = optimizer_of(rule) if isinstance(rule, str) else rule
        self.groups = groups
        if not isinstance(self.rule, Optimizer) or isinstance(self.rule, Groups):
            raise TypeError(f"Groups: rule: expected an optimizer such as plait.optim.Adam(1e-3), got {rule!r:.60}")
        self._rules()

    def _pairs(self) -> list[tuple[Any, Any]]:
        given = self.groups.items() if isinstance(self.groups, Mapping) else self.groups
        try:
            return [(where, what) for where, what in given]
        except (TypeError, ValueError):
            raise ValueError(f"Groups: groups: expected a dict, or pairs of a group and its settings, got {self.groups!r:.60}") from None

    def _rules(self) -> list[Optimizer]:
        """The rule of each group, then that of all other parameters."""
        found: list[Optimizer] = []
        for where, what in self._pairs():
            if isinstance(what, Mapping):
                found.append(copy.copy(self.rule).set_params(**what))
            elif isinstance(what, Optimizer) and not isinstance(what, Groups):
                found.append(what)
            else:
                raise ValueError(f"Groups: groups: {where!r:.40}: expected a dict of settings or an optimizer, got {what!r:.60}")
        return [*found, self.rule]

    @property
    def rate(self) -> Any:  # type: ignore[override]
        """The step size of parameters in no group."""
        return self.rule.rate

    def of(self, parameter: Node) -> Optimizer:
        """The rule of one parameter.

        Parameters
        ----------
        parameter : Node
            The parameter.

        Returns
        -------
        Optimizer
            The rule of the first group that contains it.
        """
        return self._rules()[self._group(parameter)]

    def _group(self, parameter: Node) -> int:
        pairs = self._pairs()
        return next((k for k, (where, _) in enumerate(pairs) if _holds(where, parameter)), len(pairs))

    def in_steps(self, steps_per_epoch: int) -> Groups:
        """See `Optimizer.in_steps`."""
        pairs = [(where, rule.in_steps(steps_per_epoch)) for (where, _), rule in zip(self._pairs(), self._rules(), strict=False)]
        return Groups(self.rule.in_steps(steps_per_epoch), pairs)

    def updates(self, loss: Node, parameters: Sequence[Node] | None = None) -> dict[Node, Node]:
        """See `Optimizer.updates`."""
        trained = trainable(loss, parameters)
        gradients = list(graph.gradient(loss, trained))
        if self.rule.clip_norm is not None:
            gradients = clipped(gradients, self.rule.clip_norm)
        places = [self._group(p) for p in trained]
        for k, (where, _) in enumerate(self._pairs()):
            if k not in places:
                names = ", ".join(repr(p.name) for p in trained[:6])
                raise ValueError(
                    f"Groups: no parameter is in the group {where!r:.60}, or others before it have them all; there are {names}"
                )
        rules, first = self._rules(), Step()
        steps = [Step(first) for _ in rules]
        rates: dict[int, Any] = {}  # a schedule that several rules share is one node
        updates: dict[Node, Node] = {}
        for place, parameter, gradient in zip(places, trained, gradients, strict=True):
            rule = rules[place]
            if id(rule.rate) not in rates:
                rates[id(rule.rate)] = rule._rate(first)
            updates[parameter] = rule._change(steps[place], parameter, gradient, rates[id(rule.rate)])
        for step in (first, *steps):
            updates |= step.updates
        return updates

    def __repr__(self) -> str:
        """The call that makes it."""
        return f"Groups({self.rule!r}, {self.groups!r})"

    def __hash__(self) -> int:
        """Equal settings, equal hashes."""
        return hash(repr(self))

    def __eq__(self, other: object) -> bool:
        """Whether the settings are the same."""
        return type(self) is type(other) and repr(self) == repr(other)


def _holds(where: Any, parameter: Node) -> bool:
    """Whether a parameter is in a group, by name or identity."""
    if isinstance(where, str):
        return fnmatch.fnmatchcase(parameter.name or "", where)
    if isinstance(where, graph.Node):
        return where is parameter
    if hasattr(where, "parameters"):
        where = where.parameters()
    if isinstance(where, Iterable):
        return any(_holds(part, parameter) for part in where)
    raise ValueError(f"Groups: groups: expected a pattern of names, a layer or parameters, got {where!r:.60}")

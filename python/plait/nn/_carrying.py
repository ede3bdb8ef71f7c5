"""Recurrent layers by name, and an update rule that carries a state from batch to batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import graph
from ..optim import Optimizer
from ..optim.base import optimizer_of
from ..train.data import at_least_one
from .recurrent import Recurrent
from .recurrent_layers import GRU, LSTM, RNN

KINDS: Mapping[str, Callable[..., Recurrent]] = {"lstm": LSTM, "gru": GRU, "rnn": RNN}


def recurrent(
    cell: str, inputs: int, hidden: int, layers: int, forget_bias: float, dtype: str, rng: np.random.Generator, what: str, both: Any = False
) -> Recurrent:
    """The recurrent layer of a name."""
    if cell not in KINDS:
        raise ValueError(f"{what}: cell: expected one of {', '.join(map(repr, KINDS))}, got {cell!r}")
    if not isinstance(both, (bool, np.bool_)):
        raise ValueError(f"{what}: bidirectional: expected a boolean, got {both!r:.60}")
    options: dict[str, Any] = {"bidirectional": bool(both)} | ({"forget_bias": forget_bias} if cell == "lstm" else {})
    return KINDS[cell](
        at_least_one(f"{what}: features", inputs), at_least_one(f"{what}: hidden", hidden), layers, dtype=dtype, rng=rng, **options
    )


def top(layer: Recurrent, state: Any) -> Any:
    """The last layer's output after its last step; of both directions concatenated."""
    h = state[0] if isinstance(state, tuple) else state
    if layer.directions == 2:
        return graph.concatenate([h[-2], h[-1]], axis=1)
    return h if layer.layers == 1 else h[-1]


class Carrying(Optimizer):
    """An update rule that also passes the state at the end of a batch to the next batch.

    Parameters
    ----------
    inner : Optimizer
        The rule for what is trained.
    carried : dict of Node to Node
        Parameters that hold the state, and the state at the end.
    """

    rate: Any

    def __init__(self, inner: Any, carried: dict[Any, Any]) -> None:
        self.inner, self.carried = optimizer_of(inner), carried
        self.rate = getattr(self.inner, "rate", None)

    def in_steps(self, steps_per_epoch: int) -> Carrying:
        """See `Optimizer.in_steps`."""
        return Carrying(self.inner.in_steps(steps_per_epoch), self.carried)

    def updates(self, loss: Any, parameters: Any = None) -> dict[Any, Any]:
        """Those of the inner rule and the carried state."""
        return self.inner.updates(loss, parameters) | self.carried

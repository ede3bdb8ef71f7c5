"""Bidirectional recurrent layers."""

from __future__ import annotations

import copy
from typing import Any

from .. import graph
from .base import Layer
from .recurrent import Recurrent

MERGES = ("concatenate", "sum", "mean", "product", None)


class Bidirectional(Layer):
    """Two recurrent layers, one forwards and one backwards in time, with merged outputs.

    Parameters
    ----------
    forward : Recurrent
        The forward layer.
    backward : Recurrent, optional
        The backward layer; None: one with the same settings and its own weights.
    merge : {"concatenate", "sum", "mean", "product", None}
        How the two outputs of a step are merged; None: they are returned as a pair.

    Notes
    -----
    ``outs, (forward_state, backward_state) = layer(inputs, state=None, lengths=None)``, as for `plait.nn.Recurrent`. With ``lengths`` the
    backward layer starts at each sequence's own end. With several layers, each direction is a separate stack; in ``LSTM(…,
    bidirectional=True)`` every layer gets both directions of the one below, as in PyTorch.

    References
    ----------
    Schuster and Paliwal (1997), Bidirectional recurrent neural networks.

    Examples
    --------
    >>> layer = plait.nn.Bidirectional(plait.nn.LSTM(3, 8, rng=0))
    >>> outs, _ = layer(plait.input("x", (None, 5, 3)))
    >>> outs.shape
    (None, 5, 16)
    """

    _with_state = True

    def __init__(self, forward: Recurrent, backward: Recurrent | None = None, merge: str | None = "concatenate") -> None:
        for what, layer in (("forward", forward), ("backward", backward)):
            if not (isinstance(layer, Recurrent) or (layer is None and what == "backward")):
                raise TypeError(f"Bidirectional: {what}: expected a recurrent layer such as plait.nn.LSTM, got {type(layer).__name__}")
        if merge not in MERGES:
            raise ValueError(f"Bidirectional: merge: expected one of {', '.join(map(repr, MERGES))}, got {merge!r}")
        if backward is None:
            twin = getattr(forward, "_twin", None)
            if twin is None:
                raise TypeError(
                    f"Bidirectional: backward: a {type(forward).__name__} cannot be copied with new weights; give the second layer"
                )
            backward = twin()
        if backward is forward:
            raise ValueError("Bidirectional: backward: the same layer as forward; give another one, or leave it out")
        if backward.inputs != forward.inputs or (merge in ("sum", "mean", "product") and backward.outputs != forward.outputs):
            raise ValueError(
                f"Bidirectional: backward: {backward.inputs} inputs and {backward.outputs} outputs beside {forward.inputs} and {forward.outputs}"
            )
        if forward.reverse == backward.reverse:
            backward = copy.copy(backward)
            backward.reverse = not forward.reverse
        self.forward, self.backward, self.merge = forward, backward, merge

    @property
    def inputs(self) -> int:
        """Features of an input."""
        return self.forward.inputs

    @property
    def outputs(self) -> int:
        """Features of an output."""
        return self.forward.outputs + self.backward.outputs if self.merge == "concatenate" else self.forward.outputs

    def __call__(self, inputs: Any, state: Any = None, lengths: Any = None, *, unroll: bool | None = None, training: bool = False) -> Any:
        """The outputs at every step, and the states of both directions."""
        if state is None:
            state = (None, None)
        if not isinstance(state, (tuple, list)) or len(state) != 2:
            raise graph.ShapeError(f"Bidirectional: state: expected a pair, of the forward and of the backward layer, got {state!r:.80}")
        there, ended = self.forward(inputs, state[0], lengths, unroll=unroll, training=training)
        back, begun = self.backward(inputs, state[1], lengths, unroll=unroll, training=training)
        if self.merge is None:
            return (there, back), (ended, begun)
        if isinstance(there, list):
            return [self._merged(a, b) for a, b in zip(there, back, strict=True)], (ended, begun)
        return self._merged(there, back), (ended, begun)

    def _merged(self, a: Any, b: Any) -> Any:
        if self.merge == "concatenate":
            return graph.concatenate([a, b], axis=a.ndim - 1)
        return a * b if self.merge == "product" else a + b if self.merge == "sum" else (a + b) * 0.5

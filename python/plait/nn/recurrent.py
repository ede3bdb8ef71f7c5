"""Recurrent layers: cells unrolled over time, with shared parameters."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph
from ._over_time import scanned, unrolled
from .base import Layer, scope_of
from .cells import Cell, State
from .dropouts import probability

LONG = 64  # steps: from here on a scan is as fast as unrolled copies of the cell, and is the default


class Recurrent(Layer):
    """Stacked recurrent cells: each layer processes the outputs of the one below, with the same parameters at every step.

    Parameters
    ----------
    cells : sequence of Cell
        One for each layer; the first processes the inputs.
    backward : sequence of Cell, optional
        One for each layer, in the backward direction of a bidirectional layer; the outputs of both directions are concatenated.
    reverse : bool
        Whether to process the steps from the last to the first: outputs stay at their steps, and the state is that after the first one.
    dropout : float
        Between layers, in training: the share of values that are dropped, with one mask for all steps.
    recurrent_dropout : float
        In training, the share of the hidden state h that is dropped, with one mask for all steps.

    Notes
    -----
    Called on a list of nodes, each of shape (batch, features), or on one node of shape (batch, time, features):
    ``outs, state = layer(inputs, state=None, lengths=None, unroll=None)``.

    ``outs`` is a list or one node, as the inputs are. ``state`` is the tuple of the cell's parts after each sequence's last step, or the
    node itself where there is one part only; of shape (batch, hidden), with several layers (layers, batch, hidden), and in two directions
    (2 layers, batch, hidden), the backward one after the forward one of each layer. It can be passed as the next initial state.

    ``lengths`` (integers, shape (batch,)) says how many steps each sequence of the batch has. Beyond them the state stays as it is and outputs
    are zero; padding, NaN included, changes neither values nor gradients.
    An array of lengths is checked at once; those of a node are checked at run time, and may be zero.

    ``unroll`` selects between a copy of the cell for each step, which is fastest to run, and a scan in one node, which is fast to build for
    any number of steps; None: a scan from 64 steps on, or where the number of steps is not known.

    References
    ----------
    Schuster and Paliwal (1997), Bidirectional recurrent neural networks; Gal and Ghahramani (2016), A theoretically grounded application of
    dropout in recurrent neural networks.

    Examples
    --------
    >>> layer = plait.nn.Recurrent([plait.nn.GRUCell(3, 8, rng=0), plait.nn.RNNCell(8, 8, rng=1)])
    >>> outs, h = layer(plait.input("x", (None, 5, 3)), lengths=plait.input("lengths", (None,), dtype="int64"))
    >>> outs.shape, h.shape
    ((None, 5, 8), (2, None, 8))
    """

    _with_state = True

    def __init__(
        self,
        cells: Sequence[Cell],
        backward: Sequence[Cell] | None = None,
        *,
        reverse: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
    ) -> None:
        name = type(self).__name__
        self.cells = list(cells)
        if not self.cells:
            raise ValueError(f"{name}: cells: expected at least one cell")
        self.backward = None if backward is None else list(backward)
        if self.backward is not None and len(self.backward) != len(self.cells):
            raise ValueError(f"{name}: backward: expected one cell for each of {len(self.cells)} layers, got {len(self.backward)}")
        self.reverse = bool(reverse)
        self.dropout, self.recurrent_dropout = (
            probability(f"{name}: dropout", dropout),
            probability(f"{name}: recurrent_dropout", recurrent_dropout),
        )
        if self.dropout and len(self.cells) == 1:
            raise ValueError(
                f"{name}: dropout: applies between layers, of which there is one; use recurrent_dropout=, or nn.Dropout before the layer"
            )
        first = self.cells[0]
        for k, cell in enumerate([*self.cells, *(self.backward or [])]):
            expected = first.inputs if k % len(self.cells) == 0 else first.hidden * self.directions
            if cell.parts != first.parts:
                raise ValueError(f"{name}: cells: all layers have the same kind of state, got {first.parts} and {cell.parts}")
            if cell.inputs != expected or cell.hidden != first.hidden:
                raise ValueError(
                    f"{name}: cells: a layer of {cell.inputs} inputs and {cell.hidden} hidden values where one of {expected} inputs and "
                    f"{first.hidden} hidden values was expected"
                )

    @property
    def inputs(self) -> int:
        """Features of an input."""
        return self.cells[0].inputs

    @property
    def hidden(self) -> int:
        """Features of each part of the state."""
        return self.cells[-1].hidden

    @property
    def outputs(self) -> int:
        """Features of an output: those of both directions."""
        return self.hidden * self.directions

    @property
    def layers(self) -> int:
        """Number of stacked layers."""
        return len(self.cells)

    @property
    def directions(self) -> int:
        """1, or 2 if bidirectional."""
        return 1 if self.backward is None else 2

    def __call__(self, inputs: Any, state: Any = None, lengths: Any = None, *, unroll: bool | None = None, training: bool = False) -> Any:
        """The outputs at every step, and the state after the last one."""
        steps, batch, time = self._taken_apart(inputs)
        states = self._states(state, batch)
        limit = self._limit(lengths, inputs, time)
        if unroll and time is None:
            raise graph.ShapeError(f"{self._name}: unroll=True needs the number of steps, but inputs has shape {inputs.shape}")
        copies = time is not None and (time < LONG if unroll is None else unroll)
        ended: list[State] = []
        with self._scope():
            sequence: Any = inputs
            if copies and steps is None:
                sequence = []
                for t in range(time or 0):
                    with graph.scope(self._place(0, 0, t)):
                        sequence.append(inputs[:, t])
            elif steps is not None:
                sequence = steps if copies else graph.stack(steps, axis=1)
            for k in range(self.layers):
                if training and self.dropout and k:
                    sequence = self._dropped(sequence)
                found = []
                for d, cell in enumerate(self._cells_of(k)):
                    factors = self._factors(sequence, self.recurrent_dropout, cell.hidden) if training and self.recurrent_dropout else None
                    begin, reverse = states[k * self.directions + d], self.reverse != bool(d)
                    if copies:
                        place = functools.partial(self._place, k, d)
                        outs, end = unrolled(cell, sequence, begin, limit, place, reverse=reverse, factors=factors)
                    else:
                        with self._layer_scope(k, d):
                            outs, end = scanned(cell, sequence, begin, limit, reverse=reverse, factors=factors)
                    found.append(outs)
                    ended.append(end)
                sequence = found[0] if len(found) == 1 else _side_by_side(*found)
            if steps is None and copies:
                rows = []
                for t, y in enumerate(sequence):
                    with graph.scope(self._place(self.layers - 1, 0, t)):
                        rows.append(graph.expand_dims(y, 1))
                sequence = graph.concatenate(rows, axis=1)
            elif steps is not None and not copies:
                sequence = [sequence[:, t] for t in range(len(steps))]
            return sequence, self._together(ended)

    def _cells_of(self, layer: int) -> list[Cell]:
        """The cells of a layer: forward, and backward where there is one."""
        return [self.cells[layer]] if self.backward is None else [self.cells[layer], self.backward[layer]]

    def _factors(self, sequence: Any, rate: float, size: int) -> Any:
        """A dropout mask (zeros and 1 / (1 - rate)) for each sequence of the batch and `size` values, drawn once for all steps."""
        first = sequence[0][:, :1] if isinstance(sequence, list) else sequence[:, 0, :1]
        return graph.dropout(np.ones_like(first) * np.ones((1, size), first.dtype), rate)

    def _dropped(self, sequence: Any) -> Any:
        """Dropout between two layers."""
        factors = self._factors(sequence, self.dropout, self.outputs)
        return [x * factors for x in sequence] if isinstance(sequence, list) else sequence * graph.expand_dims(factors, 1)

    def _scope(self) -> graph.scope:
        """The scope of all layers: "lstm" for the cells "lstm.0" and "lstm.1"."""
        name = scope_of(self).name
        return graph.scope(name.removesuffix("/0") if self.layers > 1 else name)

    def _place(self, layer: int, direction: int, t: int) -> str:
        """The scope of a step, within that."""
        return f"{self._part(layer, direction)}step {t}"

    def _part(self, layer: int, direction: int) -> str:
        return (f"layer {layer}/" if self.layers > 1 else "") + ("backward/" if direction else "")

    def _layer_scope(self, layer: int, direction: int) -> contextlib.AbstractContextManager[Any]:
        part = self._part(layer, direction).removesuffix("/")
        return graph.scope(part) if part else contextlib.nullcontext()

    def initial_state(self, batch: int = 1) -> Any:
        """Zeros in the structure of the state.

        Parameters
        ----------
        batch : int
            Sequences in a batch.

        Returns
        -------
        ndarray or tuple of ndarray
            An initial state to feed or to store in parameters.
        """
        cell = self.cells[0]
        count = self.layers * self.directions
        shape = (batch, cell.hidden) if count == 1 else (count, batch, cell.hidden)
        zeros = tuple(np.zeros(shape, cell.dtype) for _ in cell.parts)
        return zeros if len(zeros) > 1 else zeros[0]

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _taken_apart(self, inputs: Any) -> tuple[list[Any] | None, int | None, int | None]:
        """The nodes of the steps if given as a list, the batch size, and the number of steps."""
        if isinstance(inputs, (list, tuple)):
            if not inputs:
                raise graph.ShapeError(f"{self._name}: inputs: a sequence of zero steps")
            for t, x in enumerate(inputs):
                self._require_features(x, 2, f"inputs[{t}]", "(batch, features)")
                if None not in (x.shape[0], inputs[0].shape[0]) and x.shape[0] != inputs[0].shape[0]:
                    raise graph.ShapeError(f"{self._name}: inputs[{t}]: {x.shape[0]} sequences, but inputs[0] has {inputs[0].shape[0]}")
            return list(inputs), inputs[0].shape[0], len(inputs)
        self._require_features(inputs, 3, "inputs", "(batch, time, features), or a list of (batch, features)")
        if inputs.shape[1] == 0:
            raise graph.ShapeError(f"{self._name}: inputs: a sequence of zero steps: shape {inputs.shape}")
        return None, inputs.shape[0], inputs.shape[1]

    def _require_features(self, x: Any, ndim: int, what: str, form: str) -> None:
        if not isinstance(x, graph.Node):
            raise TypeError(f"{self._name}: {what}: expected a node, got {type(x).__name__}")
        if len(x.shape) != ndim or x.shape[-1] != self.inputs:
            raise graph.ShapeError(f"{self._name}: {what}: expected shape {form} with {self.inputs} features, got {x.shape}")

    def _states(self, state: Any, batch: int | None) -> list[State]:
        """The initial state of each layer."""
        if state is None:
            return [cell.initial_state() for k in range(self.layers) for cell in self._cells_of(k)]
        count = self.layers * self.directions
        first = self.cells[0]
        parts = tuple(state) if isinstance(state, (list, tuple)) else (state,)
        if len(parts) != len(first.parts):
            raise graph.ShapeError(
                f"{self._name}: state: expected {' and '.join(first.parts)}, got {len(parts)} of {len(first.parts)} parts"
            )
        nodes = []
        for part, value in zip(first.parts, parts, strict=True):
            if isinstance(value, graph.Node):
                node = value
            else:
                node = graph.constant(self._numbers(value, f"state: {part}", first.dtype), name=f"state {part}")
            expected = (batch, first.hidden) if count == 1 else (count, batch, first.hidden)
            alike = len(node.shape) == len(expected) and all(a in (None, b) or b is None for a, b in zip(node.shape, expected, strict=True))
            if not alike or node.shape[-1] != first.hidden:
                form = str(expected).replace("None", "batch")
                raise graph.ShapeError(f"{self._name}: state: {part} has shape {node.shape}, expected {form}")
            nodes.append(node)
        return [tuple(nodes)] if count == 1 else [tuple(node[k] for node in nodes) for k in range(count)]

    def _numbers(self, value: Any, what: str, dtype: str) -> NDArray[Any]:
        array = np.asarray(value)
        if array.dtype.kind not in "buif":
            raise graph.DTypeError(f"{self._name}: {what}: expected numbers, got {array.dtype}")
        return array.astype(dtype)

    def _together(self, states: list[State]) -> Any:
        """The states of all layers in the structure of the result."""
        parts = states[0] if len(states) == 1 else tuple(graph.stack(list(part), axis=0) for part in zip(*states, strict=True))
        return parts if len(parts) > 1 else parts[0]

    def _limit(self, lengths: Any, inputs: Any, time: int | None) -> Any:
        """A node for the lengths, checked as far as they are known, or None."""
        if lengths is None:
            return None
        first = inputs if isinstance(inputs, graph.Node) else inputs[0]
        batch = first.shape[0]
        given = isinstance(lengths, graph.Node)
        array = lengths if given else np.asarray(lengths)
        if len(array.shape) != 1 or array.shape[0] == 0 or (None not in (batch, array.shape[0]) and array.shape[0] != batch):
            raise graph.ShapeError(f"{self._name}: lengths: expected shape ({'batch' if batch is None else batch},), got {array.shape}")
        if array.dtype.kind not in "iu":
            raise graph.DTypeError(f"{self._name}: lengths: expected integers, got {array.dtype}")
        if not given:
            if array.min() < 1:
                raise ValueError(f"{self._name}: lengths: a sequence of zero steps: {array.min()} at index {int(array.argmin())}")
            if time is not None and array.max() > time:
                raise ValueError(
                    f"{self._name}: lengths: {array.max()} at index {int(array.argmax())} is beyond the {time} steps of inputs"
                )
            lengths = graph.constant(array.astype("int64"), name="lengths")
        return _core.lengths(lengths, first, time)


def _side_by_side(forward: Any, backward: Any) -> Any:
    """The outputs of both directions, concatenated along the features."""
    if isinstance(forward, list):
        return [graph.concatenate(pair, axis=1) for pair in zip(forward, backward, strict=True)]
    return graph.concatenate([forward, backward], axis=2)

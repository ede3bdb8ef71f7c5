"""Recurrent layers: cells taken over time, with the same parameters at every step."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph
from ..train.data import at_least_one
from .base import Layer, scope_of
from .cells import Cell, GRUCell, LSTMCell, RNNCell, State

LONG = 64  # steps from which a loop is one node instead of as many copies of the cell, unless unroll= says otherwise: there it is as fast


class Recurrent(Layer):
    """Cells taken over time: each layer goes over what the one below gives, with the same parameters at every step.

    Parameters
    ----------
    cells : sequence of Cell
        One for each layer, the first of which takes the inputs.

    Notes
    -----
    Called on a list of nodes, each of shape (batch, features), or on one node of shape (batch, time, features):
    ``outs, state = layer(inputs, state=None, lengths=None, unroll=None)``.

    ``outs`` is a list or one node, as the inputs are. ``state`` is the tuple of the cell's parts after each sequence's last step, or the
    node itself where there is one part only; of shape (batch, hidden), with several layers (layers, batch, hidden). It can be given back
    to go on from there.

    ``lengths`` (integers, shape (batch,)) says how many steps each sequence of the batch has. Beyond them the state stays as it is and outputs
    are zero; what stands there, NaN included, changes neither values nor gradients.
    An array of lengths is checked at once; those that a node brings are checked when it runs, and may be zero.

    ``unroll`` decides between a copy of the cell for each step, which is fastest to run, and a loop in one node, which is fast to build however
    many steps there are; None: a loop from 64 steps on, or where the number of steps is not known.

    Examples
    --------
    >>> layer = plait.nn.Recurrent([plait.nn.GRUCell(3, 8, rng=0), plait.nn.RNNCell(8, 8, rng=1)])
    >>> outs, h = layer(plait.input("x", (None, 5, 3)), lengths=plait.input("lengths", (None,), dtype="int64"))
    >>> outs.shape, h.shape
    ((None, 5, 8), (2, None, 8))
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        name = type(self).__name__
        self.cells = list(cells)
        if not self.cells:
            raise ValueError(f"{name}: cells: expected at least one cell")
        for below, above in zip(self.cells, self.cells[1:], strict=False):
            if above.parts != below.parts:
                raise ValueError(f"{name}: cells: all layers have the same kind of state, got {below.parts} and {above.parts}")
            if above.inputs != below.hidden or above.hidden != below.hidden:
                raise ValueError(
                    f"{name}: cells: a layer of {above.inputs} inputs and {above.hidden} hidden values stands on one of {below.hidden} hidden values"
                )

    @property
    def inputs(self) -> int:
        """Features of an input."""
        return self.cells[0].inputs

    @property
    def hidden(self) -> int:
        """Features of an output."""
        return self.cells[-1].hidden

    @property
    def layers(self) -> int:
        """How many cells stand on each other."""
        return len(self.cells)

    def __call__(self, inputs: Any, state: Any = None, lengths: Any = None, *, unroll: bool | None = None, training: bool = False) -> Any:  # noqa: ARG002
        """The outputs at every step, and the state after the last one."""
        steps, batch, time = self._taken_apart(inputs)
        states = self._states(state, batch)
        limit = self._limit(lengths, inputs, time)
        if unroll and time is None:
            raise graph.ShapeError(f"{self._name}: unroll=True needs the number of steps, but inputs has shape {inputs.shape}")
        ended: list[State] = []
        if time is not None and (time < LONG if unroll is None else unroll):
            with self._scope():
                if steps is None:
                    steps = []
                    for t in range(time):
                        with graph.scope(self._place(0, t)):
                            steps.append(inputs[:, t])
                for k, (cell, begin) in enumerate(zip(self.cells, states, strict=True)):
                    steps, end = _unrolled(cell, steps, begin, limit, functools.partial(self._place, k))
                    ended.append(end)
                if not isinstance(inputs, graph.Node):
                    return steps, self._together(ended)
                rows = []
                for t, y in enumerate(steps):
                    with graph.scope(self._place(self.layers - 1, t)):
                        rows.append(graph.expand_dims(y, 1))
                return graph.concatenate(rows, axis=1), self._together(ended)
        with self._scope():
            whole = inputs if steps is None else graph.stack(steps, axis=1)
            for k, (cell, begin) in enumerate(zip(self.cells, states, strict=True)):
                with graph.scope(f"layer {k}") if self.layers > 1 else contextlib.nullcontext():
                    whole, end = _scanned(cell, whole, begin, limit)
                ended.append(end)
            return (whole if steps is None else [whole[:, t] for t in range(len(steps))]), self._together(ended)

    def _scope(self) -> graph.scope:
        """The part of the model that all layers are: "lstm" of the cells "lstm.0" and "lstm.1"."""
        name = scope_of(self).name
        return graph.scope(name.removesuffix("/0") if self.layers > 1 else name)

    def _place(self, layer: int, t: int) -> str:
        """The part of a step, in that."""
        return f"layer {layer}/step {t}" if self.layers > 1 else f"step {t}"

    def initial_state(self, batch: int = 1) -> Any:
        """Zeros in the structure in which the state is given back.

        Parameters
        ----------
        batch : int
            Sequences in a batch.

        Returns
        -------
        ndarray or tuple of ndarray
            To be fed, or to be put into parameters.
        """
        cell = self.cells[0]
        shape = (batch, cell.hidden) if self.layers == 1 else (self.layers, batch, cell.hidden)
        zeros = tuple(np.zeros(shape, cell.dtype) for _ in cell.parts)
        return zeros if len(zeros) > 1 else zeros[0]

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _taken_apart(self, inputs: Any) -> tuple[list[Any] | None, int | None, int | None]:
        """The nodes of the steps where they come in a list, the size of the batch and the number of steps."""
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
        """The state of each layer at the beginning."""
        if state is None:
            return [cell.initial_state() for cell in self.cells]
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
            expected = (batch, first.hidden) if self.layers == 1 else (self.layers, batch, first.hidden)
            alike = len(node.shape) == len(expected) and all(a in (None, b) or b is None for a, b in zip(node.shape, expected, strict=True))
            if not alike or node.shape[-1] != first.hidden:
                form = str(expected).replace("None", "batch")
                raise graph.ShapeError(f"{self._name}: state: {part} has shape {node.shape}, expected {form}")
            nodes.append(node)
        if self.layers == 1:
            return [tuple(nodes)]
        return [tuple(node[k] for node in nodes) for k in range(self.layers)]

    def _numbers(self, value: Any, what: str, dtype: str) -> NDArray[Any]:
        array = np.asarray(value)
        if array.dtype.kind not in "buif":
            raise graph.DTypeError(f"{self._name}: {what}: expected numbers, got {array.dtype}")
        return array.astype(dtype)

    def _together(self, states: list[State]) -> Any:
        """The states of all layers as they are given back."""
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


def _masked_step(cell: Cell, x: Any, state: State, valid: Any) -> tuple[Any, State]:
    """One step where `valid`; elsewhere the state stays and the output is zero."""
    # Before the mathematics: a NaN behind a sequence's end would come back through the gradients of the weights, 0 times NaN.
    x = graph.where(valid, x, 0.0)
    y, following = cell.step(x, state)
    kept = tuple(graph.where(valid, new, old) for new, old in zip(following, state, strict=True))
    return graph.where(valid, y, 0.0), kept


def _unrolled(cell: Cell, xs: list[Any], state: State, limit: Any, place: Callable[[int], str]) -> tuple[list[Any], State]:
    """A copy of the cell for each step, in the scope that `place` gives it."""
    outs = []
    for t, x in enumerate(xs):
        with graph.scope(place(t)):
            if limit is None:
                y, state = cell.step(x, state)
            else:
                y, state = _masked_step(cell, x, state, graph.expand_dims(limit > t, 1))
        outs.append(y)
    return outs, state


def _scanned(cell: Cell, x: Any, state: State, limit: Any) -> tuple[Any, State]:
    """One loop node over axis 1."""
    # A loop's state keeps its shape: a row that stands for all of the batch becomes one for each.
    first = x[:, 0, :1]
    first.name = "the first step of inputs"
    rows = np.zeros_like(first)
    begin = tuple(part + rows for part in state)
    for node, name in zip(begin, cell.parts, strict=True):
        node.name = f"state {name} for the batch of inputs"

    def step(carried: tuple[State, Any], x_t: Any) -> tuple[tuple[State, Any], Any]:
        old, t = carried
        if limit is None:
            y, following = cell.step(x_t, old)
        else:
            y, following = _masked_step(cell, x_t, old, graph.expand_dims(limit > t, 1))
        return (following, t + 1), y

    (ended, _), outs = graph.scan(step, (begin, graph.constant(0, dtype="int64")), x, axis=1)
    return outs, ended


def _stacked(make: Callable[..., Cell], inputs: int, hidden: int, layers: int, name: str, rng: Any, **options: Any) -> list[Cell]:
    """One cell for each layer, their parameters drawn from one stream."""
    generator = np.random.default_rng(rng)
    count = at_least_one(f"{make.__name__.removesuffix('Cell')}: layers", layers)
    return [
        make(inputs if k == 0 else hidden, hidden, rng=generator, name=name if count == 1 else f"{name}.{k}", **options)
        for k in range(count)
    ]


class LSTM(Recurrent):
    """Long short-term memory over time.

    Parameters
    ----------
    inputs, hidden : int
        Features of an input, and of an output.
    layers : int
        How many stand on each other.
    forget_bias : float
        Added to the forget gates' bias at the beginning.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Where the weights come from.
    name : str
        How the parameters are called.

    Notes
    -----
    ``outs, (h, c) = lstm(inputs, state=None, lengths=None)``; see `plait.nn.Recurrent` for what may be given. The gates stand in the order
    i, f, g, o in the columns of one product: see `plait.nn.LSTMCell`. In the graph, each weight is one node that every step uses, so it waits
    for as many gradients as there are steps before it passes on their sum.

    Examples
    --------
    >>> lstm = plait.nn.LSTM(3, 8, rng=0)
    >>> x = plait.input("x", (None, 5, 3))
    >>> outs, (h, c) = lstm(x)
    >>> outs.shape, h.shape, c.shape
    ((None, 5, 8), (None, 8), (None, 8))
    >>> [p.wait_count for p in lstm.parameters()]
    [5, 5, 5]
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        layers: int = 1,
        forget_bias: float = 0.0,
        dtype: str = "float32",
        rng: Any = 0,
        *,
        name: str = "lstm",
    ) -> None:
        super().__init__(_stacked(LSTMCell, inputs, hidden, layers, name, rng, forget_bias=forget_bias, dtype=dtype))


class GRU(Recurrent):
    """Gated recurrent units over time.

    Parameters
    ----------
    inputs, hidden : int
        Features of an input, and of an output.
    layers : int
        How many stand on each other.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Where the weights come from.
    name : str
        How the parameters are called.

    Notes
    -----
    ``outs, h = gru(inputs, state=None, lengths=None)``; see `plait.nn.Recurrent` and `plait.nn.GRUCell`.

    Examples
    --------
    >>> outs, h = plait.nn.GRU(3, 8, layers=2, rng=0)(plait.input("x", (None, 5, 3)))
    >>> outs.shape, h.shape
    ((None, 5, 8), (2, None, 8))
    """

    def __init__(self, inputs: int, hidden: int, layers: int = 1, dtype: str = "float32", rng: Any = 0, *, name: str = "gru") -> None:
        super().__init__(_stacked(GRUCell, inputs, hidden, layers, name, rng, dtype=dtype))


class RNN(Recurrent):
    """The plain recurrence over time.

    Parameters
    ----------
    inputs, hidden : int
        Features of an input, and of an output.
    layers : int
        How many stand on each other.
    activation : {"tanh", "relu"}
        The function behind the sum.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Where the weights come from.
    name : str
        How the parameters are called.

    Notes
    -----
    ``outs, h = rnn(inputs, state=None, lengths=None)``; see `plait.nn.Recurrent` and `plait.nn.RNNCell`.

    Examples
    --------
    >>> outs, h = plait.nn.RNN(3, 8, rng=0)([plait.input("x_0", (None, 3)), plait.input("x_1", (None, 3))])
    >>> [y.shape for y in outs], h.shape
    ([(None, 8), (None, 8)], (None, 8))
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        layers: int = 1,
        activation: str = "tanh",
        dtype: str = "float32",
        rng: Any = 0,
        *,
        name: str = "rnn",
    ) -> None:
        super().__init__(_stacked(RNNCell, inputs, hidden, layers, name, rng, activation=activation, dtype=dtype))

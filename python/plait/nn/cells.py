"""Recurrent cells: one step of time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import graph
from ..train.data import at_least_one
from .base import Layer, floating
from .initializers import Initializer, initialize

State = tuple[Any, ...]


class Cell(Layer):
    """One step of a recurrence: from an input and a state to an output and the next state.

    A cell is used at every step with the same parameters. Subclasses store these as attributes and define `step`; any such cell can be used
    in `plait.nn.Recurrent`.

    Parameters
    ----------
    inputs, hidden : int
        Features of an input, and of the output and of each part of the state.
    dtype : str
        "float32" or "float64".

    Examples
    --------
    >>> class Sum(plait.nn.Cell):
    ...     def step(self, x, state):
    ...         total = state[0] + x
    ...         return total, (total,)
    >>> layer = plait.nn.Recurrent([Sum(1, 1)])
    >>> outs, total = layer(plait.input("x", (None, 3, 1)))
    >>> plait.compile(outs)(x=[[[1], [2], [3]]]).ravel()
    array([1., 3., 6.], dtype=float32)
    """

    parts: tuple[str, ...] = ("h",)
    """Names of the nodes that make up the state."""

    def __init__(self, inputs: int, hidden: int, *, dtype: str = "float32") -> None:
        name = type(self).__name__
        self.inputs, self.hidden = at_least_one(f"{name}: inputs", inputs), at_least_one(f"{name}: hidden", hidden)
        self.dtype = floating(f"{name}: dtype", dtype)

    def initial_state(self) -> State:
        """The state before the first step.

        Returns
        -------
        tuple of Node
            Zeros of shape (1, hidden), which broadcast to any batch.
        """
        return tuple(graph.constant(np.zeros((1, self.hidden), self.dtype), name=f"{part}_0") for part in self.parts)

    def step(self, x: Any, state: State) -> tuple[Any, State]:
        """Nodes for one step of time.

        Parameters
        ----------
        x : Node
            Shape (batch, inputs).
        state : tuple of Node
            One for each name in `parts`.

        Returns
        -------
        tuple of Node and tuple
            The output, of shape (batch, hidden), and the next state.
        """
        raise NotImplementedError

    def step_dropped(self, x: Any, state: State, factors: Any) -> tuple[Any, State]:
        """`step` with recurrent dropout: the hidden state is masked in the computation of gates and candidate.

        Parameters
        ----------
        x : Node
            Shape (batch, inputs).
        state : tuple of Node
            One for each name in `parts`.
        factors : Node
            A dropout mask of shape (batch, hidden), with zeros and 1 / (1 - rate): a factor of the first part of the state.

        Returns
        -------
        tuple of Node and tuple
            The output, of shape (batch, hidden), and the next state.
        """
        return self.step(x, (state[0] * factors, *state[1:]))

    def __call__(self, x: Any, state: State | None = None, *, training: bool = False) -> tuple[Any, State]:  # noqa: ARG002 - the same in both
        """`step`, from the initial state unless one is given."""
        return self.step(x, self.initial_state() if state is None else state)


def initial(shape: tuple[int, ...], hidden: int, dtype: str, rng: np.random.Generator) -> NDArray[Any]:
    """PyTorch's initialisation: uniform between ±1/√hidden."""
    limit = 1.0 / np.sqrt(hidden)
    return rng.uniform(-limit, limit, shape).astype(dtype)


class GatedCell(Cell):
    """A cell whose gates are slices of one product: x @ weight_x + h @ weight_h + bias."""

    gates = 1

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        initializer: Initializer = None,
        recurrent_initializer: Initializer = None,
        dtype: str = "float32",
        rng: Any = None,
        name: str = "cell",
    ) -> None:
        super().__init__(inputs, hidden, dtype=dtype)
        generator = np.random.default_rng(rng)
        width = self.gates * self.hidden
        self.weight_x = graph.parameter(self._weight(self.inputs, initializer, generator), name=f"{name}.weight_x")
        self.weight_h = graph.parameter(self._weight(self.hidden, recurrent_initializer, generator), name=f"{name}.weight_h")
        self.bias = graph.parameter(initial((width,), hidden, self.dtype, generator), name=f"{name}.bias")

    def _weight(self, inputs: int, how: Initializer, generator: np.random.Generator) -> NDArray[Any]:
        """One matrix for all gates, each of which is initialised separately."""
        if how is None:
            return initial((inputs, self.gates * self.hidden), self.hidden, self.dtype, generator)
        return np.concatenate([initialize((inputs, self.hidden), how, dtype=self.dtype, rng=generator) for _ in range(self.gates)], axis=1)

    def _gate(self, product: Any, k: int) -> Any:
        """The columns of gate k."""
        return product[:, k * self.hidden : (k + 1) * self.hidden]


class LSTMCell(GatedCell):
    """Long short-term memory: input, forget, cell and output gates, in this order, from one product.

    Parameters
    ----------
    inputs, hidden : int
        Features of an input, and of the state's two parts h and c.
    forget_bias : float
        Added to the forget gate's initial bias: with 1 or 2, the cell state is kept until the network learns to forget.
    initializer, recurrent_initializer : str, number or callable, optional
        Initialisation of the weights of inputs and of h, for each gate (see `plait.nn.initialize`); as in PyTorch unless given.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Source of the initial weights.
    name : str
        Prefix of the parameters' names.

    Notes
    -----
    i, f, g, o = x @ weight_x + h @ weight_h + bias; c' = σ(f) c + σ(i) tanh(g); h' = σ(o) tanh(c').

    References
    ----------
    Hochreiter and Schmidhuber (1997), Long short-term memory; Gers, Schmidhuber and Cummins (2000), Learning to forget.

    Examples
    --------
    >>> [(p.name, p.shape) for p in plait.nn.LSTMCell(3, 5, rng=0).parameters()]
    [('lstm.weight_x', (3, 20)), ('lstm.weight_h', (5, 20)), ('lstm.bias', (20,))]
    """

    parts = ("h", "c")
    gates = 4

    def __init__(
        self,
        inputs: int,
        hidden: int,
        forget_bias: float = 0.0,
        *,
        initializer: Initializer = None,
        recurrent_initializer: Initializer = None,
        dtype: str = "float32",
        rng: Any = None,
        name: str = "lstm",
    ) -> None:
        super().__init__(
            inputs, hidden, initializer=initializer, recurrent_initializer=recurrent_initializer, dtype=dtype, rng=rng, name=name
        )
        if np.ndim(forget_bias) != 0 or np.asarray(forget_bias).dtype.kind not in "iuf" or not np.isfinite(forget_bias):
            raise ValueError(f"LSTMCell: forget_bias: expected a finite number, got {forget_bias!r}")
        bias = np.array(self.bias.value)
        bias[self.hidden : 2 * self.hidden] += forget_bias
        self.bias.value = bias

    def step(self, x: Any, state: State) -> tuple[Any, State]:
        """The next h, and (h, c)."""
        h, c = state
        product = x @ self.weight_x + h @ self.weight_h + self.bias
        i, f, g, o = (self._gate(product, k) for k in range(4))
        c = graph.sigmoid(f) * c + graph.sigmoid(i) * graph.tanh(g)
        h = graph.sigmoid(o) * graph.tanh(c)
        return h, (h, c)


class GRUCell(GatedCell):
    """Gated recurrent unit: reset and update gates and a candidate, in this order.

    Parameters
    ----------
    inputs, hidden : int
        Features of an input, and of the state h.
    initializer, recurrent_initializer : str, number or callable, optional
        Initialisation of the weights of inputs and of h, for each gate (see `plait.nn.initialize`); as in PyTorch unless given.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Source of the initial weights.
    name : str
        Prefix of the parameters' names.

    Notes
    -----
    With a = x @ weight_x + bias and b = h @ weight_h: r = σ(a_r + b_r); z = σ(a_z + b_z); n = tanh(a_n + r (b_n + bias_h));
    h' = (1 - z) n + z h. The reset gate multiplies the product, as in PyTorch and cuDNN, not the state as in the paper.

    References
    ----------
    Cho et al. (2014), Learning phrase representations using RNN encoder-decoder for statistical machine translation.

    Examples
    --------
    >>> [(p.name, p.shape) for p in plait.nn.GRUCell(3, 5, rng=0).parameters()]
    [('gru.weight_x', (3, 15)), ('gru.weight_h', (5, 15)), ('gru.bias', (15,)), ('gru.bias_h', (5,))]
    """

    gates = 3

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        initializer: Initializer = None,
        recurrent_initializer: Initializer = None,
        dtype: str = "float32",
        rng: Any = None,
        name: str = "gru",
    ) -> None:
        generator = np.random.default_rng(rng)
        super().__init__(
            inputs, hidden, initializer=initializer, recurrent_initializer=recurrent_initializer, dtype=dtype, rng=generator, name=name
        )
        self.bias_h = graph.parameter(initial((self.hidden,), hidden, self.dtype, generator), name=f"{name}.bias_h")

    def step(self, x: Any, state: State) -> tuple[Any, State]:
        """The next h, as output and as state."""
        return self._step(x, state[0], state[0])

    def step_dropped(self, x: Any, state: State, factors: Any) -> tuple[Any, State]:
        """`step` with recurrent dropout: h is masked in gates and candidate, but not in the convex combination."""
        return self._step(x, state[0], state[0] * factors)

    def _step(self, x: Any, h: Any, seen: Any) -> tuple[Any, State]:
        from_x = x @ self.weight_x + self.bias
        from_h = seen @ self.weight_h
        r, z = (graph.sigmoid(self._gate(from_x, k) + self._gate(from_h, k)) for k in range(2))
        n = graph.tanh(self._gate(from_x, 2) + r * (self._gate(from_h, 2) + self.bias_h))
        h = (1.0 - z) * n + z * h
        return h, (h,)


class RNNCell(GatedCell):
    """The simple (Elman) recurrence: h' = tanh(x @ weight_x + h @ weight_h + bias).

    Parameters
    ----------
    inputs, hidden : int
        Features of an input, and of the state h.
    activation : {"tanh", "relu"}
        The activation function.
    initializer, recurrent_initializer : str, number or callable, optional
        Initialisation of the weights of inputs and of h, for each gate (see `plait.nn.initialize`); as in PyTorch unless given.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Source of the initial weights.
    name : str
        Prefix of the parameters' names.

    References
    ----------
    Elman (1990), Finding structure in time.

    Examples
    --------
    >>> [(p.name, p.shape) for p in plait.nn.RNNCell(3, 5, rng=0).parameters()]
    [('rnn.weight_x', (3, 5)), ('rnn.weight_h', (5, 5)), ('rnn.bias', (5,))]
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        activation: str = "tanh",
        *,
        initializer: Initializer = None,
        recurrent_initializer: Initializer = None,
        dtype: str = "float32",
        rng: Any = None,
        name: str = "rnn",
    ) -> None:
        if activation not in {"tanh", "relu"}:
            raise ValueError(f"RNNCell: activation: expected 'tanh' or 'relu', got {activation!r}")
        super().__init__(
            inputs, hidden, initializer=initializer, recurrent_initializer=recurrent_initializer, dtype=dtype, rng=rng, name=name
        )
        self.activation = activation

    def step(self, x: Any, state: State) -> tuple[Any, State]:
        """The next h, as output and as state."""
        (h,) = state
        product = x @ self.weight_x + h @ self.weight_h + self.bias
        h = graph.tanh(product) if self.activation == "tanh" else graph.relu(product)
        return h, (h,)

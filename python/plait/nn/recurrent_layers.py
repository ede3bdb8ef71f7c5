"""Recurrent layers of the usual cells: LSTM, GRU, and the simple RNN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..train.data import at_least_one
from .cells import Cell, GRUCell, LSTMCell, RNNCell
from .initializers import Initializer
from .recurrent import Recurrent


class _Named(Recurrent):
    """A recurrent layer that makes its cells; all parameters are drawn from one random generator."""

    def __init__(
        self,
        make: Callable[..., Cell],
        inputs: int,
        hidden: int,
        layers: int,
        name: str,
        rng: Any,
        bidirectional: bool,
        dropout: float,
        recurrent_dropout: float,
        **options: Any,
    ) -> None:
        generator = np.random.default_rng(rng)
        count = at_least_one(f"{type(self).__name__}: layers", layers)
        width = 2 * hidden if bidirectional else hidden

        def cells(ending: str) -> list[Cell]:
            return [
                make(inputs if k == 0 else width, hidden, rng=generator, name=(name if count == 1 else f"{name}.{k}") + ending, **options)
                for k in range(count)
            ]

        super().__init__(cells(""), cells(".backward") if bidirectional else None, dropout=dropout, recurrent_dropout=recurrent_dropout)
        self._options = {"inputs": inputs, "hidden": hidden, "layers": layers, "name": f"{name}.backward", "rng": generator, **options}
        self._options |= {"dropout": dropout, "recurrent_dropout": recurrent_dropout}

    def _twin(self) -> Recurrent:
        """A layer with the same settings and its own parameters."""
        make: Callable[..., Recurrent] = type(self)
        return make(**self._options)


class LSTM(_Named):
    """Long short-term memory over time.

    Parameters
    ----------
    inputs, hidden : int
        Features of an input, and of an output.
    layers : int
        Number of stacked layers.
    forget_bias : float
        Added to the forget gates' initial bias.
    dropout : float
        Between layers, in training: the share of values that are dropped, with one mask for all steps.
    recurrent_dropout : float
        In training, the share of the hidden state h that is dropped, with one mask for all steps.
    bidirectional : bool
        Whether to add cells in the backward direction; outputs then have 2 hidden features.
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
    ``outs, (h, c) = lstm(inputs, state=None, lengths=None)``; see `plait.nn.Recurrent` for what may be given. The gates are in the order
    i, f, g, o in the columns of one product: see `plait.nn.LSTMCell`. In the graph, each weight is one node that every step uses, so its
    gradient is the sum over as many edges as there are steps.

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
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        bidirectional: bool = False,
        initializer: Initializer = None,
        recurrent_initializer: Initializer = None,
        name: str = "lstm",
    ) -> None:
        super().__init__(
            LSTMCell,
            inputs,
            hidden,
            layers,
            name,
            rng,
            bidirectional,
            dropout,
            recurrent_dropout,
            forget_bias=forget_bias,
            dtype=dtype,
            initializer=initializer,
            recurrent_initializer=recurrent_initializer,
        )


class GRU(_Named):
    """Gated recurrent units over time.

    Parameters
    ----------
    inputs, hidden : int
        Features of an input, and of an output.
    layers : int
        Number of stacked layers.
    dropout : float
        Between layers, in training: the share of values that are dropped, with one mask for all steps.
    recurrent_dropout : float
        In training, the share of the hidden state h that is dropped, with one mask for all steps.
    bidirectional : bool
        Whether to add cells in the backward direction; outputs then have 2 hidden features.
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
    ``outs, h = gru(inputs, state=None, lengths=None)``; see `plait.nn.Recurrent` and `plait.nn.GRUCell`.

    Examples
    --------
    >>> outs, h = plait.nn.GRU(3, 8, layers=2, rng=0)(plait.input("x", (None, 5, 3)))
    >>> outs.shape, h.shape
    ((None, 5, 8), (2, None, 8))
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        layers: int = 1,
        dtype: str = "float32",
        rng: Any = 0,
        *,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        bidirectional: bool = False,
        initializer: Initializer = None,
        recurrent_initializer: Initializer = None,
        name: str = "gru",
    ) -> None:
        super().__init__(
            GRUCell,
            inputs,
            hidden,
            layers,
            name,
            rng,
            bidirectional,
            dropout,
            recurrent_dropout,
            dtype=dtype,
            initializer=initializer,
            recurrent_initializer=recurrent_initializer,
        )


class RNN(_Named):
    """The simple (Elman) recurrent network over time.

    Parameters
    ----------
    inputs, hidden : int
        Features of an input, and of an output.
    layers : int
        Number of stacked layers.
    activation : {"tanh", "relu"}
        The activation function.
    dropout : float
        Between layers, in training: the share of values that are dropped, with one mask for all steps.
    recurrent_dropout : float
        In training, the share of the hidden state h that is dropped, with one mask for all steps.
    bidirectional : bool
        Whether to add cells in the backward direction; outputs then have 2 hidden features.
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
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        bidirectional: bool = False,
        initializer: Initializer = None,
        recurrent_initializer: Initializer = None,
        name: str = "rnn",
    ) -> None:
        super().__init__(
            RNNCell,
            inputs,
            hidden,
            layers,
            name,
            rng,
            bidirectional,
            dropout,
            recurrent_dropout,
            activation=activation,
            dtype=dtype,
            initializer=initializer,
            recurrent_initializer=recurrent_initializer,
        )

"""The layers that networks are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .. import graph
from ..train.data import at_least_one
from .base import Activation, Layer, activation_function, initial_weight, scope_of


class Dense(Layer):
    """A matrix product, a bias, and an activation: activation(x @ weight + bias).

    Parameters
    ----------
    inputs, outputs : int
        Sizes of the last axis before and after.
    activation : str or callable, optional
        A name ("relu", "tanh", …) or a function over nodes.
    bias : bool
        Whether there is one.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Where the weights come from; other ones each time unless given.
    name : str
        How the parameters are called in messages and pictures.

    Notes
    -----
    Weights begin uniform, after He et al. (2015) before rectifiers and after Glorot and Bengio (2010) otherwise; biases begin at zero.

    Examples
    --------
    >>> layer = plait.nn.Dense(3, 2, activation="tanh", rng=0)
    >>> layer(plait.input("x", (None, 3))).shape
    (None, 2)
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: Activation = None,
        bias: bool = True,
        *,
        dtype: str = "float32",
        rng: Any = None,
        name: str = "dense",
    ) -> None:
        inputs, outputs = at_least_one("Dense: inputs", inputs), at_least_one("Dense: outputs", outputs)
        activation_function(activation)
        self.activation = activation
        self.weight = graph.parameter(initial_weight(inputs, outputs, activation, dtype, np.random.default_rng(rng)), name=f"{name}.weight")
        self.bias = graph.parameter(np.zeros(outputs, dtype), name=f"{name}.bias") if bias else None

    def __call__(self, x: Any, *, training: bool = False) -> Any:  # noqa: ARG002 - the same in both
        """The result: activation(x @ weight + bias)."""
        with scope_of(self, self.weight):
            y = x @ self.weight
            if self.bias is not None:
                y = y + self.bias
            function = activation_function(self.activation)
            return y if function is None else function(y)


class Sequential(Layer):
    """Layers one after the other.

    Parameters
    ----------
    *layers : Layer or callable
        Layers, or functions over nodes such as ``plait.relu``.

    Examples
    --------
    >>> model = plait.nn.Sequential(plait.nn.Dense(2, 8, rng=0), plait.tanh, plait.nn.Dense(8, 1, rng=1))
    >>> len(model.parameters())
    4
    """

    def __init__(self, *layers: Layer | Callable[[Any], Any]) -> None:
        for layer in layers:
            if not callable(layer):
                raise TypeError(f"Sequential: expected layers or functions, got {layer!r}")
        self.layers = list(layers)

    def __call__(self, x: Any, *, training: bool = False) -> Any:
        """The last layer's result."""
        for layer in self.layers:
            x = layer(x, training=training) if isinstance(layer, Layer) else layer(x)
        return x


class MLP(Sequential):
    """Dense layers with an activation between them.

    Parameters
    ----------
    inputs : int
        Size of the last axis that goes in.
    hidden : sequence of int
        Sizes of the hidden layers.
    outputs : int
        Size of the last axis that comes out.
    activation : str or callable
        Behind each hidden layer.
    output_activation : str or callable, optional
        Behind the last one.
    dropout : float
        Share of hidden values that are dropped in training.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Where the weights come from.
    name : str
        How the parameters are called: "mlp.0.weight", …

    Examples
    --------
    >>> model = plait.nn.MLP(784, (256, 128), 10, activation="relu", rng=0)
    >>> sum(p.value.size for p in model.parameters())
    235146
    """

    def __init__(
        self,
        inputs: int,
        hidden: Sequence[int],
        outputs: int,
        activation: Activation = "relu",
        output_activation: Activation = None,
        *,
        dropout: float = 0.0,
        dtype: str = "float32",
        rng: Any = None,
        name: str = "mlp",
    ) -> None:
        generator = np.random.default_rng(rng)
        sizes = [inputs, *([hidden] if isinstance(hidden, (int, np.integer)) else hidden), outputs]
        layers: list[Layer] = []
        for i, (a, b) in enumerate(pairwise(sizes)):
            last = i == len(sizes) - 2
            layers.append(Dense(a, b, output_activation if last else activation, dtype=dtype, rng=generator, name=f"{name}.{i}"))
            if dropout and not last:
                layers.append(Dropout(dropout))
        super().__init__(*layers)


class Embedding(Layer):
    """A table of vectors, looked up by integers.

    Parameters
    ----------
    count : int
        Rows of the table.
    size : int
        Size of each vector.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Where the table comes from: standard normal numbers.
    name : str
        How the parameter is called.

    Examples
    --------
    >>> words = plait.input("words", (None, 7), dtype="int64")
    >>> plait.nn.Embedding(1000, 16, rng=0)(words).shape
    (None, 7, 16)
    """

    _integers = True

    def __init__(self, count: int, size: int, *, dtype: str = "float32", rng: Any = None, name: str = "embedding") -> None:
        shape = at_least_one("Embedding: count", count), at_least_one("Embedding: size", size)
        self.table = graph.parameter(np.random.default_rng(rng).standard_normal(shape).astype(dtype), name=f"{name}.table")

    def __call__(self, x: Any, *, training: bool = False) -> Any:  # noqa: ARG002 - the same in both
        """Row x[…] of the table in place of each integer."""
        return graph.take(self.table, x, axis=0)


class LayerNorm(Layer):
    """The last axis brought to mean 0 and variance 1, then scaled and shifted by learnt numbers.

    Parameters
    ----------
    size : int
        Size of the last axis.
    eps : float
        Added to the variance.
    dtype : str
        "float32" or "float64".
    name : str
        How the parameters are called.

    References
    ----------
    Ba, Kiros and Hinton (2016), Layer normalization.

    Examples
    --------
    >>> x = plait.input("x", (None, 4))
    >>> y = plait.compile([plait.nn.LayerNorm(4)(x)])(x=[[1.0, 2.0, 3.0, 4.0]])[0]
    >>> y.round(2)
    array([[-1.34, -0.45,  0.45,  1.34]], dtype=float32)
    """

    def __init__(self, size: int, eps: float = 1e-5, *, dtype: str = "float32", name: str = "layer_norm") -> None:
        size = at_least_one("LayerNorm: size", size)
        self.eps = float(eps)
        self.weight = graph.parameter(np.ones(size, dtype), name=f"{name}.weight")
        self.bias = graph.parameter(np.zeros(size, dtype), name=f"{name}.bias")

    def __call__(self, x: Any, *, training: bool = False) -> Any:  # noqa: ARG002 - the same in both
        """The result: weight · (x - mean) / √(variance + eps) + bias."""
        with scope_of(self, self.weight):
            centred = x - graph.mean(x, axis=-1, keepdims=True)
            variance = graph.mean(graph.square(centred), axis=-1, keepdims=True)
            return centred / graph.sqrt(variance + self.eps) * self.weight + self.bias


class Dropout(Layer):
    """In training, each value is dropped with one probability and the others are scaled up; otherwise nothing happens.

    Parameters
    ----------
    rate : float
        The probability, in [0, 1).

    References
    ----------
    Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting.

    Examples
    --------
    >>> x = plait.input("x", (None, 4))
    >>> layer = plait.nn.Dropout(0.5)
    >>> layer(x) is x, layer(x, training=True) is x
    (True, False)
    """

    def __init__(self, rate: float = 0.5) -> None:
        self.rate = float(rate)
        if not 0 <= self.rate < 1:
            raise ValueError(f"Dropout: rate: expected a probability in [0, 1), got {rate!r}")

    def __call__(self, x: Any, *, training: bool = False) -> Any:
        """`x`, with values dropped if the graph is for training."""
        return graph.dropout(x, self.rate) if training and self.rate else x

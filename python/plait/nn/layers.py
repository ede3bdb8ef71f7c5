"""Basic layers: dense, sequential, perceptron, embedding, layer normalisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .. import graph
from ..train.data import at_least_one
from .base import Activation, Layer, activation_function, initial_weight, scope_of
from .dropouts import Dropout
from .initializers import Initializer, initialize


class Dense(Layer):
    """A matrix product, a bias, and an activation: activation(x @ weight + bias).

    Parameters
    ----------
    inputs, outputs : int
        Sizes of the last axis before and after.
    activation : str or callable, optional
        A name ("relu", "tanh", …) or a function over nodes.
    bias : bool
        Whether to add a bias.
    initializer : str, number or callable, optional
        Initialisation of the weights: "he_normal", "orthogonal", … (see `plait.nn.initialize`); by the activation unless given.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Source of the initial weights; different for each layer unless given.
    name : str
        Prefix of the parameters' names.

    Notes
    -----
    By default, weights are initialised uniformly, by He et al. (2015) before rectifiers and by Glorot and Bengio (2010) otherwise; biases
    are initialised with zeros.

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
        initializer: Initializer = None,
        dtype: str = "float32",
        rng: Any = None,
        name: str = "dense",
    ) -> None:
        inputs, outputs = at_least_one("Dense: inputs", inputs), at_least_one("Dense: outputs", outputs)
        activation_function(activation)
        self.activation = activation
        generator = np.random.default_rng(rng)
        if initializer is None:
            weight = initial_weight(inputs, outputs, activation, dtype, generator)
        else:
            weight = initialize((inputs, outputs), initializer, dtype=dtype, rng=generator)
        self.weight = graph.parameter(weight, name=f"{name}.weight")
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
        Layers, or functions over nodes such as ``plait.relu``. Of recurrent layers the outputs are passed on, without the state.

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
            if isinstance(layer, Layer) and layer._with_state:
                x = x[0]
        return x


class MLP(Sequential):
    """Dense layers with an activation between them.

    Parameters
    ----------
    inputs : int
        Size of the input's last axis.
    hidden : sequence of int
        Sizes of the hidden layers.
    outputs : int
        Size of the output's last axis.
    activation : str or callable
        Activation after each hidden layer.
    output_activation : str or callable, optional
        Activation after the last one.
    dropout : float
        Share of hidden values that are dropped in training.
    initializer : str, number or callable, optional
        Initialisation of the weights of all layers (see `plait.nn.initialize`); by the activation unless given.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Source of the initial weights.
    name : str
        Prefix of the parameters' names: "mlp.0.weight", …

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
        initializer: Initializer = None,
        dtype: str = "float32",
        rng: Any = None,
        name: str = "mlp",
    ) -> None:
        generator = np.random.default_rng(rng)
        sizes = [inputs, *([hidden] if isinstance(hidden, (int, np.integer)) else hidden), outputs]
        layers: list[Layer] = []
        for i, (a, b) in enumerate(pairwise(sizes)):
            last = i == len(sizes) - 2
            behind = output_activation if last else activation
            layers.append(Dense(a, b, behind, initializer=initializer, dtype=dtype, rng=generator, name=f"{name}.{i}"))
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
    padding : int, optional
        The integer used as padding of sequences: its row is zero and is not trained.
    initializer : str, number or callable, optional
        Initialisation of the table (see `plait.nn.initialize`): standard normal unless given.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Source of the initial table.
    name : str
        Prefix of the parameter's name.

    Examples
    --------
    >>> words = plait.input("words", (None, 7), dtype="int64")
    >>> plait.nn.Embedding(1000, 16, rng=0)(words).shape
    (None, 7, 16)
    """

    _integers = True

    def __init__(
        self,
        count: int,
        size: int,
        *,
        padding: int | None = None,
        initializer: Initializer = None,
        dtype: str = "float32",
        rng: Any = None,
        name: str = "embedding",
    ) -> None:
        shape = at_least_one("Embedding: count", count), at_least_one("Embedding: size", size)
        generator = np.random.default_rng(rng)
        if initializer is None:
            table = generator.standard_normal(shape).astype(dtype)
        else:
            table = initialize(shape, initializer, dtype=dtype, rng=generator)
        if padding is not None and (
            not isinstance(padding, (int, np.integer)) or isinstance(padding, bool) or not -count <= padding < count
        ):
            raise ValueError(f"Embedding: padding: expected an integer that is looked up, of {-count} to {count - 1}, got {padding!r}")
        self.padding = None if padding is None else int(padding) % count
        if self.padding is not None:
            table[self.padding] = 0
        self.table = graph.parameter(table, name=f"{name}.table")

    def __call__(self, x: Any, *, training: bool = False) -> Any:  # noqa: ARG002 - the same in both
        """Row x[…] of the table in place of each integer; zeros where it is `padding`."""
        rows = graph.take(self.table, x, axis=0)
        if self.padding is None:
            return rows
        # The row can also be indexed by its negative number.
        ended = graph.logical_or(graph.equal(x, self.padding), graph.equal(x, self.padding - len(self.table.value)))
        return graph.where(graph.expand_dims(ended, -1), 0.0, rows)


class LayerNorm(Layer):
    """Layer normalisation: the last axis is normalised to mean 0 and variance 1, then scaled and shifted by learned parameters.

    Parameters
    ----------
    size : int
        Size of the last axis.
    eps : float
        Added to the variance.
    dtype : str
        "float32" or "float64".
    name : str
        Prefix of the parameters' names.

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

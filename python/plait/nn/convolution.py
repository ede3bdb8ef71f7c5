"""Convolution along time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import graph
from ..train.data import at_least_one
from ._windows import borders, require_sequence, taps
from .base import Activation, Layer, activation_function, floating, initial_name, scope_of
from .initializers import Initializer, initialize


class Conv1d(Layer):
    """A convolution along time with bias and activation.

    Parameters
    ----------
    inputs, outputs : int
        Channels before and after: sizes of the last axis.
    kernel : int
        Size of the kernel, in steps.
    activation : str or callable, optional
        A name ("relu", "tanh", …) or a function over nodes.
    stride : int
        Steps between neighbouring windows.
    dilation : int
        Distance of the taps of the kernel, in steps.
    padding : {"valid", "same", "causal"}
        "valid": windows lie within the sequence. "causal": (kernel - 1) dilation zeros before it, so that an output depends on no later
        input. "same": as many zeros, half of them before it. With a stride of 1 the last two keep the number of steps.
    groups : int
        Number of separate groups of channels; as many as `inputs` is a depthwise convolution.
    bias : bool
        Whether to add a bias.
    initializer : str, number or callable, optional
        Initialisation of the weights (see `plait.nn.initialize`); by the activation unless given.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Source of the initial weights; different for each layer unless given.
    name : str
        Prefix of the parameters' names.

    Notes
    -----
    Nodes of shape (batch, time, inputs) become (batch, places, outputs), with (steps + padding - (kernel - 1) dilation - 1) // stride + 1 places.
    The weight has the shape (kernel, inputs / groups, outputs), as in Keras; as in all libraries it is not reversed (cross-correlation).
    The windows are views, multiplied by the weights in one product (im2col). The number of steps may be known only at run time.

    Examples
    --------
    >>> layer = plait.nn.Conv1d(3, 8, 5, dilation=2, padding="causal", rng=0)
    >>> layer(plait.input("x", (None, 100, 3))).shape
    (None, 100, 8)
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        activation: Activation = None,
        *,
        stride: int = 1,
        dilation: int = 1,
        padding: str = "valid",
        groups: int = 1,
        bias: bool = True,
        initializer: Initializer = None,
        dtype: str = "float32",
        rng: Any = None,
        name: str = "conv1d",
    ) -> None:
        self.inputs, self.outputs = at_least_one("Conv1d: inputs", inputs), at_least_one("Conv1d: outputs", outputs)
        self.kernel, self.stride = at_least_one("Conv1d: kernel", kernel), at_least_one("Conv1d: stride", stride)
        self.dilation, self.groups = at_least_one("Conv1d: dilation", dilation), at_least_one("Conv1d: groups", groups)
        if self.inputs % self.groups or self.outputs % self.groups:
            raise ValueError(f"Conv1d: groups: {groups} does not divide {inputs} inputs and {outputs} outputs")
        borders("Conv1d", padding, self.kernel, self.dilation)
        self.padding = padding
        activation_function(activation)
        self.activation = activation
        dtype = floating("Conv1d: dtype", dtype)
        shape = (self.kernel, self.inputs // self.groups, self.outputs)
        how = initial_name(activation) if initializer is None else initializer
        self.weight = graph.parameter(initialize(shape, how, dtype=dtype, rng=rng), name=f"{name}.weight")
        self.bias = graph.parameter(np.zeros(self.outputs, dtype), name=f"{name}.bias") if bias else None

    def __call__(self, x: Any, *, training: bool = False) -> Any:  # noqa: ARG002 - the same in both
        """The result: activation(windows @ weight + bias)."""
        require_sequence("Conv1d", x, self.inputs)
        with scope_of(self, self.weight):
            before, after = borders("Conv1d", self.padding, self.kernel, self.dilation)
            if before or after:
                x = graph.pad(x, ((0, 0), (before, after), (0, 0)))
            views = taps("Conv1d", x, self.kernel, self.stride, self.dilation)
            y = self._each_channel(views) if self.groups == self.inputs == self.outputs else self._products(views)
            if self.bias is not None:
                y = y + self.bias
            function = activation_function(self.activation)
            return y if function is None else function(y)

    def _products(self, views: list[Any]) -> Any:
        """Concatenated windows times the weights, for each group."""
        size, outputs = self.inputs // self.groups, self.outputs // self.groups
        made = []
        for k in range(self.groups):
            parts = views if self.groups == 1 else [view[:, :, k * size : (k + 1) * size] for view in views]
            weight = self.weight if self.groups == 1 else self.weight[:, :, k * outputs : (k + 1) * outputs]
            rows = parts[0] if len(parts) == 1 else graph.concatenate(parts, axis=2)
            made.append(rows @ graph.reshape(weight, (self.kernel * size, outputs)))
        return made[0] if len(made) == 1 else graph.concatenate(made, axis=2)

    def _each_channel(self, views: list[Any]) -> Any:
        """A depthwise convolution, without matrix products."""
        y = views[0] * self.weight[0, 0]
        for j in range(1, self.kernel):
            y = y + views[j] * self.weight[j, 0]
        return y

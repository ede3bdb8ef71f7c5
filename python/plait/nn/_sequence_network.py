"""The network of `SequenceRegressor`: recurrent layers and a head, as nodes."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import graph
from ..train.data import at_least_one
from ._built import LayerEstimator
from ._carrying import recurrent, top
from ._distributions import Distribution, Point, distribution_of
from ._instance_norm import window_units
from .base import Activation, floating
from .layers import Dense

if TYPE_CHECKING:
    from ..graph import Node

# Standardisation: x is (value - shift) / scale, for features, known future features, and targets; intervals have a calibration factor for
# each coverage.
UNITS = ("shift", "scale", "future_shift", "future_scale", "centre", "spread", "widening")
# Coverages at which intervals are calibrated on held-out data; linear interpolation between them.
COVERAGES = np.arange(1, 100) / 100


class Units:
    """The parameters of the standardisation: saved with the weights, but not trained."""

    def __init__(self, shapes: dict[str, Any]) -> None:
        self.nodes: dict[str, Node] = {
            key: graph.parameter(np.full(size, 1.0 if key in {"scale", "future_scale", "spread", "widening"} else 0.0), name=f"units.{key}")
            for key, size in shapes.items()
        }


class SequenceNetwork(LayerEstimator):
    """Recurrent layers with a dense head: at every step, or after the last one for all steps of a horizon."""

    features: int | None
    hidden: int
    outputs: int | None
    layers: int
    cell: str
    activation: Activation
    horizon: int | None
    future: int
    bidirectional: bool
    instance_norm: Any
    distribution: Any
    levels: Any
    forget_bias: float
    dtype: str
    recurrent = property(attrgetter("recurrent_"), doc="The recurrent layers.")
    head = property(attrgetter("head_"), doc="The dense layer on them.")
    mixing = property(attrgetter("mixing_"), doc="The layer that joins their state and what is known ahead, before the head.")
    units = property(attrgetter("units_"), doc="How values are standardised.")
    distribution_: Distribution

    def _asked(self, *sizes: int) -> tuple[Any, ...]:
        """The sizes and settings that determine the network's shape."""
        settings = (self.hidden, self.layers, self.cell, self.activation, self.horizon, self.future, self.forget_bias, self.dtype)
        return (
            *sizes,
            *settings,
            self.bidirectional,
            self.instance_norm,
            self.distribution if self._names_points() else repr(self.distribution),
            tuple(self.levels),
        )

    def _names_points(self) -> bool:
        return self.distribution is None or isinstance(self.distribution, str)

    def _build(self, *sizes: int, generator: np.random.Generator) -> None:
        """A new network."""
        name = type(self).__name__
        floating(f"{name}: dtype", self.dtype)
        features, outputs = at_least_one(f"{name}: features", sizes[0]), at_least_one(f"{name}: outputs", sizes[1])
        horizon = None if self.horizon is None else at_least_one(f"{name}: horizon", self.horizon)
        known = 0 if self.future == 0 else at_least_one(f"{name}: future", self.future)
        if known and horizon is None:
            raise ValueError(f"{name}: future={known}: known future features need horizon=, the steps that they are known for")
        self.distribution_ = distribution_of(self.distribution, self.levels)
        if self.activation is not None and not isinstance(self.distribution_, Point):
            raise ValueError(f"{name}: activation={self.activation!r} goes with points, not with distribution={self.distribution!r}")
        self.recurrent_ = recurrent(
            self.cell, features + known, self.hidden, self.layers, self.forget_bias, self.dtype, generator, name, self.bidirectional
        )
        width = self.recurrent_.outputs
        if known and horizon is not None:
            self.mixing_ = Dense(width + horizon * known, width, "tanh", dtype=self.dtype, rng=generator, name="mixing")
        elif "mixing_" in vars(self):
            del self.mixing_
        values = outputs * self.distribution_.parts * (horizon or 1)
        self.head_ = Dense(width, values, self.activation, dtype=self.dtype, rng=generator, name="head")
        of_units = (features, features, known, known, outputs, outputs, (len(COVERAGES), outputs))
        shapes: dict[str, Any] = dict(zip(UNITS, of_units, strict=True))
        if self.bidirectional:
            shapes["ends"] = 1
        self.units_ = Units(shapes)
        if horizon is not None and self.instance_norm:
            # The size of a typical step; 0 until `fit` finds that the series are the targets.
            self.units_.nodes["step"] = graph.parameter(np.zeros(outputs, self.dtype), name="units.step")

    @property
    def inputs(self) -> int:
        """Features of a step, without those known ahead."""
        return int(self.built_for_[0])

    @property
    def targets(self) -> int:
        """Number of predicted values of a step."""
        return int(self.built_for_[1])

    def _saved(self) -> list[tuple[Node, str]]:
        """The parameters, and those of the standardisation, which are not trained."""
        return [*self._placed(), *((node, f"units.{key}") for key, node in self.units.nodes.items())]

    # ---- nodes ----

    def __call__(self, inputs: Any, state: Any = None, lengths: Any = None, *, unroll: bool | None = None, training: bool = False) -> Any:
        """Outputs at every step and the state after the last one; with a horizon, the outputs of the steps after it and the state."""
        if self.horizon is not None:
            inputs, moved = self._in_own_units(inputs, lengths)
            _, state = self.recurrent(inputs, state, lengths, unroll=unroll, training=training)
            return self.distribution_.point(moved(self._decoded(state, None))), state
        outs, state = self._said(inputs, state, lengths, unroll=unroll, training=training)
        point = self.distribution_.point
        return ([point(y) for y in outs] if isinstance(outs, list) else point(outs)), state

    def free(self, last: Any, state: Any, steps: int) -> tuple[list[Any], Any]:
        """Nodes for autoregressive steps: the input of each is the previous output.

        Parameters
        ----------
        last : Node
            The previous output, shape (batch, outputs).
        state : Node or tuple of Node
            The state after it.
        steps : int
            Number of steps.

        Returns
        -------
        tuple of list of Node, and state
            The outputs, and the state after the last one.
        """
        self._require_forward("free")
        outs = []
        for _ in range(steps):
            (last,), state = self([last], state)
            outs.append(last)
        return outs, state

    def _require_forward(self, what: str) -> None:
        if self.bidirectional:
            raise ValueError(f"{what}: with bidirectional=True outputs need the steps behind them, too; set horizon= to forecast")

    def _said(self, inputs: Any, state: Any = None, lengths: Any = None, *, unroll: bool | None = None, training: bool = False) -> Any:
        """The distributions' parameters at every step, and the state after the last one."""
        outs, state = self.recurrent(inputs, state, lengths, unroll=unroll, training=training)
        return ([self.head(h) for h in outs] if isinstance(outs, list) else self.head(outs)), state

    def _top(self, state: Any) -> Any:
        """The last layer's output after the last step, and that of the backward direction after the first one."""
        return top(self.recurrent, state)

    def _decoded(self, state: Any, known: Any) -> Any:
        """The distributions' parameters for the steps of the horizon, shape (batch, horizon, …)."""
        seen = self._top(state)
        horizon = int(self.horizon or 1)
        if self.future:
            if known is None:
                raise graph.GraphError(f"{type(self).__name__}: with future={self.future}, nodes for the known future features are needed")
            flat = graph.reshape(known, (-1, horizon * int(self.future)))
            seen = self.mixing(graph.concatenate([seen, flat], axis=1))
        return graph.reshape(self.head(seen), (-1, horizon, self.targets * self.distribution_.parts))

    def _ahead_of(self, inputs: Any, known: Any, *, training: bool = False, unroll: bool | None = None) -> Any:
        """The same for whole windows."""
        inputs, moved = self._in_own_units(inputs)
        _, state = self.recurrent(inputs, unroll=unroll, training=training)
        return moved(self._decoded(state, known))

    def _in_own_units(self, inputs: Any, lengths: Any = None) -> tuple[Any, Callable[[Any], Any]]:
        """Windows with forecast columns normalised by level and scale (RevIN), and the inverse transform of forecasts."""
        step = self.units.nodes.get("step")
        if step is None:
            return inputs, lambda prediction: prediction
        many = isinstance(inputs, list)
        x = graph.concatenate([graph.expand_dims(part, 1) for part in inputs], axis=1) if many else inputs
        own = x[:, :, : self.targets]
        level, scale = window_units(own, step, lengths)
        parts = [(own - level) / scale] + ([x[:, :, self.targets :]] if self.inputs + self.future > self.targets else [])
        x = graph.concatenate(parts, axis=2) if len(parts) > 1 else parts[0]
        return [x[:, k] for k in range(len(inputs))] if many else x, lambda prediction: self.distribution_.moved(prediction, level, scale)

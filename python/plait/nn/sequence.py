"""A recurrent network that predicts sequences and goes on with them by itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph, losses
from ..optim import Adam, Cosine, Optimizer
from ..optim.base import optimizer_of
from ..train import History, Progress, predict, train
from ..train.data import at_least_one
from . import ragged
from .base import Activation, Layer, floating
from .layers import Dense
from .recurrent import Recurrent
from .recurrent_layers import GRU, LSTM, RNN

Array = NDArray[Any]
KINDS: Mapping[str, Callable[..., Recurrent]] = {"lstm": LSTM, "gru": GRU, "rnn": RNN}


def recurrent(
    cell: str, inputs: int, hidden: int, layers: int, forget_bias: float, dtype: str, rng: np.random.Generator, what: str
) -> Recurrent:
    """The recurrent layer of a name."""
    if cell not in KINDS:
        raise ValueError(f"{what}: cell: expected one of {', '.join(map(repr, KINDS))}, got {cell!r}")
    options: dict[str, Any] = {"forget_bias": forget_bias} if cell == "lstm" else {}
    return KINDS[cell](
        at_least_one(f"{what}: inputs", inputs), at_least_one(f"{what}: hidden", hidden), layers, dtype=dtype, rng=rng, **options
    )


class Carrying(Optimizer):
    """An update rule that also takes the state at a batch's end along to the next batch.

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


class SequenceRegressor(Layer):
    """A recurrent network with a dense head at every step: learns to predict sequences, and generates them.

    Parameters
    ----------
    inputs, hidden, outputs : int
        Features of a step that goes in, of the recurrent layers, and of a step that comes out.
    layers : int
        Recurrent layers.
    cell : {"lstm", "gru", "rnn"}
        Their kind.
    activation : str or callable, optional
        Of the head: "tanh" for values between -1 and 1; unless given, none.
    forget_bias : float
        Of LSTM cells, at the beginning.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Where the weights come from.

    Notes
    -----
    Called on nodes it gives ``(outputs, state)`` as the recurrent layer does. Values of about -1 to 1 are learnt best; scale others.

    Examples
    --------
    >>> t = 0.3 * np.arange(200)
    >>> model = plait.nn.SequenceRegressor(1, hidden=16, outputs=1, rng=0)
    >>> history = model.fit(np.sin(t), window=20, epochs=30)
    >>> model.predict(np.sin(t)).shape
    (200, 1)
    >>> model.generate(np.sin(t[:20]), steps=50).shape
    (50, 1)
    """

    def __init__(
        self,
        inputs: int,
        hidden: int = 32,
        outputs: int = 1,
        layers: int = 1,
        cell: str = "lstm",
        activation: Activation = None,
        *,
        forget_bias: float = 0.0,
        dtype: str = "float32",
        rng: Any = 0,
    ) -> None:
        generator = np.random.default_rng(rng)
        self.dtype = floating("SequenceRegressor: dtype", dtype)
        self.inputs, self.outputs = at_least_one("SequenceRegressor: inputs", inputs), at_least_one("SequenceRegressor: outputs", outputs)
        self.recurrent = recurrent(cell, inputs, hidden, layers, forget_bias, dtype, generator, "SequenceRegressor")
        self.head = Dense(hidden, outputs, activation, dtype=dtype, rng=generator, name="head")

    # ---- nodes ----

    def __call__(self, inputs: Any, state: Any = None, lengths: Any = None, *, unroll: bool | None = None, training: bool = False) -> Any:
        """Outputs at every step, and the state after the last one."""
        outs, state = self.recurrent(inputs, state, lengths, unroll=unroll, training=training)
        return ([self.head(h) for h in outs] if isinstance(outs, list) else self.head(outs)), state

    def free(self, last: Any, state: Any, steps: int) -> tuple[list[Any], Any]:
        """Nodes for steps that each take the output before as input.

        Parameters
        ----------
        last : Node
            The output before, shape (batch, outputs).
        state : Node or tuple of Node
            The state after it.
        steps : int
            How many.

        Returns
        -------
        tuple of list of Node, and state
            The outputs, and the state after the last one.
        """
        outs = []
        for _ in range(steps):
            (last,), state = self([last], state)
            outs.append(last)
        return outs, state

    # ---- training ----

    def fit(
        self,
        series: Any,
        targets: Any = None,
        *,
        window: int | None = None,
        ahead: int = 0,
        tbptt: int | None = None,
        epochs: int = 100,
        batch_size: int = 32,
        optimizer: Optimizer | None = None,
        rng: Any = 0,
        progress: bool | Callable[[Progress], Any] = False,
        callbacks: Any = (),
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
    ) -> History:
        """Train on series whose next values shall be predicted, or on sequences with targets.

        Parameters
        ----------
        series : array_like of shape (time, inputs) or (n, time, inputs), or list of arrays of shape (time, inputs)
            One series or several, of any lengths.
        targets : optional
            A target for every step (shaped as the series, with `outputs` features), or one for each sequence's end (shape (n, outputs)).
            Unless given, the target of a step is the series' next value.
        window : int, optional
            Train on all stretches of so many steps, each begun with an empty state; None: on whole sequences. Not with `targets`.
        ahead : int
            With `window`: behind it, the network goes on for so many steps by its own outputs, and is trained to be right there, too.
        tbptt : int, optional
            Truncated back-propagation through time: each sequence is gone through in stretches of so many steps, the state is carried from
            one to the next, gradients are not. All sequences are one batch; `batch_size` does not matter.
        epochs, batch_size, optimizer, rng, progress, callbacks, checkpoint, resume
            As `plait.train` takes them; Adam with a rate that falls from 1e-2 to 1e-4 along a cosine unless an optimiser is given.

        Returns
        -------
        History
            Its losses are squared errors, averaged over features and true steps; what fills up shorter sequences does not count.

        Raises
        ------
        ValueError
            If a series is shorter than the window and what follows it, or holds NaN, or shapes do not fit.
        """
        epochs, batch_size = at_least_one("fit: epochs", epochs), at_least_one("fit: batch_size", batch_size)
        carried: dict[Any, Any] = {}
        if window is not None:
            loss, data = self._windowed(series, targets, window, ahead, tbptt)
        elif ahead:
            raise ValueError("fit: ahead= needs window=")
        else:
            xs, ts = self._pairs(series, targets)
            loss, data, carried = self._whole(xs, ts) if tbptt is None else self._stretches(xs, ts, at_least_one("fit: tbptt", tbptt))
        rows = len(next(iter(data.values())))
        if carried:
            batch_size = next(iter(carried)).shape[-2]
        rule = Adam(Cosine(1e-2, epochs * -(-rows // batch_size), final=1e-4), clip_norm=1.0) if optimizer is None else optimizer
        return train(
            loss,
            data,
            self.parameters(),
            Carrying(rule, carried) if carried else rule,
            epochs=epochs,
            batch_size=batch_size,
            shuffle=not carried,
            rng=rng,
            progress=progress,
            callbacks=callbacks,
            checkpoint=checkpoint,
            resume=resume,
        )

    def _pairs(self, series: Any, targets: Any) -> tuple[list[Array], list[Array] | Array]:
        """Sequences, and their targets: one array for each step's, one row of an array for each sequence's end."""
        xs = ragged.sequences(series, self.inputs, self.dtype, "fit: series")
        if targets is None:
            self._require_closed("fit: without targets")
            if min(map(len, xs)) < 2:
                raise ValueError("fit: a series of one step has no next value to predict")
            return [x[:-1] for x in xs], [x[1:] for x in xs]
        ends = _ends(targets, xs, self.outputs)
        if ends is not None:
            if not np.isfinite(ends).all():
                raise ValueError("fit: targets: NaN or infinity")
            return xs, np.ascontiguousarray(ends, self.dtype)
        ts = ragged.sequences(targets, self.outputs, self.dtype, "fit: targets")
        if len(ts) != len(xs):
            raise graph.ShapeError(f"fit: {len(xs)} sequences and {len(ts)} targets")
        for k, (x, t) in enumerate(zip(xs, ts, strict=True)):
            if len(x) != len(t):
                raise graph.ShapeError(f"fit: series[{k}] has {len(x)} steps and targets[{k}] has {len(t)}")
        return xs, ts

    def _windowed(self, series: Any, targets: Any, window: int, ahead: int, tbptt: int | None) -> tuple[Any, dict[Any, Array]]:
        if targets is not None or tbptt is not None:
            raise ValueError("fit: window= goes with series alone, without targets= and tbptt=")
        self._require_closed("fit: window=")
        window = at_least_one("fit: window", window)
        ahead = 0 if isinstance(ahead, int) and ahead == 0 else at_least_one("fit: ahead", ahead)
        rows = ragged.windows(ragged.sequences(series, self.inputs, self.dtype, "fit: series"), window + ahead + 1, "fit")
        x = graph.input("x", (None, window, self.inputs), self.dtype)
        t = graph.input("t", (None, window + ahead, self.outputs), self.dtype)
        outs, state = self(x, training=True)
        if ahead:
            more, _ = self.free(outs[:, window - 1], state, ahead)
            outs = graph.concatenate([outs, graph.stack(more, axis=1)], axis=1)
        return losses.mse(outs, t), {x: np.ascontiguousarray(rows[:, :window]), t: np.ascontiguousarray(rows[:, 1:])}

    def _whole(self, xs: list[Array], ts: list[Array] | Array) -> tuple[Any, dict[Any, Array], dict[Any, Any]]:
        rows, lengths = ragged.padded(xs)
        time = rows.shape[1]
        x = graph.input("x", (None, time, self.inputs), self.dtype)
        n = graph.input("lengths", (None,), "int64")
        alike = bool((lengths == time).all())
        outs, state = self(x, lengths=None if alike else n, training=True)
        data: dict[Any, Array] = {x: rows}
        if isinstance(ts, list):
            t = graph.input("t", (None, time, self.outputs), self.dtype)
            data[t] = ragged.padded(ts)[0]
            loss = losses.mse(outs, t) if alike else self._masked(outs, t, n, time)
        else:
            t = graph.input("t", (None, self.outputs), self.dtype)
            data[t] = ts
            h = _parts(state)[0]
            loss = losses.mse(self.head(h if self.recurrent.layers == 1 else h[-1]), t)
        if not alike:
            data[n] = lengths
        return loss, data, {}

    def _stretches(self, xs: list[Array], ts: list[Array] | Array, steps: int) -> tuple[Any, dict[Any, Array], dict[Any, Any]]:
        """Row k · n + i is stretch k of sequence i: batches of n rows follow each other in time."""
        if not isinstance(ts, list):
            raise ValueError("fit: tbptt= needs a target for every step")
        count, n = -(-max(map(len, xs)) // steps), len(xs)
        lengths = np.clip(np.array([len(x) for x in xs]) - steps * np.arange(count)[:, None], 0, steps).reshape(-1)

        def cut(parts: list[Array]) -> Array:
            whole = ragged.padded(parts, count * steps)[0]
            return np.ascontiguousarray(whole.reshape(n, count, steps, -1).swapaxes(0, 1)).reshape(count * n, steps, -1)

        x = graph.input("x", (n, steps, self.inputs), self.dtype)
        t = graph.input("t", (n, steps, self.outputs), self.dtype)
        m = graph.input("lengths", (n,), "int64")
        first = graph.input("first", (n,), "bool")  # the state begins anew with each epoch
        zeros = _parts(self.recurrent.initial_state(n))
        carried = tuple(graph.parameter(value, name=f"carried_{k}") for k, value in enumerate(zeros))
        state = tuple(graph.where(graph.expand_dims(first, 1), 0.0, part) for part in carried)
        alike = bool((lengths == steps).all())
        outs, end = self(x, state if len(state) > 1 else state[0], None if alike else m, training=True)
        data: dict[Any, Array] = {x: cut(xs), t: cut(ts), first: np.arange(count * n) < n}
        if not alike:
            data[m] = lengths.astype("int64")
        loss = losses.mse(outs, t) if alike else self._masked(outs, t, m, steps)
        return loss, data, dict(zip(carried, _parts(end), strict=True))

    def _masked(self, outs: Any, t: Any, lengths: Any, time: int) -> Any:
        """The squared error of true steps."""
        valid = graph.expand_dims(graph.constant(np.arange(time)) < graph.expand_dims(lengths, 1), 2)
        total = graph.sum(graph.where(valid, graph.square(outs - t), 0.0))
        return total / graph.cast(graph.maximum(graph.sum(lengths), 1) * self.outputs, self.dtype)

    def _require_closed(self, what: str) -> None:
        if self.inputs != self.outputs:
            raise graph.ShapeError(
                f"{what}: outputs are the next inputs, but this model has {self.inputs} inputs and {self.outputs} outputs"
            )

    # ---- arrays ----

    def predict(self, series: Any) -> Any:
        """Outputs at every step, each from the true values up to it.

        Parameters
        ----------
        series : array_like of shape (time, inputs) or (n, time, inputs), or list of arrays of shape (time, inputs)
            One sequence or several.

        Returns
        -------
        ndarray or list of ndarray
            With `outputs` features where the series has `inputs`, in the same structure.
        """
        xs, form = ragged.taken_apart(series, self.inputs, self.dtype, "predict: series")
        rows, lengths = ragged.padded(xs)
        program = self.__dict__.get("_predictor")
        if program is None:
            x = graph.input("x", (None, None, self.inputs), self.dtype)
            program = self.__dict__["_predictor"] = _core.BatchProgram([self(x, unroll=False)[0]])
        outs = predict(program, {"x": rows})[0]
        if form == "list":
            return [out[:length] for out, length in zip(outs, lengths, strict=True)]
        return outs[0] if form == "one" else outs

    def generate(self, seed_values: Any, steps: int = 100) -> Array:
        """Go on from some true values: each output is the next input.

        Parameters
        ----------
        seed_values : array_like, shape (time, inputs) or (n, time, inputs), or list of arrays of shape (time, inputs)
            What has come so far; several sequences of one length go on side by side.
        steps : int
            How many values to make.

        Returns
        -------
        ndarray, shape (steps, outputs) or (n, steps, outputs)
            What comes next.

        Notes
        -----
        The state is carried from step to step: O(hidden²) for each, however many came before, in one program that is compiled once.
        """
        self._require_closed("generate")
        steps = at_least_one("generate: steps", steps)
        seeds, form = ragged.taken_apart(seed_values, self.inputs, self.dtype, "generate: seed_values")
        if len({len(seed) for seed in seeds}) > 1:
            raise graph.ShapeError("generate: seed_values: sequences of one length are expected")
        program = self.__dict__.get("_generator")
        if program is None:
            program = self.__dict__["_generator"] = graph.compile(list(self._going_on()))
        first, more = program(seed=np.stack(seeds), steps=np.zeros(steps - 1, "bool"))
        made = np.concatenate([first[:, None], more], axis=1)
        return made[0] if form == "one" else made

    def _going_on(self) -> tuple[Any, Any]:
        """Nodes for the output after the seed, and for those that follow, as many as `steps` is long."""

        def step(carried: tuple[Any, Any], _: Any) -> tuple[tuple[Any, Any], Any]:
            (y,), state = self([carried[0]], carried[1])
            return (y, state), y

        outs, state = self(graph.input("seed", (None, None, self.inputs), self.dtype), unroll=False)
        first = outs[:, -1]
        return first, graph.scan(step, (first, state), graph.input("steps", (None,), "bool"))[1].swapaxes(0, 1)


def _ends(targets: Any, xs: list[Array], outputs: int) -> Array | None:
    """The targets as one row for each sequence's end, if that is what they are."""
    if len(xs) == 1 == len(xs[0]):
        return None  # the end is the only step
    rows: list[Any] = list(targets) if isinstance(targets, (list, tuple, np.ndarray)) else []
    try:
        array = np.asarray([np.asarray(row, "float64") for row in rows])
    except (TypeError, ValueError):  # of different shapes, or no numbers: said where they are taken as sequences
        return None
    return array.reshape(len(xs), outputs) if array.shape == (len(xs), outputs) or (outputs == 1 and array.shape == (len(xs),)) else None


def _parts(state: Any) -> tuple[Any, ...]:
    """A state as a tuple also where it has one part."""
    return state if isinstance(state, tuple) else (state,)

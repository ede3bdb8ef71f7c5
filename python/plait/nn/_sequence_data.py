"""Training tasks of recurrent networks: whole sequences, segments (truncated BPTT), windows, or windows with a horizon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import graph
from . import ragged

if TYPE_CHECKING:
    from ._sequence_network import SequenceNetwork

Array = NDArray[Any]


@dataclass
class Task:
    """A loss as a function of the training flag, its data, and the state passed between batches."""

    loss: Callable[[bool], Any]
    data: dict[str, Array]
    carried: dict[Any, Any] = field(default_factory=dict)


def mean(losses: Any, weights: Any = None) -> Any:
    """The mean of losses of shape (batch, …, outputs), each row or step with its weight."""
    if weights is None:
        return losses.mean()
    each = losses.mean(axis=-1)
    while each.ndim > weights.ndim:
        each = each.mean(axis=-1)
    total = graph.sum(weights)
    return graph.sum(weights * each) / graph.where(total > 0.0, total, 1.0)


def whole(model: SequenceNetwork, xs: list[Array], ts: list[Array] | Array, ws: list[Array] | None) -> Task:
    """Whole sequences, from a zero state, with a target for every step or one for each sequence's end."""
    rows, lengths = ragged.padded(xs)
    time = rows.shape[1]
    alike, every = bool((lengths == time).all()), isinstance(ts, list)
    data: dict[str, Array] = {"X": rows, "y": ragged.padded(ts)[0] if isinstance(ts, list) else ts}
    if not alike:
        data["lengths"] = lengths
    if ws is not None:
        data["sample_weight"] = ragged.padded([w[:, None] for w in ws])[0][:, :, 0] if every else np.array([w[-1] for w in ws], model.dtype)

    def loss(training: bool) -> Any:
        x = graph.input("X", (None, time, rows.shape[2]), model.dtype)
        n = None if alike else graph.input("lengths", (None,), "int64")
        outs, state = model._said(x, lengths=n, training=training)
        if not every:
            t = graph.input("y", (None, data["y"].shape[-1]), model.dtype)
            w = None if ws is None else graph.input("sample_weight", (None,), model.dtype)
            return mean(model.distribution_.losses(model.head(model._top(state)), t), w)
        t = graph.input("y", (None, time, data["y"].shape[-1]), model.dtype)
        w = None if ws is None else graph.input("sample_weight", (None, time), model.dtype)
        each = model.distribution_.losses(outs, t)
        return mean(each, w) if alike or ws is not None else true_steps(each, n, time)

    return Task(loss, data)


def true_steps(losses: Any, lengths: Any, time: int) -> Any:
    """The mean over the steps of the sequences, without padding."""
    valid = graph.expand_dims(graph.constant(np.arange(time)) < graph.expand_dims(lengths, 1), 2)
    total = graph.sum(graph.where(valid, losses, 0.0))
    return total / graph.cast(graph.maximum(graph.sum(lengths), 1) * losses.shape[-1], losses.dtype)


def stretches(model: SequenceNetwork, xs: list[Array], ts: list[Array] | Array, steps: int) -> Task:
    """Row k · n + i is segment k of sequence i: batches of n rows are consecutive in time."""
    if not isinstance(ts, list):
        raise ValueError("fit: tbptt= needs a target for every step")
    count, n = -(-max(map(len, xs)) // steps), len(xs)
    lengths = np.clip(np.array([len(x) for x in xs]) - steps * np.arange(count)[:, None], 0, steps).reshape(-1)

    def cut(parts: list[Array]) -> Array:
        rows = ragged.padded(parts, count * steps)[0]
        return np.ascontiguousarray(rows.reshape(n, count, steps, -1).swapaxes(0, 1)).reshape(count * n, steps, -1)

    x = graph.input("X", (n, steps, xs[0].shape[1]), model.dtype)
    t = graph.input("y", (n, steps, ts[0].shape[1]), model.dtype)
    m = graph.input("lengths", (n,), "int64")
    first = graph.input("first", (n,), "bool")  # the state is reset at the start of each epoch
    zeros = state_parts(model.recurrent.initial_state(n))
    carried = tuple(graph.parameter(value, name=f"carried_{k}") for k, value in enumerate(zeros))
    state = tuple(graph.where(graph.expand_dims(first, 1), 0.0, part) for part in carried)
    alike = bool((lengths == steps).all())
    outs, end = model._said(x, state if len(state) > 1 else state[0], None if alike else m, training=True)
    data: dict[str, Array] = {"X": cut(xs), "y": cut(ts), "first": np.arange(count * n) < n}
    if not alike:
        data["lengths"] = lengths.astype("int64")
    each = model.distribution_.losses(outs, t)
    loss = each.mean() if alike else true_steps(each, m, steps)
    return Task(lambda _: loss, data, dict(zip(carried, state_parts(end), strict=True)))


def windowed(model: SequenceNetwork, xs: list[Array], ts: list[Array], window: int, ahead: int, ws: list[Array] | None) -> Task:
    """All windows of `window` steps with their targets, and those of `ahead` more steps generated from the network's outputs."""
    data: dict[str, Array] = {
        "X": np.ascontiguousarray(ragged.windows(xs, window + ahead, "fit")[:, :window]),
        "y": ragged.windows(ts, window + ahead, "fit"),
    }
    features, outputs = data["X"].shape[2], data["y"].shape[2]
    if ws is not None:
        data["sample_weight"] = ragged.windows([w[:, None] for w in ws], window + ahead, "fit")[:, :, 0].mean(axis=1)

    def loss(training: bool) -> Any:
        x = graph.input("X", (None, window, features), model.dtype)
        t = graph.input("y", (None, window + ahead, outputs), model.dtype)
        outs, state = model._said(x, training=training)
        each = model.distribution_.losses(outs, t[:, :window])
        if ahead:
            predictions = []
            last = outs[:, window - 1]
            for _ in range(ahead):
                (last,), state = model._said([model.distribution_.point(last)], state, training=training)
                predictions.append(graph.expand_dims(last, 1))
            each = graph.concatenate([each, model.distribution_.losses(graph.concatenate(predictions, axis=1), t[:, window:])], axis=1)
        return mean(each, None if ws is None else graph.input("sample_weight", (None,), model.dtype))

    return Task(loss, data)


def origins(xs: Sequence[Array], window: int, horizon: int) -> list[Array]:
    """For each series the last steps of windows that have `horizon` steps after them."""
    return [np.arange(window - 1, max(len(x) - horizon, window - 1)) for x in xs]


def gathered(parts: Sequence[Array], at: Sequence[Array], begin: int, end: int) -> Array:
    """Steps t + begin to t + end - 1 for each origin t of each series: (n, end - begin, features)."""
    found = [
        np.lib.stride_tricks.sliding_window_view(part, end - begin, axis=0)[t + begin].swapaxes(1, 2)
        for part, t in zip(parts, at, strict=True)
        if len(t)
    ]
    return np.ascontiguousarray(np.concatenate(found))


def direct(
    model: SequenceNetwork,
    xs: list[Array],
    ts: list[Array],
    known: list[Array] | None,
    ws: list[Array] | None,
    at: list[Array],
    window: int,
) -> Task:
    """Windows that end at the steps `at`, and the targets of the horizon after each."""
    horizon = int(model.horizon or 1)
    data: dict[str, Array] = {"X": gathered(xs, at, 1 - window, 1), "y": gathered(ts, at, 1, 1 + horizon)}
    if known is not None:
        data["future"] = gathered(known, at, 1, 1 + horizon)
    if ws is not None:
        data["sample_weight"] = gathered([w[:, None] for w in ws], at, 1, 1 + horizon)[:, :, 0].mean(axis=1).astype(model.dtype)
    shapes = {key: value.shape[1:] for key, value in data.items()}

    def loss(training: bool) -> Any:
        inputs = {key: graph.input(key, (None, *shape), model.dtype) for key, shape in shapes.items()}
        prediction = model._ahead_of(inputs["X"], inputs.get("future"), training=training)
        return mean(model.distribution_.losses(prediction, inputs["y"]), inputs.get("sample_weight"))

    return Task(loss, data)


def state_parts(state: Any) -> tuple[Any, ...]:
    """A state as a tuple, also with a single part."""
    return state if isinstance(state, tuple) else (state,)

"""Recurrent layers sequence by sequence and step by step in NumPy: the plainest possible twins of plait.nn.LSTM, GRU and RNN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
State = tuple[Array, ...]
Step = Callable[[list[Array], Array, State], State]  # the output is the state's first part


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def lstm_step(p: list[Array], x: Array, state: State) -> State:
    h, c = state
    i, f, g, o = np.split(x @ p[0] + h @ p[1] + p[2], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_step(p: list[Array], x: Array, state: State) -> State:
    (h,) = state
    x_r, x_z, x_n = np.split(x @ p[0] + p[2], 3)
    h_r, h_z, h_n = np.split(h @ p[1], 3)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * (h_n + p[3]))
    return ((1 - z) * n + z * h,)


def rnn_step(p: list[Array], x: Array, state: State) -> State:
    return (np.tanh(x @ p[0] + state[0] @ p[1] + p[2]),)


STEPS: dict[str, tuple[Step, int, int]] = {"LSTM": (lstm_step, 2, 3), "GRU": (gru_step, 1, 4), "RNN": (rnn_step, 1, 3)}


def recurrent(
    kind: str, parameters: list[Array], x: Array, lengths: Array | None = None, states: list[State] | None = None
) -> tuple[Array, list[State]]:
    """(outputs, the state of each layer): x of shape (batch, time, features); each part of a state of shape (batch, hidden)."""
    step, parts, count = STEPS[kind]
    layers = [parameters[k : k + count] for k in range(0, len(parameters), count)]
    batch, time = x.shape[:2]
    ended = []
    for k, p in enumerate(layers):
        hidden = p[1].shape[0]
        outs = np.zeros((batch, time, hidden), x.dtype)
        last = [np.zeros((batch, hidden), x.dtype) for _ in range(parts)]
        for b in range(batch):
            state: State = (
                tuple(np.zeros(hidden, x.dtype) for _ in range(parts)) if states is None else tuple(part[b] for part in states[k])
            )
            for t in range(time if lengths is None else lengths[b]):
                state = step(p, x[b, t], state)
                outs[b, t] = state[0]
            for part, value in zip(last, state, strict=True):
                part[b] = value
        x = outs
        ended.append(tuple(last))
    return x, ended

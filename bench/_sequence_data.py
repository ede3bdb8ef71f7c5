"""The workloads of the sequence bench: the same sines and the same initial weights for every contestant.

An LSTM of one input predicts a sine's next value at every step: gates i, f, g, o from one product [x, h]·W of shape (1 + hidden, 4 · hidden),
a head tanh(h·V + v), mean squared error over all steps, plain gradient descent with rate 0.01.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Configuration = tuple[int, int, int]  # hidden, steps, batch

CONFIGURATIONS: list[Configuration] = [
    (32, 5, 1),
    (32, 50, 1),
    (32, 5, 32),
    (32, 50, 32),
    (128, 5, 1),
    (128, 50, 1),
    (128, 5, 32),
    (128, 50, 32),
]
RATE = 0.01
CHECK_STEPS = 20
GENERATED = 1000  # steps of one piece of work in the generation bench
GENERATING_HIDDEN = 32


@dataclass
class Data:
    x: Array  # (batch, steps, 1)
    t: Array
    w: Array  # (1 + hidden, 4 · hidden), columns in the order i, f, g, o
    b: Array
    head: Array  # (hidden, 1)
    head_bias: Array


def name(configuration: Configuration) -> str:
    return "×".join(map(str, configuration))


NAMED = {name(configuration): configuration for configuration in CONFIGURATIONS}


def data(configuration: Configuration) -> Data:
    hidden, steps, batch = configuration
    rng = np.random.default_rng([6, *configuration])
    angles = 0.3 * np.arange(steps + 1) + rng.uniform(0, 2 * np.pi, (batch, 1))
    wave = np.sin(angles).astype(np.float32)[:, :, None]
    limit = 1 / np.sqrt(hidden)
    weights = [
        rng.uniform(-limit, limit, shape).astype(np.float32) for shape in ((1 + hidden, 4 * hidden), (4 * hidden,), (hidden, 1), (1,))
    ]
    return Data(np.ascontiguousarray(wave[:, :-1]), np.ascontiguousarray(wave[:, 1:]), *weights)


def flops(configuration: Configuration) -> float:
    """Of the products of a step: the gates and the head forward, and twice as many on the way back."""
    hidden, steps, batch = configuration
    return 3.0 * 2 * steps * batch * ((1 + hidden) * 4 * hidden + hidden)

"""Shared by the tests of exported C: compiling a file and calling it, and models."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait.graph.structure import flatten

STRICT = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-Wstrict-prototypes", "-Wshadow")
COMPILER = shutil.which("gcc") or shutil.which("cc")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler here")


def compiled(source: Path, *flags: str) -> ctypes.CDLL:
    """The file as a library, warnings being errors."""
    library = source.with_suffix(".so")
    assert COMPILER is not None
    command = [COMPILER, *STRICT, *(flags or ("-O0",)), "-shared", "-fPIC", str(source), "-o", str(library), "-lm"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:3000]
    return ctypes.CDLL(str(library))


class CModel:
    """A program in C beside the program itself."""

    def __init__(self, program: plait.Program, folder: Path, feeds: dict[str, Any], *flags: str, name: str = "model") -> None:
        self.program = program
        self.inputs = [np.array(feeds[node.name], dtype=node.dtype, order="C") for node in program.inputs]
        shapes = {node: array.shape for node, array in zip(program.inputs, self.inputs, strict=True)}
        self.written = program.to_c(folder, name, shapes)
        self.library = compiled(self.written.source, *flags)
        self.name = name
        self.run_c = getattr(self.library, name + "_run")
        self.run_c.restype = None

    def expected(self) -> list[np.ndarray]:
        """One run of the program."""
        return flatten(self.program(dict(zip(self.program.inputs, self.inputs, strict=True))), lambda part: isinstance(part, np.ndarray))[0]

    def found(self, like: list[np.ndarray]) -> list[np.ndarray]:
        """One run in C, into memory that holds something else."""
        outputs = [np.full(max(a.size, 1), 77).astype(a.dtype) for a in like]
        self.run_c(*[ctypes.c_void_p(a.ctypes.data) for a in [*self.inputs, *outputs]])
        return [o[: a.size].reshape(a.shape) for o, a in zip(outputs, like, strict=True)]

    def check(self, runs: int = 1, rtol: float = 1e-5) -> None:
        """Every run agrees, relative to the largest number of each output."""
        for _ in range(runs):
            expected = self.expected()
            for found, wanted in zip(self.found(expected), expected, strict=True):
                scale = np.nanmax(np.abs(np.where(np.isfinite(wanted), wanted, 0)), initial=0) if wanted.dtype.kind == "f" else 0
                np.testing.assert_allclose(found, wanted, rtol=rtol, atol=rtol * scale)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def mlp() -> tuple[plait.Program, dict[str, Any]]:
    x = plait.input("x", (None, 30))
    model = plait.nn.MLP(30, (24, 12), 5, rng=1)
    return plait.compile(plait.softmax(model(x))), {"x": rng().normal(size=(9, 30))}


def encoder() -> tuple[plait.Program, dict[str, Any]]:
    vae = plait.nn.VAE(20, (16, 12), 4, rng=1)
    x = plait.input("x", (None, 20))
    mean, log_variance = vae.encoded(x)
    return plait.compile({"mean": mean, "log_variance": log_variance}), {"x": rng().random(size=(5, 20))}


def decoder() -> tuple[plait.Program, dict[str, Any]]:
    vae = plait.nn.VAE(20, (16, 12), 4, rng=1)
    z = plait.input("z", (None, 4))
    return plait.compile(vae.decoded(z)), {"z": rng().normal(size=(5, 4))}


def recurrent(kind: str, unroll: bool | None, steps: int = 7) -> tuple[plait.Program, dict[str, Any]]:
    layer = {"lstm": plait.nn.LSTM, "gru": plait.nn.GRU, "rnn": plait.nn.RNN}[kind](3, 8, layers=2, rng=2)
    head = plait.nn.Dense(8, 2, rng=3)
    x = plait.input("x", (None, steps, 3))
    outputs, state = layer(x, unroll=unroll)
    return plait.compile([head(outputs), state]), {"x": rng().normal(size=(4, steps, 3))}


def custom() -> tuple[plait.Program, dict[str, Any]]:
    """A graph of many kinds: integers, booleans, indices, a loop backwards, gradients."""
    x = plait.input("x", (6, 4), dtype="float64")
    labels = plait.input("labels", (6,), dtype="int64")
    table = plait.parameter(rng(3).normal(size=(5, 4)), name="table")
    looked_up = plait.take(table, labels, 0)
    hidden = plait.tanh(x * looked_up) + plait.where(x > 0, x, 0.1 * x)
    state, rows = plait.scan(lambda h, r: (0.5 * h + r, plait.sin(h)), plait.constant(np.zeros(4)), hidden)
    loss = plait.losses.cross_entropy_with_logits(rows + hidden, labels % 4) + plait.square(state).sum()
    return plait.compile(
        {"loss": loss, "table": plait.gradient(loss, table), "x": plait.gradient(loss, x), "signs": plait.cast(x > 0, "int32").sum(0)}
    ), {"x": rng().normal(size=(6, 4)), "labels": np.array([0, 3, 1, 4, 2, 2])}


def both_ways(unroll: bool) -> tuple[plait.Program, dict[str, Any]]:
    """Recurrent layers in both directions, over sequences of different lengths."""
    words = plait.input("words", (None, 7), dtype="int64")
    vectors = plait.nn.Embedding(6, 3, padding=0, rng=1)(words)
    lengths = plait.cast(plait.not_equal(words, 0), "int64").sum(1)
    first, _ = plait.nn.LSTM(3, 4, layers=2, bidirectional=True, rng=2)(vectors, lengths=lengths, unroll=unroll)
    second, state = plait.nn.Bidirectional(plait.nn.GRU(8, 3, rng=3), merge="mean")(first, lengths=lengths, unroll=unroll)
    return plait.compile([second, state]), {"words": np.array([[1, 2, 3, 4, 5, 1, 2], [3, 0, 0, 0, 0, 0, 0], [5, 5, 1, 4, 0, 0, 0]])}


def convolutions(steps: int | None = 20) -> tuple[plait.Program, dict[str, Any]]:
    """Convolutions of all kinds, with pooling, and the slopes of their weights."""
    nn = plait.nn
    model = nn.Sequential(
        nn.Conv1d(3, 8, 3, "relu", padding="causal", rng=1), nn.Conv1d(8, 8, 3, "tanh", dilation=2, padding="causal", rng=2),
        nn.MaxPool1d(2), nn.Conv1d(8, 4, 2, groups=2, stride=2, rng=3), nn.Conv1d(4, 4, 2, padding="same", groups=4, rng=4),
        nn.AveragePool1d(2, 1, padding="same"), nn.GlobalAveragePool1d(),
    )  # fmt: skip
    x = plait.input("x", (None, steps, 3))
    y = model(x)
    gradients = plait.gradient(plait.square(y).sum(), model.parameters()) if steps is not None else []
    return plait.compile([y, *gradients]), {"x": rng().normal(size=(2, 20, 3))}


MODELS = {
    "convolutions": convolutions,
    "both ways": lambda: both_ways(False),
    "both ways unrolled": lambda: both_ways(True),
    "mlp": mlp,
    "vae encoder": encoder,
    "vae decoder": decoder,
    "lstm": lambda: recurrent("lstm", False),
    "lstm unrolled": lambda: recurrent("lstm", True),
    "gru": lambda: recurrent("gru", False),
    "gru unrolled": lambda: recurrent("gru", True),
    "rnn": lambda: recurrent("rnn", False),
    "custom": custom,
}

"""Models in C: equal to the program, without warnings or undefined behaviour, within the stated memory."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export.c_models import COMPILER, MODELS, STRICT, CModel, needs_compiler, rng

import plait

pytestmark = needs_compiler


@pytest.mark.parametrize("name", MODELS)
def test_a_model_in_c_is_the_program(name: str, tmp_path: Path) -> None:
    program, feeds = MODELS[name]()
    CModel(program, tmp_path, feeds).check()


def lstm_training(steps: int = 5) -> tuple[plait.Program, dict[str, Any]]:
    layer = plait.nn.LSTM(2, 6, rng=2)
    head = plait.nn.Dense(6, 1, rng=3)
    x, y = plait.input("x", (4, steps, 2)), plait.input("y", (4, 1))
    outputs, _ = layer(x, unroll=False)
    loss = plait.losses.mse(head(outputs[:, -1]), y)
    optimizer = plait.optim.Adam(1e-2, clip_norm=1.0)
    parameters = [*layer.parameters(), *head.parameters()]
    program = plait.compile(loss, updates=optimizer.updates(loss, parameters))
    return program, {"x": rng().normal(size=(4, steps, 2)), "y": rng(1).normal(size=(4, 1))}


def vae_training() -> tuple[plait.Program, dict[str, Any]]:
    vae = plait.nn.VAE(12, (8,), 3, rng=1)
    x = plait.input("x", (6, 12))
    loss = -vae.bound(x, training=True).mean()
    program = plait.compile(loss, updates=plait.optim.Adam(1e-2).updates(loss, vae.parameters()), rng=7)
    return program, {"x": rng().random(size=(6, 12))}


@pytest.mark.parametrize("model", [lstm_training, vae_training])
def test_training_steps_run_in_c(model: Any, tmp_path: Path) -> None:
    """Ten steps, the random numbers of a VAE among them; then from the beginning again."""
    program, feeds = model()
    trained = CModel(program, tmp_path, feeds)
    trained.check(runs=10, rtol=3e-5)
    again = trained.found([np.zeros((), np.float32)])[0]
    trained.library.model_init()
    first = trained.found([np.zeros((), np.float32)])[0]
    assert again < first
    fresh, _ = model()
    np.testing.assert_allclose(first, fresh(feeds), rtol=1e-5)


MAIN = """
#include <stdio.h>
#include "model.h"
static float a[{n}], b[{n}];
int main(void) {{
  int i;
  for (i = 0; i < {n}; ++i) a[i] = (float)(i % 7) - 3;
  for (i = 0; i < 3; ++i) {call};
  printf("%.6g\\n", (double)b[0]);
  return 0;
}}
"""


@pytest.mark.parametrize("model", [lambda: MODELS["lstm"](), lstm_training, vae_training])
def test_sanitizers_find_nothing(model: Any, tmp_path: Path) -> None:
    program, feeds = model()
    shapes = {node: np.shape(feeds[node.name]) for node in program.inputs}
    written = program.to_c(tmp_path, shapes=shapes)
    arguments = ["a + 64 * " + str(k) for k in range(len(written.inputs))] + ["b + 256 * " + str(k) for k in range(len(written.outputs))]
    (tmp_path / "main.c").write_text(MAIN.format(n=4096, call=f"model_run({', '.join(arguments)})"))
    command = [
        COMPILER,
        *STRICT,
        "-O0",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
        "main.c",
        "model.c",
        "-o",
        "main",
        "-lm",
    ]
    subprocess.run(command, cwd=tmp_path, check=True)
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    result = subprocess.run([str(tmp_path / "main")], cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stderr
    assert np.isfinite(float(result.stdout))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="looks for instructions of x86-64")
@pytest.mark.parametrize("activation", ["elu", "gelu"])
def test_updates_and_losses_are_vectorised(activation: str, tmp_path: Path) -> None:
    """Adam's square root takes many numbers at a time, and the losses call nothing of libm."""
    net = plait.nn.MLP(8, (64,), 8, activation=activation, rng=0)
    x = plait.input("x", (4, 8))
    loss = plait.losses.binary_cross_entropy_with_logits(net(x), plait.constant(np.full((4, 8), 0.3, "float32")))
    plait.compile([loss], updates=plait.optim.Adam(1e-3).updates(loss, net.parameters())).to_c(tmp_path)
    assert COMPILER is not None
    command = [COMPILER, "-std=c99", "-O3", "-mavx2", "-mfma", "-S", "model.c", "-o", "model.s"]
    subprocess.run(command, cwd=tmp_path, check=True)
    text = (tmp_path / "model.s").read_text()
    assert "sqrtps" in text
    assert not re.search(r"call.*(expm1|log1p|sqrt|exp|erf)", text)

"""Random graphs, many in one file: fusion, sharing and in-place computation give the same results in C and in ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from export.c_models import CModel, needs_compiler, rng
from graph.test_random_graphs import BINARY, UNARY, build

import plait


def programs(dtype: str, seed: int, count: int) -> tuple[plait.Program, dict[str, np.ndarray]]:
    """Some graphs with losses and gradients, on inputs of their own and on shared ones."""
    random = rng(seed)
    outputs: list[plait.Node] = []
    feeds: dict[str, np.ndarray] = {}
    for g in range(count):
        recipe = [
            (int(a), int(b), int(c), int(d)) for a, b, c, d in random.integers(0, [2, 101, 101, 101], (int(random.integers(3, 16)), 4))
        ]
        (x, y), nodes = build(recipe, dtype, 3, f"x{g}")
        loss = (nodes[-1] * 0.3).sum() + plait.tanh(nodes[len(nodes) // 2]).mean()
        outputs += [nodes[-1], nodes[len(nodes) // 2], loss, *plait.gradient(loss, [x, y])]
        y.name = f"y{g}"
        feeds |= {x.name: random.uniform(-1, 1, (3, 4)).astype(dtype), y.name: random.uniform(-1, 1, (3, 4)).astype(dtype)}
    assert len(UNARY) + len(BINARY) > 30
    program = plait.compile(outputs)
    return program, {node.name: feeds[node.name] for node in program.inputs}


@needs_compiler
@pytest.mark.parametrize(("dtype", "seed", "flags"), [("float32", 0, "-O2"), ("float64", 1, "-O1"), ("float32", 2, "-O0")])
def test_random_graphs_in_c(dtype: str, seed: int, flags: str, tmp_path: Path) -> None:
    program, feeds = programs(dtype, seed, 25)
    CModel(program, tmp_path, feeds, flags).check(runs=2, rtol=1e-5 if dtype == "float32" else 1e-11)


@pytest.mark.peer
@pytest.mark.parametrize(("dtype", "seed"), [("float32", 3), ("float64", 4)])
def test_random_graphs_in_onnx(dtype: str, seed: int, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    ort = pytest.importorskip("onnxruntime")
    program, feeds = programs(dtype, seed, 40)
    program.to_onnx(tmp_path / "m.onnx")
    found = ort.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"]).run(None, feeds)
    expected = program(feeds)
    read = plait.from_onnx(tmp_path / "m.onnx")  # an input of which only the shape was asked for is no input of it
    again = list(read({node.name: feeds[node.name] for node in read.inputs}).values())
    rtol = 2e-5 if dtype == "float32" else 1e-6  # onnxruntime has erf in single precision only
    for values in (found, again):
        for a, b in zip(values, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * max(1.0, float(np.abs(b).max())))

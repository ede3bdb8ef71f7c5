"""Convolutions, pooling and padding in ONNX files of other libraries: equal to onnxruntime, with known or symbolic sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.peer

rng = np.random.default_rng(0)


def written(
    path: Path, op: str, shape: tuple[int, ...], weights: list[Any], open_axes: tuple[int, ...], opset: int, attributes: Any
) -> None:
    """A file of one node."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    sizes = [f"n{k}" if k in open_axes else n for k, n in enumerate(shape)]
    named = [onnx.numpy_helper.from_array(np.asarray(w), f"w{k}") for k, w in enumerate(weights) if w is not None]
    node = helper.make_node(op, ["x", *("" if w is None else f"w{k}" for k, w in enumerate(weights))], ["y"], **attributes)
    inputs, outputs = [helper.make_tensor_value_info("x", kind, sizes)], [helper.make_tensor_value_info("y", kind, [None] * len(shape))]
    graph = helper.make_graph([node], "g", inputs, outputs, named)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), str(path))


def compare(
    path: Path, op: str, shape: tuple[int, ...], weights: list[Any], open_axes: tuple[int, ...] = (), opset: int = 18, **attributes: Any
) -> None:
    """plait equals onnxruntime, at this size and at larger ones along symbolic axes."""
    written(path, op, shape, weights, open_axes, opset, attributes)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    program = plait.from_onnx(path)
    for more in (0, 1, 2, 5) if open_axes else (0,):
        fed = rng.normal(size=[n + more if k in open_axes else n for k, n in enumerate(shape)]).astype("float32")
        (wanted,) = session.run(None, {"x": fed})
        found = program(x=fed)["y"]
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def w(*shape: int) -> np.ndarray:
    return rng.normal(size=shape).astype("float32")


CONVOLUTIONS = {
    "plain": ((2, 3, 20), [w(5, 3, 3), w(5)], {}),
    "stride, dilation, pads": ((2, 3, 20), [w(5, 3, 4)], {"strides": [3], "dilations": [2], "pads": [4, 1]}),
    "groups": ((2, 4, 20), [w(8, 2, 3), w(8)], {"group": 2}),
    "a channel a group": ((2, 4, 20), [w(4, 1, 5), w(4)], {"group": 4, "pads": [2, 2]}),
    "several outputs of a channel": ((2, 4, 20), [w(8, 1, 5)], {"group": 4}),
    "two axes": ((2, 3, 9, 8), [w(6, 3, 3, 2), w(6)], {"strides": [2, 1], "pads": [1, 0, 1, 1], "dilations": [1, 2]}),
    "three axes": ((1, 2, 4, 5, 6), [w(3, 2, 2, 2, 2)], {}),
    "same, upper": ((2, 3, 20), [w(5, 3, 4)], {"auto_pad": "SAME_UPPER"}),
    "same, lower": ((2, 3, 20), [w(5, 3, 4)], {"auto_pad": "SAME_LOWER"}),
    "valid": ((2, 3, 20), [w(5, 3, 4)], {"auto_pad": "VALID"}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("unknown", [False, True])
def test_convolutions(name: str, unknown: bool, tmp_path: Path) -> None:
    shape, weights, attributes = CONVOLUTIONS[name]
    compare(tmp_path / "m.onnx", "Conv", shape, weights, (0, *range(2, len(shape))) if unknown else (), **attributes)


@pytest.mark.parametrize(
    ("shape", "weights", "attributes"),
    [
        ((2, 3, 8), [w(3, 4, 3), w(4)], {"strides": [2]}),
        ((2, 3, 8), [w(3, 4, 3)], {"pads": [1, 2]}),
        ((2, 4, 8), [w(4, 3, 5), w(6)], {"strides": [3], "dilations": [2], "pads": [2, 2], "output_padding": [1], "group": 2}),
        ((2, 3, 5, 4), [w(3, 2, 3, 4)], {"strides": [2, 1], "pads": [1, 1, 1, 1]}),
    ],
)
def test_transposed_convolutions(shape: Any, weights: Any, attributes: Any, tmp_path: Path) -> None:
    compare(tmp_path / "m.onnx", "ConvTranspose", shape, weights, (0,), **attributes)


@pytest.mark.parametrize(
    ("op", "shape", "attributes"),
    [
        ("MaxPool", (2, 3, 20), {"kernel_shape": [3], "strides": [2], "pads": [1, 1]}),
        ("MaxPool", (2, 3, 9, 8), {"kernel_shape": [2, 3], "strides": [2, 2], "dilations": [2, 1]}),
        ("MaxPool", (2, 3, 20), {"kernel_shape": [3], "strides": [2], "ceil_mode": 1}),
        ("AveragePool", (2, 3, 20), {"kernel_shape": [3], "strides": [2], "pads": [1, 1]}),
        ("AveragePool", (2, 3, 20), {"kernel_shape": [3], "strides": [2], "pads": [1, 1], "count_include_pad": 1}),
        ("GlobalAveragePool", (2, 3, 9, 8), {}),
        ("GlobalMaxPool", (2, 3, 9), {}),
    ],
)
@pytest.mark.parametrize("unknown", [False, True])
def test_pooling(op: str, shape: Any, attributes: Any, unknown: bool, tmp_path: Path) -> None:
    compare(tmp_path / "m.onnx", op, shape, [], (0, *range(2, len(shape))) if unknown else (), **attributes)


@pytest.mark.parametrize("size", [7, 8, 9, 10, 11])
def test_windows_over_the_end_begin_before_it(size: int, tmp_path: Path) -> None:
    compare(tmp_path / "m.onnx", "MaxPool", (1, 2, size), [], kernel_shape=[2], strides=[4], pads=[0, 1], ceil_mode=1)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "wrap"])
def test_borders(mode: str, tmp_path: Path) -> None:
    widths = np.array([0, 2, 0, 3])
    compare(tmp_path / "m.onnx", "Pad", (3, 5), [widths, np.float32(1.5)] if mode == "constant" else [widths], (0,), opset=19, mode=mode)
    if mode == "constant":
        compare(tmp_path / "m.onnx", "Pad", (5, 4), [np.array([-1, 1, -2, -1])], (0,), opset=19)
        compare(tmp_path / "m.onnx", "Pad", (5, 4), [np.array([1, 2]), None, np.array([-1])], (0,))


@pytest.mark.parametrize(
    ("op", "shape", "weights", "attributes"),
    [
        ("InstanceNormalization", (2, 4, 6), [w(4), w(4)], {}),
        ("Trilu", (4, 5), [np.array(1)], {"upper": 0}),
        ("Trilu", (2, 4, 5), [np.array(-1)], {"upper": 1}),
        ("Einsum", (4, 5), [w(5, 3)], {"equation": "ij, jk -> ki"}),
        ("Atan", (4, 5), [], {}),
        ("Asinh", (4, 5), [], {}),
        ("Celu", (4, 5), [], {"alpha": 0.7}),
        ("Shrink", (4, 5), [], {"lambd": 0.4, "bias": 0.1}),
        ("Mean", (4, 5), [w(4, 5), w(5)], {}),
        ("CumSum", (4, 5), [np.array(1)], {"exclusive": 1}),
        ("CumSum", (4, 5), [np.array(0)], {"exclusive": 1, "reverse": 1}),
    ],
)
def test_what_else_networks_of_others_use(op: str, shape: Any, weights: Any, attributes: Any, tmp_path: Path) -> None:
    compare(tmp_path / "m.onnx", op, shape, weights, **attributes)
    if op == "Trilu":
        compare(tmp_path / "m.onnx", op, shape, weights, tuple(range(len(shape))), **attributes)


@pytest.mark.parametrize(
    ("op", "shape", "weights", "attributes", "words"),
    [
        ("Conv", (2, 3, 2), [w(5, 3, 3)], {}, "does not fit into 2"),
        ("AveragePool", (2, 3, 20), [], {"kernel_shape": [3], "strides": [2], "ceil_mode": 1}, "ceil_mode"),
        ("ConvTranspose", (2, 3, 8), [w(3, 4, 3)], {"output_shape": [17], "strides": [2]}, "output_shape"),
    ],
)
def test_what_is_not_read_is_named(op: str, shape: Any, weights: Any, attributes: Any, words: str, tmp_path: Path) -> None:
    written(tmp_path / "m.onnx", op, shape, weights, (), 18, attributes)
    with pytest.raises(NotImplementedError, match=words):
        plait.from_onnx(tmp_path / "m.onnx")

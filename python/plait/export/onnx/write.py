"""A program as an ONNX file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ... import _core
from ..._core import Node, Program
from ..outputs import named_outputs
from . import (
    formulas,  # noqa: F401 - registers its ops
    loops,
)
from .graph import IR_VERSION, OPSET, Graph, onnx_module
from .ops import write_node


def to_onnx(program: Program, path: str | os.PathLike[str]) -> None:
    """Write a program as an ONNX file; see :meth:`plait.Program.to_onnx`."""
    onnx = onnx_module()
    if program.updates:
        names = ", ".join(node.label for node in program.updates)
        raise NotImplementedError(f"to_onnx: the program updates {names}, and ONNX has no variables; compile its outputs without updates=")
    model = model_of(program, onnx)
    onnx.checker.check_model(model, full_check=True)
    Path(path).write_bytes(model.SerializeToString())


def model_of(program: Program, onnx: Any) -> Any:
    """The program as a ModelProto."""
    g = Graph()
    inputs = []
    outputs = list(named_outputs(program.outputs))
    for node in program.inputs:
        g.names[node] = g.fresh(node.name or "input")
        if node.op != "sparse_input":
            inputs.append(g.value_info(g.names[node], node.dtype, node.shape))
    output_names = [g.fresh(name) for name, _ in outputs]
    write_nodes(g, [node for _, node in outputs])
    infos = []
    for name, (_, node) in zip(output_names, outputs, strict=True):
        g.nodes.append(onnx.helper.make_node("Identity", [g.names[node]], [name]))
        infos.append(g.value_info(name, node.dtype, node.shape))
    graph = onnx.helper.make_graph(g.nodes, "plait", inputs, infos, list(g.initializers.values()))
    version = onnx.helper.make_opsetid("", OPSET)
    return onnx.helper.make_model(graph, opset_imports=[version], ir_version=IR_VERSION, producer_name="plait")


def write_nodes(g: Graph, outputs: list[Node]) -> None:
    """Appends everything that the outputs depend on and that is not there yet."""
    order = _core.ancestors(outputs)
    wanted: dict[Node, list[int]] = {}
    for node in order:
        if node.op == "scan_output":
            wanted.setdefault(node.inputs[0], []).append(node.attributes[0][0])
    written: dict[Node, dict[int, str]] = {}
    for node in order:
        if node in g.names:
            continue
        if node.op == "parameter":
            g.names[node] = g.initializer(np.array(node.value), node.name or "parameter")
        elif node.op == "constant":
            g.names[node] = g.array(np.array(node.value))
        elif node.op == "scan":
            if node in wanted:  # else only its shape is used
                written[node] = loops.write_scan(g, node, wanted[node], write_nodes)
                g.names[node] = ""
        elif node.op == "scan_output":
            g.names[node] = written[node.inputs[0]][node.attributes[0][0]]
        else:
            write_node(g, node)

"""A program as JSON and tensors: each node by the name of its operation, its attributes and its inputs; never code."""

from __future__ import annotations

from typing import Any

from .. import _core
from .._core import FormatError, Node, Program
from ._types import Array
from .structure import Kept

LEAVES = {"input", "parameter", "constant"}


def encode_program(program: Program, tensors: list[Array]) -> dict[str, Any]:
    """What decode_program needs; values of parameters and constants go to `tensors`."""
    outputs: list[Node] = []

    def collect(structure: Any, nodes: Any) -> Any:
        if isinstance(structure, int):
            outputs.append(nodes)
            return len(outputs) - 1
        if isinstance(structure, dict):
            if any(not isinstance(key, (str, int)) or isinstance(key, bool) for key in structure):
                raise TypeError("save: the outputs of the program are in a dict whose keys are not str or int")
            return {"dict": [[key, collect(part, nodes[key])] for key, part in structure.items()]}
        return {type(structure).__name__: [collect(part, inner) for part, inner in zip(structure, nodes, strict=True)]}

    structure = collect(program.structure, program.outputs)
    updates = list(program.updates.items())
    nodes = _core.ancestors([*outputs, *(node for pair in updates for node in pair), *program.inputs])
    number = {node: k for k, node in enumerate(nodes)}
    entries = []
    for node in nodes:
        entry: dict[str, Any] = {"op": node.op}
        if node.name:
            entry["name"] = node.name
        if node.backward:
            entry["backward"] = True
        if node.op == "input":
            entry |= {"dtype": node.dtype.name, "shape": list(node.shape)}
        elif node.op in LEAVES:
            entry["tensor"] = len(tensors)
            tensors.append(node.value)
        else:
            ints, reals = node.attributes
            entry |= {"inputs": [number[i] for i in node.inputs], "ints": ints, "reals": [real.hex() for real in reals]}
        entries.append(entry)
    return {"nodes": entries, "outputs": structure, "leaves": [number[node] for node in outputs],
            "updates": [[number[a], number[b]] for a, b in updates], "random_state": list(program.random_state)}


def decode_program(content: dict[str, Any], tensors: list[Array]) -> Program:
    """The program again; FormatError for an operation that is not known or does not fit its inputs."""
    nodes: list[Node] = []
    for entry in content["nodes"]:
        name = entry.get("name", "")
        op = entry["op"]
        if op == "input":
            node = _core.input(name, entry["shape"], entry["dtype"])
        elif op == "parameter":
            node = _core.parameter(tensors[entry["tensor"]], name, None)
        elif op == "constant":
            node = _core.constant(tensors[entry["tensor"]], name, None)
        else:
            if any(not 0 <= k < len(nodes) for k in entry["inputs"]):
                raise FormatError(f"node {len(nodes)} has an input that comes after it")
            reals = [float.fromhex(real) for real in entry["reals"]]
            try:
                node = _core.apply(op, [nodes[k] for k in entry["inputs"]], entry["ints"], reals, entry.get("backward", False))
            except ValueError as error:
                raise FormatError(f"node {len(nodes)}: {error}") from None
            if name:
                node.name = name
        nodes.append(node)

    def structure(part: Any) -> Any:
        if isinstance(part, int):
            return part
        ((kind, inner),) = part.items()
        if kind == "dict":
            return {key: structure(value) for key, value in inner}
        if kind not in ("list", "tuple"):
            raise FormatError(f"outputs in a {kind!r}, which this plait does not know")
        parts = [structure(value) for value in inner]
        return parts if kind == "list" else tuple(parts)

    shaped = structure(content["outputs"])
    _numbers_below(shaped, len(content["leaves"]))
    program = Program([nodes[k] for k in content["leaves"]], [(nodes[a], nodes[b]) for a, b in content["updates"]], 0, shaped)
    seed, runs = content["random_state"]
    program.random_state = (seed, runs)
    return program


def _numbers_below(structure: Any, n: int) -> None:
    """The core follows these numbers without looking again."""
    if isinstance(structure, int):
        if not 0 <= structure < n:
            raise FormatError(f"output {structure} of {n}")
    elif isinstance(structure, (dict, list, tuple)):
        for part in structure.values() if isinstance(structure, dict) else structure:
            _numbers_below(part, n)
    elif not isinstance(structure, Kept):
        raise FormatError("outputs in no list, tuple or dict")

"""A program as JSON and tensors: each node by the name of its operation, its attributes and its inputs; never code."""

from __future__ import annotations

from typing import Any

from .. import _core
from .._core import FormatError, Node, Program
from ._types import Array
from .structure import Kept

INPUTS = {"input": _core.input, "sparse_input": _core.sparse_input}
LEAVES = {"parameter", "constant"}


def encode_program(program: Program, tensors: Any) -> dict[str, Any]:
    """A program as JSON for decode_program; values of parameters and constants go to `tensors`."""
    outputs: list[Node] = []

    def collect(structure: Any, nodes: Any) -> Any:
        if isinstance(structure, int):
            outputs.append(nodes)
            return len(outputs) - 1
        if isinstance(structure, dict):
            if any(not isinstance(key, (str, int)) or isinstance(key, bool) for key in structure):
                raise TypeError("save: the outputs of the program are in a dict whose keys are not str or int")
            return {"dict": [[key, collect(part, nodes[key])] for key, part in structure.items()]}
        return {
            "list" if isinstance(structure, list) else "tuple": [collect(part, inner) for part, inner in zip(structure, nodes, strict=True)]
        }

    structure = collect(program.structure, program.outputs)
    updates = list(program.updates.items())
    bodies = _Bodies(tensors)
    entries, number = bodies.encode_nodes([*outputs, *(node for pair in updates for node in pair), *program.inputs])
    content = {
        "nodes": entries,
        "outputs": structure,
        "leaves": [number[node] for node in outputs],
        "updates": [[number[a], number[b]] for a, b in updates],
        "random_state": list(program.random_state),
    }
    return content | ({"bodies": bodies.entries} if bodies.entries else {})


def decode_program(content: dict[str, Any], tensors: list[Array]) -> Program:
    """The program; FormatError for an unknown operation or one that does not fit its inputs."""
    bodies: list[_core.ScanBody] = []
    for entry in content.get("bodies", []):
        inner = decode_nodes(entry["nodes"], tensors, bodies)
        try:
            parts = {name: [inner[k] for k in entry[part]] for part, name in BODY_PARTS.items()}
            bodies.append(_core.ScanBody(**parts, reverse=entry["reverse"], recompute=entry["recompute"]))
        except (IndexError, TypeError, ValueError) as error:
            raise FormatError(f"loop {len(bodies)}: {error}") from None
    nodes = decode_nodes(content["nodes"], tensors, bodies)

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


# Parts of a loop: the names in files, and those of ScanBody.
BODY_PARTS = {"states": "states", "rows": "xs", "closed": "captures", "next": "next", "results": "ys", "kept": "residuals"}


class _Bodies:
    """The bodies of loops, each written once and after those nested in it."""

    def __init__(self, tensors: Any) -> None:
        self.tensors = tensors
        self.entries: list[dict[str, Any]] = []
        self.number: dict[_core.ScanBody, int] = {}

    def add(self, body: _core.ScanBody) -> int:
        """The number of a body, which is written on first use."""
        if body not in self.number:
            parts: dict[str, list[Node]] = {part: getattr(body, name) for part, name in BODY_PARTS.items()}
            entries, number = self.encode_nodes([node for part in parts.values() for node in part])
            self.entries.append(
                {"nodes": entries, "reverse": body.reverse, "recompute": body.recompute}
                | {part: [number[node] for node in nodes] for part, nodes in parts.items()}
            )
            self.number[body] = len(self.entries) - 1
        return self.number[body]

    def encode_nodes(self, outputs: list[Node]) -> tuple[list[dict[str, Any]], dict[Node, int]]:
        """All ancestors of the outputs as JSON, and the number of each node."""
        nodes = _core.ancestors(outputs)
        number = {node: k for k, node in enumerate(nodes)}
        return [self.encode_node(node, number) for node in nodes], number

    def encode_node(self, node: Node, number: dict[Node, int]) -> dict[str, Any]:
        """One node, its inputs by number."""
        entry: dict[str, Any] = {"op": node.op}
        if node.name:
            entry["name"] = node.name
        if node.backward:
            entry["backward"] = True
        if node.scope:
            entry["scope"] = node.scope
        if node.op in INPUTS:
            entry |= {"dtype": node.dtype.name, "shape": list(node.shape)}
        elif node.op in LEAVES:
            entry["tensor"] = self.tensors.add(node.value, node.name or node.op)
        else:
            ints, reals = node.attributes
            entry |= {"inputs": [number[i] for i in node.inputs], "ints": ints, "reals": [real.hex() for real in reals]}
            body = _core.scan_body(node)
            if body is not None:
                entry["body"] = self.add(body)
        return entry


def decode_nodes(entries: list[dict[str, Any]], tensors: list[Array], bodies: list[_core.ScanBody]) -> list[Node]:
    """The nodes, inputs before consumers."""
    outer = _core.set_scope("")
    try:
        return _decode_nodes(entries, tensors, bodies)
    finally:
        _core.set_scope(outer)


def _decode_nodes(entries: list[dict[str, Any]], tensors: list[Array], bodies: list[_core.ScanBody]) -> list[Node]:
    nodes: list[Node] = []
    for entry in entries:
        scope = entry.get("scope", "")
        if not isinstance(scope, str):
            raise FormatError(f"node {len(nodes)} is in a scope that is no name")
        _core.set_scope(scope)
        name = entry.get("name", "")
        op = entry["op"]
        if op in INPUTS:
            node = INPUTS[op](name, entry["shape"], entry["dtype"])
        elif op == "parameter":
            node = _core.parameter(tensors[entry["tensor"]], name, None)
        elif op == "constant":
            node = _core.constant(tensors[entry["tensor"]], name, None)
        else:
            if any(not 0 <= k < len(nodes) for k in entry["inputs"]):
                raise FormatError(f"node {len(nodes)} has an input that comes after it")
            reals = [float.fromhex(real) for real in entry["reals"]]
            try:
                body = bodies[entry["body"]] if "body" in entry else None
                node = _core.apply(op, [nodes[k] for k in entry["inputs"]], entry["ints"], reals, entry.get("backward", False), body)
            except (IndexError, ValueError) as error:
                raise FormatError(f"node {len(nodes)}: {error}") from None
            if name:
                node.name = name
        nodes.append(node)
    return nodes


def _numbers_below(structure: Any, n: int) -> None:
    """Validates the structure: the core uses its numbers unchecked."""
    if isinstance(structure, int):
        if not 0 <= structure < n:
            raise FormatError(f"output {structure} of {n}")
    elif isinstance(structure, (dict, list, tuple)):
        for part in structure.values() if isinstance(structure, dict) else structure:
            _numbers_below(part, n)
    elif not isinstance(structure, Kept):
        raise FormatError("outputs in no list, tuple or dict")

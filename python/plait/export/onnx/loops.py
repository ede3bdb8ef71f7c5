"""plait.scan as ONNX's Scan, and the ops that its gradient uses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import _core
from ..._core import Node
from .graph import LAST, Graph
from .ops import op


def write_scan(g: Graph, node: Node, wanted: list[int], write: Any) -> dict[int, str]:
    """Appends the loop; the name of each wanted output by its number. Captures are referenced by name."""
    body = _core.scan_body(node)
    assert body is not None
    outputs = [*body.next, *body.ys, *body.residuals]
    states, rows = len(body.states), len(body.xs)
    inner = Graph(g)
    inputs = []
    for k, inside in enumerate([*body.states, *body.xs]):
        name = inner.fresh(inside.name or ("state" if k < states else "row"))
        inner.names[inside] = name
        inputs.append(inner.value_info(name, inside.dtype, inside.shape))
    for inside, outside in zip(body.captures, node.inputs[states + rows :], strict=True):
        inner.names[inside] = g.names[outside]
    numbers = sorted(set(range(states)) | set(wanted))
    write(inner, [outputs[k] for k in numbers])
    results = []
    for k in numbers:
        name = inner.add("Identity", inner.names[outputs[k]])
        shape = outputs[k].shape
        if k < states:  # a state keeps its shape
            shape = tuple(a if a is not None else b for a, b in zip(shape, body.states[k].shape, strict=True))
        results.append(inner.value_info(name, outputs[k].dtype, shape))
    graph = g.onnx.helper.make_graph(inner.nodes, g.fresh("step"), inputs, results)
    direction = [1 if body.reverse else 0]
    outward: dict[str, Any] = {"scan_output_directions": direction * (len(numbers) - states)} if len(numbers) > states else {}
    names = g.add(
        "Scan",
        *(g.names[i] for i in node.inputs[: states + rows]),
        outputs=len(numbers),
        body=graph,
        num_scan_inputs=rows,
        scan_input_directions=direction * rows,
        **outward,
    )
    return dict(zip(numbers, [names] if isinstance(names, str) else names, strict=True))


def segment_length(node: Node, steps: int | None, given: int) -> int:
    """Steps of a segment: as given, else the square root of all."""
    if steps is None:
        raise NotImplementedError(
            f"to_onnx: {node.op} at {node.label} cannot be written: segments of a sequence whose length is not known; "
            f"give the input its number of steps"
        )
    length = given if given > 0 else math.floor(math.sqrt(steps) + 0.5)
    return max(1, min(length, max(steps, 1)))


@op("scan_segments")
def _segments(g: Graph, node: Node, x: list[str]) -> str:
    steps = node.inputs[0].shape[0]
    length = segment_length(node, steps, node.attributes[0][0])
    assert steps is not None
    front = g.add("Slice", x[0], g.ints([0]), g.ints([steps // length * length]), g.ints([0]))
    rest = g.add("Shape", x[0], start=1, end=len(node.inputs[0].shape))
    return str(g.add("Reshape", front, g.add("Concat", g.ints([steps // length, length]), rest, axis=0), allowzero=1))


@op("scan_rest")
def _rest(g: Graph, node: Node, x: list[str]) -> str:
    steps = node.inputs[0].shape[0]
    length = segment_length(node, steps, node.attributes[0][0])
    assert steps is not None
    return str(g.add("Slice", x[0], g.ints([steps // length * length]), g.ints([LAST]), g.ints([0])))


@op("scan_fill")
def _fill(g: Graph, node: Node, x: list[str]) -> str:
    """Segments, or the rest after them, padded with zeros to the whole sequence."""
    whole = node.inputs[1]
    _, rest = node.attributes[0]
    rank = len(whole.shape)
    tail = g.add("Shape", x[1], start=1, end=rank)
    rows = g.add("Reshape", x[0], g.add("Concat", g.ints([-1]), tail, axis=0)) if len(node.inputs[0].shape) > rank else x[0]
    missing = g.add("Sub", g.size_along(x[1], 0), g.size_along(rows, 0))
    zero = g.onnx.numpy_helper.from_array(np.zeros(1, node.dtype))
    zeros = g.add("ConstantOfShape", g.add("Concat", missing, tail, axis=0), value=zero)
    return str(g.add("Concat", *((zeros, rows) if rest else (rows, zeros)), axis=0))


@op("scan_index")
def _index(g: Graph, _node: Node, x: list[str]) -> str:
    count = g.add("Squeeze", g.size_along(x[0], 0), g.ints([0]))
    return str(g.add("Range", g.array(0, np.int64), count, g.array(1, np.int64)))


@op("recurrence")
def _recurrence(g: Graph, node: Node, x: list[str]) -> str:
    """e[0] = start, e[t + 1] = u[t] + a[t] e[t], along axes merged into one, as a Scan."""
    reverse, start, *axes = node.attributes[0]
    rank = len(node.shape)
    if not axes:
        return str(g.add("Expand", g.array(start, node.dtype), g.shape(x[1])))
    order = [*axes, *(axis for axis in range(rank) if axis not in axes)]
    transposed = [g.add("Transpose", name, perm=order) for name in x]
    shape = g.shape(transposed[0])
    steps = g.add("ReduceProd", g.add("Slice", shape, g.ints([0]), g.ints([len(axes)])), g.ints([0]), keepdims=1)
    kept = g.add("ReduceProd", g.add("Slice", shape, g.ints([len(axes)]), g.ints([LAST])), g.ints([0]), keepdims=1)
    rows = [g.add("Reshape", name, g.add("Concat", steps, kept, axis=0), allowzero=1) for name in transposed]
    first = g.add("ConstantOfShape", kept, value=g.onnx.numpy_helper.from_array(np.full(1, start, node.dtype)))
    inner = Graph(g)
    e, u, a = (inner.fresh(name) for name in ("e", "u", "a"))
    after = inner.add("Add", u, inner.add("Mul", a, e))
    before = inner.add("Identity", e)
    infos = [inner.value_info(name, node.dtype, (None,), hint="kept") for name in (e, u, a, after, before)]
    body = g.onnx.helper.make_graph(inner.nodes, g.fresh("step"), infos[:3], infos[3:])
    _, found = g.add(
        "Scan", first, *rows, outputs=2, body=body, num_scan_inputs=2, scan_input_directions=[reverse] * 2, scan_output_directions=[reverse]
    )
    back = [order.index(axis) for axis in range(rank)]
    return str(g.add("Transpose", g.add("Reshape", found, shape, allowzero=1), perm=back))

"""ONNX's Scan, LSTM, GRU and RNN as loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import graph
from .read_ops import Call, op
from .values import as_node


@op("Scan")
def _scan(call: Call, x: list[Any]) -> Any:
    if call.opset < 9:
        raise call.refuse("of an opset before 9")
    body = call.attributes["body"]
    rows = call.attributes["num_scan_inputs"]
    states = len(x) - rows
    results = len(body.output) - states
    inward = call.get("scan_input_directions", [0] * rows)
    outward = call.get("scan_output_directions", [0] * results)
    if any(call.get("scan_input_axes", [])) or any(call.get("scan_output_axes", [])):
        raise call.refuse("along another axis than the first")
    both = {*inward, *outward}
    reverse = both == {1}
    sequences = [
        as_node(value)[::-1] if flipped and not reverse else as_node(value) for flipped, value in zip(inward, x[states:], strict=True)
    ]

    def step(state: Any, row: Any) -> tuple[Any, Any]:
        values = call.reader.run(body, dict(zip([i.name for i in body.input], [*state, *row], strict=True)))
        outputs = [as_node(values[o.name]) for o in body.output]
        return tuple(outputs[:states]), tuple(outputs[states:])

    ended, stacked = graph.scan(step, tuple(as_node(value) for value in x[:states]), tuple(sequences), reverse=reverse)
    ys = [y[::-1] if flipped and not reverse else y for flipped, y in zip(outward, stacked, strict=True)]
    return [*ended, *ys]


ACTIVATIONS = {
    "sigmoid": graph.sigmoid,
    "tanh": graph.tanh,
    "relu": graph.relu,
    "softsign": lambda x: x / (1.0 + graph.abs(x)),
    "softplus": graph.softplus,
}


@op("LSTM", "GRU", "RNN")
def _recurrent(call: Call, x: list[Any]) -> Any:
    x = [*x, *[None] * (8 - len(x))]
    sequence = as_node(x[0])
    layout = call.get("layout", 0)
    if layout:
        sequence = sequence.swapaxes(0, 1)
    if x[4] is not None:
        raise call.refuse("with lengths of sequences")
    if call.op == "LSTM" and x[7] is not None:
        raise call.refuse("with peepholes")
    if call.get("clip", 0) or call.get("input_forget", 0):
        raise call.refuse("with clip or input_forget")
    hidden = call.attributes["hidden_size"]
    direction = call.get("direction", "forward")
    directions = [direction == "reverse"] if direction != "bidirectional" else [False, True]
    names = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}[call.op]
    count = len(names)
    names = [name if isinstance(name, str) else name.decode() for name in call.get("activations", names * len(directions))]
    for name in names:
        if name.lower() not in ACTIVATIONS:
            raise call.refuse(f"with the activation {name}")
    if "activation_alpha" in call.attributes or "activation_beta" in call.attributes:
        raise call.refuse("with parameters of activations")
    zeros = np.zeros_like(sequence[0, :, :1])
    outs, lasts, cells = [], [], []
    for k, reverse in enumerate(directions):
        w, r = as_node(x[1])[k].T, as_node(x[2])[k].T
        bias = as_node(x[3])[k] if x[3] is not None else None
        given = [x[5], x[6] if call.op == "LSTM" else None]
        begin = [np.zeros((1, hidden), sequence.dtype) if v is None else as_node(v)[:, k] if layout else as_node(v)[k] for v in given]
        state = tuple(zeros + row for row in begin[: 2 if call.op == "LSTM" else 1])  # some exporters write one row for the whole batch
        f = [ACTIVATIONS[name.lower()] for name in names[k * count : (k + 1) * count]]
        step = {"LSTM": lstm_step, "GRU": gru_step, "RNN": rnn_step}[call.op](call, w, r, bias, hidden, f)
        ended, ys = graph.scan(step, state, sequence, reverse=reverse)
        outs.append(ys)
        lasts.append(ended[0])
        cells.append(ended[-1])
    y, h, c = graph.stack(outs, axis=1), graph.stack(lasts, axis=0), graph.stack(cells, axis=0)
    if layout:
        y, h, c = y.transpose((2, 0, 1, 3)), h.swapaxes(0, 1), c.swapaxes(0, 1)
    return [y, h, c] if call.op == "LSTM" else [y, h]


def gates(product: Any, hidden: int) -> list[Any]:
    """Splits a row into gates."""
    return [product[:, k * hidden : (k + 1) * hidden] for k in range(product.shape[1] // hidden)]


def lstm_step(_call: Call, w: Any, r: Any, bias: Any, hidden: int, f: list[Any]) -> Any:
    """Gates in the order i, o, f, c."""
    both = None if bias is None else bias[: 4 * hidden] + bias[4 * hidden :]

    def step(state: Any, x: Any) -> Any:
        h, c = state
        total = x @ w + h @ r
        i, o, forget, new = gates(total if both is None else total + both, hidden)
        c = f[0](forget) * c + f[0](i) * f[1](new)
        h = f[0](o) * f[2](c)
        return (h, c), h

    return step


def gru_step(call: Call, w: Any, r: Any, bias: Any, hidden: int, f: list[Any]) -> Any:
    """Gates in the order z, r, h; linear_before_reset is torch's and cuDNN's form."""
    before = call.get("linear_before_reset", 0)

    def step(state: Any, x: Any) -> Any:
        (h,) = state
        wx = x @ w if bias is None else x @ w + bias[: 3 * hidden]
        rb = None if bias is None else bias[3 * hidden :]
        z_x, r_x, h_x = gates(wx, hidden)
        if before:
            z_h, r_h, h_h = gates(h @ r if rb is None else h @ r + rb, hidden)
            z, reset = f[0](z_x + z_h), f[0](r_x + r_h)
            new = f[1](h_x + reset * h_h)
        else:
            z_r = h @ r[:, : 2 * hidden]
            z_h, r_h = gates(z_r if rb is None else z_r + rb[: 2 * hidden], hidden)
            z, reset = f[0](z_x + z_h), f[0](r_x + r_h)
            product = (reset * h) @ r[:, 2 * hidden :]
            new = f[1](h_x + (product if rb is None else product + rb[2 * hidden :]))
        h = (1.0 - z) * new + z * h
        return (h,), h

    return step


def rnn_step(_call: Call, w: Any, r: Any, bias: Any, hidden: int, f: list[Any]) -> Any:
    """One product and an activation."""
    both = None if bias is None else bias[:hidden] + bias[hidden:]

    def step(state: Any, x: Any) -> Any:
        (h,) = state
        total = x @ w + h @ r
        h = f[0](total if both is None else total + both)
        return (h,), h

    return step

"""LSTM, GRU and RNN beside PyTorch's with the same weights: values and the gradients of all parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import plait
from plait import nn

BATCH, FEATURES, HIDDEN = 3, 2, 4
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
Array = np.ndarray[Any, Any]


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def with_weights_of(torch: Any, kind: str, layer: nn.Recurrent, dtype: str) -> Any:
    """torch.nn.LSTM, GRU or RNN that computes what the layer does; it has two biases where the layer has one."""
    twin = getattr(torch.nn, kind)(FEATURES, HIDDEN, num_layers=layer.layers, batch_first=True, dtype=getattr(torch, dtype))
    with torch.no_grad():
        for k, cell in enumerate(layer.cells):
            getattr(twin, f"weight_ih_l{k}").copy_(torch.from_numpy(np.array(cell.weight_x.value).T.copy()))
            getattr(twin, f"weight_hh_l{k}").copy_(torch.from_numpy(np.array(cell.weight_h.value).T.copy()))
            getattr(twin, f"bias_ih_l{k}").copy_(torch.from_numpy(np.array(cell.bias.value)))
            getattr(twin, f"bias_hh_l{k}").zero_()
            if kind == "GRU":
                getattr(twin, f"bias_hh_l{k}")[2 * HIDDEN :] = torch.from_numpy(np.array(cell.bias_h.value))
    return twin


def gradients_of(twin: Any, kind: str) -> list[Array]:
    """In the order and layout of the layer's parameters."""
    found = []
    for k in range(twin.num_layers):
        found += [getattr(twin, f"weight_{what}_l{k}").grad.numpy().T for what in ("ih", "hh")]
        found.append(getattr(twin, f"bias_ih_l{k}").grad.numpy())
        if kind == "GRU":
            found.append(getattr(twin, f"bias_hh_l{k}").grad.numpy()[2 * HIDDEN :])
    return found


@pytest.mark.peer
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("steps", [1, 5, 50])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_gradients_are_pytorchs(torch: Any, kind: str, steps: int, layers: int, ragged: bool, dtype: str) -> None:
    rng = np.random.default_rng(0)
    layer = getattr(nn, kind)(FEATURES, HIDDEN, layers=layers, dtype=dtype, rng=1)
    lengths = rng.integers(1, steps + 1, BATCH) if ragged else None
    X, W = rng.normal(size=(BATCH, steps, FEATURES)).astype(dtype), rng.normal(size=(BATCH, steps, HIDDEN)).astype(dtype)
    V = rng.normal(size=(BATCH, HIDDEN) if layers == 1 else (layers, BATCH, HIDDEN)).astype(dtype)

    x = plait.input("x", (None, steps, FEATURES), dtype=dtype)
    outs, state = layer(x, lengths=lengths)
    state = state if isinstance(state, tuple) else (state,)
    loss = (outs * W).sum() + sum((part * part * V).sum() for part in state)
    got = plait.compile([outs, *state, *plait.gradient(loss, [*layer.parameters(), x])])(x=X)

    twin = with_weights_of(torch, kind, layer, dtype)
    tx = torch.from_numpy(X).requires_grad_()
    if lengths is None:
        touts, tstate = twin(tx)
    else:
        packed, tstate = twin(
            torch.nn.utils.rnn.pack_padded_sequence(tx, torch.from_numpy(lengths), batch_first=True, enforce_sorted=False)
        )
        touts, _ = torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True, total_length=steps)
    tstate = [part if layers > 1 else part[0] for part in (tstate if isinstance(tstate, tuple) else (tstate,))]
    ((touts * torch.from_numpy(W)).sum() + sum((part * part * torch.from_numpy(V)).sum() for part in tstate)).backward()
    expected = [touts.detach().numpy(), *(part.detach().numpy() for part in tstate), *gradients_of(twin, kind), tx.grad.numpy()]
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        assert a.shape == b.shape
        assert np.abs(a - b).max() <= TOLERANCE[dtype] * max(1.0, np.abs(b).max())

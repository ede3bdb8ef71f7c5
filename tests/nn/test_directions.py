"""Bidirectional recurrent layers, and dropout with one mask for all steps."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import nn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 6, 3))
LENGTHS = np.array([6, 1, 4, 3])
KINDS = ("LSTM", "GRU", "RNN")
Array = np.ndarray[Any, Any]


def run(nodes: Any, **feeds: Any) -> Any:
    return plait.compile(nodes)(**feeds)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unroll", [True, False])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_backwards_is_forwards_over_what_is_turned_round(kind: str, unroll: bool, lengths: Array | None) -> None:
    make = getattr(nn, kind)
    both = make(3, 5, bidirectional=True, dtype="float64", rng=1)
    x = plait.input("x", X.shape, "float64")
    outs, state = both(x, lengths=lengths, unroll=unroll)
    assert outs.shape == (4, 6, 10)
    assert both.outputs == 10
    one = nn.Recurrent(both.backward)
    turned = X.copy()
    for row, n in zip(turned, LENGTHS if lengths is not None else [6] * 4, strict=True):
        row[:n] = row[:n][::-1]
    expected, end = run(one(x, lengths=lengths), x=turned)
    for row, n in zip(expected, LENGTHS if lengths is not None else [6] * 4, strict=True):
        row[:n] = row[:n][::-1]
    found, ended = run((outs, state), x=X)
    np.testing.assert_allclose(found[:, :, 5:], expected, rtol=1e-10, atol=1e-14)
    for part, theirs in zip(ended if kind == "LSTM" else (ended,), end if kind == "LSTM" else (end,), strict=True):
        assert part.shape == (2, 4, 5)
        np.testing.assert_allclose(part[1], theirs, rtol=1e-10)
    later = plait.input("x", (None, None, 3), "float64")
    np.testing.assert_allclose(run(both(later, lengths=lengths)[0], x=X), found, rtol=1e-10, atol=1e-14)
    listed = both([x[:, t] for t in range(6)], lengths=lengths)[0]
    np.testing.assert_allclose(np.stack(run(listed, x=X), axis=1), found, rtol=1e-10, atol=1e-14)


def test_the_state_goes_in_as_it_comes_out() -> None:
    layer = nn.LSTM(3, 5, layers=2, bidirectional=True, dtype="float64", rng=1)
    assert layer.initial_state(7)[0].shape == (4, 7, 5)
    x = plait.input("x", X.shape, "float64")
    _, state = layer(x)
    again, _ = layer(x, state)
    assert run(again, x=X).shape == (4, 6, 10)
    zeros = layer.initial_state(4)
    np.testing.assert_allclose(run(layer(x, zeros)[0], x=X), run(layer(x)[0], x=X), rtol=1e-12)


@pytest.mark.parametrize("merge", ["concatenate", "sum", "mean", "product", None])
def test_bidirectional_merges_two_layers(merge: str | None) -> None:
    layer = nn.Bidirectional(nn.GRU(3, 5, dtype="float64", rng=1), merge=merge)
    x = plait.input("x", X.shape, "float64")
    outs, (ended, begun) = layer(x, lengths=LENGTHS)
    a, b = run([layer.forward(x, lengths=LENGTHS)[0], layer.backward(x, lengths=LENGTHS)[0]], x=X)
    expected = {"concatenate": np.concatenate([a, b], 2), "sum": a + b, "mean": (a + b) / 2, "product": a * b, None: (a, b)}[merge]
    found = run(outs, x=X)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert merge is None or found.shape[2] == layer.outputs
    assert ended.shape == begun.shape == (4, 5)
    assert len(layer.parameters()) == 8
    assert len({p.name for p in layer.parameters()}) == 8
    assert not np.array_equal(layer.forward.cells[0].weight_x.value, layer.backward.cells[0].weight_x.value)


def test_one_layer_in_both_directions_is_bidirectional_around_it() -> None:
    both = nn.LSTM(3, 5, bidirectional=True, dtype="float64", rng=1)
    around = nn.Bidirectional(nn.Recurrent(both.cells), nn.Recurrent(both.backward))
    x = plait.input("x", X.shape, "float64")
    np.testing.assert_allclose(run(both(x)[0], x=X), run(around(x)[0], x=X), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_both_directions(kind: str) -> None:
    layer = getattr(nn, kind)(3, 2, layers=2, bidirectional=True, dtype="float64", rng=1)
    for unroll in (True, False):
        f = lambda x, unroll=unroll: plait.square(layer(x, lengths=LENGTHS, unroll=unroll)[0]).sum()  # noqa: E731
        assert plait.check_gradient(f, X) < 1e-6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unroll", [True, False])
def test_recurrent_dropout_is_the_same_at_every_step(kind: str, unroll: bool) -> None:
    """With h dropped whole, what a step computes depends on its input alone; what is kept of a state is kept."""
    layer = getattr(nn, kind)(3, 4, recurrent_dropout=0.5, dtype="float64", rng=1)
    x = plait.input("x", X.shape, "float64")
    plain = run(layer(x)[0], x=X)
    np.testing.assert_array_equal(plain, run(nn.Recurrent(layer.cells)(x)[0], x=X))
    program = plait.compile(layer(x, training=True, unroll=unroll)[0])
    first, second = program(x=X), program(x=X)
    assert not np.array_equal(first, second)
    # One of the masks that can be drawn explains all steps.
    cell = layer.cells[0]
    for row in range(2):
        found = False
        for k in range(16):
            factors = np.array([(k >> j & 1) * 2.0 for j in range(4)])
            state = tuple(plait.constant(np.zeros((1, 4))) for _ in cell.parts)
            outs = []
            for t in range(6):
                y, state = cell.step_dropped(plait.constant(X[row : row + 1, t]), state, factors)
                outs.append(y)
            found = found or np.allclose(np.concatenate(plait.evaluate(outs)), first[row], rtol=1e-9)
        assert found, row


def test_dropout_between_layers_is_the_same_at_every_step() -> None:
    class Same(nn.Cell):
        def step(self, x: Any, state: Any) -> Any:
            return x, state

    layer = nn.Recurrent([Same(4, 4), Same(4, 4)], dropout=0.5)
    x = plait.input("x", (64, 7, 4))
    ones = np.ones((64, 7, 4))
    assert np.array_equal(run(layer(x)[0], x=ones), ones)
    for unroll in (True, False):
        dropped = run(layer(x, training=True, unroll=unroll)[0], x=ones)
        assert np.array_equal(dropped, dropped[:, :1] * ones)
        assert set(np.unique(dropped)) == {0, 2}
    listed = run(layer([x[:, t] for t in range(7)], training=True)[0], x=ones)
    assert all(np.array_equal(part, listed[0]) for part in listed)


def test_they_learn_travel_and_are_saved(tmp_path: Path) -> None:
    layer = nn.LSTM(3, 4, layers=2, bidirectional=True, dropout=0.2, recurrent_dropout=0.2, rng=3)
    head = nn.Dense(8, 1, rng=4)
    names = [p.name for p in layer.parameters()]
    assert names[0] == "lstm.0.weight_x"
    assert names[6] == "lstm.0.backward.weight_x"
    assert len(set(names)) == 12
    x, t = plait.input("x", (None, 6, 3)), plait.input("t", (None, 1))
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(128, 6, 3)).astype("f")
    targets = inputs.sum((1, 2), keepdims=True)[:, 0] / 4

    def loss(training: bool) -> Any:
        return plait.losses.mse(head(plait.mean(layer(x, training=training)[0], axis=1)), t)

    history = plait.train(
        loss(training=True), {x: inputs, t: targets}, optimizer=plait.optim.Adam(1e-2), epochs=15, batch_size=32, rng=0,
        validation=(loss(training=False), {x: inputs, t: targets}),
    )  # fmt: skip
    assert history.validation[-1] < 0.3 * history.validation[0]
    layer.save(tmp_path / "w")
    other = nn.LSTM(3, 4, layers=2, bidirectional=True, rng=9).load(tmp_path / "w")
    np.testing.assert_array_equal(other.predict(inputs)[0], layer.predict(inputs)[0])
    for twin in (copy.deepcopy(nn.Bidirectional(nn.GRU(3, 4, rng=0))), pickle.loads(pickle.dumps(nn.Bidirectional(nn.GRU(3, 4, rng=0))))):
        assert twin.predict(inputs)[0].shape == (128, 6, 8)
    assert "backward" in repr(layer)
    assert "lstm.1.backward.bias" in layer.summary()


def test_a_stack_of_layers_passes_on_outputs_and_leaves_states() -> None:
    first, second = nn.LSTM(3, 5, dtype="float64", rng=1), nn.Bidirectional(nn.GRU(5, 4, dtype="float64", rng=2), merge="sum")
    head = nn.Dense(4, 2, dtype="float64", rng=3)
    x = plait.input("x", X.shape, "float64")
    expected = run(head(second(first(x)[0])[0]), x=X)
    np.testing.assert_array_equal(nn.Sequential(first, second, head).predict(X), expected)
    assert nn.Sequential(first)(x).shape == (4, 6, 5)


def test_misuse_is_named() -> None:
    class Own(nn.Cell):
        pass

    for call, error, text in (
        (lambda: nn.LSTM(3, 4, dropout=0.1), ValueError, "dropout: applies between layers, of which there is one"),
        (lambda: nn.LSTM(3, 4, recurrent_dropout=1.0), ValueError, "recurrent_dropout: expected a probability"),
        (lambda: nn.Bidirectional(nn.Dense(3, 4)), TypeError, "forward: expected a recurrent layer"),
        (lambda: nn.Bidirectional(nn.LSTM(3, 4), merge="add"), ValueError, "merge: expected one of 'concatenate', 'sum'"),
        (lambda: nn.Bidirectional(nn.Recurrent([Own(3, 4)])), TypeError, "give the second layer"),
        (lambda: nn.Bidirectional(nn.LSTM(3, 4), nn.LSTM(2, 4)), ValueError, "backward: 2 inputs and 4 outputs beside 3 and 4"),
        (lambda: nn.Recurrent([Own(3, 4)], [Own(3, 4), Own(4, 4)]), ValueError, "backward: expected one cell for each of 1 layers"),
        (lambda: nn.Recurrent([Own(3, 4), Own(4, 4)], [Own(3, 4), Own(4, 4)]), ValueError, "4 inputs and 4 hidden values where one of 8"),
    ):
        with pytest.raises(error, match=text):
            call()
    shared = nn.LSTM(3, 4)
    with pytest.raises(ValueError, match="the same layer as forward"):
        nn.Bidirectional(shared, shared)


@pytest.mark.peer
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("ragged", [False, True])
def test_values_are_pytorchs(kind: str, layers: int, ragged: bool) -> None:
    torch = pytest.importorskip("torch")
    layer = getattr(nn, kind)(3, 4, layers=layers, bidirectional=True, dtype="float64", rng=1)
    twin = getattr(torch.nn, kind)(3, 4, num_layers=layers, batch_first=True, bidirectional=True, dtype=torch.float64)
    with torch.no_grad():
        for k in range(layers):
            for cell, end in ((layer.cells[k], ""), (layer.backward[k], "_reverse")):
                getattr(twin, f"weight_ih_l{k}{end}").copy_(torch.from_numpy(np.array(cell.weight_x.value).T.copy()))
                getattr(twin, f"weight_hh_l{k}{end}").copy_(torch.from_numpy(np.array(cell.weight_h.value).T.copy()))
                getattr(twin, f"bias_ih_l{k}{end}").copy_(torch.from_numpy(np.array(cell.bias.value)))
                getattr(twin, f"bias_hh_l{k}{end}").zero_()
                if kind == "GRU":
                    getattr(twin, f"bias_hh_l{k}{end}")[8:] = torch.from_numpy(np.array(cell.bias_h.value))
        given = torch.from_numpy(X)
        if ragged:
            packed = torch.nn.utils.rnn.pack_padded_sequence(given, torch.from_numpy(LENGTHS), batch_first=True, enforce_sorted=False)
            theirs, state = twin(packed)
            theirs, _ = torch.nn.utils.rnn.pad_packed_sequence(theirs, batch_first=True)
        else:
            theirs, state = twin(given)
    x = plait.input("x", X.shape, "float64")
    outs, ended = run(layer(x, lengths=LENGTHS if ragged else None), x=X)
    np.testing.assert_allclose(outs, theirs.numpy(), rtol=1e-9, atol=1e-12)
    for ours, other in zip(ended if kind == "LSTM" else [ended], state if kind == "LSTM" else [state], strict=True):
        np.testing.assert_allclose(ours, other.numpy(), rtol=1e-9, atol=1e-12)

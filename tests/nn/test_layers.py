"""Layers: their outputs, their parameters, and saving and loading of these."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import nn


def values(node: Any, **feeds: Any) -> np.ndarray[Any, Any]:
    return np.asarray(plait.compile([node])(**feeds)[0])


def test_dense_is_its_formula() -> None:
    layer = nn.Dense(3, 2, activation="tanh", dtype="float64", rng=0)
    layer.bias.value = np.array([0.1, -0.2])
    X = np.random.default_rng(0).normal(size=(5, 3))
    got = values(layer(plait.input("x", (None, 3), dtype="float64")), x=X)
    np.testing.assert_allclose(got, np.tanh(X @ layer.weight.value + [0.1, -0.2]), rtol=1e-12)
    assert len(nn.Dense(3, 2, bias=False, rng=0).parameters()) == 1
    assert nn.Dense(3, 2, activation=lambda y: y * 2, bias=False, rng=0)(plait.input("x", (None, 3))).shape == (None, 2)


def test_initial_weights_keep_the_variance_of_a_signal() -> None:
    for activation, expected in (("relu", 2 / 400), ("tanh", 2 / 1000), (None, 2 / 1000), (plait.relu, 2 / 400)):
        weight = nn.Dense(400, 600, activation, rng=0).weight.value
        assert weight.dtype == np.float32
        np.testing.assert_allclose(weight.var(), expected, rtol=0.02)
    assert (nn.Dense(4, 4, rng=1).weight.value == nn.Dense(4, 4, rng=1).weight.value).all()
    assert (nn.Dense(4, 4, rng=1).weight.value != nn.Dense(4, 4, rng=2).weight.value).any()
    assert (nn.Dense(4, 4).weight.value != nn.Dense(4, 4).weight.value).any()
    assert all((p.value == 0).all() for p in nn.MLP(3, (4,), 2, rng=0).parameters() if p.name.endswith("bias"))


def test_mlp_layers_differ_and_are_named() -> None:
    model = nn.MLP(4, (4, 4), 4, rng=0)
    assert [p.name for p in model.parameters()] == [f"mlp.{i}.{part}" for i in range(3) for part in ("weight", "bias")]
    assert (model.parameters()[0].value != model.parameters()[2].value).any()
    assert nn.MLP(4, 7, 2, rng=0)(plait.input("x", (None, 4))).shape == (None, 2)


def test_shared_layers_bring_their_parameters_once_and_in_order() -> None:
    shared = nn.Dense(3, 3, rng=0, name="shared")
    model = nn.Sequential(shared, plait.tanh, nn.Sequential(nn.Dense(3, 3, rng=1, name="inner"), shared))
    assert [p.name for p in model.parameters()] == ["shared.weight", "shared.bias", "inner.weight", "inner.bias"]

    class Pair(nn.Layer):
        def __init__(self) -> None:
            self.scale = plait.parameter(np.ones(()), name="scale")
            self.by_name = {"a": [shared], "b": (self.scale,)}

    assert [p.name for p in Pair().parameters()] == ["scale", "shared.weight", "shared.bias"]


def test_embedding_looks_rows_up_and_learns_only_those() -> None:
    table = nn.Embedding(5, 2, dtype="float64", rng=0)
    words = plait.input("words", (None, 3), dtype="int64")
    indices = np.array([[0, 1, 1], [4, 4, 0]])
    np.testing.assert_array_equal(values(table(words), words=indices), table.table.value[indices])
    before = table.table.value
    plait.train((table(words) ** 2).sum(), {words: indices}, optimizer=plait.optim.SGD(0.1), epochs=1)
    changed = (table.table.value != before).any(axis=1)
    assert changed.tolist() == [True, True, False, False, True]


def test_layer_norm_brings_rows_to_mean_0_and_variance_1() -> None:
    layer = nn.LayerNorm(8, dtype="float64")
    X = np.random.default_rng(0).normal(3, 5, size=(4, 8))
    got = values(layer(plait.input("x", (None, 8), dtype="float64")), x=X)
    np.testing.assert_allclose(got, (X - X.mean(1, keepdims=True)) / np.sqrt(X.var(1, keepdims=True) + 1e-5), rtol=1e-9)


def test_dropout_drops_in_training_only() -> None:
    x = plait.input("x", (None, 1000))
    model = nn.Sequential(nn.Dropout(0.25))
    ones = np.ones((50, 1000), "float32")
    assert (values(model(x), x=ones) == 1).all()
    got = values(model(x, training=True), x=ones)
    np.testing.assert_allclose((got == 0).mean(), 0.25, atol=0.01)
    np.testing.assert_allclose(got[got != 0], 1 / 0.75, rtol=1e-6)


def test_parameters_are_saved_and_loaded(tmp_path: Path) -> None:
    file = tmp_path / "model.plait"
    model, other = nn.MLP(3, (4,), 2, rng=0), nn.MLP(3, (4,), 2, rng=1)
    model.save(file)
    assert other.load(file) is other
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        assert (a.value == b.value).all()
    before = [p.value for p in nn.MLP(3, (5,), 2, rng=0).parameters()]
    wrong = nn.MLP(3, (5,), 2, rng=0)
    with pytest.raises(plait.FormatError, match=r"'mlp.0.weight' is float32 \(3, 4\) there and float32 \(3, 5\) here"):
        wrong.load(file)
    assert all((p.value == b).all() for p, b in zip(wrong.parameters(), before, strict=True))
    with pytest.raises(plait.FormatError, match="holds 4 parameters"):
        nn.MLP(3, (4, 4), 2, rng=0).load(file)
    broken = bytearray(file.read_bytes())
    broken[-3] ^= 1
    file.write_bytes(bytes(broken))
    with pytest.raises(plait.FormatError):
        model.load(file)


@pytest.mark.parametrize("travel", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_layers_travel_as_pickles_and_what_they_share_stays_shared(travel: Any) -> None:
    shared = nn.Dense(3, 3, rng=0)
    model = nn.Sequential(shared, nn.Dropout(0.5), shared)
    again = travel(model)
    assert [p.value.tolist() for p in again.parameters()] == [p.value.tolist() for p in model.parameters()]
    assert len(again.parameters()) == 2
    again.parameters()[0].value = np.zeros((3, 3))
    assert model.parameters()[0].value.any()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: nn.Dense(0, 3), "inputs"),
        (lambda: nn.Dense(3, 2.5), "outputs"),
        (lambda: nn.Dense(3, 3, activation="rulu"), "rulu"),
        (lambda: nn.Dropout(1.0), "rate"),
        (lambda: nn.Embedding(0, 3), "count"),
        (lambda: nn.LayerNorm(0), "size"),
    ],
)
def test_settings_are_checked_by_name(make: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        make()
    with pytest.raises(TypeError, match="layers or functions"):
        nn.Sequential(3)

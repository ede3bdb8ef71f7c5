"""Initialisation of weights, embeddings with padding, and noise in training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import plait
from plait import nn
from plait.nn.initializers import NAMES

VARIANCES = {"glorot": 2 / 900, "xavier": 2 / 900, "he": 2 / 600, "kaiming": 2 / 600, "lecun": 1 / 600}


@pytest.mark.parametrize("name", NAMES)
def test_every_name_has_its_moments(name: str) -> None:
    w = nn.initialize((600, 300), name, rng=0, dtype="float64")
    kind, _, form = name.partition("_")
    if kind in VARIANCES:
        np.testing.assert_allclose(w.var(), VARIANCES[kind], rtol=0.02)
        limit = np.sqrt(3 * VARIANCES[kind])
        assert (np.abs(w).max() <= limit) == (form != "normal")
    elif name == "orthogonal":
        np.testing.assert_allclose(w.T @ w, np.eye(300), atol=1e-12)
        wide = nn.initialize((3, 8), name, rng=0, dtype="float64")
        np.testing.assert_allclose(wide @ wide.T, np.eye(3), atol=1e-12)
    else:
        expected = {"zeros": (0, 0), "ones": (1, 0), "uniform": (0, 0.05 / np.sqrt(3)), "normal": (0, 0.05), "identity": (1 / 600, None)}[
            name
        ]
        assert abs(w.mean() - expected[0]) < 1e-3
        assert expected[1] is None or abs(w.std() - expected[1]) < 1e-3
    assert np.array_equal(w, nn.initialize((600, 300), name, rng=0, dtype="float64"))
    assert nn.initialize((4, 4), name, rng=0).dtype == np.float32
    np.testing.assert_allclose(nn.initialize((6, 3), name, gain=2.0, rng=0), 2 * nn.initialize((6, 3), name, rng=0))


def test_taps_of_a_convolution_count_as_inputs() -> None:
    np.testing.assert_allclose(nn.initialize((5, 40, 60), "he", rng=0).var(), 2 / 200, rtol=0.05)
    np.testing.assert_allclose(nn.initialize((5, 40, 60), "glorot", rng=0).var(), 2 / 500, rtol=0.05)
    np.testing.assert_allclose(nn.Conv1d(40, 60, 5, "relu", rng=0).weight.value.var(), 2 / 200, rtol=0.05)


def test_layers_take_names_numbers_and_functions() -> None:
    assert (nn.Dense(3, 2, initializer="zeros").weight.value == 0).all()
    assert (nn.Dense(3, 2, initializer=0.5).weight.value == 0.5).all()
    assert (nn.Dense(3, 2, initializer=lambda shape: np.full(shape, 2)).weight.value == 2).all()
    drawn = nn.Dense(3, 2, initializer=lambda shape, rng: rng.normal(size=shape), rng=5).weight.value
    assert np.array_equal(drawn, np.random.default_rng(5).normal(size=(3, 2)).astype("float32"))
    assert all((p.value == 0).all() for p in nn.MLP(3, (4,), 2, initializer="zeros").parameters())
    lstm = nn.LSTM(4, 5, recurrent_initializer="orthogonal", initializer="glorot", dtype="float64", rng=0)
    for k in range(4):
        gate = lstm.cells[0].weight_h.value[:, 5 * k : 5 * k + 5]
        np.testing.assert_allclose(gate @ gate.T, np.eye(5), atol=1e-12)
    assert np.abs(lstm.cells[0].weight_x.value).max() <= np.sqrt(6 / 9)
    # Without a name all draws are what they were.
    assert np.array_equal(nn.LSTM(4, 5, rng=0).cells[0].weight_h.value, nn.LSTM(4, 5, initializer=None, rng=0).cells[0].weight_h.value)
    for how, text in (("Glorot", "nothing is called 'Glorot'"), (lambda _: np.zeros(3), "was to give numbers of shape")):
        with pytest.raises(ValueError, match=text):
            nn.Dense(3, 2, initializer=how)
    with pytest.raises(plait.DTypeError, match="initialize: dtype"):
        nn.initialize((3, 3), dtype="int32")
    with pytest.raises(ValueError, match="identity: expected a matrix"):
        nn.initialize(3, "identity")
    with pytest.raises(ValueError, match="orthogonal: expected"):
        nn.initialize(3, "orthogonal")


@pytest.mark.parametrize("padding", [0, 3, -1])
def test_padding_is_zero_and_is_not_learnt(padding: int) -> None:
    layer = nn.Embedding(5, 3, padding=padding, rng=0)
    words = plait.input("words", (2, 4), "int64")
    W = np.array([[0, 3, 4, 1], [padding, padding % 5, -1, -5]])
    rows = layer(words)
    loss = plait.square(rows - 1.0).sum()
    values, slope = plait.compile([rows, plait.gradient(loss, layer.table)])(words=W)
    at = padding % 5 == W % 5
    assert (values[at] == 0).all()
    assert (values[~at] != 0).all()
    assert (slope[padding] == 0).all()
    layer.table.value = np.ones((5, 3), "float32")
    assert (layer.predict(W)[at] == 0).all()
    with pytest.raises(ValueError, match="padding: expected an integer that is looked up, of -5 to 4, got 5"):
        nn.Embedding(5, 3, padding=5)


def drawn(layer: Any, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    x = plait.input("x", shape, "float64")
    assert layer(x) is x
    return np.asarray(plait.compile(layer(x, training=True))(x=np.ones(shape)))


def test_noise_in_training() -> None:
    y = drawn(nn.SpatialDropout(0.25), (400, 9, 5))
    assert np.array_equal(y, y[:, :1] * np.ones((400, 9, 5)))
    assert set(np.unique(y)) == {0, 1 / 0.75}
    assert abs((y == 0).mean() - 0.25) < 0.04
    assert abs((drawn(nn.SpatialDropout(0.5), (100, 50)) == 0).mean() - 0.5) < 0.04
    y = drawn(nn.GaussianDropout(0.2), (200, 100))
    assert abs(y.mean() - 1) < 0.02
    assert abs(y.std() - 0.5) < 0.02
    y = drawn(nn.GaussianNoise(0.3), (200, 100))
    assert abs(y.mean() - 1) < 0.02
    assert abs(y.std() - 0.3) < 0.02
    for layer in (nn.SpatialDropout, nn.GaussianDropout, nn.Dropout):
        with pytest.raises(ValueError, match="expected a probability"):
            layer(1.0)
    with pytest.raises(ValueError, match="deviation"):
        nn.GaussianNoise(-1)
    model = nn.Sequential(nn.Dense(3, 4, rng=0), nn.SpatialDropout(0.5))
    x = plait.input("x", (None, 3))
    assert len(plait.gradient(model(x, training=True).sum(), model.parameters())) == 2

"""Layers as text, on arrays, and what they say when they are called with one."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import plait
from plait import nn


def test_predict_is_the_graph_on_an_array() -> None:
    model = nn.Sequential(nn.Dense(3, 4, "tanh", rng=0), nn.Dropout(0.9), nn.LayerNorm(4), plait.relu, nn.Dense(4, 2, rng=1))
    X = np.random.default_rng(0).normal(size=(5, 3))
    x = plait.input("x", (None, 3))
    expected = plait.compile(model(x))(x=X)
    np.testing.assert_array_equal(model.predict(X), expected)
    np.testing.assert_array_equal(model.predict(X.tolist()), expected)
    assert model.predict(X[:2]).dtype == np.float32
    model.parameters()[0].value = np.zeros((3, 4))  # the program holds the parameters, not their values
    assert not np.array_equal(model.predict(X), expected)
    assert model.predict(np.arange(6).reshape(2, 3)).shape == (2, 2)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


def test_predict_keeps_integers_and_structures() -> None:
    words = nn.Sequential(nn.Embedding(10, 3, rng=0), nn.Dense(3, 2, rng=0))
    assert words.predict(np.array([[1, 2], [3, 4]])).shape == (2, 2, 2)
    outs, (h, c) = nn.LSTM(2, 3, rng=0).predict(np.ones((4, 5, 2)))
    assert (outs.shape, h.shape, c.shape) == ((4, 5, 3), (4, 3), (4, 3))


@pytest.mark.parametrize(
    "layer",
    [nn.Dense(3, 2), nn.MLP(3, (2,), 1), nn.LayerNorm(3), nn.Dropout(), nn.Embedding(5, 3), nn.LSTM(3, 2), nn.VAE(3, (2,), 1)],
    ids=lambda layer: type(layer).__name__,
)
def test_calls_on_arrays_are_refused_with_the_way_to_do_it(layer: Any) -> None:
    with pytest.raises(TypeError, match=rf"{type(layer).__name__}: called with an array of shape \(2, 3\).*layer.predict\(array\)"):
        layer(np.ones((2, 3)))


def test_a_layer_of_ones_own_has_them_too() -> None:
    class Scale(nn.Layer):
        def __init__(self) -> None:
            self.factor = plait.parameter(np.full(3, 2.0), name="factor")

        def __call__(self, x: Any, *, training: bool = False) -> Any:  # noqa: ARG002
            return x * self.factor

    np.testing.assert_array_equal(Scale().predict(np.ones((2, 3))), np.full((2, 3), 2.0))
    assert repr(Scale()) == "Scale(factor 3)"
    with pytest.raises(TypeError, match="Scale: called with an array"):
        Scale()(np.ones(3))


def test_repr_and_summary_say_what_is_inside() -> None:
    model = nn.Sequential(nn.Dense(3, 4, "tanh", rng=0), nn.Dropout(0.5), nn.Dense(4, 2, bias=False, rng=0))
    assert repr(model) == (
        "Sequential(\n  layers.0: Dense(activation=tanh, weight 3 × 4, bias 4)\n  layers.1: Dropout(rate=0.5)\n"
        "  layers.2: Dense(weight 4 × 2)\n)".replace("activation=tanh", "activation='tanh'")
    )
    lines = model.summary().splitlines()
    assert lines[0] == "Sequential"
    assert lines[-1].split() == ["0.1", "KiB", "24"]
    assert sum("dense" in line for line in lines) == 3
    for layer in (nn.VAE(4, (3,), 2), nn.LSTM(2, 3, layers=2), nn.SequenceRegressor(1, 4), nn.Dropout()):
        assert repr(layer).startswith(type(layer).__name__ + "(")
        assert sum(p.value.size for p in layer.parameters()) == int(layer.summary().split()[-1].replace(",", ""))


@pytest.mark.parametrize("wrong", [3.0, np.array(["a"]), np.array([1j])])
def test_predict_refuses_what_is_no_array_of_numbers(wrong: Any) -> None:
    with pytest.raises(ValueError, match="Dense: predict: expected an array of numbers"):
        nn.Dense(3, 2).predict(wrong)


def test_predict_refuses_rows_that_do_not_fit() -> None:
    with pytest.raises(plait.ShapeError):
        nn.Dense(3, 2).predict(np.ones((2, 4)))

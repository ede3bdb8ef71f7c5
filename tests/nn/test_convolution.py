"""Convolutions and pooling beside their plain definitions, with gradients, sizes bound later, and training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plait
from plait import nn

Array = np.ndarray[Any, Any]


def convolved(x: Array, weight: Array, stride: int, dilation: int, padding: str, groups: int) -> Array:
    """The definition, one output at a time."""
    kernel, _, outputs = weight.shape
    reach = (kernel - 1) * dilation
    before = {"valid": 0, "same": reach // 2, "causal": reach}[padding]
    after = 0 if padding == "valid" else reach - before
    padded = np.pad(x, ((0, 0), (before, after), (0, 0)))
    places = (padded.shape[1] - reach - 1) // stride + 1
    per_in, per_out = x.shape[2] // groups, outputs // groups
    y = np.zeros((len(x), places, outputs))
    for t in range(places):
        for o in range(outputs):
            g = o // per_out
            for j in range(kernel):
                under = padded[:, t * stride + j * dilation, g * per_in : (g + 1) * per_in]
                y[:, t, o] += under @ weight[j, :, o]
    return y


@given(
    st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.sampled_from(["valid", "same", "causal"]),
    st.sampled_from([(1, 1, 1), (2, 3, 1), (4, 2, 2), (3, 3, 3), (2, 4, 2), (3, 6, 3)]), st.integers(0, 3), st.booleans(), st.integers(0, 10**6),
)  # fmt: skip
def test_conv1d_is_its_definition(
    kernel: int, stride: int, dilation: int, padding: str, channels: tuple[int, int, int], more: int, later: bool, seed: int
) -> None:
    inputs, outputs, groups = channels
    rng = np.random.default_rng(seed)
    layer = nn.Conv1d(inputs, outputs, kernel, stride=stride, dilation=dilation, padding=padding, groups=groups, dtype="float64", rng=seed)
    layer.bias.value = rng.normal(size=outputs)
    X = rng.normal(size=(2, (kernel - 1) * dilation + 1 + more, inputs))
    x = plait.input("x", (None, None, inputs) if later else X.shape, "float64")
    y = layer(x)
    expected = convolved(X, layer.weight.value, stride, dilation, padding, groups) + layer.bias.value
    found = plait.compile(y)(x=X)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    if not later:
        assert y.shape == expected.shape
    seeds = rng.normal(size=expected.shape)
    slopes = plait.compile(plait.gradient((y * seeds).sum(), [layer.weight, x]))(x=X)
    # The slope of a linear function is its value at unit vectors, summed with the seeds.
    D = rng.normal(size=X.shape)
    change = convolved(D, layer.weight.value, stride, dilation, padding, groups)
    assert np.isclose((slopes[1] * D).sum(), (change * seeds).sum())
    V = rng.normal(size=layer.weight.shape)
    assert np.isclose((slopes[0] * V).sum(), (convolved(X, V, stride, dilation, padding, groups) * seeds).sum())


def test_second_derivatives_of_a_convolution() -> None:
    layer = nn.Conv1d(2, 3, 3, "tanh", dilation=2, padding="causal", dtype="float64", rng=0)
    X = np.random.default_rng(1).normal(size=(2, 7, 2))
    assert plait.check_gradient(lambda x: plait.square(layer(x)).sum(), X) < 1e-6
    assert plait.check_gradient(lambda x: plait.square(layer(x)).sum(), X, order=2) < 1e-5


def test_a_causal_convolution_sees_no_later_input() -> None:
    model = nn.Sequential(nn.Conv1d(1, 4, 3, "relu", padding="causal", rng=0), nn.Conv1d(4, 2, 3, dilation=4, padding="causal", rng=1))
    X = np.random.default_rng(0).normal(size=(1, 30, 1)).astype("float32")
    before = model.predict(X)
    X[:, 20:] += 100
    after = model.predict(X)
    assert np.array_equal(before[:, :20], after[:, :20])
    assert (before[:, 20:] != after[:, 20:]).all()


def pooled(x: Array, size: int, stride: int, padding: str, f: Any) -> Array:
    reach = size - 1
    before = {"valid": 0, "same": reach // 2, "causal": reach}[padding]
    after = 0 if padding == "valid" else reach - before
    padded = np.pad(x, ((0, 0), (before, after), (0, 0)), constant_values=np.nan)
    places = range(0, padded.shape[1] - reach, stride)
    return np.stack([f(padded[:, t : t + size], axis=1) for t in places], axis=1)


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
@pytest.mark.parametrize(("size", "stride"), [(1, None), (2, None), (3, None), (3, 1), (2, 3), (4, 2)])
def test_pooling_is_its_definition(size: int, stride: int | None, padding: str, later: bool) -> None:
    X = np.random.default_rng(0).normal(size=(2, 11, 3))
    x = plait.input("x", (None, None, 3) if later else X.shape, "float64")
    for layer, f in (
        (nn.MaxPool1d(size, stride, padding=padding), np.nanmax),
        (nn.AveragePool1d(size, stride, padding=padding), np.nanmean),
    ):
        np.testing.assert_allclose(plait.compile(layer(x))(x=X), pooled(X, size, stride or size, padding, f), rtol=1e-12)
        assert plait.check_gradient(lambda a, layer=layer: plait.square(layer(a)).sum(), X) < 1e-6
    np.testing.assert_allclose(nn.GlobalMaxPool1d().predict(X), X.max(1))
    np.testing.assert_allclose(nn.GlobalAveragePool1d().predict(X), X.mean(1), rtol=1e-12)


def test_ties_share_the_gradient() -> None:
    x = np.array([1.0, 1, 1, 0, 2, 2]).reshape(1, 6, 1)
    for stride, expected in ((3, [1 / 3, 1 / 3, 1 / 3, 0, 0.5, 0.5]), (None, [1 / 3, 1 / 3, 1 / 3, 0, 0.5, 0.5])):
        slope = plait.grad(lambda a, stride=stride: nn.MaxPool1d(3, stride)(a).sum())(x)
        np.testing.assert_allclose(slope.ravel(), expected)


def test_a_convolutional_net_learns_and_is_the_same_on_any_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(256, 24, 1)).astype("float32")
    T = (X[:, :, 0] * np.linspace(0, 1, 24)).sum(1, keepdims=True).astype("float32")

    def fitted(threads: int) -> tuple[list[float], Array]:
        plait.set_num_threads(threads)
        model = nn.Sequential(
            nn.Conv1d(1, 8, 3, "relu", padding="causal", rng=0), nn.MaxPool1d(2, padding="same"), nn.Conv1d(8, 8, 3, "relu", rng=1),
            lambda y: y.reshape((-1, 80)), nn.Dense(80, 1, rng=2),
        )  # fmt: skip
        x, t = plait.input("x", (None, 24, 1)), plait.input("t", (None, 1))
        history = plait.train(
            plait.losses.mse(model(x), t), {x: X, t: T}, optimizer=plait.optim.Adam(5e-3), epochs=30, batch_size=32, rng=0
        )
        return history.loss, model.predict(X)

    before = plait.get_num_threads()
    try:
        (loss, said), (again, same) = fitted(1), fitted(2)
    finally:
        plait.set_num_threads(before)
    assert loss[-1] < 0.1 * loss[0]
    assert loss == again
    assert np.array_equal(said, same)


def test_misuse_is_named() -> None:
    x = plait.input("x", (None, 4, 3))
    for call, error, text in (
        (lambda: nn.Conv1d(3, 2, 5)(x), plait.ShapeError, r"a window over 5 steps does not fit into 4"),
        (lambda: nn.Conv1d(2, 2, 3)(x), plait.ShapeError, r"expected shape \(batch, time, 2\), got \(None, 4, 3\)"),
        (lambda: nn.Conv1d(3, 2, 3)(x[:, 0]), plait.ShapeError, "Conv1d: inputs: expected shape"),
        (lambda: nn.Conv1d(3, 2, 3)(np.zeros((1, 4, 3))), TypeError, r"layer\.predict"),
        (lambda: nn.Conv1d(3, 2, 0), ValueError, "Conv1d: kernel"),
        (lambda: nn.Conv1d(3, 2, 3, padding="full"), ValueError, "padding: expected one of valid, same, causal"),
        (lambda: nn.Conv1d(3, 2, 3, groups=2), ValueError, "groups: 2 does not divide"),
        (lambda: nn.Conv1d(3, 2, 3, initializer="glorott"), ValueError, "nothing is called 'glorott'"),
        (lambda: nn.MaxPool1d(5)(x), plait.ShapeError, "MaxPool1d: a window over 5 steps"),
        (lambda: nn.MaxPool1d(0), ValueError, "MaxPool1d: size"),
        (lambda: nn.GlobalMaxPool1d()(x[0]), plait.ShapeError, "GlobalMaxPool1d"),
    ):
        with pytest.raises(error, match=text):
            call()


@pytest.mark.peer
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 3), (2, 2)])
def test_values_and_gradients_are_pytorchs(groups: int, stride: int, dilation: int) -> None:
    torch = pytest.importorskip("torch")
    layer = nn.Conv1d(4, 8, 3, stride=stride, dilation=dilation, groups=groups, dtype="float64", rng=0)
    layer.bias.value = np.arange(8.0)
    twin = torch.nn.Conv1d(4, 8, 3, stride=stride, dilation=dilation, groups=groups, dtype=torch.float64)
    with torch.no_grad():
        twin.weight.copy_(torch.from_numpy(np.array(layer.weight.value).transpose(2, 1, 0).copy()))
        twin.bias.copy_(torch.from_numpy(np.array(layer.bias.value)))
    X = np.random.default_rng(0).normal(size=(2, 15, 4))
    theirs = torch.from_numpy(X.transpose(0, 2, 1).copy()).requires_grad_()
    out = torch.tanh(twin(theirs))
    out.square().sum().backward()
    x = plait.input("x", X.shape, "float64")
    y = plait.tanh(layer(x))
    value, of_x, of_weight = plait.compile([y, *plait.gradient(plait.square(y).sum(), [x, layer.weight])])(x=X)
    np.testing.assert_allclose(value, out.detach().numpy().transpose(0, 2, 1), rtol=1e-9)
    np.testing.assert_allclose(of_x, theirs.grad.numpy().transpose(0, 2, 1), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(of_weight, twin.weight.grad.numpy().transpose(2, 1, 0), rtol=1e-9, atol=1e-12)

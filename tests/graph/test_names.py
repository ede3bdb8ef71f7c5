"""Names that users of NumPy and torch look for: values, slopes and curvature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plait


@pytest.mark.peer
@pytest.mark.parametrize("name", ["leaky_relu", "elu"])
@pytest.mark.parametrize("setting", [0.01, 0.3, 2.0])
def test_activations_are_torchs(name: str, setting: float) -> None:
    torch = pytest.importorskip("torch")
    at = np.array([-1e5, -30.0, -1.0, -1e-9, 0.0, 1e-9, 1.0, 1e5])
    x = plait.constant(at)
    y = getattr(plait, name)(x, setting)
    (slope,) = plait.gradient(y.sum(), [x])
    (curve,) = plait.gradient((slope * slope).sum(), [x])
    t = torch.tensor(at, requires_grad=True)
    z = getattr(torch.nn.functional, name)(t, setting)
    (theirs,) = torch.autograd.grad(z.sum(), t, create_graph=True)
    np.testing.assert_allclose(plait.evaluate(y), z.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(plait.evaluate(slope), theirs.detach().numpy(), rtol=1e-12)
    expected = np.where((at <= 0) & (name == "elu"), 2 * setting**2 * np.exp(2 * np.minimum(at, 0)), 0.0)
    np.testing.assert_allclose(plait.evaluate(curve), expected, rtol=1e-9)
    assert plait.nn.Dense(2, 2, activation=name).activation == name
    with pytest.raises(ValueError, match=name):
        getattr(plait, name)(x, np.nan)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=3), st.data())
@settings(max_examples=30, deadline=None)
def test_flip_is_numpys(shape: list[int], data: Any) -> None:
    at = np.random.default_rng(0).normal(size=shape)
    axis = data.draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1), st.just(tuple(range(len(shape))))))
    np.testing.assert_array_equal(plait.evaluate(plait.flip(at, axis)), np.flip(at, axis))


def test_flip_turns_gradients_and_refuses_other_axes() -> None:
    x = plait.input("x", (None, 3), dtype="float64")
    (slope,) = plait.gradient((plait.flip(x, 0) * np.array([[1.0], [2.0]])).sum(), [x])
    np.testing.assert_array_equal(plait.compile(slope)(x=np.ones((2, 3))), [[2.0] * 3, [1.0] * 3])
    with pytest.raises(plait.ShapeError, match="flip: axis 2 is out of bounds"):
        plait.flip(x, 2)


def test_zeros_and_ones_are_constants() -> None:
    for make, like in ((plait.zeros, np.zeros), (plait.ones, np.ones)):
        for shape in (3, (2, 0), ()):
            np.testing.assert_array_equal(plait.evaluate(make(shape, "int64")), like(shape, "int64"))
        assert make(2).dtype == np.float32
        for wrong in ((None, 2), -1, (2.5,), True):
            with pytest.raises(plait.ShapeError, match="expected sizes of at least 0"):
                make(wrong)  # type: ignore[arg-type]


def test_versions_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    plait.show_versions()
    told = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert told["plait"] == plait.__version__
    assert told["numpy"] == np.__version__
    assert told["threads"] == str(plait.get_num_threads())

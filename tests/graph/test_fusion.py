"""Regressions: graphs that were fused incorrectly."""

from __future__ import annotations

import numpy as np
import pytest

import plait


def test_a_group_that_took_another_along_waits_for_its_readers_too() -> None:
    """tanh(x) goes along with the product into the sum, but the running sum, which the sum reads, reads tanh(x)."""
    x, s = plait.input("x", (8,), dtype="float64"), plait.input("s", (), dtype="float64")
    p = plait.tanh(x)
    out = p * plait.cos(s) + plait.cumsum(p)
    X = np.linspace(-1, 1, 8)
    np.testing.assert_allclose(plait.compile(out)(x=X, s=1.0), np.tanh(X) * np.cos(1.0) + np.cumsum(np.tanh(X)), rtol=1e-14)


@pytest.mark.parametrize("value", [2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**61 + 1])
def test_whole_numbers_that_doubles_cannot_hold_stay_exact(value: int) -> None:
    """A lane program holds its constants as doubles; 2^53 + 1 rounds to 2^53, so that from there on they are inputs."""
    x = plait.input("x", (3,), dtype="int64")
    X = np.array([-1, 0, 5])
    program = plait.compile((x + plait.constant(np.int64(value))) * 2 - 1)
    assert program(x=X).tolist() == [2 * (k + value) - 1 for k in (-1, 0, 5)]

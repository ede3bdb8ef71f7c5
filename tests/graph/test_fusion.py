"""Graphs that once were fused wrongly."""

from __future__ import annotations

import numpy as np

import plait


def test_a_group_that_took_another_along_waits_for_its_readers_too() -> None:
    """tanh(x) goes along with the product into the sum, but the running sum, which the sum reads, reads tanh(x)."""
    x, s = plait.input("x", (8,), dtype="float64"), plait.input("s", (), dtype="float64")
    p = plait.tanh(x)
    out = p * plait.cos(s) + plait.cumsum(p)
    X = np.linspace(-1, 1, 8)
    np.testing.assert_allclose(plait.compile(out)(x=X, s=1.0), np.tanh(X) * np.cos(1.0) + np.cumsum(np.tanh(X)), rtol=1e-14)

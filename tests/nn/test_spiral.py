"""Three spiral arms told apart by a network of one hidden layer, on points that it has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np

import plait


def spiral(per_arm: int, rng: np.random.Generator) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Points on three arms, with noise in the angle."""
    arm = np.repeat(np.arange(3), per_arm)
    radius = rng.uniform(0.05, 1.0, len(arm))
    angle = 4.0 * radius + arm * (2 * np.pi / 3) + rng.normal(0, 0.1, len(arm))
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1), arm


def test_2_100_3_reaches_98_percent_on_a_test_set_of_its_own() -> None:
    X, y = spiral(200, np.random.default_rng(0))
    X_test, y_test = spiral(300, np.random.default_rng(1))
    assert not {tuple(p) for p in X} & {tuple(p) for p in X_test}
    model = plait.nn.MLP(2, (100,), 3, activation="relu", rng=0)
    x, t = plait.input("x", (None, 2)), plait.input("t", (None,), dtype="int64")
    loss = plait.losses.cross_entropy_with_logits(model(x), t)
    plait.train(loss, {x: X, t: y}, optimizer=plait.optim.Adam(1e-2), epochs=150, batch_size=50)
    predicted = plait.compile([model(x)])(x=X_test)[0].argmax(axis=1)
    assert (predicted == y_test).mean() >= 0.98

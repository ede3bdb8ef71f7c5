"""Three spiral arms told apart by a network of one hidden layer, on points that it has not seen."""

from __future__ import annotations

import pytest

import plait


@pytest.mark.parametrize("seed", [0, 1])
def test_2_100_3_reaches_98_percent_on_a_test_set_of_its_own(seed: int) -> None:
    points = plait.datasets.spiral(rng=seed)
    seen = {tuple(p) for p in points.train_points}
    assert not seen & {tuple(p) for p in points.test_points}
    model = plait.nn.MLP(2, (100,), 3, activation="relu", rng=0)
    x, t = plait.input("x", (None, 2)), plait.input("t", (None,), dtype="int64")
    loss = plait.losses.cross_entropy_with_logits(model(x), t)
    data = {x: points.train_points, t: points.train_labels}
    plait.train(loss, data, optimizer=plait.optim.Adam(1e-2), epochs=150, batch_size=30)
    predicted = plait.compile([model(x)])(x=points.test_points)[0].argmax(axis=1)
    assert (predicted == points.test_labels).mean() >= 0.98

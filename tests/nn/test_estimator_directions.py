"""``bidirectional=True`` of the sequence estimators: what it learns that one direction cannot, and where it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import nn


@pytest.fixture
def sequences() -> list[Any]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(rng.integers(5, 12), 1)) for _ in range(60)]


def test_each_output_knows_the_steps_behind_it(sequences: list[Any]) -> None:
    """The target is the next value of the input, which only a bidirectional network can predict."""
    y = [np.roll(x, -1) for x in sequences]
    forward, both = (nn.SequenceRegressor(hidden=12, bidirectional=b, epochs=50, rng=0).fit(sequences, y) for b in (False, True))
    assert forward.score(sequences, y) < 0.2
    assert both.score(sequences, y) > 0.75
    # Padding has no effect.
    alone = both.predict(sequences[3])
    np.testing.assert_allclose(both.predict(sequences)[3], alone, atol=1e-5)


@pytest.mark.parametrize(("cell", "layers"), [("lstm", 1), ("gru", 2), ("rnn", 1)])
def test_one_target_for_a_sequence(sequences: list[Any], cell: str, layers: int, tmp_path: Path) -> None:
    """The state at both ends: one answer for each sequence, from `predict`, after `load`, too."""
    y = [float(x[0, 0] - x[-1, 0]) for x in sequences]
    model = nn.SequenceRegressor(1, hidden=12, cell=cell, layers=layers, bidirectional=True, epochs=60, rng=0).fit(sequences, y)
    assert model.score(sequences, y) > 0.9
    said = model.predict(sequences)
    assert [part.shape for part in said] == [(1, 1)] * len(sequences)
    model.save(tmp_path / "m")
    again = nn.SequenceRegressor(1, hidden=12, cell=cell, layers=layers, bidirectional=True, rng=3).load(tmp_path / "m")
    np.testing.assert_array_equal(np.concatenate(again.predict(sequences)), np.concatenate(said))


@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_classes_by_a_sequences_beginning(sequences: list[Any], pooling: str) -> None:
    labels = ["up" if x[0, 0] > 0 else "down" for x in sequences]
    model = nn.SequenceClassifier(hidden=8, bidirectional=True, pooling=pooling, epochs=60, rng=0).fit(sequences, labels)
    assert model.score(sequences, labels) > 0.95
    assert model.model_.head.parameters()[0].shape == (16, 2)
    np.testing.assert_allclose(model.predict_proba(sequences)[4], model.predict_proba([sequences[4]])[0], atol=1e-5)


def test_forecasts_from_windows_seen_both_ways() -> None:
    series = 20 + 5 * np.sin(2 * np.pi * np.arange(240) / 12)
    model = nn.SequenceRegressor(hidden=8, horizon=4, window=12, bidirectional=True, distribution="normal", future=1, epochs=30, rng=0)
    model.fit(series, future=np.arange(240.0))
    np.testing.assert_allclose(model.predict(series, future=np.arange(244.0))[:, 0], 20 + 5 * np.sin(2 * np.pi * np.arange(240, 244) / 12), atol=1.5)
    assert model.generate(series, 10, future=np.arange(252.0)).shape == (10, 1)


def test_where_the_next_value_would_be_seen() -> None:
    series = np.sin(np.arange(100.0))
    model = nn.SequenceRegressor(1, bidirectional=True, rng=0)
    for call, text in (
        (lambda: model.fit(series), "give targets, or horizon="),
        (lambda: model.fit(series, window=10), "give targets, or horizon="),
        (lambda: model.fit(series, series, tbptt=10), "fit: tbptt: with bidirectional=True"),
        (lambda: model.generate(series, 5), "generate: with bidirectional=True"),
        (lambda: nn.SequenceRegressor(bidirectional="yes").fit(series, series), "bidirectional: expected a boolean, got 'yes'"),
        (lambda: nn.SequenceClassifier(bidirectional=2).fit([series, series], [0, 1]), "bidirectional: expected a boolean, got 2"),
    ):
        with pytest.raises(ValueError, match=text):
            call()
    assert plait.nn.SequenceClassifier(bidirectional=True).get_params()["bidirectional"] is True

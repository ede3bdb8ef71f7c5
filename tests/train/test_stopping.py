"""EarlyStopping: when it ends a run, and which weights it leaves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import plait
from plait.train import EarlyStopping


def told(losses: list[float], stopping: EarlyStopping, validation: bool = True) -> int:
    """After how many epochs a run with these losses ends."""
    stopping.begin([])
    for epoch, loss in enumerate(losses, 1):
        now: Any = SimpleNamespace(
            epoch=epoch, epochs=len(losses), loss=-epoch if validation else loss, validation=loss if validation else None
        )
        if stopping(now):
            return epoch
    return len(losses)


def test_it_waits_for_so_many_epochs() -> None:
    stopping = EarlyStopping(patience=2)
    assert told([3.0, 2.0, 2.5, 1.0, 1.0, 1.0, 0.5], stopping) == 6
    assert (stopping.best_, stopping.best_epoch_, stopping.stopped_) == (1.0, 4, True)
    assert told([3.0, 2.0, 1.0], stopping, validation=False) == 3
    assert (stopping.best_epoch_, stopping.stopped_) == (3, False)
    assert told([3.0, 2.95, 2.9, 2.85], EarlyStopping(patience=2, min_delta=0.1)) == 3
    assert told([3.0, 2.0, 2.0, 2.0, 2.0], EarlyStopping(patience=1, monitor="loss")) == 5
    with pytest.raises(ValueError, match="needs validation= data"):
        told([1.0], EarlyStopping(monitor="validation"), validation=False)


def run(stopping: EarlyStopping, epochs: int = 30) -> tuple[Any, Any, list[Any]]:
    x, w = plait.input("x", (None,), dtype="float64"), plait.parameter(0.0, name="w")
    seen: list[Any] = []
    history = plait.train(
        ((w - x) ** 2).mean(),
        {x: np.full(8, 1.0)},
        optimizer=plait.optim.SGD(0.1),
        epochs=epochs,
        batch_size=8,
        callbacks=[lambda _: seen.append(float(w.value)), stopping],
        validation={x: np.full(8, 0.55)},
    )
    return w, history, seen


def test_the_best_weights_are_put_back() -> None:
    w, history, seen = run(EarlyStopping(patience=3))
    best = int(np.argmin(history.validation))
    assert history.epochs == best + 4
    assert float(w.value) == seen[best] != seen[-1]
    w, _, seen = run(EarlyStopping(patience=3, restore=False))
    assert float(w.value) == seen[-1]
    w, history, seen = run(EarlyStopping(patience=30), epochs=6)  # epochs are used up, the best weights come back all the same
    assert float(w.value) == seen[int(np.argmin(history.validation))] != seen[-1]


def test_wrong_settings_are_refused() -> None:
    for options, message in (({"patience": 0}, "patience"), ({"min_delta": -1.0}, "min_delta"), ({"monitor": "accuracy"}, "monitor")):
        with pytest.raises(ValueError, match=f"EarlyStopping: {message}"):
            EarlyStopping(**options)
    assert repr(EarlyStopping(5, monitor="loss", restore=False)) == "EarlyStopping(patience=5, monitor='loss', restore=False)"

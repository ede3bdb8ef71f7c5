"""A loss or parameter that becomes NaN or infinite ends the run with the place."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import plait
from plait import optim


def test_a_nan_in_the_data_is_named_by_step_and_epoch_and_the_parameters_stay_sound(tmp_path: Path) -> None:
    x = plait.input("x", (None,), dtype="float64")
    w = plait.parameter(np.zeros(()), name="w")
    loss = ((w - x) ** 2).mean()
    good, bad = np.ones(50), np.ones(50)
    bad[33] = np.nan
    file = tmp_path / "run.ckpt"
    plait.train(loss, {x: good}, optimizer=optim.SGD(0.1), epochs=2, batch_size=10, shuffle=False, checkpoint=file)
    kept = w.value
    with pytest.raises(plait.NotFiniteError, match=r"the loss is NaN at step 14 \(epoch 3\)") as caught:
        plait.train(loss, {x: bad}, optimizer=optim.SGD(0.1), epochs=4, batch_size=10, shuffle=False, checkpoint=file, resume=True)
    assert (caught.value.epoch, caught.value.step) == (3, 14)
    assert np.isnan(caught.value.loss)
    assert caught.value.history.epochs == 2
    assert isinstance(caught.value, FloatingPointError)
    assert w.value == kept
    assert (
        plait.train(loss, {x: good}, optimizer=optim.SGD(0.1), epochs=2, batch_size=10, shuffle=False, checkpoint=file, resume=True).epochs
        == 2
    )
    assert pickle.loads(pickle.dumps(caught.value)).step == 14


def test_a_run_that_diverges_stops() -> None:
    x = plait.input("x", (None,))
    w = plait.parameter(np.ones((), "float32"), name="w")
    with pytest.raises(plait.NotFiniteError, match="infinite"):
        plait.train(((w * x) ** 2).mean(), {x: np.full(64, 10.0)}, optimizer=optim.SGD(10.0), epochs=100)


def test_a_parameter_that_becomes_nan_in_the_last_step_is_found() -> None:
    x = plait.input("x", (None,), dtype="float64")
    w = plait.parameter(np.zeros(()), name="w")
    with pytest.raises(plait.NotFiniteError, match="parameter 'w' is no longer finite at step 1"):
        plait.train(plait.sqrt(w * w * x).mean(), {x: np.ones(4)}, optimizer=optim.SGD(0.1), epochs=1)
    assert w.value == 0

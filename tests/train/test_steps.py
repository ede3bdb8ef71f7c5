"""Steps of a program in a row: the same as calling it, with mini-batches drawn by seed."""

from __future__ import annotations

import numpy as np
import pytest

import plait
from plait import _core


def test_the_same_as_calling_the_program() -> None:
    w = plait.parameter(np.array([4.0, -2.0]))
    updates = {w: 0.5 * w + plait.normal((2,), dtype="float64")}
    outputs = [w.sum(), w * 2.0]
    loop = _core.StepLoop(_core.BatchProgram(outputs, updates), [], 1)
    assert loop.width == 3
    record = np.empty((5, 3))
    assert loop.run(11, 0, record) == 5
    np.testing.assert_array_equal(record[0], [2.0, 8.0, -4.0])
    np.testing.assert_allclose(record[:, 0], record[:, 1:].sum(axis=1) / 2)
    first, w.value = w.value, np.array([4.0, -2.0])
    again = np.empty((2, 3))
    loop.run(11, 0, again)
    loop.run(11, 2, record[:3])  # a run that goes on draws the same numbers
    np.testing.assert_array_equal(w.value, first)
    np.testing.assert_array_equal(again[0], [2.0, 8.0, -4.0])


def test_rows_come_in_whole_batches_once_an_epoch() -> None:
    x, y = plait.input("x", (4, 2), "float64"), plait.input("y", (4,), "float64")
    rows = np.arange(11.0)
    loop = _core.StepLoop(_core.BatchProgram([x[:, 0] * 1.0, (x[:, 1] - y).sum()], {}), [np.stack([rows, 2 * rows], 1), 2 * rows], 4)
    record = np.empty((4, 5))
    loop.run(3, 0, record)
    assert len(set(record[:2, :4].ravel())) == 8
    assert len(set(record[2:, :4].ravel())) == 8
    np.testing.assert_array_equal(record[:, 4], np.zeros(4))
    same = np.empty((4, 5))
    loop.run(3, 0, same)
    np.testing.assert_array_equal(same, record)


def test_misuse_is_named() -> None:
    x = plait.input("x", (4,), "float64")
    program = _core.BatchProgram([x.sum()], {})
    with pytest.raises(ValueError, match="1 inputs, 0 arrays"):
        _core.StepLoop(program, [], 1)
    with pytest.raises(ValueError, match="batches of 4 rows from 3"):
        _core.StepLoop(program, [np.zeros(3)], 4)
    with pytest.raises(plait.ShapeError, match="rows of 1 numbers"):
        _core.StepLoop(program, [np.zeros(8)], 4).run(0, 0, np.empty((2, 2)))
    with pytest.raises(plait.DTypeError, match="outputs are float64"):
        _core.StepLoop(_core.BatchProgram([plait.constant(np.float32(1))], {}), [], 1)

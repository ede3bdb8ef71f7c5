"""plait.train: the order of rows, callbacks and progress, and refused arguments."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import optim
from plait.train import History, Progress, predict


def line(rows: int = 103, dtype: str = "float32") -> tuple[Any, Any, dict[Any, Any], np.ndarray[Any, Any]]:
    """(loss, parameter, data, true weights) of a linear fit."""
    x, t = plait.input("x", (None, 3), dtype=dtype), plait.input("t", (None,), dtype=dtype)
    w = plait.parameter(np.zeros(3, dtype), name="w")
    true = np.array([1.0, -2.0, 0.5])
    X = np.random.default_rng(0).normal(size=(rows, 3))
    return plait.losses.mse(x @ w, t), w, {x: X, t: X @ true}, true


def test_a_fit_finds_the_weights_and_tells_its_course() -> None:
    loss, w, data, true = line()
    history = plait.train(loss, data, optimizer=optim.SGD(0.1), epochs=30, batch_size=16)
    np.testing.assert_allclose(w.value, true, atol=1e-5)
    assert history.epochs == len(history.loss) == len(history.seconds) == 30
    assert history.validation == []
    assert history.loss[-1] < 1e-6 < history.loss[0]
    assert history.step == 30 * 7


def test_every_row_is_seen_once_an_epoch_whatever_the_batches() -> None:
    """Without learning, the mean loss is that of all rows, the smaller last batch counted by its rows."""
    x = plait.input("x", (None,), dtype="float64")
    w = plait.parameter(np.ones(()), name="w")
    data = np.random.default_rng(0).normal(size=1001)
    for batch_size in (1, 7, 1000, 1001, 5000):
        history = plait.train((w * x).mean(), {x: data}, optimizer=optim.SGD(1e-300), epochs=2, batch_size=batch_size)
        np.testing.assert_allclose(history.loss, data.mean(), rtol=1e-12)
        assert history.step == 2 * -(-1001 // batch_size)


def test_shuffling_is_a_new_order_in_each_epoch_and_a_function_of_the_seed() -> None:
    def run(**options: Any) -> np.ndarray[Any, Any]:
        loss, w, data, _ = line()
        plait.train(loss, data, optimizer=optim.SGD(0.05), epochs=2, batch_size=10, **options)
        return w.value

    assert (run(rng=1) == run(rng=1)).all()
    assert (run(rng=1) != run(rng=2)).any()
    assert (run(rng=1, shuffle=False) == run(rng=2, shuffle=False)).all()
    generator = np.random.default_rng(5)
    assert (run(rng=generator) != run(rng=generator)).any()
    assert (run(rng=np.random.SeedSequence(3)) == run(rng=np.random.SeedSequence(3))).all()


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "int16", "int32", "int64", "uint32", "uint64", "bool", "float16", "float32", "float64", ">f4"]
)
@pytest.mark.parametrize("shuffle", [False, True])
def test_data_are_converted_to_what_the_input_takes(dtype: str, shuffle: bool) -> None:
    x = plait.input("x", (None, 2))
    w = plait.parameter(np.ones((), "float32"), name="w")
    data = (np.arange(46).reshape(23, 2) % 2).astype(dtype)
    history = plait.train((w * x).mean(), {"x": data}, optimizer=optim.SGD(1e-30), epochs=1, batch_size=5, shuffle=shuffle)
    np.testing.assert_allclose(history.loss, [0.5], rtol=1e-6)


def test_data_may_be_strided_lists_or_read_only() -> None:
    x = plait.input("x", (None, 2), dtype="float64")
    w = plait.parameter(np.ones(()), name="w")
    whole = np.arange(60.0).reshape(10, 6)
    frozen = whole[:, 1:3].copy()
    frozen.flags.writeable = False
    for data in (whole[:, 1:3], np.asfortranarray(whole[:, 1:3]), whole[:, 1:3].tolist(), frozen):
        history = plait.train((w * x).mean(), {x: data}, optimizer=optim.SGD(1e-300), epochs=1, batch_size=4)
        np.testing.assert_allclose(history.loss, [whole[:, 1:3].mean()], rtol=1e-12)


def test_an_input_without_axes_has_one_value_for_all_batches() -> None:
    x, beta = plait.input("x", (None,), dtype="float64"), plait.input("beta", (), dtype="float64")
    w = plait.parameter(np.ones(()), name="w")
    history = plait.train((beta * w * x).mean(), {x: np.ones(10), beta: 0.25}, optimizer=optim.SGD(1e-300), epochs=1, batch_size=3)
    assert history.loss == [0.25]


def test_validation_is_the_mean_after_each_epoch_and_changes_nothing() -> None:
    loss, w, data, _ = line()
    held_out = {key: value[:41] * 2 for key, value in data.items()}
    with_validation = plait.train(loss, data, optimizer=optim.SGD(0.1), epochs=3, batch_size=16, validation=held_out)
    after = w.value
    x, t = list(data)
    np.testing.assert_allclose(with_validation.validation[-1], np.mean((held_out[x] @ after - held_out[t]) ** 2), rtol=1e-4)
    w.value = np.zeros(3)
    without = plait.train(loss, data, optimizer=optim.SGD(0.1), epochs=3, batch_size=16)
    assert without.loss == with_validation.loss
    assert (w.value == after).all()
    other = plait.train(loss, data, optimizer=optim.SGD(0.1), epochs=1, validation=((x @ w).sum() * 0 + 7.0, {x: data[x]}))
    assert other.validation == [7.0]


def test_callbacks_are_told_each_epoch_and_may_stop_the_run() -> None:
    loss, _, data, _ = line()
    seen: list[Progress] = []

    def stop_at_two(now: Progress) -> bool:
        seen.append(now)
        return now.epoch == 2

    assert plait.train(loss, data, epochs=5, callbacks=stop_at_two).epochs == 2
    assert [p.epoch for p in seen] == [1, 2]
    assert seen[1].history.loss[1] == seen[1].loss
    assert seen[0].epochs == 5

    def raise_stop(_: Progress) -> None:
        raise StopIteration

    assert plait.train(loss, data, epochs=5, callbacks=[raise_stop]).epochs == 1

    def fail(_: Progress) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        plait.train(loss, data, epochs=5, callbacks=[fail])


def test_progress_is_called_at_each_epochs_end(capsys: pytest.CaptureFixture[str]) -> None:
    loss, _, data, _ = line()
    seen: list[Progress] = []
    began = time.perf_counter()
    plait.train(loss, data, epochs=3, progress=seen.append)
    times = [p.seconds for p in seen]
    assert times == sorted(times)
    assert 0 < times[0] <= times[-1] <= time.perf_counter() - began
    assert [p.epoch for p in seen if p.step == p.steps] == [1, 2, 3]
    assert capsys.readouterr() == ("", "")
    plait.train(loss, data, epochs=3, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "loss" in captured.err


def test_progress_without_tqdm_is_plain_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "tqdm", None)
    loss, _, data, _ = line()
    plait.train(loss, data, epochs=2, progress=True)
    assert "epoch 2/2" in capsys.readouterr().err


def test_threads_do_not_change_a_bit() -> None:
    def run(threads: int) -> tuple[bytes, list[float]]:
        before = plait.get_num_threads()
        plait.set_num_threads(threads)
        try:
            model = plait.nn.MLP(40, (300, 100), 10, rng=0)
            x, t = plait.input("x", (None, 40)), plait.input("t", (None,), dtype="int64")
            rng = np.random.default_rng(0)
            data = {x: rng.normal(size=(700, 40)), t: rng.integers(0, 10, 700)}
            loss = plait.losses.cross_entropy_with_logits(plait.nn.Dropout(0.1)(model(x), training=True), t)
            history = plait.train(loss, data, optimizer=optim.Adam(1e-3, clip_norm=1.0), epochs=3, batch_size=256)
            return b"".join(p.value.tobytes() for p in model.parameters()), history.loss
        finally:
            plait.set_num_threads(before)

    assert run(1) == run(2)


def test_what_does_not_fit_is_refused_by_name() -> None:
    loss, _, data, _ = line()
    x, t = list(data)
    with pytest.raises(plait.GraphError, match="no array for input 't'"):
        plait.train(loss, {x: data[x]})
    with pytest.raises(plait.GraphError, match="'z' is no input"):
        plait.train(loss, {**data, "z": np.zeros(103)})
    with pytest.raises(plait.GraphError, match="two arrays for input 'x'"):
        plait.train(loss, {**data, "x": data[x]})
    with pytest.raises(plait.ShapeError, match=r"'x' has 103 rows and 't' has 102"):
        plait.train(loss, {x: data[x], t: data[t][:102]})
    with pytest.raises(plait.ShapeError, match=r"'x' has shape \(None, 3\), got an array of shape \(103, 2\)"):
        plait.train(loss, {x: data[x][:, :2], t: data[t]})
    with pytest.raises(plait.ShapeError, match="no rows"):
        plait.train(loss, {x: data[x][:0], t: data[t][:0]})
    with pytest.raises(plait.DTypeError, match="'t' takes float32"):
        plait.train(loss, {x: data[x], t: np.array(["a"] * 103)})
    with pytest.raises(ValueError, match="epochs: expected a whole number of at least 1, got 0"):
        plait.train(loss, data, epochs=0)
    for bad in (0, 2.5, "many", float("inf")):
        with pytest.raises(ValueError, match="batch_size: expected a whole number"):
            plait.train(loss, data, batch_size=bad)
    with pytest.raises(ValueError, match="resume"):
        plait.train(loss, data, resume=True)
    with pytest.raises(plait.GraphError, match="validation: no array"):
        plait.train(loss, data, validation={x: data[x]})
    with pytest.raises(TypeError, match="dict"):
        plait.train(loss, [data[x], data[t]])
    indices = plait.input("i", (None,), dtype="int32")
    table = plait.parameter(np.ones(5), name="table")
    with pytest.raises(plait.DTypeError, match="'i' takes int32"):
        plait.train(plait.take(table, indices, axis=0).mean(), {indices: np.array([0.5])})
    with pytest.raises(plait.DTypeError, match="does not hold 4294967296"):
        plait.train(plait.take(table, indices, axis=0).mean(), {indices: np.array([2**32])})


def test_a_fixed_batch_size_that_the_last_batch_does_not_have_is_refused_before_anything_runs() -> None:
    x = plait.input("x", (10,), dtype="float64")
    w = plait.parameter(np.ones(()), name="w")
    with pytest.raises(plait.ShapeError, match="x"):
        plait.train((w * x).mean(), {x: np.ones(25)}, batch_size=10)
    assert w.value == 1
    assert plait.train((w * x).mean(), {x: np.ones(30)}, batch_size=10, epochs=1).step == 3


def test_history_draws_itself() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    axes = History([2.0, 1.0], [3.0, 2.0], [0.1, 0.1], 2).plot()
    assert len(axes.lines) == 2
    import matplotlib.pyplot as plt

    plt.close("all")


def test_predict_gives_every_row_in_its_place() -> None:
    x = plait.input("x", (None, 2), dtype="float64")
    X = np.random.default_rng(0).normal(size=(1001, 2))
    doubled, sums = predict([2 * x, x.sum(axis=1)], {x: X}, batch_size=100)
    np.testing.assert_array_equal(doubled, 2 * X)
    np.testing.assert_allclose(sums, X.sum(axis=1), rtol=1e-12)
    with pytest.raises(plait.ShapeError, match="first axis"):
        predict([x.sum()], {x: X})


def test_a_checkpoint_leaves_nothing_beside_it(tmp_path: Path) -> None:
    loss, _, data, _ = line()
    plait.train(loss, data, epochs=2, checkpoint=tmp_path / "run.ckpt")
    assert [p.name for p in tmp_path.iterdir()] == ["run.ckpt"]

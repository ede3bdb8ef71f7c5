"""SequenceRegressor: training, prediction, and generation from its own outputs."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import nn
from plait.cli import lstm as experiment
from plait.nn import ragged

Array = np.ndarray[Any, Any]


def wave(n: int, begin: float = 0.0) -> Array:
    return np.sin(0.3 * np.arange(n) + begin)


def small(**options: Any) -> nn.SequenceRegressor:
    return nn.SequenceRegressor(**{"features": 1, "hidden": 6, "outputs": 1, "dtype": "float64", "rng": 0, "standardize": False, **options})


def stepped(model: nn.SequenceRegressor, seed: Array, steps: int) -> Array:
    """Generation by the graph of the whole course, op by op."""
    outs, state = model([plait.constant(x[None]) for x in seed])
    more, _ = model.free(outs[-1], state, steps - 1)
    return np.concatenate(plait.evaluate([outs[-1], *more]))


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("layers", [1, 2])
def test_generation_is_the_unrolled_graph(cell: str, layers: int) -> None:
    model = small(cell=cell, layers=layers, features=2, outputs=2, activation="tanh")
    seed = np.random.default_rng(0).normal(size=(5, 2))
    made = model.generate(seed, steps=30)
    np.testing.assert_allclose(made, stepped(model, seed, 30), rtol=1e-11)
    # Nothing is left over from the call before, and several sequences do not touch each other.
    np.testing.assert_array_equal(model.generate(seed, steps=30), made)
    both = model.generate(np.stack([seed[::-1], seed]), steps=12)
    assert both.shape == (2, 12, 2)
    np.testing.assert_allclose(both[1], made[:12], rtol=1e-12)
    assert model.generate(seed[:1], steps=1).shape == (1, 2)


def test_generation_follows_the_parameters_without_compiling_again() -> None:
    model = small()
    first = model.generate(wave(5), 10)
    model.head.bias.value = model.head.bias.value + 1
    assert (model.generate(wave(5), 10) != first).all()
    program = vars(model)["_programs"]["generator"]
    model.generate(wave(7), 3)
    assert vars(model)["_programs"]["generator"] is program


def test_prediction_is_one_step_ahead_of_true_values() -> None:
    model = small(layers=2)
    x = wave(40)[:, None]
    whole = model.predict(x)
    assert whole.shape == (40, 1)
    for k in (1, 7, 40):
        np.testing.assert_allclose(model.predict(x[:k])[-1], model.generate(x[:k], 1)[0], rtol=1e-11)
        np.testing.assert_allclose(model.predict(x[:k]), whole[:k], rtol=1e-11)
    parts = model.predict([x[:9], x[:40], x[:1]])
    assert [len(part) for part in parts] == [9, 40, 1]
    np.testing.assert_allclose(parts[0], whole[:9], rtol=1e-11)
    np.testing.assert_allclose(model.predict(x[None])[0], whole, rtol=1e-11)
    np.testing.assert_allclose(model.predict(x[:, 0]), whole, rtol=1e-11)


def test_what_comes_back_has_the_form_of_what_was_given() -> None:
    model = small()
    x = wave(12)
    expected = model.predict(x)
    many = np.array([None, None])
    many[:] = [x, x[:5]]
    for form in ([x, x[:5]], (x, x[:5]), [x.tolist(), x[:5].tolist()], many):
        both = model.predict(form)
        assert isinstance(both, list)
        np.testing.assert_allclose(both[0], expected, rtol=1e-12)
        np.testing.assert_allclose(both[1], expected[:5], rtol=1e-12)
    for single in (x.tolist(), tuple(x), x.astype(object), x[:, None]):
        np.testing.assert_allclose(model.predict(single), expected, rtol=1e-12)
    assert model.predict([x])[0].shape == (12, 1)
    assert model.generate([x, x[::-1]], 4).shape == (2, 4, 1)
    assert model.generate([x], 4).shape == (1, 4, 1)
    assert model.generate(x.tolist(), 4).shape == (4, 1)


def test_windows_are_learnt_and_the_seed_decides() -> None:
    runs = []
    for rng in (1, 1, 2):
        model = small(hidden=12)
        history = model.fit([wave(80), wave(60, 1.0)], window=20, epochs=20, rng=rng)
        runs.append(history.loss)
    assert runs[0] == runs[1] != runs[2]
    assert runs[0][-1] < 0.05 * runs[0][0]


def test_the_loss_of_windows_counts_the_steps_ahead() -> None:
    model = small(activation="tanh")
    history = model.fit(wave(9), window=4, ahead=4, epochs=1, optimizer=plait.optim.SGD(1e-30))
    outs = np.concatenate([model.predict(wave(4)), model.generate(wave(4), 5)[1:]])
    np.testing.assert_allclose(history.loss[0], np.mean((outs[:, 0] - wave(9)[1:]) ** 2), rtol=1e-10)


def test_shorter_sequences_are_not_padded_into_the_loss() -> None:
    model = small(features=2)
    rng = np.random.default_rng(0)
    xs = [rng.normal(size=(n, 2)) for n in (3, 7, 1)]
    ts = [rng.normal(size=(n, 1)) for n in (3, 7, 1)]
    still = plait.optim.SGD(1e-30)
    errors = [np.sum((model.predict(x) - t) ** 2) for x, t in zip(xs, ts, strict=True)]
    np.testing.assert_allclose(model.fit(xs, ts, epochs=1, optimizer=still).loss[0], sum(errors) / 11, rtol=1e-10)
    np.testing.assert_allclose(model.fit(xs, ts, epochs=1, tbptt=10, optimizer=still).loss[0], sum(errors) / 11, rtol=1e-10)
    ends = np.array([t[-1] for t in ts])
    expected = np.mean([(model.predict(x)[-1] - end) ** 2 for x, end in zip(xs, ends, strict=True)])
    np.testing.assert_allclose(model.fit(xs, ends, epochs=1, optimizer=still).loss[0], expected, rtol=1e-10)
    for form in (ends[:, 0], ends.tolist(), list(ends[:, 0]), tuple(ends)):
        np.testing.assert_allclose(model.fit(xs, form, epochs=1, optimizer=still).loss[0], expected, rtol=1e-10)
    np.testing.assert_allclose(
        model.fit(xs[:1], ends[:1], epochs=1, optimizer=still).loss[0], (model.predict(xs[0])[-1, 0] - ends[0, 0]) ** 2, rtol=1e-10
    )
    same = [x[:1] for x in xs]
    np.testing.assert_allclose(
        model.fit(same, [t[:1] for t in ts], epochs=1, optimizer=still).loss[0],
        np.mean([(model.predict(x)[0] - t[0]) ** 2 for x, t in zip(same, ts, strict=True)]),
        rtol=1e-10,
    )


@pytest.mark.parametrize("layers", [1, 2])
def test_truncated_back_propagation_carries_the_state(layers: int) -> None:
    """Stretch for stretch, the losses are those of the whole sequence."""
    model = small(layers=layers)
    series = [wave(25), wave(25, 2.0)]
    still = plait.optim.SGD(1e-30)
    seen = []
    model.fit(series, tbptt=8, epochs=3, optimizer=still, callbacks=lambda now: seen.append(now.history.loss[-1]) and None)
    predicted = [model.predict(x[:-1])[:, 0] - x[1:] for x in series]
    np.testing.assert_allclose(seen, np.mean(np.square(predicted)), rtol=1e-10)  # the same in each epoch: it begins anew
    model.fit(series, tbptt=5, epochs=1, optimizer=still)  # the last stretch is shorter
    assert [p.name for p in model.parameters()][-1] == "head.bias"


def test_truncated_back_propagation_learns() -> None:
    model = nn.SequenceRegressor(1, 16, rng=0)
    history = model.fit(wave(400), tbptt=20, epochs=60)
    assert history.loss[-1] < 1e-2


def test_gradients_do_not_cross_a_stretch() -> None:
    model = small()
    x = wave(17)
    before = [np.array(p.value) for p in model.parameters()]
    model.fit(x, tbptt=8, epochs=1, optimizer=plait.optim.SGD(0.1))
    by_hand = small()
    state: Any = by_hand.recurrent.initial_state(1)
    for begin in (0, 8):
        outs, end = by_hand(plait.constant(x[None, begin : begin + 8, None]), state)
        loss = plait.losses.mse(outs, x[None, begin + 1 : begin + 9, None])
        gradients = plait.gradient(loss, by_hand.parameters())
        (*state,) = plait.evaluate(list(end))
        state = tuple(state)
        for p, g in zip(by_hand.parameters(), plait.evaluate(gradients), strict=True):
            p.value = p.value - 0.1 * g
    for p, q, b in zip(model.parameters(), by_hand.parameters(), before, strict=True):
        np.testing.assert_allclose(p.value, q.value, rtol=1e-10)
        assert (p.value != b).any()


def test_a_model_travels(tmp_path: Path) -> None:
    model = small(cell="gru", activation="tanh")
    made = model.generate(wave(5), 8)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).generate(wave(5), 8), made)
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(small(cell="gru", activation="tanh", rng=5).load(tmp_path / "model").generate(wave(5), 8), made)


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    whole, parts = small(), small()
    options: dict[str, Any] = {"tbptt": 8, "optimizer": plait.optim.Adam(1e-2)}
    whole.fit(wave(50), epochs=4, **options)
    parts.fit(wave(50), epochs=2, checkpoint=tmp_path / "c", **options)
    parts.fit(wave(50), epochs=4, checkpoint=tmp_path / "c", resume=True, **options)
    for p, q in zip(whole.parameters(), parts.parameters(), strict=True):
        np.testing.assert_array_equal(p.value, q.value)


LONG_RUN = """
import sys, threading, time
import numpy as np, plait

model = plait.nn.SequenceRegressor(1, hidden=64, layers=2)
data = np.sin(0.1 * np.arange(100_000))
model.fit(data[:300], epochs=1)
call = {"fit": lambda: model.fit(data, epochs=10), "generate": lambda: model.generate(data[:9], 3_000_000)}[sys.argv[1]]
seen, over = [], threading.Event()

def watch():  # runs as long as nobody holds the interpreter
    while not over.wait(0.01):
        seen.append(time.monotonic())

watcher = threading.Thread(target=watch, daemon=True)
watcher.start()
print("running", flush=True)
try:
    call()
except KeyboardInterrupt:
    print("stopped", time.monotonic(), flush=True)
over.set()
watcher.join()
print(max(np.diff(seen)))
print(np.isfinite(model.predict(data[:50])).all())
"""


@pytest.mark.parametrize("what", ["fit", "generate"])
def test_ctrl_c_stops_a_loop_of_many_steps(what: str) -> None:
    """Left alone, both take longer than all this test; the promise of 100 ms is widened for machines with other work to do."""
    process = subprocess.Popen([sys.executable, "-c", LONG_RUN, what], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        time.sleep(0.5)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, err
    word, stopped, gap, usable = out.split()
    print(f"[{what}: Ctrl-C took {1e3 * (float(stopped) - sent):.0f} ms; the interpreter was held for {1e3 * float(gap):.0f} ms at most]")
    assert word == "stopped"
    assert float(stopped) - sent < 1.5
    assert float(gap) < 1.0
    assert usable == "True"


@pytest.mark.slow
def test_the_circle_is_closed() -> None:
    """From five true points a hundred more, each made from the one before: the median of five seeds."""
    errors = [experiment.train(seed=seed)[1]["error"] for seed in range(5)]
    print("mean absolute errors:", errors)
    assert np.median(errors) <= 0.05


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_targets_that_are_no_numbers_are_named(value: float) -> None:
    """By the sequence, the step and the column; they become no loss of NaN."""
    x, y, ends = wave(20), np.ones((20, 2)), np.ones((3, 1))
    y[9, 1] = ends[2] = value
    model = nn.SequenceRegressor(hidden=2, epochs=1, rng=0)
    ahead = nn.SequenceRegressor(hidden=2, epochs=1, horizon=3, rng=0)
    trained = nn.SequenceRegressor(hidden=2, epochs=1, horizon=3, distribution="normal", rng=0).fit(x, np.ones(20))
    for call, text in (
        (lambda: model.fit(x, y), r"fit: targets: NaN or infinity at step 9, column 1$"),
        (lambda: model.fit([x, x], [np.ones((20, 2)), y]), r"fit: targets\[1\]: NaN or infinity at step 9, column 1$"),
        (lambda: model.fit([x, x, x], ends), r"fit: targets: NaN or infinity at sequence 2$"),
        (lambda: model.fit([x, x, x], [1.0, value, 2.0]), r"fit: targets: NaN or infinity at sequence 1$"),
        (lambda: model.partial_fit(x, y[:, 1]), r"targets: NaN or infinity at step 9$"),
        (lambda: ahead.fit(x, y), r"fit: targets: NaN or infinity at step 9, column 1$"),
        (lambda: ahead.fit(x, np.ones(20), validation=(x, y[:, 1])), r"validation: targets: NaN or infinity at step 9$"),
        (lambda: trained.score(x, y[:, 1]), r"score: targets: NaN or infinity at step 9$"),
        (lambda: trained.backtest(x, y[:, 1]), r"backtest: targets: NaN or infinity at step 9$"),
        (lambda: trained.calibrate(x, y[:, 1]), r"calibrate: targets: NaN or infinity at step 9$"),
    ):
        with pytest.raises(ValueError, match=text):
            call()


def test_bad_input_is_refused_by_name() -> None:
    model, wide = small(), small(features=3)
    x = wave(20)
    bad = x.copy()
    bad[7] = np.nan
    for call, error, text in (
        (lambda: model.fit(x, window=20), ValueError, "takes 21 steps, but the longest series has 20"),
        (lambda: model.fit(x, window=10, ahead=-1), ValueError, "ahead"),
        (lambda: model.fit(x, window=0), ValueError, "window"),
        (lambda: model.fit(x, ahead=3), ValueError, "ahead= needs window="),
        (lambda: model.fit(x, tbptt=0), ValueError, "tbptt"),
        (lambda: model.fit(x, x, window=3, ahead=2), ValueError, "ahead= goes with series alone"),
        (lambda: model.fit(bad, window=3), ValueError, "fit: series: NaN or infinity at step 7"),
        (lambda: model.fit([x, []], window=3), plait.ShapeError, r"series\[1\]"),
        (lambda: model.fit([], window=3), plait.ShapeError, "no sequences"),
        (lambda: model.fit([[1.0]]), ValueError, "one step has no next value"),
        (lambda: model.fit(np.zeros((20, 2)), window=3), plait.ShapeError, r"expected shape \(time, 1\), got \(20, 2\)"),
        (lambda: model.fit(["a", "b"], window=1), plait.DTypeError, "expected numbers"),
        (lambda: model.fit([x, x], [x]), plait.ShapeError, "2 sequences and 1 targets"),
        (lambda: model.fit([x, x], [x, x[1:]]), plait.ShapeError, r"series\[1\] has 20 steps and targets\[1\] has 19"),
        (lambda: model.fit([x, x], np.zeros(2), tbptt=4), ValueError, "target for every step"),
        (lambda: wide.fit(np.zeros((20, 3)), window=3), plait.ShapeError, "3 inputs and 1 outputs"),
        (lambda: wide.generate(np.zeros((5, 3))), plait.ShapeError, "3 inputs and 1 outputs"),
        (lambda: model.generate(x, 0), ValueError, "steps"),
        (lambda: model.generate([]), plait.ShapeError, "seed_values"),
        (lambda: model.generate([x[:3], x[:2]]), plait.ShapeError, "one length"),
        (lambda: model.predict(bad), ValueError, "NaN or infinity at step 7"),
        (lambda: model.fit(None), TypeError, "fit: series: expected sequences, an array or a list of arrays, got NoneType"),
        (lambda: model.fit([x, None]), TypeError, r"series\[1\]: expected numbers in shape \(time, 1\), got NoneType"),
        (lambda: model.fit(np.zeros((0, 9, 1))), plait.ShapeError, "fit: series: no sequences"),
        (lambda: model.fit(np.zeros((2, 0, 1))), plait.ShapeError, r"fit: series\[0\]: a sequence of zero steps"),
        (lambda: model.fit([x, np.zeros((4, 2))]), plait.ShapeError, r"series\[1\]: expected shape \(time, 1\), got \(4, 2\)"),
        (lambda: model.fit([x, [[1.0], [2.0, 3.0]]]), plait.ShapeError, r"series\[1\]: expected an array of numbers, but its parts differ"),
        (lambda: model.fit(x + 0j), ValueError, "Complex data not supported"),
        (lambda: model.fit(np.ma.masked_less(x, 0)), ValueError, "masked values"),
        (lambda: small(dtype="float32").fit(x * 1e300), ValueError, "a value too large for float32 at step 1"),
        (lambda: model.fit([x, x], [1.0, np.nan]), ValueError, "targets: NaN"),
        (lambda: model.fit(x, window=3, ahead="a"), ValueError, "fit: ahead"),
        (lambda: model.fit(x, batch_size=0), ValueError, "fit: batch_size"),
        (lambda: model.fit(x, epochs=0), ValueError, "fit: epochs"),
        (lambda: nn.SequenceRegressor(1.5), ValueError, "SequenceRegressor: features"),
        (lambda: nn.SequenceRegressor(1, dtype="int32"), plait.DTypeError, "SequenceRegressor: dtype"),
        (lambda: nn.SequenceRegressor(1, cell="elman"), ValueError, "cell"),
        (lambda: nn.SequenceRegressor(1, 0), ValueError, "hidden"),
    ):
        with pytest.raises(error, match=text):
            call()


def test_windows_do_not_cross_from_one_series_to_the_next() -> None:
    rows = ragged.windows([np.arange(4.0)[:, None], np.arange(10.0, 13.0)[:, None], np.zeros((1, 1))], 3, "here")
    np.testing.assert_array_equal(rows[:, :, 0], [[0, 1, 2], [1, 2, 3], [10, 11, 12]])


def test_schedules_in_epochs_and_plateaus_reach_the_rule_inside() -> None:
    series = np.sin(0.3 * np.arange(200))
    for rate in (plait.optim.Cosine(1e-2, epochs=5), plait.optim.Plateau(1e-2, patience=0)):
        model = plait.nn.SequenceRegressor(1, hidden=4, rng=0)
        history = model.fit(series, window=10, epochs=4, optimizer=plait.optim.Adam(rate))
        assert history.loss[-1] < history.loss[0]

"""Subnormal numbers are zero inside programs and tables, unless the switch says otherwise; outside nothing changes."""

import signal
import threading

import numpy as np
import pytest

import plait

TINY = {"float32": 1e-40, "float64": 1e-310}


@pytest.fixture(autouse=True)
def switch():
    yield
    plait.set_flush_subnormals(True)


def numpy_keeps_ieee():
    return float(np.float64(1e-310) * np.ones(1)[0]) == 1e-310 and float((np.full(4, 1e-40, "float32") * np.float32(1))[0]) > 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("on", [True, False])
def test_program_and_table_follow_the_switch(dtype, on):
    plait.set_flush_subnormals(on)
    assert plait.get_flush_subnormals() is on
    x = plait.input("x", (None,), dtype=dtype)
    values = np.array([TINY[dtype], -TINY[dtype], 1.0], dtype)
    y = x * plait.constant(np.array(0.5, dtype))
    expected = [0, 0, 0.5] if on else values * 0.5
    assert np.array_equal(plait.compile([y])(x=values)[0], np.array(expected, dtype))
    assert np.array_equal(plait.evaluate(y, {x: values}), np.array(expected, dtype))
    assert np.array_equal(plait.Table([y], {x: values})[y], np.array(expected, dtype))
    assert numpy_keeps_ieee()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_that_become_subnormal_are_zero(dtype):
    x = plait.input("x", (None,), dtype=dtype)
    small = np.full(3, np.finfo(dtype).tiny * 1.5, dtype)
    assert not plait.compile([x / 4])(x=small)[0].any()
    plait.set_flush_subnormals(False)
    assert plait.compile([x / 4])(x=small)[0].all()


def test_constants_fold_by_the_same_rule():
    two = plait.constant(np.float32(1e-30)) * plait.constant(np.float32(1e-10))
    assert plait.compile([two])()[0] == plait.evaluate(two, {}) == 0


def test_all_threads_of_a_program_follow_it():
    before = plait.get_num_threads()
    x = plait.input("x", (None,))
    program = plait.compile([plait.exp(x) * np.float32(1e-39)])
    values = np.zeros(2_000_000, "float32")
    try:
        for on in (True, False, True):
            plait.set_flush_subnormals(on)
            for threads in (1, 2, 5):
                plait.set_num_threads(threads)
                assert bool(program(x=values)[0].any()) is not on
    finally:
        plait.set_num_threads(before)


def test_training_and_its_callbacks():
    w = plait.parameter(np.full(4, 1e-20, "float32"), name="w")
    x = plait.input("x", (None, 4))
    seen = []
    plait.train(
        ((x * w) ** 2).mean(),
        {x: np.ones((8, 4), "float32")},
        optimizer=plait.optim.SGD(0.1),
        epochs=3,
        batch_size=4,
        callbacks=lambda *_: seen.append(numpy_keeps_ieee()),
        progress=False,
    )
    assert seen
    assert all(seen)
    assert numpy_keeps_ieee()


def test_scan_follows_it():
    def step(state, x_t):
        state = state * x_t
        return state, state

    xs = plait.input("xs", (None,))
    _, ys = plait.scan(step, plait.constant(np.float32(1.0)), xs)
    values = np.full(90, 0.3, "float32")
    assert plait.compile([ys])(xs=values)[0].min() == 0
    plait.set_flush_subnormals(False)
    assert 0 < plait.compile([ys])(xs=values[:86])[0].min() < np.finfo("float32").tiny


def test_the_mode_comes_back_after_an_error_and_in_signal_handlers():
    seen = []
    x = plait.input("x", (None, 400), dtype="float64")
    y = x
    for _ in range(400):
        y = plait.tanh(y @ plait.constant(np.eye(400)))
    program = plait.compile([y])

    def run_often(program):
        for _ in range(50):
            program(x=np.ones((400, 400)))

    def handler(*_):
        seen.append(numpy_keeps_ieee())
        raise RuntimeError("stop")

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(RuntimeError, match="stop"):
            run_often(program)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert seen == [True]
    assert numpy_keeps_ieee()


def test_other_threads_of_the_caller():
    x = plait.input("x", ())
    program = plait.compile(x * 2)
    found = []
    thread = threading.Thread(target=lambda: found.append((float(program(x=1e-40)), numpy_keeps_ieee())))
    thread.start()
    thread.join()
    assert found == [(0.0, True)]


def test_the_switch_wants_a_bool():
    with pytest.raises(TypeError, match="True or False"):
        plait.set_flush_subnormals(1)

"""plait.scan beside the same steps unrolled, beside NumPy, and beside differences."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait

RNG = np.random.default_rng(7)
CHECKPOINTS = [None, True, 1, 3, 1000]
Step = Callable[[Any, Any], tuple[Any, Any]]


def between(*shape: int) -> np.ndarray:
    return RNG.uniform(-1, 1, shape)


def unrolled(step: Step, state: Any, sequence: Any, steps: int, reverse: bool = False) -> tuple[Any, Any]:
    """The twin: as many copies of the step as there are rows."""
    results = []
    for t in reversed(range(steps)) if reverse else range(steps):
        state, y = step(state, tuple(x[t] for x in sequence) if isinstance(sequence, tuple) else sequence[t])
        results.append(y)
    if reverse:
        results.reverse()
    if isinstance(results[0], tuple):
        return state, tuple(plait.stack(parts) for parts in zip(*results, strict=True))
    return state, plait.stack(results)


def lstm(inputs: int, hidden: int, dtype: str = "float64") -> tuple[Step, list[Any]]:
    w = plait.parameter((between(inputs + hidden, 4 * hidden) * 0.5).astype(dtype), name="w")
    b = plait.parameter((between(4 * hidden) * 0.1).astype(dtype), name="b")

    def step(state: Any, x: Any) -> tuple[Any, Any]:
        h, c = state
        z = plait.concatenate([x, h], axis=1) @ w + b
        i, f, g, o = (z[:, k * hidden : (k + 1) * hidden] for k in range(4))
        c = plait.sigmoid(f) * c + plait.sigmoid(i) * plait.tanh(g)
        h = plait.sigmoid(o) * plait.tanh(c)
        return (h, c), h

    return step, [w, b]


def agree(found: Any, expected: Any, tolerance: float = 1e-12) -> None:
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * max(1.0, float(np.abs(b).max(initial=0.0))))


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize(("steps", "reverse"), [(1, False), (2, False), (17, False), (16, True), (7, True)])
def test_lstm_as_unrolled(steps: int, reverse: bool, checkpoint: bool | int | None) -> None:
    step, parameters = lstm(2, 5)
    x = plait.input("x", (steps, 3, 2), "float64")
    h, c = plait.input("h", (3, 5), "float64"), plait.input("c", (3, 5), "float64")
    feeds = {x: between(steps, 3, 2), h: between(3, 5), c: between(3, 5)}

    def outputs(state: Any, ys: Any) -> list[Any]:
        loss = (plait.square(ys) * 0.3).sum() + plait.tanh(state[0]).mean() + (state[1] * state[1]).sum()
        return [*state, ys, loss, *plait.gradient(loss, [*parameters, x, h, c])]

    scanned = outputs(*plait.scan(step, (h, c), x, reverse=reverse, checkpoint=checkpoint))
    twin = plait.compile(outputs(*unrolled(step, (h, c), x, steps, reverse)))(feeds)
    agree(plait.compile(scanned)(feeds), twin)
    agree(plait.evaluate(scanned, feeds), twin)


@pytest.mark.parametrize("checkpoint", [None, True])
def test_length_bound_when_run(checkpoint: bool | None) -> None:
    step, parameters = lstm(2, 4)
    x = plait.input("x", (None, None, 2), "float64")
    zero = plait.broadcast_to(plait.constant(0.0), (3, 4))
    (h, c), ys = plait.scan(step, (zero, zero), x, checkpoint=checkpoint)
    assert ys.shape == (None, 3, 4)
    loss = ys.sum() + c.sum()
    program = plait.compile([h, c, ys, *plait.gradient(loss, [*parameters, x])])
    for steps in (1, 2, 5, 26):
        data = between(steps, 3, 2)
        y = plait.input("y", data.shape, "float64")
        (h2, c2), ys2 = unrolled(step, (zero, zero), y, steps)
        agree(program(x=data), plait.compile([h2, c2, ys2, *plait.gradient(ys2.sum() + c2.sum(), [*parameters, y])])(y=data))


@pytest.mark.parametrize("checkpoint", [None, True])
def test_no_steps(checkpoint: bool | None) -> None:
    w = plait.parameter(between(2, 2), name="w")
    x, s = plait.input("x", (None, 2), "float64"), plait.input("s", (2,), "float64")
    last, ys = plait.scan(lambda s, x: (plait.tanh(s @ w) + x, (s * x).sum()), s, x, checkpoint=checkpoint)
    outputs = [last, ys, *plait.gradient((last * last).sum() + ys.sum(), [w, s, x])]
    feeds = {x: np.zeros((0, 2)), s: np.array([1.0, -2.0])}
    for found in (plait.compile(outputs)(feeds), plait.evaluate(outputs, feeds)):
        assert [a.tolist() for a in found] == [[1, -2], [], [[0, 0], [0, 0]], [2, -4], []]
        assert found[4].shape == (0, 2)


def test_beside_numpy() -> None:
    decay, data = 0.9, between(50, 4)
    x = plait.input("x", data.shape, "float64")
    state, (sums, squares) = plait.scan(
        lambda s, x: ({"a": decay * s["a"] + x, "n": [s["n"][0] + 1]}, (s["a"] + x, (x * x, s["n"][0]))),
        {"a": np.zeros(4), "n": [plait.constant(0)]},
        x,
    )
    a, n = np.zeros(4), 0
    expected = []
    for row in data:
        expected.append(a + row)
        a, n = decay * a + row, n + 1
    found = plait.compile([state["a"], state["n"][0], sums, *squares])(x=data)
    agree(found, [a, np.array(n), np.array(expected), data * data, np.arange(50)])
    assert found[1].dtype == np.int64


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_time_on_another_axis(axis: int) -> None:
    data = between(3, 5, 7)
    x = plait.input("x", data.shape, "float64")
    first = plait.constant(np.zeros(np.delete(data.shape, axis)))
    last, ys = plait.scan(lambda s, x: (s + x, s + x), first, x, axis=axis)
    agree(plait.compile([last, ys])(x=data), [data.sum(axis), np.cumsum(data, axis)])


@pytest.mark.parametrize("checkpoint", [None, True, 2])
def test_gradients_beside_differences(checkpoint: bool | int | None) -> None:
    def f(w: Any, u: Any, s: Any, xs: Any, z: Any) -> Any:
        last, (a, b) = plait.scan(
            lambda s, x: (plait.tanh(w @ s + u * x[0]), (s * z, plait.exp(x[1] * s[0]))), s, (xs, xs * 2), checkpoint=checkpoint
        )
        return (last**2).sum() + plait.sin(a).sum() + b.sum()

    arguments = [between(3, 3), between(3), between(3), between(7, 3) * 0.5, between(3)]
    assert plait.check_gradient(lambda w, u, s, xs, z: f(w, u, s, xs, z), *arguments) < 1e-7


@pytest.mark.parametrize("checkpoint", [None, 3])
def test_gradient_of_gradient(checkpoint: int | None) -> None:
    w0, data = between(2, 2), between(5, 2)

    def hessian(scanned: bool) -> Any:
        w, x = plait.input("w", w0.shape, "float64"), plait.input("x", data.shape, "float64")
        step = lambda s, x: (plait.tanh(s @ w + x), plait.square(s) * x)  # noqa: E731
        s = plait.constant(np.array([0.3, -0.2]))
        last, ys = plait.scan(step, s, x, checkpoint=checkpoint) if scanned else unrolled(step, s, x, len(data))
        g = plait.gradient((last * last).sum() + ys.sum(), [w, x])
        second = plait.gradient((g[0] ** 2).sum() + plait.sin(g[1]).sum(), [w, x])
        return [*g, *second], {w: w0, x: data}

    nodes, feeds = hessian(True)
    twin_nodes, twin_feeds = hessian(False)
    twin = plait.compile(twin_nodes)(twin_feeds)
    agree(plait.compile(nodes)(feeds), twin, 1e-11)
    agree(plait.evaluate(nodes, feeds), twin, 1e-11)


def test_loop_in_a_loop() -> None:
    w = plait.parameter(between(3, 3) * 0.5, name="w")
    x = plait.input("x", (4, 5, 3), "float64")
    data = between(4, 5, 3)

    def outputs(loop: Any) -> list[Any]:
        def outer(s: Any, rows: Any) -> Any:
            inner, ys = loop(lambda s, x: (plait.tanh(s @ w + x * s), s * x), s * 0.5, rows, 5)
            return inner + s, ys.sum(axis=0)

        last, ys = loop(outer, plait.constant(np.full(3, 0.1)), x, 4)
        return [last, ys, *plait.gradient((last * last).sum() + ys.sum(), [w, x])]

    twin = plait.compile(outputs(unrolled))({x: data})
    found = outputs(lambda f, s, x, _: plait.scan(f, s, x))
    agree(plait.compile(found)({x: data}), twin)
    agree(plait.evaluate(found, {x: data}), twin)


def test_table_sends_gradients_through() -> None:
    step, (w, _) = lstm(2, 3)
    x = plait.input("x", (6, 2, 2), "float64")
    zero = plait.constant(np.zeros((2, 3)))
    _, ys = plait.scan(step, (zero, zero), x)
    loss = (ys * ys).sum()
    data = between(6, 2, 2)
    table = plait.Table(loss, {x: data})
    table.backward(loss)
    agree([table.grad(w), table.grad(x)], plait.compile(plait.gradient(loss, [w, x]))(x=data))


def test_constants_and_numbers_are_promoted() -> None:
    x = plait.input("x", (3,), "float32")
    last, ys = plait.scan(lambda s, x: (s + x, 1), 0, x)
    assert last.dtype == ys.dtype == np.float32
    found = plait.compile([last, ys])(x=[1, 2, 3])
    assert [a.tolist() for a in found] == [6.0, [1, 1, 1]]
    reset, _ = plait.scan(lambda *_: (np.float64(4.0), None), x[0], x)
    assert plait.compile(reset)(x=[1, 2, 3]).tolist() == 4.0


@pytest.mark.parametrize("checkpoint", [None, True])
def test_random_nodes_draw_anew_and_gradients_see_the_same(checkpoint: bool | None) -> None:
    x = plait.input("x", (40, 3), "float64")

    def step(s: Any, x: Any) -> Any:
        e = plait.normal((3,), dtype="float64") + 10 * plait.uniform(like=x)
        return s + e * x, e

    last, es = plait.scan(step, plait.constant(np.zeros(3)), x, checkpoint=checkpoint)
    program = plait.compile([last, es, plait.gradient(last.sum(), x)], rng=3)
    data = between(40, 3)
    total, drawn, gradient = program(x=data)
    assert len(np.unique(drawn)) == drawn.size
    np.testing.assert_allclose(total, (drawn * data).sum(axis=0))
    np.testing.assert_array_equal(gradient, drawn)
    assert not np.isin(program(x=data)[1], drawn).any()  # another run, other numbers
    again = plait.compile([last, es], rng=3)(x=data)
    np.testing.assert_array_equal(again[1], drawn)


def test_dropout_and_own_seeds() -> None:
    x = plait.input("x", (200,), "float64")
    _, (a, b) = plait.scan(lambda s, x: (s, (plait.dropout(x, 0.5), plait.normal((), rng=1))), 0.0, x)
    kept, own = plait.compile([a, b], rng=0)(x=np.ones(200))
    assert 60 < (kept == 2).sum() < 140
    assert len(np.unique(own)) == 200
    np.testing.assert_array_equal(plait.compile(b, rng=5)(x=np.ones(200)), own)


@pytest.mark.parametrize("checkpoint", [None, True])
def test_threads_change_no_bit(checkpoint: bool | None) -> None:
    step, parameters = lstm(4, 64, "float32")
    x = plait.input("x", (12, 64, 4))
    zero = plait.constant(np.zeros((64, 64), "float32"))
    _, ys = plait.scan(step, (zero, zero), x, checkpoint=checkpoint)
    program = plait.compile([ys, *plait.gradient((ys * ys).sum(), parameters)])
    data = between(12, 64, 4)
    before, results = plait.get_num_threads(), []
    for threads in (1, 2):
        plait.set_num_threads(threads)
        results.append(program(x=data))
    plait.set_num_threads(before)
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


def test_long_sequences() -> None:
    x = plait.input("x", (None,), "float64")
    last, ys = plait.scan(lambda s, x: (0.5 * s + x, s), 0.0, x)
    program = plait.compile([last, plait.gradient(last + ys.sum(), x)])
    value, gradient = program(x=np.ones(100_000))
    assert value == 2.0
    np.testing.assert_allclose(gradient[:-60], 2.0)
    assert gradient[-1] == 1.0
    assert program.steps != []


def test_checkpoints_take_less_memory() -> None:
    step, parameters = lstm(2, 16)

    def memory(steps: int, checkpoint: bool | None) -> int:
        x = plait.input("x", (steps, 8, 2), "float64")
        zero = plait.constant(np.zeros((8, 16)))
        (h, _), _ = plait.scan(step, (zero, zero), x, checkpoint=checkpoint)
        program = plait.compile(plait.gradient((h * h).sum(), parameters))
        program(x=between(steps, 8, 2))
        return int(program.memory_bytes)

    assert memory(2500, True) < memory(2500, None) / 15
    assert memory(10_000, True) < 2.5 * memory(2500, True)


def test_nothing_is_computed_for_nobody() -> None:
    """A loop without gradients stores no residuals, and a backward loop computes no unused gradients."""
    step, parameters = lstm(2, 16)
    x = plait.input("x", (1000, 8, 2), "float64")
    zero = plait.constant(np.zeros((8, 16)))
    (h, c), ys = plait.scan(step, (zero, zero), x)
    last = plait.compile(h)
    both = plait.compile([h, ys])
    assert last.memory_bytes < both.memory_bytes / 10
    loss = (c * c).sum()
    some, more = (
        plait.compile(plait.gradient(loss, parameters)),
        plait.compile([*plait.gradient(loss, parameters), plait.gradient(loss, x)]),
    )
    assert some.flops < more.flops


def test_training_with_updates() -> None:
    w = plait.parameter(np.array([[0.1]]), name="w")
    x, t = plait.input("x", (None, 1), "float64"), plait.input("t", (None, 1), "float64")
    _, ys = plait.scan(lambda s, x: (s @ w + x, s @ w + x), np.zeros((1, 1)), x[:, None])
    loss = plait.square(ys[:, 0] - t).mean()
    step = plait.compile(loss, updates={w: w - 0.1 * plait.gradient(loss, w)})
    data = between(30, 1)
    target = np.zeros(30)
    for k in range(30):
        target[k] = 0.6 * target[k - 1] * (k > 0) + data[k, 0]
    losses = [float(step(x=data, t=target[:, None])) for _ in range(200)]
    assert losses[-1] < 1e-6 < losses[0]
    np.testing.assert_allclose(w.value, [[0.6]], atol=1e-3)


@pytest.mark.parametrize("checkpoint", [None, True])
def test_save_and_load(tmp_path: Path, checkpoint: bool | None) -> None:
    step, parameters = lstm(2, 4)
    x = plait.input("x", (None, 3, 2), "float64")
    zero = plait.constant(np.zeros((3, 4)))

    def noisy(state: Any, x: Any) -> Any:
        state, y = step(state, x)
        return state, plait.dropout(y, 0.3)

    (h, _), ys = plait.scan(noisy, (zero, zero), x, checkpoint=checkpoint)
    loss = plait.square(ys).sum() + h.sum()
    program = plait.compile({"loss": loss, "gradients": plait.gradient(loss, parameters)}, rng=0)
    path = tmp_path / "program"
    plait.save(path, program)
    data = between(9, 3, 2)
    loaded, own = plait.load(path)(x=data), program(x=data)
    agree([loaded["loss"], *loaded["gradients"]], [own["loss"], *own["gradients"]], 0)


def refused(error: type[Exception], match: str, step: Any, state: Any, sequence: Any, **options: Any) -> None:
    with pytest.raises(error, match=match):
        plait.scan(step, state, sequence, **options)


def test_what_does_not_fit_is_refused() -> None:
    x, y = plait.input("x", (5, 2)), plait.input("y", (6, 2))
    s = plait.constant(np.zeros(2, "float32"))
    same = lambda s, _: (s, s)  # noqa: E731
    refused(plait.ShapeError, r"different length: x has 5 steps, y has 6", same, s, (x, y))
    refused(plait.ShapeError, r"state has shape \(2,\) before a step and \(2, 1\) after it", lambda s, _: (s[:, None], s), s, x)
    refused(
        plait.DTypeError,
        r"state\[1\] is float32 before a step and float64 after it",
        lambda s, _: ((s[0], s[1].astype("float64")), None),
        (s, s),
        x,
    )
    refused(plait.GraphError, r"structure \(node, node\) and gives one of the structure node", lambda s, _: (s[0], None), (s, s), x)
    refused(plait.GraphError, "a pair", lambda s, _: s, s, x)
    refused(plait.GraphError, "a pair.* got a tuple of 3", lambda s, x: (s, x, x), s, x)
    refused(plait.ShapeError, "axis 2 is out of range", same, s, x, axis=2)
    refused(plait.ShapeError, "out of range", same, s, plait.input("scalar", ()))
    refused(plait.GraphError, "sequence is empty", same, s, ())
    refused(TypeError, "sequence is a node", same, s, "text")
    refused(TypeError, "state is a node", same, None, x)
    refused(TypeError, "results of a step", lambda s, _: (s, "text"), s, x)
    refused(ValueError, "checkpoint", same, s, x, checkpoint=0)
    refused(TypeError, "integer", same, s, x, checkpoint=1.5)


def test_what_does_not_fit_when_bound_is_refused() -> None:
    x, y, s = plait.input("x", (None, 2)), plait.input("y", (None, 2)), plait.input("s", (None,))
    last, _ = plait.scan(lambda s, xy: (s + xy[0] * xy[1], None), s, (x, y))
    for run in (plait.compile(last), lambda feeds: plait.evaluate(last, feeds)):
        with pytest.raises(plait.ShapeError, match="different length: 3 and 4"):
            run({x: np.zeros((3, 2)), y: np.zeros((4, 2)), s: np.zeros(2)})
        with pytest.raises(plait.ShapeError, match=r"state has shape \(1,\) before a step and \(2,\) after it"):
            run({x: np.zeros((3, 2)), y: np.zeros((3, 2)), s: np.zeros(1)})
        assert run({x: np.ones((3, 2)), y: np.ones((3, 2)), s: np.zeros(2)}).tolist() == [3, 3]


def test_nodes_and_pictures() -> None:
    w = plait.parameter(np.eye(2, dtype="float32"), name="w")
    x = plait.input("x", (4, 2))
    last, _ = plait.scan(lambda s, x: (plait.tanh(s @ w) + x, None), np.zeros(2, "float32"), x)
    assert last.shape == (2,)
    assert w.wait_count == 1  # the loop, however many steps it has
    assert "scan" in plait.to_dot(last)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("wide", [False, True])
def test_mixed_dtypes(dtype: str, wide: bool) -> None:
    """Integers and both precisions side by side in one loop."""
    x = plait.input("x", (6, 4), dtype)

    def step(s: Any, x: Any) -> Any:
        total, n = s
        return (total + x.astype("float64"), n + 1), (plait.cast(total, "float32"), x > 0, total if wide else x)

    (total, n), (a, b, c) = plait.scan(step, (np.zeros(4), plait.constant(np.int32(3))), x)
    data = between(6, 4).astype(dtype)
    before = np.cumsum(data.astype("float64"), axis=0) - data
    found = plait.compile([total, n, a, b, c, plait.gradient(total.sum() + c.sum(), x)])(x=data)
    assert [f.dtype.name for f in found[:4]] == ["float64", "int32", "float32", "bool"]
    assert found[1] == 9
    agree(found[:1], [before[-1] + data[-1]])
    np.testing.assert_allclose(found[2], before.astype("float32"), atol=1e-6)
    np.testing.assert_array_equal(found[3], data > 0)
    np.testing.assert_allclose(found[4], before if wide else data)
    np.testing.assert_allclose(found[5], (1 + np.arange(6)[::-1, None]) * np.ones(4) if wide else np.full((6, 4), 2.0))


def test_ctrl_c_stops_a_loop() -> None:
    script = """
import numpy as np, plait
x = plait.input("x", (None,), "float64")
last, _ = plait.scan(lambda s, x: (0.5 * s + x, None), 0.0, x)
program = plait.compile(last)
program(x=np.ones(3))
data = np.ones(100_000_000)
print("running", flush=True)
try:
    while True:
        program(x=data)
except KeyboardInterrupt:
    assert program(x=np.ones(2)) == 1.5
    print("stopped", flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        time.sleep(0.3)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopped\n", process.communicate()[1]
        assert time.monotonic() - sent < 2  # on an idle machine 0.1; a single run takes seconds
    finally:
        process.kill()
        process.communicate()

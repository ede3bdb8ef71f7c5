"""Programs as they are called: feeds of any layout, structures, updates, threads, interrupts."""

from __future__ import annotations

import gc
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait

ROOT = Path(__file__).resolve().parents[2]


def test_structures() -> None:
    x = plait.input("x", (2,), "float64")
    a, b = x + 1, x * 2
    feed = np.array([1.0, 2.0])
    one = plait.compile(a)(x=feed)
    assert isinstance(one, np.ndarray)
    assert one.tolist() == [2, 3]
    found = plait.compile({"a": a, "rest": [b, (a, {3: b})], "none": []})(x=feed)
    assert {k: type(v) for k, v in found.items()} == {"a": np.ndarray, "rest": list, "none": list}
    assert found["rest"][1][1][3].tolist() == [2, 4]
    assert plait.compile([])() == []
    assert plait.compile((a, a))(x=feed)[0] is not plait.compile((a, a))(x=feed)[1]
    assert plait.compile([a, b]).outputs == [a, b]
    assert plait.compile([a, b]).inputs == (x,)
    assert plait.evaluate({"a": (a,)}, {x: feed})["a"][0].tolist() == [2, 3]


def test_passes_show_the_graph_after_each_pass() -> None:
    x, w = plait.input("x", (None, 3)), plait.parameter(np.ones((3, 2), np.float32), name="w")
    program = plait.compile(plait.tanh(x @ w + 0.0), updates={w: w * 0.5})
    with pytest.raises(plait.GraphError, match="passes: the shapes of x are not known yet"):
        program.passes()
    program(x=np.ones((4, 3), np.float32))
    texts = program.passes()
    listed = re.findall(r'X\("([^"]*)", \w+, \w+\)', (ROOT / "cpp/src/graph/passes/pipeline.hpp").read_text())
    assert list(texts) == ["lower", *listed]
    assert listed[0] == "simplify"
    assert listed[-1] == "allocate"
    assert "add(" in texts["lower"]
    assert "add(" not in texts["simplify"]
    assert "product (4, 2)" in texts["fuse"]
    assert "in place" not in texts["fuse"]
    assert "in place" in texts["allocate"]
    assert "arena" in texts["allocate"]


@pytest.mark.parametrize(("members", "named", "more"), [(8, 8, 0), (9, 9, 0), (10, 8, 2)])
def test_a_step_names_up_to_nine_members(members: int, named: int, more: int) -> None:
    x = plait.input("x", (3,), "float64")
    y = x
    for _ in range(members):
        y = plait.tanh(y)
    program = plait.compile(y)
    program(x=np.ones(3))
    (step,) = program.steps
    assert step.label.count("tanh") == named
    assert (f" … {more} more" in step.label) == (more > 0)


def test_memory_of_a_long_chain_grows_with_its_length() -> None:
    code = """
        import resource, sys
        import numpy as np
        import plait
        plait.set_flush_subnormals(False)  # the chain ends in them
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        x, c = plait.input("x", (3,), "float64"), plait.input("c", (3,), "float64")
        y = x
        for _ in range(20000):
            y = plait.tanh(y * c)
        values = [np.full(3, 0.5), np.array([0.9, 1.0, 1.1])]
        found = plait.compile([y, *plait.gradient(y.sum(), [x, c])])(x=values[0], c=values[1])
        expected = values[0]
        for _ in range(20000):
            expected = np.tanh(expected * values[1])
        assert np.allclose(found[0], expected, rtol=1e-10, atol=0)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 20000)
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert (
        float(run.stdout) * (1 if sys.platform != "darwin" else 1 / 1024) < 8.5
    )  # kB for each link: two nodes, six of gradients, what compiles them


def test_dump_of_passes() -> None:
    code = "import plait; x = plait.input('x', (2,)); plait.compile(plait.exp(x) * 2)"
    run = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PLAIT_DUMP": "passes"}, capture_output=True, text=True, check=True
    )
    assert "---- after allocate ----" in run.stderr
    assert "multiply" in run.stderr


def test_outputs_that_are_inputs_constants_or_parameters() -> None:
    x = plait.input("x", (2,), "float64")
    w = plait.parameter(np.array([5.0, 6.0]), name="w")
    feed = np.array([1.0, 2.0])
    for nodes in ([x, w, plait.constant([3.0, 4.0]), x, x[::-1], w.T],):
        found = plait.compile(nodes)(x=feed)
        assert [f.tolist() for f in found] == [[1, 2], [5, 6], [3, 4], [1, 2], [2, 1], [5, 6]]
        for f in found:
            f[:] = 0  # nobody else's memory
        assert feed.tolist() == [1, 2]
        assert w.value.tolist() == [5, 6]


READ_ONLY = np.arange(12, dtype="f4").reshape(3, 4)
READ_ONLY.flags.writeable = False
ODD = {
    "float64": np.arange(12.0).reshape(3, 4),
    "byte-swapped": np.arange(12, dtype=">f4").reshape(3, 4),
    "swapped float64": np.arange(12, dtype=">f8").reshape(3, 4),
    "read-only": READ_ONLY,
    "fortran": np.asfortranarray(np.arange(12, dtype="f4").reshape(3, 4)),
    "strided": np.arange(48, dtype="f4").reshape(6, 8)[::2, ::2],
    "reversed": np.arange(12, dtype="f4")[::-1].reshape(3, 4),
    "broadcast": np.broadcast_to(np.float32(3), (3, 4)),
    "ints": np.arange(12).reshape(3, 4),
    "uint8": np.arange(12, dtype="u1").reshape(3, 4),
    "bools": np.eye(3, 4, dtype=bool),
    "float16": np.arange(12, dtype="f2").reshape(3, 4),
    "list": [[1, 2, 3, 4]] * 3,
    "matrix": np.ma.masked_array(np.ones((3, 4)), False),
    "misaligned": np.frombuffer(b"\0" + np.arange(12, dtype="f4").tobytes(), "f4", 12, 1).reshape(3, 4),
    "record field": np.zeros((3, 4), [("a", "i1"), ("b", "f4")])["b"],
    "longdouble": np.ones((3, 4), "longdouble"),
    "memoryview": memoryview(np.ones((3, 4), "f4")),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_arrays(name: str) -> None:
    x = plait.input("x", (None, 4))
    y = plait.stack([x * 2, x + 1])
    array = ODD[name]
    expected = np.stack([np.asarray(array).astype("f4") * 2, np.asarray(array).astype("f4") + 1])
    for found in (plait.compile(y)(x=array), plait.evaluate(y, {x: array})):
        assert found.dtype == np.float32
        assert np.array_equal(found, expected)
    if name not in {"longdouble", "memoryview"}:
        z = plait.input("z", (3, 4))
        both = z * array  # as a constant
        assert np.array_equal(plait.evaluate(both, {z: np.ones((3, 4))}), np.asarray(array))
    w = plait.parameter(np.zeros((3, 4), "f4"))
    w.value = array
    assert np.array_equal(w.value, np.asarray(array).astype("f4"))


def test_masked_values_are_not_brought_back() -> None:
    x = plait.input("x", (2,))
    with pytest.raises(ValueError, match="masked"):
        plait.compile(x * 2)(x=np.ma.masked_array([1.0, 2.0], [True, False]))


def test_scalars_and_nothing() -> None:
    s, e = plait.input("s", (), "float64"), plait.input("e", (None, 3), "float64")
    program = plait.compile([s * 2, e * s, e.sum(axis=0), e @ np.ones((3, 0)), e.T])
    for scalar in (3, 3.0, np.float32(3), np.array(3)):
        found = program(s=scalar, e=np.ones((0, 3)))
        assert [f.shape for f in found] == [(), (0, 3), (3,), (0, 0), (3, 0)]
        assert float(found[0]) == 6
        assert found[2].tolist() == [0, 0, 0]
    assert [f.shape for f in program(s=1, e=np.ones((2, 3)))] == [(), (2, 3), (3,), (2, 0), (3, 2)]


def test_shapes_are_bound_anew_and_remembered() -> None:
    x = plait.input("x", (None, None), "float64")
    program = plait.compile((x @ x.T).sum())
    for n in (1, 5, 1, 3, 5, 64, 1):
        assert float(program(x=np.ones((n, 2)))) == 2 * n * n
    assert "matmul" in program.summary()
    program.bind({x: (7, 5)})
    assert program.flops >= 2 * 7 * 7 * 5  # of the product; the sum may count too
    assert program.flops <= 2 * 7 * 7 * 5 + 2 * 7 * 7
    assert (7, 7) in [step.shape for step in program.steps]
    assert program.memory_bytes >= 8 * 7 * 7  # the product at least
    profile = program.profile({"x": np.ones((50, 50))})
    assert [s.label for s in profile] == [s.label for s in program.steps]
    assert all(step.seconds >= 0 for step in profile)
    assert "Program (x (None, None))" in repr(program)
    assert "Step" in repr(profile[0])


def test_updates_come_from_old_values() -> None:
    a, b = plait.parameter(np.array(1.0), name="a"), plait.parameter(np.array(2.0), name="b")
    n = plait.parameter(np.array(0), name="n")
    swap = plait.compile([a, b], updates={a: b, b: a, n: n + 1})
    assert [float(v) for v in swap()] == [1, 2]
    assert [float(v) for v in swap()] == [2, 1]
    assert (float(a.value), float(b.value), int(n.value)) == (1, 2, 2)
    assert n.value.dtype == np.int64
    memory = plait.compile(a * 1)
    a.value = 7
    assert float(memory()) == 7  # programs read the parameter's own memory
    copy = a.value
    copy += 1
    assert float(a.value) == 7
    swap.profile()
    assert float(b.value) == 7


def test_eight_threads_call_one_program() -> None:
    x = plait.input("x", (None,), "float64")
    program = plait.compile([plait.exp(x).sum(), x * 2])

    def call(k: int) -> bool:
        n = 1 + k % 17 * (1 if k % 3 else 3000)
        total, twice = program(x=np.full(n, k % 5, "f8"))
        return bool(np.isclose(total, n * np.exp(k % 5), rtol=1e-9)) and twice.shape == (n,) and bool((twice == 2 * (k % 5)).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(call, range(2000)))


def test_eight_threads_update_one_parameter() -> None:
    w = plait.parameter(np.zeros(20_000), name="w")
    step = plait.compile(w[0], updates={w: w + 1})
    with ThreadPoolExecutor(8) as pool:
        found = sorted(int(v) for v in pool.map(lambda _: step(), range(400)))
    assert (w.value == 400).all()
    assert found == list(range(400))


def test_threads_build_and_free_graphs() -> None:
    shared = plait.input("x", (3,), "float64")

    def build(_: int) -> float:
        y = shared
        for _step in range(50):
            y = plait.tanh(y * 1.01) + y[::-1]
        g = plait.gradient(y.sum(), shared)
        return float(plait.compile(g)(x=[0.1, 0.2, 0.3]).sum())

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(build, range(64)))
    assert len(set(found)) == 1
    gc.collect()
    assert shared.wait_count == 0


def test_other_threads_run_while_a_program_runs() -> None:
    x = plait.input("x", (700, 700))
    y = x
    for _ in range(30):
        y = (y @ x) * 1e-3
    program = plait.compile(y.sum())
    feed = np.ones((700, 700), "f4")
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    program(x=feed)
    done.set()
    thread.join()
    assert ticks > 3


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
@pytest.mark.parametrize("where", ["run", "table", "gradient"])
def test_ctrl_c_stops_long_work(where: str) -> None:
    """In a process of its own: the signal goes to the main thread, as from a terminal."""
    code = textwrap.dedent(f"""
        import os, signal, sys, threading, time
        import numpy as np, plait
        x = plait.input("x", (900, 900))
        y = x
        for _ in range(400):
            y = plait.tanh((y @ x) * 1e-3)
        program = plait.compile(y.sum())
        feed = np.ones((900, 900), "f4")
        z = plait.input("z", (2,))
        for _ in range(400_000 if "{where}" == "gradient" else 1):
            z = plait.tanh(z)
        def stop():
            time.sleep(0.3)
            global sent
            sent = time.perf_counter()
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=stop).start()
        try:
            for _ in range(1000):
                if "{where}" == "run": program(x=feed)
                elif "{where}" == "table": plait.evaluate(y, {{x: feed}})
                else: plait.gradient(z, z.inputs[0])
        except KeyboardInterrupt:
            took = time.perf_counter() - sent
            print(took)
            assert float(plait.evaluate(plait.input("a", ()) * 2, {{"a": 1}})) == 2  # all goes on
            sys.exit(0)
        sys.exit("was not interrupted")
    """)
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stderr
    assert signal.SIGINT


def test_a_call_counts_its_references() -> None:
    x = plait.input("x", (3,), "float64")
    program = plait.compile({"a": x + 1})
    feed = np.ones(3)
    extra: dict[Any, Any] = {x: feed}
    before = sys.getrefcount(feed), sys.getrefcount(x), sys.getrefcount(np.dtype("f8"))
    for _ in range(1000):
        program(x=feed)
        program(extra)
        program({"x": feed.astype("f4")})
        with pytest.raises(plait.GraphError):
            program(y=feed)
    after = sys.getrefcount(feed), sys.getrefcount(x), sys.getrefcount(np.dtype("f8"))
    assert max(abs(b - a) for a, b in zip(before, after, strict=True)) < 50


def test_set_num_threads() -> None:
    before = plait.get_num_threads()
    try:
        plait.set_num_threads(2)
        assert plait.get_num_threads() == 2
        with pytest.raises(ValueError, match="thread"):
            plait.set_num_threads(0)
    finally:
        plait.set_num_threads(before)

"""Invalid axes, values, weights and files, and their messages; a refused operation leaves the histogram unchanged."""

from __future__ import annotations

import copy
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import DTypeError, FormatError, Histogram, QuantileSketch, ShapeError, _core, _files
from plait.histogram import Axis, quantile_borders

NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Histogram([0, 2, 1]), ValueError, r"edges: expected strictly increasing ones, but element 2 \(1.0\) comes after 2.0"),
        (lambda: Histogram([0, 1, 1]), ValueError, r"edges: .* element 2 \(1.0\) is repeated"),
        (lambda: Histogram([-0.0, 0.0, 1]), ValueError, "is repeated"),
        (lambda: Histogram([0, NAN, 1]), ValueError, "edges: element 1 is NaN"),
        (lambda: Histogram([1]), ValueError, r"edges: expected one-dimensional ones, two or more, got shape \(1,\)"),
        (lambda: Histogram([]), ValueError, "two or more"),
        (lambda: Histogram(10), ValueError, r"got shape \(\)"),
        (lambda: Histogram([[0, 1], [2, 3]]), ValueError, r"got shape \(2, 2\)"),
        (lambda: Histogram(["a", "b"]), DTypeError, "edges: expected real numbers"),
        (lambda: Histogram([0, 1j]), DTypeError, "complex"),
        (lambda: Histogram(), TypeError, "expected the borders of one axis or more"),
        (lambda: Histogram([0, 1], closed="both"), ValueError, "closed: expected 'left' or 'right', got 'both'"),
        (lambda: Histogram(*[np.arange(200.0)] * 5), ValueError, r"at most 2\^31 cells"),
        (lambda: Histogram(*[[0, 1]] * 33), ValueError, "at most 32 axes, got 33"),
        (lambda: Histogram.uniform(0, 0, 1), ValueError, "n: expected a whole number of bins of at least 1, got 0"),
        (lambda: Histogram.uniform(2.5, 0, 1), ValueError, "got 2.5"),
        (lambda: Histogram.uniform(True, 0, 1), ValueError, "got True"),
        (lambda: Histogram.uniform(2, 1, 1), ValueError, "high: expected a number above low = 1.0, got 1.0"),
        (lambda: Histogram.uniform(2, "0", 1), TypeError, "low: expected a number, got str"),
        (lambda: Histogram.uniform(10, 1, 1 + 1e-15), ValueError, "there are no 10 bins between"),
        (lambda: Histogram.logarithmic(2, 0, 1), ValueError, "low: a logarithmic axis begins above 0, got 0.0"),
        (lambda: Axis([0, 1], scale="log"), ValueError, "a log scale needs positive finite ones"),
        (lambda: Axis([0, 1], scale="sqrt"), ValueError, "scale: expected 'linear' or 'log', got 'sqrt'"),
        (lambda: QuantileSketch(7), ValueError, "k: expected a whole number from 8 to 65535, got 7"),
        (lambda: QuantileSketch(20.0), ValueError, "got 20.0"),
        (lambda: QuantileSketch(rng=-1), ValueError, "rng: a seed is not negative"),
        (lambda: quantile_borders([1, 2], 0), ValueError, "bins: expected a whole number of at least 1, got 0"),
    ],
)
def test_what_is_none(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("n", [1, 100, 5000, 200_000])
@pytest.mark.parametrize(
    ("fill", "error", "message"),
    [
        (lambda h, x: h.fill(x, weights=np.where(np.arange(len(x)) == len(x) - 1, NAN, 1)), ValueError, "weights: element {last} is nan"),
        (
            lambda h, x: h.fill(x, weights=np.where(np.arange(len(x)) == len(x) // 2, INF, 1)),
            ValueError,
            "weights: element {middle} is inf",
        ),
        (lambda h, x: h.fill(x, weights=NAN), ValueError, "weights: expected a finite number, got nan"),
        (lambda h, x: h.fill(x, weights=np.full(len(x), 1e200)), ValueError, "no longer finite"),
        (lambda h, x: h.fill(x, weights=1e200), ValueError, "no longer finite"),
        (lambda h, x: h.fill(x, weights=np.ones(len(x) + 1)), ShapeError, "weights: expected one for each entry"),
        (lambda h, x: h.fill(x, weights="a"), TypeError, "weights: expected a number, got str"),
        (lambda h, x: h.fill(x.astype(str)), DTypeError, "fill: expected real numbers"),
        (lambda h, x: h.fill(x.astype(complex)), DTypeError, "complex128"),
        (lambda h, x: h.fill([None, *x, "a"]), DTypeError, "str"),
        (lambda h, x: h.fill(x, x, x), TypeError, "fill: expected 1 array, got 3"),
        (lambda h, _: h.fill(), TypeError, "fill: expected 1 array, got 0"),
        (lambda h, x: h.fill(x, threads=0), ValueError, "threads: expected a whole number of at least 1, got 0"),
    ],
)
def test_fills_that_are_refused_count_nothing(n: int, fill: Any, error: type[Exception], message: str) -> None:
    h = Histogram.uniform(20, 0, 1).fill([0.5, NAN], weights=2)
    before = copy.copy(h)
    with pytest.raises(error, match=message.format(last=n - 1, middle=n // 2)):
        fill(h, np.random.default_rng(n).random(n))
    assert h == before


def test_inserts_that_are_refused() -> None:
    h, two = Histogram([0, 1]), Histogram([0, 1], [0, 1])
    for insert, error, message in [
        (lambda: h.insert("a"), TypeError, "insert: value: expected a number, got str"),
        (lambda: h.insert([1]), TypeError, "got list"),
        (lambda: h.insert(1j), TypeError, "got complex"),
        (lambda: h.insert(0.5, "w"), TypeError, "insert: weight: expected a number, got str"),
        (lambda: h.insert(0.5, NAN), ValueError, "insert: weight is nan"),
        (lambda: h.insert(0.5, weight=INF), ValueError, "insert: weight is inf"),
        (lambda: h.insert(0.5, 1e200), ValueError, "no longer finite"),
        (lambda: h.insert(), TypeError, "insert: expected 1 value and perhaps a weight, got 0"),
        (lambda: h.insert(1, 2, 3), TypeError, "got 3"),
        (lambda: h.insert(1, 2, weight=3), TypeError, "weight"),
        (lambda: h.insert(1, w=3), TypeError, "expected weight= once and no other keyword, got .'w'"),
        (lambda: h.insert(weight=1), TypeError, "got 0"),
        (lambda: two.insert(0.5), TypeError, "insert: expected 2 values, one for each axis"),
        (lambda: h.insert(10**400), OverflowError, "too large"),
    ]:
        with pytest.raises(error, match=message):
            insert()
    assert (h.sum(flow=True), two.sum(flow=True), h.invalid) == (0, 0, 0)
    h.insert(np.float32(0.5))
    h.insert(True, weight=np.int64(2))
    two.insert(0.5, 0.5, 3)
    assert (h.sum(), two.sum()) == (3, 3)
    with pytest.raises(TypeError, match="__init__"):
        Histogram.__new__(Histogram).insert(0.5)
    with pytest.raises(TypeError):
        Histogram.insert(3, 0.5)  # type: ignore[arg-type]


def test_questions_that_have_no_answer() -> None:
    h = Histogram([0, 1])
    for ask, error, message in [
        (lambda: h.find(NAN), ValueError, "find: x is NaN"),
        (lambda: h.find([0, NAN]), ValueError, "find: element 1 is NaN"),
        (lambda: h.find("a"), DTypeError, "find: expected real numbers"),
        (lambda: h.find(0, 0), TypeError, "find: expected 1 value, got 2"),
        (lambda: Axis([0, 1]).index(NAN), ValueError, "index: x is NaN"),
        (lambda: Axis([0, 1]).bin(2), IndexError, "bin: expected -1 to 1, got 2"),
        (lambda: Histogram([0, 1], [0, 1]).fill([1, 2], [1]), ShapeError, r"expected arrays of one shape, got \(2,\), \(1,\)"),
    ]:
        with pytest.raises(error, match=message):
            ask()


# ---- files ----


def contents() -> list[Any]:
    rng = np.random.default_rng(1)
    sketch = QuantileSketch(8)
    sketch.update(rng.normal(size=300))
    return [
        Histogram([0, 1, 2.5]).fill([0.5, NAN, 9]),
        Histogram(Axis.logarithmic(2, 1, 100, label="size"), [0, 1], closed="right").fill([2, 30], [0.5, 7], weights=[0.1, 3]),
        QuantileSketch(),
        sketch,
    ]


@pytest.mark.parametrize("which", range(4))
def test_files_give_back_what_was_saved(which: int, tmp_path: Path) -> None:
    made = contents()[which]
    made.save(tmp_path / "file")
    back = type(made).load(tmp_path / "file")
    assert back == made
    if isinstance(made, Histogram):
        assert [axis.label for axis in back.axes] == [axis.label for axis in made.axes]
    for other in (Histogram, QuantileSketch):
        if not isinstance(made, other):
            with pytest.raises(FormatError, match="holds a"):
                other.load(tmp_path / "file")
    with pytest.raises(FormatError, match="holds a"):
        plait.load(tmp_path / "file")
    with pytest.raises(FileNotFoundError):
        type(made).load(tmp_path / "none")


@pytest.mark.parametrize("which", [1, 3])
def test_damaged_files_are_refused(which: int, tmp_path: Path) -> None:
    made, path = contents()[which], tmp_path / "file"
    made.save(path)
    data = path.read_bytes()
    rng = np.random.default_rng(which)
    for end in range(len(data)):
        path.write_bytes(data[:end])
        with pytest.raises(FormatError):
            type(made).load(path)
    for at in range(len(data)):
        broken = bytearray(data)
        broken[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        with pytest.raises(FormatError):
            type(made).load(path)
    path.write_bytes(data + b"x")
    with pytest.raises(FormatError):
        type(made).load(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda _, c: c.pop("axes"),
        lambda _, c: c.update(axes=[]),
        lambda _, c: c.update(axes=c["axes"] * 2),
        lambda _, c: c.update(axes=3),
        lambda _, c: c.update(closed="up"),
        lambda _, c: c.update(invalid=-1),
        lambda _, c: c.update(invalid=2**70),
        lambda _, c: c.update(invalid="3"),
        lambda _, c: c.update(weighted=True),
        lambda _, c: c.update(version=2),
        lambda _, c: c["axes"][0].update(scale="cubic"),
        lambda _, c: c["axes"][0].update(scale="log"),
        lambda t, _: t.append(t[-1]),
        lambda t, _: t.pop(),
        lambda t, _: t.__setitem__(0, t[0][::-1]),
        lambda t, _: t.__setitem__(0, t[0] * NAN),
        lambda t, _: t.__setitem__(1, t[1][:-1]),
        lambda t, _: t.__setitem__(1, t[1] * NAN),
        lambda t, _: t.__setitem__(1, t[1].astype(np.float32)),
    ],
)
def test_histograms_that_do_not_fit_together(change: Any, tmp_path: Path) -> None:
    path = tmp_path / "file"
    Histogram([0, 1, 2.5]).fill([0.5, NAN, 9]).save(path)
    tensors, content = _files.read(path)
    _files.write(path, tensors, content)
    Histogram.load(path)
    change(tensors, content)
    _files.write(path, tensors, content)
    with pytest.raises(FormatError):
        Histogram.load(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda _, c: c["state"].__setitem__(0, "0x3"),
        lambda _, c: c["state"].__setitem__(3, "0x5"),
        lambda _, c: c["state"].__setitem__(2, "-0x5"),
        lambda _, c: c["state"].__setitem__(1, "word"),
        lambda _, c: c["state"].__setitem__(4, 3),
        lambda _, c: c["state"].pop(),
        lambda _, c: c.update(sizes=[]),
        lambda _, c: c.update(sizes=[2**62]),
        lambda _, c: c["sizes"].append(1),
        lambda _, c: c.update(sizes=c["sizes"] + [0] * 99),
        lambda _, c: c.update(sizes=c["sizes"][::-1]),
        lambda t, _: t.__setitem__(1, t[1][::-1]),
        lambda t, _: t.__setitem__(1, t[1] * NAN),
        lambda t, _: t.__setitem__(1, t[1] * 9),
        lambda t, _: t.__setitem__(0, t[0][::-1]),
        lambda t, _: t.__setitem__(0, t[0] * NAN),
        lambda t, _: t.pop(),
    ],
)
def test_sketches_that_do_not_fit_together(change: Any, tmp_path: Path) -> None:
    path = tmp_path / "file"
    made = QuantileSketch(20)
    made.update(np.random.default_rng(1).normal(size=1000))
    made.save(path)
    tensors, content = _files.read(path)
    assert len(content["sizes"]) > 2
    change(tensors, content)
    _files.write(path, tensors, content)
    with pytest.raises(FormatError):
        QuantileSketch.load(path)


def test_an_interrupted_fill_counts_nothing() -> None:
    assert threading.current_thread() is threading.main_thread()
    x = np.random.default_rng(1).normal(size=4_000_000)
    h = Histogram(np.sort(np.random.default_rng(2).normal(size=3000)))
    pressed: list[float] = []

    def press() -> None:
        time.sleep(0.2)
        pressed.append(time.perf_counter())
        signal.raise_signal(signal.SIGINT)

    def fill_for_long() -> None:
        for _ in range(10_000):
            h.fill(x, weights=2.0)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        fill_for_long()
    thread.join()
    assert time.perf_counter() - pressed[0] < 5  # 0.1 on a machine that does nothing else; a timing is no test
    assert h.sum(flow=True) % (2 * len(x)) == 0


def test_core_checks_what_it_is_given() -> None:
    core = _core.histogram.Accumulator([np.array([0.0, 1.0])], False)
    with pytest.raises(TypeError):
        core._fill([np.zeros((2, 2))], None, 1.0, 1)
    with pytest.raises(TypeError):
        core._fill([[1.0]], None, 1.0, 1)
    with pytest.raises(ValueError, match="expected 3 cells"):
        core._set_contents(np.zeros(2), None, 0)
    with pytest.raises(ValueError, match="expected values for 1 axes"):
        core._fill([np.zeros(2), np.zeros(2)], None, 1.0, 1)

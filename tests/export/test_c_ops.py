"""Every op of the table in C, at ordinary numbers and at the ends of the range, in every dtype."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export.c_models import CModel, needs_compiler, rng
from graph.test_ops import CASES

import plait
from plait import _core
from plait.export.c.lanes import EXPRESSIONS
from plait.export.c.ops import OPS, REFUSED

pytestmark = [needs_compiler, pytest.mark.usefixtures("ieee")]  # C keeps subnormal numbers

HERE = "-march=" + "native"  # vector code of this machine, for a file that is thrown away


def test_every_op_is_written_or_named_with_a_reason() -> None:
    leaves = {"input", "parameter", "constant"}
    views = {"reshape", "reshape_like", "flatten_leading", "expand_dims", "squeeze", "transpose", "broadcast_to", "broadcast_like", "slice",
             "index", "head_like", "tail_like", "stop_gradient", "scan_output", "scan_segments", "scan_rest", "scan_join"}  # fmt: skip
    steps = {"sum", "prod", "max", "min", "sum_to_like", "axis_size", "sum_n", "matmul", "scan"}  # lane programs, products, loops
    elementwise = set(_core.operations(True))
    written = leaves | views | steps | elementwise | set(OPS)
    assert set(_core.operations()) - written == set(REFUSED)
    assert set(REFUSED) & written == set()


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_op_of_the_table(dtype: str, part: int, tmp_path: Path) -> None:
    """Values and gradients of many cases as one program: one file to compile."""
    outputs: list[Any] = []
    names: list[str] = []
    feeds: dict[str, np.ndarray] = {}
    for number, parameter in enumerate(CASES):
        c = parameter.values[0]
        if number % 3 != part or (dtype == "float32" and number % 2):
            continue
        arrays = [a.astype(dtype) if a.dtype == np.float64 else a for a in c.arrays]
        nodes = [plait.input(f"x{number}_{k}", a.shape, a.dtype) for k, a in enumerate(arrays)]
        outputs.append(c.f(*nodes))
        names.append(c.name)
        floats = [n for n in nodes if n.dtype.kind == "f"]
        if c.smooth and floats:
            gradients = plait.gradient(outputs[-1], floats)
            outputs += gradients
            names += [f"gradient of {c.name}"] * len(gradients)
        feeds |= {n.name: a for n, a in zip(nodes, arrays, strict=True)}
    model = CModel(plait.compile(outputs), tmp_path, feeds)
    expected = model.expected()
    rtol = 1e-10 if dtype == "float64" else 1e-5
    for name, found, wanted in zip(names, model.found(expected), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=rtol, atol=rtol, err_msg=name)


def through_c(outputs: Any, feeds: dict[str, Any], folder: Path, *flags: str, rtol: float = 1e-12) -> None:
    model = CModel(plait.compile(outputs), folder, feeds, *flags)
    expected = model.expected()
    for k, (found, wanted) in enumerate(zip(model.found(expected), expected, strict=True)):
        np.testing.assert_allclose(found, wanted, rtol=rtol, err_msg=f"output {k}")


@pytest.mark.parametrize("flags", [("-O0",), ("-O3", HERE)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_ends_of_the_range(dtype: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    """NaN, infinities and zeros go the same ways, also where a compiler makes vector code."""
    ends = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, -1.0, 88.5, -87.0, 1e-30, -1e-30, 1e30, -1e30, 0.5, 3.0, -2.5, 20.0, -20.0, 7.5, 1e-5]
    numbers = np.array(ends * 2, dtype)
    x, y = plait.input("x", numbers.shape, dtype), plait.input("y", numbers.shape, dtype)
    unary = [name for name in EXPRESSIONS[dtype] if name in set(_core.operations(True)) and name not in {"where"}]
    outputs = []
    for name in unary:
        for operands in ((x,), (x, y)):
            try:
                outputs.append(_core.elementwise(name, *operands))
                break
            except (plait.GraphError, TypeError, ValueError):
                continue
    outputs += [
        plait.where(x > y, x, y),
        x.max(),
        x.min(),
        x[5:].max(),
        x.sum(),
        x[5:].prod(),
        plait.logsumexp(x[3:]),
        plait.softmax(x[3:]),
    ]
    outputs += [plait.cast(x, "bool"), plait.power(x, 3), x // y, x % y, plait.negative(x), plait.relu(x), plait.sqrt(x), plait.square(x)]
    assert len(outputs) > 40
    with np.errstate(all="ignore"):
        through_c(outputs, {"x": numbers, "y": np.roll(numbers, 7)}, tmp_path, *flags, rtol=1e-5 if dtype == "float32" else 1e-9)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_whole_numbers_wrap_and_divide_as_numpy_s(dtype: str, tmp_path: Path) -> None:
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    a = np.array([0, 1, -1, 7, -7, low, high, low, high, 5, -5, 3], dtype)
    b = np.array([3, 0, 2, -3, 3, -1, -1, 1, 2, 0, -5, 7], dtype)
    x, y = plait.input("x", a.shape, dtype), plait.input("y", b.shape, dtype)
    outputs = [
        x + y,
        x - y,
        x * y,
        -x,
        plait.abs(x),
        plait.square(x),
        x // y,
        x % y,
        plait.minimum(x, y),
        plait.maximum(x, y),
        x < y,
        x != y,
    ]
    outputs += [
        plait.sign(x),
        plait.relu(x),
        x.sum(),
        x.prod(),
        x.max(),
        x.min(),
        plait.cumsum(x),
        plait.cast(x, "float32"),
        plait.cast(x, "bool"),
    ]
    outputs += [
        plait.cast(x, "int32"),
        plait.cast(x, "int64"),
        plait.where(x > y, x, y),
        plait.logical_and(x, y),
        plait.logical_not(x),
        x / y,
    ]
    with np.errstate(all="ignore"):
        through_c(outputs, {"x": a, "y": b}, tmp_path, "-O1", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")


def test_what_an_integer_cannot_hold(tmp_path: Path) -> None:
    numbers = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 2.0**31, -(2.0**31), 2.0**63, -(2.0**63), 1.9, -1.9, -0.0, 2.0**31 - 1])
    x = plait.input("x", numbers.shape, "float64")
    x32 = plait.cast(x, "float32")
    outputs = [plait.cast(v, d) for v in (x, x32) for d in ("int32", "int64", "bool")]
    through_c(outputs, {"x": numbers}, tmp_path, "-O1", "-fsanitize=undefined,float-cast-overflow", "-fsanitize-undefined-trap-on-error")


def test_random_numbers_are_the_program_s(tmp_path: Path) -> None:
    """Of both precisions, with seeds of their own and the program's, run after run; within a loop, too."""
    y = plait.constant(np.zeros((3, 2)))

    def step(state: Any, row: Any) -> Any:
        state = state + plait.normal((2,), dtype="float64") * row
        return state, plait.uniform((3,), dtype="float32")

    last, rows = plait.scan(step, plait.constant(np.zeros(2)), y + 1.0)
    outputs = [plait.normal((70, 3)), plait.normal((70,), dtype="float64"), plait.uniform((65,)), plait.uniform((65, 2), dtype="float64"),
               plait.normal((5,), rng=3), plait.bernoulli(0.3, shape=(200,)), last, rows]  # fmt: skip
    model = CModel(plait.compile(outputs, rng=11), tmp_path, {})
    model.check(runs=3, rtol=2e-6)
    first = model.found(model.expected())[0]
    model.library.model_init()
    assert not np.array_equal(first, model.found(model.expected())[0])


def test_indices_out_of_range_are_told(tmp_path: Path) -> None:
    """In Python an error; in C the nearest element, and a word about it."""
    x, i = plait.input("x", (4, 2)), plait.input("i", (3,), dtype="int64")
    program = plait.compile(plait.take(x, i, 0))
    feeds = {"x": np.arange(8.0).reshape(4, 2), "i": np.array([0, -1, 3])}
    model = CModel(program, tmp_path, feeds)
    model.check()
    assert model.library.model_failed() == 0
    model.inputs[1][:] = [9, -9, 1]
    assert model.found([np.zeros((3, 2), "f4")])[0].tolist() == [[6, 7], [0, 1], [2, 3]]
    assert model.library.model_failed() == 1


def test_loops_of_all_kinds(tmp_path: Path) -> None:
    """Backwards, of no steps, nested, with checkpoints, with states that nothing reads and results that are states; and their gradients."""
    x = plait.input("x", (7, 3), dtype="float64")
    w = plait.parameter(rng().normal(size=(3, 3)) * 0.5, name="w")
    outputs: list[Any] = []
    for reverse in (False, True):
        for checkpoint in (None, True, 3):

            def step(state: Any, row: Any) -> Any:
                h, n, kept = state
                h = plait.tanh(h @ w + row)
                return (h, n + 1, kept), (h, h * row, plait.cast(n, "int32"), kept)

            begin = (plait.constant(np.zeros(3)), plait.constant(np.int64(0)), plait.constant(np.ones(2)))
            (h, n, _), ys = plait.scan(step, begin, x, reverse=reverse, checkpoint=checkpoint)
            loss = plait.square(ys[1]).sum() + h.sum()
            outputs += [loss, n, *ys, plait.gradient(loss, w), plait.gradient(loss, x)]

    def outer(state: Any, row: Any) -> Any:
        inner, rows = plait.scan(lambda s, r: (s * 0.5 + r, s), state, x)
        return inner + row, rows.sum(0)

    last, sums = plait.scan(outer, plait.constant(np.zeros(3)), x[:4])
    none, nothing = plait.scan(lambda s, r: (s + r, s), plait.constant(np.ones(3)), x[:0])
    outputs += [last, sums, plait.gradient(last.sum(), x), none, nothing]
    through_c(
        outputs, {"x": rng().normal(size=(7, 3))}, tmp_path, "-O1", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error", rtol=1e-10
    )


def test_linear_algebra_and_recurrences(tmp_path: Path) -> None:
    a = rng().normal(size=(2, 4, 4))
    feeds = {"a": a @ a.swapaxes(1, 2) + np.eye(4), "b": rng().normal(size=(2, 4, 3)), "s": np.diag([1.0, -1, 1])}
    a_, b, s = plait.input("a", (2, 4, 4), "float64"), plait.input("b", (2, 4, 3), "float64"), plait.input("s", (3, 3), "float64")
    lower = plait.cholesky(a_)
    x = plait.solve_triangular(lower, b)
    solved, determinant = plait.linalg.solve(a_ - 2.0 * np.eye(4), b), plait.linalg.slogdet(a_ - 3.0 * np.eye(4))
    y = plait.solve_triangular(lower, x, transposed=True)
    loss = plait.square(y).sum()
    outputs = [
        lower,
        x,
        y,
        plait.gradient(loss, a_),
        plait.gradient(loss, b),
        plait.cholesky(s),
        b.prod(1),
        solved,
        *determinant,
        *plait.linalg.slogdet(s * 0.0),
        plait.linalg.solve(s * 0.0, np.ones(3)),
        plait.gradient(plait.square(solved).sum() + determinant.logabsdet.sum(), a_),
        plait.argsort(plait.where(b > 1, np.nan, plait.clip(b, -0.5, 0.5)), axis=1),
        plait.argsort(b > 0),
        plait.gradient(b.prod((0, 2)).sum(), b),
    ]
    through_c(outputs, feeds, tmp_path, rtol=1e-9)

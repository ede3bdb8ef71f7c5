"""Code written for arrays runs on nodes as it stands; what cannot be traced says where and what to write instead."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import plait

A = np.random.default_rng(1).uniform(0.2, 2, (3, 4))
B = np.random.default_rng(2).uniform(0.2, 2, (3, 4))
SQUARE = np.random.default_rng(3).uniform(0.2, 2, (4, 4))

ONE: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(np, name)
        for name in [
            "exp",
            "log",
            "log2",
            "log10",
            "log1p",
            "expm1",
            "exp2",
            "sqrt",
            "square",
            "reciprocal",
            "abs",
            "fabs",
            "negative",
            "positive",
            "sign",
            "floor",
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "tanh",
            "isnan",
            "isfinite",
            "isinf",
            "sum",
            "prod",
            "mean",
            "max",
            "min",
            "amax",
            "amin",
            "any",
            "all",
            "cumsum",
            "ravel",
            "squeeze",
            "transpose",
            "var",
            "std",
            "zeros_like",
            "ones_like",
            "copy",
            "atleast_1d",
            "atleast_2d",
            "flip",
            "diff",
            "deg2rad",
            "rad2deg",
        ]
    },
    "axis": lambda a: np.sum(a, axis=1, keepdims=True) + np.mean(a, 0) - np.max(a, axis=-1, keepdims=True),
    "sum positional": lambda a: np.sum(a, 1),
    "norm": np.linalg.norm,
    "norm axis": lambda a: np.linalg.norm(a, axis=1),
    "clip": lambda a: np.clip(a, 0.5, 1.5),
    "clip names": lambda a: np.clip(a, a_min=0.5, a_max=None),
    "reshape": lambda a: np.reshape(a, (2, 6)),
    "reshape method": lambda a: a.reshape(2, 6) + a.reshape((2, -1)),
    "T": lambda a: a.T,
    "swapaxes": lambda a: np.swapaxes(a, 0, 1),
    "moveaxis": lambda a: np.moveaxis(a, 0, 1),
    "expand_dims": lambda a: np.expand_dims(a, 0),
    "full_like": lambda a: np.full_like(a, 3.0),
    "take": lambda a: np.take(a, [0, 2], axis=1),
    "diagonal": lambda a: np.trace(a[:3, :3]) + np.diagonal(a[:3, :3]),
    "split": lambda a: np.split(a, 2, axis=1)[1],
    "split at": lambda a: np.split(a, [1, 3], axis=1)[1],
    "methods": lambda a: a.sum(0).mean() + a.max(1).min() + a.prod() + a.cumsum(1).std() + a.clip(0.5, 1).var(),
    "astype": lambda a: a.astype(np.float32),
    "dot": lambda a: a.dot(a.T),
    "flatten": lambda a: a.flatten(),
    "reduce": lambda a: np.add.reduce(a, axis=1),
    "accumulate": lambda a: np.add.accumulate(a, axis=1),
    "maximum reduce": lambda a: np.maximum.reduce(a),
    "average": lambda a: np.average(a, axis=1, weights=np.array([1.0, 2, 3, 4])),
    "array on the left": lambda a: 2 * B + a,
    "array @": lambda a: B.T @ a,
    "scalar of NumPy": lambda a: np.float64(2) * a - np.float64(1) / a,
    "python": lambda a: 1 / (2 - (3 + a * 4) ** 2) - 2**a,
    "abs()": lambda a: abs(-a),
    "loop": lambda a: sum(row * k for k, row in enumerate(a)),
    "unpack": lambda a: a[0] - a[len(a) - 1],
    "iter": lambda a: np.stack(list(a)[::-1]),
    "list index": lambda a: a[:, [1, 1, 0]],
    "newaxis": lambda a: a[:, np.newaxis] - a[None],
    "shape": lambda a: a / a.shape[0] + a.ndim + a.size,
    "hstack list": lambda a: np.hstack([a, B]),
    "where": lambda a: np.where(a > 1, a, 0.0),
    "where scalars": lambda a: np.where(a > 1, 1.0, -1.0),
    "logic": lambda a: np.where((a > 0.5) & ~(a > 1.5) | (a == 0), a, -a),
    "comparison": lambda a: (a >= 1).astype(float) + (a < 1).astype(float),
    "np.dot": lambda a: np.dot(B.T, a),
    "outer": lambda a: np.outer(a[0], B[0]),
    "inner": lambda a: np.inner(a, B),
    "vdot": lambda a: np.vdot(a, B),
    "column_stack": lambda a: np.column_stack([a[0], a[1]]),
    "floor division": lambda a: a // 0.7 + a % 0.7,
    "in place": lambda a: _in_place(a),
}
TWO: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(np, name)
        for name in [
            "add",
            "subtract",
            "multiply",
            "divide",
            "true_divide",
            "power",
            "float_power",
            "maximum",
            "minimum",
            "less",
            "less_equal",
            "greater",
            "greater_equal",
            "equal",
            "not_equal",
            "logical_and",
            "logical_or",
            "logical_xor",
            "floor_divide",
            "remainder",
            "logaddexp",
            "hypot",
        ]
    },
    "concatenate": lambda a, b: np.concatenate([a, b], axis=1),
    "concatenate flat": lambda a, b: np.concatenate((a, b), axis=None),
    "stack": lambda a, b: np.stack((a, b), -1),
    "vstack": lambda a, b: np.vstack([a, b]),
    "matmul": lambda a, b: np.matmul(a, b.T),
    "@": lambda a, b: a.T @ b,
    "ufunc outer": lambda a, b: np.multiply.outer(a[0], b[:, 0]),
    "take_along_axis": lambda a, b: np.take_along_axis(a, np.array([[0], [1], [3]]), axis=1) * b,
    "broadcast_to": lambda a, b: np.broadcast_to(a[0], b.shape) + b,
}


def _in_place(a: Any) -> Any:
    a = a * 1
    a += 1
    a *= 2
    return a


def agree(f: Callable[..., Any], *arrays: np.ndarray) -> None:
    nodes = [plait.input(f"x{k}", a.shape, a.dtype) for k, a in enumerate(arrays)]
    traced = f(*nodes)
    assert isinstance(traced, plait.Node)
    expected = np.asarray(f(*arrays))
    assert traced.shape == expected.shape
    assert traced.dtype == expected.dtype
    np.testing.assert_allclose(plait.evaluate(traced, dict(zip(nodes, arrays, strict=True))), expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_array(name: str) -> None:
    agree(ONE[name], A)


@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_arrays(name: str) -> None:
    agree(TWO[name], A, B)


@pytest.mark.parametrize(
    "name", ["add", "subtract", "multiply", "divide", "power", "maximum", "less", "logical_or", "arctan2", "nextafter"]
)
def test_a_node_and_an_array_in_either_order(name: str) -> None:
    ufunc = getattr(np, name)
    if name == "nextafter":
        with pytest.raises(plait.TraceError, match=r"np\.nextafter"):
            ufunc(A, plait.input("x", (3, 4)))
        return
    agree(lambda a: ufunc(a, B), A)
    agree(lambda a: ufunc(B, a), A)


NUMBERS = {"bool": [True, False], "int32": [1, 2], "int64": [3, -2], "float32": [0.5, 2.0], "float64": [0.25, -2.0]}


@pytest.mark.parametrize("left", NUMBERS)
@pytest.mark.parametrize("right", [*NUMBERS, "int", "float", "int8", "uint16", "float16"])
@pytest.mark.skipif(int(np.__version__.split(".")[0]) < 2, reason="the promotion of scalars is NumPy 2's")
def test_dtypes_promote_as_numpys(left: str, right: str) -> None:
    a = np.array(NUMBERS[left], left)
    b: Any = 2 if right == "int" else 1.5 if right == "float" else np.array(NUMBERS.get(right, [1, 2]), right)
    x = plait.input("x", (2,), left)
    for operator in (np.add, np.multiply, np.divide, np.maximum, np.less, np.equal):
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = operator(a, b)
        if expected.dtype in (np.float16, np.int8, np.int16, np.uint16):
            continue  # no such dtype here
        node = operator(x, b)
        assert node.dtype == expected.dtype, operator.__name__
        np.testing.assert_allclose(plait.evaluate(node, {x: a}), expected, rtol=1e-6)
        if right in NUMBERS:
            y = plait.input("y", (2,), right)
            assert operator(x, y).dtype == expected.dtype


def test_integers_meet_functions_of_floats() -> None:
    x = plait.input("x", (3,), "int32")
    assert plait.exp(x).dtype == np.float64
    assert (x / 2).dtype == np.float64
    assert (x * 0.5).dtype == np.float64
    assert (x + 1).dtype == np.int32
    assert x.sum().dtype == np.int64
    assert x.mean().dtype == np.float64
    assert (x > 0).sum().dtype == np.int64
    assert (x**2).dtype == np.int32
    assert plait.evaluate(x**5, {x: [1, -2, 3]}).tolist() == [1, -32, 243]
    assert plait.evaluate(x @ x, {x: [1, 2, 3]}) == 14
    with pytest.raises(OverflowError, match="3000000000"):
        x + 3_000_000_000
    assert (x // 2).dtype == np.int32
    assert plait.evaluate(x // 2, {x: [5, -5, 4]}).tolist() == [2, -3, 2]
    with pytest.raises(ValueError, match="negative power"):
        x**-1
    b = plait.input("b", (3,), "bool")
    assert plait.evaluate((b + b) & ~b | b ^ True, {b: [True, False, True]}).tolist() == [False, True, False]
    with pytest.raises(plait.DTypeError, match="subtract"):
        b - b
    with pytest.raises(plait.DTypeError, match="expected booleans"):
        x & 1


REFUSALS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "bool": (lambda x: 1 if x > 0 else 0, "plait.where"),
    "and": (lambda x: (x > 0) and (x < 1), "plait.where"),
    "float": (lambda x: float(x[0, 0]), "float"),
    "int": (lambda x: int(x[0, 0]), "int"),
    "item": (lambda x: x[0, 0].item(), "item"),
    "asarray": (lambda x: np.asarray(x), "plait.stack"),
    "tolist": (lambda x: x.tolist(), "tolist"),
    "array of nodes": (lambda x: np.array([x, x]), "plait.stack"),
    "range": (lambda x: range(x), "plait.take"),
    "mask": (lambda x: x[x > 0], "plait.where"),
    "write": (lambda x: x.__setitem__(0, 1.0), "plait.where"),
    "out": (lambda x: np.exp(x, out=np.zeros((3, 4))), "out="),
    "in place": (lambda x: A.copy().__iadd__(x), "out="),
    "where=": (lambda x: np.add(x, 1, where=A > 1), "where="),
    "function": (lambda x: np.linalg.svd(x), r"np\.linalg\.svd|np\.svd"),
    "ufunc": (lambda x: np.spacing(x), r"np\.spacing"),
    "fft": (lambda x: np.fft.fft(x), "fft"),
    "where alone": (lambda x: np.where(x > 0), "plait.where"),
    "in": (lambda x: x in [A * 0 + 1, x + 1], "plait.where"),
    "math": (lambda x: __import__("math").sin(x), "float"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_traced_says_where_and_what_instead(name: str) -> None:
    f, words = REFUSALS[name]
    x = plait.input("x", (3, 4), "float64")
    with pytest.raises(plait.TraceError, match=words) as caught:
        f(x)
    assert "test_tracing.py, line" in str(caught.value)
    assert isinstance(caught.value, TypeError)


def test_the_line_is_that_of_the_user() -> None:
    def clipped(x: Any) -> Any:
        if x.sum() > 1:
            return x
        return -x

    line = clipped.__code__.co_firstlineno + 1
    with pytest.raises(plait.TraceError, match=rf"test_tracing.py, line {line}: `if x.sum\(\) > 1:`"):
        plait.function(clipped)(np.ones(3))


def test_unknown_sizes() -> None:
    x = plait.input("x", (None, 2))
    assert x.shape == (None, 2)
    for f in (len, list, lambda n: n.size):
        with pytest.raises(plait.TraceError, match="later"):
            f(x)
    with pytest.raises(TypeError, match="no axes"):
        len(x.sum())
    assert len(x[0]) == 2


def test_wrong_indices() -> None:
    x = plait.input("x", (3, 4))
    for index, error, words in [
        ((5,), IndexError, "5"),
        ((0, 0, 0), IndexError, "too many"),
        ((slice(None, None, 0),), ValueError, "zero"),
        (("a",), TypeError, "integer"),
        ((Ellipsis, Ellipsis), IndexError, "ellipsis"),
        (([0, 7],), IndexError, "7"),
        ((1.5,), TypeError, "integer"),
        ((A[0],), plait.DTypeError, "integers"),
    ]:
        with pytest.raises(error, match=words):
            x[index]
    i = plait.input("i", (2,), "int64")
    program = plait.compile(x[i])
    with pytest.raises(plait.ShapeError, match="out of range"):
        program(x=np.ones((3, 4)), i=[0, 3])


def test_python_asks_the_other_operand() -> None:
    class Other:
        def __radd__(self, left: Any) -> str:
            return "other"

    x = plait.input("x", ())
    assert x + Other() == "other"
    for wrong in ("text", None, {}, object()):
        with pytest.raises(TypeError, match="unsupported operand"):
            x + wrong
    with pytest.raises(TypeError, match="exp: expected"):
        plait.exp("text")


def test_references_do_not_leak() -> None:
    x = plait.input("x", (2,))
    one = 1.5
    before = sys.getrefcount(x), sys.getrefcount(one)
    for _ in range(1000):
        _ = (x + one) * x - np.ones(2)
        _ = np.exp(x)
    del _
    assert (sys.getrefcount(x), sys.getrefcount(one)) == before
    assert x.wait_count == 0

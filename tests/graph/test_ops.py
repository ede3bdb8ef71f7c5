"""Every function of plait in one table: values beside NumPy's, Table beside Program, gradients beside differences, second gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import scipy.special

import plait
from plait import _core

RNG = np.random.default_rng(20240501)


@dataclass(frozen=True)
class Case:
    """One function on one set of arguments."""

    name: str
    f: Callable[..., Any]
    twin: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]
    smooth: bool = True  # compare gradients with differences
    floats_only: bool = True  # run in float32, too
    tolerance: float = 1e-6  # of the first gradient
    sizes: bool = False  # asks for sizes while the graph is built


def between(low: float, high: float, *shape: int) -> np.ndarray:
    return RNG.uniform(low, high, shape)


def case(name: str, f: Callable[..., Any], twin: Callable[..., Any], *arrays: Any, **options: Any) -> Any:
    return pytest.param(Case(name, f, twin, tuple(np.asarray(a) for a in arrays), **options), id=name)


X = between(-2, 2, 3, 4)
Y = between(0.3, 2, 3, 4)
ROW = between(0.5, 2, 4)
CUBE = between(-1, 1, 2, 3, 4)
APART = np.array([[-1.7, 0.3, 1.2, 2.2], [0.9, -0.2, 0.5, -1.9]])  # nothing near a kink at whole numbers or between two entries


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return scipy.special.expit(x)


def softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


def one_hot(i: np.ndarray) -> np.ndarray:
    return np.eye(4, dtype=np.float32)[i]


UNARY = [
    case("exp", plait.exp, np.exp, X),
    case("log", plait.log, np.log, Y),
    case("log1p", plait.log1p, np.log1p, Y),
    case("expm1", plait.expm1, np.expm1, X),
    case("sqrt", plait.sqrt, np.sqrt, Y),
    case("square", plait.square, np.square, X),
    case("reciprocal", plait.reciprocal, np.reciprocal, Y),
    case("abs", plait.abs, np.abs, APART),
    case("negative", plait.negative, np.negative, X),
    case("sign", plait.sign, np.sign, APART),
    case("floor", plait.floor, np.floor, APART),
    case("sin", plait.sin, np.sin, X),
    case("cos", plait.cos, np.cos, X),
    case("tanh", plait.tanh, np.tanh, X),
    case("sigmoid", plait.sigmoid, sigmoid, X),
    case("relu", plait.relu, relu, APART),
    case("softplus", plait.softplus, softplus, X),
    case("erf", plait.erf, scipy.special.erf, X),
    case("erfc", lambda x: _core.elementwise("erfc", x), scipy.special.erfc, X),
    case("lgamma", plait.lgamma, scipy.special.gammaln, Y),
    case("digamma", plait.digamma, scipy.special.digamma, Y),
    *(case(name, getattr(np, name), getattr(np, name), Y) for name in ("exp2", "log2", "log10", "tan", "sinh", "cosh")),
    case("expm1mx", lambda x: _core.elementwise("expm1mx", x), lambda x: np.expm1(x) - x, X, tolerance=1e-5),
    case("silu", plait.silu, lambda x: x * sigmoid(x), X),
    case("gelu", plait.gelu, lambda x: x * scipy.special.ndtr(x), X),
    case(
        "gelu tanh",
        lambda x: plait.gelu(x, approximate=True),
        lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        X,
    ),
    case("logical_not", plait.logical_not, np.logical_not, X > 0, smooth=False),
    case("stop_gradient", plait.stop_gradient, np.copy, X, smooth=False),
]

BINARY = [
    *(
        case(f"{name} {kind}", getattr(plait, name), getattr(np, name), a, b)
        for name in ("add", "subtract", "multiply", "divide")
        for kind, a, b in (("same", X, Y), ("row", X, ROW), ("column", ROW, Y[:, :1]), ("scalar", Y, np.array(1.5)))
    ),
    case("power", plait.power, np.power, Y, ROW),
    case("minimum", plait.minimum, np.minimum, X, ROW[::-1]),
    case("maximum", plait.maximum, np.maximum, X, ROW[::-1] - 1),
    *(
        case(name, getattr(plait, name), getattr(np, name), np.round(X), np.round(Y), smooth=False)
        for name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
    ),
    *(case(name, getattr(plait, name), getattr(np, name), X > 0, Y > 1, smooth=False) for name in ("logical_and", "logical_or")),
    *(case(name, getattr(np, name), getattr(np, name), X, ROW) for name in ("logaddexp", "hypot")),
    case("difference", lambda x, y: _core.elementwise("difference", x, y), np.subtract, X, Y),
    case("where", lambda x, y: plait.where(x > 0, x * y, y), lambda x, y: np.where(x > 0, x * y, y), APART, Y[:2]),
    case(
        "where row",
        lambda x, y: plait.where(np.array([True, False, True, False]), x, y),
        lambda x, y: np.where([True, False, True, False], x, y),
        X,
        ROW,
    ),
    case("sort", plait.sort, np.sort, X),
    case("sort down the first axis", lambda x: plait.sort(x, 0, descending=True), lambda x: -np.sort(-x, 0), X),
    case("argsort", plait.argsort, lambda x: np.argsort(x, kind="stable"), np.round(X), smooth=False),
    case("clip", lambda x: plait.clip(x, -1.0, 1.0), lambda x: np.clip(x, -1, 1), APART),
    case("clip below", lambda x: plait.clip(x, min=0.0), lambda x: np.clip(x, 0, None), APART),
    *(case(f"power {n}", lambda x, n=n: x**n, lambda x, n=n: x**n, Y) for n in (0, 1, 2, 3, 4, 7, -1, -2, 0.5, 1.5, -0.5)),
    case("remainder", lambda x, y: x % y, np.remainder, APART, between(0.7, 0.71, 2, 4), smooth=False),
    case("fmod", np.fmod, np.fmod, APART, between(0.7, 0.71, 2, 4), smooth=False),
    case("fmod slope", lambda x: np.fmod(x, 5.0), lambda x: np.fmod(x, 5.0), APART),
    case(
        "binary cross entropy",
        lambda x, t: plait.losses.binary_cross_entropy_with_logits(x, t, "none"),
        lambda x, t: softplus(x) - x * t,
        X,
        Y / 2,
    ),
    case("floor_divide", lambda x, y: x // y, np.floor_divide, APART, between(0.7, 0.71, 2, 4), smooth=False),
    case("reflected", lambda x: 2 - 3 / (1 + x), lambda x: 2 - 3 / (1 + x), Y),
    case("2 ** x", lambda x: 2.0**x, lambda x: 2.0**x, X),
]

AXES = (None, 0, 1, -1, (0, 2), (1, 2), (0, 1, 2), ())
REDUCTIONS = [
    *(
        case(
            f"{name} {axis} {keep}",
            lambda x, name=name, axis=axis, keep=keep: getattr(plait, name)(x, axis, keep),
            lambda x, name=name, axis=axis, keep=keep: getattr(np, name)(x, axis=axis, keepdims=keep),
            CUBE,
        )
        for name in ("sum", "mean", "max", "min", "prod")
        for axis in AXES
        for keep in (False, True)
    ),
    *(
        case(
            f"logsumexp {axis}",
            lambda x, axis=axis: plait.logsumexp(x, axis),
            lambda x, axis=axis: scipy.special.logsumexp(x, axis=axis),
            CUBE,
        )
        for axis in (None, 0, -1, (0, 1))
    ),
    *(
        case(f"softmax {axis}", lambda x, axis=axis: plait.softmax(x, axis), lambda x, axis=axis: scipy.special.softmax(x, axis=axis), CUBE)
        for axis in (0, 1, -1)
    ),
    *(
        case(
            f"log_softmax {axis}",
            lambda x, axis=axis: plait.log_softmax(x, axis),
            lambda x, axis=axis: scipy.special.log_softmax(x, axis=axis),
            CUBE,
        )
        for axis in (0, -1)
    ),
    *(
        case(f"cumsum {axis}", lambda x, axis=axis: plait.cumsum(x, axis), lambda x, axis=axis: np.cumsum(x, axis), CUBE)
        for axis in (None, 0, 1, -1)
    ),
    *(
        case(
            f"norm {ord_} {axis}",
            lambda x, ord_=ord_, axis=axis: plait.norm(x, ord_, axis),
            lambda x, ord_=ord_, axis=axis: np.linalg.norm(x, ord_, axis),
            X,
        )
        for ord_ in (None, 2, 1, np.inf, -np.inf)
        for axis in (0, 1)
    ),
    case("norm all", plait.norm, np.linalg.norm, CUBE.reshape(4, 6)),
    case("var", lambda x: x.var(1, ddof=1), lambda x: x.var(1, ddof=1), CUBE),
    case("std", lambda x: x.std(1), lambda x: x.std(1), CUBE),
    case("prod with zeros", lambda x: x.prod(1), lambda x: x.prod(1), np.array([[1.0, 0.0, 3.0], [0.0, 0.0, 2.0], [2.0, 3.0, 4.0]])),
]

SHAPES = [
    *(
        case(f"matmul {a.shape} {b.shape}", plait.matmul, np.matmul, a, b)
        for a, b in (
            (X, Y.T),
            (X, ROW),
            (ROW, Y.T),
            (ROW, ROW[::-1]),
            (CUBE, Y.T),
            (CUBE, between(-1, 1, 2, 4, 3)),
            (between(-1, 1, 4, 1, 3, 4), CUBE.swapaxes(1, 2)),
            (X, CUBE.swapaxes(1, 2)),
            (between(-1, 1, 1, 4), between(-1, 1, 4, 1)),
        )
    ),
    case("transpose", plait.transpose, np.transpose, CUBE),
    case("transpose axes", lambda x: plait.transpose(x, (1, 2, 0)), lambda x: x.transpose(1, 2, 0), CUBE),
    case("reshape", lambda x: plait.reshape(x, (6, -1)), lambda x: x.reshape(6, -1), CUBE),
    case("reshape after transpose", lambda x: x.T.reshape(-1), lambda x: x.T.reshape(-1), X),
    case("broadcast_to", lambda x: plait.broadcast_to(x, (3, 2, 4)), lambda x: np.broadcast_to(x, (3, 2, 4)), ROW),
    case("expand_dims", lambda x: plait.expand_dims(x, -1), lambda x: x[..., None], X),
    case("squeeze", lambda x: plait.squeeze(x[:, :1]), lambda x: x[:, 0], X, sizes=True),
    case("squeeze of an axis", lambda x: plait.squeeze(x[:, :1], 1), lambda x: x[:, 0], X),
    *(
        case(
            f"concatenate {axis}",
            lambda x, y, axis=axis: plait.concatenate([x, y, x], axis),
            lambda x, y, axis=axis: np.concatenate([x, y, x], axis),
            X,
            Y,
        )
        for axis in (0, 1, -1)
    ),
    *(
        case(f"stack {axis}", lambda x, y, axis=axis: plait.stack([x, y, y], axis), lambda x, y, axis=axis: np.stack([x, y, y], axis), X, Y)
        for axis in (0, 1, -1)
    ),
    *(
        case(
            f"take {axis}",
            lambda x, axis=axis: plait.take(x, np.array([[0, 1], [-1, 0]]), axis),
            lambda x, axis=axis: np.take(x, [[0, 1], [-1, 0]], axis),
            CUBE,
        )
        for axis in (None, 0, 1, -1)
    ),
    case("take node", lambda x, i: plait.take(x, i, 0), lambda x, i: np.take(x, i, 0), X, np.array([2, 0, 2, -1])),
    case(
        "take_along_axis",
        lambda x, i: plait.take_along_axis(x, i, 1),
        lambda x, i: np.take_along_axis(x, i, 1),
        X,
        np.array([[0, 3], [1, 1], [-1, 0]]),
    ),
    case("one_hot", lambda i: plait.one_hot(i, 4), one_hot, np.array([[0, 3], [2, 2]]), smooth=False),
    case(
        "cast",
        lambda x: plait.cast(plait.cast(x, "float32"), "float64"),
        lambda x: x.astype("f4").astype("f8"),
        X,
        tolerance=1e-3,
        smooth=False,
    ),
    case("cast to int", lambda x: plait.cast(x, "int64"), lambda x: x.astype("i8"), APART, smooth=False),
    case("cast to bool", lambda x: plait.cast(x, "bool"), lambda x: x.astype(bool), np.array([0.0, -0.0, 0.5, np.nan]), smooth=False),
]

INDICES = [
    (0,),
    (-1,),
    (slice(None), 2),
    (slice(1, None),),
    (slice(None, None, -1),),
    (slice(None), slice(3, None, -2)),
    (Ellipsis, 0),
    (0, Ellipsis, 1),
    (None,),
    (slice(None), None, slice(0, 2)),
    (slice(2, 2),),
    (slice(-100, 100),),
    (slice(None), np.array([2, 0, 2])),
    (np.array([[0, 1], [1, 1]]),),
    ([1, 0, 1],),
    (slice(0, 1), Ellipsis, [3, 3, 0]),
    (slice(None, None, -3), slice(None, None, 2), slice(-1, -9, -1)),
    (np.int64(1), slice(0, 2)),
]
INDEXING = [case(f"index {k}", lambda x, i=i: x[i], lambda x, i=i: x[i], CUBE) for k, i in enumerate(INDICES)]

CASES = UNARY + BINARY + REDUCTIONS + SHAPES + INDEXING


def inputs(arrays: tuple[np.ndarray, ...], unknown: bool = False) -> list[plait.Node]:
    return [plait.input(f"x{k}", (None,) * a.ndim if unknown else a.shape, a.dtype) for k, a in enumerate(arrays)]


@pytest.mark.parametrize("c", CASES)
def test_value_is_numpys_from_table_and_program(c: Case) -> None:
    nodes = inputs(c.arrays)
    output = c.f(*nodes)
    expected = np.asarray(c.twin(*c.arrays))
    assert output.shape == expected.shape
    assert output.dtype == expected.dtype
    feeds = dict(zip(nodes, c.arrays, strict=True))
    table = plait.evaluate(output, feeds)
    program = plait.compile(output)
    compiled = program({n: a for n, a in feeds.items() if n in set(program.inputs)})
    for found in (table, compiled):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("c", [c for c in CASES if all(a.dtype == np.float64 for a in c.values[0].arrays)])
def test_float32(c: Case) -> None:
    arrays = tuple(a.astype(np.float32) for a in c.arrays)
    nodes = inputs(arrays)
    output = c.f(*nodes)
    expected = np.asarray(c.twin(*arrays))
    if expected.dtype != np.float64:
        assert output.dtype == expected.dtype
    program = plait.compile(output)
    found = program({n: a for n, a in zip(nodes, arrays, strict=True) if n in set(program.inputs)})
    np.testing.assert_allclose(found, np.asarray(c.twin(*c.arrays)), rtol=3e-5, atol=3e-6)


@pytest.mark.parametrize("c", [c for c in CASES if c.values[0].smooth])
def test_shapes_that_are_bound_later(c: Case) -> None:
    """The same with every size unknown while the graph is built, gradient included."""
    nodes = inputs(c.arrays, unknown=True)
    if c.sizes:
        with pytest.raises(plait.ShapeError, match="not all known yet"):
            c.f(*nodes)
        return
    output = c.f(*nodes)
    gradients = plait.gradient(output, [n for n in nodes if n.dtype.kind == "f"])
    program = plait.compile([output, *gradients])
    known = inputs(c.arrays)
    expected = c.f(*known)
    reference = plait.evaluate(
        [expected, *plait.gradient(expected, [n for n in known if n.dtype.kind == "f"])], dict(zip(known, c.arrays, strict=True))
    )
    for found, wanted in zip(
        program({n: a for n, a in zip(nodes, c.arrays, strict=True) if n in set(program.inputs)}), reference, strict=True
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("c", [c for c in CASES if c.values[0].smooth])
def test_gradient_is_that_of_central_differences(c: Case) -> None:
    assert plait.check_gradient(c.f, *c.arrays) < c.tolerance


@pytest.mark.parametrize("c", [c for c in CASES if c.values[0].smooth and "zeros" not in c.values[0].name])
def test_second_gradient_is_that_of_central_differences(c: Case) -> None:
    assert plait.check_gradient(c.f, *c.arrays, order=2) < 1e-5


def test_the_table_names_every_operation_of_the_core() -> None:
    """An operation that no case above reaches is not tested."""
    reached: set[str] = set()
    for parameter in CASES:
        c = parameter.values[0]
        for unknown in (False, True):
            if unknown and c.sizes:
                continue
            nodes = inputs(c.arrays, unknown)
            outputs = [c.f(*nodes)]
            floats = [n for n in nodes if n.dtype.kind == "f"]
            if c.smooth and floats:
                outputs += plait.gradient(outputs[0], floats)
                outputs += plait.gradient(outputs[1:], floats)
            reached |= {node.op for node in _core.ancestors(outputs)}
    elsewhere = {
        "parameter",
        "lengths",
        "cholesky",
        "triangular_solve",
        "linear_solve",
        "slogdet",
    }  # beside this file, and in infer, align, optimize and sparse
    elsewhere |= {"random_normal", "random_uniform", "random_gamma", "random_poisson"}
    elsewhere |= {"scan", "scan_output", "scan_cotangent", "scan_segments", "scan_rest", "scan_join", "scan_fill", "scan_index"}
    elsewhere |= {"scan_normal", "scan_uniform", "scan_draw_key", "scan_key"}
    elsewhere |= {"soft_dtw", "soft_dtw_gradient", "solution", "solution_gradient"}
    elsewhere |= {"sparse_input", "sparse_matmul", "sparse_transposed_matmul"}
    assert set(_core.operations()) - reached == elsewhere


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ends_of_the_range(dtype: str) -> None:
    big = np.array([np.inf, -np.inf, np.nan, 1000.0, -1000.0, 0.0, -0.0, np.finfo(dtype).max, np.finfo(dtype).tiny], dtype)
    x = plait.input("x", big.shape, dtype)
    functions = {
        plait.exp: np.exp,
        plait.tanh: np.tanh,
        plait.sigmoid: sigmoid,
        plait.softplus: softplus,
        plait.erf: scipy.special.erf,
        plait.relu: relu,
        plait.abs: np.abs,
        plait.expm1: np.expm1,
        plait.square: np.square,
    }
    with np.errstate(all="ignore"):
        for ours, numpys in functions.items():
            expected = numpys(big)
            for found in (plait.evaluate(ours(x), {x: big}), plait.compile(ours(x))(x=big)):
                np.testing.assert_allclose(found, expected, rtol=1e-6, err_msg=ours.__name__)


def test_logsumexp_and_softmax_at_infinities() -> None:
    inf = np.inf
    rows = np.array([[-inf, -inf], [inf, 0.0], [-inf, 0.0], [inf, -inf], [1e300, 1e300], [-1e300, -1e300]])
    assert plait.evaluate(plait.logsumexp(rows, axis=1)).tolist() == [-inf, inf, 0.0, inf, 1e300, -1e300]
    assert plait.evaluate(plait.softmax(rows[2:3])).tolist() == [[0.0, 1.0]]
    x = plait.input("x", (3,), "float64")
    g = plait.gradient(plait.logsumexp(x), x)
    np.testing.assert_allclose(plait.evaluate(g, {x: [-inf, 0.0, 0.0]}), [0, 0.5, 0.5])
    assert np.isnan(plait.evaluate(plait.logsumexp([np.nan, 0.0])))


def test_gradients_where_formulas_break() -> None:
    x = plait.input("x", (3,), "float64")
    assert plait.evaluate(plait.gradient(plait.norm(x), x), {x: np.zeros(3)}).tolist() == [0, 0, 0]
    assert plait.evaluate(plait.gradient(plait.abs(x), x), {x: [-0.0, 0.0, 1.0]}).tolist() == [0, 0, 1]
    assert plait.evaluate(plait.gradient(plait.maximum(x, 0.0), x), {x: [0.0, 1.0, -1.0]}).tolist() == [0.5, 1, 0]
    assert plait.evaluate(plait.gradient(x.max(), x), {x: [2.0, 2.0, 1.0]}).tolist() == [0.5, 0.5, 0]
    assert plait.evaluate(plait.gradient(plait.power(x, np.zeros(3)), x), {x: [0.0, 1.0, -1.0]}).tolist() == [0, 0, 0]
    assert plait.evaluate(plait.gradient(x**2, x), {x: [0.0, -1.0, 3.0]}).tolist() == [0, -2, 6]

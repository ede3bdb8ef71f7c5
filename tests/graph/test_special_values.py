"""Every elementwise operation and every supported ufunc at special values: against mpmath and NumPy."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from reference import functions

import plait
from plait import _core
from plait.graph.numpy_protocol import UFUNCS

pytestmark = pytest.mark.usefixtures("ieee")
INF, NAN = np.inf, np.nan
DTYPES = ("float32", "float64")

# What the sweep leaves out, and why. Names of the op table (loops, soft_dtw and sparse products have tests of their own), then of NumPy.
NOT_SWEPT = {
    "input parameter constant": "hold values",
    "random_normal random_uniform": "drawn; test_random_graphs.py",
    "cast one_hot argsort take take_gradient take_along_axis take_along_axis_gradient": "move values; test_ops.py",
    "sum prod max min sum_to_like axis_size cumsum sum_n recurrence": "reductions: test_tie_values.py and test_ops.py",
    "reshape reshape_like transpose expand_dims squeeze broadcast_to broadcast_like slice slice_gradient index concatenate head_like tail_like "
    "stop_gradient lengths flatten_leading": "move values; test_ops.py",
    "matmul": "test_ops.py",
    "cholesky triangular_solve linear_solve slogdet": "of matrices; test_linalg.py",
    "logical_not logical_and logical_or": "of booleans; test_ops.py",
    "root": "sqrt, with its slope at 0 called 0: test_tie_values.py",
    "where difference": "choices between values: test_tie_values.py",
    "silu gelu silu_slope normal_moment gated length_share": "parts of silu, gelu and hypot: test_composed_values.py",
}
NOT_SWEPT_UFUNCS = {
    "matmul": "test_ops.py",
    "positive": "is the node itself",
    "invert bitwise_and bitwise_or bitwise_xor logical_xor logical_not logical_and logical_or": "of booleans; test_tracing.py",
    "arctan2": "test_more_names.py",
    "divmod": "two results, those of floor_divide and remainder",
    "modf conjugate": "two results, those of trunc and what it leaves; the node itself",
}

# Bounds in units of the last place, where they are not 4; and the sizes below which an error is absolute, at roots.
ROOTS = {"logaddexp": 1e-3, "lgamma": 2.0, "digamma": 32.0}
BOUNDS = {"lgamma": 5.0, "digamma": 8.0, "trigamma": 6.0}

PLAIN = (0.0, 1e-10, 0.1, 0.25, 0.5, 0.693, 0.75, 1.0, 1.5, 2.0, 3.0, 8.0, 10.0, 20.5, 40.0, 88.5, 100.0, 1000.0, 1e10)
WIDE = {
    "float32": (1e-45, 1.1754944e-38, 1e-20, 89.2, 127.5, 1e20, 3.4028235e38),
    "float64": (5e-324, 2.3e-308, 1e-200, 710.2, 1023.5, 1e200, 1.7e308),
}


def points(dtype: str) -> np.ndarray:
    sizes = np.array([*PLAIN, *WIDE[dtype]], dtype)
    return np.concatenate([sizes, -sizes])


def ours(name: str) -> Callable[..., Any]:
    return lambda *x: UFUNCS[name](*x) if name in UFUNCS else _core.elementwise(name, *x)


def both_ways(node: plait.Node, feeds: dict[Any, Any]) -> np.ndarray:
    """From Table, after Program has given the same."""
    table = plait.evaluate(node, feeds)
    program = plait.compile(node)
    found = program({n: feeds[n] for n in program.inputs})
    np.testing.assert_allclose(found, table, rtol=1e-5 if table.dtype == np.float32 else 1e-13, atol=1e-30)
    return table


def words(table: dict[str, str]) -> set[str]:
    return {name for names in table for name in names.split()}


# Of two operands: compared with the twin in units of the last place, or with NumPy bit by bit.
IN_UNITS = ("power", "logaddexp", "hypot")
AS_NUMPY = (
    *("add", "subtract", "multiply", "divide", "minimum", "maximum", "floor_divide", "remainder", "fmod"),
    *("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"),
)
LOGISTIC = ("logaddexp_slope", "logistic_loss", "logistic_loss_slope")  # in units of the largest term of their sums
ELEMENTWISE = {"sign", "floor", *IN_UNITS, *AS_NUMPY, *LOGISTIC}


def test_every_operation_is_swept_or_left_out_with_a_reason() -> None:
    swept = set(functions.UNARY) | ELEMENTWISE
    assert set(_core.operations(elementwise=True)) - swept - words(NOT_SWEPT) == set()
    assert words(NOT_SWEPT) - set(_core.operations()) == set()


def test_every_ufunc_is_swept_or_left_out_with_a_reason() -> None:
    names = {"absolute": "abs", "fabs": "abs", "true_divide": "divide", "float_power": "power", "radians": "deg2rad", "degrees": "rad2deg"}
    traced = "arcsin arccos arcsinh arccosh arctanh cbrt ceil trunc rint fmax fmin copysign signbit heaviside logaddexp2"  # test_traced_functions.py
    compared = set(traced.split()) | {"isnan", "isfinite", "isinf"} | ELEMENTWISE
    for name in UFUNCS:
        assert names.get(name, name) in set(functions.UNARY) | compared | words(NOT_SWEPT_UFUNCS), name


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", functions.UNARY)
def test_values_of_one_operand(name: str, dtype: str) -> None:
    x = points(dtype)
    if name in ("lgamma", "digamma", "trigamma"):
        x = x[(np.abs(x) < 1e5) & (np.abs(x) > 1e-38)]
        x = x[(x > 0) | (x != np.floor(x))]
    node = plait.input("x", x.shape, dtype)
    found = both_ways(ours(name)(node), {node: x})
    assert found.dtype == x.dtype
    errors = []
    for value, at in zip(found, x, strict=True):
        if name == "reciprocal" and at == 0:
            assert value == np.copysign(INF, at)
            continue
        least = ROOTS[name] if name in ("lgamma", "digamma") and at < 0 else 1.0 if name == "digamma" else 0.0
        wanted = functions.UNARY[name](mp.mpf(float(at)))
        errors.append((functions.ulps(value, wanted, dtype, least), float(at), float(value), float(wanted)))
    assert max(errors)[0] <= BOUNDS.get(name, 4.0), max(errors)


# Of infinities, NaN, and the sign of zero.
ENDS: dict[str, tuple[float, float, float, float]] = {  # f(inf), f(-inf), f(0.0), f(-0.0)
    "negative": (-INF, INF, -0.0, 0.0),
    "abs": (INF, INF, 0.0, 0.0),
    "square": (INF, INF, 0.0, 0.0),
    "sqrt": (INF, NAN, 0.0, -0.0),
    "reciprocal": (0.0, -0.0, INF, -INF),
    "exp": (INF, 0.0, 1.0, 1.0),
    "expm1": (INF, -1.0, 0.0, -0.0),
    "exp2": (INF, 0.0, 1.0, 1.0),
    "log": (INF, NAN, -INF, -INF),
    "log2": (INF, NAN, -INF, -INF),
    "log10": (INF, NAN, -INF, -INF),
    "log1p": (INF, NAN, 0.0, -0.0),
    "sin": (NAN, NAN, 0.0, -0.0),
    "cos": (NAN, NAN, 1.0, 1.0),
    "tan": (NAN, NAN, 0.0, -0.0),
    "sinh": (INF, -INF, 0.0, -0.0),
    "cosh": (INF, INF, 1.0, 1.0),
    "tanh": (1.0, -1.0, 0.0, -0.0),
    "sigmoid": (1.0, 0.0, 0.5, 0.5),
    "softplus": (INF, 0.0, float(np.log(2)), float(np.log(2))),
    "relu": (INF, 0.0, 0.0, -0.0),
    "erf": (1.0, -1.0, 0.0, -0.0),
    "erfc": (0.0, 2.0, 1.0, 1.0),
    "expm1mx": (INF, INF, 0.0, 0.0),
    "logistic_density": (0.0, 0.0, 0.25, 0.25),
    "gaussian": (0.0, 0.0, 1.0, 1.0),
    "normal_density": (0.0, 0.0, 0.3989422804014327, 0.3989422804014327),
    "normal_cdf": (1.0, 0.0, 0.5, 0.5),
    "lgamma": (INF, INF, INF, INF),
    "digamma": (INF, NAN, -INF, INF),
    "trigamma": (0.0, NAN, INF, INF),
    "arctan": (np.pi / 2, -np.pi / 2, 0.0, -0.0),
    "deg2rad": (INF, -INF, 0.0, -0.0),
    "rad2deg": (INF, -INF, 0.0, -0.0),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", functions.UNARY)
def test_ends_of_one_operand(name: str, dtype: str) -> None:
    x = np.array([INF, -INF, 0.0, -0.0, NAN], dtype)
    node = plait.input("x", x.shape, dtype)
    found = both_ways(ours(name)(node), {node: x})
    wanted = np.array([*ENDS[name], NAN], dtype)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    there = ~np.isnan(wanted)
    assert np.array_equal(np.signbit(found)[there], np.signbit(wanted)[there])


@pytest.mark.parametrize("name", functions.UNARY)
def test_slopes_and_curvatures_of_one_operand(name: str) -> None:
    x = np.array([0.1, 0.25, 0.5, 0.693, 0.75, 1.5, 2.25, 3.1, 8.3, 20.5, 41.0, 0.0])
    x = np.concatenate([x, -x])
    if name in ("abs", "relu", "reciprocal", "sqrt"):
        x = x[x != 0]
    if name in ("sqrt", "log", "log2", "log10"):
        x = x[x > 0]
    if name == "log1p":
        x = x[x > -0.9]
    if name in ("lgamma", "digamma", "trigamma"):
        x = x[(x > -4) & (x != 0) & (x < 30)]
    node = plait.input("x", x.shape, "float64")
    slope = plait.gradient(ours(name)(node), node)
    curvature = plait.gradient(slope, node)
    for order, derivative in ((1, slope), (2, curvature)):
        found = both_ways(derivative + 0.0 * node, {node: x})
        for at, value in zip(x, found, strict=True):
            wanted = functions.derivative(functions.UNARY[name], (at,), (order,))
            # sigmoid and tanh take their slopes from their values: an absolute error of 1e-16 where they are flat.
            assert abs(float(value) - float(wanted)) <= 1e-11 * abs(float(wanted)) + 4e-16, (name, order, at)


PAIRS = (0.0, -0.0, 0.1, -0.3, 0.5, 1.0, -1.0, 2.0, -2.5, 3.0, 7.0, 40.0, -41.0, 1e17, -1e17, 1e-30, 1e30, INF, -INF)


def grid(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    one = np.array([*PAIRS, *WIDE[dtype], *(-w for w in WIDE[dtype])], dtype)
    x, y = np.meshgrid(one, one)
    return x.ravel(), y.ravel()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", IN_UNITS)
def test_values_of_two_operands(name: str, dtype: str) -> None:
    x, y = grid(dtype)
    a, b = plait.input("a", x.shape, dtype), plait.input("b", x.shape, dtype)
    found = both_ways(ours(name)(a, b), {a: x, b: y})
    with np.errstate(all="ignore"):
        numpys = getattr(np, name)(x, y)
    worst: tuple[Any, ...] = (0.0,)
    for value, theirs, p, q in zip(found, numpys, x, y, strict=True):
        if not (np.isfinite(p) and np.isfinite(q)) or (name == "power" and p <= 0):
            assert np.array_equal(value, theirs, equal_nan=True) or abs(value / theirs - 1) < 1e-6, (name, p, q, value, theirs)
            continue
        with np.errstate(over="ignore"), mp.workdps(700 if name != "power" else 60):
            if name == "power" and abs(float(q) * np.log(float(p))) > 2000:
                wanted = mp.inf if (q > 0) == (p > 1) else mp.mpf(0)
            else:
                wanted = functions.BINARY[name](mp.mpf(float(p)), mp.mpf(float(q)))
            if wanted == mp.inf:
                assert value == INF
                continue
            worst = max(worst, (functions.ulps(value, wanted, dtype, ROOTS.get(name, 0.0)), float(p), float(q), float(value)))
    assert worst[0] <= 4, worst


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LOGISTIC)
def test_values_of_the_logistic_forms(name: str, dtype: str) -> None:
    x, y = grid(dtype)
    tiny = np.finfo(dtype).tiny
    ordinary = np.isfinite(x) & np.isfinite(y) & ((np.abs(x) >= tiny) | (x == 0)) & ((np.abs(y) >= tiny) | (y == 0))
    x, y = x[ordinary], y[ordinary]
    a, b = plait.input("a", x.shape, dtype), plait.input("b", x.shape, dtype)
    for value, p, q in zip(both_ways(ours(name)(a, b), {a: x, b: y}), x, y, strict=True):
        with mp.workdps(700), np.errstate(over="ignore"):
            wanted = functions.BINARY[name](mp.mpf(float(p)), mp.mpf(float(q)))
            term = {"logaddexp_slope": 0.0, "logistic_loss": min(abs(float(p) * float(q)), 1e300), "logistic_loss_slope": 1.0}[name]
            if 0 < abs(wanted) < 2 * tiny:
                assert abs(value) <= 2 * tiny  # programs treat subnormal numbers as zero
                continue
        rounded = abs(float(p) - float(q)) if name == "logaddexp_slope" else 0  # x - y is rounded before its exponential is taken
        assert functions.ulps(value, wanted, dtype, term) <= 4 + rounded / 2, (name, p, q, value, wanted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_logaddexp_keeps_its_digits_near_its_root(dtype: str) -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 700)).astype(dtype)
    y[:100] = np.log(-np.expm1(-np.abs(x[:100])))
    x[:100] = -np.abs(x[:100])
    found = both_ways(np.logaddexp(plait.constant(x), y), {})
    for value, p, q in zip(found, x, y, strict=True):
        wanted = functions.BINARY["logaddexp"](mp.mpf(float(p)), mp.mpf(float(q)))
        assert functions.ulps(value, wanted, dtype, 1e-3) <= 4


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", AS_NUMPY)
def test_numpys_results_of_two_operands(name: str, dtype: str) -> None:
    x, y = grid(dtype)
    x, y = np.append(x, [NAN, 1.0, NAN]).astype(dtype), np.append(y, [1.0, NAN, NAN]).astype(dtype)
    a, b = plait.input("a", x.shape, dtype), plait.input("b", x.shape, dtype)
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(x, y)
    node = ours(name)(a, b)
    found = plait.evaluate(node, {a: x, b: y})
    assert found.dtype == wanted.dtype
    different = ~((found == wanted) | ((found != found) & (wanted != wanted)))
    if name in ("minimum", "maximum"):
        signs = np.zeros(1, bool)  # of zeros: NumPy's own depend on the processor
    else:
        signs = np.signbit(np.asarray(found, float)) != np.signbit(np.asarray(wanted, float))
        signs &= found == found
    assert not different.any(), (x[different][:5], y[different][:5], found[different][:5], wanted[different][:5])
    assert not signs.any(), (x[signs][:5], y[signs][:5])
    np.testing.assert_array_equal(plait.compile(node)(a=x, b=y), found)
    # Each pair alone gives the same: other ways through the kernels.
    for k in range(0, len(x), 7):
        assert np.array_equal(plait.evaluate(ours(name)(x[k : k + 1], y[k : k + 1])), found[k : k + 1], equal_nan=True)


@pytest.mark.parametrize("name", ["floor", "sign", "isnan", "isfinite", "isinf"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_numpys_results_of_one_operand(name: str, dtype: str) -> None:
    x = np.append(points(dtype), [INF, -INF, NAN, -0.0]).astype(dtype)
    node = plait.input("x", x.shape, dtype)
    np.testing.assert_array_equal(both_ways(ours(name)(node) * 1, {node: x}), getattr(np, name)(x) * 1)


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "power", "logaddexp", "hypot", "remainder", "fmod"])
def test_slopes_and_curvatures_of_two_operands(name: str) -> None:
    pairs = [(0.5, 0.5), (2.0, 3.0), (1.6, -0.5), (0.1, 40.25), (40.4, 0.25), (3.0, 2.0), (7.3, -2.1)]
    if name != "power":
        pairs += [(-1.0, -1.0), (-2.5, 0.7), (-30.1, 30.2)]
    for p, q in pairs:
        a, b = plait.input("a", (), "float64"), plait.input("b", (), "float64")
        feeds = {a: p, b: q}
        first = plait.gradient(ours(name)(a, b), [a, b])
        for i, g in enumerate(first):
            orders = [0, 0]
            orders[i] = 1
            check(name, (p, q), tuple(orders), both_ways(g + 0 * a * b, feeds))
            for j, h in enumerate(plait.gradient(g, [a, b])):
                orders = [0, 0]
                orders[i] += 1
                orders[j] += 1
                if name in ("remainder", "fmod"):
                    assert float(both_ways(h + 0 * a * b, feeds)) == 0
                    continue
                check(name, (p, q), tuple(orders), both_ways(h + 0 * a * b, feeds))


def check(name: str, at: tuple[float, float], orders: tuple[int, int], found: Any) -> None:
    if name in ("remainder", "fmod") and at[0] == at[1]:
        return  # on a step
    wanted = float(functions.derivative(functions.BINARY[name], at, orders))
    assert abs(float(found) - wanted) <= 1e-11 * abs(wanted) + 1e-14, (name, at, orders, float(found), wanted)


@pytest.mark.parametrize("name", sorted(set(UFUNCS) - words(NOT_SWEPT_UFUNCS)))
def test_promotion_is_numpys(name: str) -> None:
    ufunc = getattr(np, name)
    for dtype in ("int32", "int64", "float32", "float64"):
        x = np.array([1, 2, 3], dtype)
        with np.errstate(all="ignore"):
            wanted = ufunc(*[x] * ufunc.nin)
        node = plait.input("x", (3,), dtype)
        if name == "power" and dtype.startswith("int"):
            continue  # integers to powers that are not known before are refused
        found = ufunc(*[node] * ufunc.nin)
        assert found.dtype == wanted.dtype, dtype
        np.testing.assert_allclose(plait.evaluate(found, {node: x}), wanted, rtol=1e-6)


def test_integers_are_divided_as_numpy_divides_them() -> None:
    low = np.iinfo(np.int64).min
    x = np.array([7, -7, 7, -7, 0, 5, low, low, -1, 1])
    y = np.array([2, 2, -2, -2, 3, 0, -1, 3, low, low])
    for dtype in ("int64", "int32"):
        a, b = (np.clip(v, np.iinfo(dtype).min, None).astype(dtype) for v in (x, y))
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = a // b, a % b
        m, n = plait.constant(a), plait.constant(b)
        for found, theirs in zip((m // n, m % n), wanted, strict=True):
            assert found.dtype == theirs.dtype
            np.testing.assert_array_equal(plait.evaluate(found), theirs)
        for found, theirs in [
            *zip(np.divmod(m, n), wanted, strict=True),
            *zip(divmod(m, n), wanted, strict=True),
            *zip(divmod(m, 3), divmod(a, 3), strict=True),
        ]:
            np.testing.assert_array_equal(plait.evaluate(found), theirs)
    node = plait.input("n", (4,), "int32")
    np.testing.assert_array_equal(plait.compile(node % 3)(n=np.arange(4)), [0, 1, 2, 0])

"""First and second derivatives at special values: ties, zeros, infinities, branches that were not selected."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pytest

import plait
from plait import losses

INF, NAN = np.inf, np.nan


def slope(f: Callable[..., Any], x: Any, dtype: str = "float64") -> np.ndarray:
    """The gradient of the sum, from Table and Program alike."""
    x = np.asarray(x, dtype)
    node = plait.input("x", x.shape, dtype)
    g = plait.gradient(f(node), node)
    table = plait.evaluate(g, {node: x})
    program = plait.compile(g)
    np.testing.assert_allclose(program(dict.fromkeys(program.inputs, x)), table, rtol=1e-6)
    return table


def hessian(f: Callable[..., Any], x: Any) -> np.ndarray:
    return plait.hessian(f)(np.asarray(x, float))


EYE = np.eye(2)


@pytest.mark.parametrize(
    ("f", "x", "wanted"),
    [
        (lambda x: losses.binary_cross_entropy_with_logits(x, [1.0, 0.0], "sum"), [0, 0], 0.25 * EYE),
        (lambda x: losses.binary_cross_entropy_with_logits(x, [0.3, 0.5], "sum"), [0, 0], 0.25 * EYE),
        (lambda x: plait.softplus(x).sum(), [0, 0], 0.25 * EYE),
        (lambda x: np.logaddexp(x[0], x[1]), [1, 1], [[0.25, -0.25], [-0.25, 0.25]]),
        (lambda x: np.logaddexp(x, 0.0).sum(), [0, 0], 0.25 * EYE),
        (plait.logsumexp, [1, 1], [[0.25, -0.25], [-0.25, 0.25]]),
        (lambda x: -plait.log_softmax(x)[0], [0, 0], [[0.25, -0.25], [-0.25, 0.25]]),
        (lambda x: losses.cross_entropy_with_logits(x, 0), [0, 0], [[0.25, -0.25], [-0.25, 0.25]]),
        (lambda x: plait.norm(x) ** 2, [0, 0], 2 * EYE),
        (lambda x: np.square(np.linalg.norm(x)), [0, 0], 2 * EYE),
        (lambda x: plait.power(plait.norm(x), 2), [0, 0], 2 * EYE),
        (lambda x: plait.norm(x) * plait.norm(x), [0, 0], 2 * EYE),
        (lambda x: plait.norm(x) ** np.float64(2), [0, 0], 2 * EYE),
        (lambda x: (abs(x) * abs(x)).sum(), [0, 0], 2 * EYE),
        (lambda x: plait.norm(x) ** 4, [0, 0], 0 * EYE),
        (lambda x: plait.norm(x) ** 3, [0, 0], 0 * EYE),
        (lambda x: np.sqrt((x**2).sum()) ** 2, [0, 0], 2 * EYE),
        (lambda x: np.hypot(x[0], x[1]) ** 2, [0, 0], 2 * EYE),
        (lambda x: x.std() ** 2, [1, 1], [[0.5, -0.5], [-0.5, 0.5]]),
        (lambda x: x.var(), [1, 1], [[0.5, -0.5], [-0.5, 0.5]]),
        (lambda x: (abs(x) ** 2).sum(), [0, 0], 2 * EYE),
        (lambda x: (abs(x) * x).sum(), [0, 0], 0 * EYE),
        (lambda x: (plait.maximum(x, 0) + np.log1p(np.exp(-abs(x)))).sum(), [0, 0], 0.25 * EYE),
        (lambda x: (plait.maximum(x, 0) - x * [0.3, 1] + np.log1p(np.exp(-np.abs(x)))).mean(), [0, 0], 0.125 * EYE),
        (lambda x: plait.maximum(x[0], x[1]) + plait.softplus(-abs(x[0] - x[1])), [1, 1], [[0.25, -0.25], [-0.25, 0.25]]),
        (lambda x: (abs(x) + np.log1p(np.exp(-2 * abs(x)))).sum(), [0, 0], EYE),
        (lambda x: np.cos(abs(x)).sum() + np.cosh(2 * abs(x[0])) / 4, [0, 0], [[0, 0], [0, -1]]),
        (lambda x: (abs(x) ** 3 - np.exp(-abs(x)) - abs(x)).sum(), [0, 0], -EYE),
        (lambda x: plait.gelu(x).sum(), [0, 0], 2 / np.sqrt(2 * np.pi) * EYE),
        (lambda x: plait.silu(x).sum(), [0, 0], 0.5 * EYE),
        (lambda x: losses.gaussian_kl(x[0], x[1], "sum"), [0, 0], [[1, 0], [0, 0.5]]),
    ],
)
def test_curvature_at_a_tie(f: Callable[..., Any], x: list[float], wanted: Any) -> None:
    np.testing.assert_allclose(hessian(f, x), wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("f", "wanted"),
    [
        (lambda x: (plait.norm(x) / 2) ** 2, 0.5 * EYE),
        (lambda x: plait.square(3 * plait.norm(x)), 18 * EYE),
        (lambda x: (-plait.norm(x)) ** 2, 2 * EYE),
        (lambda x: (plait.norm(x.reshape(1, 2), axis=1)[:, None] ** 2).sum(), 2 * EYE),
        (lambda x: plait.exp(-((plait.norm(x) / plait.exp(plait.norm(x + 1) - np.sqrt(2))) ** 2)), -2 * EYE),
        (lambda x: (plait.norm(x) / 2) * (plait.norm(x) / 2), 0.5 * EYE),
        (lambda x: ((np.array([1.0, 2.0]) * abs(x)) ** 2).sum(), np.diag([2.0, 8.0])),
        (lambda x: plait.norm(x.astype("float32")).astype("float64") ** 2, 2 * EYE),
        (lambda x: (np.std(x) * 2) ** 2, 2 * EYE - 2 * EYE[::-1]),
    ],
)
def test_curvature_of_lengths_that_are_scaled_and_viewed(f: Callable[..., Any], wanted: Any) -> None:
    np.testing.assert_allclose(hessian(f, [0, 0]), wanted, atol=1e-12)
    x = np.array([0.7, -0.4])
    numeric = [(plait.grad(f)(x + h) - plait.grad(f)(x - h)) / 2e-5 for h in 1e-5 * EYE]
    if "float32" not in f.__code__.co_consts:
        np.testing.assert_allclose(hessian(f, x), numeric, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-190, 1e190])
def test_squares_of_scaled_lengths_overflow_only_where_they_do(scale: float) -> None:
    for f in (lambda x: (abs(x) / scale) ** 2, lambda x: (np.hypot(x, x) / scale) ** 2, lambda x: (plait.sqrt(x) / scale**0.5) ** 2):
        value = plait.function(f)(np.array([scale]))
        assert np.isfinite(value).all()
        np.testing.assert_allclose(value, np.round(value), rtol=1e-12)
        assert value[0] >= 0.5


def test_curvature_of_logistic_regression_at_zero_weights_also_in_a_loop() -> None:
    data = np.random.default_rng(0).normal(size=(20, 3))
    labels = (data[:, 0] > 0).astype(float)
    wanted = 0.25 * data.T @ data
    np.testing.assert_allclose(
        hessian(lambda w: losses.binary_cross_entropy_with_logits(data @ w, labels, "sum"), np.zeros(3)), wanted, rtol=1e-12
    )

    def looped(w: Any) -> Any:
        def step(total: Any, row: Any) -> Any:
            x, t = row[:3], row[3]
            loss = total + losses.binary_cross_entropy_with_logits((x * w).sum(), t, "sum")
            return loss, loss

        total, _ = plait.scan(step, plait.constant(0.0), plait.constant(np.column_stack([data, labels])))
        return total

    np.testing.assert_allclose(hessian(looped, np.zeros(3)), wanted, rtol=1e-12)


def test_cross_entropy_keeps_its_digits_far_out() -> None:
    x = np.array([40.0, -40.0, 0.0])
    t = np.array([1.0, 0.0, 1.0])
    f = lambda z: losses.binary_cross_entropy_with_logits(z, t, "sum")  # noqa: E731
    np.testing.assert_allclose(slope(f, x), [-np.exp(-40.0), np.exp(-40.0), -0.5], rtol=1e-12)
    np.testing.assert_allclose(np.diag(hessian(f, x)), [np.exp(-40.0), np.exp(-40.0), 0.25], rtol=1e-12)


def others(x: np.ndarray, *left_out: int) -> float:
    return float(np.prod(np.delete(x, left_out)))


@pytest.mark.parametrize(
    "x",
    [[0, 3, 4], [0, 0, 4], [0, 0, 0], [0, 0, 4, 5], [2, 3, 4], [1e-200, 1e-200, 1e200], [1e200, 1e200, 1e-300], [-2, 0, 5, -0.0], [7], [0]],
)
def test_products_have_their_derivatives_at_zeros(x: list[float]) -> None:
    point = np.array(x, float)
    n = len(point)
    with np.errstate(over="ignore"):
        first = [others(point, i) for i in range(n)]
        second = [[0.0 if i == j else others(point, i, j) for j in range(n)] for i in range(n)]
    np.testing.assert_allclose(slope(plait.prod, point), first)
    if np.isinf(first).any():
        return  # the second derivatives are right as long as no product of a part overflows
    found = hessian(plait.prod, point)
    np.testing.assert_allclose(found, second)
    assert np.array_equal(found, found.T)


def test_products_over_some_axes_have_third_derivatives() -> None:
    x = np.random.default_rng(1).normal(size=(2, 3, 2)).round(1)
    x[0, 1, 1] = x[1, 0, 0] = x[1, 2, 0] = 0
    for axis in (None, 0, 1, 2, (0, 2), (0, 1), (1, 2)):
        assert plait.check_gradient(lambda a, axis=axis: plait.prod(a, axis), x) < 1e-6
        assert plait.check_gradient(lambda a, axis=axis: plait.prod(a, axis), x, order=2) < 1e-6
    node = plait.input("x", (4,), "float64")
    third = plait.gradient(plait.gradient(plait.gradient(plait.prod(node), node)[0], node)[1], node)
    for point in permutations([0.0, 0.0, 0.0, 5.0]):
        wanted = [0, 0, point[3], point[2]]
        np.testing.assert_allclose(plait.evaluate(third, {node: point}), wanted)
    rows = plait.input("rows", (None, 3), "float64")
    program = plait.compile(plait.gradient(rows.prod(axis=1), rows))
    np.testing.assert_allclose(program(rows=[[0, 2, 3], [1, 2, 3]]), [[6, 0, 0], [6, 3, 2]])
    assert program(rows=np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize(
    ("f", "x", "wanted"),
    [
        (lambda x: plait.where(x > 0, plait.sqrt(x), x), [-1, 4], [1, 0.25]),
        (lambda x: plait.where(x > 0, plait.sqrt(plait.log(x)) * x, 2 * x), [-1, 0], [2, 2]),
        (lambda x: plait.where(x > 20, x, plait.log1p(plait.exp(x))), [1000, 0], [1, 0.5]),
        (lambda x: plait.where(x < 1, plait.exp(x), 1 + x), [1000, 0], [1, 1]),
        (lambda x: plait.where(x == 0, 1.0, plait.sin(x) / x), [0, np.pi], [0, -1 / np.pi]),
        (lambda x: plait.where(x > 0, x**0.5, 0.0), [0, 4], [0, 0.25]),
        (lambda x: plait.where(x > 0, x**1.5 / plait.log1p(x - 1), 0.0), [0, -3], [0, 0]),
        (lambda x: plait.where(x[0] > 0, plait.sqrt(x).sum(), x.sum()), [-1, 4], [1, 1]),
        (lambda x: plait.where(x > 0, plait.sqrt(x)[::-1], x), [-1, -4], [1, 1]),
        (
            lambda x: plait.where(np.array([[True, True], [False, False]]), plait.reshape(plait.log(x), (2, 2)), 0.0),
            [1, 2, 0, 0],
            [1, 0.5, 0, 0],
        ),
        (lambda x: plait.where(x.sum() > 0, plait.sqrt(x.sum()) * x, x), [-1, -4], [1, 1]),
        (lambda x: plait.where(np.array([True, False]), (x - np.array([1.0, NAN])) ** 2, 0.0), [3, 3], [4, 0]),
        (lambda x: plait.where(np.array([True, False]), x * np.array([2.0, INF]), 0.0), [3, 3], [2, 0]),
        (lambda x: plait.where(x > 0, plait.log(x), 0.0) + plait.where(x > 1, plait.log(x) * 2, 0.0), [0, 0.5], [0, 2]),
        (lambda x: plait.where(x > 0, 1 / x, plait.where(x < -1, plait.sqrt(-1 - x), 0.0)), [0, -1, -2], [0, 0, -0.5]),
        (lambda x: plait.clip(plait.log(x), -10, 10), [0, 1], [0, 1]),
        (lambda x: plait.relu(plait.log(x)), [0, 2], [0, 0.5]),
        (lambda x: plait.maximum(1 / x, -3.0), [-0.0, 1], [0, -1]),
        (lambda x: plait.minimum(plait.exp(x), 5.0), [1000, 0], [0, 1]),
    ],
)
def test_nothing_flows_into_what_was_not_chosen(f: Callable[..., Any], x: list[float], wanted: list[float]) -> None:
    np.testing.assert_allclose(slope(f, x), wanted, rtol=1e-12, atol=1e-15)


def test_nothing_flows_back_twice_either_nor_in_a_loop_nor_with_open_sizes() -> None:
    f = lambda x: plait.where(x > 0, plait.sqrt(x), x**3)  # noqa: E731
    np.testing.assert_allclose(np.diag(hessian(lambda x: f(x).sum(), [-1.0, 4.0])), [-6, -0.25 / 8])

    def looped(x: Any) -> Any:
        total, _ = plait.scan(lambda s, e: (s + f(e), s), plait.constant(0.0), x)
        return total

    np.testing.assert_allclose(plait.grad(looped)(np.array([-1.0, 4.0])), [3, 0.25])
    np.testing.assert_allclose(np.diag(hessian(looped, [-1.0, 4.0])), [-6, -0.25 / 8])
    x, b = plait.input("x", (None, 2), "float64"), plait.input("b", (2,), "float64")
    y = plait.where(x + b > 0, plait.sqrt(x + b) * b, b)
    program = plait.compile(plait.gradient(y, [x, b]))
    by_x, by_b = program(x=[[3, -9], [-7, -1]], b=[1, 2])
    np.testing.assert_allclose(by_x, [[0.25, 0], [0, 1]])
    np.testing.assert_allclose(by_b, [(2 + 0.25) + 1, 1 + (1 + 1)])


def test_where_on_nothing_fragile_costs_nothing() -> None:
    x = plait.input("x", (3,), "float64")
    y = plait.where(x > 0, 2 * x + 1, -x)
    ops = [n.op for n in plait._core.ancestors([plait.gradient(y, x)])]
    assert ops.count("where") == 3  # the choice itself, and one for each branch


@pytest.mark.parametrize(
    ("f", "x", "wanted"),
    [
        (lambda x: x.std(), [3, 3], [0, 0]),
        (lambda x: x.std(ddof=1), [3, 3], [0, 0]),
        (lambda x: np.std(x), [0.1, 0.1], [0, 0]),
        (plait.logsumexp, [-INF, -INF], [0, 0]),
        (plait.logsumexp, [INF, 0], [1, 0]),
        (plait.logsumexp, [-INF, 0], [0, 1]),
        (lambda x: np.logaddexp(x[0], x[1]), [-INF, -INF], [0, 0]),
        (lambda x: np.logaddexp(x[0], x[1]), [INF, INF], [0.5, 0.5]),
        (lambda x: np.logaddexp(x[0], x[1]), [INF, 1], [1, 0]),
        (lambda x: plait.softmax(x)[0], [-INF, 0], [0, 0]),
        (lambda x: plait.log_softmax(x)[1], [-INF, 0], [0, 0]),
        (lambda x: x**-1, [0, -0.0, 1], [-INF, -INF, -1]),
        (lambda x: x**-2, [0, -0.0, 1], [-INF, INF, -2]),
        (lambda x: x**-3, [0, -0.0, 1], [-INF, -INF, -3]),
        (lambda x: x**-4, [0, -0.0, 1], [-INF, INF, -4]),
        (lambda x: x**-5, [0, 1], [-INF, -5]),
        (lambda x: x**-0.5, [0, 1], [-INF, -0.5]),
        (lambda x: plait.power(x, np.array([2.0, 1.0, 0.0])), [0, 0, 0], [0, 1, 0]),
        (lambda x: plait.power(0.0, x), [1, 2, 0], [0, 0, 0]),
        (lambda x: plait.sqrt(x) ** 2, [0, 2], [1, 1]),
        (lambda x: plait.sqrt(x**2), [0, -2], [0, -1]),
        (lambda x: plait.sqrt((x**2).sum()), [0, 0], [0, 0]),
        (lambda x: np.sqrt(np.mean(x * x)), [0, 0], [0, 0]),
        (lambda x: np.sqrt(x[0] ** 2 + x[1] ** 2), [0, 0], [0, 0]),
        (lambda x: np.hypot(x[0], x[1]), [0, 0], [0, 0]),
        (lambda x: np.hypot(x[0], x[1]), [-INF, 1], [-1, 0]),
        (lambda x: np.hypot(x[0], x[1]), [1e200, 1e200], [0.5**0.5, 0.5**0.5]),
        (plait.norm, [0, 0], [0, 0]),
        (lambda x: x % 3, [5, -5], [1, 1]),
        (lambda x: 7.5 % x, [2, -2, INF], [-3, 4, 0]),
        (lambda x: x // 3, [5, -5], [0, 0]),
        (plait.expm1, [-40, 0], [np.exp(-40.0), 1]),
    ],
)
def test_no_gradient_is_a_nan_that_the_input_did_not_hold(f: Callable[..., Any], x: list[float], wanted: list[float]) -> None:
    np.testing.assert_allclose(slope(f, x), wanted, rtol=1e-12)


def test_functions_of_nothing_along_an_axis_whose_size_comes_later() -> None:
    x = plait.input("x", (2, None), "float64")
    program = plait.compile([plait.softmax(x), plait.log_softmax(x), plait.logsumexp(x, axis=1), plait.logsumexp(x), plait.logsumexp(x, 0)])
    empty = program(x=np.zeros((2, 0)))
    assert [a.shape for a in empty] == [(2, 0), (2, 0), (2,), (), (0,)]
    assert empty[2].tolist() == [-INF, -INF]
    assert empty[3] == -INF
    np.testing.assert_allclose(program(x=np.zeros((2, 2)))[2], np.log([2, 2]))
    with pytest.raises(plait.ShapeError, match="empty and has no max"):
        plait.compile(x.max(1))(x=np.zeros((2, 0)))


@pytest.mark.parametrize("n", [-1, 3])
def test_one_hot_takes_classes_only(n: int) -> None:
    with pytest.raises(plait.ShapeError, match=f"one_hot: label {n} is no class; there are 0 to 2"):
        plait.evaluate(plait.one_hot([0, n], 3))


@pytest.mark.parametrize(
    "f",
    [
        lambda r: r.max(),
        lambda r: r.min(),
        plait.prod,
        lambda r: plait.take(r, [0, 0, 1, 2]).sum(),
        lambda r: plait.take_along_axis(r, [2, 2, 1], 0).sum(),
        lambda r: plait.cumsum(r).sum(),
        lambda r: plait.logsumexp(r),
    ],
)
def test_reductions_and_lookups_of_the_branch_not_chosen(f: Callable[[plait.Node], plait.Node]) -> None:
    x = plait.input("x", (3,), "float64")
    y = plait.where(x.sum() > 0, f(plait.sqrt(x)), 2.0 * x.sum())
    program, alone = plait.compile(plait.gradient(y, x)), plait.compile(plait.gradient(f(plait.sqrt(x)), x))
    assert program(x=np.array([-1.0, -2, 0])).tolist() == [2, 2, 2]
    np.testing.assert_array_equal(program(x=np.array([1.0, 2, 3])), alone(x=np.array([1.0, 2, 3])))


def test_values_at_infinities() -> None:
    assert plait.evaluate(np.logaddexp(plait.constant([-INF, INF, INF, -INF]), [-INF, INF, -INF, 2.0])).tolist() == [-INF, INF, INF, 2.0]
    assert plait.evaluate(plait.softmax([[INF, 0.0], [-INF, -INF], [INF, INF]])).tolist() == [[1, 0], [0.5, 0.5], [0.5, 0.5]]
    assert plait.evaluate(plait.logsumexp([[-INF, INF], [INF, INF]], axis=1)).tolist() == [INF, INF]
    assert np.isnan(plait.evaluate(plait.logsumexp([[NAN, INF], [NAN, -INF]], axis=1))).all()
    assert np.isnan(plait.evaluate(plait.norm([NAN, 1.0])))
    assert np.isnan(plait.evaluate(plait.sqrt(plait.constant([-1.0])) ** 2)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_divergence_from_the_standard_normal_keeps_its_digits(dtype: str) -> None:
    v = np.array([-1e-4, 1e-4, 1e-6, -1e-3, 0.5, -0.5, 3.0, -3.0, 30.0, -30.0], dtype)
    exact = v.astype(np.longdouble)
    wanted = (
        np.where(
            np.abs(exact) < 0.01,
            exact**2 / 2 * (1 + exact / 3 * (1 + exact / 4 * (1 + exact / 5 * (1 + exact / 6)))),
            np.expm1(exact) - exact,
        )
        / 2
    )
    found = plait.evaluate(losses.gaussian_kl(np.zeros(10, dtype), v, "none"))
    np.testing.assert_allclose(found, wanted.astype(float), rtol=8 * np.finfo(dtype).eps)
    np.testing.assert_allclose(
        slope(lambda x: losses.gaussian_kl(np.zeros(10, dtype), x, "sum"), v, dtype),
        np.expm1(exact).astype(float) / 2,
        rtol=4 * np.finfo(dtype).eps,
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: plait.bernoulli(1.5), "bernoulli: p .* got 1.5"),
        (lambda: plait.bernoulli(-0.1), "bernoulli: p"),
        (lambda: plait.bernoulli(NAN), "bernoulli: p .* got nan"),
        (lambda: plait.bernoulli([0.5, 2.0]), "got 2.0"),
        (lambda: plait.bernoulli(plait.constant(1.5), (3,)), "got 1.5"),
        (lambda: plait.bernoulli(2, like=plait.input("x", (3,))), "got 2.0"),
        (lambda: plait.uniform((2,), 2.0, 1.0), "low is at most high, got 2.0 and 1.0"),
        (lambda: plait.uniform((2,), [0.0, 3.0], 1.0), "low is at most high"),
        (lambda: plait.uniform((2,), NAN, 1.0), "low is finite, got nan"),
        (lambda: plait.uniform((2,), 0.0, INF), "high is finite, got inf"),
        (lambda: plait.dropout([1.0], NAN), "dropout: rate"),
        (lambda: plait.dropout([1.0], 1.0), "dropout: rate"),
        (lambda: plait.dropout([1.0], -0.5), "dropout: rate"),
    ],
)
def test_random_nodes_refuse_parameters_that_are_none(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_ends_of_random_parameters_are_taken() -> None:
    assert plait.evaluate(plait.bernoulli([0.0, 1.0])).tolist() == [0, 1]
    assert plait.evaluate(plait.uniform((2,), 3.0, 3.0)).tolist() == [3, 3]
    p = plait.input("p", (), "float64")
    assert plait.evaluate(plait.bernoulli(p, (2,)), {p: 1.5}).tolist() == [1, 1]

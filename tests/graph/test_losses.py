"""Losses: values beside plain formulas, for large arguments, and mistakes that broadcasting would hide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special

import plait
from plait import losses

RNG = np.random.default_rng(7)
LOGITS = RNG.normal(size=(5, 4))
P = scipy.special.softmax(RNG.normal(size=(5, 4)), axis=1)
CLASSES = np.array([0, 3, 1, 1, 2])


def value(node: plait.Node) -> np.ndarray:
    return plait.evaluate(node)


def test_plain_formulas() -> None:
    t = RNG.uniform(size=(5, 4))
    np.testing.assert_allclose(value(losses.mse(LOGITS, t, reduction="none")), (LOGITS - t) ** 2)
    s = scipy.special.expit(LOGITS)
    np.testing.assert_allclose(
        value(losses.binary_cross_entropy_with_logits(LOGITS, t, reduction="none")), -t * np.log(s) - (1 - t) * np.log(1 - s), rtol=1e-12
    )
    logs = scipy.special.log_softmax(LOGITS, axis=1)
    np.testing.assert_allclose(
        value(losses.cross_entropy_with_logits(LOGITS, CLASSES, reduction="none")), -logs[np.arange(5), CLASSES], rtol=1e-12
    )
    np.testing.assert_allclose(value(losses.cross_entropy_with_logits(LOGITS, P, reduction="none")), -(logs * P).sum(1), rtol=1e-12)
    np.testing.assert_allclose(
        value(losses.cross_entropy_with_logits(LOGITS.T, CLASSES, axis=0)), -logs[np.arange(5), CLASSES].mean(), rtol=1e-12
    )
    np.testing.assert_allclose(
        value(losses.cross_entropy_with_logits(LOGITS, np.eye(4, dtype=int)[CLASSES], reduction="sum")),
        -logs[np.arange(5), CLASSES].sum(),
        rtol=1e-12,
    )
    m, v = LOGITS, LOGITS[::-1]
    np.testing.assert_allclose(value(losses.gaussian_kl(m, v, reduction="sum")), 0.5 * (m**2 + np.exp(v) - 1 - v).sum(), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_far_out(dtype: str) -> None:
    x = np.array([1e4, -1e4, 1e4, -1e4, 0], dtype)
    t = np.array([1, 0, 0, 1, 1], dtype)
    node = plait.input("x", (5,), dtype)
    loss = losses.binary_cross_entropy_with_logits(node, t, reduction="none")
    np.testing.assert_allclose(plait.compile(loss)(x=x), [0, 0, 1e4, 1e4, np.log(2)], rtol=1e-6)
    np.testing.assert_allclose(plait.compile(plait.gradient(loss, node))(x=x), [0, 0, 1, -1, -0.5], rtol=1e-6, atol=1e-30)
    rows = plait.input("r", (2, 3), dtype)
    loss = losses.cross_entropy_with_logits(rows, [0, 1], reduction="none")
    feed = np.array([[1e4, 0, -1e4], [1e4, 0, 0]], dtype)
    np.testing.assert_allclose(plait.compile(loss)(r=feed), [0, 1e4])
    np.testing.assert_allclose(plait.compile(plait.gradient(loss, rows))(r=feed), [[0, 0, 0], [1, -1, 0]], atol=1e-30)


def test_gradients() -> None:
    t = RNG.uniform(0.1, 0.9, (5, 4))
    for f in (
        lambda x: losses.mse(x, t),
        lambda x: losses.binary_cross_entropy_with_logits(x, t),
        lambda x: losses.cross_entropy_with_logits(x, CLASSES),
        lambda x: losses.cross_entropy_with_logits(x, P, reduction="sum"),
        lambda x: losses.gaussian_kl(x, 0.5 * x, reduction="sum"),
    ):
        assert plait.check_gradient(f, LOGITS) < 1e-6
        assert plait.check_gradient(f, LOGITS, order=2) < 1e-5


def test_batches_of_unknown_size() -> None:
    x, c = plait.input("x", (None, 4)), plait.input("c", (None,), "int32")
    program = plait.compile(
        [losses.cross_entropy_with_logits(x, c), losses.mse(x, 0.0), losses.binary_cross_entropy_with_logits(x, x * 0 + 0.5)]
    )
    for n in (1, 5):
        found = program(x=LOGITS[:n], c=CLASSES[:n])
        np.testing.assert_allclose(found[0], -scipy.special.log_softmax(LOGITS[:n], axis=1)[np.arange(n), CLASSES[:n]].mean(), rtol=1e-5)
    assert found[0].dtype == np.float32
    for label in (4, -1):
        with pytest.raises(plait.ShapeError, match=f"cross_entropy_with_logits: label {label} is no class; there are 0 to 3"):
            program(x=LOGITS[:1], c=[label])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("f", "plain"),
    [
        (plait.gelu, lambda x: x * mpmath.ncdf(x)),
        (plait.silu, lambda x: x / (1 + mpmath.exp(-x))),
        (
            lambda x: plait.gelu(x, approximate=True),
            lambda x: x / (1 + mpmath.exp(-2 * mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3))),
        ),
    ],
)
def test_activations_keep_their_digits_far_out_and_have_limits_at_infinities(f: Any, plain: Any, dtype: str) -> None:
    x = np.array([-8, -5, -3.5, -1, -1e-3, 1e-3, 0.5, 2, 8, 40], dtype)
    node = plait.input("x", (None,), dtype)
    y = f(node)
    slope = plait.gradient(y.sum(), node)
    program = plait.compile([y, slope, plait.gradient(slope.sum(), node)])
    eps = np.finfo(dtype).eps
    with mpmath.workdps(40):
        wanted = [[float(mpmath.diff(plain, mpmath.mpf(float(v)), k)) for v in x] for k in range(3)]
    for k, found in enumerate(program(x=x)):
        # an argument's rounding comes back multiplied by the slope of the exponent, at most x^2
        np.testing.assert_allclose(found, wanted[k], rtol=1000 * eps, atol=0 if k == 0 else 4 * eps)
    far = np.array([-np.inf, -1e6, 1e6, np.nan], dtype)
    for found, limit in zip(program(x=far), ([0, 0, far[2], np.nan], [0, 0, 1, np.nan], [0, 0, 0, np.nan]), strict=True):
        np.testing.assert_array_equal(found, np.array(limit, dtype))
    assert program(x=np.array([np.inf], dtype))[0] == np.inf


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_class_without_probability_adds_nothing(dtype: str) -> None:
    inf = np.inf
    rows, p = plait.input("r", (None, 3), dtype), plait.input("p", (None, 3), dtype)
    loss = losses.cross_entropy_with_logits(rows, p, reduction="none")
    program = plait.compile([loss, plait.gradient(loss.sum(), rows)])
    found = program(r=np.array([[0, -inf, 0], [0, -inf, 0]], dtype), p=np.array([[1, 0, 0], [0, 1, 0]], dtype))
    np.testing.assert_allclose(found[0], [np.log(2), inf], rtol=1e-6)
    np.testing.assert_allclose(found[1][0], [-0.5, 0, 0.5], rtol=1e-6)


def test_nothing_counts_where_all_is_ignored() -> None:
    x, t = plait.input("x", (None, 3), "float64"), plait.input("t", (None,), "int64")
    loss = losses.cross_entropy_with_logits(x, t, ignore_index=-100)
    value_, slope = plait.compile([loss, plait.gradient(loss, x)])(x=LOGITS[:2, :3], t=[-100, -100])
    assert value_ == 0
    assert not slope.any()


@pytest.mark.parametrize("target", [-1.0, 1.5, np.nan])
def test_targets_that_are_no_probabilities_are_refused(target: float) -> None:
    with pytest.raises(ValueError, match=r"targets are numbers in \[0, 1\]"):
        losses.binary_cross_entropy_with_logits([0.0, 1.0], [0.5, target])


@pytest.mark.parametrize("dtype", ["int64", "float32", "float64"])
def test_targets_of_any_dtype_are_looked_at(dtype: str) -> None:
    for logits in (np.zeros(2, "float32"), np.zeros((2, 2))):
        with pytest.raises(ValueError, match=r"targets are numbers in \[0, 1\]"):
            losses.binary_cross_entropy_with_logits(logits, np.array([1, 2], dtype))
    with pytest.raises(ValueError, match=r"targets are numbers in \[0, 1\]"):
        losses.cross_entropy_with_logits(np.zeros((2, 2)), np.array([[2, -1], [0, 1]], dtype))


@pytest.mark.parametrize("dtype", ["int64", "float32"])
@pytest.mark.parametrize("shape", [(2, 1), (1, 3), (3, 2)])
def test_targets_of_another_shape_are_no_probabilities(shape: tuple[int, int], dtype: str) -> None:
    x, t = plait.input("x", (None, None)), plait.input("t", (None, None), dtype)
    loss = losses.cross_entropy_with_logits(x, t)
    feeds = {x: np.eye(2, 3), t: np.zeros(shape, dtype)}
    for run in (plait.evaluate, lambda node, given: plait.compile(node)(given)):
        with pytest.raises(plait.ShapeError):
            run(loss, feeds)
    with pytest.raises(plait.ShapeError):
        losses.cross_entropy_with_logits(np.eye(2, 3), np.zeros(shape))
    assert plait.evaluate(loss, {x: np.zeros((2, 3)), t: np.eye(2, 3, dtype=dtype)}) == pytest.approx(np.log(3))


@pytest.mark.parametrize("f", [losses.mse, losses.binary_cross_entropy_with_logits, losses.gaussian_kl])
def test_what_is_fed_does_not_make_the_prediction_larger(f: Callable[..., Any]) -> None:
    for rank, small, large in ((1, (1,), (3,)), (2, (2, 1), (2, 2)), (2, (1, 2), (2, 2))):
        x, t = plait.input("x", (None,) * rank, "float64"), plait.input("t", (None,) * rank, "float64")
        loss = f(x, t)
        for node in (loss, plait.gradient(loss, x)):
            with pytest.raises(plait.ShapeError):
                plait.evaluate(node, {x: np.zeros(small), t: np.zeros(large)})
            with pytest.raises(plait.ShapeError):
                plait.compile(node)({x: np.zeros(small), t: np.zeros(large)})
        plain = f(np.ones(large), np.zeros(small))  # the target may broadcast
        assert plait.evaluate(loss, {x: np.ones(large), t: np.zeros(small)}) == plait.evaluate(plain)


def test_mistakes() -> None:
    x = plait.input("predictions", (8, 1))
    for f, error, words in [
        (lambda: losses.mse(x, np.zeros(8)), plait.ShapeError, r"\(8,\).*\(8, 1\).*predictions"),
        (lambda: losses.mse(x, np.zeros((8, 3))), plait.ShapeError, "mse"),
        (lambda: losses.cross_entropy_with_logits(x, np.zeros((8, 1, 1))), plait.ShapeError, "class indices"),
        (lambda: losses.cross_entropy_with_logits(x, np.zeros(8)), plait.ShapeError, "integers"),
        (lambda: losses.cross_entropy_with_logits(1.0, 0), plait.ShapeError, "no axis"),
        (lambda: losses.mse(x, 0.0, reduction="avg"), ValueError, "reduction"),
    ]:
        with pytest.raises(error, match=words):
            f()


def test_a_reduction_given_in_another_place_is_named() -> None:
    with pytest.raises(TypeError, match="axis: expected the axis of classes, an integer, got 'sum'; reduction="):
        plait.losses.cross_entropy_with_logits([[1.0, 2.0]], [0], "sum")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="huber: delta: expected a finite number above 0, got 'sum'"):
        plait.losses.huber([1.0], [0.0], "sum")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="label_smoothing: expected a share"):
        plait.losses.cross_entropy_with_logits([[1.0, 2.0]], [0], label_smoothing="a")  # type: ignore[arg-type]

"""Likelihoods beside SciPy's densities, and losses that hold their settings beside the functions that take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats

import plait
from plait import losses

RNG = np.random.default_rng(11)
X, T = RNG.normal(size=(2, 6, 3)) * 2
S = RNG.normal(size=(6, 3)) * 0.4


def value(node: plait.Node) -> Any:
    return plait.evaluate(node)


def test_gaussian_and_student_are_scipy_s_densities() -> None:
    normal = -scipy.stats.norm(X, np.exp(S)).logpdf(T)
    np.testing.assert_allclose(value(losses.gaussian_nll(X, T, S, "none")), normal, rtol=1e-12)
    np.testing.assert_allclose(value(losses.gaussian_nll(X, T, S)), normal.mean(), rtol=1e-12)
    np.testing.assert_allclose(value(losses.gaussian_nll(X, T, reduction="sum")), -scipy.stats.norm(X, 1).logpdf(T).sum(), rtol=1e-12)
    for df in (0.5, 1.0, 4.0, 300.0):
        right = -scipy.stats.t(df, X, np.exp(S)).logpdf(T)
        np.testing.assert_allclose(value(losses.student_t_nll(X, T, df, S, "none")), right, rtol=1e-10, atol=1e-12)
    dfs = np.array([1.0, 2.0, 30.0])
    np.testing.assert_allclose(
        value(losses.student_t_nll(X, T, np.broadcast_to(dfs, X.shape), S)), -scipy.stats.t(dfs, X, np.exp(S)).logpdf(T).mean(), rtol=1e-10
    )
    for df in (0.0, -1.0, np.nan, np.inf, np.array([1.0, 0.0, 2.0])):
        with pytest.raises(ValueError, match="student_t_nll: df"):
            losses.student_t_nll(X, T, df)


def test_slopes_of_likelihoods() -> None:
    assert plait.check_gradient(lambda x, s: losses.gaussian_nll(x, T, s), X, S) < 1e-6
    assert plait.check_gradient(lambda x, s: losses.student_t_nll(x, T, 3.0, s), X, S) < 1e-6


HOLDERS: list[tuple[losses.Loss, Callable[..., Any]]] = [
    (losses.MSE(), losses.mse),
    (losses.MAE(), losses.mae),
    (losses.Huber(0.7), lambda x, t, reduction: losses.huber(x, t, 0.7, reduction)),
    (losses.Quantile(0.9), lambda x, t, reduction: losses.quantile(x, t, 0.9, reduction)),
    (losses.StudentT(3.0, 0.5), lambda x, t, reduction: losses.student_t_nll(x, t, 3.0, np.log(0.5), reduction)),
]


@pytest.mark.parametrize(("loss", "function"), HOLDERS, ids=[repr(loss) for loss, _ in HOLDERS])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_a_loss_is_its_function_with_its_settings(loss: losses.Loss, function: Callable[..., Any], reduction: str) -> None:
    np.testing.assert_allclose(value(loss(X, T, reduction)), value(function(X, T, reduction=reduction)), rtol=1e-14)


def test_losses_of_logits_are_their_functions_with_their_settings() -> None:
    classes = np.array([0, 2, 1, -1, 1, 0])
    settings: list[dict[str, Any]] = [
        {},
        {"label_smoothing": 0.2},
        {"class_weight": [1.0, 2.0, 0.0]},
        {"label_smoothing": 0.0, "ignore_index": -1},
    ]
    for each in settings:
        at = classes if "ignore_index" in each else np.abs(classes)
        for reduction in ("none", "sum", "mean"):
            found = value(losses.CrossEntropy(**each)(X, at, reduction))
            np.testing.assert_allclose(found, value(losses.cross_entropy_with_logits(X, at, reduction=reduction, **each)), rtol=1e-14)
    target = (T > 0).astype(float)
    for weight in (None, [1.0, 2.0, 3.0]):
        np.testing.assert_allclose(
            value(losses.BinaryCrossEntropy(weight)(X, target)),
            value(losses.binary_cross_entropy_with_logits(X, target, pos_weight=weight)),
            rtol=1e-14,
        )


def test_weighted_sums_of_losses() -> None:
    parts = ["mse", losses.Quantile(0.9), lambda x, t: plait.abs(x - t) ** 3]
    right = 0.5 * (X - T) ** 2 + 2 * np.where(T > X, 0.9 * (T - X), 0.1 * (X - T)) + 0.25 * np.abs(X - T) ** 3
    np.testing.assert_allclose(value(losses.Weighted(parts, [0.5, 2.0, 0.25])(X, T, "none")), right, rtol=1e-12)
    np.testing.assert_allclose(
        value(losses.Weighted(parts[:2])(X, T)), value(losses.mse(X, T)) + value(losses.Quantile(0.9)(X, T)), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: losses.CrossEntropy(label_smoothing=1.0), ValueError, "label_smoothing"),
        (lambda: losses.CrossEntropy(label_smoothing=-0.1), ValueError, "label_smoothing"),
        (lambda: losses.Weighted("mse"), ValueError, "sequence of losses"),
        (lambda: losses.Weighted([]), ValueError, "sequence of losses"),
        (lambda: losses.Weighted(["mse"], [1.0, 2.0]), ValueError, "one for each loss"),
        (lambda: losses.loss_of("no such loss"), ValueError, "expected one of"),
        (lambda: losses.loss_of(3), ValueError, "expected one of"),
        (lambda: losses.loss_of(losses.Huber), TypeError, r"Huber\(\)"),
    ],
)
def test_what_is_no_loss_is_named(make: Callable[[], Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        make()


def test_names_and_functions_are_losses() -> None:
    def cubed(x: Any, t: Any) -> Any:
        return plait.abs(x - t) ** 3

    assert losses.loss_of(cubed) is cubed
    assert repr(losses.loss_of("huber")) == "Huber(delta=1.0)"
    assert losses.Huber(0.7) == losses.Huber(0.7) != losses.Huber(0.8)

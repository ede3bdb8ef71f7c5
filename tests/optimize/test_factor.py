"""The covariance of a factor model beside the matrix that it stands for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import plait
from plait.optimize import FactorCovariance, Problem, minimize


def model(n: int, k: int, seed: int = 0) -> tuple[FactorCovariance, np.ndarray]:
    rng = np.random.default_rng(seed)
    loadings, root, specific = rng.normal(size=(n, k)), rng.normal(size=(k, k)), rng.uniform(0.5, 2, n)
    factors = root @ root.T
    return FactorCovariance(loadings, factors, specific), loadings @ factors @ loadings.T + np.diag(specific)


@pytest.mark.parametrize(("n", "k"), [(1, 1), (7, 3), (40, 2), (5, 9), (6, 0)])
def test_products_are_those_of_the_matrix(n: int, k: int) -> None:
    c, dense = model(n, k)
    rng = np.random.default_rng(1)
    x, many = rng.normal(size=n), rng.normal(size=(n, 3))
    same: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-10}
    np.testing.assert_allclose(c.to_dense(), dense, **same)
    np.testing.assert_array_equal(c.to_dense(), c.to_dense().T)
    np.testing.assert_allclose(np.asarray(c), dense, **same)
    np.testing.assert_allclose(c @ x, dense @ x, **same)
    np.testing.assert_allclose(x @ c, dense @ x, **same)
    np.testing.assert_allclose(c @ many, dense @ many, **same)
    np.testing.assert_allclose(many.T @ c, many.T @ dense, **same)
    np.testing.assert_allclose(c.diagonal(), np.diagonal(dense), **same)
    np.testing.assert_allclose(c.solve(c @ x), x, **same)
    np.testing.assert_allclose(c.solve(c @ many), many, **same)
    assert c.quadratic(x) == pytest.approx(x @ dense @ x)


def test_nodes_and_their_gradients() -> None:
    c, dense = model(6, 2)
    x = plait.input("x", (6,), "float64")
    value = np.random.default_rng(2).normal(size=6)
    np.testing.assert_allclose(plait.evaluate(c @ x, {x: value}), dense @ value)
    np.testing.assert_allclose(plait.evaluate(x @ c, {x: value}), dense @ value)
    np.testing.assert_allclose(plait.evaluate(c.quadratic(x), {x: value}), value @ dense @ value)
    np.testing.assert_allclose(plait.evaluate(plait.gradient(c.quadratic(x), x), {x: value}), 2 * dense @ value)
    many = plait.input("many", (6, 2), "float64")
    np.testing.assert_allclose(plait.evaluate(c @ many, {many: np.c_[value, -value]}), dense @ np.c_[value, -value])
    by_factors = Problem(c.quadratic(x), x, equalities=[x.sum() - 1], bounds={x: (0, 1)}).solve(np.full(6, 1 / 6))
    written = Problem(x @ dense @ x, x, equalities=[x.sum() - 1], bounds={x: (0, 1)}).solve(np.full(6, 1 / 6))
    assert by_factors.success
    np.testing.assert_allclose(by_factors.x, written.x, atol=1e-9)


def test_five_thousand_variables_without_the_matrix() -> None:
    """Long-only least variance: x >= 0 that makes x'Cx / 2 - sum(x) least, over its sum."""
    c, _ = model(5000, 0)
    rng = np.random.default_rng(3)
    c = FactorCovariance(np.c_[rng.uniform(0.5, 1.5, 5000), rng.normal(size=(5000, 9))], np.diag(np.geomspace(1, 0.01, 10)), c.specific)
    r = minimize(
        lambda x: 0.5 * c.quadratic(x) - x.sum(), np.full(5000, 1e-4), method="L-BFGS-B", bounds=[(0, None)] * 5000, options={"ftol": 0}
    )
    assert r.success, r.message
    slope = c @ r.x - 1
    assert np.all(r.x >= 0)
    assert np.all(slope >= -1e-6)
    assert np.abs(slope[r.x > 0]).max() <= 1e-6
    assert 10 < np.count_nonzero(r.x) < 5000
    free = minimize(lambda x: 0.5 * c.quadratic(x) - x.sum(), np.zeros(5000), method="L-BFGS-B", options={"ftol": 0})
    assert free.success, free.message
    best = c.solve(np.ones(5000))
    assert free.fun == pytest.approx(-best.sum() / 2, rel=1e-9)
    np.testing.assert_allclose(free.x, best, atol=1e-5 * np.abs(best).max())


def test_a_portfolio_takes_it() -> None:
    c, dense = model(8, 2)
    means = np.linspace(0.05, 0.12, 8)
    by_factors, written = plait.portfolio.Portfolio(means, c), plait.portfolio.Portfolio(means, dense)
    np.testing.assert_allclose(np.asarray(by_factors.min_variance()), np.asarray(written.min_variance()), atol=1e-10)
    np.testing.assert_allclose(np.asarray(by_factors.max_sharpe()), np.asarray(written.max_sharpe()), atol=1e-10)


def test_what_makes_no_sense_is_named() -> None:
    b, f, d = np.ones((3, 2)), np.eye(2), np.ones(3)
    for args, kind, text in (
        ((b[0], f, d), plait.ShapeError, "loadings: expected 2 axes"),
        ((b, np.eye(3), d), plait.ShapeError, r"factor_covariance: expected shape \(2, 2\)"),
        ((b, f, np.ones(2)), plait.ShapeError, r"specific: expected shape \(3,\)"),
        ((np.ones((0, 2)), f, np.ones(0)), plait.ShapeError, "no variables"),
        ((b * np.nan, f, d), ValueError, r"loadings: element \(0, 0\) is not finite"),
        ((b, np.array([[1.0, 0.5], [0, 1]]), d), ValueError, "not symmetric"),
        ((b, np.diag([1.0, -0.5]), d), ValueError, "smallest eigenvalue is -0.5"),
        ((b, f, np.array([1.0, -2, 1])), ValueError, "specific: element 1 is -2"),
        ((b, "no", d), ValueError, "factor_covariance: expected numbers"),
    ):
        with pytest.raises(kind, match=text):
            FactorCovariance(*args)
    c = FactorCovariance(b, f, d)
    with pytest.raises(plait.ShapeError, match="3 variables"):
        c @ np.ones(4)
    with pytest.raises(plait.ShapeError, match="quadratic: x"):
        c.quadratic(np.ones((3, 2)))
    with pytest.raises(ValueError, match="specific: element 1 is 0"):
        FactorCovariance(b, f, [1.0, 0, 1]).solve(np.ones(3))
    with pytest.raises(ValueError, match="copy"):
        np.array(c, copy=False)

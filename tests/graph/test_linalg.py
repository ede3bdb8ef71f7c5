"""Triangular linear algebra beside SciPy's, alone and in stacks, with first and second derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

import plait

RNG = np.random.default_rng(7)
ROOT = RNG.normal(size=(4, 4))
SPD = ROOT @ ROOT.T + np.eye(4)
STACK = np.stack([SPD, 2 * SPD + np.eye(4)])
B = RNG.normal(size=(4, 3))


def both_ways(node: plait.Node, **feeds: np.ndarray) -> np.ndarray:
    reference = plait.evaluate(node, feeds)
    np.testing.assert_allclose(plait.compile(node)(**feeds), reference, rtol=1e-12)
    return reference


@pytest.mark.parametrize("matrix", [SPD, STACK, STACK[:0], np.zeros((0, 0))], ids=["one", "stack", "none", "empty"])
def test_cholesky(matrix: np.ndarray) -> None:
    x = plait.input("x", matrix.shape, "float64")
    np.testing.assert_allclose(both_ways(plait.cholesky(x), x=matrix), np.linalg.cholesky(matrix), rtol=1e-12)


@pytest.mark.parametrize("transposed", [False, True])
def test_solve(transposed: bool) -> None:
    lower = np.linalg.cholesky(STACK)
    low, b = plait.input("l", lower.shape, "float64"), plait.input("b", (2, 4, 3), "float64")
    found = both_ways(plait.solve_triangular(low, b, transposed), l=lower, b=np.stack([B, -B]))
    for k in range(2):
        np.testing.assert_allclose(found[k], scipy.linalg.solve_triangular(lower[k], [B, -B][k], trans=int(transposed), lower=True))
    one = plait.evaluate(plait.solve_triangular(lower[0], np.stack([B, -B]), transposed))
    np.testing.assert_allclose(one[1], scipy.linalg.solve_triangular(lower[0], -B, trans=int(transposed), lower=True))


def test_derivatives() -> None:
    def density(root: plait.Node, b: plait.Node) -> plait.Node:
        lower = plait.cholesky(root @ root.T + np.eye(4))
        z = plait.solve_triangular(lower, b)
        w = plait.solve_triangular(lower, plait.tanh(z), transposed=True)
        return (z * z).sum() + (w * b).sum() + plait.log(lower[..., 0, 0]).sum() + (plait.sin(lower) * np.arange(16.0).reshape(4, 4)).sum()

    assert plait.check_gradient(density, ROOT, B) < 1e-6
    slope = lambda root, b: (plait.gradient(density(root, b), root) * np.cos(np.arange(16.0)).reshape(4, 4)).sum()  # noqa: E731
    assert plait.check_gradient(slope, ROOT, B) < 1e-5


def test_derivatives_of_stacks() -> None:
    def f(a: plait.Node, b: plait.Node) -> plait.Node:
        lower = plait.cholesky(a @ plait.transpose(a, (0, 2, 1)) + np.eye(4))
        return plait.sin(plait.solve_triangular(lower, b)).sum()

    assert plait.check_gradient(f, np.stack([ROOT, ROOT + 1]), np.stack([B, 2 * B])) < 1e-6
    shared = lambda m, b: plait.sin(plait.solve_triangular(m, b, transposed=True)).sum()  # noqa: E731
    assert plait.check_gradient(shared, np.linalg.cholesky(SPD), np.stack([B, 2 * B])) < 1e-6


def test_not_positive_definite_is_nan() -> None:
    found = plait.evaluate(plait.cholesky(np.stack([-SPD, SPD])))
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(plait.ShapeError, match="square matrices"):
        plait.cholesky(np.ones((2, 3)))
    with pytest.raises(plait.ShapeError, match="square matrices of known size"):
        plait.cholesky(plait.input("x", (None, None)))
    with pytest.raises(plait.ShapeError, match="do not chain"):
        plait.solve_triangular(np.eye(2), np.ones((3, 1)))
    with pytest.raises(plait.ShapeError, match="stacks"):
        plait.solve_triangular(np.ones((2, 3, 3)), np.ones((3, 1)))

"""Triangular linear algebra beside SciPy's, for single matrices and batches, with first and second derivatives."""

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


GENERAL = RNG.normal(size=(2, 3, 4, 4))


@pytest.mark.parametrize(
    "shapes",
    [((4, 4), (4,)), ((4, 4), (3, 4, 2)), ((3, 4, 4), (4, 2)), ((2, 1, 4, 4), (3, 4, 2)), ((2, 3, 4, 4), (4,)), ((0, 4, 4), (0, 4, 1))],
)
def test_solve_is_numpys(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    a, b = RNG.normal(size=shapes[0]), RNG.normal(size=shapes[1])
    x, y = plait.input("x", a.shape, "float64"), plait.input("y", b.shape, "float64")
    np.testing.assert_allclose(both_ways(plait.linalg.solve(x, y), x=a, y=b), np.linalg.solve(a, b), rtol=1e-9)
    lower = np.tril(a) + 3 * np.eye(4)
    for matrix, low in ((lower, True), (lower.swapaxes(-1, -2), False)):
        expected = np.linalg.solve(matrix, b)
        np.testing.assert_allclose(both_ways(plait.linalg.triangular_solve(x, y, lower=low), x=matrix, y=b), expected, rtol=1e-9)
        turned = plait.linalg.triangular_solve(x, y, lower=not low, transposed=True)
        np.testing.assert_allclose(both_ways(turned, x=matrix.swapaxes(-1, -2), y=b), expected, rtol=1e-9)


def test_stacks_whose_sizes_are_bound_later() -> None:
    x, y = plait.input("x", (None, 4, 4), "float64"), plait.input("y", (None, 4), "float64")
    found = plait.compile(plait.linalg.solve(x, y[..., None]))(x=GENERAL[0], y=GENERAL[0, :, 0])
    np.testing.assert_allclose(found, np.linalg.solve(GENERAL[0], GENERAL[0, :, 0, :, None]))
    with pytest.raises(plait.ShapeError, match="solve"):
        plait.compile(plait.linalg.solve(x, y[..., None]))(x=GENERAL[0], y=GENERAL[0, :2, 0])
    one = plait.linalg.solve(x, np.ones((1, 4, 2)))
    np.testing.assert_allclose(plait.compile(one)(x=GENERAL[0]), np.linalg.solve(GENERAL[0], np.ones((1, 4, 2))))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 9])
def test_determinants_and_inverses_are_numpys(n: int) -> None:
    a = RNG.normal(size=(2, 3, n, n))
    x = plait.input("x", a.shape, "float64")
    sign, size = plait.linalg.slogdet(x)
    expected = np.linalg.slogdet(a)
    assert np.array_equal(both_ways(sign, x=a), expected.sign)
    np.testing.assert_allclose(both_ways(size, x=a), expected.logabsdet, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(both_ways(plait.linalg.det(x), x=a), np.linalg.det(a), rtol=1e-10)
    np.testing.assert_allclose(both_ways(plait.linalg.inv(x), x=a), np.linalg.inv(a), rtol=1e-9, atol=1e-12)
    for power in (-2, 0, 1, 5):
        np.testing.assert_allclose(
            both_ways(plait.linalg.matrix_power(x, power), x=a), np.linalg.matrix_power(a, power), rtol=1e-7, atol=1e-9
        )


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("b", [GENERAL[0, 0, 0], GENERAL[1, :, :, :2], GENERAL[0, 0]], ids=["vector", "stack", "matrix"])
def test_gradients_of_general_systems(b: np.ndarray, order: int) -> None:
    assert plait.check_gradient(lambda a, b: plait.sin(plait.linalg.solve(a, b)).sum(), GENERAL[1, 0], b, order=order) < 1e-5
    assert plait.check_gradient(lambda a, b: plait.sin(plait.linalg.solve(a, b)).sum(), GENERAL[1], b, order=order) < 1e-5
    assert plait.check_gradient(lambda a: plait.square(plait.linalg.slogdet(a).logabsdet).sum(), GENERAL, order=order) < 1e-5
    assert plait.check_gradient(lambda a: plait.sin(plait.linalg.det(a)).sum(), GENERAL, order=order) < 1e-5
    assert plait.check_gradient(lambda a: plait.sin(plait.linalg.inv(a)).sum(), GENERAL[0, :2], order=order) < 1e-5


def test_singular_matrices_are_nan_zero_or_minus_infinity() -> None:
    stack = np.stack([np.ones((3, 3)), np.eye(3), np.zeros((3, 3))])
    found = plait.evaluate(plait.linalg.solve(stack, np.ones(3)))
    assert np.isnan(found).all(axis=1).tolist() == [True, False, True]
    sign, size = plait.evaluate(list(plait.linalg.slogdet(stack)))
    assert sign.tolist() == [0, 1, 0]
    assert size.tolist() == [-np.inf, 0, -np.inf]
    assert plait.evaluate(plait.linalg.det(np.ones((5, 5)))) == 0
    # Of up to three rows the determinant is a polynomial, and so is its slope.
    slope = plait.grad(plait.linalg.det)(np.ones((3, 3)) + np.diag([0, 0, 1.0]))
    np.testing.assert_allclose(slope, [[1, -1, 0], [-1, 1, 0], [0, 0, 0]], atol=1e-12)
    poor = plait.evaluate(plait.linalg.solve(np.array([[np.nan, 1], [1, 1]]), np.ones(2)))
    assert np.isnan(poor).any()


def test_numbers_that_only_pivoting_keeps() -> None:
    a = np.array([[1e-20, 1.0], [1.0, 1.0]])
    np.testing.assert_allclose(plait.evaluate(plait.linalg.solve(a, [1.0, 2.0])), [1, 1], rtol=1e-12)
    big = np.linalg.qr(RNG.normal(size=(120, 120)))[0] @ np.diag(np.logspace(0, 6, 120)) @ np.linalg.qr(RNG.normal(size=(120, 120)))[0]
    b = RNG.normal(size=120)
    residual = big @ plait.evaluate(plait.linalg.solve(big, b)) - b
    assert np.abs(residual).max() < 1e-8
    integers = plait.evaluate(plait.linalg.solve(np.array([[0, 2], [1, 1]]), [4, 5]))
    assert integers.dtype == np.float64
    assert integers.tolist() == [3, 2]


def test_bad_systems_are_refused_by_name() -> None:
    with pytest.raises(plait.ShapeError, match=r"solve: expected square matrices .* \(2, 3\)"):
        plait.linalg.solve(np.ones((2, 3)), np.ones(2))
    with pytest.raises(plait.ShapeError, match=r"solve: .* no right-hand side"):
        plait.linalg.solve(np.eye(3), np.ones(4))
    with pytest.raises(plait.ShapeError, match=r"stacks .* do not broadcast"):
        plait.linalg.solve(np.ones((2, 3, 3)), np.ones((5, 3, 1)))
    with pytest.raises(plait.ShapeError, match="det: expected square"):
        plait.linalg.det(np.ones(3))
    with pytest.raises(TypeError, match="matrix_power: n"):
        plait.linalg.matrix_power(np.eye(2), 0.5)


def _singular(n: int, rank: int) -> np.ndarray:
    a = np.random.default_rng(n).integers(-3, 4, (n, n)).astype(float)
    for k in range(rank, n):
        a[k] = 2 * a[k - rank] if rank else 0
    return a


@pytest.mark.parametrize(("n", "rank"), [(4, 0), (4, 1), (4, 2), (4, 3), (5, 4), (6, 5), (7, 6), (8, 7)])
def test_determinants_of_singular_matrices_have_their_slopes(n: int, rank: int) -> None:
    a = _singular(n, rank)
    cofactors = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            rest = np.delete(np.delete(a, i, 0), j, 1)
            cofactors[i, j] = (-1.0) ** (i + j) * round(np.linalg.det(rest))
    assert abs(plait.evaluate(plait.linalg.det(a))) < 1e-9
    np.testing.assert_allclose(plait.grad(plait.linalg.det)(a), cofactors, atol=1e-8 * max(1.0, np.abs(cofactors).max()))
    if n == 4:
        second = plait.hessian(plait.linalg.det)(a)
        for i, j in np.ndindex(4, 4):
            for k, m in np.ndindex(4, 4):
                if i == k or j == m:
                    wanted = 0.0
                else:
                    rest = np.delete(np.delete(a, [i, k], 0), [j, m], 1)
                    crossed = (i > k) != (j > m)
                    wanted = (-1.0) ** (i + j + k + m + crossed) * np.linalg.det(rest)
                assert abs(second[i, j, k, m] - wanted) < 1e-9


def test_a_stack_of_regular_and_singular_matrices() -> None:
    stack = np.stack([np.arange(16.0).reshape(4, 4) / 7, np.eye(4) * 2, np.zeros((4, 4))])
    for dtype in ("float32", "float64"):
        slopes = plait.grad(lambda a: plait.linalg.det(a).sum())(stack.astype(dtype))
        np.testing.assert_allclose(slopes, np.stack([np.zeros((4, 4)), np.eye(4) * 8, np.zeros((4, 4))]), atol=1e-5)
        assert np.isfinite(plait.hessian(lambda a: plait.linalg.det(a))(stack[0].astype(dtype))).all()

"""Functions over nodes, called with arrays: compiled once per shape and dtype, differentiated once and twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import plait


def rosenbrock(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def test_function_is_traced_once_for_each_shape_and_dtype() -> None:
    traced = []

    def f(x: Any, *, scale: float = 1.0, mode: str = "sum") -> Any:
        traced.append((x.shape, x.dtype.name))
        y = np.tanh(x) * scale
        return y.sum() if mode == "sum" else y

    g = plait.function(f)
    assert g.__name__ == "f"
    for _ in range(3):
        np.testing.assert_allclose(g(np.ones(3)), 3 * np.tanh(1))
        np.testing.assert_allclose(g(np.ones(4, "f4"), scale=2.0), 8 * np.tanh(1), rtol=1e-6)
        assert g(np.ones(3), mode="all").shape == (3,)
    assert traced == [((3,), "float64"), ((4,), "float32"), ((3,), "float64")]


def test_structures_in_and_out() -> None:
    @plait.function
    def f(state: dict[str, Any], pair: tuple[Any, list[Any]]) -> Any:
        return {"sum": state["a"] + pair[0], "rest": (pair[1][0] * 2, [state["b"]]), "constant": 3.0}

    found = f({"a": np.ones(2), "b": 1}, (2.0, [np.zeros((0, 2))]))
    assert found["sum"].tolist() == [3, 3]
    assert found["rest"][0].shape == (0, 2)
    assert int(found["rest"][1][0]) == 1
    assert float(found["constant"]) == 3


def test_grad() -> None:
    x = np.linspace(-1, 1, 6)
    exact = np.zeros(6)
    exact[:-1] += -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    exact[1:] += 200 * (x[1:] - x[:-1] ** 2)
    np.testing.assert_allclose(plait.grad(rosenbrock)(x), exact, rtol=1e-12)
    value, gradient = plait.value_and_grad(rosenbrock)(x)
    np.testing.assert_allclose(value, rosenbrock(x))
    np.testing.assert_allclose(gradient, exact, rtol=1e-12)
    assert float(plait.grad(lambda v: v**2)(3)) == 6  # a Python integer is a number like any other
    a, b = plait.grad(lambda u, v: (u * v).sum(), argnums=(0, 1))(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    assert (a.tolist(), b.tolist()) == ([3, 4], [1, 2])
    tree = plait.grad(lambda p, v: (p["w"] @ v + p["b"]).sum())({"w": np.eye(2), "b": np.zeros(2)}, np.array([1.0, 2.0]))
    assert tree["w"].tolist() == [[1, 2], [1, 2]]
    assert tree["b"].tolist() == [1, 1]


def test_jacobian_and_hessian() -> None:
    m = np.random.default_rng(0).normal(size=(3, 4))
    np.testing.assert_allclose(plait.jacobian(lambda x: m @ x)(np.ones(4)), m, rtol=1e-14)
    assert plait.jacobian(lambda x: x.sum())(np.ones((2, 3))).tolist() == np.ones((2, 3)).tolist()
    big = np.random.default_rng(1).normal(size=(50, 4))  # more rows than go into one program
    np.testing.assert_allclose(plait.jacobian(lambda x: np.tanh(big @ x))(np.zeros(4)), big, rtol=1e-13)
    for f in (lambda x: np.zeros(50) + 0 * x.sum(), lambda _: plait.constant(np.zeros(50))):
        assert not plait.jacobian(f)(np.ones(4)).any()
    x = np.linspace(-1, 1, 5)
    h = plait.hessian(rosenbrock)(x)
    np.testing.assert_allclose(h, h.T)
    diagonal = np.zeros(5)
    diagonal[:-1] += -400 * (x[1:] - 3 * x[:-1] ** 2) + 2
    diagonal[1:] += 200
    np.testing.assert_allclose(np.diag(h), diagonal, rtol=1e-12)
    wide = plait.hessian(lambda v: (v**4).sum())(np.ones(40))
    np.testing.assert_allclose(wide, 12 * np.eye(40))
    assert plait.hessian(lambda v: (v**2).sum())(np.ones((2, 2))).shape == (2, 2, 2, 2)
    assert plait.jacobian(lambda v: v * 2)(np.zeros(0)).shape == (0, 0)
    assert plait.jacobian(lambda u, v: u * v, argnums=1)(np.array([2.0]), np.array([5.0])).tolist() == [[2]]


def test_mistakes() -> None:
    with pytest.raises(plait.ShapeError, match="jacobian"):
        plait.grad(lambda x: x * 2)(np.ones(3))
    with pytest.raises(plait.DTypeError, match="int64"):
        plait.grad(lambda x: x.sum())(np.arange(3))
    with pytest.raises(TypeError, match="no positional argument 1"):
        plait.grad(lambda x: x.sum(), argnums=1)(np.ones(3))
    with pytest.raises(ValueError, match="argnums"):
        plait.grad(lambda x: x.sum(), argnums=-1)
    with pytest.raises(plait.TraceError, match="if x"):
        plait.function(lambda x: x if x > 0 else -x)(1.0)
    with pytest.raises(TypeError, match="hashed"):
        plait.function(lambda _: plait.constant(1.0))(np.ones(1), {1, 2})


def test_an_error_while_tracing_leaves_nothing_behind() -> None:
    fail = True

    @plait.function
    def f(x: Any) -> Any:
        if fail:
            raise RuntimeError("not yet")
        return x + 1

    with pytest.raises(RuntimeError, match="not yet"):
        f(np.ones(2))
    fail = False
    assert f(np.ones(2)).tolist() == [2, 2]


def test_many_threads_trace_once() -> None:
    count = []

    @plait.function
    def f(x: Any) -> Any:
        count.append(1)
        return np.exp(x).sum()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: float(f(np.zeros(5))), range(200)))
    assert found == [5.0] * 200
    assert len(count) == 1


def test_check_gradient_sees_a_wrong_one() -> None:
    x = np.linspace(0.5, 2, 4)
    assert plait.check_gradient(lambda v: v**3, x) < 1e-8
    assert plait.check_gradient(lambda v: v**3, x, order=2) < 1e-8
    assert plait.check_gradient(lambda v: v * plait.stop_gradient(v), x) > 0.1
    assert plait.check_gradient(lambda v, i: plait.take(v, i, 0) ** 2, x, np.array([0, 0, 3])) < 1e-8


def test_gradients_nest() -> None:
    def f(x):
        return (x**3).sum()

    x, v = np.array([1.0, 2.0]), np.array([1.0, -2.0])
    np.testing.assert_allclose(plait.grad(lambda x: (plait.grad(f)(x) * v).sum())(x), 6 * x * v)
    np.testing.assert_allclose(plait.jacobian(plait.grad(f))(x), plait.hessian(f)(x))
    assert plait.grad(plait.grad(plait.grad(lambda x: x**4)))(2.0) == pytest.approx(48.0)
    assert plait.grad(lambda a, b: plait.grad(lambda p, q: p * p * q, 1)(a, b))(3.0, 2.0) == pytest.approx(6.0)
    value, slope = plait.function(lambda x: plait.value_and_grad(f)(2.0 * x))(x)
    assert value == pytest.approx(72.0)
    np.testing.assert_allclose(slope, 12 * x**2)


def test_an_inner_derivative_takes_nodes_from_around_as_constants() -> None:
    assert plait.grad(lambda x: x * plait.grad(lambda y: x + y)(x))(1.0) == 1
    assert plait.grad(lambda x: x * plait.grad(lambda y: x * y)(x))(3.0) == 6
    assert plait.grad(lambda x: plait.jacobian(lambda y: x * y)(x).sum())(np.array([3.0, 4.0])).tolist() == [1, 1]
    assert plait.grad(lambda x: plait.hessian(lambda y: (x * y * y).sum())(x).sum())(np.array([3.0, 4.0])).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("inner", "wanted"),
    [
        (lambda f: lambda x: plait.hessian(f)(x).sum(), [6, 6]),
        (lambda f: lambda x: plait.jacobian(plait.grad(f))(x).sum(), [6, 6]),
        (lambda _: lambda x: plait.jacobian(lambda v: v**3)(x).sum(), [6, 12]),
        (lambda f: lambda x: plait.function(f)(x), [3, 12]),
        (lambda f: lambda x: plait.function(lambda d: d["a"] + 2 * d["b"][0])({"a": f(x), "b": [f(x)]}), [9, 36]),
        (lambda f: lambda x: plait.function(plait.grad(f))(x).sum(), [6, 12]),
        (lambda f: lambda x: plait.value_and_grad(f)(x)[1].sum(), [6, 12]),
    ],
)
def test_what_transforms_make_can_be_called_inside_of_each_other(inner: Any, wanted: list[float]) -> None:
    cube = lambda v: (v**3).sum()  # noqa: E731
    x = np.array([1.0, 2.0])
    assert plait.grad(inner(cube))(x).tolist() == wanted


def test_a_jacobian_as_a_node_is_of_known_size() -> None:
    node = plait.input("x", (0,), "float64")
    assert plait.evaluate(plait.jacobian(lambda v: v**2)(node)).shape == (0, 0)
    with pytest.raises(plait.ShapeError, match="sizes must be known"):
        plait.jacobian(lambda v: v**2)(plait.input("y", (None,)))


def test_what_reads_a_trace_around_it_gives_nodes_of_that_trace() -> None:
    """The inner function is called with numbers only, but reads x: its derivative is 1, not that of x + x."""
    g = plait.grad
    assert g(lambda x: x * g(lambda y: x + y)(1.0))(1.0) == 1
    assert g(lambda x: x * plait.function(lambda y: x * y)(2.0))(3.0) == 12
    assert g(lambda x: plait.hvp(lambda y: x * y**3)(1.0, 1.0))(2.0) == 6
    for size in (2, 40):  # one program for all rows of the Jacobian, and one for each
        assert g(lambda x, size=size: x * plait.jacobian(lambda y: x * y)(np.ones(size)).sum())(3.0) == 6 * size

    def loop(x: Any) -> Any:
        return plait.scan(lambda s, _: (s + g(lambda y: (s * y * y).sum())(2.0), s), x, np.zeros(3))[0]

    assert plait.function(loop)(np.ones(1)).tolist() == [125]


def test_what_is_no_function_is_refused_at_once() -> None:
    x = plait.input("x", (3,))
    for transform in (plait.function, plait.grad, plait.value_and_grad, plait.jacobian, plait.hessian, plait.hvp):
        with pytest.raises(TypeError, match=rf"{transform.__name__}: expected a function, got the node x \(3,\); .* plait\.gradient"):
            transform(x)
        with pytest.raises(TypeError, match="expected a function, got float"):
            transform(3.0)
    with pytest.raises(TypeError, match="grad: the function must give one scalar, got a tuple of 2"):
        plait.grad(lambda x: (x.sum(), x))(np.ones(3))
    with pytest.raises(ValueError, match="hessian: argnums"):
        plait.hessian(lambda x: x.sum(), argnums=(0, 1))  # type: ignore[arg-type]


def test_jacobians_for_several_arguments() -> None:
    x, y = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    of_x, of_y = plait.jacobian(lambda x, y: x * y, argnums=(0, 1))(x, y)
    assert of_x.tolist() == [[3, 0], [0, 5]]
    assert of_y.tolist() == [[1, 0], [0, 2]]
    with pytest.raises(ValueError, match="argnums"):
        plait.jacobian(lambda x: x, argnums=-1)


def test_methods_of_arrays() -> None:
    a = np.random.default_rng(0).normal(size=(3, 3))
    node = plait.constant(a)
    for name, args in (
        ("round", (1,)), ("trace", ()), ("diagonal", (1,)), ("repeat", (2, 1)), ("cumprod", (0,)), ("conj", ()), ("argsort", (0,)),
    ):  # fmt: skip
        np.testing.assert_allclose(plait.evaluate(getattr(node, name)(*args)), getattr(a, name)(*args), rtol=1e-13)
    assert np.array_equal(plait.evaluate(node.mT), a.mT)
    assert np.array_equal(plait.evaluate(node.real), a)
    assert not plait.evaluate(node.imag).any()
    with pytest.raises(plait.TraceError, match=r"np\.nonzero"):
        node.nonzero()

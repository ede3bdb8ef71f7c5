"""Mistakes are named where they are made, with the shapes and the names of the nodes."""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np
import pytest

import plait


def fails_at(error: type[Exception], words: str, f: Any) -> str:
    """The message of an error that is raised by the line of `f` itself."""
    with pytest.raises(error, match=words) as caught:
        f()
    frames = [frame for frame in traceback.extract_tb(caught.value.__traceback__) if frame.filename == __file__]
    assert frames[-1].name == "<lambda>"
    return str(caught.value)


def test_shapes_that_do_not_fit_are_named_with_their_nodes() -> None:
    x, w, b = plait.input("x", (8, 3)), plait.parameter(np.ones((4, 2)), name="weights"), plait.input("b", (5,), "float64")
    for f in (lambda: x @ w, lambda: plait.matmul(x, w)):
        message = fails_at(plait.ShapeError, "matmul", f)
        for part in ("(8, 3)", "(4, 2)", "x", "weights", "3 and 4"):
            assert part in message
    message = fails_at(plait.ShapeError, "add", lambda: x + b)
    assert all(part in message for part in ("(8, 3)", "(5,)", "[x "))
    for f, words in [
        (lambda: x.reshape(5, 5), r"reshape: shape \(8, 3\) cannot be reshaped to \(5, 5\)"),
        (lambda: x.reshape(-1, -1), "only one size"),
        (lambda: x.reshape(-1, 5), "-1"),
        (lambda: x.sum(axis=2), "axis 2 is out of range for 2 dimensions"),
        (lambda: x.sum(axis=(0, -2)), "named twice"),
        (lambda: plait.concatenate([x, b], 0), "concatenate"),
        (lambda: plait.concatenate([]), "empty list"),
        (lambda: plait.stack([]), "empty list"),
        (lambda: plait.stack([x, b]), "stack"),
        (lambda: plait.concatenate([1.0, 2.0]), "stack"),
        (lambda: plait.transpose(x, (0, 0)), "named twice"),
        (lambda: plait.transpose(x, (0,)), "transpose"),
        (lambda: plait.squeeze(x, 0), "not of size 1"),
        (lambda: plait.broadcast_to(x, (8, 4)), "broadcast_to"),
        (lambda: x @ 3.0, "scalar"),
        (lambda: plait.take_along_axis(x, np.zeros((2, 3), int), 1), "take_along_axis"),
        (lambda: plait.one_hot([1], 0), "depth"),
        (lambda: plait.input("n", (-1,)), "negative"),
        (lambda: plait.input("i", (3, 0)).max(), None),
        (lambda: plait.input("i", (3, 0)).max(axis=1), "empty"),
        (lambda: plait.input("i", (0,)).mean(), "empty"),
        (lambda: plait.expand_dims(x, 4), "expand_dims"),
        (lambda: x.dot(plait.input("c", (2, 3, 4))), "dot"),
    ]:
        fails_at(plait.ShapeError, words or "max", f)


def test_shape_errors_are_value_errors() -> None:
    assert issubclass(plait.ShapeError, ValueError)
    assert issubclass(plait.GraphError, ValueError)
    assert issubclass(plait.FormatError, ValueError)
    assert issubclass(plait.DTypeError, TypeError)
    assert issubclass(plait.TraceError, TypeError)
    assert issubclass(plait.ConvergenceWarning, UserWarning)
    for name in ("ShapeError", "TraceError", "ConvergenceWarning", "Node", "Program", "Table"):
        assert getattr(plait, name).__module__ == "plait"


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "object", "U3", "S3", "datetime64[s]", "longdouble"])
def test_dtypes_that_have_no_place_are_refused_by_name(dtype: str) -> None:
    array = np.zeros(2, dtype)
    x = plait.input("x", (2,), "float64")
    name = str(array.dtype)
    for f in (
        lambda: x + array,
        lambda: plait.constant(array),
        lambda: plait.parameter(array, name="w"),
        lambda: plait.input("y", (2,), dtype),
    ):
        with pytest.raises(plait.DTypeError) as caught:
            f()
        assert f"dtype {name} is not one of" in str(caught.value)
    if dtype != "longdouble":
        with pytest.raises(plait.DTypeError, match="feed of x"):
            plait.compile(x + 1)(x=array)
    with pytest.raises(plait.DTypeError, match="float16"):
        plait.parameter(np.zeros(2, "float16"))
    assert plait.constant(np.zeros(2, "float16")).dtype == np.float32


def test_dtypes_that_do_not_fit_an_operation() -> None:
    i, b = plait.input("indices", (2,), "int64"), plait.input("b", (2,), "bool")
    x = plait.input("x", (2, 2))
    for f, words in [
        (lambda: plait.take(x, x[0], 0), "integers"),
        (lambda: plait.one_hot(x, 3), "integers"),
        (lambda: ~i, "bool"),
        (lambda: -b, "negative"),
        (lambda: plait.normal((2,), dtype="int64"), "float32 or float64"),
        (lambda: plait.take_along_axis(x, b[None], 0), "integers"),
        (lambda: x & b, "booleans"),
        (lambda: plait.power(i, i), "cast"),
        (lambda: plait.losses.cross_entropy_with_logits(x, b), "booleans"),
    ]:
        fails_at_any(plait.DTypeError, words, f)


def fails_at_any(error: type[Exception], words: str, f: Any) -> None:
    with pytest.raises(error, match=words):
        f()


def feeds() -> tuple[plait.Node, plait.Node, Any]:
    x, y = plait.input("x", (None, 3)), plait.input("labels", (None,), "int64")
    return x, y, plait.compile(x.sum() + y.sum())


def test_feeds_are_refused_by_name() -> None:
    x, y, program = feeds()
    good, labels = np.ones((2, 3)), [1, 2]
    assert float(program(x=good, labels=labels)) == 9
    stranger = plait.input("stranger", ())
    for f, error, words in [
        (lambda: program(x=good), plait.GraphError, "no feed for labels; expected: x, labels"),
        (lambda: program(), plait.GraphError, "no feed for x, labels"),
        (lambda: program(x=good, labels=labels, z=1), plait.GraphError, "'z'.*expected: x, labels"),
        (lambda: program({x: good, stranger: 1, y: labels}), plait.GraphError, "stranger.*expected: x, labels"),
        (lambda: program({x: good, "x": good, y: labels}), plait.GraphError, "x: given twice"),
        (lambda: program({x: good}, x=good, labels=labels), plait.GraphError, "given twice"),
        (lambda: program({5: good}), TypeError, "nodes or names"),
        (lambda: program(good, labels), TypeError, "2 positional"),
        (lambda: program(good), TypeError, "dict"),
        (lambda: program(x=good[0], labels=labels), plait.ShapeError, r"x.*\(None, 3\).*\(3,\)|x.*\(3,\).*\(None, 3\)"),
        (lambda: program(x=np.ones((2, 4)), labels=labels), plait.ShapeError, r"x.*\(2, 4\)"),
        (lambda: program(x=good, labels=[1.5, 2.0]), plait.DTypeError, "feed of labels.*int64.*float64"),
        (lambda: program(x="text", labels=labels), plait.DTypeError, "feed of x"),
        (lambda: program(x=[[1, 2], [3]], labels=labels), ValueError, "inhomogeneous"),
        (lambda: program(x=good, labels=np.array([2**63], "uint64")), plait.DTypeError, "fit into int64"),
        (lambda: program(x=None, labels=labels), plait.DTypeError, "feed of x"),
        (lambda: plait.evaluate(x, {}), plait.GraphError, "x"),
        (lambda: plait.evaluate(x, {"z": 1}), plait.GraphError, "z.*expected: x"),
        (lambda: plait.evaluate(x, {stranger: 1}), plait.GraphError, "stranger"),
        (lambda: plait.evaluate(x, {x: np.ones(3)}), plait.ShapeError, "x"),
        (lambda: plait.evaluate(x, {3: np.ones(3)}), TypeError, "nodes or names"),
    ]:
        fails_at_any(error, words, f)
    two = plait.compile(plait.input("a", ()) + plait.input("a", ()))
    fails_at_any(plait.GraphError, "two inputs have that name", lambda: two(a=1))
    assert float(two(dict.fromkeys(two.inputs, 1))) == 2


def test_shapes_that_stop_to_fit_when_bound() -> None:
    x, y = plait.input("x", (None,)), plait.input("y", (None,))
    program = plait.compile((x * y).sum())
    assert float(program(x=np.ones(3), y=np.ones(1))) == 3
    with pytest.raises(plait.ShapeError, match=r"multiply.*\(3,\).*\(4,\)"):
        program(x=np.ones(3), y=np.ones(4))
    assert float(program(x=np.ones(3), y=np.ones(3))) == 3
    for reduce in (plait.max, plait.mean):
        with pytest.raises(plait.ShapeError, match="empty"):
            plait.compile(reduce(x))(x=np.ones(0))
        with pytest.raises(plait.ShapeError, match="empty"):
            plait.evaluate(reduce(x), {x: np.ones(0)})
    assert float(plait.compile(x.sum())(x=np.ones(0))) == 0


def test_values_and_updates() -> None:
    w, x = plait.parameter(np.zeros((2, 2), "f4"), name="w"), plait.input("x", ())
    with pytest.raises(plait.ShapeError, match=r"value of w: expected shape \(2, 2\), got \(3,\)"):
        w.value = np.ones(3)
    with pytest.raises(plait.DTypeError, match="value of w"):
        w.value = np.ones((2, 2), complex)
    with pytest.raises(AttributeError, match="x is input and holds no value"):
        _ = x.value
    with pytest.raises(AttributeError, match="only parameters"):
        plait.constant(1.0).value = 2.0
    with pytest.raises(plait.GraphError, match="updates: expected parameters"):
        plait.compile(w, updates={x: w})
    with pytest.raises(plait.ShapeError, match="w"):
        plait.compile(w.sum(), updates={w: w.sum()})()
    with pytest.raises(plait.GraphError, match="name is empty"):
        plait.input("", ())
    with pytest.raises(plait.GraphError, match="not known"):
        _ = plait.compile(plait.input("x", (None,)) * 2).steps
    with pytest.raises(TypeError, match=r"compile: expected a plait\.Node"):
        plait.compile([1.0])

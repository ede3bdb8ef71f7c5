"""Leaves: inputs, parameters, constants, and random nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from .._core import Node
from .._rng import RandomSource, seed
from ._operands import as_float
from ._types import Array, DType, Operand, Shape
from .binary import cast as cast_to
from .binary import less, where


def _require_name(what: str, name: object, order: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"{what}: the name is a str, got {type(name).__name__}; the order of arguments is {what}({order})")


def input(name: str, shape: Shape = (), dtype: DType = "float32") -> Node:
    """A node that receives an array when the graph runs.

    Parameters
    ----------
    name : str
        Name for feeds and messages.
    shape : int or sequence of int and None
        None stands for any size, bound when run.
    dtype : dtype
        float32, float64, int32, int64 or bool. Fed arrays are cast to it, except floats to integers and numbers to bool.

    Returns
    -------
    Node
        The input.

    Examples
    --------
    >>> x = plait.input("x", (None, 784))
    >>> x.shape
    (None, 784)
    """
    _require_name("input", name, "name, shape")
    return _core.input(name, shape, dtype)


def parameter(value: Operand | Array, name: str = "", dtype: DType | None = None) -> Node:
    """A node that holds a value, which training or an update changes in place.

    Parameters
    ----------
    value : array_like
        The first value; copied.
    name : str
        For messages, pictures and files.
    dtype : dtype, optional
        None: that of the value.

    Returns
    -------
    Node
        The parameter; ``.value`` reads a copy and writes.

    Examples
    --------
    >>> w = plait.parameter(np.zeros(3), name="w")
    >>> w.value = [1, 2, 3]
    >>> w.value
    array([1., 2., 3.])
    """
    _require_name("parameter", name, "value, name")
    return _core.parameter(value, name, dtype)


def constant(value: Operand | Array, name: str = "", dtype: DType | None = None) -> Node:
    """A node with a fixed value. Arrays and numbers in expressions become constants by themselves.

    Parameters
    ----------
    value : array_like
        Copied.
    name : str
        For messages and pictures.
    dtype : dtype, optional
        None: that of the value, which for Python's floats is float64. Integers of 8 and 16 bits become int32 (and stay so in ``//`` and all
        other operations, where NumPy would wrap around), float16 becomes float32.

    Returns
    -------
    Node
        The constant.

    Examples
    --------
    >>> plait.constant(2.0, dtype="float32")
    <plait.Node constant_...: float32 ()>
    """
    _require_name("constant", name, "value, name")
    return _core.constant(value, name, dtype)


def normal(shape: Shape = None, like: Node | None = None, rng: RandomSource = None, dtype: DType | None = None) -> Node:
    """Standard normal numbers, new ones at every run.

    Parameters
    ----------
    shape : int or sequence of int and None, optional
        A size that is None is that of the same axis of `like`; None: the shape of `like`.
    like : Node, optional
        Gives sizes and the dtype.
    rng : int, SeedSequence or Generator, optional
        A seed of this node's own: the same numbers in every graph. None: the seed of the program that runs it.
    dtype : dtype, optional
        float32 or float64; None: that of `like` if it has one of them, else float32.

    Returns
    -------
    Node
        Constant to gradients.

    Notes
    -----
    Numbers come from counters (Salmon, Moraes, Dror and Shaw 2011, Parallel random numbers: as easy as 1, 2, 3), so they do not depend on
    the number of threads.

    Examples
    --------
    >>> x = plait.input("x", (None, 784))
    >>> plait.normal((None, 20), like=x).shape
    (None, 20)
    """
    return _core.random("normal", _shape(shape, like), like, None if rng is None else seed(rng), _dtype(dtype, like))


def uniform(
    shape: Shape = None,
    low: Operand = 0.0,
    high: Operand = 1.0,
    like: Node | None = None,
    rng: RandomSource = None,
    dtype: DType | None = None,
) -> Node:
    """Numbers from a uniform distribution, new ones at every run.

    Parameters
    ----------
    shape : int or sequence of int and None, optional
        A size that is None is that of the same axis of `like`; None: the shape of `like`.
    low, high : Node or array_like
        Finite bounds, low <= high; low is possible, high is not. Bounds that are not constants are not checked.
    like : Node, optional
        Gives sizes and the dtype.
    rng : int, SeedSequence or Generator, optional
        A seed of this node's own; None: the seed of the program that runs it.
    dtype : dtype, optional
        float32 or float64; None: that of `like` if it has one of them, else float32.

    Returns
    -------
    Node
        Gradients flow to the bounds.

    Examples
    --------
    >>> u = plait.evaluate(plait.uniform((1000,), 2.0, 3.0, rng=0))
    >>> bool(u.min() >= 2 and u.max() < 3)
    True
    """
    bounds = {"low": _known(low), "high": _known(high)}
    for name, bound in bounds.items():
        if bound is not None and not np.isfinite(bound).all():
            raise ValueError(f"uniform: {name} is finite, got {_worst(bound, np.isfinite(bound))}")
    first, last = bounds.values()
    if first is not None and last is not None and not (first <= last).all():
        raise ValueError(f"uniform: low is at most high, got {low!r} and {high!r}")
    u = _core.random("uniform", _shape(shape, like), like, None if rng is None else seed(rng), _dtype(dtype, like))
    begin, end = _end(low), _end(high)
    if type(begin) is float and type(end) is float and (begin, end) == (0.0, 1.0):
        return u
    scaled: Node = u * (end - begin) + begin
    return scaled


def bernoulli(
    p: Operand = 0.5, shape: Shape = None, like: Node | None = None, rng: RandomSource = None, dtype: DType | None = None
) -> Node:
    """Ones with probability p, else zeros; new ones at every run.

    Parameters
    ----------
    p : float, Node or array_like
        Probabilities in [0, 1], of a shape that broadcasts to the result's. Those that are not constants are not checked: below 0 or NaN
        give zeros, above 1 ones.
    shape : int or sequence of int and None, optional
        A size that is None is that of the same axis of `like`; None: the shape of `like`, or of p.
    like : Node, optional
        Gives sizes and the dtype.
    rng : int, SeedSequence or Generator, optional
        A seed of this node's own; None: the seed of the program that runs it.
    dtype : dtype, optional
        Of the result; None: that of `like` if it is a float, else float32.

    Returns
    -------
    Node
        Constant to gradients.

    Examples
    --------
    >>> round(float(plait.evaluate(plait.bernoulli(0.3, (10000,), rng=0)).mean()), 1)
    0.3
    """
    chances = _known(p)
    if chances is not None and not ((chances >= 0) & (chances <= 1)).all():
        raise ValueError(f"bernoulli: p is a probability from 0 to 1, got {_worst(chances, (chances >= 0) & (chances <= 1))}")
    if shape is None and like is None:
        like = as_float(p, "bernoulli")
    out = _dtype(dtype, like)
    draw = out if str(out) in ("float32", "float64") else "float32"
    u = _core.random("uniform", _shape(shape, like), like, None if rng is None else seed(rng), draw)
    return cast_to(less(u, p), out)


def dropout(x: Operand, rate: float = 0.5, rng: RandomSource = None) -> Node:
    """Zero with probability `rate`, else x / (1 - rate); new choices at every run.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    rate : float
        In [0, 1).
    rng : int, SeedSequence or Generator, optional
        A seed of this node's own; None: the seed of the program that runs it.

    Returns
    -------
    Node
        Of the same shape and, in the mean, of the same value.

    Notes
    -----
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), Dropout.

    Examples
    --------
    >>> plait.evaluate(plait.dropout(np.ones(8), 0.5, rng=0)).max()
    np.float64(2.0)
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate is at least 0 and below 1, got {rate!r}")
    node = as_float(x, "dropout")
    if rate == 0:
        return node
    u = _core.random("uniform", None, node, None if rng is None else seed(rng), node.dtype)
    return where(less(u, 1 - rate), node * (1 / (1 - rate)), 0.0)


def stop_gradient(x: Operand) -> Node:
    """The same value, constant to gradients.

    Parameters
    ----------
    x : Node or array_like
        Any shape.

    Returns
    -------
    Node
        Of the same shape.

    Examples
    --------
    >>> x = plait.input("x", (), dtype="float64")
    >>> g = plait.gradient(x * plait.stop_gradient(x), x)
    >>> plait.evaluate(g, {x: 3.0})
    array(3.)
    """
    return _core.stop_gradient(x)


def _known(x: Any) -> Any:
    """The values of a parameter of a random node; None if it is not constant."""
    node = _core.as_node(x, "random parameter")
    return np.asarray(node.value, dtype=np.float64) if node.op == "constant" else None


def _worst(values: Any, right: Any) -> float:
    """The first invalid value, for a message."""
    return float(values[~right].flat[0]) if values.ndim else float(values)


def _end(x: Any) -> Any:
    """A bound; Python's numbers stay as they are, because they take the dtype of the other operand."""
    return x if type(x) in (int, float) else _core.as_node(x, "uniform")


def _shape(shape: Shape, like: Node | None) -> Shape:
    return () if shape is None and like is None else shape


def _dtype(dtype: DType | None, like: Node | None) -> DType:
    if dtype is not None:
        return dtype
    return like.dtype if like is not None and like.dtype.kind == "f" else "float32"

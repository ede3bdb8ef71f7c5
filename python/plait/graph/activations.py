"""Activations of neural networks."""

from __future__ import annotations

import math

from .. import _core
from .._core import Node
from ._operands import as_float, is_empty, largest
from ._types import Axis, Operand
from .binary import where
from .elementwise import exp, expm1, log

_FAR = 1e4  # beyond ±_FAR the logistic function is 0 or 1 in either dtype


def sigmoid(x: Operand) -> Node:
    """The logistic function 1 / (1 + exp(-x)), without overflow.

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
    >>> plait.evaluate(plait.sigmoid([0.0, -1000.0]))
    array([0.5, 0. ])
    """
    return _core.elementwise("sigmoid", x)


def relu(x: Operand) -> Node:
    """max(x, 0); its gradient at 0 is 0.

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
    >>> plait.evaluate(plait.relu([-1.0, 2.0]))
    array([0., 2.])
    """
    return _core.elementwise("relu", x)


def softplus(x: Operand) -> Node:
    """log(1 + exp(x)), without overflow.

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
    >>> plait.evaluate(plait.softplus([0.0, 1000.0]))
    array([6.93147181e-01, 1.00000000e+03])
    """
    return _core.elementwise("softplus", x)


def silu(x: Operand) -> Node:
    """X * sigmoid(x), also called swish.

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
    >>> plait.evaluate(plait.silu([0.0, 1.0]))
    array([0.        , 0.73105858])
    """
    x = as_float(x, "silu")
    return _core.elementwise("silu", x, sigmoid(x))  # x p(x) as one op, whose derivative uses both operands


def gelu(x: Operand, approximate: bool = False) -> Node:
    """X times the probability that a standard normal number lies below x.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    approximate : bool
        False: by the error function. True: the form with tanh.

    Returns
    -------
    Node
        Of the same shape.

    Notes
    -----
    Hendrycks and Gimpel (2016), Gaussian error linear units.

    Examples
    --------
    >>> plait.evaluate(plait.gelu([0.0, 1.0]))
    array([0.        , 0.84134475])
    """
    x = as_float(x, "gelu")
    if approximate:
        x = where(x < -_FAR, -_FAR, x)  # -inf times 0 is NaN
        # (1 + tanh(u)) / 2 is sigmoid(2 u), which keeps its digits far below zero
        return x * sigmoid(math.sqrt(8 / math.pi) * (x + 0.044715 * (x * x * x)))
    return _core.elementwise("gelu", x, _core.elementwise("normal_cdf", x))  # x p(x) as one op, whose derivative uses both operands


def softmax(x: Operand, axis: Axis = -1) -> Node:
    """exp(x) / sum(exp(x)) along an axis, without overflow.

    Parameters
    ----------
    x : Node or array_like
        At least one dimension.
    axis : int or sequence of int
        Along which the result sums to 1.

    Returns
    -------
    Node
        Of the same shape.

    Examples
    --------
    >>> plait.evaluate(plait.softmax([0.0, 1000.0, 1000.0]))
    array([0. , 0.5, 0.5])
    """
    if is_empty(node := as_float(x, "softmax"), axis):
        return node
    e = exp(_below_top(node, axis))
    return e / e.sum(axis, keepdims=True)


def log_softmax(x: Operand, axis: Axis = -1) -> Node:
    """Logarithm of softmax, computed without taking the logarithm of a small number.

    Parameters
    ----------
    x : Node or array_like
        At least one dimension.
    axis : int or sequence of int
        Along which the exponentials of the result sum to 1.

    Returns
    -------
    Node
        Of the same shape.

    Examples
    --------
    >>> plait.evaluate(plait.log_softmax([0.0, -1000.0]))
    array([    0., -1000.])
    """
    if is_empty(node := as_float(x, "log_softmax"), axis):
        return node
    below = _below_top(node, axis)
    return below - log(exp(below).sum(axis, keepdims=True))


def _below_top(x: Node, axis: Axis) -> Node:
    """X minus its largest element along the axis; 0 where that is infinite and equal. The shift cancels, so it gets no gradient."""
    return _core.elementwise("difference", x, _core.stop_gradient(largest(x, axis)))


def leaky_relu(x: Operand, negative_slope: float = 0.01) -> Node:
    """X where it is above 0, a small multiple of it elsewhere; its gradient at 0 is that multiple.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    negative_slope : float
        The factor for numbers up to 0.

    Returns
    -------
    Node
        Of the same shape.

    Examples
    --------
    >>> plait.evaluate(plait.leaky_relu([-1.0, 2.0], 0.1))
    array([-0.1,  2. ])
    """
    if not abs(float(negative_slope)) < float("inf"):
        raise ValueError(f"leaky_relu: negative_slope: expected a finite number, got {negative_slope!r}")
    node = as_float(x, "leaky_relu")
    return where(node > 0.0, node, float(negative_slope) * node)


def elu(x: Operand, alpha: float = 1.0) -> Node:
    """X where it is above 0, alpha · (exp(x) - 1) elsewhere; its gradient at 0 is alpha.

    Parameters
    ----------
    x : Node or array_like
        Any shape.
    alpha : float
        Minus the limit at -inf.

    Returns
    -------
    Node
        Of the same shape.

    References
    ----------
    Clevert, Unterthiner and Hochreiter (2016), Fast and accurate deep network learning by exponential linear units.

    Examples
    --------
    >>> plait.evaluate(plait.elu([-1000.0, 2.0]))
    array([-1.,  2.])
    """
    if not abs(float(alpha)) < float("inf"):
        raise ValueError(f"elu: alpha: expected a finite number, got {alpha!r}")
    node = as_float(x, "elu")
    positive = node > 0.0
    return where(positive, node, float(alpha) * expm1(where(positive, 0.0, node)))  # no overflow in the branch that is not chosen

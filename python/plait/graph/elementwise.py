"""Elementwise functions, under NumPy's names where it has them. Each takes nodes, arrays or numbers and broadcasts as NumPy does."""

from __future__ import annotations

from .. import _core
from .._core import Node
from ._types import Operand


def exp(x: Operand) -> Node:
    """Exponential of every element.

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
    >>> plait.evaluate(plait.exp([0.0, 1.0]))
    array([1.        , 2.71828183])
    """
    return _core.elementwise("exp", x)


def log(x: Operand) -> Node:
    """Natural logarithm of every element.

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
    >>> plait.evaluate(plait.log([1.0, 2.0]))
    array([0.        , 0.69314718])
    """
    return _core.elementwise("log", x)


def log1p(x: Operand) -> Node:
    """log(1 + x), exact for small x.

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
    >>> plait.evaluate(plait.log1p([0.0, 1e-10]))
    array([0.e+00, 1.e-10])
    """
    return _core.elementwise("log1p", x)


def expm1(x: Operand) -> Node:
    """exp(x) - 1, exact for small x.

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
    >>> plait.evaluate(plait.expm1([0.0, 1e-10]))
    array([0.e+00, 1.e-10])
    """
    return _core.elementwise("expm1", x)


def sqrt(x: Operand) -> Node:
    """Square root of every element.

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
    >>> plait.evaluate(plait.sqrt([4.0, 2.0]))
    array([2.        , 1.41421356])
    """
    return _core.elementwise("sqrt", x)


def square(x: Operand) -> Node:
    """Square of every element; integers stay integers.

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
    >>> plait.evaluate(plait.square([3, -2]))
    array([9, 4])
    """
    return _core.elementwise("square", x)


def reciprocal(x: Operand) -> Node:
    """1 / x for every element.

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
    >>> plait.evaluate(plait.reciprocal([4.0, 2.0]))
    array([0.25, 0.5 ])
    """
    return _core.elementwise("reciprocal", x)


def abs(x: Operand) -> Node:
    """Absolute value of every element; its gradient at 0 is 0.

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
    >>> plait.evaluate(plait.abs([-3, 2]))
    array([3, 2])
    """
    return _core.elementwise("abs", x)


def negative(x: Operand) -> Node:
    """-x for every element.

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
    >>> plait.evaluate(plait.negative([-3, 2]))
    array([ 3, -2])
    """
    return _core.elementwise("negative", x)


def sign(x: Operand) -> Node:
    """-1, 0 or 1 for every element; its gradient is 0.

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
    >>> plait.evaluate(plait.sign([-3.0, 0.0]))
    array([-1.,  0.])
    """
    return _core.elementwise("sign", x)


def floor(x: Operand) -> Node:
    """The largest whole number not above each element; its gradient is 0.

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
    >>> plait.evaluate(plait.floor([-1.5, 1.5]))
    array([-2.,  1.])
    """
    return _core.elementwise("floor", x)


def sin(x: Operand) -> Node:
    """Sine of every element.

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
    >>> plait.evaluate(plait.sin([0.0, 1.0]))
    array([0.        , 0.84147098])
    """
    return _core.elementwise("sin", x)


def cos(x: Operand) -> Node:
    """Cosine of every element.

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
    >>> plait.evaluate(plait.cos([0.0, 1.0]))
    array([1.        , 0.54030231])
    """
    return _core.elementwise("cos", x)


def tanh(x: Operand) -> Node:
    """Hyperbolic tangent of every element.

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
    >>> plait.evaluate(plait.tanh([0.0, 1000.0]))
    array([0., 1.])
    """
    return _core.elementwise("tanh", x)


def erf(x: Operand) -> Node:
    """The error function of every element.

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
    >>> plait.evaluate(plait.erf([0.0, 1.0]))
    array([0.        , 0.84270079])
    """
    return _core.elementwise("erf", x)


def lgamma(x: Operand) -> Node:
    """Logarithm of the absolute value of the gamma function.

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
    >>> plait.evaluate(plait.lgamma([3.0, 4.0]))
    array([0.69314718, 1.79175947])
    """
    return _core.elementwise("lgamma", x)


def digamma(x: Operand) -> Node:
    """Derivative of lgamma.

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
    >>> plait.evaluate(plait.digamma([1.0, 2.0]))
    array([-0.57721566,  0.42278434])
    """
    return _core.elementwise("digamma", x)


def logical_not(x: Operand) -> Node:
    """True where an element is 0 or False.

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
    >>> plait.evaluate(plait.logical_not([True, False]))
    array([False,  True])
    """
    return _core.elementwise("logical_not", x)

"""Hessian-vector products, without the Hessian."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import _core
from .._core import GraphError, Node, ShapeError
from .programs import gradient
from .static import require_function, with_static
from .structure import unflatten
from .transforms import Traced, _Compiled, _inside, _NodeGiven, _scalar, _wanted


def hvp(
    f: Callable[..., Any], argnums: int = 0, *, static_argnums: int | Sequence[int] = (), static_argnames: str | Sequence[str] = ()
) -> Callable[..., Any]:
    """The Hessian of a scalar function times a vector, without the Hessian.

    Parameters
    ----------
    f : callable
        As for :func:`function`; returns a scalar node.
    argnums : int
        Which positional argument of f to differentiate for: an array, or arrays in lists, tuples and dicts.
    static_argnums : int or sequence of int
        Positions of arguments that Python is to see as they are, as for :func:`function`.
    static_argnames : str or sequence of str
        The same for arguments that are given by name.

    Returns
    -------
    callable
        Takes the arguments of f and then the vector, with the structure of the differentiated argument; returns the product in the same
        structure. Called with nodes, inside a function that is being traced, it returns nodes.

    Raises
    ------
    ShapeError
        When called, if the vector is not of the argument's shape.

    Notes
    -----
    The gradient of ⟨∇f(x), v⟩: a small multiple of the cost of f, independent of the size of x.

    References
    ----------
    Pearlmutter (1994), Fast exact multiplication by the Hessian.

    Examples
    --------
    >>> plait.hvp(lambda x: (x ** 3).sum())(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([  6., 120.])
    """
    require_function(f, "hvp")
    if isinstance(argnums, bool) or not isinstance(argnums, int) or argnums < 0:
        raise ValueError(f"hvp: argnums: expected the position of an argument from 0 on, got {argnums!r}")

    f, hide = with_static(f, static_argnums, static_argnames)

    def differentiate(structure: Any, inputs: list[Node]) -> Any:
        args, kwargs = unflatten(structure, inputs)
        if len(args) < 2:
            raise TypeError("hvp: expected the arguments of the function and, after them, the vector")
        last = len(args) - 1
        if argnums >= last:
            raise TypeError(f"argnums: there is no positional argument {argnums} before the vector, only {last}")
        (at, part), (along, _) = _wanted(structure, inputs, [argnums, last])
        if [n.shape for n in at] != [v.shape for v in along]:
            told = ", ".join(str(v.shape) for v in along), ", ".join(str(n.shape) for n in at)
            raise ShapeError(f"hvp: the vector has shape {told[0]}, the argument that it is multiplied along {told[1]}")
        value = _scalar(f(*args[:-1], **kwargs), "hvp")
        slopes = gradient(value, at)
        total: Any = sum((slope * _core.as_node(v, "hvp")).sum() for slope, v in zip(slopes, along, strict=True))
        if not isinstance(total, Node):
            raise GraphError(f"hvp: argument {argnums} holds no array")
        return unflatten(part, gradient(total, at))

    traced = Traced(lambda structure, inputs: _Compiled(differentiate(structure, inputs), inputs))

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = hide(args, kwargs)
        floats = [argnums, max(len(args) - 1, 0)]
        try:
            program, arrays = traced.get(args, kwargs, floats)
        except _NodeGiven:
            return differentiate(*_inside(args, kwargs, floats))
        return program(arrays)

    return call

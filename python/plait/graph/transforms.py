"""Functions written over nodes and called with arrays: traced, differentiated and compiled once per shapes and dtypes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from .. import _core
from .._core import DTypeError, Node, ShapeError
from .._masks import refuse_masked
from ._making import Made
from ._types import Array
from .programs import compile as compile_graph
from .programs import gradient
from .static import Hide, require_function, with_static
from .structure import Kept, children, flatten, like, unflatten

STACKED = 32  # a Jacobian of up to this many rows is one program; a larger one runs one program for each row
REMEMBERED = 64  # programs cached per function; the oldest is dropped first

C = TypeVar("C")


class Traced(Generic[C]):
    """Compiled forms of a function, for each combination of shapes, dtypes and constants of its arguments."""

    def __init__(self, make: Callable[[Any, list[Node]], C]) -> None:
        self.make = make
        self.made: Made[C] = Made(REMEMBERED)

    def get(self, args: tuple[Any, ...], kwargs: dict[str, Any], floats: Sequence[int] = ()) -> tuple[C, list[Array]]:
        """The compiled form for these arguments, made if missing, and the arrays to feed.

        Arguments at the positions `floats` are to be differentiated: Python's integers there count as floats.
        """
        leaves, structure = flatten((args, kwargs), _is_array)
        for k, leaf in enumerate(leaves):
            if type(leaf) is not np.ndarray and isinstance(leaf, np.ma.MaskedArray):
                refuse_masked(leaf, _place(structure, k))
        to_float = {k for position in floats if position < len(args) for k in _numbers(structure[0][position])}
        arrays = [_as_array(leaf, k in to_float) for k, leaf in enumerate(leaves)]
        key = (_key(structure), tuple((a.shape, a.dtype) for a in arrays))
        found = self.made.cache.get(key)
        if found is None:

            def make() -> C:
                return self.make(structure, [_core.input(f"argument_{k}", a.shape, a.dtype) for k, a in enumerate(arrays)])

            found = self.made.get(key, make)
        return found, arrays


def function(
    f: Callable[..., Any], *, static_argnums: int | Sequence[int] = (), static_argnames: str | Sequence[str] = ()
) -> Callable[..., Any]:
    """Compile a function written over nodes, or over arrays in a way that can be traced.

    Parameters
    ----------
    f : callable
        Takes nodes (in lists, tuples and dicts, too) where the result is called with arrays, and returns nodes in any structure. Arguments
        that are neither arrays nor numbers are passed unchanged. Its Python code runs once for each combination of shapes and dtypes.
    static_argnums : int or sequence of int
        Positions of static arguments, which Python code sees as values, such as an axis or the length of a loop. They must be hashable;
        each combination of values is traced separately.
    static_argnames : str or sequence of str
        The same for arguments that are given by name.

    Returns
    -------
    callable
        With the same arguments; arrays in, arrays out. Called with nodes, inside a function that is being traced, it returns nodes, as do
        the results of `grad`, `jacobian` and `hessian`.

    Examples
    --------
    >>> f = plait.function(lambda x, y: np.tanh(x) @ y)
    >>> f(np.eye(2), np.ones(2))
    array([0.76159416, 0.76159416])
    >>> plait.function(lambda x, axis: x.sum(axis), static_argnums=1)(np.ones((2, 3)), 0)
    array([2., 2., 2.])
    """
    require_function(f, "function")
    f, hide = with_static(f, static_argnums, static_argnames)

    def make(structure: Any, inputs: list[Node]) -> _Compiled:
        args, kwargs = unflatten(structure, inputs)
        return _Compiled(_as_nodes(f(*args, **kwargs)), inputs)

    traced = Traced(make)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = hide(args, kwargs)
        try:
            program, arrays = traced.get(args, kwargs)
        except _NodeGiven:
            structure, nodes = _inside(args, kwargs)
            args, kwargs = unflatten(structure, nodes)
            return _as_nodes(f(*args, **kwargs))
        return program(arrays)

    return call


def grad(
    f: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
) -> Callable[..., Any]:
    """The gradient of a scalar function.

    Parameters
    ----------
    f : callable
        As for :func:`function`; gives a scalar node.
    argnums : int or sequence of int
        The positional arguments to differentiate with respect to.
    static_argnums : int or sequence of int
        Positions of static arguments, which Python code sees as values, such as an axis or the length of a loop. They must be hashable;
        each combination of values is traced separately.
    static_argnames : str or sequence of str
        The same for arguments that are given by name.

    Returns
    -------
    callable
        With the arguments of f; returns an array, in the structure of the argument, or a tuple for several arguments.

    Examples
    --------
    >>> plait.grad(lambda x: (x * x).sum())(np.arange(3.0))
    array([0., 2., 4.])
    """
    require_function(f, "grad")
    both = value_and_grad(f, argnums, static_argnums=static_argnums, static_argnames=static_argnames)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return call


def value_and_grad(
    f: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
) -> Callable[..., Any]:
    """A scalar function's value together with its gradient.

    Parameters
    ----------
    f : callable
        As for :func:`function`; gives a scalar node.
    argnums : int or sequence of int
        The positional arguments to differentiate with respect to.
    static_argnums : int or sequence of int
        Positions of static arguments, which Python code sees as values, such as an axis or the length of a loop. They must be hashable;
        each combination of values is traced separately.
    static_argnames : str or sequence of str
        The same for arguments that are given by name.

    Returns
    -------
    callable
        With the arguments of f; returns (value, gradient). Called with nodes, inside a function that is being traced, it returns nodes, so
        that gradients nest.

    Examples
    --------
    >>> plait.value_and_grad(lambda x: (x * x).sum())(np.arange(3.0))
    (array(5.), array([0., 2., 4.]))
    """
    require_function(f, "value_and_grad")
    positions = _positions(argnums)
    f, hide = with_static(f, static_argnums, static_argnames)

    def differentiate(structure: Any, inputs: list[Node]) -> tuple[Node, Any]:
        args, kwargs = unflatten(structure, inputs)
        value = _scalar(f(*args, **kwargs), "grad")
        wanted = _wanted(structure, inputs, positions)
        flat = gradient(value, [node for nodes, _ in wanted for node in nodes])
        grads, begin = [], 0
        for nodes, part in wanted:
            grads.append(unflatten(part, flat[begin : begin + len(nodes)]))
            begin += len(nodes)
        return value, grads[0] if isinstance(argnums, int) else tuple(grads)

    def make(structure: Any, inputs: list[Node]) -> _Compiled:
        return _Compiled(differentiate(structure, inputs), inputs)

    traced = Traced(make)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = hide(args, kwargs)
        try:
            program, arrays = traced.get(args, kwargs, positions)
        except _NodeGiven:
            return differentiate(*_inside(args, kwargs, positions))
        return program(arrays)

    return call


class _Rows:
    """The derivatives of every element of an output: one row of the Jacobian each."""

    def __init__(self, output: Node, inputs: list[Node], of: Node) -> None:
        self.shape = tuple(n or 0 for n in (*output.shape, *of.shape))  # all sizes are known: arguments are arrays
        self.dtype = output.dtype
        self.rows = output.size
        flat = output.ravel()
        self.program: _Compiled | None = None
        if self.rows == 0 or of.size == 0:
            return
        if self.rows <= STACKED:
            self.program = _Compiled(_stacked(output, of), inputs)
        else:
            self.seed = _core.input("seed", (self.rows,), output.dtype)
            self.program = _Compiled(gradient(flat, of, self.seed), inputs, [self.seed])

    def __call__(self, arrays: list[Array]) -> Array:
        """The Jacobian at these arguments."""
        if self.program is None:
            return np.zeros(self.shape, self.dtype)
        if self.rows <= STACKED:
            return np.asarray(self.program(arrays))
        result = np.empty((self.rows, int(np.prod(self.shape)) // self.rows), self.dtype)
        seed = np.zeros(self.rows, self.dtype)
        seeded = self.seed in set(self.program.program.inputs)  # not if the derivative is identically zero
        for k in range(self.rows):
            seed[k] = 1
            result[k] = np.ravel(self.program(arrays, {self.seed: seed} if seeded else None))
            seed[k] = 0
        return result.reshape(self.shape)


def _stacked(output: Node, of: Node) -> Node:
    """A Jacobian as a node, built row by row."""
    if None in output.shape or None in of.shape:
        raise ShapeError(
            f"jacobian: inside of a trace all sizes must be known, got a result of {output.shape} and an argument of {of.shape}"
        )
    shape = (*output.shape, *of.shape)
    flat = output.ravel()
    if 0 in shape:
        return _core.as_node(np.zeros(tuple(n or 0 for n in shape), output.dtype), "jacobian")
    return _core.reshape(_core.stack([gradient(flat[k], of) for k in range(output.size)], 0), shape)


def jacobian(
    f: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
) -> Callable[..., Any]:
    """All first derivatives of a function with one array as its result.

    Parameters
    ----------
    f : callable
        As for :func:`function`; gives one node.
    argnums : int or sequence of int
        The positional argument, one array, to differentiate with respect to; for several a tuple is returned.
    static_argnums : int or sequence of int
        Positions of arguments that Python is to see as they are, as for :func:`function`.
    static_argnames : str or sequence of str
        The same for arguments that are given by name.

    Returns
    -------
    callable
        With the arguments of f; gives an array of the result's shape followed by the argument's shape.

    Notes
    -----
    Reverse mode: one backward pass for each element of the result.

    Examples
    --------
    >>> plait.jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    require_function(f, "jacobian")
    if not isinstance(argnums, int):
        each = [jacobian(f, k, static_argnums=static_argnums, static_argnames=static_argnames) for k in _positions(argnums)]

        @functools.wraps(f)
        def call(*args: Any, **kwargs: Any) -> Any:
            return tuple(of(*args, **kwargs) for of in each)

        return call
    _positions(argnums)
    return _jacobian(*with_static(f, static_argnums, static_argnames), argnums, lambda output, _: output)


def hessian(
    f: Callable[..., Any], argnums: int = 0, *, static_argnums: int | Sequence[int] = (), static_argnames: str | Sequence[str] = ()
) -> Callable[..., Any]:
    """All second derivatives of a scalar function.

    Parameters
    ----------
    f : callable
        As for :func:`function`; gives a scalar node.
    argnums : int
        The positional argument, one array, to differentiate with respect to.
    static_argnums : int or sequence of int
        Positions of arguments that Python is to see as they are, as for :func:`function`.
    static_argnames : str or sequence of str
        The same for arguments that are given by name.

    Returns
    -------
    callable
        With the arguments of f; gives an array of the argument's shape followed by the argument's shape.

    Notes
    -----
    The Jacobian of the gradient: one forward and backward pass for each element of the argument.

    Examples
    --------
    >>> plait.hessian(lambda x: (x ** 3).sum())(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    require_function(f, "hessian")
    if not isinstance(argnums, int) or argnums < 0:
        raise ValueError(f"hessian: argnums: expected the position of one argument from 0 on, got {argnums!r}")
    return _jacobian(*with_static(f, static_argnums, static_argnames), argnums, lambda output, x: gradient(_scalar(output, "hessian"), x))


def _jacobian(f: Callable[..., Any], hide: Hide, argnum: int, rows_of: Callable[[Node, Node], Node]) -> Callable[..., Any]:
    def parts(structure: Any, inputs: list[Node]) -> tuple[Node, Node]:
        args, kwargs = unflatten(structure, inputs)
        wanted = _wanted(structure, inputs, [argnum])[0][0]
        if len(wanted) != 1:
            raise TypeError(f"jacobian: argument {argnum} must be one array, got {len(wanted)}")
        return rows_of(_core.as_node(f(*args, **kwargs), "jacobian"), wanted[0]), wanted[0]

    def make(structure: Any, inputs: list[Node]) -> _Rows:
        output, of = parts(structure, inputs)
        return _Rows(output, inputs, of)

    traced = Traced(make)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = hide(args, kwargs)
        try:
            rows, arrays = traced.get(args, kwargs, [argnum])
        except _NodeGiven:
            return _stacked(*parts(*_inside(args, kwargs, [argnum])))
        return rows(arrays)

    return call


# ---- arguments and results ----


def _is_array(part: Any) -> bool:
    return (isinstance(part, (np.ndarray, np.generic, int, float)) and not isinstance(part, bool)) or hasattr(part, "__array__")


class _NodeGiven(TypeError):
    """A node given to a compiled function instead of an array, as an argument or from an enclosing trace."""


def _inside(args: tuple[Any, ...], kwargs: dict[str, Any], floats: Sequence[int] = ()) -> tuple[Any, list[Node]]:
    """The arguments of a call inside a function that is being traced: nodes in, nodes out."""
    leaves, structure = flatten((args, kwargs), _is_array)
    to_float = {k for position in floats if position < len(args) for k in _numbers(structure[0][position])}
    nodes = [_core.as_node(leaf if isinstance(leaf, Node) else _as_array(leaf, k in to_float), "argument") for k, leaf in enumerate(leaves)]
    return structure, [_alias(node) if k in to_float else node for k, node in enumerate(nodes)]


def _alias(node: Node) -> Node:
    """A new node with the same value: a node that a function captures is not its argument, even if the same node is passed."""
    code = {"float32": 3, "float64": 4}.get(node.dtype.name)
    return node if code is None else _core.apply("cast", [node], [code], [], False)


def _as_array(leaf: Any, to_float: bool) -> Array:
    if isinstance(leaf, Node):
        raise _NodeGiven
    array = np.asarray(leaf)
    if to_float and isinstance(leaf, int):
        array = array.astype(np.float64)
    if array.dtype.kind == "f" and array.dtype.itemsize < 4:
        array = array.astype(np.float32)
    elif array.dtype.kind in "iu" and array.dtype not in (np.int32, np.int64):
        array = array.astype(np.int64 if array.dtype.itemsize >= 4 else np.int32)
    return array


def _place(structure: Any, k: int) -> str:
    """The name in messages of the argument with the k-th array."""
    args, kwargs = structure
    found = [f"argument {position}" for position, part in enumerate(args) if k in _numbers(part)]
    return (found or [f"argument {name!r}" for name, part in kwargs.items() if k in _numbers(part)])[0]


def _key(structure: Any) -> Any:
    """An equivalent hashable key."""
    if isinstance(structure, dict):
        return (type(structure), *((name, _key(part)) for name, part in structure.items()))
    if isinstance(structure, (list, tuple)):
        return (type(structure), *map(_key, structure))
    if isinstance(structure, Kept):
        try:
            hash(structure.value)
        except TypeError:
            raise TypeError(
                f"an argument of a compiled function is an array, a number, or something that can be hashed, not {type(structure.value).__name__}"
            ) from None
        return ("kept", type(structure.value), structure.value)
    return structure


def _numbers(structure: Any) -> list[int]:
    if isinstance(structure, int):
        return [structure]
    return [k for part in children(structure) or () for k in _numbers(part)]


def _positions(argnums: int | Sequence[int]) -> list[int]:
    positions = [argnums] if isinstance(argnums, int) else list(argnums)
    if any(position < 0 for position in positions) or not positions:
        raise ValueError(f"argnums: expected positions of arguments from 0 on, got {argnums!r}")
    return positions


def _wanted(structure: Any, inputs: list[Node], positions: list[int]) -> list[tuple[list[Node], Any]]:
    """For each position the nodes of that argument, and its structure with numbers from 0."""
    wanted = []
    for position in positions:
        if position >= len(structure[0]):
            raise TypeError(f"argnums: there is no positional argument {position}, only {len(structure[0])}")
        numbers = _numbers(structure[0][position])
        nodes = [inputs[k] for k in numbers]
        for node in nodes:
            if node.dtype.kind != "f":
                raise DTypeError(f"argument {position} is {node.dtype}; only floating point arguments have gradients")
        wanted.append((nodes, _renumbered(structure[0][position], {k: i for i, k in enumerate(numbers)})))
    return wanted


def _renumbered(structure: Any, numbers: dict[int, int]) -> Any:
    if isinstance(structure, int):
        return numbers[structure]
    inner = children(structure)
    return structure if inner is None else like(structure, [_renumbered(part, numbers) for part in inner])


def _scalar(value: Any, what: str) -> Node:
    if isinstance(value, (tuple, list, dict)):
        raise TypeError(
            f"{what}: the function must give one scalar, got a {type(value).__name__} of {len(value)}; give what else is wanted by a second function"
        )
    node = _core.as_node(value, what)
    if node.shape != ():
        raise ShapeError(f"{what}: the function must give a scalar, got shape {node.shape}; sum it, or use plait.jacobian")
    return node


def _as_nodes(result: Any) -> Any:
    """The result, with arrays and numbers as constants."""
    inner = children(result)
    return _core.as_node(result, "function") if inner is None else like(result, [_as_nodes(part) for part in inner])


class _Compiled:
    """A program over some of the inputs that stand for a function's arguments."""

    def __init__(self, outputs: Any, inputs: list[Node], more: Sequence[Node] = ()) -> None:
        own = {node.id for node in (*inputs, *more)}
        nodes = [part for part in flatten(outputs, lambda part: isinstance(part, Node))[0] if isinstance(part, Node)]
        if any(node.op == "input" and node.id not in own for node in _core.ancestors(nodes)):
            raise _NodeGiven  # the function reads a node of an enclosing trace: its results are nodes of that trace
        self.program = compile_graph(outputs)
        needed = set(self.program.inputs)
        self.feeds = [(node, k) for k, node in enumerate(inputs) if node in needed]

    def __call__(self, arrays: list[Array], more: dict[Node, Array] | None = None) -> Any:
        feeds = {node: arrays[k] for node, k in self.feeds}
        return self.program(feeds | more if more else feeds)

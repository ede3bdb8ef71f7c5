"""Gradients, and the two ways to run a graph: op by op in a Table, or compiled into a Program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np

from .. import _core
from .._core import GraphError, Node, Program, Table
from .._rng import RandomSource, seed
from ._types import Feeds, Operand
from .structure import flatten_nodes, unflatten


@overload
def gradient(outputs: Node | Sequence[Node], wrt: Node, seeds: Operand | Sequence[Operand | None] | None = None) -> Node: ...
@overload
def gradient(
    outputs: Node | Sequence[Node], wrt: Sequence[Node], seeds: Operand | Sequence[Operand | None] | None = None
) -> list[Node]: ...
def gradient(outputs: Any, wrt: Any, seeds: Any = None) -> Any:
    """The gradient of an output, or of the sum of several, as nodes.

    Parameters
    ----------
    outputs : Node or sequence of Node
        What to differentiate. One that is not a scalar is summed, or weighted by its seed.
    wrt : Node or sequence of Node
        The nodes to differentiate with respect to: inputs, parameters, or any ancestors of the outputs.
    seeds : array_like or Node, or a sequence of them, optional
        A weight for each output, of a shape that broadcasts to the output's; None: ones.

    Returns
    -------
    Node or list of Node
        One gradient for a node, a list for a sequence; zeros where no output depends on it. They can be differentiated again.

    Notes
    -----
    The wait-list algorithm: each node counts the edges over which a gradient will arrive, sums them, and propagates once, after the last.
    O(nodes + edges).

    Examples
    --------
    >>> x = plait.input("x", (2,), dtype="float64")
    >>> g = plait.gradient((x * x).sum(), x)
    >>> plait.evaluate(g, {x: [1.0, 2.0]})
    array([2., 4.])
    """
    single = isinstance(outputs, Node)
    nodes = [outputs] if single else list(outputs)
    weights = None if seeds is None else [seeds] if single else list(seeds)
    if isinstance(wrt, Node):
        return _core.gradient(nodes, [wrt], weights)[0]
    return _core.gradient(nodes, list(wrt), weights)


def compile(outputs: Any, updates: Mapping[Node, Operand] | None = None, rng: RandomSource = None) -> Program:
    """Compile a graph into a program that runs without Python.

    Parameters
    ----------
    outputs : Node, or list, tuple or dict of Node
        What a call returns, in the same structure.
    updates : dict of Node to Node, optional
        Next values of parameters. All are computed from the old values before any is replaced: a call is one training step.
    rng : int, SeedSequence or Generator, optional
        Seed of the random nodes; None: a fresh one.

    Returns
    -------
    Program
        Called with arrays by input name or with a dict. Shapes are bound at the first call that has new ones.

    Examples
    --------
    >>> w = plait.parameter(np.array(4.0))
    >>> loss = plait.square(w - 1)
    >>> step = plait.compile(loss, updates={w: w - 0.25 * plait.gradient(loss, w)})
    >>> [float(step()) for _ in range(3)]
    [9.0, 2.25, 0.5625]
    """
    nodes, structure = flatten_nodes(outputs, "compile")
    pairs = []
    for parameter, value in (updates or {}).items():
        if not isinstance(parameter, Node) or parameter.op != "parameter":
            raise GraphError(f"updates: expected parameters, got {parameter!r}")
        node = _core.as_node(value, "updates")
        if node.dtype != parameter.dtype and not isinstance(value, Node):
            node = node.astype(parameter.dtype)
        pairs.append((parameter, node))
    return _core.Program(nodes, pairs, seed(rng), structure)


def evaluate(nodes: Any, feeds: Feeds | None = None, rng: RandomSource = None) -> Any:
    """Values of nodes by the reference algorithm: node by node, nothing fused.

    Parameters
    ----------
    nodes : Node, or list, tuple or dict of Node
        What to compute.
    feeds : dict, optional
        Arrays by input node or by the input's name.
    rng : int, SeedSequence or Generator, optional
        Seed of the random nodes; None: a fresh one.

    Returns
    -------
    numpy.ndarray, or the structure of them
        One array for each node.

    Examples
    --------
    >>> x = plait.input("x", (None,))
    >>> plait.evaluate(plait.tanh(x), {"x": [0.0, 1.0]})
    array([0.       , 0.7615942], dtype=float32)
    """
    found, structure = flatten_nodes(nodes, "evaluate")
    table = Table(found, feeds, seed(rng))
    return unflatten(structure, [table[node] for node in found])


def set_num_threads(n: int) -> None:
    """Set the number of threads for one call, the caller included.

    Parameters
    ----------
    n : int
        At least 1. The default is PLAIT_NUM_THREADS, else the number of cores this process may use.

    Examples
    --------
    >>> before = plait.get_num_threads()
    >>> plait.set_num_threads(1)
    >>> plait.set_num_threads(before)
    """
    _core.set_num_threads(n)


def set_flush_subnormals(on: bool) -> None:
    """Set whether programs and tables treat subnormal numbers as zero.

    Parameters
    ----------
    on : bool
        True, the default: numbers below about 1e-38 (float32) or 2e-308 (float64) are zero as operands and as results. False: IEEE 754.

    Raises
    ------
    TypeError
        `on` is no bool.

    Notes
    -----
    A subnormal number costs many processors over a hundred cycles, and vanishing gradients produce them by the million.
    The mode holds inside plait on all of its threads; NumPy, callbacks and signal handlers keep their own. Aligners follow IEEE 754 always.

    Examples
    --------
    >>> x = plait.input("x", ())
    >>> half = plait.compile(x / 2)
    >>> float(half(x=1.2e-38))
    0.0
    >>> plait.set_flush_subnormals(False)
    >>> float(half(x=1.2e-38)) > 0
    True
    >>> plait.set_flush_subnormals(True)
    """
    if not isinstance(on, (bool, np.bool_)):
        raise TypeError(f"set_flush_subnormals: expected True or False, got {on!r}")
    _core.set_flush_subnormals(bool(on))


def get_flush_subnormals() -> bool:
    """Whether programs and tables treat subnormal numbers as zero.

    Returns
    -------
    bool
        The last argument of `plait.set_flush_subnormals`.

    Examples
    --------
    >>> plait.get_flush_subnormals()
    True
    """
    return _core.get_flush_subnormals()


def get_num_threads() -> int:
    """The number of threads for one call, the caller included.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> plait.get_num_threads() >= 1
    True
    """
    return _core.get_num_threads()

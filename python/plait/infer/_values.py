"""Parameters and values that may be nodes or arrays: one formula serves both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph
from .._masks import refuse_masked
from .._rng import RandomSource
from ..graph import Node

Array: TypeAlias = NDArray[np.float64]
Value: TypeAlias = "Node | Array"


def is_node(*values: Any) -> bool:
    """Whether any of the values is a node."""
    return any(isinstance(value, Node) for value in values)


def as_value(x: Any, what: str) -> Any:
    """A node of float64, or an array of float64 without NaN."""
    if isinstance(x, Node):
        return x if x.dtype == np.float64 else graph.cast(x, "float64")
    if isinstance(x, (list, tuple)) and any(isinstance(item, Node) for item in x):
        return graph.cast(graph.stack(list(x)), "float64")
    refuse_masked(x, what)
    try:
        given = np.asarray(x)
        if given.dtype.kind not in "biufO" or (
            given.dtype.kind == "O" and any(isinstance(item, (str, bytes, complex)) for item in given.flat)
        ):
            raise TypeError(f"{what}: expected a node, a number or an array of real numbers, got {given.dtype}")
        array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        if str(error).startswith(what):
            raise
        raise TypeError(f"{what}: expected a node, a number or an array of numbers, got {type(x).__name__}") from None
    if np.isnan(array).any():
        count = int(np.isnan(array).sum())
        raise ValueError(f"{what}: NaN at {count} of {array.size} places; leave missing values out")
    return array


def finish(value: Any, *involved: Any) -> Any:
    """`value` as it is where one of `involved` is a node, else its numbers."""
    if is_node(*involved):
        return value if isinstance(value, Node) else _core.as_node(np.asarray(value, np.float64), "value")
    if isinstance(value, Node):
        value = graph.evaluate(value)
    return np.asarray(value, np.float64)


def require(x: Any, holds: Callable[[Any], Any], what: str, expected: str) -> None:
    """ValueError unless the condition holds for all elements of an array; nodes are not checked."""
    if is_node(x):
        return
    good = np.asarray(holds(np.asarray(x)))
    if not good.all():
        bad = np.asarray(x)[~good].flat[0] if np.ndim(x) else x
        raise ValueError(f"{what}: expected {expected}, got {float(bad):.6g}")


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape; of a node all sizes must be known."""
    if isinstance(x, Node) and None in x.shape:
        raise ValueError(f"{x.label}: shape {x.shape} has sizes that are bound later; distributions need them all")
    return tuple(int(n) for n in np.shape(x)) if not isinstance(x, Node) else tuple(int(n or 0) for n in x.shape)


def generator(rng: RandomSource) -> np.random.Generator:
    """NumPy's generator for what ``rng=`` may be."""
    return rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)


def as_shape(shape: Any, what: str = "shape") -> tuple[int, ...]:
    """A shape from an int or a sequence of ints, each at least 0."""
    try:
        sizes = (int(shape),) if np.ndim(shape) == 0 else tuple(int(n) for n in shape)
    except (TypeError, ValueError):
        raise TypeError(f"{what}: expected an int or a sequence of ints, got {shape!r}") from None
    if any(n < 0 for n in sizes):
        raise ValueError(f"{what}: sizes are not negative, got {shape!r}")
    return sizes


def xlogy(a: Any, x: Any) -> Any:
    """The product a · log(x), 0 where a is 0."""
    zero = graph.equal(a, 0.0)
    return graph.where(zero, 0.0, a * graph.log(graph.where(zero, 1.0, x)))


def last_sum(x: Any) -> Any:
    """The sum over the last axis."""
    return graph.sum(x, axis=-1)

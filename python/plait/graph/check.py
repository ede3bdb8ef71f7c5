"""Gradients compared with finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from .._masks import unmasked
from .programs import compile as compile_graph
from .programs import gradient


def check_gradient(f: Callable[..., Any], *arrays: Any, order: int = 1) -> float:
    """Largest relative error of a function's gradients against central differences, in float64.

    Parameters
    ----------
    f : callable
        Takes nodes and returns a node of any shape, which is weighted by fixed random numbers.
    *arrays : array_like
        The arguments of f. Integer arrays are passed on and not differentiated.
    order : {1, 2}
        2: compares the gradient of the gradient.

    Returns
    -------
    float
        Largest difference between a derivative and its estimate, relative to the larger of the two, or to a hundredth of the largest
        derivative where both are smaller. Below 1e-6 for right gradients, about 1 for wrong ones.

    Notes
    -----
    The estimate is Richardson's extrapolation of two central differences: 4 runs for each element.

    Examples
    --------
    >>> plait.check_gradient(lambda x: plait.tanh(x) * x, np.linspace(-2, 2, 5)) < 1e-6
    True
    """
    if order not in (1, 2):
        raise ValueError(f"check_gradient: order is 1 or 2, got {order!r}")
    given = [unmasked(a, f"check_gradient: array {k}") for k, a in enumerate(arrays)]
    points = [np.array(a, dtype=np.float64 if a.dtype.kind == "f" else None) for a in given]
    if not any(p.dtype.kind == "f" for p in points):
        raise _core.DTypeError(
            f"check_gradient: got arrays of {', '.join(str(p.dtype) for p in points) or 'nothing'}; only floating point arguments have gradients"
        )
    nodes = [_core.input(f"x{k}", p.shape, p.dtype) for k, p in enumerate(points)]
    float_nodes = [n for n in nodes if n.dtype.kind == "f"]
    output = _core.as_node(f(*nodes), "check_gradient")
    random = np.random.default_rng(12345)

    def weighted(node: Any) -> Any:
        return (node * random.uniform(0.5, 1.5, node.shape)).sum()

    total = weighted(output)
    if order == 2:
        first = gradient(total, float_nodes)
        total = sum((weighted(g) for g in first), start=_core.constant(0.0, "", "float64"))
    value = compile_graph(total)
    slopes = compile_graph(gradient(total, float_nodes))
    feeds = dict(zip(nodes, points, strict=True))
    needed, found = set(value.inputs), slopes({n: feeds[n] for n in slopes.inputs})
    at = {n: feeds[n] for n in nodes if n in needed}

    worst = 0.0
    for node, exact in zip(float_nodes, found, strict=True):
        point = feeds[node]
        estimate = np.zeros_like(point)
        if node in needed:
            for i in np.ndindex(point.shape):
                estimate[i] = _difference(lambda: float(value(at)), point, i)
        scale = np.maximum(np.abs(exact), np.abs(estimate))
        scale = np.maximum(scale, 0.01 * scale.max(initial=0.0))
        with np.errstate(invalid="ignore"):
            error = np.where(scale > 0, np.abs(exact - estimate) / np.where(scale > 0, scale, 1), 0.0)
        if not np.isfinite(error).all():
            return float("inf")
        worst = max(worst, float(error.max(initial=0.0)))
    return worst


def _difference(value: Callable[[], float], point: Any, i: tuple[int, ...]) -> float:
    """Derivative of value with respect to one element of point, which is changed and restored."""
    x = point[i]
    step = 1e-3 * max(1.0, abs(x)) / 4

    def central(h: float) -> float:
        point[i] = x + h
        above = value()
        point[i] = x - h
        below = value()
        point[i] = x
        return (above - below) / (2 * h)

    return (4 * central(step / 2) - central(step)) / 3
